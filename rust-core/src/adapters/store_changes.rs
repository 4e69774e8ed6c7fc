//! Notifies other processes at once when a store has changed.

use std::fmt;
use std::sync::Arc;

use crate::crypto::Hash;
use crate::crypto::hashing::digest;
use crate::model::secret::{Fingerprint, SecretBytes};
use crate::ports::{BoxFuture, SecretStore, StoreError};

/// Notifications without content: they only say that one store has changed.
pub trait StoreChanges: Send + Sync + fmt::Debug {
    /// Posts that there was a change. Returns at once.
    fn post(&self);
    /// Calls `react` after each change, including this process's own, until the returned observer is dropped. Several
    /// changes may result in one call.
    fn observe(&self, react: Reaction) -> Box<dyn Observing>;
}

/// Called on any thread, possibly the main thread; must return quickly.
pub type Reaction = Arc<dyn Fn() + Send + Sync>;

/// An observer, which ends when it is dropped.
pub trait Observing: Send + Sync + fmt::Debug {}

/// The name under which the changes of a store are posted. Every process on the device can see it, so it does not
/// reveal the name of the store.
pub fn name_of(store: &str) -> String {
    let digest = digest(Hash::Sha256, store.as_bytes());
    let short: String = digest
        .as_ref()
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("org.pilotlight.store-changed.{short}")
}

/// A store that posts each change that it makes.
#[derive(Debug)]
pub struct AnnouncedStore {
    store: Arc<dyn SecretStore>,
    changes: Arc<dyn StoreChanges>,
}

impl AnnouncedStore {
    /// `store`, whose changes are posted to `changes`.
    pub fn new(store: Arc<dyn SecretStore>, changes: Arc<dyn StoreChanges>) -> Self {
        Self { store, changes }
    }
}

impl SecretStore for AnnouncedStore {
    fn read<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<SecretBytes>, StoreError>> {
        self.store.read(name)
    }

    fn write<'a>(&'a self, name: &'a str, value: SecretBytes) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move { self.store.write(name, value).await.inspect(|()| self.changes.post()) })
    }

    fn delete<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move { self.store.delete(name).await.inspect(|()| self.changes.post()) })
    }

    fn swap<'a>(
        &'a self,
        name: &'a str,
        seen: Option<Fingerprint>,
        new: Option<SecretBytes>,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move {
            let swapped = self.store.swap(name, seen, new).await?;
            if swapped {
                self.changes.post();
            }
            Ok(swapped)
        })
    }

    fn names(&self) -> BoxFuture<'_, Result<Vec<String>, StoreError>> {
        self.store.names()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::FutureExt;

    use super::*;
    use crate::adapters::memory_store::MemoryStore;

    #[derive(Debug, Default)]
    struct Counted(AtomicUsize);

    impl StoreChanges for Counted {
        fn post(&self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }

        fn observe(&self, _: Reaction) -> Box<dyn Observing> {
            unreachable!()
        }
    }

    fn value(text: &str) -> SecretBytes {
        SecretBytes::new(text.as_bytes().to_vec())
    }

    #[test]
    fn what_changes_something_is_posted_and_nothing_else() {
        let changes = Arc::new(Counted::default());
        let store = AnnouncedStore::new(Arc::new(MemoryStore::default()), changes.clone());
        let posted = || changes.0.swap(0, Ordering::SeqCst);
        let seen = Some(Fingerprint::of(&value("a")));

        assert_eq!(store.write("n", value("a")).now_or_never().unwrap(), Ok(()));
        assert_eq!(posted(), 1);
        assert!(store.read("n").now_or_never().unwrap().unwrap().is_some());
        assert_eq!(store.names().now_or_never().unwrap().unwrap().len(), 1);
        assert_eq!(
            store.swap("n", None, Some(value("b"))).now_or_never().unwrap(),
            Ok(false)
        );
        assert_eq!(posted(), 0);
        assert_eq!(
            store.swap("n", seen, Some(value("b"))).now_or_never().unwrap(),
            Ok(true)
        );
        assert_eq!(posted(), 1);
        assert_eq!(store.delete("n").now_or_never().unwrap(), Ok(()));
        assert_eq!(posted(), 1);
    }

    #[test]
    fn a_name_says_nothing_of_its_store() {
        let name = name_of("com.example.bank");
        assert_eq!(name.len(), "org.pilotlight.store-changed.".len() + 32);
        assert!(!name.contains("bank"));
        assert_ne!(name, name_of("com.example.bank2"));
    }
}
