//! Locks a mutex, ignoring poisoning.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A test that panicked while it held the lock has already failed; the others continue.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
