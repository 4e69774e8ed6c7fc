//! The system's clocks, random numbers and the tokio runtime; and a log that is silent.

mod clocks;

pub use clocks::nanoseconds as steady_nanoseconds;

use std::sync::LazyLock;
use std::time::Duration;

use super::lazy_runtime::LazyRuntime;
use crate::model::time::Instant;
use crate::ports::{BoxFuture, Clock, Log, LogLevel, Randomness, RandomnessUnavailable, Spawner};

/// The device's clocks.
///
/// The monotonic one counts from its first reading in this process, the same for every `SystemClock`, and goes on while
/// the device sleeps (`CLOCK_MONOTONIC_RAW` on Apple systems, `CLOCK_BOOTTIME` on Linux).
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

static START: LazyLock<Duration> = LazyLock::new(clocks::reading);

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        // Before the reading, or the first one would be earlier than the beginning.
        let start = *START;
        Instant {
            wall: clocks::wall(),
            monotonic: clocks::reading().saturating_sub(start),
        }
    }
}

/// The system's random numbers: `CCRandomGenerateBytes` on iOS, `getentropy` on macOS, `getrandom` on Linux.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessUnavailable> {
        getrandom::fill(bytes).map_err(|_| RandomnessUnavailable)
    }
}

/// Runs work on one tokio runtime, from whatever thread it is started.
#[derive(Clone, Debug)]
pub struct TokioSpawner(LazyRuntime);

impl TokioSpawner {
    /// Work runs on `runtime`, which must have time enabled and outlives the work.
    pub fn new(runtime: impl Into<LazyRuntime>) -> Self {
        Self(runtime.into())
    }
}

impl Spawner for TokioSpawner {
    fn spawn(&self, work: BoxFuture<'static, ()>) {
        // Dropping the join handle detaches the task; it does not cancel it.
        drop(self.0.handle().spawn(work));
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        // The timer belongs to the runtime that is entered when it is made, not to the one that polls it.
        let _inside = self.0.handle().enter();
        Box::pin(tokio::time::sleep(duration))
    }
}

/// A log that goes nowhere: the default until the app asks for one.
#[derive(Clone, Copy, Debug, Default)]
pub struct SilentLog;

impl Log for SilentLog {
    fn log(&self, _level: LogLevel, _message: &str) {}
}
