//! After a failure: for a moment the next calls fail at once, so that a screen full of requests does not become a storm.

use std::time::Duration;

use crate::machine::error::Error;
use crate::machine::retry::{asked_to_wait, part_of};
use crate::model::audience::Audience;
use crate::model::time::Instant;
use crate::protocol::transport_error::TransportErrorKind;

/// The longest time that later calls fail at once, without the issuer having asked for more.
const LONGEST: Duration = Duration::from_secs(30);
/// The longest that an answer can ask for: who answers may be a proxy, and a user who waits for a day was signed out in
/// all but name.
const LONGEST_ASKED_FOR: Duration = Duration::from_secs(300);
/// The same without a network: it may be back any moment.
const LONGEST_OFFLINE: Duration = Duration::from_secs(2);
/// So many kinds of renewals can have failed a moment ago; the oldest failures are forgotten first.
const MOST_KINDS: usize = 64;

/// What a renewal is for. The failure of one kind says nothing about the others, but for a network or an issuer that
/// cannot be reached for the session's own token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RenewalKind {
    /// The session's own access token.
    Own,
    /// The same, with scopes or parameters of the caller's.
    WithOptions,
    /// A further audience's token.
    Further(Audience),
    /// An ID token that is good for long enough.
    IdToken,
}

/// The cooldowns of one session.
#[derive(Clone, Debug, Default)]
pub struct Cooldowns(Vec<Kind>);

#[derive(Clone, Debug)]
struct Kind {
    kind: RenewalKind,
    failure: Cooldown,
    /// Tokens that live so many seconds are too short-lived for a caller.
    short: (u64, Cooldown),
}

impl Cooldowns {
    /// Another session begins, or the user took part.
    pub fn end_all(&mut self) {
        self.0.clear();
    }

    /// Such a renewal succeeded.
    pub fn end(&mut self, kind: &RenewalKind) {
        if let Some(known) = self.0.iter_mut().find(|known| known.kind == *kind) {
            known.failure.end();
        }
    }

    /// Such a renewal was given up with `error`.
    pub fn begin(&mut self, kind: &RenewalKind, error: &Error, now: Instant, chance: u64) {
        if changes_nothing(error) {
            self.of(kind).failure.begin(error, now, chance);
        }
    }

    /// Such a renewal brought a token that lives `lifetime` seconds, which is less than somebody wants.
    pub fn begin_short(&mut self, kind: &RenewalKind, lifetime: u64, now: Instant, chance: u64) {
        let (known, cooldown) = &mut self.of(kind).short;
        if *known != lifetime {
            (*known, *cooldown) = (lifetime, Cooldown::default());
        }
        if cooldown.seconds_left(now).is_none() {
            cooldown.begin(&Error::NoSession, now, chance);
        }
    }

    /// Whether that was a moment ago: another renewal would bring the same.
    pub fn is_short(&self, kind: &RenewalKind, lifetime: u64, now: Instant) -> bool {
        let known = self.0.iter().find(|known| known.kind == *kind);
        known.is_some_and(|known| known.short.0 == lifetime && known.short.1.seconds_left(now).is_some())
    }

    /// How many seconds are left of that kind's cooldown, the last one whole.
    pub fn seconds_left(&self, kind: &RenewalKind, now: Instant) -> Option<u64> {
        let known = self.0.iter().find(|known| known.kind == *kind);
        known.and_then(|known| known.failure.seconds_left(now))
    }

    /// The error that a call gets which comes too early, with the seconds that are left to wait.
    pub fn refusal(&self, kind: &RenewalKind, now: Instant) -> Option<Error> {
        let concerned = |known: &&Kind| {
            known.kind == *kind || (known.kind == RenewalKind::Own && known.failure.is_of_the_issuer_itself())
        };
        let mut known = self.0.iter().filter(concerned);
        known.find_map(|known| known.failure.refusal(now))
    }

    fn of(&mut self, kind: &RenewalKind) -> &mut Kind {
        let place = self.0.iter().position(|known| known.kind == *kind);
        let place = place.unwrap_or_else(|| {
            if self.0.len() >= MOST_KINDS {
                self.0.remove(0);
            }
            self.0.push(Kind {
                kind: kind.clone(),
                failure: Cooldown::default(),
                short: (0, Cooldown::default()),
            });
            self.0.len() - 1
        });
        &mut self.0[place]
    }
}

