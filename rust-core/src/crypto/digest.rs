//! What hashing gives.

use super::algorithm::Hash;

/// What a message hashes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest {
    bytes: [u8; Hash::LONGEST],
    length: usize,
}

impl Digest {
    /// What a back end wrote, with as many bytes as the hash has.
    pub(super) fn written(hash: Hash, write: impl FnOnce(&mut [u8; Hash::LONGEST])) -> Self {
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
