//! The hashes of TLS, from [`crate::crypto`]: for the handshake transcript, and for key derivation.

use rustls::crypto::hash::{self, HashAlgorithm, Output};
use rustls::crypto::hmac::{self, Tag};
use zeroize::Zeroizing;

use crate::crypto::common_crypto::hmac;
use crate::crypto::hashing::{Context, digest};
use crate::crypto::{Digest, Hash};

pub(super) static SHA256: Sha2 = Sha2(Hash::Sha256);
pub(super) static SHA384: Sha2 = Sha2(Hash::Sha384);

/// One hash function, and its HMAC.
pub(super) struct Sha2(Hash);

impl hash::Hash for Sha2 {
    fn start(&self) -> Box<dyn hash::Context> {
        Box::new(Transcript(Context::new(self.0)))
    }

    fn hash(&self, data: &[u8]) -> Output {
        Output::new(digest(self.0, data).as_ref())
    }

    fn output_len(&self) -> usize {
        self.0.bytes()
    }

    fn algorithm(&self) -> HashAlgorithm {
        match self.0 {
            Hash::Sha256 => HashAlgorithm::SHA256,
            Hash::Sha384 => HashAlgorithm::SHA384,
            Hash::Sha512 => HashAlgorithm::SHA512,
        }
    }
}

struct Transcript(Context);

impl hash::Context for Transcript {
    fn fork_finish(&self) -> Output {
        Output::new(self.0.clone().finish().as_ref())
    }

    fn fork(&self) -> Box<dyn hash::Context> {
        Box::new(Self(self.0.clone()))
    }

    fn finish(self: Box<Self>) -> Output {
        Output::new(self.0.finish().as_ref())
    }

    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }
}

impl hmac::Hmac for Sha2 {
    fn with_key(&self, key: &[u8]) -> Box<dyn hmac::Key> {
        Box::new(Key(self.0, Zeroizing::new(key.to_vec())))
    }

    fn hash_output_len(&self) -> usize {
        self.0.bytes()
    }
}

struct Key(Hash, Zeroizing<Vec<u8>>);

impl hmac::Key for Key {
    fn sign_concat(&self, first: &[u8], middle: &[&[u8]], last: &[u8]) -> Tag {
        let parts = [first].into_iter().chain(middle.iter().copied()).chain([last]);
        let code = Digest::written(self.0, |code| hmac(self.0, &self.1, parts, code));
        Tag::new(code.as_ref())
    }

    fn tag_len(&self) -> usize {
        self.0.bytes()
    }
}
