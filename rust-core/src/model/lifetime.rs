//! How long a session may last, whatever its tokens allow. Pure: the caller passes the clock's reading.
//!
//! All times are counted on the session's own clock, in seconds since the sign-in. Thus different clocks need not
//! agree, and the values that two processes have for one session can be compared.

use std::time::Duration;

use serde::Serialize;

use crate::model::credentials::MonotonicReceipt;
use crate::model::state::ReauthenticationReason;
use crate::model::time::{Instant, Timestamp};

/// The wall clock was set if it differs by this many seconds from what passed. Smaller differences are those of clocks
/// that run at different speeds and of whole seconds.
const SET: u64 = 60;

/// The limits that the app sets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct LifetimeLimits {
    /// Since the sign-in.
    pub absolute: Option<Duration>,
    /// Since the last use.
    pub idle: Option<Duration>,
    /// How long before an end it is announced; if a limit is less than twice as long, when half of it has passed.
    pub warning: Duration,
}

/// How old a session is, and which of its ages matter for its end.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Lifetime {
    /// Seconds since the sign-in, at [`Lifetime::as_of`].
    pub age_seconds: u64,
    /// When the session had that age, by the device's wall clock.
    pub as_of: Timestamp,
    /// By how much the wall clock then differed from the one of the sign-in, as far as that was noticed; negative if it
    /// was set back. A clock that is put right later shows that time as passed, although it did not pass.
    #[serde(skip_serializing_if = "is_zero")]
    pub clock_offset_seconds: i64,
    /// The same moment on the monotonic clock of this process; `None` if restored from the store. If it is known, only
    /// it counts: that clock also runs while the device sleeps, and cannot be set.
    #[serde(skip)]
    pub counted_from: MonotonicReceipt,
    /// The age at which the app last got a token.
    pub used_seconds: u64,
    /// The age at which the session ends according to the issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_seconds: Option<u64>,
    /// The age of the last use that the store has.
    #[serde(skip)]
    pub stored_use_seconds: u64,
}

/// The next end of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionEnd {
    /// The session's age at that end.
    pub age: Duration,
    /// The remaining time; zero when the session is over.
    pub left: Duration,
    /// The reason of the end.
    pub reason: ReauthenticationReason,
    /// The end is announced when no more than this is left.
    pub warning: Duration,
}

impl LifetimeLimits {
    /// Whether there are no limits.
    pub fn are_unset(self) -> bool {
        self.absolute.is_none() && self.idle.is_none()
    }
}

impl SessionEnd {
    /// The time until the next announcement: the coming end or, after that, the end itself; `None` when the session is
    /// over.
    pub fn next_announcement(self) -> Option<Duration> {
        let until_warning = self.left.checked_sub(self.warning).filter(|wait| !wait.is_zero());
        let until_end = Some(self.left).filter(|wait| !wait.is_zero());
        until_warning.or(until_end)
    }
}

impl Lifetime {
    /// The lifetime of a session that begins with a sign-in at that moment.
    pub fn begun(at: Timestamp, counted_from: MonotonicReceipt) -> Self {
        Self {
            age_seconds: 0,
            as_of: at,
            clock_offset_seconds: 0,
            counted_from,
            used_seconds: 0,
            ends_seconds: None,
            stored_use_seconds: 0,
        }
    }

    /// The lifetime of a session that began elsewhere, so many seconds ago, and is used now. Its age is stored as a
    /// moment of the wall clock: a clock that is wrong now makes no wrong age permanent.
    pub fn begun_before(seconds: u64, now: Instant) -> Self {
        let at = now
            .wall
            .plus(i64::try_from(seconds).map_or(i64::MIN, |seconds| -seconds));
        Self {
            used_seconds: seconds,
            stored_use_seconds: seconds,
            ..Self::begun(at, None)
        }
    }

    /// The issuer says that the session ends in `seconds`.
    pub fn end_in(&mut self, seconds: u64, now: Instant) {
        self.count_to(now);
        self.ends_seconds = Some(self.age_seconds.saturating_add(seconds));
    }

    /// The session's age. A wall clock that was set back never makes a session younger than it was.
    pub fn age(&self, now: Instant) -> Duration {
        let since = match self.counted_from {
            Some(moment) => now.monotonic.saturating_sub(moment),
            None => Duration::from_secs(self.passed_by_wall(now)),
        };
        Duration::from_secs(self.age_seconds).saturating_add(since)
    }

