//! Signatures that implementations got wrong: a selection of Project Wycheproof's vectors.

use pilotlight_core::crypto::{Curve, Hash, Padding, ecdsa, rsa};

use crate::support::from_hex;

#[test]
fn ecdsa_over_p256_of_fixed_length() {
    check(
        include_str!("wycheproof/ecdsa_secp256r1_sha256_p1363.txt"),
        |key, message, signature| ecdsa::verify_fixed(Curve::P256, Hash::Sha256, key, message, signature),
    );
}

#[test]
fn ecdsa_over_p256_as_der() {
    check(
        include_str!("wycheproof/ecdsa_secp256r1_sha256.txt"),
        |key, message, signature| ecdsa::verify_asn1(Curve::P256, Hash::Sha256, key, message, signature),
    );
}

#[test]
fn ecdsa_over_p384_of_fixed_length() {
    check(
        include_str!("wycheproof/ecdsa_secp384r1_sha384_p1363.txt"),
        |key, message, signature| ecdsa::verify_fixed(Curve::P384, Hash::Sha384, key, message, signature),
    );
}

#[test]
fn rsa_of_pkcs_1() {
    check(
        include_str!("wycheproof/rsa_signature_2048_sha256.txt"),
        |key, message, signature| rsa::verify(Padding::Pkcs1, Hash::Sha256, key, message, signature),
    );
}

#[test]
fn rsa_of_pss() {
    check(
        include_str!("wycheproof/rsa_pss_2048_sha256_mgf1_32.txt"),
        |key, message, signature| rsa::verify(Padding::Pss, Hash::Sha256, key, message, signature),
    );
}

fn check(vectors: &str, verifies: impl Fn(&[u8], &[u8], &[u8]) -> bool) {
    let mut key = Vec::new();
    let mut seen = [0, 0];
    for line in vectors.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<_> = line.split(' ').collect();
        let bytes = |text: &str| from_hex(text.trim_start_matches('-'));
        match words[..] {
            ["key", text] => key = bytes(text),
            ["acceptable", ..] => {}
            [result @ ("valid" | "invalid"), message, signature] => {
                let is_valid = result == "valid";
                assert_eq!(verifies(&key, &bytes(message), &bytes(signature)), is_valid, "{line}");
                seen[usize::from(is_valid)] += 1;
            }
            _ => panic!("{line}"),
        }
    }
    assert!(seen[0] >= 3 && seen[1] >= 3, "{seen:?}");
}
