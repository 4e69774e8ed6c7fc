//! Ed25519 (RFC 8032).

use super::backend;

/// Of a public key.
pub const KEY_BYTES: usize = 32;
/// Of a signature.
const SIGNATURE_BYTES: usize = 64;

/// Whether `signature` over `message` is by the key `public_key`.
pub fn verify(public_key: &[u8; KEY_BYTES], message: &[u8], signature: &[u8]) -> bool {
    <&[u8; SIGNATURE_BYTES]>::try_from(signature)
        .is_ok_and(|signature| backend::verify_ed25519(public_key, message, signature))
}
