//! Ed25519 (RFC 8032).

use super::backend;

/// The length of a public key.
pub const KEY_BYTES: usize = 32;
/// The length of a signature.
const SIGNATURE_BYTES: usize = 64;

/// Whether the key `public_key` made `signature` over `message`.
pub fn verify(public_key: &[u8; KEY_BYTES], message: &[u8], signature: &[u8]) -> bool {
    <&[u8; SIGNATURE_BYTES]>::try_from(signature)
        .is_ok_and(|signature| backend::verify_ed25519(public_key, message, signature))
}
