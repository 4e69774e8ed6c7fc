//! The lock between processes that share a store: one of them renews at a time.
//!
//! **Promises.** No other process, and no other task of this one, holds the lock at the same time. A suspension
//! releases it at once, because iOS kills a suspended process that holds a lock in a shared folder. **Needs** the
//! context for its log, and the lock's port if the store is shared.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::MutexGuard;

use super::super::context::Context;
use super::super::dependencies::Sharing;
use super::super::metering::{MeasuredResult, Operation};
use super::background_time::{BackgroundTime, BackgroundTimes};
use crate::machine::error::Error;
use crate::ports::{Acquisition, LockPlace, LogLevel};

/// How long a renewal waits for that of another process. Each renewal has its own limits; a caller that waited for all
/// of them would wait longer than iOS lets an extension run.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct SharedProcessLock {
    context: Arc<Context>,
    sharing: Sharing,
    name: String,
    /// Taken first, among the tasks of this process: file locks are per process, and polling among ourselves would be
    /// waste.
    own_tasks: tokio::sync::Mutex<()>,
    current_place: Mutex<LockPlace>,
    background_times: BackgroundTimes,
}

/// While this exists, no other process and no other task of this one renews. Empty if the store is not shared.
#[derive(Debug)]
pub(in crate::session) struct ProcessLockGuard<'a> {
    held: Option<(LockPlace, MutexGuard<'a, ()>)>,
}

impl Drop for ProcessLockGuard<'_> {
    fn drop(&mut self) {
        if let Some((place, _)) = &self.held {
            place.close();
        }
    }
}

impl SharedProcessLock {
    pub(super) fn new(context: Arc<Context>, sharing: Sharing, name: String) -> Self {
        Self {
            context,
            sharing,
            name,
            own_tasks: tokio::sync::Mutex::default(),
            current_place: Mutex::default(),
            background_times: BackgroundTimes::default(),
        }
    }

    /// Takes the process lock.
    ///
    /// # Errors
    /// [`Error::Busy`] when another process does not finish; [`Error::NoBackgroundTime`] when this one is about to be
    /// suspended; [`Error::ReadOnly`]; [`Error::Store`] from the lock.
    pub(super) async fn take(&self) -> Result<ProcessLockGuard<'_>, Error> {
        let began = self.context.now();
        let outcome = self.take_in_order().await;
        if matches!(self.sharing, Sharing::Processes(_)) {
            let result = MeasuredResult::of(&outcome);
            self.context.measure(Operation::ProcessLock, result, began);
        }
        outcome
    }

    async fn take_in_order(&self) -> Result<ProcessLockGuard<'_>, Error> {
        match &self.sharing {
            Sharing::Alone => Ok(ProcessLockGuard { held: None }),
            Sharing::ReadOnly => Err(Error::ReadOnly),
            Sharing::Processes(lock) => {
                let mut own = self.own_tasks.lock().await;
                loop {
                    self.background_times.wait(self.context.spawner()).await?;
                    let Some(place) = self.new_place() else {
                        continue;
                    };
                    // From here on, dropping the guard closes the place, even if the caller goes away before the lock
                    // is acquired.
                    let guard = ProcessLockGuard {
                        held: Some((place.clone(), own)),
                    };
                    match lock.acquire(&self.name, LONGEST_WAIT, place).await? {
                        Acquisition::Held => return Ok(guard),
                        Acquisition::Busy => {
                            let message = "another process has been renewing for too long";
                            self.context.log(LogLevel::Warning, message);
                            return Err(Error::Busy);
                        }
                        // Released for a suspension that has ended, or that is still to come.
                        Acquisition::Closed => {
                            drop(guard);
                            own = self.own_tasks.lock().await;
                        }
                    }
                }
            }
        }
    }

    /// Releases the lock before its guard is dropped: iOS is about to suspend the process, and would kill it for
    /// holding a lock in a shared folder. When this returns, the process holds no lock.
    pub(super) fn release(&self) {
        self.current_place
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .close();
    }

    /// Releases the lock, and does not take it again until [`SharedProcessLock::resume`].
    pub(super) fn suspend(&self) {
        self.background_times.set(BackgroundTime::Over);
        self.release();
    }

    /// The system was asked whether the process may continue to run. A caller that needs the lock waits for the answer.
    pub(super) fn await_background_time(&self) {
        self.background_times.set(BackgroundTime::Asked);
    }

    pub(super) fn resume(&self) {
        self.background_times.set(BackgroundTime::Granted);
    }

    /// A new place, which a suspension can close; `None` if a suspension is about to come.
    fn new_place(&self) -> Option<LockPlace> {
        let mut current = self.current_place.lock().unwrap_or_else(PoisonError::into_inner);
        // Read while this mutex is held: a suspension first sets the background time and then closes the place.
        if !self.background_times.is_granted() {
            return None;
        }
        *current = LockPlace::default();
        Some(current.clone())
    }
}
