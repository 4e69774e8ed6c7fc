//! What is in the store follows what is in memory.

use std::sync::Arc;

use super::current::Unsaved;
use super::{Shared, Sharing};
use crate::machine::error::Error;
use crate::model::secret::{Fingerprint, SecretBytes};
use crate::ports::{LogLevel, StoreError};

/// How often others may change the item between the look at it and the write. After that many in a row the store does
/// not compare what it should, and what is in memory must not be lost for that.
const MOST_SWAPS: usize = 4;

impl Shared {
    /// Writes what memory holds, if the store does not hold it yet; deletes the item after a sign-out. Writers take
    /// turns, and each writes what is current when its turn comes, so that an older session never replaces a newer one.
    ///
    /// # Errors
    /// [`Error::Store`]; then memory stays as it is and the next call tries again.
    pub(super) async fn save(&self) -> Result<(), Error> {
        if self.current.is_unsaved() {
            self.write_unsaved(true).await
        } else {
            Ok(())
        }
    }

    /// The same, for callers whose own result does not depend on the store.
    pub(super) async fn save_if_possible(&self) {
        // Logged where it failed; tried again at the next call.
        let _ = self.save().await;
    }

    /// The next chance for what could not be written. Does not wait for a write that is under way: a caller who only
    /// wants a token from memory must not wait for the store.
    pub(super) async fn retry_save(&self) {
        if self.current.is_unsaved() {
            let _ = self.write_unsaved(false).await;
        }
    }

    /// Runs to its end also when nobody waits for it any more: a store that is left in the middle of a write does it
    /// after the next one.
    async fn write_unsaved(&self, waits_for_its_turn: bool) -> Result<(), Error> {
        let write = async move |shared: Arc<Self>| {
            let turn = if waits_for_its_turn {
                Some(shared.saving.lock().await)
            } else {
                shared.saving.try_lock().ok()
            };
            match turn {
                Some(_) => shared.write_in_turn().await,
                None => Ok(()),
            }
        };
        self.run_to_end(write).await
    }

    /// Proves that the store takes writes, before a refresh token is spent whose successor has to be written: what waits
    /// to be written is, and otherwise the item is replaced by itself. One call of the store. True when another process's
    /// session came to light.
    ///
    /// # Errors
    /// [`Error::Store`]: nothing should be asked of the issuer now. [`Error::Busy`] where other processes write all the
    /// time.
    pub(super) async fn prove_writable(&self) -> Result<bool, Error> {
        let prove = async move |shared: Arc<Self>| {
            let _turn = shared.saving.lock().await;
            if shared.current.is_unsaved() {
                return shared.write_in_turn().await.map(|()| false);
            }
            shared.rewrite_in_turn().await
        };
        self.run_to_end(prove).await
    }

    async fn rewrite_in_turn(&self) -> Result<bool, Error> {
        let mut changed = false;
        for _ in 0..MOST_SWAPS {
            let Some(stored) = self.current.saved_session() else {
                return Ok(changed);
            };
            let (value, written) = self.prepare(&stored).await?;
            if self.swap_item(stored.seen, value).await? {
                return self.wrote(&stored, written).await.map(|()| changed);
            }
            // Somebody else wrote meanwhile. Where nobody should, an item that is gone is put there again.
            if !self.is_shared() && self.read_item().await?.0.is_none() {
                return self.write_over(&stored).await.map(|()| changed);
            }
            changed |= self.merge_from_store().await?;
            if self.current.is_unsaved() {
                return self.write_in_turn().await.map(|()| changed);
            }
        }
        Err(Error::Busy)
    }

    async fn write_in_turn(&self) -> Result<(), Error> {
        if !self.current.is_unsaved() || self.is_read_only() {
            return Ok(());
        }
        let revision = self.current.revision();
        let written = match self.dependencies.sharing {
            Sharing::Processes(_) => self.swap_until_it_is_written().await,
            Sharing::Alone | Sharing::ReadOnly => self.write_over_everything().await,
        };
        self.current.tried(revision);
        if let Err(error) = &written {
            self.log(
                LogLevel::Error,
                &format!("the session could not be stored and will be at the next chance: {error}"),
            );
        }
        written
    }

    /// Other processes write too. What one of them has made of the session is taken over first, and the store itself
    /// sees to it that nobody does so between the look and the write.
    async fn swap_until_it_is_written(&self) -> Result<(), Error> {
        for swap in 1.. {
            let replaces = self.current.replaces_what_is_stored();
            if !replaces && (swap > 1 || !self.current.has_looked()) {
                match self.merge_from_store().await {
                    // A sign-out removes also what cannot be read.
                    Err(Error::Envelope(_)) if self.current.is_signed_out() => {
                        return self.write_over_everything().await;
                    }
                    looked => drop(looked?),
                }
            }
            if replaces || swap > MOST_SWAPS {
                break;
            }
            let Some(unsaved) = self.current.unsaved() else {
                return Ok(());
            };
            let (value, written) = self.prepare(&unsaved).await?;
            if unsaved.seen == written || self.swap_item(unsaved.seen, value).await? {
                return self.wrote(&unsaved, written).await;
            }
        }
        self.write_over_everything().await
    }

    async fn write_over_everything(&self) -> Result<(), Error> {
        match self.current.unsaved() {
            Some(unsaved) => self.write_over(&unsaved).await,
            None => Ok(()),
        }
    }

    async fn write_over(&self, unsaved: &Unsaved) -> Result<(), Error> {
        let (store, name) = (&self.dependencies.store, &self.item_name);
        let (value, written) = self.prepare(unsaved).await?;
        match value {
            Some(value) => store.write(name, value).await?,
            None => store.delete(name).await?,
        }
        self.wrote(unsaved, written).await
    }

    /// What to write, and which bytes these are.
    async fn prepare(&self, unsaved: &Unsaved) -> Result<(Option<SecretBytes>, Option<Fingerprint>), Error> {
        let Some(item) = &unsaved.content else {
            return Ok((None, None));
        };
        if let Some(unreadable) = unsaved.unreadable.clone() {
            self.keep_aside(unreadable).await?;
        }
        let value = item.encode()?;
        let fingerprint = Fingerprint::of(&value);
        Ok((Some(value), Some(fingerprint)))
    }

    async fn wrote(&self, unsaved: &Unsaved, written: Option<Fingerprint>) -> Result<(), Error> {
        if written.is_none() {
            self.delete_what_was_kept_aside().await?;
        }
        self.current.saved(unsaved, written);
        Ok(())
    }

    /// What is stored, and which bytes these are: what a later [`Shared::swap_item`] has seen.
    pub(super) async fn read_item(&self) -> Result<(Option<SecretBytes>, Option<Fingerprint>), StoreError> {
        let found = self.dependencies.store.read(&self.item_name).await?;
        let seen = found.as_ref().map(Fingerprint::of);
        Ok((found, seen))
    }

    /// [`crate::ports::SecretStore::swap`] of the session's item.
    pub(super) async fn swap_item(
        &self,
        seen: Option<Fingerprint>,
        new: Option<SecretBytes>,
    ) -> Result<bool, StoreError> {
        self.dependencies.store.swap(&self.item_name, seen, new).await
    }
}
