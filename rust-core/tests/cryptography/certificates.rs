//! Verifies handshake signatures with the key in a certificate, without a handshake: cases that no rustls server would
//! send.

use rustls::internal::msgs::codec::{Codec as _, Reader};
use rustls::pki_types::CertificateDer;
use rustls::{CertificateError, DigitallySignedStruct, Error, PeerMisbehaved, SignatureScheme};

use crate::handshakes::{Certificate, certified};
use crate::signatures::{self, Version};
use crate::support::from_hex;

/// TLS 1.3 names the curve with the hash, TLS 1.2 only the hash (RFC 8446 4.2.3).
#[test]
pub(crate) fn a_scheme_names_the_curve_in_tls_1_3_only() {
    let all = examples();
    assert_eq!(all.len(), 4);
    for (name, is_of_the_curve, certificate, signed) in all {
        let verifies = |version, message: &[u8]| {
            signatures::verify(version, message, &certificate, &signed)
                .map(|_| ())
                .is_ok()
        };
        assert!(verifies(Version::Tls12, b"a handshake"), "{name}");
        assert_eq!(verifies(Version::Tls13, b"a handshake"), is_of_the_curve, "{name}");
        assert!(!verifies(Version::Tls12, b"another"), "{name}");
    }
}

/// The first example, which is valid.
#[allow(dead_code, reason = "for the emulation's test, of calls that fail")]
pub(crate) fn verified_by_certificate() -> Result<(), Error> {
    let (_, _, certificate, signed) = &examples()[0];
    signatures::verify(Version::Tls13, b"a handshake", certificate, signed).map(|_| ())
}

/// For each line: its curve and hash, whether both belong to one scheme, the certificate, and the signature.
fn examples() -> Vec<(&'static str, bool, CertificateDer<'static>, DigitallySignedStruct)> {
    let lines = include_str!("curves_and_hashes.txt").lines();
    let examples = lines.filter(|line| !line.starts_with('#')).map(|line| {
        let [curve, hash, certificate, signature] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let (scheme, its_curve) = match hash {
            "sha256" => (SignatureScheme::ECDSA_NISTP256_SHA256, "P-256"),
            _ => (SignatureScheme::ECDSA_NISTP384_SHA384, "P-384"),
        };
        let signed = signed(scheme, &from_hex(signature));
        (
            &line[..12],
            curve == its_curve,
            CertificateDer::from(from_hex(certificate)),
            signed,
        )
    });
    examples.collect()
}

#[test]
pub(crate) fn pkcs_1_signs_no_handshake_of_tls_1_3_and_unknown_schemes_none() {
    let rsa = certified(Certificate::Rsa, Certificate::Rsa);
    let unadvertised = PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme;
    for (version, scheme) in [
        (Version::Tls13, SignatureScheme::RSA_PKCS1_SHA256),
        (Version::Tls13, SignatureScheme::ECDSA_NISTP521_SHA512),
        (Version::Tls12, SignatureScheme::RSA_PKCS1_SHA1),
    ] {
        let outcome = signatures::verify(version, b"a handshake", &rsa.cert[0], &signed(scheme, &[1; 256]));
        assert_eq!(outcome.err(), Some(Error::from(unadvertised.clone())), "{scheme:?}");
    }
    let scheme = SignatureScheme::RSA_PKCS1_SHA256;
    let outcome = signatures::verify(Version::Tls12, b"a handshake", &rsa.cert[0], &signed(scheme, &[1; 256]));
    assert_eq!(outcome.err(), Some(CertificateError::BadSignature.into()));
}

#[test]
pub(crate) fn what_is_no_certificate_is_said_to_be_none() {
    for certificate in [&b""[..], b"no certificate", &[0x30, 0x82, 0xff, 0xff]] {
        let scheme = SignatureScheme::ECDSA_NISTP256_SHA256;
        let certificate = CertificateDer::from(certificate);
        let outcome = signatures::verify(Version::Tls13, b"a handshake", &certificate, &signed(scheme, &[1; 64]));
        assert_eq!(outcome.err(), Some(CertificateError::BadEncoding.into()));
    }
}

/// A peer's signature as it is sent (RFC 8446 4.4.3).
fn signed(scheme: SignatureScheme, signature: &[u8]) -> DigitallySignedStruct {
    let length = u16::try_from(signature.len()).unwrap().to_be_bytes();
    let bytes = [&scheme.to_array()[..], &length, signature].concat();
    DigitallySignedStruct::read(&mut Reader::init(&bytes)).unwrap()
}
