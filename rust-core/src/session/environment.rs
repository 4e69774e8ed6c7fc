//! The world as the session sees it.

use std::sync::Arc;

use super::Shared;
use crate::ports::{Clock, Log, LogLevel, Randomness, SecretStore, Spawner, Transport};
use crate::time::Instant;

/// One implementation of each port.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Where the session is kept.
    pub store: Arc<dyn SecretStore>,
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

impl Shared {
    pub(super) fn now(&self) -> Instant {
        self.environment.clock.now()
    }

    pub(super) fn log(&self, level: LogLevel, message: &str) {
        self.environment.log.log(level, message);
    }
}
