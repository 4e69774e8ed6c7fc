//! Encodes the session's item, and keeps the bytes, so that unchanged parts are not encoded again.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::machine::error::Error;
use crate::model::secret::{Fingerprint, SecretBytes};
use crate::storage::envelope::{ProfileJson, StoredItem};

#[derive(Debug, Default)]
pub(super) struct Encoder(Mutex<Encoded>);

#[derive(Debug, Default)]
struct Encoded {
    /// The bytes of the last write, or attempted write, and their fingerprint. They contain tokens, as memory does
    /// anyway.
    item: Option<(SecretBytes, Fingerprint)>,
    profile: ProfileJson,
}

impl Encoder {
    /// The bytes of the item and their fingerprint.
    ///
    /// # Errors
    /// [`Error::Envelope`] if the item cannot be encoded.
    pub(super) fn encode(&self, item: &StoredItem) -> Result<(SecretBytes, Fingerprint), Error> {
        let mut encoded = self.locked();
        if !matches!(item, StoredItem::Session(_)) {
            encoded.profile = ProfileJson::default();
        }
        let bytes = item.encode_again(&mut encoded.profile)?;
        let fingerprint = Fingerprint::of(&bytes);
        encoded.item = Some((bytes.clone(), fingerprint));
        Ok((bytes, fingerprint))
    }

    /// The bytes that were encoded last, if they have this fingerprint.
    pub(super) fn last(&self, fingerprint: Fingerprint) -> Option<SecretBytes> {
        let encoded = self.locked();
        let (bytes, _) = encoded.item.as_ref().filter(|(_, last)| *last == fingerprint)?;
        Some(bytes.clone())
    }

    /// Drops what is kept: there is no item any more.
    pub(super) fn forget(&self) {
        *self.locked() = Encoded::default();
    }

    fn locked(&self) -> MutexGuard<'_, Encoded> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
