//! Who does the arithmetic. To use `ring` on Apple systems too, these two conditions and those in `mod.rs` are all there
//! is to change.

#[cfg(not(target_vendor = "apple"))]
pub(super) use super::ring_backend::{verify_ecdsa, verify_rsa};
#[cfg(target_vendor = "apple")]
pub(super) use super::security_framework::{verify_ecdsa, verify_rsa};
