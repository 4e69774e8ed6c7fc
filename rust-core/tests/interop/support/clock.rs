//! The device's clocks, which tests advance instead of waiting.

use std::sync::Mutex;
use std::time::Duration;

use pilotlight_core::adapters::system::SystemClock;
use pilotlight_core::model::time::Instant;
use pilotlight_core::ports::Clock;

/// The real clocks, set ahead.
#[derive(Debug, Default)]
pub(crate) struct MovableClock(Mutex<Duration>);

impl MovableClock {
    pub(crate) fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for MovableClock {
    fn now(&self) -> Instant {
        let (ahead, real) = (*self.0.lock().unwrap(), SystemClock.now());
        Instant {
            wall: real.wall.plus(i64::try_from(ahead.as_secs()).unwrap()),
            monotonic: real.monotonic + ahead,
        }
    }
}
