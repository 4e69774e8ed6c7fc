//! Records whether there can still be anything to import.
//!
//! **Promises.** Once closed, the import stays closed, in the store too. **Needs** the context and the store.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::context::Context;
use super::store::SessionStore;
use crate::machine::error::Error;
use crate::machine::{Machine, Stored};
use crate::model::secret::SecretBytes;
use crate::ports::LogLevel;

/// The suffix of the item that says that the import is closed.
const CLOSED_SUFFIX: &str = "|imported";

#[derive(Debug)]
pub(super) struct ImportRecord {
    context: Arc<Context>,
    store: Arc<SessionStore>,
    /// The imports that found something, or may have.
    tries: AtomicU64,
    /// The import is closed, whether the store says so already or not.
    is_closed: AtomicBool,
    /// The store says that the import is closed.
    is_stored: AtomicBool,
}

impl ImportRecord {
    pub(super) fn new(context: Arc<Context>, store: Arc<SessionStore>) -> Arc<Self> {
        Arc::new(Self {
            context,
            store,
            tries: AtomicU64::new(0),
            is_closed: AtomicBool::new(false),
            is_stored: AtomicBool::new(false),
        })
    }

    /// Records that an import is tried, before it waits for anything: a user who signs out from then on is newer.
    pub(super) fn note_try(&self) {
        self.tries.fetch_add(1, Ordering::SeqCst);
    }

    /// Undoes [`ImportRecord::note_try`] for an import that found nothing.
    pub(super) fn take_back_try(&self) {
        self.tries.fetch_sub(1, Ordering::SeqCst);
    }

    /// Whether there is nothing to import any more. Asks the store, and stores a closing that could not be stored before.
    pub(super) async fn is_closed(&self) -> Result<bool, Error> {
        if self.is_closed.load(Ordering::SeqCst) {
            self.store_closed().await;
            return Ok(true);
        }
        let says_so = self.store.has_companion(CLOSED_SUFFIX).await?;
        if says_so {
            self.is_stored.store(true, Ordering::SeqCst);
            self.is_closed.store(true, Ordering::SeqCst);
        }
        // A user may have signed out during the read.
        Ok(self.is_closed.load(Ordering::SeqCst))
    }

    /// Records that there is nothing to import any more, if there ever was: before an imported session ends, and when a
    /// user signs in or out after an import was tried, in this process or by what the store holds. A failure is logged,
    /// and the next call tries again.
    pub(super) async fn close(&self) {
        let is_in_store = |machine: &Machine| machine.is_imported() || Stored::of(machine).renewed_import().is_some();
        if self.tries.load(Ordering::SeqCst) > 0 || self.context.read(is_in_store) {
            self.is_closed.store(true, Ordering::SeqCst);
            self.store_closed().await;
        }
    }

    async fn store_closed(&self) {
        if self.is_stored.load(Ordering::SeqCst) {
            return;
        }
        let note = SecretBytes::new(br#"{"version":1,"import":"closed"}"#.to_vec());
        match self.store.write_companion(CLOSED_SUFFIX, note).await {
            Ok(()) => self.is_stored.store(true, Ordering::SeqCst),
            Err(error) => {
                let message = format!("import: could not store that it is over: {error}");
                self.context.log(LogLevel::Warning, &message);
            }
        }
    }
}
