//! What the tests of the adapters share; each of them uses a part of it.
#![allow(dead_code)]

pub(crate) mod fake_keychain;
pub(crate) mod raw_server;

use pilotlight_core::secret::SecretBytes;

pub(crate) fn bytes(value: impl Into<Vec<u8>>) -> SecretBytes {
    SecretBytes::new(value.into())
}