    /// The seconds since [`Lifetime::as_of`] by the wall clock alone. If the clock had been set back and now shows at
    /// least as much more, it has been put right, and that part did not pass.
    fn passed_by_wall(&self, now: Instant) -> u64 {
        let shown = now.wall.seconds_since(self.as_of);
        let without_correction = shown.saturating_add(self.clock_offset_seconds);
        let is_corrected = self.clock_offset_seconds < 0 && without_correction >= 0;
        let passed = if is_corrected { without_correction } else { shown };
        u64::try_from(passed).unwrap_or(0)
    }

    /// The wall clock's reading at the sign-in. It is the same for all versions of one session, whatever the clock was
    /// set to in the meantime.
    fn sign_in(&self) -> i128 {
        i128::from(self.as_of.0) - i128::from(self.clock_offset_seconds) - i128::from(self.age_seconds)
    }

    /// The earliest of its ends; `None` if nothing limits it.
    pub fn end(&self, limits: LifetimeLimits, now: Instant) -> Option<SessionEnd> {
        let age = self.age(now);
        let end = |moment: Duration, whole: Duration, reason| SessionEnd {
            age: moment,
            left: moment.saturating_sub(age),
            reason,
            warning: limits.warning.min(whole / 2),
        };
        // No use is later than now, unless a clock was wrong then.
        let used = Duration::from_secs(self.used_seconds).min(age);
        let absolute = limits
            .absolute
            .map(|whole| end(whole, whole, ReauthenticationReason::LifetimeEnded));
        let idle = limits
            .idle
            .map(|pause| end(used.saturating_add(pause), pause, ReauthenticationReason::IdleTooLong));
        let by_issuer = self.ends_seconds.map(Duration::from_secs);
        let by_issuer = by_issuer.map(|moment| end(moment, Duration::MAX, ReauthenticationReason::LifetimeEnded));
        let ends = absolute.into_iter().chain(by_issuer).chain(idle);
        ends.min_by_key(|end| end.left)
    }

    /// Updates the age to this moment, so that a later restart measures only from here by a wall clock that may have
    /// been set.
    ///
    /// The wall clock's seconds do not begin at the same moments as these. If the wall clock counts one second more,
    /// that second is counted too. Otherwise each restart would make the session younger by a fraction of a second.
    pub fn count_to(&mut self, now: Instant) {
        let age = self.age(now);
        let whole = age.as_secs();
        let begun = whole + u64::from(age.subsec_nanos() > 0);
        let by_wall = u64::try_from(now.wall.seconds_since(self.as_of)).unwrap_or(0);
        let seconds = self.age_seconds.saturating_add(by_wall).clamp(whole, begun);
        // The difference to whole seconds, in either direction, stays counted.
        self.counted_from = match self.counted_from {
            Some(moment) => Some(moment.saturating_add(Duration::from_secs(seconds - self.age_seconds))),
            None => Some(now.monotonic),
        };
        self.note_setting(now, seconds - self.age_seconds);
        self.age_seconds = seconds;
        self.as_of = now.wall;
    }

    /// Notes by how much the wall clock was set while `passed` seconds were counted.
    fn note_setting(&mut self, now: Instant, passed: u64) {
        let shown = now.wall.seconds_since(self.as_of);
        let set = shown.saturating_sub(i64::try_from(passed).unwrap_or(i64::MAX));
        if set.unsigned_abs() >= SET {
            self.clock_offset_seconds = self.clock_offset_seconds.saturating_add(set);
        }
        if self.clock_offset_seconds.unsigned_abs() < SET {
            self.clock_offset_seconds = 0;
        }
    }

    /// Merges another process's values for the same session: the earlier sign-in and the later use, so that neither a
    /// clock nor an old version makes it younger. The end that the issuer set comes with the tokens, and stays.
    pub fn merge(&mut self, other: &Self) {
        let used = self.used_seconds.max(other.used_seconds);
        if other.sign_in() < self.sign_in() {
            *self = Self {
                ends_seconds: self.ends_seconds,
                ..other.clone()
            };
        }
        self.used_seconds = used;
        self.stored_use_seconds = other.used_seconds;
    }

