//! Records whether there can still be anything to import.
//!
//! **Promises.** Once closed, the import stays closed, in the store too. **Needs** the context and the store.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::context::Context;
use super::store::SessionStore;
use crate::machine::Machine;
use crate::machine::error::Error;
use crate::model::secret::SecretBytes;
use crate::ports::LogLevel;

/// The suffix of the item that says that the import is closed.
const CLOSED_SUFFIX: &str = "|imported";

#[derive(Debug)]
pub(super) struct ImportRecord {
    context: Arc<Context>,
    store: Arc<SessionStore>,
    /// An import found something, or may have.
    was_tried: AtomicBool,
    /// The store says that the import is closed.
    is_closed: AtomicBool,
}

impl ImportRecord {
    pub(super) fn new(context: Arc<Context>, store: Arc<SessionStore>) -> Arc<Self> {
        Arc::new(Self {
            context,
            store,
            was_tried: AtomicBool::new(false),
            is_closed: AtomicBool::new(false),
        })
    }

    /// Records that an import is tried; returns whether one was tried before.
    pub(super) fn note_try(&self) -> bool {
        self.was_tried.swap(true, Ordering::SeqCst)
    }

    /// Undoes [`ImportRecord::note_try`] for an import that found nothing.
    pub(super) fn take_back_try(&self, was_tried: bool) {
        self.was_tried.store(was_tried, Ordering::SeqCst);
    }

    pub(super) async fn is_closed(&self) -> Result<bool, Error> {
        if !self.is_closed.load(Ordering::SeqCst) {
            let says_so = self.store.has_companion(CLOSED_SUFFIX).await?;
            self.is_closed.store(says_so, Ordering::SeqCst);
        }
        Ok(self.is_closed.load(Ordering::SeqCst))
    }

    /// Records that there is nothing to import any more, if there ever was: before an imported session ends, and when a
    /// user signs in or out after an import was tried. A failure is logged, and the next call tries again.
    pub(super) async fn close(&self) {
        let is_due = self.was_tried.load(Ordering::SeqCst) || self.context.read(Machine::is_imported);
        if !is_due || self.is_closed.load(Ordering::SeqCst) {
            return;
        }
        let note = SecretBytes::new(br#"{"version":1,"import":"closed"}"#.to_vec());
        match self.store.write_companion(CLOSED_SUFFIX, note).await {
            Ok(()) => self.is_closed.store(true, Ordering::SeqCst),
            Err(error) => {
                let message = format!("import: could not store that it is over: {error}");
                self.context.log(LogLevel::Warning, &message);
            }
        }
    }
}
