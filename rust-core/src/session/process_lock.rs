//! Several processes with one store: who renews, and what the others made of the session meanwhile.

use std::sync::PoisonError;
use std::time::Duration;

use tokio::sync::MutexGuard;

use super::{Shared, Sharing};
use crate::machine::error::Error;
use crate::ports::{Acquisition, LockPlace, LogLevel, StoreError};
use crate::storage::envelope::{EnvelopeError, StoredItem};

/// How long a renewal waits for another process's. That one has its own limits; whoever waits for all of them waits
/// longer than iOS lets an extension live.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// No other process renews while this exists, nor another task of this one. Nothing where the store is not shared.
#[derive(Debug)]
pub(super) struct ProcessLockGuard<'a> {
    held: Option<(LockPlace, MutexGuard<'a, ()>)>,
}

impl Drop for ProcessLockGuard<'_> {
    fn drop(&mut self) {
        if let Some((place, _)) = &self.held {
            place.close();
        }
    }
}

impl Shared {
    /// Locks the session between processes.
    ///
    /// # Errors
    /// [`Error::Busy`] when another process does not come to an end; [`Error::NoBackgroundTime`] when this one is about to be
    /// suspended; [`Error::ReadOnly`]; [`Error::Store`] from the lock.
    pub(super) async fn take_process_lock(&self) -> Result<ProcessLockGuard<'_>, Error> {
        match &self.dependencies.sharing {
            Sharing::Alone => Ok(ProcessLockGuard { held: None }),
            Sharing::ReadOnly => Err(Error::ReadOnly),
            Sharing::Processes(lock) => {
                // First among the tasks of this process: files are locked for processes, and polling among ourselves
                // is waste.
                let mut own = self.process_lock_order.lock().await;
                loop {
                    self.background_times.wait(self.dependencies.spawner.as_ref()).await?;
                    let Some(place) = self.new_lock_place() else {
                        continue;
                    };
                    // From here on closed by its drop, also when the caller is gone before the lock came.
                    let guard = ProcessLockGuard {
                        held: Some((place.clone(), own)),
                    };
                    match lock.acquire(&self.item_name, LONGEST_WAIT, place).await? {
                        Acquisition::Held => return Ok(guard),
                        Acquisition::Busy => {
                            self.log(LogLevel::Warning, "another process has been renewing for too long");
                            return Err(Error::Busy);
                        }
                        // Given back for a suspension that is over, or that is still to come.
                        Acquisition::Closed => {
                            drop(guard);
                            own = self.process_lock_order.lock().await;
                        }
                    }
                }
            }
        }
    }

    /// Gives the lock back before its guard goes: iOS is about to suspend the process, and would kill it for holding
    /// a lock in a shared folder. When this returns the process holds none.
    pub(super) fn release_process_lock(&self) {
        self.process_lock.lock().unwrap_or_else(PoisonError::into_inner).close();
    }

    /// The place that a suspension closes; `None` when one is to come.
    fn new_lock_place(&self) -> Option<LockPlace> {
        let mut current = self.process_lock.lock().unwrap_or_else(PoisonError::into_inner);
        // Looked at under this lock: a suspension says so first and closes the place then.
        if !self.background_times.is_granted() {
            return None;
        }
        *current = LockPlace::default();
        Some(current.clone())
    }

    pub(super) fn is_shared(&self) -> bool {
        !matches!(self.dependencies.sharing, Sharing::Alone)
    }

    pub(super) fn is_read_only(&self) -> bool {
        matches!(self.dependencies.sharing, Sharing::ReadOnly)
    }

    /// For what changes the session.
    pub(super) fn ensure_writable(&self) -> Result<(), Error> {
        if self.is_read_only() {
            Err(Error::ReadOnly)
        } else {
            Ok(())
        }
    }

    /// Reads the store again and takes over what another process made of the session. True when it changed.
    ///
    /// # Errors
    /// [`Error::Store`]; [`Error::Envelope`] when a newer release wrote it. Then memory stays as it is.
    pub(super) async fn merge_from_store(&self) -> Result<bool, Error> {
        loop {
            let writes = self.current.writes();
            let (found, seen) = self.read_item().await?;
            let stored = match found {
                None => None,
                Some(bytes) => match StoredItem::decode(&bytes) {
                    Ok(item) => Some(item),
                    // What is in memory is better. It is written over the damaged item, which is never missing
                    // meanwhile: to other processes that would be a sign-out.
                    Err(EnvelopeError::Undecodable) if self.current.holds_session() => {
                        if !self.is_read_only() {
                            self.keep_aside(bytes).await?;
                            self.current.write_over(seen);
                        }
                        return Ok(false);
                    }
                    Err(error) => return Err(error.into()),
                },
            };
            // Otherwise another task of this process has written meanwhile, and the store is looked at again.
            if let Some(changed) = self.current.merge(stored, seen, writes) {
                if changed {
                    self.log(LogLevel::Info, "took over what another process made of the session");
                    self.current.publish(self.now());
                }
                return Ok(changed);
            }
        }
    }

    /// The same where the store is shared; a device that is locked just now changes nothing.
    pub(super) async fn merge_if_shared(&self) -> Result<bool, Error> {
        if !self.is_shared() {
            return Ok(false);
        }
        match self.merge_from_store().await {
            Err(Error::Store(StoreError::Locked)) => Ok(false),
            outcome => outcome,
        }
    }
}
