//! Writes memory's changes to the store.
//!
//! **Promises.** Writers take turns, and each writes the state that is current at its turn, so that an older session
//! never replaces a newer one. A write that has begun runs to its end. A failed write is repeated at the next
//! opportunity, and after growing pauses even if there is none. **Needs** the context, the item and its reader.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Mutex;

use super::super::context::Context;
use super::encoder::Encoder;
use super::item::Item;
use super::reader::Reader;
use super::repetition::{PAUSES_IN_FLIGHT, Repetition, may_pass};
use crate::machine::error::Error;
use crate::machine::input::{Imported, ItemWritten, WriteAttempted};
use crate::machine::{Generation, Machine, Stored, Unsaved, Verdict};
use crate::model::secret::{Fingerprint, SecretBytes};
use crate::ports::{LogLevel, StoreError};
use crate::storage::envelope::{StoredItem, StoredSession};

/// How often other processes may change the item between the read and the write; after that the next call tries again.
const MOST_SWAPS: usize = 16;
/// How often in a row the store may refuse a swap although another read finds the same item. After that, the store
/// cannot compare this item, and what is in memory must not be lost because of it.
const MOST_REFUSALS: usize = 4;

#[derive(Debug)]
pub(super) struct Writer {
    context: Arc<Context>,
    item: Arc<Item>,
    reader: Arc<Reader>,
    turns: Mutex<()>,
    encoder: Encoder,
    repetition: Repetition,
    /// How often the store could not be read before a write, while nobody had read it.
    failed_looks: AtomicUsize,
}

/// Counts the swaps that the store refused in a row although it held the item that was seen.
#[derive(Debug, Default)]
struct Refusals {
    seen: Option<Fingerprint>,
    number: usize,
}

impl Writer {
    pub(super) fn new(context: Arc<Context>, item: Arc<Item>, reader: Arc<Reader>) -> Arc<Self> {
        Arc::new(Self {
            context,
            item,
            reader,
            turns: Mutex::default(),
            encoder: Encoder::default(),
            repetition: Repetition::default(),
            failed_looks: AtomicUsize::default(),
        })
    }

    /// Writes what memory holds, if the store does not hold it yet; deletes the item after a sign-out. Runs to its end
    /// even if nobody waits for it any more: a store that is abandoned during a write could finish it after the next
    /// one.
    ///
    /// # Errors
    /// [`Error::Store`]; memory then stays as it is and the next call tries again, or else a task in the background.
    pub(super) async fn save(self: &Arc<Self>) -> Result<(), Error> {
        if !self.has_unsaved() {
            return Ok(());
        }
        let writer = Arc::clone(self);
        self.context.run_to_end(async move { writer.write().await }).await
    }

    /// [`Writer::save`] within a renewal, which runs to its end by itself: no separate task is needed. What fails for
    /// a moment only is repeated while the caller holds the process lock: the next process to hold it would send the
    /// refresh token that the store still holds, which is spent.
    ///
    /// # Errors
    /// As [`Writer::save`].
    pub(super) async fn save_in_flight(self: &Arc<Self>) -> Result<(), Error> {
        for pause in PAUSES_IN_FLIGHT {
            match self.write().await {
                Err(error) if may_pass(&error) => self.context.sleep(pause).await,
                outcome => return outcome,
            }
        }
        self.write().await
    }

    async fn write(self: &Arc<Self>) -> Result<(), Error> {
        if !self.has_unsaved() {
            return Ok(());
        }
        let _turn = self.turns.lock().await;
        self.write_in_turn().await
    }