/// One cooldown, longer after each failure in a row. It ends by the clock that says so first: a device sleeps, and its
/// wall clock is set.
#[derive(Clone, Debug, Default)]
struct Cooldown {
    failures: u32,
    /// Since when, for how long, and after what.
    current: Option<(Instant, Duration, Error)>,
}

impl Cooldown {
    /// Something succeeded.
    fn end(&mut self) {
        *self = Self::default();
    }

    fn begin(&mut self, error: &Error, now: Instant, chance: u64) {
        self.failures = (self.failures + 1).min(16);
        let longest = match error {
            Error::Transport { error, .. } if error.kind == TransportErrorKind::Unreachable => LONGEST_OFFLINE,
            _ => LONGEST,
        };
        let ceiling = longest.min(Duration::from_secs(1 << self.failures.min(10)));
        let asked = asked_to_wait(error).map(|asked| asked.min(LONGEST_ASKED_FOR));
        let length = asked.unwrap_or_else(|| ceiling / 2 + part_of(ceiling / 2, chance));
        self.current = Some((now, length, error.clone()));
    }

    fn seconds_left(&self, now: Instant) -> Option<u64> {
        let (began, length, _) = self.current.as_ref()?;
        let left = length.checked_sub(now.since(*began)).filter(|left| !left.is_zero())?;
        Some(left.as_secs() + u64::from(left.subsec_nanos() > 0))
    }

