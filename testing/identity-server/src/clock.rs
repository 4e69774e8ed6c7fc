//! The server's clock, which tests can move.

use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::lock::lock;

/// The time source of tokens, lifetimes, rate limits and the `Date` header.
#[derive(Debug, Default)]
pub(crate) struct Clock(Mutex<Setting>);

#[derive(Debug, Default, Clone, Copy)]
struct Setting {
    offset_ms: i64,
    frozen_at_ms: Option<i64>,
}

impl Clock {
    /// Milliseconds since the Unix epoch.
    pub(crate) fn now_ms(&self) -> i64 {
        let setting = *lock(&self.0);
        setting.frozen_at_ms.unwrap_or_else(device_ms) + setting.offset_ms
    }

    /// Seconds since the Unix epoch.
    pub(crate) fn now(&self) -> i64 {
        self.now_ms().div_euclid(1000)
    }

    pub(crate) fn advance(&self, by: Duration) {
        let mut setting = lock(&self.0);
        setting.offset_ms = setting
            .offset_ms
            .saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX));
    }

    /// Seconds by which this clock is ahead of the machine's clock (behind, if negative).
    pub(crate) fn set_offset(&self, seconds: i64) {
        lock(&self.0).offset_ms = seconds.saturating_mul(1000);
    }

    pub(crate) fn offset(&self) -> i64 {
        lock(&self.0).offset_ms.div_euclid(1000)
    }

    pub(crate) fn freeze(&self) {
        lock(&self.0).frozen_at_ms.get_or_insert_with(device_ms);
    }

    pub(crate) fn thaw(&self) {
        lock(&self.0).frozen_at_ms = None;
    }

    pub(crate) fn is_frozen(&self) -> bool {
        lock(&self.0).frozen_at_ms.is_some()
    }
}

fn device_ms() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}

/// The type that the date formatters take. Times before the epoch become the epoch.
pub(crate) fn system_time(seconds: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or(0).min(LAST_SECOND))
}

/// The end of the year 9999: the last moment that HTTP and RFC 3339 dates can express.
const LAST_SECOND: u64 = 253_402_300_799;

/// `2018-02-14T00:28:07.000Z`
pub(crate) fn rfc3339(seconds: i64) -> String {
    humantime::format_rfc3339_millis(system_time(seconds)).to_string()
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`
pub(crate) fn http_date(seconds: i64) -> String {
    httpdate::fmt_http_date(system_time(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_clock_moves_only_when_it_is_moved() {
        let clock = Clock::default();
        clock.freeze();
        let before = clock.now_ms();
        clock.advance(Duration::from_millis(1500));
        assert_eq!(clock.now_ms(), before + 1500);
    }

    #[test]
    fn dates_are_written_as_http_and_rfc_3339_want_them() {
        assert_eq!(http_date(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(rfc3339(1_518_568_087), "2018-02-14T00:28:07.000Z");
        assert_eq!(rfc3339(-5), "1970-01-01T00:00:00.000Z");
    }
}
