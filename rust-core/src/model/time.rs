//! Moments and durations as the protocol counts them: in whole seconds.

use std::time::Duration;

use serde::Serialize;

/// A moment in seconds since 1970-01-01T00:00:00Z, without leap seconds (RFC 7519's `NumericDate`).
/// It is a reading of *some* clock: the device's, which may be wrong by years, or the server's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Whether it is in the years 1 to 9999, which RFC 3339 and every calendar can represent. A number outside of them
    /// is not treated as a time.
    pub fn is_in_the_calendar(self) -> bool {
        (-62_135_596_800..=253_402_300_799).contains(&self.0)
    }

    /// This moment plus `seconds`, which may be negative; saturates instead of wrapping.
    pub fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Seconds from `earlier` to `self`; negative when `earlier` is later.
    pub fn seconds_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// One reading of both clocks of a device. Both are needed: the wall clock survives a restart and counts sleep, but can
/// be set wrong or jump; the monotonic clock counts sleep too and never jumps, but starts again with the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Instant {
    /// The wall clock.
    pub wall: Timestamp,
    /// Time since some fixed moment in this process, including the time while the device slept.
    pub monotonic: Duration,
}

impl Instant {
    /// The time since `earlier`, by the clock that shows more: one of them may have stopped meanwhile, or been set
    /// back.
    pub fn since(self, earlier: Self) -> Duration {
        let by_the_wall = u64::try_from(self.wall.seconds_since(earlier.wall)).unwrap_or(0);
        let monotonic = self.monotonic.saturating_sub(earlier.monotonic);
        monotonic.max(Duration::from_secs(by_the_wall))
    }
}

uniffi::custom_newtype!(Timestamp, i64);
