//! Blocking stores as asynchronous ones: each operation runs on a thread where it may block.

use std::fmt;
use std::sync::Arc;

use super::blocking::off_thread;
use super::lazy_runtime::LazyRuntime;
use crate::model::secret::{Fingerprint, SecretBytes};
use crate::ports::{BoxFuture, SecretStore, StoreError};

/// [`SecretStore`] for code that blocks its thread, as files and the Keychain do. The contract is the same.
pub trait BlockingStore: Send + Sync + fmt::Debug {
    /// The item's bytes; `None` only when it is certain that there is no such item.
    fn read(&self, name: &str) -> Result<Option<SecretBytes>, StoreError>;
    /// Adds or replaces the item; returns when it is durable.
    fn write(&self, name: &str, value: &SecretBytes) -> Result<(), StoreError>;
    /// Removes the item; there being none is success.
    fn delete(&self, name: &str) -> Result<(), StoreError>;
    /// Puts `new` into the place of what was `seen`, in one step; false, and nothing was done, when something else is
    /// there.
    fn swap(&self, name: &str, seen: Option<Fingerprint>, new: Option<&SecretBytes>) -> Result<bool, StoreError>;
    /// The names of all items of this store, in no particular order; empty only when it is certain that there are none.
    fn names(&self) -> Result<Vec<String>, StoreError>;
    /// Removes what Pilotlight wrote and [`BlockingStore::names`] may not know, where a store has such items.
    fn delete_unlisted(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Runs a blocking store's operations on the blocking threads of one tokio runtime, wherever the future is polled.
///
/// An operation that has begun runs to its end, also when nobody waits for it any more. Operations take effect in order
/// when the caller awaits one before it starts the next; those that overlap are ordered by the store.
pub struct OffThread<S: ?Sized> {
    store: Arc<S>,
    runtime: LazyRuntime,
}

impl<S: BlockingStore + ?Sized + 'static> OffThread<S> {
    /// `store`, on the blocking threads of `runtime`.
    pub fn new(store: Arc<S>, runtime: impl Into<LazyRuntime>) -> Self {
        let runtime = runtime.into();
        Self { store, runtime }
    }

    fn run<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&S) -> Result<T, StoreError> + Send + 'static,
    ) -> BoxFuture<'_, Result<T, StoreError>> {
        let store = Arc::clone(&self.store);
        Box::pin(off_thread(self.runtime.handle(), move || operation(&store)))
    }
}

impl<S: BlockingStore + ?Sized + 'static> SecretStore for OffThread<S> {
    fn read<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<SecretBytes>, StoreError>> {
        let name = name.to_owned();
        self.run(move |store| store.read(&name))
    }

    fn write<'a>(&'a self, name: &'a str, value: SecretBytes) -> BoxFuture<'a, Result<(), StoreError>> {
        let name = name.to_owned();
        self.run(move |store| store.write(&name, &value))
    }

    fn delete<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
        let name = name.to_owned();
        self.run(move |store| store.delete(&name))
    }

    fn swap<'a>(
        &'a self,
        name: &'a str,
        seen: Option<Fingerprint>,
        new: Option<SecretBytes>,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        let name = name.to_owned();
        self.run(move |store| store.swap(&name, seen, new.as_ref()))
    }

    fn names(&self) -> BoxFuture<'_, Result<Vec<String>, StoreError>> {
        self.run(S::names)
    }
}

impl<S: fmt::Debug + ?Sized> fmt::Debug for OffThread<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OffThread").field(&&*self.store).finish()
    }
}
