//! The core's own tests of signatures and handshakes, over the code for Apple systems, and tests of faults that only
//! that code can have.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of a test fails as the test does"
)]

// The name that the core's tests use.
extern crate pilotlight_keychain_emulation as pilotlight_core;

#[path = "../../../rust-core/tests/cryptography/certificates.rs"]
mod certificates;
#[path = "../../../rust-core/tests/cryptography/ecdsa.rs"]
mod ecdsa;
#[path = "../../../rust-core/tests/cryptography/ed25519.rs"]
mod ed25519;
#[path = "../../../rust-core/tests/cryptography/handshakes.rs"]
mod handshakes;
#[path = "../../../rust-core/tests/cryptography/hashes.rs"]
mod hashes;
#[path = "../../../rust-core/tests/cryptography/key_exchange.rs"]
mod key_exchange;
#[path = "../../../rust-core/tests/cryptography/records.rs"]
mod records;
#[path = "../../../rust-core/tests/cryptography/rsa.rs"]
mod rsa;
#[path = "../../../rust-core/tests/cryptography/support.rs"]
mod support;
#[path = "../../../rust-core/tests/cryptography/wycheproof.rs"]
mod wycheproof;

use pilotlight_core::adapters::tls::{self, system_signatures as signatures};
use pilotlight_core::crypto::{Curve, Hash, Padding};
use pilotlight_core::keys::{KeyFunction, calls_during, failing};
use pilotlight_core::ownership::balance_of;
use ring::rsa::PublicKeyComponents;
use rustls::{CertificateError, Error, NamedGroup, PeerMisbehaved};

const FUNCTIONS: [KeyFunction; 8] = [
    KeyFunction::CreateWithData,
    KeyFunction::VerifySignature,
    KeyFunction::CreateRandomKey,
    KeyFunction::CopyPublicKey,
    KeyFunction::CopyExternalRepresentation,
    KeyFunction::CopyKeyExchangeResult,
    KeyFunction::CertificateCreateWithData,
    KeyFunction::CertificateCopyKey,
];

const WHOLE: [bool; 5] = [true, false, false, true, true];

/// Verifies with both kinds of keys, valid and invalid, exchanges keys, and verifies with a certificate. Returns the
/// results in this order.
fn everything() -> [bool; 5] {
    let key = support::EcdsaSigner::new(Curve::P256);
    let (point, signature) = (key.point(), key.sign(b"message"));
    let verify = |message: &[u8]| {
        pilotlight_core::crypto::ecdsa::verify_asn1(Curve::P256, Hash::Sha256, &point, message, &signature)
    };
    let public = PublicKeyComponents::<Vec<u8>>::from(support::rsa_key().public());
    let public = pilotlight_core::crypto::rsa::public_key(&public.n, &public.e).unwrap();
    let wrong = pilotlight_core::crypto::rsa::verify(Padding::Pss, Hash::Sha256, &public, b"message", &[1; 256]);
    let by_certificate = certificates::verified_by_certificate();
    let exchanged = exchange().is_ok();
    [
        verify(b"message"),
        verify(b"another"),
        wrong,
        exchanged,
        by_certificate.is_ok(),
    ]
}

fn exchange() -> Result<(), Error> {
    let provider = tls::provider();
    let group = provider
        .kx_groups
        .iter()
        .find(|one| one.name() == NamedGroup::secp256r1);
    let exchange = group.unwrap().start()?;
    let (point, peer) = (
        exchange.pub_key().to_vec(),
        support::EcdsaSigner::new(Curve::P256).point(),
    );
    assert_ne!(point, peer);
    exchange.complete(&peer).map(|_| ())
}

#[test]
fn nothing_is_left_behind_whether_it_works_or_fails() {
    assert_eq!(everything(), WHOLE);
    assert_eq!(balance_of(|| assert!(everything()[0])), 0);
    for function in FUNCTIONS {
        let balance = balance_of(|| failing(function, || assert_ne!(everything(), WHOLE)));
        assert_eq!(balance, 0, "{function:?}");
    }
    // A key exchange that is abandoned, and one with a point that is not on the curve.
    let given_up = || {
        let provider = tls::provider();
        for group in &provider.kx_groups {
            drop(group.start().unwrap());
            let _ = group.start().unwrap().complete(&[4; 65]);
        }
    };
    assert_eq!(balance_of(given_up), 0);
}

#[test]
fn what_fails_is_the_error_that_it_was() {
    for (function, expected) in [
        (KeyFunction::CreateRandomKey, Error::FailedToGetRandomBytes),
        (KeyFunction::CopyPublicKey, Error::FailedToGetRandomBytes),
        (KeyFunction::CopyExternalRepresentation, Error::FailedToGetRandomBytes),
        (KeyFunction::CreateWithData, PeerMisbehaved::InvalidKeyShare.into()),
        (
            KeyFunction::CopyKeyExchangeResult,
            PeerMisbehaved::InvalidKeyShare.into(),
        ),
    ] {
        assert_eq!(failing(function, exchange), Err(expected), "{function:?}");
    }
    for function in &FUNCTIONS[..2] {
        assert!(!failing(*function, everything)[0], "{function:?}");
    }
    for (function, expected) in [
        (KeyFunction::CertificateCreateWithData, CertificateError::BadEncoding),
        (KeyFunction::CertificateCopyKey, CertificateError::BadEncoding),
        (KeyFunction::CopyExternalRepresentation, CertificateError::BadEncoding),
        (KeyFunction::CreateWithData, CertificateError::BadSignature),
        (KeyFunction::VerifySignature, CertificateError::BadSignature),
    ] {
        let outcome = failing(function, certificates::verified_by_certificate);
        assert_eq!(outcome, Err(expected.into()), "{function:?}");
    }
}

/// Input that the core's rules refuse never reaches the system.
#[test]
fn the_system_is_asked_only_what_the_rules_let_through() {
    let point = support::EcdsaSigner::new(Curve::P256).point();
    let refused = || {
        for signature in [vec![0; 64], vec![0xff; 64], vec![1; 63], Vec::new()] {
            pilotlight_core::crypto::ecdsa::verify_fixed(Curve::P256, Hash::Sha256, &point, b"message", &signature);
        }
        pilotlight_core::crypto::ecdsa::verify_fixed(Curve::P256, Hash::Sha256, &point[1..], b"message", &[1; 64]);
        let short = pilotlight_core::crypto::rsa::public_key(&[0xff; 255], &[1, 0, 1]).unwrap();
        pilotlight_core::crypto::rsa::verify(Padding::Pkcs1, Hash::Sha256, &short, b"message", &[1; 255]);
    };
    assert_eq!(calls_during(refused), []);
    let once = || {
        pilotlight_core::crypto::ecdsa::verify_fixed(Curve::P256, Hash::Sha256, &point, b"message", &[1; 64]);
    };
    let expected = [KeyFunction::CreateWithData, KeyFunction::VerifySignature];
    assert_eq!(calls_during(once), expected);
}

/// The system reads every kind of certificate, and nothing of it stays.
#[test]
fn certificates_leave_nothing_behind() {
    let certificates = || {
        certificates::a_scheme_names_the_curve_in_tls_1_3_only();
        certificates::pkcs_1_signs_no_handshake_of_tls_1_3_and_unknown_schemes_none();
        certificates::what_is_no_certificate_is_said_to_be_none();
    };
    assert_eq!(balance_of(certificates), 0);
}
