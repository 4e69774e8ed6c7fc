//! The arithmetic by `ring`.

use std::fmt;

use ring::digest;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ED25519,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, UnparsedPublicKey, VerificationAlgorithm,
};

use super::algorithm::{Curve, Hash, Padding};
use super::digest::Digest;

pub(super) fn verify_ecdsa(curve: Curve, hash: Hash, point: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let algorithm: &dyn VerificationAlgorithm = match (curve, hash) {
        (Curve::P256, Hash::Sha256) => &ECDSA_P256_SHA256_ASN1,
        (Curve::P256, Hash::Sha384) => &ECDSA_P256_SHA384_ASN1,
        (Curve::P384, Hash::Sha256) => &ECDSA_P384_SHA256_ASN1,
        (Curve::P384, Hash::Sha384) => &ECDSA_P384_SHA384_ASN1,
        // No algorithm of JWS or TLS has it with these curves.
        (_, Hash::Sha512) => return false,
    };
    verify(algorithm, point, message, signature)
}

pub(super) fn verify_ed25519(public_key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    verify(&ED25519, public_key, message, signature)
}

pub(super) fn verify_rsa(padding: Padding, hash: Hash, public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let algorithm = match (padding, hash) {
        (Padding::Pkcs1, Hash::Sha256) => &RSA_PKCS1_2048_8192_SHA256,
        (Padding::Pkcs1, Hash::Sha384) => &RSA_PKCS1_2048_8192_SHA384,
        (Padding::Pkcs1, Hash::Sha512) => &RSA_PKCS1_2048_8192_SHA512,
        (Padding::Pss, Hash::Sha256) => &RSA_PSS_2048_8192_SHA256,
        (Padding::Pss, Hash::Sha384) => &RSA_PSS_2048_8192_SHA384,
        (Padding::Pss, Hash::Sha512) => &RSA_PSS_2048_8192_SHA512,
    };
    verify(algorithm, public_key, message, signature)
}

fn verify(algorithm: &'static dyn VerificationAlgorithm, key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(algorithm, key)
        .verify(message, signature)
        .is_ok()
}

/// A message that is hashed in parts.
#[derive(Clone)]
pub struct Context {
    hash: Hash,
    state: digest::Context,
}

impl Context {
    /// Nothing is hashed yet.
    pub fn new(hash: Hash) -> Self {
        let algorithm = match hash {
            Hash::Sha256 => &digest::SHA256,
            Hash::Sha384 => &digest::SHA384,
            Hash::Sha512 => &digest::SHA512,
        };
        let state = digest::Context::new(algorithm);
        Self { hash, state }
    }

    /// Hashes the next part of the message.
    pub fn update(&mut self, part: &[u8]) {
        self.state.update(part);
    }

    /// The hash of what was hashed.
    pub fn finish(self) -> Digest {
        let found = self.state.finish();
        Digest::written(self.hash, |bytes| {
            let written = bytes.iter_mut().zip(found.as_ref());
            written.for_each(|(byte, found)| *byte = *found);
        })
    }
}

/// It says which hash it is, and nothing of the message.
impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} of a message", self.hash)
    }
}
