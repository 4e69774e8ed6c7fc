//! A store that forgets everything when it is dropped: for tests, previews and sessions that must not outlive the app.

use std::collections::HashMap;
use std::fmt;
use std::future::ready;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::off_thread::BlockingStore;
use crate::model::secret::{Fingerprint, SecretBytes};
use crate::ports::{BoxFuture, SecretStore, StoreError};

/// Named items in memory, wiped when they are replaced, removed or dropped. Never fails and persists nothing.
#[derive(Default)]
pub struct MemoryStore {
    items: Mutex<HashMap<String, SecretBytes>>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn items(&self) -> MutexGuard<'_, HashMap<String, SecretBytes>> {
        // No code here leaves the map half changed, so a panic elsewhere does not make it unusable.
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BlockingStore for MemoryStore {
    fn read(&self, name: &str) -> Result<Option<SecretBytes>, StoreError> {
        Ok(self.items().get(name).cloned())
    }

    fn write(&self, name: &str, value: &SecretBytes) -> Result<(), StoreError> {
        self.items().insert(name.to_owned(), value.clone());
        Ok(())
    }

    fn delete(&self, name: &str) -> Result<(), StoreError> {
        self.items().remove(name);
        Ok(())
    }

    fn swap(&self, name: &str, seen: Option<Fingerprint>, new: Option<&SecretBytes>) -> Result<bool, StoreError> {
        let mut items = self.items();
        if items.get(name).map(Fingerprint::of) != seen {
            return Ok(false);
        }
        match new {
            Some(value) => items.insert(name.to_owned(), value.clone()),
            None => items.remove(name),
        };
        Ok(true)
    }

    fn names(&self) -> Result<Vec<String>, StoreError> {
        Ok(self.items().keys().cloned().collect())
    }
}

/// Runs at once: there is nothing to wait for, so no other thread is needed.
impl SecretStore for MemoryStore {
    fn read<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<SecretBytes>, StoreError>> {
        Box::pin(ready(BlockingStore::read(self, name)))
    }

    fn write<'a>(&'a self, name: &'a str, value: SecretBytes) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(ready(BlockingStore::write(self, name, &value)))
    }

    fn delete<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(ready(BlockingStore::delete(self, name)))
    }

    fn swap<'a>(
        &'a self,
        name: &'a str,
        seen: Option<Fingerprint>,
        new: Option<SecretBytes>,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(ready(BlockingStore::swap(self, name, seen, new.as_ref())))
    }

    fn names(&self) -> BoxFuture<'_, Result<Vec<String>, StoreError>> {
        Box::pin(ready(BlockingStore::names(self)))
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryStore with {} items", self.items().len())
    }
}
