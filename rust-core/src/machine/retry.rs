//! When to retry: pure rules. The caller supplies the clock and the randomness.
//!
//! Three kinds of failure are distinguished. After a *lost answer* (the issuer may have processed the request) the same
//! request is sent again at once, because issuers that rotate refresh tokens accept the old one only for moments
//! (Auth0: "Refresh Token Rotation", overlap period). A *transient failure* is retried with exponential backoff and
//! full jitter, so that many phones do not retry at the same moment. Any other failure is a decision of the issuer, and
//! the request is not repeated.

use std::time::Duration;

use super::error::Error;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::transport_error::TransportErrorKind;
use crate::storage::StoreError;

/// The number of attempts of one call after transient failures, including the first.
const ATTEMPTS: u32 = 3;
/// No attempt begins later than this after the first.
const DEADLINE: Duration = Duration::from_secs(20);
/// The longest pause before the second attempt; it doubles with each further attempt.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// How often a request is sent again after its answer was lost.
const LOST_ANSWERS: u32 = 2;
/// After this time since the first request whose answer was lost, none is sent again: by then no overlap period helps.
const LOST_ANSWERS_DEADLINE: Duration = Duration::from_secs(45);

/// Whether the issuer may have acted on the request although no answer came.
fn is_lost_answer(error: &Error) -> bool {
    matches!(error, Error::Transport { error, .. } if error.may_have_been_processed)
}

/// Whether the same call may succeed later although nothing is changed here.
pub fn is_passing(error: &Error) -> bool {
    matches!(
        error,
        Error::Transport { .. }
            | Error::RateLimited { .. }
            | Error::ServerFault { .. }
            | Error::UnexpectedAnswer { .. }
            | Error::Refused { .. }
            | Error::Busy
            | Error::NoBackgroundTime
    )
}

/// Whether there is no new token for the moment only, so that an expired one may be given to a caller for whom that will
/// do: also where the device is locked or its disk is full, or this process may not renew. A user who did not
/// authenticate gets none.
pub fn is_for_the_moment(error: &Error) -> bool {
    let is_of_the_device = matches!(
        error,
        Error::Store(StoreError::Locked | StoreError::Failed { .. }) | Error::ReadOnly
    );
    is_of_the_device || is_passing(error)
}

/// How long one call keeps trying.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RetryPolicy {
    began: Duration,
    attempts: u32,
    lost: u32,
    /// When the first request whose answer was lost was sent.
    first_lost: Option<Duration>,
}

impl RetryPolicy {
    /// The policy of a call that begins `now`, by the monotonic clock.
    pub fn from(now: Duration) -> Self {
        Self {
            began: now,
            attempts: 1,
            lost: 0,
            first_lost: None,
        }
    }

    /// Counts a lost answer. Returns whether the request is sent again at once because of it. `sent` is when the request
    /// was sent. Attempts that did not reach the issuer do not count: no answer was lost.
    pub fn count_lost_answer(&mut self, error: &Error, sent: Duration, now: Duration) -> bool {
        if !is_lost_answer(error) {
            return false;
        }
        self.lost += 1;
        let first = *self.first_lost.get_or_insert(sent);
        self.lost <= LOST_ANSWERS && now.saturating_sub(first) < LOST_ANSWERS_DEADLINE
    }

    /// The pause before the next attempt; `None` if this was the last. `chance` is a random number.
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

/// Whether another attempt makes sense. A web page in place of an answer will still be there in a second, and so will
/// an untrusted certificate. A request whose answer was lost has been repeated as often as makes sense.
fn is_worth_another(error: &Error) -> bool {
    match error {
        // Only a token request changes anything. A request that only reads can be sent again, whatever happened to the
        // first.
        Error::Transport { server, error } => {
            (!error.may_have_been_processed || server.endpoint() != Endpoint::TOKEN)
                && matches!(
                    error.kind,
                    TransportErrorKind::Unreachable | TransportErrorKind::Timeout | TransportErrorKind::Interrupted
                )
        }
        Error::RateLimited { .. } | Error::ServerFault { .. } => true,
        _ => false,
    }
}

/// How long the answer asks to wait. A wait of zero is ignored: every other client got the same answer.
pub(super) fn asked_to_wait(error: &Error) -> Option<Duration> {
    let asked = match error {
        Error::RateLimited { retry_after, .. } | Error::ServerFault { retry_after, .. } => {
            retry_after.map(Duration::from_secs)
        }
        _ => None,
    };
    asked.filter(|asked| !asked.is_zero())
}

/// Evenly distributed between zero and `whole`.
pub(super) fn part_of(whole: Duration, chance: u64) -> Duration {
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
            server: Endpoint::TOKEN.into(),
            status: 503,
            retry_after,
        }
    }

    fn transport(kind: TransportErrorKind, may_have_been_processed: bool) -> Error {
        Error::Transport {
            server: Endpoint::TOKEN.into(),
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
            let mut beyond = shortest;
            beyond.attempts -= 1;
            assert_eq!(beyond.pause_after(&fault(None), NOW, whole + 1), Some(Duration::ZERO));
        }
        assert_eq!(shortest.pause_after(&fault(None), NOW, 0), None);
        for chance in [u64::MAX, 1, 12_345_678_901] {
            let pause = RetryPolicy::from(NOW).pause_after(&fault(None), NOW, chance).unwrap();
            assert!(pause <= FIRST_PAUSE, "{pause:?}");
        }
    }

    #[test]
    fn a_server_that_asks_to_wait_not_at_all_gets_the_own_pause() {
        let pause = RetryPolicy::from(NOW).pause_after(&fault(Some(0)), NOW, 400_000_000);
        assert_eq!(pause, Some(Duration::from_millis(400)));
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
            retry_policy.count_lost_answer(&lost, NOW, NOW)
                && retry_policy.count_lost_answer(&lost, NOW, NOW)
                && !retry_policy.count_lost_answer(&lost, NOW, NOW)
        );
        assert_eq!(retry_policy.pause_after(&lost, NOW, 0), None);
        assert!(!RetryPolicy::from(NOW).count_lost_answer(&lost, NOW, NOW + LOST_ANSWERS_DEADLINE));
        let refused = transport(TransportErrorKind::Unreachable, false);
        assert!(!RetryPolicy::from(NOW).count_lost_answer(&refused, NOW, NOW));
        // Requests that did not reach the issuer count neither as repetitions nor for the deadline.
        let mut retry_policy = RetryPolicy::from(NOW);
        for _ in 0..5 {
            assert!(!retry_policy.count_lost_answer(&refused, NOW, NOW));
        }
        let late = NOW + LOST_ANSWERS_DEADLINE;
        assert!(retry_policy.count_lost_answer(&lost, late, late) && retry_policy.count_lost_answer(&lost, late, late));
    }

    #[test]
    fn a_lost_answer_of_a_request_that_only_reads_is_passing_trouble() {
        let lost = |kind| Error::Transport {
            server: Endpoint::DISCOVERY.into(),
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
}
