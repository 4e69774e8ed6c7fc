//! When to try again, and when to leave it: pure rules, the caller brings clock and chance.
//!
//! Three kinds of failure are told apart. A *lost answer* (the request may have been acted upon) is asked for again at
//! once with the same refresh token, because issuers that rotate accept the old one only for moments (Auth0: "Refresh
//! Token Rotation", overlap period). *Passing trouble* is waited out with exponential backoff and full jitter, so that a
//! fleet of phones does not come back in step. Everything else is somebody's decision and is not repeated.

use std::time::Duration;

use crate::machine::error::Error;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::transport_error::TransportErrorKind;

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
const LONGEST_COOLDOWN: Duration = Duration::from_secs(30);
/// The longest rest that an answer can ask for: who answers may be a proxy, and a user who waits for a day was signed out
/// in all but name.
const LONGEST_COOLDOWN_ASKED_FOR: Duration = Duration::from_secs(300);
/// The same without a network: it may be back any moment.
const LONGEST_COOLDOWN_OFFLINE: Duration = Duration::from_secs(2);

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
pub struct RetryPolicy {
    began: Duration,
    attempts: u32,
    lost: u32,
}

impl RetryPolicy {
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
pub struct Cooldown {
    failures: u32,
    until: Option<(Duration, Error)>,
}

impl Cooldown {
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
            Error::Transport { error, .. } if error.kind == TransportErrorKind::Unreachable => LONGEST_COOLDOWN_OFFLINE,
            _ => LONGEST_COOLDOWN,
        };
        let ceiling = longest.min(Duration::from_secs(1 << self.failures.min(10)));
        let asked = asked_to_wait(error).map(|asked| asked.min(LONGEST_COOLDOWN_ASKED_FOR));
        let rest = asked.unwrap_or_else(|| ceiling / 2 + part_of(ceiling / 2, chance));
        self.until = Some((now + rest, error.clone()));
    }

    /// How many seconds are left of it, the last one whole.
    pub fn seconds_left(&self, now: Duration) -> Option<u64> {
        let (until, _) = self.until.as_ref()?;
        let left = until.checked_sub(now).filter(|left| !left.is_zero())?;
        Some(left.as_secs() + u64::from(left.subsec_nanos() > 0))
    }

    /// The error that a call gets which comes too early, with the seconds that are left to wait.
    pub fn refusal(&self, now: Duration) -> Option<Error> {
        let seconds = self.seconds_left(now)?;
        let (_, error) = self.until.as_ref()?;
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
        // Only a token request changes anything: what merely reads can be sent again whatever became of it.
        Error::Transport { endpoint, error } => {
            (!error.may_have_been_processed || *endpoint != Endpoint::Token)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::transport_error::TransportError;

    const NOW: Duration = Duration::from_secs(1_000_000);

    fn fault(retry_after: Option<u64>) -> Error {
        Error::ServerFault {
            endpoint: Endpoint::Token,
            status: 503,
            retry_after,
        }
    }

    fn transport(kind: TransportErrorKind, may_have_been_processed: bool) -> Error {
        Error::Transport {
            endpoint: Endpoint::Token,
            error: TransportError {
                kind,
                may_have_been_processed,
            },
        }
    }

    #[test]
    fn pauses_grow_and_use_the_whole_range() {
        let mut shortest = RetryPolicy::from(NOW);
        let mut longest = RetryPolicy::from(NOW);
        for ceiling in [500, 1000] {
            let ceiling = Duration::from_millis(ceiling);
            assert_eq!(shortest.pause_after(&fault(None), NOW, 0), Some(Duration::ZERO));
            let whole = u64::try_from(ceiling.as_nanos()).unwrap();
            assert_eq!(longest.pause_after(&fault(None), NOW, whole), Some(ceiling));
        }
        assert_eq!(shortest.pause_after(&fault(None), NOW, 0), None);
        for chance in [u64::MAX, 1, 12_345_678_901] {
            let pause = RetryPolicy::from(NOW).pause_after(&fault(None), NOW, chance).unwrap();
            assert!(pause <= FIRST_PAUSE, "{pause:?}");
        }
    }

    #[test]
    fn no_attempt_begins_after_the_deadline() {
        let late = NOW + DEADLINE + Duration::from_nanos(1);
        assert_eq!(RetryPolicy::from(NOW).pause_after(&fault(None), late, 0), None);
        assert_eq!(
            RetryPolicy::from(NOW).pause_after(&fault(Some(20)), NOW, 0),
            Some(DEADLINE)
        );
        assert_eq!(RetryPolicy::from(NOW).pause_after(&fault(Some(21)), NOW, 0), None);
    }

    #[test]
    fn a_lost_answer_is_asked_for_twice_and_not_for_long() {
        let lost = transport(TransportErrorKind::Interrupted, true);
        let mut retry_policy = RetryPolicy::from(NOW);
        assert!(
            retry_policy.asks_again(&lost, NOW)
                && retry_policy.asks_again(&lost, NOW)
                && !retry_policy.asks_again(&lost, NOW)
        );
        assert_eq!(retry_policy.pause_after(&lost, NOW, 0), None);
        assert!(!RetryPolicy::from(NOW).asks_again(&lost, NOW + LOST_ANSWERS_DEADLINE));
        let refused = transport(TransportErrorKind::Unreachable, false);
        assert!(!RetryPolicy::from(NOW).asks_again(&refused, NOW));
    }

    #[test]
    fn a_lost_answer_of_a_request_that_only_reads_is_passing_trouble() {
        let lost = |kind| Error::Transport {
            endpoint: Endpoint::Discovery,
            error: TransportError {
                kind,
                may_have_been_processed: true,
            },
        };
        for (kind, again) in [
            (TransportErrorKind::Interrupted, true),
            (TransportErrorKind::Timeout, true),
            (TransportErrorKind::Tls, false),
            (TransportErrorKind::NotHttp, false),
        ] {
            let pause = RetryPolicy::from(NOW).pause_after(&lost(kind), NOW, 0);
            assert_eq!(pause.is_some(), again, "{kind:?}");
        }
    }

    #[test]
    fn the_rest_after_a_failure_is_at_least_half_of_what_it_may_be_and_ends() {
        for (error, longest) in [
            (fault(None), LONGEST_COOLDOWN),
            (
                transport(TransportErrorKind::Unreachable, false),
                LONGEST_COOLDOWN_OFFLINE,
            ),
        ] {
            let mut rest = Cooldown::default();
            for failure in 1..=40_u32 {
                let ceiling = longest.min(Duration::from_secs(2_u64.saturating_pow(failure)));
                rest.begin(&error, NOW, u64::from(failure) * 7_777_777_777);
                assert!(
                    rest.refusal(NOW + ceiling / 2 - Duration::from_nanos(1)).is_some(),
                    "{failure}"
                );
                assert!(rest.refusal(NOW + ceiling).is_none(), "{failure}");
            }
            rest.end();
            assert_eq!(rest.refusal(NOW), None);
        }
        let mut rest = Cooldown::default();
        rest.begin(&Error::Busy, NOW, 1);
        rest.begin(&Error::NoSession, NOW, 1);
        assert_eq!(rest.refusal(NOW), None, "not the issuer's trouble");
    }

    #[test]
    fn what_is_left_to_wait_is_told_in_whole_seconds() {
        let mut rest = Cooldown::default();
        rest.begin(&fault(Some(60)), NOW, 0);
        assert_eq!(rest.refusal(NOW + Duration::from_millis(100)), Some(fault(Some(60))));
        assert_eq!(rest.refusal(NOW + Duration::from_millis(59_001)), Some(fault(Some(1))));
        assert_eq!(rest.refusal(NOW + Duration::from_secs(60)), None);
    }
}
