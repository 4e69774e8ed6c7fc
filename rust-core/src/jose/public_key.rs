//! One public key: reads it from its JWK, and verifies signatures with it.

use serde_json::{Map, Value};

use super::algorithms::{Algorithm, supported};
use super::base64url;
use crate::crypto::{Curve, Hash, Padding, ecdsa, ed25519, rsa};
use crate::model::json::{present, text_of};

/// A key that signatures are verified with.
pub(super) struct PublicKey {
    /// `kid`
    pub(super) id: Option<String>,
    material: Material,
}

enum Material {
    /// Without `alg` in its JWK, an RSA key verifies any of the six RSA algorithms; with `alg`, only that one (RFC 7517
    /// 4.4).
    Rsa {
        /// In PKCS #1 form.
        key: Vec<u8>,
        only: Option<Algorithm>,
    },
    /// Each curve has exactly one algorithm. The point is uncompressed.
    Ecdsa {
        curve: Curve,
        point: Vec<u8>,
    },
    Ed25519([u8; ed25519::KEY_BYTES]),
}

impl PublicKey {
    /// Reads a JWK (RFC 7517 4, RFC 7518 6, RFC 8037 2). `None` for a key that cannot verify a signature: symmetric
    /// (`oct`), for encryption, of an unknown type or curve, or with parameters of a wrong type or length.
    ///
    /// Written by hand, for size: docs/adr/0002.
    pub(super) fn from_jwk(jwk: &Map<String, Value>) -> Option<Self> {
        if !is_for_verification(jwk) {
            return None;
        }
        let declared = optional_text(jwk, "alg")?;
        let material = match text_of(jwk, "kty")? {
            "RSA" => rsa_key(jwk, declared)?,
            "EC" => elliptic_curve(jwk, declared)?,
            "OKP" => edwards_curve(jwk, declared)?,
            _ => return None,
        };
        Some(Self {
            id: optional_text(jwk, "kid")?.map(str::to_owned),
            material,
        })
    }

    /// Whether this key can make signatures by `algorithm`.
    pub(super) fn fits(&self, algorithm: Algorithm) -> bool {
        match &self.material {
            Material::Rsa { only, .. } => {
                rsa_parameters(algorithm).is_some() && only.is_none_or(|declared| declared == algorithm)
            }
            Material::Ecdsa { curve, .. } => ecdsa_parameters(*curve).0 == algorithm,
            Material::Ed25519(_) => algorithm == Algorithm::EdDSA,
        }
    }

    /// Whether this key made `signature` over `message`, by an `algorithm` that fits it. This also checks the bounds of
    /// RSA keys (2048 to 8192 bits), and that a point is on its curve.
    pub(super) fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        self.fits(algorithm)
            && match &self.material {
                Material::Rsa { key, .. } => rsa_parameters(algorithm)
                    .is_some_and(|(padding, hash)| rsa::verify(padding, hash, key, message, signature)),
                Material::Ecdsa { curve, point } => {
                    let (_, hash) = ecdsa_parameters(*curve);
                    ecdsa::verify_fixed(*curve, hash, point, message, signature)
                }
                Material::Ed25519(key) => ed25519::verify(key, message, signature),
            }
    }
}

/// Checks `use` and `key_ops` (RFC 7517 4.2 and 4.3). A key that has neither may be used.
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

/// `None` if the member is present and not a string. An empty string counts as absent, as some servers write it.
#[expect(clippy::option_option, reason = "wrong, absent, there")]
fn optional_text<'a>(jwk: &'a Map<String, Value>, name: &str) -> Option<Option<&'a str>> {
    match present(jwk, name) {
        None => Some(None),
        Some(value) => value.as_str().map(|text| Some(text).filter(|text| !text.is_empty())),
    }
}

