//! Private keys, and bytes as hexadecimal text.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use pilotlight_core::crypto::Curve;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, KeyPair, RsaKeyPair,
};

/// A new key that signs, with the hash that matches the curve, in DER.
pub(crate) struct EcdsaSigner(EcdsaKeyPair);

impl EcdsaSigner {
    pub(crate) fn new(curve: Curve) -> Self {
        let random = SystemRandom::new();
        let signing = match curve {
            Curve::P256 => &ECDSA_P256_SHA256_ASN1_SIGNING,
            Curve::P384 => &ECDSA_P384_SHA384_ASN1_SIGNING,
        };
        let document = EcdsaKeyPair::generate_pkcs8(signing, &random).unwrap();
        Self(EcdsaKeyPair::from_pkcs8(signing, document.as_ref(), &random).unwrap())
    }

    pub(crate) fn point(&self) -> Vec<u8> {
        self.0.public_key().as_ref().to_vec()
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
    }
}

/// One of the committed test keys.
pub(crate) fn rsa_key() -> RsaKeyPair {
    RsaKeyPair::from_pkcs8(&rsa_key_pkcs8()).unwrap()
}

pub(crate) fn rsa_key_pkcs8() -> Vec<u8> {
    let pem = include_str!("../../../testing/identity-server/test-keys/test-only-rsa-1.pem");
    let lines = pem.lines().filter(|line| !line.starts_with("-----"));
    STANDARD.decode(lines.collect::<String>()).unwrap()
}

pub(crate) fn from_hex(text: &str) -> Vec<u8> {
    let digit = |position| u8::from_str_radix(&text[position..position + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digit).collect()
}

pub(crate) fn from_base64url(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}
