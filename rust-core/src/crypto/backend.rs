//! Chooses the backend. To use `ring` on Apple systems too, change only these conditions and those in `mod.rs`.

#[cfg(target_vendor = "apple")]
pub(super) use super::common_crypto::State;
#[cfg(target_vendor = "apple")]
pub(super) use super::dalek::verify_ed25519;
#[cfg(not(target_vendor = "apple"))]
pub(super) use super::ring_backend::{State, verify_ecdsa, verify_ed25519, verify_rsa};
#[cfg(target_vendor = "apple")]
pub(super) use super::security_framework::{verify_ecdsa, verify_rsa};
