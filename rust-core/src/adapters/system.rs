//! The system's clocks, random numbers and the tokio runtime; and a log that is silent.

mod steady;

pub use steady::nanoseconds as steady_nanoseconds;

use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ring::rand::{SecureRandom, SystemRandom};

use super::lazy_runtime::LazyRuntime;
use crate::model::time::{Instant, Timestamp};
use crate::ports::{BoxFuture, Clock, Log, LogLevel, Randomness, RandomnessUnavailable, Spawner};

/// The device's clocks.
///
/// The monotonic one counts from its first reading in this process, the same for every `SystemClock`, and goes on while
/// the device sleeps (`CLOCK_MONOTONIC_RAW` on Apple systems, `CLOCK_BOOTTIME` on Linux).
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

static START: LazyLock<Duration> = LazyLock::new(steady::reading);

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        // Before the reading, or the first one would be earlier than the beginning.
        let start = *START;
        Instant {
            wall: timestamp(SystemTime::now()),
            monotonic: steady::reading().saturating_sub(start),
        }
    }
}

/// Rounds down, also before 1970: a device whose battery was empty may wake up there.
fn timestamp(time: SystemTime) -> Timestamp {
    let seconds = match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i128::from(since.as_secs()),
        Err(before) => {
            let before = before.duration();
            -i128::from(before.as_secs()) - i128::from(before.subsec_nanos() > 0)
        }
    };
    let fallback = if seconds < 0 { i64::MIN } else { i64::MAX };
    Timestamp(i64::try_from(seconds).unwrap_or(fallback))
}

/// The system's random numbers: `CCRandomGenerateBytes` on iOS, `getentropy` on macOS, `getrandom` on Linux.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessUnavailable> {
        SystemRandom::new().fill(bytes).map_err(|_| RandomnessUnavailable)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_round_down_on_both_sides_of_1970() {
        let half = Duration::from_millis(1_500);
        assert_eq!(timestamp(UNIX_EPOCH), Timestamp(0));
        assert_eq!(timestamp(UNIX_EPOCH + half), Timestamp(1));
        assert_eq!(timestamp(UNIX_EPOCH - half), Timestamp(-2));
        assert_eq!(timestamp(UNIX_EPOCH - Duration::from_secs(2)), Timestamp(-2));
    }
}
