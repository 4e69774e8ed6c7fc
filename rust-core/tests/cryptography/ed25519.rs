//! Ed25519 (RFC 8032): signatures that verify, and those that must not.

use pilotlight_core::crypto::ed25519;
use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

use crate::support::from_hex;

/// RFC 8032 7.1: key, message, signature.
const EXAMPLES: [(&str, &str, &str); 3] = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
];
/// The order of the base point (RFC 8032 5.1), with its lowest byte first.
const ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

fn key(text: &str) -> [u8; 32] {
    from_hex(text).try_into().unwrap()
}

#[test]
fn the_standards_examples_verify() {
    for (public, message, signature) in EXAMPLES {
        assert!(ed25519::verify(&key(public), &from_hex(message), &from_hex(signature)));
    }
}

#[test]
fn every_bit_of_key_message_and_signature_counts() {
    for (public, message, signature) in EXAMPLES {
        let (public, message, signature) = (key(public), from_hex(message), from_hex(signature));
        for bit in 0..8 * signature.len() {
            let mut other = signature.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(
                !ed25519::verify(&public, &message, &other),
                "bit {bit} of the signature"
            );
        }
        for bit in 0..8 * public.len() {
            let mut other = public;
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(!ed25519::verify(&other, &message, &signature), "bit {bit} of the key");
        }
        let longer = [&message[..], b"!"].concat();
        assert!(!ed25519::verify(&public, &longer, &signature));
    }
}

#[test]
fn a_signature_has_one_length() {
    let (public, message, signature) = EXAMPLES[0];
    let (public, message, signature) = (key(public), from_hex(message), from_hex(signature));
    for other in [
        &signature[..63],
        &signature[..32],
        &[],
        &[&signature[..], &[0]].concat(),
    ] {
        assert!(!ed25519::verify(&public, &message, other));
    }
}

/// s + L is the same number modulo L, and must be refused (RFC 8032 5.1.7).
#[test]
fn a_signature_has_one_form() {
    let order = from_hex(ORDER);
    for (public, message, signature) in EXAMPLES {
        let mut other = from_hex(signature);
        let mut carry = 0;
        for (byte, added) in other[32..].iter_mut().zip(&order) {
            let sum = u16::from(*byte) + u16::from(*added) + carry;
            *byte = (sum & 0xff) as u8;
            carry = sum >> 8;
        }
        assert!(!ed25519::verify(&key(public), &from_hex(message), &other));
    }
}

/// The keys include points of small order and encodings above the prime.
#[test]
fn the_verdict_is_that_of_ring() {
    let pair = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(pair.as_ref()).unwrap();
    let mut keys = vec![
        [0; 32],
        [0xff; 32],
        key(ORDER),
        pair.public_key().as_ref().try_into().unwrap(),
    ];
    keys.extend([[1, 0], [0xec, 0xff], [0xed, 0xff], [0xee, 0xff]].map(|[first, rest]| {
        let mut key = [rest; 32];
        (key[0], key[31]) = (first, rest & 0x7f);
        key
    }));
    for (message, signature) in [
        (&b"message"[..], pair.sign(b"message").as_ref().to_vec()),
        (b"message", vec![0; 64]),
        (b"", [&[1][..], &[0; 63]].concat()),
    ] {
        for key in &keys {
            let rings = UnparsedPublicKey::new(&ED25519, key)
                .verify(message, &signature)
                .is_ok();
            assert_eq!(
                ed25519::verify(key, message, &signature),
                rings,
                "{key:02x?} {signature:02x?}"
            );
        }
    }
}
