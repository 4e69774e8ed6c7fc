//! Makes blocking stores asynchronous: each operation runs on a thread that may block.

use std::fmt;
use std::sync::Arc;

use super::blocking::off_thread;
use super::lazy_runtime::LazyRuntime;
use crate::model::secret::{Fingerprint, SecretBytes};
use crate::ports::{BoxFuture, SecretStore, StoreError};

/// A [`SecretStore`] whose code blocks its thread, as files and the Keychain do. The contract is the same.
pub trait BlockingStore: Send + Sync + fmt::Debug {
    /// The item's bytes; `None` only if it is certain that there is no such item.
    fn read(&self, name: &str) -> Result<Option<SecretBytes>, StoreError>;
    /// Adds or replaces the item; returns when it is durable.
    fn write(&self, name: &str, value: &SecretBytes) -> Result<(), StoreError>;
    /// Removes the item. It is a success if there is none.
    fn delete(&self, name: &str) -> Result<(), StoreError>;
    /// Replaces the value that was `seen` by `new`, in one step. Returns false and does nothing if the store holds
    /// another value.
    fn swap(&self, name: &str, seen: Option<Fingerprint>, new: Option<&SecretBytes>) -> Result<bool, StoreError>;
    /// The names of all items of this store, in no particular order; empty only if it is certain that there are none.
    fn names(&self) -> Result<Vec<String>, StoreError>;
    /// Removes items that Pilotlight wrote and that [`BlockingStore::names`] may not list, if a store has such items.
    fn delete_unlisted(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Runs a blocking store's operations on the blocking threads of one tokio runtime, wherever the future is polled.
///
/// An operation that has begun runs to its end, even if the caller stops waiting. Operations take effect in order if
/// the caller awaits one before it starts the next; the store orders those that overlap.
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
