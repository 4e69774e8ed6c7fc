//! `at_hash`: binds the access token to the ID token that came with it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, SHA384, SHA512, digest};

use super::algorithms::Algorithm;

/// The left half of the token's hash in base64url (OpenID Connect Core 3.1.3.6). The hash function is that of the ID
/// token's `alg`; Ed25519 signs with SHA-512 inside, which is what issuers take there.
pub(super) fn token_hash(algorithm: Algorithm, token: &str) -> String {
    let function = match algorithm {
        Algorithm::RS384 | Algorithm::PS384 | Algorithm::ES384 | Algorithm::HS384 => &SHA384,
        Algorithm::RS512 | Algorithm::PS512 | Algorithm::HS512 | Algorithm::EdDSA => &SHA512,
        _ => &SHA256,
    };
    let hash = digest(function, token.as_bytes());
    let (left, _) = hash.as_ref().split_at(function.output_len() / 2);
    URL_SAFE_NO_PAD.encode(left)
}
