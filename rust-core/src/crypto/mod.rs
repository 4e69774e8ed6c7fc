//! Hashing, and verifying signatures by RSA, ECDSA over P-256 and P-384, and Ed25519. Pure functions.
//!
//! [`rsa`], [`ecdsa`] and [`ed25519`] decide which keys and signatures are valid in form, in the same way on every
//! system. The arithmetic comes from the operating system on Apple systems, except for Ed25519, and from `ring`
//! elsewhere (docs/adr/0017). `backend.rs` chooses, and no other code depends on the choice.

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