    fn refusal(&self, now: Instant) -> Option<Error> {
        let seconds = self.seconds_left(now)?;
        let (_, _, error) = self.current.as_ref()?;
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

    /// No answer, or one that has nothing to do with what was asked for.
    fn is_of_the_issuer_itself(&self) -> bool {
        matches!(
            self.current,
            Some((
                _,
                _,
                Error::Transport { .. } | Error::RateLimited { .. } | Error::ServerFault { .. }
            ))
        )
    }
}

/// Whether the issuer, or whoever stands before it, would say the same again. What the device or the app itself says
/// costs no request.
fn changes_nothing(error: &Error) -> bool {
    matches!(
        error,
        Error::Transport { .. }
            | Error::RateLimited { .. }
            | Error::ServerFault { .. }
            | Error::UnexpectedAnswer { .. }
            | Error::ServerConfiguration { .. }
            | Error::InteractionRequired { .. }
            | Error::AccessDenied { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::Timestamp;
    use crate::protocol::endpoint::Endpoint;
    use crate::protocol::transport_error::TransportError;

    const NOW: Instant = Instant {
        wall: Timestamp(1_700_000_000),
        monotonic: Duration::from_secs(1_000_000),
    };

    /// By the monotonic clock alone: the other has been set back meanwhile.
    fn after(passed: Duration) -> Instant {
        Instant {
            wall: NOW.wall.plus(-1),
            monotonic: NOW.monotonic + passed,
        }
    }

    fn fault(retry_after: Option<u64>) -> Error {
        Error::ServerFault {
            endpoint: Endpoint::Token,
            status: 503,
            retry_after,
        }
    }

    fn unreachable() -> Error {
        Error::Transport {
            endpoint: Endpoint::Token,
            error: TransportError {
                kind: TransportErrorKind::Unreachable,
                may_have_been_processed: false,
            },
        }
    }

    fn unexpected() -> Error {
        Error::UnexpectedAnswer {
            endpoint: Endpoint::Token,
            status: 400,
            problem: "made up".to_owned(),
        }
    }

    fn further(identifier: &str) -> RenewalKind {
        RenewalKind::Further(Audience {
            identifier: identifier.to_owned(),
            scopes: Vec::new(),
        })
    }

    #[test]
    fn the_cooldown_after_a_failure_is_at_least_half_of_what_it_may_be_and_ends() {
        for (error, longest) in [
            (fault(None), LONGEST),
            (fault(Some(0)), LONGEST),
            (unreachable(), LONGEST_OFFLINE),
        ] {
            let mut cooldown = Cooldowns::default();
            for failure in 1..=40_u32 {
                let ceiling = longest.min(Duration::from_secs(2_u64.saturating_pow(failure)));
                cooldown.begin(&RenewalKind::Own, &error, NOW, u64::from(failure) * 7_777_777_777);
                let early = after(ceiling / 2 - Duration::from_nanos(1));
                assert!(cooldown.refusal(&RenewalKind::Own, early).is_some(), "{failure}");
                assert!(
                    cooldown.refusal(&RenewalKind::Own, after(ceiling)).is_none(),
                    "{failure}"
                );
            }
            cooldown.end(&RenewalKind::Own);
            assert_eq!(cooldown.refusal(&RenewalKind::Own, NOW), None);
        }
        let mut cooldown = Cooldowns::default();
        for error in [Error::Busy, Error::NoSession, Error::ReadOnly] {
            cooldown.begin(&RenewalKind::Own, &error, NOW, 1);
            assert_eq!(
                cooldown.refusal(&RenewalKind::Own, NOW),
                None,
                "not the issuer's trouble"
            );
        }
    }

    #[test]
    fn what_is_left_to_wait_is_told_in_whole_seconds() {
        let mut cooldown = Cooldowns::default();
        cooldown.begin(&RenewalKind::Own, &fault(Some(60)), NOW, 0);
        let refusal = |milliseconds| cooldown.refusal(&RenewalKind::Own, after(Duration::from_millis(milliseconds)));
        assert_eq!(refusal(100), Some(fault(Some(60))));
        assert_eq!(refusal(59_001), Some(fault(Some(1))));
        assert_eq!(refusal(60_000), None);
    }

    #[test]
    fn it_ends_also_while_one_of_the_clocks_stands_still() {
        let mut cooldown = Cooldowns::default();
        cooldown.begin(&RenewalKind::Own, &fault(Some(60)), NOW, 0);
        let asleep = |seconds| Instant {
            wall: NOW.wall.plus(seconds),
            ..NOW
        };
        assert_eq!(cooldown.seconds_left(&RenewalKind::Own, asleep(59)), Some(1));
        assert_eq!(cooldown.seconds_left(&RenewalKind::Own, asleep(60)), None);
    }

    #[test]
    fn a_failure_of_one_kind_is_not_the_others() {
        for error in [fault(Some(60)), unexpected()] {
            let mut cooldown = Cooldowns::default();
            cooldown.begin(&further("a"), &error, NOW, 0);
            assert!(cooldown.refusal(&further("a"), NOW).is_some());
            for other in [RenewalKind::Own, RenewalKind::WithOptions, further("b")] {
                assert_eq!(cooldown.refusal(&other, NOW), None, "{other:?}");
            }
        }
    }

    #[test]
    fn an_issuer_that_cannot_be_reached_for_the_session_is_asked_for_nothing_else() {
        let mut cooldown = Cooldowns::default();
        cooldown.begin(&RenewalKind::Own, &fault(Some(60)), NOW, 0);
        assert!(cooldown.refusal(&further("a"), NOW).is_some());
        cooldown.begin(&RenewalKind::Own, &unexpected(), NOW, 0);
        assert_eq!(cooldown.refusal(&further("a"), NOW), None);
    }

    #[test]
    fn not_more_kinds_are_known_than_can_be_kept() {
        let mut cooldown = Cooldowns::default();
        for number in 0..=MOST_KINDS {
            cooldown.begin(&further(&number.to_string()), &unexpected(), NOW, 0);
        }
        assert_eq!(cooldown.refusal(&further("0"), NOW), None);
        assert!(cooldown.refusal(&further("1"), NOW).is_some());
        assert_eq!(cooldown.0.len(), MOST_KINDS);
    }

    #[test]
    fn a_token_that_is_too_short_lived_is_not_asked_for_again_at_once() {
        let mut cooldown = Cooldowns::default();
        cooldown.begin_short(&RenewalKind::Own, 20, NOW, 0);
        assert!(cooldown.is_short(&RenewalKind::Own, 20, NOW));
        assert!(!cooldown.is_short(&RenewalKind::Own, 3600, NOW), "another lifetime");
        assert!(!cooldown.is_short(&RenewalKind::Own, 20, after(LONGEST)));
        assert_eq!(cooldown.refusal(&RenewalKind::Own, NOW), None, "others may renew");
    }
}
