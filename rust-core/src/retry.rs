//! When to try again, and when to leave it: pure rules, the caller brings clock and chance.
//!
//! Three kinds of failure are told apart. A *lost answer* (the request may have been acted upon) is asked for again at
//! once with the same refresh token, because issuers that rotate accept the old one only for moments (Auth0: "Refresh
//! Token Rotation", overlap period). *Passing trouble* is waited out with exponential backoff and full jitter, so that a
//! fleet of phones does not come back in step. Everything else is somebody's decision and is not repeated.

use std::time::Duration;

use crate::error::{Error, TransportErrorKind};

/// Attempts of one call that met passing trouble, the first included.
const ATTEMPTS: u32 = 3;
/// No attempt is begun later than this after the first.
const DEADLINE: Duration = Duration::from_secs(20);
/// The longest pause before the second attempt; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// How often a lost answer is asked for again.
const LOST_ANSWERS: u32 = 2;
/// A lost answer is not asked for any more this long after the first request: by then no overlap period helps.
const LOST_ANSWERS_DEADLINE: Duration = Duration::from_secs(45);
/// The longest time that later calls fail at once, without the issuer having asked for more.
const LONGEST_REST: Duration = Duration::from_secs(30);
/// The same without a network: it may be back any moment.
const LONGEST_REST_OFFLINE: Duration = Duration::from_secs(2);

/// Whether the issuer may have acted on the request though no answer came.
pub fn is_lost_answer(error: &Error) -> bool {
    matches!(error, Error::Transport { error, .. } if error.may_have_been_processed)
}

/// Whether the same call may well succeed later, with nothing changed by anybody here.
pub fn is_passing(error: &Error) -> bool {
    matches!(
        error,
        Error::Transport { .. }
            | Error::RateLimited { .. }
            | Error::ServerFault { .. }
            | Error::UnexpectedAnswer { .. }
            | Error::Busy
    )
}

/// How long one call goes on trying.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    began: Duration,
    attempts: u32,
    lost: u32,
}

impl Patience {
    /// A call that begins `now`, by the monotonic clock.
    pub fn from(now: Duration) -> Self {
        Self {
            began: now,
            attempts: 1,
            lost: 0,
        }
    }

    /// Whether an answer that was lost is asked for again, at once.
    pub fn asks_again(&mut self, error: &Error, now: Duration) -> bool {
        self.lost += 1;
        is_lost_answer(error) && self.lost <= LOST_ANSWERS && now.saturating_sub(self.began) < LOST_ANSWERS_DEADLINE
    }

    /// The pause before the next attempt; `None` when this was the last. `chance` is any number.
    pub fn pause_after(&mut self, error: &Error, now: Duration, chance: u64) -> Option<Duration> {
        if !is_worth_another(error) || self.attempts >= ATTEMPTS {
            return None;
        }
        let ceiling = FIRST_PAUSE * 2_u32.pow(self.attempts - 1);
        let pause = asked_to_wait(error).unwrap_or_else(|| part_of(ceiling, chance));
        self.attempts += 1;
        (now.saturating_sub(self.began) + pause <= DEADLINE).then_some(pause)
    }
}

/// After a failure: for a moment the next calls fail at once with the same error, so that a screen full of requests
/// does not become a storm.
#[derive(Clone, Debug, Default)]
pub struct Rest {
    failures: u32,
    until: Option<(Duration, Error)>,
}

impl Rest {
    /// Something succeeded.
    pub fn end(&mut self) {
        *self = Self::default();
    }

    /// A call gave up with `error`.
    pub fn begin(&mut self, error: &Error, now: Duration, chance: u64) {
        if !is_passing(error) || *error == Error::Busy {
            return;
        }
        self.failures = (self.failures + 1).min(16);
        let longest = match error {
            Error::Transport { error, .. } if error.kind == TransportErrorKind::Unreachable => LONGEST_REST_OFFLINE,
            _ => LONGEST_REST,
        };
        let ceiling = longest.min(Duration::from_secs(1 << self.failures.min(10)));
        let rest = asked_to_wait(error).unwrap_or_else(|| ceiling / 2 + part_of(ceiling / 2, chance));
        self.until = Some((now + rest, error.clone()));
    }

    /// The error that a call gets which comes too early, with the seconds that are left to wait.
    pub fn refusal(&self, now: Duration) -> Option<Error> {
        let (until, error) = self.until.as_ref()?;
        let left = until.checked_sub(now).filter(|left| !left.is_zero())?;
        let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        Some(match error.clone() {
            Error::RateLimited { endpoint, .. } => Error::RateLimited {
                endpoint,
                retry_after: Some(seconds),
            },
            Error::ServerFault { endpoint, status, .. } => Error::ServerFault {
                endpoint,
                status,
                retry_after: Some(seconds),
            },
            other => other,
        })
    }
}

/// A page where an answer should be will be there again in a second, and so will a certificate that is not trusted. A
/// lost answer has been asked for as often as makes sense.
fn is_worth_another(error: &Error) -> bool {
    match error {
        Error::Transport { error, .. } => {
            !error.may_have_been_processed
                && matches!(
                    error.kind,
                    TransportErrorKind::Unreachable | TransportErrorKind::Timeout | TransportErrorKind::Interrupted
                )
        }
        Error::RateLimited { .. } | Error::ServerFault { .. } => true,
        _ => false,
    }
}

fn asked_to_wait(error: &Error) -> Option<Duration> {
    match error {
        Error::RateLimited { retry_after, .. } | Error::ServerFault { retry_after, .. } => {
            retry_after.map(Duration::from_secs)
        }
        _ => None,
    }
}

/// Between nothing and all of `whole`, evenly.
fn part_of(whole: Duration, chance: u64) -> Duration {
    let nanoseconds = u64::try_from(whole.as_nanos()).unwrap_or(u64::MAX);
    Duration::from_nanos(chance.checked_rem(nanoseconds.saturating_add(1)).unwrap_or(chance))
}
