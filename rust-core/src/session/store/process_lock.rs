//! The lock between processes with one store: one of them renews at a time.
//!
//! **Promises.** No other process, and no other task of this one, holds it at the same time; a suspension gets it back
//! at once, because iOS kills who holds a lock in a shared folder while suspended. **Needs** the context for its log, and
//! the lock's port where the store is shared.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::MutexGuard;

use super::super::context::Context;
use super::super::dependencies::Sharing;
use super::super::metering::{MeasuredResult, Operation};
use super::background_time::{BackgroundTime, BackgroundTimes};
use crate::machine::error::Error;
use crate::ports::{Acquisition, LockPlace, LogLevel};

/// How long a renewal waits for another process's. That one has its own limits; a caller that waits for all of them waits
/// longer than iOS lets an extension live.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct SharedProcessLock {
    context: Arc<Context>,
    sharing: Sharing,
    name: String,
    /// First among the tasks of this process: files are locked for processes, and polling among ourselves is waste.
    own_tasks: tokio::sync::Mutex<()>,
    current_place: Mutex<LockPlace>,
    background_times: BackgroundTimes,
}

/// No other process renews while this exists, nor another task of this one. Nothing where the store is not shared.
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

    /// Locks the session between processes.
    ///
    /// # Errors
    /// [`Error::Busy`] when another process does not come to an end; [`Error::NoBackgroundTime`] when this one is about to be
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
                    // From here on closed by its drop, also when the caller is gone before the lock came.
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
                        // Given back for a suspension that is over, or that is still to come.
                        Acquisition::Closed => {
                            drop(guard);
                            own = self.own_tasks.lock().await;
                        }
                    }
                }
            }
        }
    }

    /// Gives the lock back before its guard goes: iOS is about to suspend the process, and would kill it for holding
    /// a lock in a shared folder. When this returns the process holds none.
    pub(super) fn release(&self) {
        self.current_place
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .close();
    }

    /// Gives it back, and takes it no more until [`SharedProcessLock::resume`].
    pub(super) fn suspend(&self) {
        self.background_times.set(BackgroundTime::Over);
        self.release();
    }

    /// The system was asked whether the process may run on: a caller that needs the lock waits for its answer.
    pub(super) fn await_background_time(&self) {
        self.background_times.set(BackgroundTime::Asked);
    }

    pub(super) fn resume(&self) {
        self.background_times.set(BackgroundTime::Granted);
    }

    /// The place that a suspension closes; `None` when one is to come.
    fn new_place(&self) -> Option<LockPlace> {
        let mut current = self.current_place.lock().unwrap_or_else(PoisonError::into_inner);
        // Looked at under this lock: a suspension says so first and closes the place then.
        if !self.background_times.is_granted() {
            return None;
        }
        *current = LockPlace::default();
        Some(current.clone())
    }
}
