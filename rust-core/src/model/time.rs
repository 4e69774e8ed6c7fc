//! Moments and spans, as the protocol counts them: whole seconds.

use std::time::Duration;

use serde::Serialize;

/// A moment in seconds since 1970-01-01T00:00:00Z, without leap seconds (RFC 7519's `NumericDate`).
/// It is a reading of *some* clock: the device's, which may be wrong by years, or the server's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Whether it lies in the years 1 to 9999, which RFC 3339 and every calendar can write. What a server says beyond
    /// them is no moment.
    pub fn is_in_the_calendar(self) -> bool {
        (-62_135_596_800..=253_402_300_799).contains(&self.0)
    }

    /// This moment moved by `seconds`, which may be negative; stops at the ends of the range instead of wrapping.
    pub fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Seconds from `earlier` to `self`; negative when `earlier` is later.
    pub fn seconds_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// One reading of both of a device's clocks. Both are needed: the wall clock survives a restart and counts sleep but
/// can be set wrong or jump; the monotonic clock counts sleep too and never jumps, but starts anew with the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Instant {
    /// The wall clock.
    pub wall: Timestamp,
    /// Time since some fixed moment in this process, also that in which the device slept.
    pub monotonic: Duration,
}

impl Instant {
    /// How long ago `earlier` was, by the clock that says more: one may have stood still in between, or been set back.
    pub fn since(self, earlier: Self) -> Duration {
        let by_the_wall = u64::try_from(self.wall.seconds_since(earlier.wall)).unwrap_or(0);
        let monotonic = self.monotonic.saturating_sub(earlier.monotonic);
        monotonic.max(Duration::from_secs(by_the_wall))
    }
}

uniffi::custom_newtype!(Timestamp, i64);
