//! `at_hash`: binds the access token to the ID token that came with it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::algorithms::Algorithm;
use crate::crypto::Hash;
use crate::crypto::hashing::digest;

/// Whether `hash` is the left half of the token's hash in base64url (OpenID Connect Core 3.1.3.6). The hash function is
/// that of the ID token's `alg`. `EdDSA` does not name one: issuers use SHA-512, which is part of Ed25519, or SHA-256.
pub(super) fn is_token_hash(hash: &str, algorithm: Algorithm, token: &str) -> bool {
    let functions: &[_] = match algorithm {
        Algorithm::RS384 | Algorithm::PS384 | Algorithm::ES384 | Algorithm::HS384 => &[Hash::Sha384],
        Algorithm::RS512 | Algorithm::PS512 | Algorithm::HS512 => &[Hash::Sha512],
        Algorithm::EdDSA => &[Hash::Sha512, Hash::Sha256],
        _ => &[Hash::Sha256],
    };
    functions.iter().any(|function| {
        let whole = digest(*function, token.as_bytes());
        let (left, _) = whole.as_ref().split_at(function.bytes() / 2);
        URL_SAFE_NO_PAD.encode(left) == hash
    })
}
