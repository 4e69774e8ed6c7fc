//! Receives a process lock at the moment of its acquisition, so that it can be released at any moment.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::storage::StoreError;

/// A lock that is held until this value is dropped.
pub trait LockGuard: Send + fmt::Debug {}

/// The place of one acquisition. iOS kills an app that is suspended while it holds a lock in a shared folder, so there
/// must be no moment between the acquisition of the lock and its arrival here. Therefore the lock is taken while the
/// place itself is locked, and a closed place takes none.
#[derive(Clone, Debug, Default)]
pub struct LockPlace(Arc<Mutex<Content>>);

#[derive(Debug, Default)]
enum Content {
    #[default]
    Waiting,
    Held(#[expect(dead_code, reason = "held, not used")] Box<dyn LockGuard>),
    Closed,
}

/// The result of an acquisition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acquisition {
    /// The lock is in the place.
    Held,
    /// Another process has it.
    Busy,
    /// The place was closed: the lock is no longer wanted.
    Closed,
}

impl LockPlace {
    /// Calls `take`, which must not wait, unless the place is closed, and keeps the lock that it returns.
    ///
    /// # Errors
    /// Those of `take`.
    pub fn fill(
        &self,
        take: impl FnOnce() -> Result<Option<Box<dyn LockGuard>>, StoreError>,
    ) -> Result<Acquisition, StoreError> {
        let mut content = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*content, Content::Closed) {
            return Ok(Acquisition::Closed);
        }
        let Some(guard) = take()? else {
            return Ok(Acquisition::Busy);
        };
        *content = Content::Held(guard);
        Ok(Acquisition::Held)
    }

    /// Releases the lock, and takes none from now on. When this returns, no lock is held.
    pub fn close(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Content::Closed;
    }
}