    /// The app gets a token; uses are counted in whole seconds. True if the store has to be updated, which is not
    /// necessary for each use. If the process is killed before that, the idle time counts from the use that the store
    /// has.
    pub fn note_use(&mut self, idle: Duration, now: Instant) -> bool {
        self.count_to(now);
        self.used_seconds = self.age_seconds;
        let since_stored = self.used_seconds.abs_diff(self.stored_use_seconds);
        let is_due = since_stored >= (idle.as_secs() / 10).max(1);
        if is_due {
            self.stored_use_seconds = self.used_seconds;
        }
        is_due
    }

    /// Whether a use now would differ from the last one.
    pub fn is_new_use(&self, now: Instant) -> bool {
        self.age(now).as_secs() != self.used_seconds
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_zero(seconds: &i64) -> bool {
    *seconds == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNED_IN: Timestamp = Timestamp(1_700_000_000);
    const BOOTED: u64 = 50;
    const HOUR: u64 = 3600;

    fn at(wall: i64, monotonic: u64) -> Instant {
        Instant {
            wall: SIGNED_IN.plus(wall),
            monotonic: Duration::from_secs(BOOTED + monotonic),
        }
    }

    fn begun() -> Lifetime {
        Lifetime::begun(SIGNED_IN, Some(Duration::from_secs(BOOTED)))
    }

    fn restored() -> Lifetime {
        Lifetime {
            counted_from: None,
            ..begun()
        }
    }

    fn left(lifetime: &Lifetime, absolute: Option<u64>, idle: Option<u64>, now: Instant) -> Option<(u64, bool)> {
        let limits = LifetimeLimits {
            absolute: absolute.map(Duration::from_secs),
            idle: idle.map(Duration::from_secs),
            ..LifetimeLimits::default()
        };
        let end = lifetime.end(limits, now)?;
        let is_idle = end.reason == ReauthenticationReason::IdleTooLong;
        Some((end.left.as_secs(), is_idle))
    }

    #[test]
    fn in_one_process_the_clock_counts_that_nobody_can_set() {
        for wall in [-1_000_000, 0, 600, 1_000_000_000, i64::MAX - SIGNED_IN.0] {
            assert_eq!(begun().age(at(wall, 600)), Duration::from_secs(600), "{wall}");
        }
    }

    #[test]
    fn after_a_restart_the_wall_clock_counts_and_makes_nothing_younger() {
        let aged = Lifetime {
            age_seconds: 600,
            ..restored()
        };
        for (wall, age) in [(-1_000_000, 600), (0, 600), (60, 660), (1_000_000, 1_000_600)] {
            assert_eq!(aged.age(at(wall, 7)), Duration::from_secs(age), "{wall}");
        }
    }

    /// Each step is a wall clock's reading; `true` where the process has just been started.
    #[test]
    fn a_clock_that_is_put_right_lets_no_time_pass() {
        const YEAR: i64 = 365 * 24 * 3600;
        for steps in [
            &[(-YEAR, true), (200, true)][..],
            &[(-YEAR, false), (200, true)],
            &[(-YEAR, true), (-YEAR + 100, true), (200, true)],
            &[(-YEAR, true), (200, false)],
            &[(-YEAR, false), (200, false)],
            &[(YEAR, false), (200, true)],
            &[(YEAR, false), (-YEAR, true), (200, true)],
        ] {
            let mut lifetime = begun();
            for (monotonic, &(wall, is_new)) in (100..).step_by(100).zip(steps) {
                if is_new {
                    lifetime.counted_from = None;
                }
                lifetime.count_to(at(wall, monotonic));
                assert_eq!(lifetime.sign_in(), begun().sign_in(), "{steps:?}");
            }
            assert!(lifetime.age_seconds <= 300, "{steps:?}: {}", lifetime.age_seconds);
            // After that it counts as ever.
            let age = lifetime.age_seconds;
            lifetime.counted_from = None;
            assert_eq!(lifetime.age(at(1200, 0)), Duration::from_secs(age + 1000), "{steps:?}");
        }
    }

    #[test]
    fn a_session_that_began_elsewhere_has_its_age_and_is_used_now() {
        let now = at(600, 600);
        let lifetime = Lifetime::begun_before(500, now);
        assert_eq!(lifetime.age(now), Duration::from_secs(500));
        assert_eq!(left(&lifetime, Some(HOUR), None, now), Some((HOUR - 500, false)));
        assert_eq!(left(&lifetime, None, Some(60), now), Some((60, true)));
        assert!(!lifetime.is_new_use(now) && lifetime.is_new_use(at(601, 601)));
        assert_eq!(Lifetime::begun_before(0, now), Lifetime::begun(now.wall, None));
    }

    /// The clock was ahead by days when the session was taken over, and is right again.
    #[test]
    fn a_use_by_a_clock_that_was_ahead_counts_until_the_next_use() {
        let mut lifetime = Lifetime::begun_before(500_000, at(500_000, 10));
        lifetime.counted_from = None;
        let now = at(600, 600);
        assert_eq!(lifetime.age(now), Duration::from_secs(600));
        assert_eq!(left(&lifetime, Some(HOUR), Some(60), now), Some((60, true)));
        assert!(lifetime.is_new_use(now) && lifetime.note_use(Duration::from_secs(60), now));
        assert_eq!(left(&lifetime, None, Some(60), at(650, 650)), Some((10, true)));
    }

    #[test]
    fn counting_to_now_loses_no_part_of_a_second() {
        let mut lifetime = begun();
        for tenths in 1..=100 {
            let monotonic = Duration::from_secs(BOOTED) + Duration::from_millis(100) * tenths;
            let now = Instant { monotonic, ..at(0, 0) };
            lifetime.count_to(now);
            assert_eq!(lifetime.age(now), Duration::from_millis(100) * tenths);
        }
        assert_eq!(lifetime.age_seconds, 10);
    }

    /// For processes that live for less than a second, such as a widget's: the stored age matches the session's age.
    #[test]
    fn restarts_make_no_session_younger() {
        for (pause, life) in [(0, 300), (100, 900), (900, 700), (1, 999)] {
            let mut lifetime = begun();
            let mut passed = Duration::ZERO;
            let at = |passed: Duration| Instant {
                wall: SIGNED_IN.plus(i64::try_from(passed.as_secs()).unwrap()),
                monotonic: Duration::from_secs(BOOTED) + passed,
            };
            for restart in 0..1000 {
                lifetime.counted_from = None;
                passed += Duration::from_millis(pause);
                lifetime.count_to(at(passed));
                passed += Duration::from_millis(life);
                lifetime.count_to(at(passed));
                let off = lifetime.age(at(passed)).abs_diff(passed);
                assert!(off < Duration::from_secs(1), "{pause} {life}: {off:?} after {restart}");
            }
        }
    }

    #[test]
    fn the_first_end_counts() {
        let lifetime = Lifetime {
            used_seconds: HOUR,
            ..begun()
        };
        let now = at(0, HOUR);
        assert_eq!(left(&lifetime, None, None, now), None);
        assert_eq!(left(&lifetime, Some(8 * HOUR), None, now), Some((7 * HOUR, false)));
        assert_eq!(left(&lifetime, Some(8 * HOUR), Some(HOUR), now), Some((HOUR, true)));
        assert_eq!(left(&lifetime, Some(HOUR), Some(HOUR), now), Some((0, false)));
        assert_eq!(
            left(&lifetime, Some(u64::MAX), Some(u64::MAX), now).map(|end| end.1),
            Some(false)
        );
    }

    #[test]
    fn of_two_versions_the_earlier_sign_in_and_the_later_use_count() {
        let ours = begun();
        let theirs = Lifetime {
            age_seconds: 100,
            as_of: SIGNED_IN.plus(40),
            clock_offset_seconds: 0,
            counted_from: None,
            used_seconds: 90,
            ends_seconds: None,
            stored_use_seconds: 90,
        };
        let mut merged = ours.clone();
        merged.merge(&theirs);
        assert_eq!(merged, theirs, "their clock was set back meanwhile");
        let mut merged = theirs;
        merged.merge(&Lifetime {
            used_seconds: 95,
            ..ours
        });
        assert_eq!((merged.age_seconds, merged.used_seconds), (100, 95));
        let mut merged = begun();
        let later = SIGNED_IN.plus(1000);
        merged.merge(&Lifetime::begun(later, None));
        assert_eq!(merged, begun());
    }
}