fn rsa_key(jwk: &Map<String, Value>, declared: Option<&str>) -> Option<Material> {
    let only = match declared {
        None => None,
        // RSA-OAEP and similar: a key for encryption that lacks `use`.
        Some(declared) => Some(supported(declared).filter(|algorithm| rsa_parameters(*algorithm).is_some())?),
    };
    // Some servers put a zero octet before the modulus, as in signed numbers. RFC 7518 6.3.1.1 forbids it, but the
    // number is the same.
    let number = |name| base64url::decode_lenient(text_of(jwk, name)?);
    let (modulus, exponent) = (number("n")?, number("e")?);
    // If this were left to the verification, a short key would look like a wrong signature.
    if rsa::is_too_short(&modulus) {
        return None;
    }
    let key = rsa::public_key(&modulus, &exponent)?;
    Some(Material::Rsa { key, only })
}

fn elliptic_curve(jwk: &Map<String, Value>, declared: Option<&str>) -> Option<Material> {
    let curve = match text_of(jwk, "crv")? {
        "P-256" => Curve::P256,
        "P-384" => Curve::P384,
        _ => return None,
    };
    let coordinate = |name| of_length(curve.bytes(), &base64url::decode_lenient(text_of(jwk, name)?)?);
    let (x, y) = (coordinate("x")?, coordinate("y")?);
    let is_for_it = declared.is_none_or(|declared| supported(declared) == Some(ecdsa_parameters(curve).0));
    // An uncompressed point (SEC 1, 2.3.3).
    let point = [&[4][..], &x, &y].concat();
    is_for_it.then_some(Material::Ecdsa { curve, point })
}

/// A number as that many octets. RFC 7518 6.2.1.2 requires exactly that many. Some servers put a zero octet in front, or
/// leave one or two leading zeros out; the number is the same.
fn of_length(octets: usize, number: &[u8]) -> Option<Vec<u8>> {
    if number.len() + 2 < octets {
        return None;
    }
    let digits = number
        .iter()
        .position(|octet| *octet != 0)
        .map_or(&[][..], |first| &number[first..]);
    let zeros = octets.checked_sub(digits.len())?;
    Some([&vec![0; zeros][..], digits].concat())
}

fn edwards_curve(jwk: &Map<String, Value>, declared: Option<&str>) -> Option<Material> {
    let key = base64url::decode_lenient(text_of(jwk, "x")?)?.try_into().ok()?;
    let is_readable = text_of(jwk, "crv")? == "Ed25519";
    let is_for_it = declared.is_none_or(|declared| supported(declared) == Some(Algorithm::EdDSA));
    (is_readable && is_for_it).then_some(Material::Ed25519(key))
}

fn ecdsa_parameters(curve: Curve) -> (Algorithm, Hash) {
    match curve {
        Curve::P256 => (Algorithm::ES256, Hash::Sha256),
        Curve::P384 => (Algorithm::ES384, Hash::Sha384),
    }
}

fn rsa_parameters(algorithm: Algorithm) -> Option<(Padding, Hash)> {
    Some(match algorithm {
        Algorithm::RS256 => (Padding::Pkcs1, Hash::Sha256),
        Algorithm::RS384 => (Padding::Pkcs1, Hash::Sha384),
        Algorithm::RS512 => (Padding::Pkcs1, Hash::Sha512),
        Algorithm::PS256 => (Padding::Pss, Hash::Sha256),
        Algorithm::PS384 => (Padding::Pss, Hash::Sha384),
        Algorithm::PS512 => (Padding::Pss, Hash::Sha512),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coordinate_has_its_length_whatever_zeros_the_server_sent() {
        for (octets, number, expected) in [
            (4, vec![1, 2, 3, 4], Some(vec![1, 2, 3, 4])),
            (4, vec![0, 1, 2, 3, 4], Some(vec![1, 2, 3, 4])),
            (4, vec![2, 3, 4], Some(vec![0, 2, 3, 4])),
            (4, vec![3, 4], Some(vec![0, 0, 3, 4])),
            (4, vec![4], None),
            (4, vec![1, 2, 3, 4, 5], None),
            (4, vec![0; 4], Some(vec![0; 4])),
        ] {
            assert_eq!(of_length(octets, &number), expected, "{number:?}");
        }
    }
}