    /// Repeats a failed write. Does not wait for a write that is in progress: a caller that only needs a token from
    /// memory must not wait for the store.
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
        // The failure is logged where it occurs.
        let _ = self.context.run_to_end(write).await;
    }

    /// Proves that the store is writable, before a refresh token is spent whose successor has to be written. If there
    /// are unsaved changes, it writes them; otherwise it replaces the item by itself. One call to the store. True if
    /// another process's session was found. For use within a renewal, which runs to its end by itself.
    ///
    /// # Errors
    /// [`Error::Store`]: send no request to the issuer now. [`Error::Busy`] if other processes write all the time.
    pub(super) async fn prove_writable(self: &Arc<Self>) -> Result<bool, Error> {
        self.prove(|machine| Stored::of(machine).saved_session()).await
    }

    /// [`Writer::prove_writable`] for an import while no user is signed in: it writes an item in the session's place. For
    /// use within an import, which runs to its end by itself.
    ///
    /// # Errors
    /// As [`Writer::prove_writable`].
    pub(super) async fn prove_insertable(self: &Arc<Self>) -> Result<bool, Error> {
        self.prove(|machine| Stored::of(machine).place()).await
    }

    async fn prove(self: &Arc<Self>, item: fn(&Machine) -> Option<Unsaved>) -> Result<bool, Error> {
        let _turn = self.turns.lock().await;
        if self.has_unsaved() {
            self.write_in_turn().await?;
            // If signed out, the write may have been a deletion, which succeeds even on a full disk.
            if !self.context.read(Machine::is_signed_out) {
                return Ok(false);
            }
        }
        self.rewrite_in_turn(item).await
    }

    /// Stores another library's session and takes it into memory. Returns false if there is a session already, or if
    /// the user has signed in or out since `asked`: then the store does not hold the imported session, or no longer.
    /// For use within an import, which runs to its end by itself.
    ///
    /// # Errors
    /// [`Error::Store`]; [`Error::Envelope`] for an item that cannot be decoded; [`Error::Busy`] if other processes
    /// write all the time.
    pub(super) async fn insert(
        self: &Arc<Self>,
        asked: Generation,
        session: StoredSession,
        bytes: SecretBytes,
    ) -> Result<bool, Error> {
        let _turn = self.turns.lock().await;
        let mut refusals = Refusals::default();
        for _ in 0..MOST_SWAPS {
            let (found, seen) = self.item.read().await?;
            // Neither another process's session nor a newer release's is overwritten.
            let found = found.map(|bytes| StoredItem::decode(&bytes)).transpose()?;
            if found.and_then(StoredItem::into_session).is_some() {
                return Ok(false);
            }
            if self.context.read(Machine::generation) != asked {
                return Ok(false);
            }
            if self.swap(seen, Some(bytes.clone()), &mut refusals).await? {
                let imported = self.context.apply(Imported {
                    generation: asked,
                    session: Box::new(session),
                    written: Fingerprint::of(&bytes),
                    at: self.context.now().wall,
                });
                // What has changed meanwhile is newer than what was written. The failure is logged where it occurs, and
                // the next call tries again.
                let _ = self.write_in_turn().await;
                return Ok(imported.verdict != Verdict::Superseded);
            }
        }
        Err(Error::Busy)
    }

    async fn rewrite_in_turn(self: &Arc<Self>, item: fn(&Machine) -> Option<Unsaved>) -> Result<bool, Error> {
        let (mut changed, mut refusals) = (false, Refusals::default());
        for _ in 0..MOST_SWAPS {
            let Some(stored) = self.context.read(item) else {
                return Ok(changed);
            };
            let (value, written) = match self.as_it_is_stored(&stored) {
                Some(bytes) => (Some(bytes), stored.seen),
                None => self.prepare(&stored).await?,
            };
            if self.swap(stored.seen, value, &mut refusals).await? {
                return self.wrote(stored, written).await.map(|()| changed);
            }
            // Another process has written meanwhile. If the store is not shared and the item is gone, it is written
            // again.
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

    async fn write_in_turn(self: &Arc<Self>) -> Result<(), Error> {
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
        match &written {
            Ok(()) => self.repetition.succeeded(),
            Err(error) => {
                let message = format!("the session could not be stored and will be at the next chance: {error}");
                self.context.log(LogLevel::Error, &message);
                if may_pass(error) {
                    self.write_later();
                }
            }
        }
        written
    }

    /// Repeats a failed write after a pause, even if nobody calls: another process could send the spent refresh token
    /// that the store holds, and a sign-out is not undone when the last handle to the session goes away. The session
    /// stays open meanwhile.
    fn write_later(self: &Arc<Self>) {
        let Some(pause) = self.repetition.begin() else {
            return;
        };
        let waiting = self.context.spawner().alarm(pause);
        let writer = Arc::clone(self);
        self.context.spawn(async move {
            waiting.await;
            writer.repetition.is_due();
            // The failure is logged where it occurs.
            let _ = writer.write().await;
        });
    }

    /// Other processes write too. Their changes are merged first, and the store itself makes sure that nobody writes
    /// between the read and the write. Thus a sign-out removes only what its user could see.
    async fn swap_until_it_is_written(&self) -> Result<(), Error> {
        let mut refusals = Refusals::default();
        for swap in 0..MOST_SWAPS {
            if swap > 0 || !self.context.read(|machine| Stored::of(machine).has_looked()) {
                self.reader.merge().await?;
            }
            let Some(unsaved) = self.unsaved() else {
                return Ok(());
            };
            let (value, written) = self.prepare(&unsaved).await?;
            if unsaved.seen == written || self.swap(unsaved.seen, value, &mut refusals).await? {
                return self.wrote(unsaved, written).await;
            }
        }
        Err(Error::Busy)
    }

    /// Replaces the item that was seen; false if the store refuses because it holds another one. An item that it
    /// refuses again and again, although each read finds it there, is replaced all the same.
    async fn swap(
        &self,
        seen: Option<Fingerprint>,
        value: Option<SecretBytes>,
        refusals: &mut Refusals,
    ) -> Result<bool, Error> {
        if refusals.of(seen) == MOST_REFUSALS {
            self.item.replace(value).await?;
            return Ok(true);
        }
        let is_replaced = self.item.swap(seen, value).await?;
        refusals.number += usize::from(!is_replaced);
        Ok(is_replaced)
    }

    async fn write_over_everything(&self) -> Result<(), Error> {
        self.look_first().await?;
        match self.unsaved() {
            Some(unsaved) => self.write_over(unsaved).await,
            None => Ok(()),
        }
    }

    /// What the store holds may be needed: waiting changes, tokens that wait to be revoked, and after a sign-out its
    /// refresh token. Nobody has looked if the store could not be read until now.
    ///
    /// If it still cannot be read, a sign-out deletes it all the same. A sign-in waits for the next chance, but not for
    /// an item that can never be read.
    async fn look_first(&self) -> Result<(), Error> {
        if self.context.read(|machine| Stored::of(machine).has_looked()) {
            return Ok(());
        }
        let Err(error) = self.reader.merge().await else {
            return Ok(());
        };
        let looks = self.failed_looks.fetch_add(1, Ordering::Relaxed) + 1;
        let is_deleted = self.context.read(Machine::is_signed_out) && !self.item.may_have_an_old_name();
        let is_unreadable = looks >= MOST_REFUSALS && error != Error::Store(StoreError::Locked);
        if is_deleted || is_unreadable {
            Ok(())
        } else {
            Err(error)
        }
    }

    async fn write_over(&self, unsaved: Unsaved) -> Result<(), Error> {
        let (value, written) = self.prepare(&unsaved).await?;
        self.item.replace(value).await?;
        self.wrote(unsaved, written).await
    }

    /// The bytes that the store holds, if this process encoded them.
    fn as_it_is_stored(&self, stored: &Unsaved) -> Option<SecretBytes> {
        let bytes = self.encoder.last(stored.seen?)?;
        stored.unreadable.is_none().then_some(bytes)
    }

    /// The bytes to write and their fingerprint.
    async fn prepare(&self, unsaved: &Unsaved) -> Result<(Option<SecretBytes>, Option<Fingerprint>), Error> {
        let Some(item) = &unsaved.content else {
            self.encoder.forget();
            return Ok((None, None));
        };
        if let Some(unreadable) = unsaved.unreadable.clone() {
            self.item.keep_aside(unreadable).await?;
        }
        let (value, fingerprint) = self.encoder.encode(item)?;
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

impl Refusals {
    /// How often the store has refused to replace this item.
    fn of(&mut self, seen: Option<Fingerprint>) -> usize {
        if self.seen != seen {
            *self = Self { seen, number: 0 };
        }
        self.number
    }
}
