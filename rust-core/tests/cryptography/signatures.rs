//! Handshake signatures when `ring` is in use: verified by rustls, in the same way as by the system's verifier.

use pilotlight_core::adapters::tls;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::CertificateDer;
use rustls::{DigitallySignedStruct, Error, SignatureScheme};

pub(crate) fn schemes() -> Vec<SignatureScheme> {
    tls::provider().signature_verification_algorithms.supported_schemes()
}

#[derive(Clone, Copy)]
pub(crate) enum Version {
    Tls12,
    Tls13,
}

pub(crate) fn verify(
    version: Version,
    message: &[u8],
    certificate: &CertificateDer<'_>,
    signed: &DigitallySignedStruct,
) -> Result<HandshakeSignatureValid, Error> {
    let algorithms = tls::provider().signature_verification_algorithms;
    match version {
        Version::Tls12 => verify_tls12_signature(message, certificate, signed, &algorithms),
        Version::Tls13 => verify_tls13_signature(message, certificate, signed, &algorithms),
    }
}
