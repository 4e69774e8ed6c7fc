//! One public key: from its JWK to a verified signature.

use jsonwebtoken::jwk::{
    AlgorithmParameters, CommonParameters, EllipticCurve, EllipticCurveKeyParameters, Jwk, KeyAlgorithm, KeyOperations,
    OctetKeyPairParameters, PublicKeyUse, RSAKeyParameters,
};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey,
};

use super::Algorithm;
use super::signature::decode_base64url;

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
    /// Reads a JWK. `None` for a key that no signature can be verified with: symmetric (`oct`), meant for encryption,
    /// of an unknown type or curve, or with parameters of a wrong length.
    pub(super) fn from_jwk(jwk: Jwk) -> Option<Self> {
        if !is_for_verification(&jwk.common) {
            return None;
        }
        let declared = jwk.common.key_algorithm;
        let material = match &jwk.algorithm {
            AlgorithmParameters::RSA(parameters) => rsa(parameters, declared)?,
            AlgorithmParameters::EllipticCurve(parameters) => elliptic_curve(parameters, declared)?,
            AlgorithmParameters::OctetKeyPair(parameters) => edwards_curve(parameters, declared)?,
            _ => return None,
        };
        Some(Self {
            id: jwk.common.key_id,
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
fn is_for_verification(common: &CommonParameters) -> bool {
    let by_use = common
        .public_key_use
        .as_ref()
        .is_none_or(|purpose| *purpose == PublicKeyUse::Signature);
    let by_operations = common
        .key_operations
        .as_ref()
        .is_none_or(|operations| operations.contains(&KeyOperations::Verify));
    by_use && by_operations
}

fn rsa(parameters: &RSAKeyParameters, declared: Option<KeyAlgorithm>) -> Option<Material> {
    let only = match declared {
        None => None,
        // RSA-OAEP and the like: a key for encryption that forgot to say `use`.
        Some(declared) => Some(
            Algorithm::try_from(declared)
                .ok()
                .filter(|algorithm| rsa_parameters(*algorithm).is_some())?,
        ),
    };
    let components = RsaPublicKeyComponents {
        n: unsigned(&parameters.n)?,
        e: unsigned(&parameters.e)?,
    };
    // Left to `ring`, a short key would look like a wrong signature.
    (components.n.len() >= SHORTEST_RSA_BYTES).then_some(Material::Rsa { components, only })
}

/// 2048 bits (RFC 7518 3.3).
const SHORTEST_RSA_BYTES: usize = 256;

/// A Base64urlUInt. Some servers put a zero octet in front of the modulus, as signed numbers have; RFC 7518 6.3.1.1
/// forbids it and `ring` refuses it, but the number is the same.
fn unsigned(encoded: &str) -> Option<Vec<u8>> {
    let bytes = decode_base64url(encoded)?;
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes
        .get(zeros..)
        .filter(|digits| !digits.is_empty())
        .map(<[u8]>::to_vec)
}

fn elliptic_curve(parameters: &EllipticCurveKeyParameters, declared: Option<KeyAlgorithm>) -> Option<Material> {
    let (algorithm, verification, coordinate_bytes) = match parameters.curve {
        EllipticCurve::P256 => (Algorithm::ES256, &ECDSA_P256_SHA256_FIXED, 32),
        EllipticCurve::P384 => (Algorithm::ES384, &ECDSA_P384_SHA384_FIXED, 48),
        _ => return None,
    };
    let (x, y) = (decode_base64url(&parameters.x)?, decode_base64url(&parameters.y)?);
    let is_readable = x.len() == coordinate_bytes && y.len() == coordinate_bytes;
    let is_for_it = declared.is_none_or(|declared| declared == KeyAlgorithm::from(algorithm));
    // An uncompressed point (SEC 1, 2.3.3).
    let point = [&[4][..], &x, &y].concat();
    (is_readable && is_for_it).then(|| Material::Curve {
        algorithm,
        key: UnparsedPublicKey::new(verification, point),
    })
}

fn edwards_curve(parameters: &OctetKeyPairParameters, declared: Option<KeyAlgorithm>) -> Option<Material> {
    const KEY_BYTES: usize = 32;
    let point = decode_base64url(&parameters.x)?;
    let is_readable = parameters.curve == EllipticCurve::Ed25519 && point.len() == KEY_BYTES;
    // `Ed25519`, RFC 9864's name, is not known to the JWK reader. Nothing but signing can be done on this curve anyway.
    let is_for_it = matches!(
        declared,
        None | Some(KeyAlgorithm::EdDSA | KeyAlgorithm::UNKNOWN_ALGORITHM)
    );
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
