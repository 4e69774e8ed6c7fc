//! The core's own tests of signatures and handshakes, over the code for Apple systems; and what only that can do wrong.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of a test fails as the test does"
)]

// What the core's tests name.
extern crate pilotlight_keychain_emulation as pilotlight_core;

#[path = "../../../rust-core/tests/cryptography/ecdsa.rs"]
mod ecdsa;
#[path = "../../../rust-core/tests/cryptography/handshakes.rs"]
mod handshakes;
#[path = "../../../rust-core/tests/cryptography/key_exchange.rs"]
mod key_exchange;
#[path = "../../../rust-core/tests/cryptography/rsa.rs"]
mod rsa;
#[path = "../../../rust-core/tests/cryptography/support.rs"]
mod support;
#[path = "../../../rust-core/tests/cryptography/wycheproof.rs"]
mod wycheproof;

use pilotlight_core::adapters::tls;
use pilotlight_core::crypto::{Curve, Hash, Padding};
use pilotlight_core::keys::{KeyFunction, calls_during, failing};
use pilotlight_core::ownership::balance_of;
use ring::rsa::PublicKeyComponents;
use rustls::{Error, NamedGroup, PeerMisbehaved};

const FUNCTIONS: [KeyFunction; 6] = [
    KeyFunction::CreateWithData,
    KeyFunction::VerifySignature,
    KeyFunction::CreateRandomKey,
    KeyFunction::CopyPublicKey,
    KeyFunction::CopyExternalRepresentation,
    KeyFunction::CopyKeyExchangeResult,
];

/// Verifies by both kinds of keys, rightly and wrongly, and exchanges keys; what comes of it in this order.
fn everything() -> [bool; 4] {
    let key = support::EcdsaSigner::new(Curve::P256);
    let (point, signature) = (key.point(), key.sign(b"message"));
    let verify = |message: &[u8]| {
        pilotlight_core::crypto::ecdsa::verify_asn1(Curve::P256, Hash::Sha256, &point, message, &signature)
    };
    let public = PublicKeyComponents::<Vec<u8>>::from(support::rsa_key().public());
    let public = pilotlight_core::crypto::rsa::public_key(&public.n, &public.e).unwrap();
    let wrong = pilotlight_core::crypto::rsa::verify(Padding::Pss, Hash::Sha256, &public, b"message", &[1; 256]);
    [verify(b"message"), verify(b"another"), wrong, exchange().is_ok()]
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
    assert_eq!(everything(), [true, false, false, true]);
    assert_eq!(balance_of(|| assert!(everything()[0])), 0);
    for function in FUNCTIONS {
        let balance = balance_of(|| failing(function, || assert_ne!(everything(), [true, false, false, true])));
        assert_eq!(balance, 0, "{function:?}");
    }
    // A key exchange that is given up, and one with a point beside the curve.
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
}

/// What the core's rules refuse never reaches the system.
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
