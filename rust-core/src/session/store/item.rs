//! The session's item under its name, the damaged items kept aside, and the item's name in earlier releases.
//!
//! **Promises.** An item that cannot be decoded is never discarded without a request: it is kept aside under another
//! name. **Needs** the store's port.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::super::dependencies::Sharing;
use crate::model::configuration::unreadable_name;
use crate::model::secret::{Fingerprint, SecretBytes};
use crate::ports::{SecretStore, StoreError};

/// The maximum number of damaged items kept for one session. If more are damaged, something damages all of them.
const MOST_KEPT_ASIDE: u32 = 9;

#[derive(Debug)]
pub(super) struct Item {
    store: Mutex<Arc<dyn SecretStore>>,
    sharing: Sharing,
    name: String,
    old_name: Option<String>,
}

impl Item {
    pub(super) fn new(store: Arc<dyn SecretStore>, sharing: Sharing, name: String, old_name: Option<String>) -> Self {
        Self {
            store: Mutex::new(store),
            sharing,
            name,
            old_name,
        }
    }

    /// Replaces the way to the same items. Items get the new options at their next write.
    pub(super) fn use_store(&self, store: Arc<dyn SecretStore>) {
        *self.locked_store() = store;
    }

    fn store(&self) -> Arc<dyn SecretStore> {
        Arc::clone(&self.locked_store())
    }

    fn locked_store(&self) -> MutexGuard<'_, Arc<dyn SecretStore>> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether other processes use the store.
    pub(super) fn is_shared(&self) -> bool {
        !matches!(self.sharing, Sharing::Alone)
    }

    /// Whether this process only reads.
    pub(super) fn is_read_only(&self) -> bool {
        matches!(self.sharing, Sharing::ReadOnly)
    }

    /// The stored bytes and their fingerprint, which a later [`Item::swap`] compares.
    pub(super) async fn read(&self) -> Result<(Option<SecretBytes>, Option<Fingerprint>), StoreError> {
        let found = self.store().read(&self.name).await?;
        let seen = found.as_ref().map(Fingerprint::of);
        Ok((found, seen))
    }

    /// [`SecretStore::swap`] of the session's item.
    pub(super) async fn swap(&self, seen: Option<Fingerprint>, new: Option<SecretBytes>) -> Result<bool, StoreError> {
        self.store().swap(&self.name, seen, new).await
    }

    /// Overwrites the item unconditionally, or deletes it if `new` is `None`.
    pub(super) async fn replace(&self, new: Option<SecretBytes>) -> Result<(), StoreError> {
        match new {
            Some(value) => self.store().write(&self.name, value).await,
            None => self.store().delete(&self.name).await,
        }
    }

    /// Whether there is an item next to the session's own, under its name and `suffix`.
    pub(super) async fn has_companion(&self, suffix: &str) -> Result<bool, StoreError> {
        let found = self.store().read(&self.companion_name(suffix)).await?;
        Ok(found.is_some())
    }

    pub(super) async fn write_companion(&self, suffix: &str, value: SecretBytes) -> Result<(), StoreError> {
        self.store().write(&self.companion_name(suffix), value).await
    }

    fn companion_name(&self, suffix: &str) -> String {
        format!("{}{suffix}", self.name)
    }

    /// The first [`Item::read`]. It moves the item from the name that it had before names were escaped, if `is_own` says
    /// that it is this session's. For a moment it exists under both names: a crash in between loses nothing, and the
    /// next launch repeats the move.
    pub(super) async fn read_first(
        &self,
        is_own: impl FnOnce(&SecretBytes) -> bool,
    ) -> Result<(Option<SecretBytes>, Option<Fingerprint>), StoreError> {
        self.rename_old(is_own).await?;
        self.read().await
    }

    /// Whether the item can be under the name that it had before names were escaped.
    pub(super) fn may_have_an_old_name(&self) -> bool {
        self.old_name.is_some()
    }

    async fn rename_old(&self, is_own: impl FnOnce(&SecretBytes) -> bool) -> Result<(), StoreError> {
        let Some(old_name) = self.old_name.as_ref().filter(|_| !self.is_read_only()) else {
            return Ok(());
        };
        let Some(bytes) = self.store().read(old_name).await?.filter(is_own) else {
            return Ok(());
        };
        let seen = Fingerprint::of(&bytes);
        // If there is already an item under the current name, that one is newer and stays.
        self.swap(None, Some(bytes)).await?;
        self.store().swap(old_name, Some(seen), None).await.map(drop)
    }

    /// Writes `bytes` under another name, next to items from earlier faults: only a sign-out deletes those. The same
    /// bytes are kept once: false if they were there already. When all names are taken, the last item is overwritten.
    pub(super) async fn keep_aside(&self, bytes: SecretBytes) -> Result<bool, StoreError> {
        let store = self.store();
        for number in 1..=MOST_KEPT_ASIDE {
            let name = unreadable_name(&self.name, number);
            if store.swap(&name, None, Some(bytes.clone())).await? {
                return Ok(true);
            }
            if store.read(&name).await?.as_ref() == Some(&bytes) {
                return Ok(false);
            }
        }
        store
            .write(&unreadable_name(&self.name, MOST_KEPT_ASIDE), bytes)
            .await?;
        Ok(true)
    }

    /// After a sign-out nothing of the session stays, in whatever form.
    pub(super) async fn delete_what_was_kept_aside(&self) -> Result<(), StoreError> {
        let store = self.store();
        store.delete(&unreadable_name(&self.name, 1)).await?;
        for number in 2..=MOST_KEPT_ASIDE {
            let name = unreadable_name(&self.name, number);
            if store.read(&name).await?.is_none() {
                break;
            }
            store.delete(&name).await?;
        }
        Ok(())
    }
}
