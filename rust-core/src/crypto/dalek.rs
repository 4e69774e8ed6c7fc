//! The arithmetic of Ed25519 by `ed25519-dalek`: Security.framework has none, and the TLS key exchange uses the same
//! curve.

use digest::consts::U64;
use digest::{FixedOutput, HashMarker, Output, OutputSizeUser, Update};
use ed25519_dalek::hazmat::raw_verify;
use ed25519_dalek::{Signature, VerifyingKey};

use super::algorithm::Hash;
use super::common_crypto::State;

pub(super) fn verify_ed25519(public_key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    let signature = Signature::from_bytes(signature);
    VerifyingKey::from_bytes(public_key).is_ok_and(|key| raw_verify::<Sha512>(&key, message, &signature).is_ok())
}

/// The system's SHA-512, in place of the crate's own, which takes 11 kB.
struct Sha512(State);

impl Default for Sha512 {
    fn default() -> Self {
        Self(State::new(Hash::Sha512))
    }
}

impl HashMarker for Sha512 {}

impl Update for Sha512 {
    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }
}

impl OutputSizeUser for Sha512 {
    type OutputSize = U64;
}

impl FixedOutput for Sha512 {
    fn finalize_into(self, out: &mut Output<Self>) {
        self.0.finish(&mut out.0);
    }
}
