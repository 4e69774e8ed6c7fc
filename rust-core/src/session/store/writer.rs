//! What is in the store follows what is in memory.
//!
//! **Promises.** Writers take turns, and each writes what is current when its turn comes, so that an older session never
//! replaces a newer one. A write that has begun runs to its end. What could not be written is written at the next
//! chance. **Needs** the context, the item and its reader.

use std::sync::{Arc, Mutex as SyncMutex, MutexGuard, PoisonError};

use tokio::sync::Mutex;

use super::super::context::Context;
use super::item::Item;
use super::reader::Reader;
use crate::machine::error::Error;
use crate::machine::input::{Imported, ItemWritten, WriteAttempted};
use crate::machine::{Machine, Stored, Unsaved};
use crate::model::secret::{Fingerprint, SecretBytes};
use crate::ports::LogLevel;
use crate::storage::envelope::{ProfileJson, StoredItem, StoredSession};

/// How often others may change the item between the look at it and the write; then the next call tries again.
const MOST_SWAPS: usize = 16;
/// So often in a row a store may say that it holds another item, though another look finds the same. It cannot compare that
/// item then, and what is in memory must not be lost for that.
const MOST_REFUSALS: usize = 4;

#[derive(Debug)]
pub(super) struct Writer {
    context: Arc<Context>,
    item: Arc<Item>,
    reader: Arc<Reader>,
    turns: Mutex<()>,
    encoded: SyncMutex<Encoded>,
}

/// What has not changed is not encoded again.
#[derive(Debug, Default)]
struct Encoded {
    /// What was written last, or should have been, and which bytes these are. It holds tokens, as memory does anyway.
    item: Option<(SecretBytes, Fingerprint)>,
    profile: ProfileJson,
}

impl Writer {
    pub(super) fn new(context: Arc<Context>, item: Arc<Item>, reader: Arc<Reader>) -> Arc<Self> {
        Arc::new(Self {
            context,
            item,
            reader,
            turns: Mutex::default(),
            encoded: SyncMutex::default(),
        })
    }

    /// Writes what memory holds, if the store does not hold it yet; deletes the item after a sign-out. Runs to its end also
    /// when nobody waits for it any more: a store that is left in the middle of a write does it after the next one.
    ///
    /// # Errors
    /// [`Error::Store`]; then memory stays as it is and the next call tries again.
    pub(super) async fn save(self: &Arc<Self>) -> Result<(), Error> {
        if !self.has_unsaved() {
            return Ok(());
        }
        let writer = Arc::clone(self);
        self.context
            .run_to_end(async move { writer.save_in_flight().await })
            .await
    }

    /// The same within a renewal, which runs to its end by itself: without another task.
    ///
    /// # Errors
    /// As [`Writer::save`].
    pub(super) async fn save_in_flight(&self) -> Result<(), Error> {
        if !self.has_unsaved() {
            return Ok(());
        }
        let _turn = self.turns.lock().await;
        self.write_in_turn().await
    }

    /// The next chance for what could not be written. Does not wait for a write that is under way: a caller who only
    /// wants a token from memory must not wait for the store.
    pub(super) async fn retry(self: &Arc<Self>) {
        if !self.has_unsaved() {
            return;
        }
        let writer = Arc::clone(self);
        let write = async move {
            match writer.turns.try_lock() {
                Ok(_turn) => writer.write_in_turn().await,
                Err(_) => Ok(()),
            }
        };
        // Logged where it failed.
        let _ = self.context.run_to_end(write).await;
    }

    /// Proves that the store takes writes, before a refresh token is spent whose successor has to be written: what waits
    /// to be written is, and otherwise the item is replaced by itself. One call of the store. True when another process's
    /// session came to light. For within a renewal, which runs to its end by itself.
    ///
    /// # Errors
    /// [`Error::Store`]: nothing should be asked of the issuer now. [`Error::Busy`] where other processes write all the
    /// time.
    pub(super) async fn prove_writable(&self) -> Result<bool, Error> {
        self.prove(|machine| Stored::of(machine).saved_session()).await
    }

    /// The same before an import spends one, while nobody is signed in: an item is put in the session's place. Runs to its
    /// end as [`Writer::save`] does.
    ///
    /// # Errors
    /// As [`Writer::prove_writable`].
    pub(super) async fn prove_insertable(self: &Arc<Self>) -> Result<bool, Error> {
        let writer = Arc::clone(self);
        let prove = async move { writer.prove(|machine| Stored::of(machine).place()).await };
        self.context.run_to_end(prove).await
    }

    async fn prove(&self, item: fn(&Machine) -> Option<Unsaved>) -> Result<bool, Error> {
        let _turn = self.turns.lock().await;
        if self.has_unsaved() {
            self.write_in_turn().await?;
            // Otherwise it may have been a deletion, which a full disk takes too.
            if !self.context.read(Machine::is_signed_out) {
                return Ok(false);
            }
        }
        self.rewrite_in_turn(item).await
    }

