//! The system's clocks, random numbers and the tokio runtime; also a silent log.

mod clocks;

pub use clocks::nanoseconds as steady_nanoseconds;

use std::sync::LazyLock;
use std::time::Duration;

use super::lazy_runtime::LazyRuntime;
use crate::model::time::Instant;
use crate::ports::{BoxFuture, Clock, Log, LogLevel, Randomness, RandomnessUnavailable, Spawner};

/// The device's clocks.
///
/// The monotonic clock counts from its first reading in this process, which all `SystemClock`s share, and continues
/// while the device sleeps (`CLOCK_MONOTONIC_RAW` on Apple systems, `CLOCK_BOOTTIME` on Linux).
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

static START: LazyLock<Duration> = LazyLock::new(clocks::reading);

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        // Read first: otherwise the first reading would be earlier than the start.
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

/// Runs work on one tokio runtime, whichever thread starts it.
#[derive(Clone, Debug)]
pub struct TokioSpawner(LazyRuntime);

impl TokioSpawner {
    /// Runs work on `runtime`, which must have time enabled and must outlive the work.
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
        // The timer belongs to the runtime that is entered when it is made, not to the runtime that polls it.
        let _inside = self.0.handle().enter();
        Box::pin(tokio::time::sleep(duration))
    }
}

/// A log that discards everything: the default unless the app provides one.
#[derive(Clone, Copy, Debug, Default)]
pub struct SilentLog;

impl Log for SilentLog {
    fn log(&self, _level: LogLevel, _message: &str) {}
}
