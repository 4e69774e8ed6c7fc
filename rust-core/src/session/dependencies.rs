//! The world as the session sees it.

use std::sync::Arc;

use super::Shared;
use crate::machine::error::Error;
use crate::model::time::Instant;
use crate::ports::{
    Clock, ForeignItems, Log, LogLevel, ProcessLock, Randomness, SecretStore, Spawner, Transport, awaited,
};

/// One implementation of each port.
#[derive(Clone, Debug)]
pub struct Dependencies {
    /// Where the session is kept.
    pub store: Arc<dyn SecretStore>,
    /// Who else uses that store.
    pub sharing: Sharing,
    /// What other libraries stored.
    pub foreign_items: Arc<dyn ForeignItems>,
    /// The network.
    pub transport: Arc<dyn Transport>,
    /// The device's clocks.
    pub clock: Arc<dyn Clock>,
    /// Random numbers.
    pub randomness: Arc<dyn Randomness>,
    /// Work that outlives its caller.
    pub spawner: Arc<dyn Spawner>,
    /// Log lines.
    pub log: Arc<dyn Log>,
}

/// Who else uses the store.
#[derive(Clone, Debug)]
pub enum Sharing {
    /// Nobody: the store is read once.
    Alone,
    /// Other processes, with the lock that puts them in order: the store is read again before a renewal.
    Processes(Arc<dyn ProcessLock>),
    /// Other processes, and this one only looks: it never renews, signs in or out, or writes.
    ReadOnly,
}

impl Shared {
    /// Runs `work` to its end, also when nobody waits for it any more.
    pub(super) async fn run_to_end<T, W>(&self, work: impl FnOnce(Arc<Self>) -> W) -> Result<T, Error>
    where
        T: Send + 'static,
        W: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let not_finished = || Error::Internal("work that was to run to its end did not".to_owned());
        let work = work(self.me.upgrade().ok_or_else(not_finished)?);
        let (work, outcome) = awaited(work);
        self.dependencies.spawner.spawn(work);
        outcome.await.unwrap_or_else(|| Err(not_finished()))
    }

    pub(super) fn now(&self) -> Instant {
        self.dependencies.clock.now()
    }

    pub(super) fn log(&self, level: LogLevel, message: &str) {
        self.dependencies.log.log(level, message);
    }
}