    /// Stores another library's session and takes it into memory; false, and nothing is done, where there is a session.
    /// The caller sees to it that this runs to its end.
    ///
    /// # Errors
    /// [`Error::Store`]; [`Error::Envelope`] for an item that cannot be decoded; [`Error::Busy`] where another process
    /// has just written.
    pub(super) async fn insert(&self, session: StoredSession, bytes: SecretBytes) -> Result<bool, Error> {
        let _turn = self.turns.lock().await;
        let (found, seen) = self.item.read().await?;
        // Another process's session, or a newer release's: neither is written over.
        let found = found.map(|bytes| StoredItem::decode(&bytes)).transpose()?;
        if found.and_then(StoredItem::into_session).is_some() {
            return Ok(false);
        }
        let written = Fingerprint::of(&bytes);
        if !self.item.swap(seen, Some(bytes)).await? {
            return Err(Error::Busy);
        }
        let session = Box::new(session);
        self.context.apply(Imported { session, written });
        Ok(true)
    }

    async fn rewrite_in_turn(&self, item: fn(&Machine) -> Option<Unsaved>) -> Result<bool, Error> {
        let mut changed = false;
        for _ in 0..MOST_SWAPS {
            let Some(stored) = self.context.read(item) else {
                return Ok(changed);
            };
            let (value, written) = match self.as_it_is_stored(&stored) {
                Some(bytes) => (Some(bytes), stored.seen),
                None => self.prepare(&stored).await?,
            };
            if self.item.swap(stored.seen, value).await? {
                return self.wrote(stored, written).await.map(|()| changed);
            }
            // Somebody else wrote meanwhile. Where nobody should, an item that is gone is put there again.
            if !self.item.is_shared() && self.item.read().await?.0.is_none() {
                return self.write_over(stored).await.map(|()| changed);
            }
            changed |= self.reader.merge().await?;
            if self.has_unsaved() {
                return self.write_in_turn().await.map(|()| changed);
            }
        }
        Err(Error::Busy)
    }

    async fn write_in_turn(&self) -> Result<(), Error> {
        if !self.has_unsaved() || self.item.is_read_only() {
            return Ok(());
        }
        let revision = self.context.read(|machine| Stored::of(machine).revision());
        let written = if self.item.is_shared() {
            self.swap_until_it_is_written().await
        } else {
            self.write_over_everything().await
        };
        self.context.apply(WriteAttempted { revision });
        if let Err(error) = &written {
            let message = format!("the session could not be stored and will be at the next chance: {error}");
            self.context.log(LogLevel::Error, &message);
        }
        written
    }

    /// Other processes write too. What one of them has made of the session is taken over first, and the store itself
    /// sees to it that nobody does so between the look and the write. So a sign-out removes what its user could see.
    async fn swap_until_it_is_written(&self) -> Result<(), Error> {
        let (mut refused, mut refusals) = (None, 0);
        for swap in 0..MOST_SWAPS {
            if swap > 0 || !self.context.read(|machine| Stored::of(machine).has_looked()) {
                self.reader.merge().await?;
            }
            let Some(unsaved) = self.unsaved() else {
                return Ok(());
            };
            if refused != Some(unsaved.seen) {
                (refused, refusals) = (Some(unsaved.seen), 0);
            }
            if refusals == MOST_REFUSALS {
                return self.write_over(unsaved).await;
            }
            let (value, written) = self.prepare(&unsaved).await?;
            if unsaved.seen == written || self.item.swap(unsaved.seen, value).await? {
                return self.wrote(unsaved, written).await;
            }
            refusals += 1;
        }
        Err(Error::Busy)
    }

    async fn write_over_everything(&self) -> Result<(), Error> {
        match self.unsaved() {
            Some(unsaved) => self.write_over(unsaved).await,
            None => Ok(()),
        }
    }

    async fn write_over(&self, unsaved: Unsaved) -> Result<(), Error> {
        let (value, written) = self.prepare(&unsaved).await?;
        self.item.replace(value).await?;
        self.wrote(unsaved, written).await
    }

    /// The bytes that the store holds, where this process encoded them.
    fn as_it_is_stored(&self, stored: &Unsaved) -> Option<SecretBytes> {
        let encoded = self.encoded();
        let (bytes, _) = encoded
            .item
            .as_ref()
            .filter(|(_, written)| stored.seen == Some(*written))?;
        stored.unreadable.is_none().then(|| bytes.clone())
    }

    fn encoded(&self) -> MutexGuard<'_, Encoded> {
        self.encoded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What to write, and which bytes these are.
    async fn prepare(&self, unsaved: &Unsaved) -> Result<(Option<SecretBytes>, Option<Fingerprint>), Error> {
        let Some(item) = &unsaved.content else {
            *self.encoded() = Encoded::default();
            return Ok((None, None));
        };
        if let Some(unreadable) = unsaved.unreadable.clone() {
            self.item.keep_aside(unreadable).await?;
        }
        let mut encoded = self.encoded();
        if !matches!(item, StoredItem::Session(_)) {
            encoded.profile = ProfileJson::default();
        }
        let value = item.encode_again(&mut encoded.profile)?;
        let fingerprint = Fingerprint::of(&value);
        encoded.item = Some((value.clone(), fingerprint));
        Ok((Some(value), Some(fingerprint)))
    }

    async fn wrote(&self, unsaved: Unsaved, written: Option<Fingerprint>) -> Result<(), Error> {
        if written.is_none() {
            self.item.delete_what_was_kept_aside().await?;
        }
        let content = unsaved.receipt;
        self.context.apply(ItemWritten { content, written });
        Ok(())
    }

    fn has_unsaved(&self) -> bool {
        self.context.read(Machine::has_unsaved)
    }

    fn unsaved(&self) -> Option<Unsaved> {
        self.context.read(|machine| Stored::of(machine).unsaved())
    }
}
