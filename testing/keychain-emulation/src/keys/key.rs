//! What a `SecKey` is here: data that begins with its kind. A private key is the number of a key that `ring` made.

use std::collections::BTreeMap;
use std::sync::Mutex;

use core_foundation::base::{CFType, TCFType};
use core_foundation::data::CFData;
use core_foundation_sys::base::CFTypeRef;
use ring::agreement::{Algorithm, ECDH_P256, ECDH_P384, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1,
    RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, VerificationAlgorithm,
};

static PRIVATE: Mutex<BTreeMap<u64, EphemeralPrivateKey>> = Mutex::new(BTreeMap::new());

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Key {
    Rsa(Vec<u8>),
    EllipticCurve(Vec<u8>),
    Private { number: u64, point: Vec<u8> },
}

impl Key {
    /// # Safety
    /// `key` is a valid reference.
    pub(super) unsafe fn read(key: CFTypeRef) -> Self {
        assert!(!key.is_null(), "a null key ends the process (SecKeyCheck)");
        // SAFETY: valid by contract, and by the Get Rule retained.
        let key = unsafe { CFType::wrap_under_get_rule(key) };
        let data = key.downcast_into::<CFData>().unwrap();
        match data.bytes() {
            [b'r', der @ ..] => Self::Rsa(der.to_vec()),
            [b'e', point @ ..] => Self::EllipticCurve(point.to_vec()),
            [b'p', rest @ ..] => {
                let (number, point) = rest.split_first_chunk().unwrap();
                Self::Private {
                    number: u64::from_be_bytes(*number),
                    point: point.to_vec(),
                }
            }
            _ => panic!("not a SecKey"),
        }
    }

    pub(super) fn to_object(&self) -> CFType {
        let bytes = match self {
            Self::Rsa(der) => [&b"r"[..], der].concat(),
            Self::EllipticCurve(point) => [&b"e"[..], point].concat(),
            Self::Private { number, point } => [&b"p"[..], &number.to_be_bytes(), point].concat(),
        };
        CFData::from_buffer(&bytes).into_CFType()
    }

    /// A public key on a curve: `ccec_import_pub` refuses points that are not on it.
    pub(super) fn elliptic_curve(point: &[u8]) -> Option<Self> {
        let algorithm = curve_of(point)?;
        let own = EphemeralPrivateKey::generate(algorithm, &SystemRandom::new()).unwrap();
        agree_ephemeral(own, &UnparsedPublicKey::new(algorithm, point), |_| ()).ok()?;
        Some(Self::EllipticCurve(point.to_vec()))
    }

    pub(super) fn generate(bits: i64) -> Option<Self> {
        let algorithm = match bits {
            256 => &ECDH_P256,
            384 => &ECDH_P384,
            _ => return None,
        };
        let private = EphemeralPrivateKey::generate(algorithm, &SystemRandom::new()).unwrap();
        let point = private.compute_public_key().unwrap().as_ref().to_vec();
        let mut keys = PRIVATE.lock().unwrap();
        let number = keys.last_key_value().map_or(0, |(last, _)| last + 1);
        keys.insert(number, private);
        Some(Self::Private { number, point })
    }

    /// The private key can be used once: `ring` has no other way, and the core needs none.
    pub(super) fn shared_secret(number: u64, peer: &[u8]) -> Option<Vec<u8>> {
        let private = PRIVATE.lock().unwrap().remove(&number).unwrap();
        let peer = UnparsedPublicKey::new(curve_of(peer)?, peer);
        agree_ephemeral(private, &peer, <[u8]>::to_vec).ok()
    }

    pub(super) fn verifies(&self, algorithm: &str, message: &[u8], signature: &[u8]) -> bool {
        let (key, algorithm) = match self {
            Self::Rsa(der) => (der, rsa_algorithm(algorithm)),
            Self::EllipticCurve(point) => (point, ecdsa_algorithm(algorithm, point)),
            Self::Private { .. } => return false,
        };
        let verify = |signature: &[u8]| {
            algorithm.is_some_and(|algorithm| {
                ring::signature::UnparsedPublicKey::new(algorithm, key)
                    .verify(message, signature)
                    .is_ok()
            })
        };
        if matches!(self, Self::Rsa(_)) {
            // Read as a number, of any length (`SecKeyRSACopyBigEndianToCCUnit`).
            let digits: Vec<u8> = signature.iter().copied().skip_while(|byte| *byte == 0).collect();
            (digits.len()..=1024).step_by(1).any(|length| {
                let is_a_modulus = [128, 256, 384, 512, 1024].contains(&length);
                is_a_modulus && verify(&[vec![0; length - digits.len()], digits.clone()].concat())
            })
        } else {
            verify(signature)
        }
    }
}

fn curve_of(point: &[u8]) -> Option<&'static Algorithm> {
    match point.len() {
        65 => Some(&ECDH_P256),
        97 => Some(&ECDH_P384),
        _ => None,
    }
}

/// Keys that are shorter than the core accepts are allowed here.
fn rsa_algorithm(name: &str) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match name.strip_prefix("kSecKeyAlgorithmRSASignatureMessage")? {
        "PKCS1v15SHA256" => &RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        "PKCS1v15SHA384" => &RSA_PKCS1_2048_8192_SHA384,
        "PKCS1v15SHA512" => &RSA_PKCS1_2048_8192_SHA512,
        "PSSSHA256" => &RSA_PSS_2048_8192_SHA256,
        "PSSSHA384" => &RSA_PSS_2048_8192_SHA384,
        "PSSSHA512" => &RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}

fn ecdsa_algorithm(name: &str, point: &[u8]) -> Option<&'static dyn VerificationAlgorithm> {
    Some(
        match (
            name.strip_prefix("kSecKeyAlgorithmECDSASignatureMessageX962")?,
            point.len(),
        ) {
            ("SHA256", 65) => &ECDSA_P256_SHA256_ASN1,
            ("SHA384", 65) => &ECDSA_P256_SHA384_ASN1,
            ("SHA256", 97) => &ECDSA_P384_SHA256_ASN1,
            ("SHA384", 97) => &ECDSA_P384_SHA384_ASN1,
            _ => return None,
        },
    )
}
