//! The signature algorithms that are accepted.

pub use jsonwebtoken::Algorithm;

/// The algorithms that Pilotlight verifies, all asymmetric. `none` and HMAC are not in the list, so they can never be
/// allowed. An HMAC key would be the client secret, which an app cannot keep secret, and accepting HMAC next to RSA
/// would let an attacker use the public key as the secret (RFC 8725, 2.1).
const SUPPORTED: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// The algorithms to allow for an issuer: those in `id_token_signing_alg_values_supported` of its discovery document
/// that Pilotlight verifies, possibly none. `None`, for an issuer that does not announce any, means RS256: every issuer
/// must support it (OpenID Connect Discovery 3), and it is the default for clients (OpenID Connect Registration 2).
pub fn announced_algorithms(names: Option<&[String]>) -> Vec<Algorithm> {
    let Some(names) = names else {
        return vec![Algorithm::RS256];
    };
    let mut algorithms = Vec::new();
    for algorithm in names.iter().filter_map(|name| supported(name)) {
        if !algorithms.contains(&algorithm) {
            algorithms.push(algorithm);
        }
    }
    algorithms
}

/// The algorithm of this name, if Pilotlight verifies it. `Ed25519` is the newer name (RFC 9864) of the only supported
/// `EdDSA` algorithm.
pub(super) fn supported(name: &str) -> Option<Algorithm> {
    let name = if name == "Ed25519" { "EdDSA" } else { name };
    name.parse().ok().filter(|algorithm| SUPPORTED.contains(algorithm))
}
