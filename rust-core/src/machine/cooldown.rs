//! After a failure: for a moment the next calls fail at once, so that a screen full of requests does not become a storm.

use std::time::Duration;

use super::error::Error;
use super::retry::{asked_to_wait, part_of};
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
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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

impl RenewalKind {
    /// The further audience.
    pub fn audience(&self) -> Option<&Audience> {
        match self {
            Self::Further(audience) => Some(audience),
            _ => None,
        }
    }
}

/// The cooldowns of one session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Cooldowns {
    renewals: Vec<Kind>,
    revocations: Cooldown,
    imports: Cooldown,
    updates: Cooldown,
}

/// What is tried again without the user, beside renewals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Attempt {
    /// A refresh token that waits is revoked.
    Revocation,
    /// The issuer is asked whose session it is that is imported.
    Import,
    /// Changes of the metadata that wait are sent.
    Update,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Kind {
    kind: RenewalKind,
    failure: Cooldown,
    /// Tokens that live so many seconds are too short-lived for a caller.
    short: (u64, Cooldown),
}

impl Cooldowns {
    /// Another session begins, or the user took part.
    pub(super) fn end_all(&mut self) {
        *self = Self::default();
    }

    /// Such a renewal succeeded.
    pub(super) fn end(&mut self, kind: &RenewalKind) {
        if let Some(known) = self.renewals.iter_mut().find(|known| known.kind == *kind) {
            known.failure.end();
        }
    }

    /// Such a renewal was given up with `error`.
    pub(super) fn begin(&mut self, kind: &RenewalKind, error: &Error, now: Instant, chance: u64) {
        if changes_nothing(error) {
            self.of(kind).failure.begin(error, now, chance);
        }
    }

    /// Such a renewal brought a token that lives `lifetime` seconds, which is less than somebody wants.
    pub(super) fn begin_short(&mut self, kind: &RenewalKind, lifetime: u64, now: Instant, chance: u64) {
        let (known, cooldown) = &mut self.of(kind).short;
        if *known != lifetime {
            (*known, *cooldown) = (lifetime, Cooldown::default());
        }
        if cooldown.seconds_left(now).is_none() {
            cooldown.begin(&Error::NoSession, now, chance);
        }
    }

    /// Whether that was a moment ago: another renewal would bring the same.
    pub(super) fn is_short(&self, kind: &RenewalKind, lifetime: u64, now: Instant) -> bool {
        let known = self.renewals.iter().find(|known| known.kind == *kind);
        known.is_some_and(|known| known.short.0 == lifetime && known.short.1.seconds_left(now).is_some())
    }

    /// How many seconds are left of that kind's cooldown, the last one whole.
    pub(super) fn seconds_left(&self, kind: &RenewalKind, now: Instant) -> Option<u64> {
        let known = self.renewals.iter().find(|known| known.kind == *kind);
        known.and_then(|known| known.failure.seconds_left(now))
    }

    /// The error that a call gets which comes too early, with the seconds that are left to wait.
    pub(super) fn refusal(&self, kind: &RenewalKind, now: Instant) -> Option<Error> {
        let concerned = |known: &&Kind| {
            known.kind == *kind || (known.kind == RenewalKind::Own && known.failure.is_of_the_issuer_itself())
        };
        let mut known = self.renewals.iter().filter(concerned);
        known.find_map(|known| known.failure.refusal(now))
    }

    /// Such an attempt failed. Without a network, what waits goes as soon as something else shows that there is one.
    pub(super) fn begin_attempt(&mut self, attempt: Attempt, error: &Error, now: Instant, chance: u64) {
        let waits_for_network = attempt != Attempt::Import && is_unreachable(error);
        if changes_nothing(error) && !waits_for_network {
            self.of_attempt(attempt).begin(error, now, chance);
        }
    }

    /// Such an attempt succeeded, or will never.
    pub(super) fn end_attempt(&mut self, attempt: Attempt) {
        self.of_attempt(attempt).end();
    }

    /// The error that an attempt gets which comes too early.
    pub(super) fn attempt_refusal(&self, attempt: Attempt, now: Instant) -> Option<Error> {
        match attempt {
            Attempt::Revocation => self.revocations.refusal(now),
            Attempt::Import => self.imports.refusal(now),
            Attempt::Update => self.updates.refusal(now),
        }
    }

    fn of_attempt(&mut self, attempt: Attempt) -> &mut Cooldown {
        match attempt {
            Attempt::Revocation => &mut self.revocations,
            Attempt::Import => &mut self.imports,
            Attempt::Update => &mut self.updates,
        }
    }

    fn of(&mut self, kind: &RenewalKind) -> &mut Kind {
        let place = self.renewals.iter().position(|known| known.kind == *kind);
        let place = place.unwrap_or_else(|| {
            if self.renewals.len() >= MOST_KINDS {
                self.renewals.remove(0);
            }
            self.renewals.push(Kind {
                kind: kind.clone(),
                failure: Cooldown::default(),
                short: (0, Cooldown::default()),
            });
            self.renewals.len() - 1
        });
        &mut self.renewals[place]
    }
}

/// One cooldown, longer after each failure in a row. It ends by the clock that says so first: a device sleeps, and its
/// wall clock is set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Cooldown {
    failures: u32,
    /// Since when, for how long, and after what.
    current: Option<(Instant, Duration, Error)>,
}

impl Cooldown {
    /// Something succeeded.
    fn end(&mut self) {
        *self = Self::default();
    }

    /// Something failed. `chance` is any number.
    pub fn begin(&mut self, error: &Error, now: Instant, chance: u64) {
        self.failures = (self.failures + 1).min(16);
        let longest = match error {
            error if is_unreachable(error) => LONGEST_OFFLINE,
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

    /// The error that a call gets which comes too early, with the seconds that are left to wait.
    pub fn refusal(&self, now: Instant) -> Option<Error> {
        let seconds = self.seconds_left(now)?;
        let (_, _, error) = self.current.as_ref()?;
        Some(match error.clone() {
            Error::RateLimited { server, .. } => Error::RateLimited {
                server,
                retry_after: Some(seconds),
            },
            Error::ServerFault { server, status, .. } => Error::ServerFault {
                server,
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

fn is_unreachable(error: &Error) -> bool {
    matches!(error, Error::Transport { error, .. } if error.kind == TransportErrorKind::Unreachable)
}

/// Whether the issuer, or a server before it, would say the same again. What the device or the app itself says
/// costs no request.
fn changes_nothing(error: &Error) -> bool {
    matches!(
        error,
        Error::Transport { .. }
            | Error::RateLimited { .. }
            | Error::ServerFault { .. }
            | Error::UnexpectedAnswer { .. }
            | Error::Refused { .. }
            | Error::RenewalsRefused { .. }
            | Error::ServerConfiguration { .. }
            | Error::InteractionRequired { .. }
            | Error::MfaRequired { .. }
            | Error::AccessDenied { .. }
    )
}

#[cfg(test)]
mod tests;
