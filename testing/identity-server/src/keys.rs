//! Signing keys and their publication as a JWK set (RFC 7517).

use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    self, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair, UnparsedPublicKey,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::lock::lock;
use crate::random;

/// The algorithms that sign tokens (RFC 7518 section 3.1, RFC 8037).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Algorithm {
    #[default]
    RS256,
    PS256,
    ES256,
    #[serde(rename = "EdDSA")]
    EdDSA,
}

impl Algorithm {
    /// All of them, in the order in which discovery announces them.
    pub const ALL: [Algorithm; 4] = [Self::RS256, Self::PS256, Self::ES256, Self::EdDSA];

    /// The name in a JOSE header.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::PS256 => "PS256",
            Self::ES256 => "ES256",
            Self::EdDSA => "EdDSA",
        }
    }
}

/// What happens to the old keys in a rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OldKeys {
    /// They stay published, so that tokens signed with them stay valid.
    #[default]
    Keep,
    /// They are withdrawn: tokens signed with them become invalid.
    Withdraw,
}

/// The keys, newest last.
#[derive(Debug, Default)]
pub(crate) struct KeyRing(Mutex<Ring>);

#[derive(Debug, Default)]
struct Ring {
    keys: Vec<SigningKey>,
    /// How many keys were ever made, including withdrawn ones: consecutive keys must differ.
    made: usize,
}

impl Ring {
    fn add(&mut self, algorithm: Algorithm) -> SigningKey {
        let key = SigningKey::new(algorithm, self.made);
        self.made += 1;
        self.keys.push(key.clone());
        key
    }
}

impl KeyRing {
    /// The signing key, made when its algorithm is first needed.
    pub(crate) fn current(&self, algorithm: Algorithm) -> SigningKey {
        let mut ring = lock(&self.0);
        let newest = ring.keys.iter().rev().find(|key| key.algorithm == algorithm).cloned();
        newest.unwrap_or_else(|| ring.add(algorithm))
    }

    pub(crate) fn find(&self, kid: &str) -> Option<SigningKey> {
        lock(&self.0).keys.iter().find(|key| key.kid == kid).cloned()
    }

    /// Makes a new key to sign with and returns its id.
    pub(crate) fn rotate(&self, algorithm: Algorithm, old: OldKeys) -> String {
        let mut ring = lock(&self.0);
        if old == OldKeys::Withdraw {
            ring.keys.clear();
        }
        ring.add(algorithm).kid
    }

    /// The JWK set, newest key first, like Auth0's.
    pub(crate) fn published(&self, with_alg: bool) -> Value {
        let keys: Vec<Value> = lock(&self.0).keys.iter().rev().map(|key| key.jwk(with_alg)).collect();
        json!({ "keys": keys })
    }
}

/// One key. Cheap to clone: the material is shared.
#[derive(Debug, Clone)]
pub(crate) struct SigningKey {
    pub(crate) kid: String,
    pub(crate) algorithm: Algorithm,
    pair: std::sync::Arc<Pair>,
}

