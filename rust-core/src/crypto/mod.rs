//! Verifying signatures by RSA, and by ECDSA over P-256 and P-384. Pure: a function of key, message and signature.
//!
//! What a key and a signature must look like is decided here ([`rsa`], [`ecdsa`]), and the same on every system. The
//! arithmetic beneath is the operating system's on Apple systems, and `ring`'s elsewhere (docs/adr/0017). `backend.rs`
//! chooses, and nothing else knows which.

mod algorithm;
mod backend;
mod der;
pub mod ecdsa;
#[cfg(not(target_vendor = "apple"))]
mod ring_backend;
pub mod rsa;
#[cfg(target_vendor = "apple")]
pub(crate) mod security_framework;

pub use algorithm::{Curve, Hash, Padding};
