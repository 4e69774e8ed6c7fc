//! Which signature algorithms are accepted.

pub use jsonwebtoken::Algorithm;

/// What Pilotlight verifies: the asymmetric algorithms. `none` and the HMAC ones are not here and so can never be
/// allowed. An HMAC key would be the client secret, which an app cannot keep, and accepting HMAC beside RSA invites
/// an attacker to use the public key as the secret (RFC 8725, 2.1).
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

/// The algorithms to allow for an issuer, from `id_token_signing_alg_values_supported` of its discovery document:
/// those of them that Pilotlight verifies, which may be none at all. `None`, an issuer that does not say, means
/// RS256, which every issuer must support (OpenID Connect Discovery 3) and which is the default for clients (OpenID
/// Connect Registration 2).
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

/// The algorithm of this name, if Pilotlight verifies it. `Ed25519` is the newer name (RFC 9864) of the one `EdDSA`
/// algorithm that is supported.
pub(super) fn supported(name: &str) -> Option<Algorithm> {
    let name = if name == "Ed25519" { "EdDSA" } else { name };
    name.parse().ok().filter(|algorithm| SUPPORTED.contains(algorithm))
}
