//! One public key: from its JWK to a verified signature.

use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde_json::{Map, Value};

use super::algorithms::{Algorithm, supported};
use super::base64url;
use crate::model::json::{present, text_of};

/// A key that signatures are verified with.
pub(super) struct PublicKey {
    /// `kid`
    pub(super) id: Option<String>,
    material: Material,
}

enum Material {
    /// Without `alg` in its JWK, an RSA key verifies any of the six RSA algorithms; with it, only that one (RFC 7517
    /// 4.4).
    Rsa {
        components: RsaPublicKeyComponents<Vec<u8>>,
        only: Option<Algorithm>,
    },
    /// A curve has exactly one algorithm.
    Curve {
        algorithm: Algorithm,
        key: UnparsedPublicKey<Vec<u8>>,
    },
}

impl PublicKey {
    /// Reads a JWK (RFC 7517 4, RFC 7518 6, RFC 8037 2). `None` for a key that no signature can be verified with:
    /// symmetric (`oct`), meant for encryption, of an unknown type or curve, or with parameters of a wrong kind or
    /// length.
    ///
    /// By hand, for size: docs/adr/0002.
    pub(super) fn from_jwk(jwk: &Map<String, Value>) -> Option<Self> {
        if !is_for_verification(jwk) {
            return None;
        }
        let declared = optional_text(jwk, "alg")?;
        let material = match text_of(jwk, "kty")? {
            "RSA" => rsa(jwk, declared)?,
            "EC" => elliptic_curve(jwk, declared)?,
            "OKP" => edwards_curve(jwk, declared)?,
            _ => return None,
        };
        Some(Self {
            id: optional_text(jwk, "kid")?.map(str::to_owned),
            material,
        })
    }

    /// Whether a signature by `algorithm` can be this key's.
    pub(super) fn fits(&self, algorithm: Algorithm) -> bool {
        match &self.material {
            Material::Rsa { only, .. } => {
                rsa_parameters(algorithm).is_some() && only.is_none_or(|declared| declared == algorithm)
            }
            Material::Curve { algorithm: own, .. } => *own == algorithm,
        }
    }

    /// Whether `signature` over `message` is this key's, by an `algorithm` that fits it. The bounds of RSA keys (2048
    /// to 8192 bits) and the position of points on their curve are checked here, by `ring`.
    pub(super) fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        self.fits(algorithm)
            && match &self.material {
                Material::Rsa { components, .. } => rsa_parameters(algorithm)
                    .is_some_and(|parameters| components.verify(parameters, message, signature).is_ok()),
                Material::Curve { key, .. } => key.verify(message, signature).is_ok(),
            }
    }
}

/// `use` and `key_ops` (RFC 7517 4.2 and 4.3): a key that says neither may be used.
fn is_for_verification(jwk: &Map<String, Value>) -> bool {
    let by_use = optional_text(jwk, "use").is_some_and(|purpose| purpose.is_none_or(|purpose| purpose == "sig"));
    let by_operations = match present(jwk, "key_ops") {
        None => true,
        Some(operations) => operations
            .as_array()
            .is_some_and(|operations| operations.iter().any(|operation| operation == "verify")),
    };
    by_use && by_operations
}

/// `None` where the member is there and not text.
#[expect(clippy::option_option, reason = "wrong, absent, there")]
fn optional_text<'a>(jwk: &'a Map<String, Value>, name: &str) -> Option<Option<&'a str>> {
    match present(jwk, name) {
        None => Some(None),
        Some(value) => value.as_str().map(Some),
    }
}

fn rsa(jwk: &Map<String, Value>, declared: Option<&str>) -> Option<Material> {
    let only = match declared {
        None => None,
        // RSA-OAEP and the like: a key for encryption that forgot to say `use`.
        Some(declared) => Some(supported(declared).filter(|algorithm| rsa_parameters(*algorithm).is_some())?),
    };
    let components = RsaPublicKeyComponents {
        n: unsigned(text_of(jwk, "n")?)?,
        e: unsigned(text_of(jwk, "e")?)?,
    };
    // Left to `ring`, a short key would look like a wrong signature.
    (components.n.len() >= SHORTEST_RSA_BYTES).then_some(Material::Rsa { components, only })
}

/// 2048 bits (RFC 7518 3.3).
const SHORTEST_RSA_BYTES: usize = 256;

/// A Base64urlUInt. Some servers put a zero octet in front of the modulus, as signed numbers have; RFC 7518 6.3.1.1
/// forbids it and `ring` refuses it, but the number is the same.
fn unsigned(encoded: &str) -> Option<Vec<u8>> {
    let bytes = base64url::decode_lenient(encoded)?;
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes
        .get(zeros..)
        .filter(|digits| !digits.is_empty())
        .map(<[u8]>::to_vec)
}

fn elliptic_curve(jwk: &Map<String, Value>, declared: Option<&str>) -> Option<Material> {
    let (algorithm, verification, coordinate_bytes) = match text_of(jwk, "crv")? {
        "P-256" => (Algorithm::ES256, &ECDSA_P256_SHA256_FIXED, 32),
        "P-384" => (Algorithm::ES384, &ECDSA_P384_SHA384_FIXED, 48),
        _ => return None,
    };
    let (x, y) = (
        base64url::decode_lenient(text_of(jwk, "x")?)?,
        base64url::decode_lenient(text_of(jwk, "y")?)?,
    );
    let is_readable = x.len() == coordinate_bytes && y.len() == coordinate_bytes;
    let is_for_it = declared.is_none_or(|declared| supported(declared) == Some(algorithm));
    // An uncompressed point (SEC 1, 2.3.3).
    let point = [&[4][..], &x, &y].concat();
    (is_readable && is_for_it).then(|| Material::Curve {
        algorithm,
        key: UnparsedPublicKey::new(verification, point),
    })
}

fn edwards_curve(jwk: &Map<String, Value>, declared: Option<&str>) -> Option<Material> {
    const KEY_BYTES: usize = 32;
    let point = base64url::decode_lenient(text_of(jwk, "x")?)?;
    let is_readable = text_of(jwk, "crv")? == "Ed25519" && point.len() == KEY_BYTES;
    let is_for_it = declared.is_none_or(|declared| supported(declared) == Some(Algorithm::EdDSA));
    (is_readable && is_for_it).then(|| Material::Curve {
        algorithm: Algorithm::EdDSA,
        key: UnparsedPublicKey::new(&ED25519, point),
    })
}

fn rsa_parameters(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    Some(match algorithm {
        Algorithm::RS256 => &RSA_PKCS1_2048_8192_SHA256,
        Algorithm::RS384 => &RSA_PKCS1_2048_8192_SHA384,
        Algorithm::RS512 => &RSA_PKCS1_2048_8192_SHA512,
        Algorithm::PS256 => &RSA_PSS_2048_8192_SHA256,
        Algorithm::PS384 => &RSA_PSS_2048_8192_SHA384,
        Algorithm::PS512 => &RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}
