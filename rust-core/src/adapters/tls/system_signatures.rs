//! The signatures of TLS handshakes, verified by [`crate::crypto`] with the key that the system reads from the
//! certificate.

use rustls::client::danger::HandshakeSignatureValid;
use rustls::{CertificateError, DigitallySignedStruct, Error, PeerMisbehaved, SignatureScheme};

use crate::crypto::security_framework::key_of_certificate;
use crate::crypto::{Curve, Hash, Padding, ecdsa, rsa};

/// The schemes of an elliptic curve key.
pub(super) static ECDSA: &[SignatureScheme] = &[
    SignatureScheme::ECDSA_NISTP384_SHA384,
    SignatureScheme::ECDSA_NISTP256_SHA256,
];
/// The schemes of an RSA key.
pub(super) static RSA: &[SignatureScheme] = &[
    SignatureScheme::RSA_PSS_SHA512,
    SignatureScheme::RSA_PSS_SHA384,
    SignatureScheme::RSA_PSS_SHA256,
    SignatureScheme::RSA_PKCS1_SHA512,
    SignatureScheme::RSA_PKCS1_SHA384,
    SignatureScheme::RSA_PKCS1_SHA256,
];

/// The schemes that are offered, in the order in which rustls offers them with `ring`. Ed25519 is left out: no public
/// authority signs such certificates, and the system does not support such keys.
pub fn schemes() -> Vec<SignatureScheme> {
    [ECDSA, RSA].concat()
}

/// The TLS version of a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// RFC 5246
    Tls12,
    /// RFC 8446
    Tls13,
}

#[derive(Clone, Copy)]
enum Scheme {
    Ecdsa(Curve, Hash),
    Rsa(Padding, Hash),
}

impl Scheme {
    fn named(scheme: SignatureScheme) -> Option<Self> {
        Some(match scheme {
            SignatureScheme::ECDSA_NISTP384_SHA384 => Self::Ecdsa(Curve::P384, Hash::Sha384),
            SignatureScheme::ECDSA_NISTP256_SHA256 => Self::Ecdsa(Curve::P256, Hash::Sha256),
            SignatureScheme::RSA_PSS_SHA512 => Self::Rsa(Padding::Pss, Hash::Sha512),
            SignatureScheme::RSA_PSS_SHA384 => Self::Rsa(Padding::Pss, Hash::Sha384),
            SignatureScheme::RSA_PSS_SHA256 => Self::Rsa(Padding::Pss, Hash::Sha256),
            SignatureScheme::RSA_PKCS1_SHA512 => Self::Rsa(Padding::Pkcs1, Hash::Sha512),
            SignatureScheme::RSA_PKCS1_SHA384 => Self::Rsa(Padding::Pkcs1, Hash::Sha384),
            SignatureScheme::RSA_PKCS1_SHA256 => Self::Rsa(Padding::Pkcs1, Hash::Sha256),
            _ => return None,
        })
    }

    /// Whether the version allows the scheme: TLS 1.3 handshakes are not signed with PKCS #1 v1.5 (RFC 8446 4.2.3).
    fn is_known_in(self, version: Version) -> bool {
        version == Version::Tls12 || !matches!(self, Self::Rsa(Padding::Pkcs1, _))
    }

    /// `key`: an uncompressed point, or a key in PKCS #1 form.
    fn verifies(self, version: Version, key: &[u8], message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Rsa(padding, hash) => rsa::verify(padding, hash, key, message, signature),
            // TLS 1.3 specifies the curve, TLS 1.2 only the hash (RFC 8446 4.2.3).
            Self::Ecdsa(named, hash) => [Curve::P256, Curve::P384]
                .into_iter()
                .filter(|curve| version == Version::Tls12 || *curve == named)
                .any(|curve| ecdsa::verify_asn1(curve, hash, key, message, signature)),
        }
    }
}

/// Checks that the handshake was signed with the certificate's key.
///
/// # Errors
/// [`CertificateError::BadSignature`] for a signature by another key, or if the key is out of bounds;
/// [`CertificateError::BadEncoding`] for a certificate that the system cannot read; [`PeerMisbehaved`] for a scheme
/// that was not offered.
pub fn verify(
    version: Version,
    message: &[u8],
    certificate: &[u8],
    signed: &DigitallySignedStruct,
) -> Result<HandshakeSignatureValid, Error> {
    let scheme = Scheme::named(signed.scheme)
        .filter(|scheme| scheme.is_known_in(version))
        .ok_or(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme)?;
    let key = key_of_certificate(certificate).ok_or(CertificateError::BadEncoding)?;
    if scheme.verifies(version, &key, message, signed.signature()) {
        Ok(HandshakeSignatureValid::assertion())
    } else {
        Err(CertificateError::BadSignature.into())
    }
}