#[derive(Debug)]
enum Pair {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl SigningKey {
    /// `turn` picks the RSA key, so that consecutive keys differ.
    #[expect(
        clippy::expect_used,
        reason = "committed keys and fresh ones are well-formed by construction"
    )]
    pub(crate) fn new(algorithm: Algorithm, turn: usize) -> Self {
        let random = SystemRandom::new();
        let pair = match algorithm {
            Algorithm::RS256 | Algorithm::PS256 => {
                let der = der(RSA_KEYS[turn % RSA_KEYS.len()]);
                Pair::Rsa(RsaKeyPair::from_pkcs8(&der).expect("a committed RSA key"))
            }
            Algorithm::ES256 => {
                let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
                let der = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a new P-256 key");
                Pair::Ec(EcdsaKeyPair::from_pkcs8(algorithm, der.as_ref(), &random).expect("the same key"))
            }
            Algorithm::EdDSA => {
                let der = Ed25519KeyPair::generate_pkcs8(&random).expect("a new Ed25519 key");
                Pair::Ed(Ed25519KeyPair::from_pkcs8(der.as_ref()).expect("the same key"))
            }
        };
        Self {
            kid: random::identifier(),
            algorithm,
            pair: pair.into(),
        }
    }

    /// The bytes of a JWS signature (for ECDSA, r and s side by side, RFC 7518 section 3.4).
    #[expect(clippy::expect_used, reason = "signing fails only without randomness or memory")]
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &*self.pair {
            Pair::Rsa(pair) => {
                let padding: &dyn signature::RsaEncoding = match self.algorithm {
                    Algorithm::PS256 => &signature::RSA_PSS_SHA256,
                    _ => &signature::RSA_PKCS1_SHA256,
                };
                let mut out = vec![0; pair.public().modulus_len()];
                pair.sign(padding, &random, message, &mut out)
                    .expect("an RSA signature");
                out
            }
            Pair::Ec(pair) => pair
                .sign(&random, message)
                .expect("an ECDSA signature")
                .as_ref()
                .to_vec(),
            Pair::Ed(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }

    pub(crate) fn verifies(&self, message: &[u8], sig: &[u8]) -> bool {
        let algorithm: &dyn signature::VerificationAlgorithm = match self.algorithm {
            Algorithm::RS256 => &signature::RSA_PKCS1_2048_8192_SHA256,
            Algorithm::PS256 => &signature::RSA_PSS_2048_8192_SHA256,
            Algorithm::ES256 => &signature::ECDSA_P256_SHA256_FIXED,
            Algorithm::EdDSA => &signature::ED25519,
        };
        let public = match &*self.pair {
            Pair::Rsa(pair) => pair.public_key().as_ref(),
            Pair::Ec(pair) => pair.public_key().as_ref(),
            Pair::Ed(pair) => pair.public_key().as_ref(),
        };
        UnparsedPublicKey::new(algorithm, public).verify(message, sig).is_ok()
    }

    /// Another key under this one's id: nobody can verify its signatures.
    pub(crate) fn impostor(&self) -> Self {
        // One of the committed RSA keys other than this one.
        let other = (0..RSA_KEYS.len())
            .map(|turn| Self::new(self.algorithm, turn))
            .find(|key| key.public_material() != self.public_material());
        Self {
            kid: self.kid.clone(),
            ..other.unwrap_or_else(|| self.clone())
        }
    }

    /// The bytes of the public key, which the HS256 confusion attack uses as a shared secret.
    pub(crate) fn public_material(&self) -> Vec<u8> {
        match &*self.pair {
            Pair::Rsa(pair) => pair.public_key().as_ref().to_vec(),
            Pair::Ec(pair) => pair.public_key().as_ref().to_vec(),
            Pair::Ed(pair) => pair.public_key().as_ref().to_vec(),
        }
    }

    fn jwk(&self, with_alg: bool) -> Value {
        let mut jwk = match &*self.pair {
            Pair::Rsa(pair) => {
                let parts = PublicKeyComponents::<Vec<u8>>::from(pair.public());
                json!({ "kty": "RSA", "n": URL_SAFE_NO_PAD.encode(parts.n), "e": URL_SAFE_NO_PAD.encode(parts.e) })
            }
            Pair::Ec(pair) => {
                // Uncompressed point: 4, x, y (SEC 1 section 2.3.3).
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({ "kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y) })
            }
            Pair::Ed(pair) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(pair.public_key()) })
            }
        };
        jwk["use"] = json!("sig");
        jwk["kid"] = json!(self.kid);
        if with_alg {
            jwk["alg"] = json!(self.algorithm.name());
        }
        jwk
    }
}

/// Public test material, see `test-keys/README.md`.
const RSA_KEYS: [&str; 3] = [
    include_str!("../test-keys/test-only-rsa-1.pem"),
    include_str!("../test-keys/test-only-rsa-2.pem"),
    include_str!("../test-keys/test-only-rsa-3.pem"),
];

#[expect(clippy::expect_used, reason = "the three committed files are PEM")]
fn der(pem: &str) -> Vec<u8> {
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(body).expect("base64")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_algorithm_verifies_its_own_signatures_and_no_others() {
        for algorithm in Algorithm::ALL {
            let key = SigningKey::new(algorithm, 0);
            let signature = key.sign(b"message");
            assert!(key.verifies(b"message", &signature), "{algorithm:?}");
            assert!(!key.verifies(b"massage", &signature), "{algorithm:?}");
            assert!(!key.impostor().verifies(b"message", &signature), "{algorithm:?}");
            assert_eq!(key.impostor().kid, key.kid);
        }
    }

    #[test]
    fn a_rotation_changes_material_and_keeps_or_withdraws_the_old_key() {
        let ring = KeyRing::default();
        let first = ring.current(Algorithm::RS256);
        let second = ring.rotate(Algorithm::RS256, OldKeys::Keep);
        assert_eq!(ring.current(Algorithm::RS256).kid, second);
        assert_ne!(
            ring.current(Algorithm::RS256).public_material(),
            first.public_material()
        );
        assert!(ring.find(&first.kid).is_some());
        ring.rotate(Algorithm::RS256, OldKeys::Withdraw);
        assert!(ring.find(&first.kid).is_none() && ring.find(&second).is_none());
        assert_eq!(ring.published(false)["keys"].as_array().unwrap().len(), 1);
        assert!(ring.published(false)["keys"][0].get("alg").is_none());
    }
}
