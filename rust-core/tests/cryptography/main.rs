//! Hashes, signatures and TLS handshakes, with the implementation in use: `ring`, on a Mac the operating system, and in
//! `testing/keychain-emulation` the code for Apple systems over emulated calls.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of a test fails as the test does"
)]

mod certificates;
mod ecdsa;
mod ed25519;
mod handshakes;
mod hashes;
mod key_exchange;
mod records;
mod rsa;
#[cfg(not(target_vendor = "apple"))]
mod signatures;
mod support;
mod wycheproof;

#[cfg(target_vendor = "apple")]
use pilotlight_core::adapters::tls::system_signatures as signatures;
