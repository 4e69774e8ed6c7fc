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
mod tests;
