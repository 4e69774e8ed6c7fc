//! Signatures and TLS handshakes, by whatever does the arithmetic here: `ring`, on a Mac the operating system, and in
//! `testing/keychain-emulation` the code for Apple systems over emulated calls.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of a test fails as the test does"
)]

mod ecdsa;
mod handshakes;
mod key_exchange;
mod rsa;
mod support;
mod wycheproof;
