//! The signatures of TLS handshakes, verified by [`crate::crypto`]; those by Ed25519 by `ring`.

use ring::signature::{ED25519, UnparsedPublicKey};
use rustls::SignatureScheme;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id};

use crate::crypto::{Curve, Hash, Padding, ecdsa, rsa};

/// The same as rustls has with `ring`, in the same order. TLS 1.2 tries each algorithm of a scheme, TLS 1.3 the first.
///
/// Certificates are evaluated by the operating system, so that no chain is verified with these.
pub(super) static ALGORITHMS: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: &[
        &ES256,
        &P256_SHA384,
        &P384_SHA256,
        &ES384,
        &EDDSA,
        &PS256,
        &PS384,
        &PS512,
        &RS256,
        &RS384,
        &RS512,
    ],
    mapping: &[
        (SignatureScheme::ECDSA_NISTP384_SHA384, &[&ES384, &P256_SHA384]),
        (SignatureScheme::ECDSA_NISTP256_SHA256, &[&ES256, &P384_SHA256]),
        (SignatureScheme::ED25519, &[&EDDSA]),
        (SignatureScheme::RSA_PSS_SHA512, &[&PS512]),
        (SignatureScheme::RSA_PSS_SHA384, &[&PS384]),
        (SignatureScheme::RSA_PSS_SHA256, &[&PS256]),
        (SignatureScheme::RSA_PKCS1_SHA512, &[&RS512]),
        (SignatureScheme::RSA_PKCS1_SHA384, &[&RS384]),
        (SignatureScheme::RSA_PKCS1_SHA256, &[&RS256]),
    ],
};

static ES256: Algorithm = Algorithm::ecdsa(Curve::P256, Hash::Sha256);
static P256_SHA384: Algorithm = Algorithm::ecdsa(Curve::P256, Hash::Sha384);
static P384_SHA256: Algorithm = Algorithm::ecdsa(Curve::P384, Hash::Sha256);
static ES384: Algorithm = Algorithm::ecdsa(Curve::P384, Hash::Sha384);
static PS256: Algorithm = Algorithm::rsa(Padding::Pss, Hash::Sha256);
static PS384: Algorithm = Algorithm::rsa(Padding::Pss, Hash::Sha384);
static PS512: Algorithm = Algorithm::rsa(Padding::Pss, Hash::Sha512);
static RS256: Algorithm = Algorithm::rsa(Padding::Pkcs1, Hash::Sha256);
static RS384: Algorithm = Algorithm::rsa(Padding::Pkcs1, Hash::Sha384);
static RS512: Algorithm = Algorithm::rsa(Padding::Pkcs1, Hash::Sha512);
static EDDSA: Algorithm = Algorithm {
    key: alg_id::ED25519,
    signature: alg_id::ED25519,
    kind: Kind::Ed25519,
};

#[derive(Debug)]
struct Algorithm {
    key: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Ecdsa(Curve, Hash),
    Rsa(Padding, Hash),
    Ed25519,
}

impl Algorithm {
    const fn ecdsa(curve: Curve, hash: Hash) -> Self {
        Self {
            key: match curve {
                Curve::P256 => alg_id::ECDSA_P256,
                Curve::P384 => alg_id::ECDSA_P384,
            },
            signature: match hash {
                Hash::Sha256 => alg_id::ECDSA_SHA256,
                Hash::Sha384 => alg_id::ECDSA_SHA384,
                Hash::Sha512 => alg_id::ECDSA_SHA512,
            },
            kind: Kind::Ecdsa(curve, hash),
        }
    }

    const fn rsa(padding: Padding, hash: Hash) -> Self {
        Self {
            key: alg_id::RSA_ENCRYPTION,
            signature: match (padding, hash) {
                (Padding::Pkcs1, Hash::Sha256) => alg_id::RSA_PKCS1_SHA256,
                (Padding::Pkcs1, Hash::Sha384) => alg_id::RSA_PKCS1_SHA384,
                (Padding::Pkcs1, Hash::Sha512) => alg_id::RSA_PKCS1_SHA512,
                (Padding::Pss, Hash::Sha256) => alg_id::RSA_PSS_SHA256,
                (Padding::Pss, Hash::Sha384) => alg_id::RSA_PSS_SHA384,
                (Padding::Pss, Hash::Sha512) => alg_id::RSA_PSS_SHA512,
            },
            kind: Kind::Rsa(padding, hash),
        }
    }
}

impl SignatureVerificationAlgorithm for Algorithm {
    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }

    fn verify_signature(&self, public_key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        let is_valid = match self.kind {
            Kind::Ecdsa(curve, hash) => ecdsa::verify_asn1(curve, hash, public_key, message, signature),
            Kind::Rsa(padding, hash) => rsa::verify(padding, hash, public_key, message, signature),
            Kind::Ed25519 => UnparsedPublicKey::new(&ED25519, public_key)
                .verify(message, signature)
                .is_ok(),
        };
        is_valid.then_some(()).ok_or(InvalidSignature)
    }
}
