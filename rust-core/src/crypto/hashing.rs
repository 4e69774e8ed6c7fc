//! SHA-2 (FIPS 180-4).

use std::fmt;

use super::algorithm::Hash;
use super::backend::State;

/// The hash of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest {
    bytes: [u8; Hash::LONGEST],
    length: usize,
}

impl Digest {
    /// The hash that `write` writes, cut to the length of the hash function.
    pub(crate) fn written(hash: Hash, write: impl FnOnce(&mut [u8; Hash::LONGEST])) -> Self {
        let (mut bytes, length) = ([0; Hash::LONGEST], hash.bytes());
        write(&mut bytes);
        Self { bytes, length }
    }
}

impl AsRef<[u8]> for Digest {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// The hash of all of `message`.
pub fn digest(hash: Hash, message: &[u8]) -> Digest {
    let mut context = Context::new(hash);
    context.update(message);
    context.finish()
}

/// A message that is hashed in parts.
#[derive(Clone)]
pub struct Context {
    hash: Hash,
    state: State,
}

impl Context {
    /// A context that has hashed nothing yet.
    pub fn new(hash: Hash) -> Self {
        let state = State::new(hash);
        Self { hash, state }
    }

    /// Hashes the next part of the message.
    pub fn update(&mut self, part: &[u8]) {
        self.state.update(part);
    }

    /// The hash of all parts.
    pub fn finish(self) -> Digest {
        Digest::written(self.hash, |bytes| self.state.finish(bytes))
    }
}

/// Shows the hash function, and nothing of the message.
impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} of a message", self.hash)
    }
}
