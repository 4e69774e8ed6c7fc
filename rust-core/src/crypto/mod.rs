//! Hashing, and verifying signatures by RSA, by ECDSA over P-256 and P-384, and by Ed25519. Pure: functions of their arguments.
//!
//! What a key and a signature must look like is decided here ([`rsa`], [`ecdsa`], [`ed25519`]), and the same on every system. The
//! arithmetic beneath is the operating system's on Apple systems, but for Ed25519, and `ring`'s elsewhere (docs/adr/0017).
//! `backend.rs` chooses, and nothing else knows which.

mod algorithm;
mod backend;
#[cfg(target_vendor = "apple")]
pub(crate) mod common_crypto;
#[cfg(target_vendor = "apple")]
mod dalek;
mod der;
pub mod ecdsa;
pub mod ed25519;
pub mod hashing;
#[cfg(not(target_vendor = "apple"))]
mod ring_backend;
pub mod rsa;
#[cfg(target_vendor = "apple")]
pub(crate) mod security_framework;

pub use algorithm::{Curve, Hash, Padding};
pub use hashing::Digest;
