//! A store under the test's control.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::Mutex;
use std::task::Poll;

use pilotlight_core::model::secret::{Fingerprint, SecretBytes};
use pilotlight_core::ports::{BoxFuture, SecretStore, StoreError};
use tokio::sync::MutexGuard;

use crate::world::{disk_full, until};

/// A store in memory that fails on demand, and counts its operations.
#[derive(Debug, Default)]
pub(crate) struct ScriptedStore {
    script: Mutex<Script>,
    /// Writes wait for this lock: a test that holds it delays them.
    pub(crate) gate: tokio::sync::Mutex<()>,
    /// A read returns its result only after it gets this lock: a test that holds it makes reads stale.
    pub(crate) read_gate: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Script {
    items: BTreeMap<String, Vec<u8>>,
    reads: u64,
    writes: u64,
    fails_reads: Option<StoreError>,
    fails_writes: Option<StoreError>,
    /// The number of writes that fail from now on.
    failing_writes: u64,
    /// Each comparison with an existing item fails.
    recognises_nothing: bool,
    /// Only swaps wait for the gate.
    holds_swaps_only: bool,
}

impl ScriptedStore {
    pub(crate) fn items(&self) -> BTreeMap<String, Vec<u8>> {
        self.script.lock().unwrap().items.clone()
    }

    pub(crate) fn put(&self, name: &str, bytes: &[u8]) {
        self.script
            .lock()
            .unwrap()
            .items
            .insert(name.to_owned(), bytes.to_vec());
    }

    pub(crate) fn remove(&self, name: &str) {
        self.script.lock().unwrap().items.remove(name);
    }

    pub(crate) fn clear(&self) {
        self.script.lock().unwrap().items.clear();
    }

    /// Reads and writes (including deletions) so far.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let script = self.script.lock().unwrap();
        (script.reads, script.writes)
    }

    pub(crate) fn fail_reads(&self, error: Option<StoreError>) {
        self.script.lock().unwrap().fails_reads = error;
    }

    pub(crate) fn fail_writes(&self, error: Option<StoreError>) {
        self.script.lock().unwrap().fails_writes = error;
    }

    /// The next `number` writes fail.
    pub(crate) fn fail_next_writes(&self, number: u64) {
        self.script.lock().unwrap().failing_writes = number;
    }

    pub(crate) fn recognises_nothing(&self, recognises_nothing: bool) {
        self.script.lock().unwrap().recognises_nothing = recognises_nothing;
    }

    pub(crate) fn hold_swaps_only(&self) {
        self.script.lock().unwrap().holds_swaps_only = true;
    }

    /// Returns when a write has begun that `writes` does not include.
    pub(crate) async fn wait_for_write(&self, writes: u64) {
        until("a write begins", || self.counts().1 != writes).await;
    }

    /// Lets the write that waits at the gate continue, and holds back the next one.
    pub(crate) async fn let_one_through<'a>(&'a self, gate: MutexGuard<'a, ()>) -> MutexGuard<'a, ()> {
        let mut after_it = std::pin::pin!(self.gate.lock());
        // In the queue, behind the waiting write.
        let queued = poll_fn(|context| Poll::Ready(after_it.as_mut().poll(context)));
        assert!(queued.await.is_pending());
        drop(gate);
        after_it.await
    }

    async fn change<T>(
        &self,
        is_swap: bool,
        change: impl FnOnce(&mut BTreeMap<String, Vec<u8>>) -> T,
    ) -> Result<T, StoreError> {
        self.script.lock().unwrap().writes += 1;
        let _gate = if is_swap || !self.script.lock().unwrap().holds_swaps_only {
            Some(self.gate.lock().await)
        } else {
            None
        };
        let mut script = self.script.lock().unwrap();
        if script.failing_writes > 0 {
            script.failing_writes -= 1;
            return Err(disk_full());
        }
        match script.fails_writes.clone() {
            Some(error) => Err(error),
            None => Ok(change(&mut script.items)),
        }
    }
}

impl SecretStore for ScriptedStore {
    fn read<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<SecretBytes>, StoreError>> {
        let mut script = self.script.lock().unwrap();
        script.reads += 1;
        let outcome = match script.fails_reads.clone() {
            Some(error) => Err(error),
            None => Ok(script.items.get(name).cloned().map(SecretBytes::new)),
        };
        Box::pin(async move {
            let _gate = self.read_gate.lock().await;
            outcome
        })
    }

    fn write<'a>(&'a self, name: &'a str, value: SecretBytes) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(self.change(false, move |items| {
            drop(items.insert(name.to_owned(), value.expose().to_vec()))
        }))
    }

    fn delete<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(self.change(false, move |items| drop(items.remove(name))))
    }

    fn swap<'a>(
        &'a self,
        name: &'a str,
        seen: Option<Fingerprint>,
        new: Option<SecretBytes>,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        let recognises_nothing = self.script.lock().unwrap().recognises_nothing;
        Box::pin(self.change(true, move |items| {
            let there = items.get(name).cloned().map(SecretBytes::new);
            if (recognises_nothing && there.is_some()) || there.as_ref().map(Fingerprint::of) != seen {
                return false;
            }
            match new {
                Some(value) => drop(items.insert(name.to_owned(), value.expose().to_vec())),
                None => drop(items.remove(name)),
            }
            true
        }))
    }

    fn names(&self) -> BoxFuture<'_, Result<Vec<String>, StoreError>> {
        let script = self.script.lock().unwrap();
        let outcome = match script.fails_reads.clone() {
            Some(error) => Err(error),
            None => Ok(script.items.keys().cloned().collect()),
        };
        Box::pin(async move { outcome })
    }
}
