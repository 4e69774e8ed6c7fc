//! Cooldowns: for a moment after a failure the next calls fail at once, so that a screen full of requests does not
//! become a storm.

use std::time::Duration;

use super::error::Error;
use super::retry::{asked_to_wait, part_of};
use crate::model::audience::Audience;
use crate::model::time::Instant;
use crate::protocol::transport_error::TransportErrorKind;

/// The longest cooldown if the issuer has not asked for more.
const LONGEST: Duration = Duration::from_secs(30);
/// The longest wait that an answer can ask for. The answer may come from a proxy, and a user who has to wait for a day
/// is as good as signed out.
const LONGEST_ASKED_FOR: Duration = Duration::from_secs(300);
/// The longest cooldown without a network: the network may be back at any moment.
const LONGEST_OFFLINE: Duration = Duration::from_secs(2);
/// How many kinds of renewals can have a cooldown; the oldest failures are forgotten first.
const MOST_KINDS: usize = 64;

/// The purpose of a renewal. The failure of one kind says nothing about the others, with one exception: the network or
/// the issuer cannot be reached for the session's own token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RenewalKind {
    /// The session's own access token.
    Own,
    /// The same, with scopes or parameters that the caller chose.
    WithOptions,
    /// The access token for a further audience.
    Further(Audience),
    /// An ID token that is valid for long enough.
    IdToken,
}

impl RenewalKind {
    /// The further audience, if it is for one.
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

/// Attempts that are repeated without the user, apart from renewals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Attempt {
    /// To revoke a refresh token that waits for it.
    Revocation,
    /// To ask the issuer whose session is being imported.
    Import,
    /// To send the waiting changes of the metadata.
    Update,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Kind {
    kind: RenewalKind,
    failure: Cooldown,
    /// The lifetime in seconds that is too short for a caller.
    short: (u64, Cooldown),
}

impl Cooldowns {
    /// Another session begins, or the user took part: all cooldowns end.
    pub(super) fn end_all(&mut self) {
        *self = Self::default();
    }

    /// Another session took this one's place without a sign-in here. What the issuer refused of the earlier one says
    /// nothing about it, but whether the issuer can be reached does.
    pub(super) fn end_of_session(&mut self) {
        self.renewals.retain(|known| known.failure.is_of_the_issuer_itself());
    }

    /// Such a renewal succeeded.
    pub(super) fn end(&mut self, kind: &RenewalKind) {
        if let Some(known) = self.renewals.iter_mut().find(|known| known.kind == *kind) {
            known.failure.end();
        }
    }

    /// Such a renewal finally failed with `error`.
    pub(super) fn begin(&mut self, kind: &RenewalKind, error: &Error, now: Instant, chance: u64) {
        if would_be_answered_alike(error) {
            self.of(kind).failure.begin(error, now, chance);
        }
    }

    /// Such a renewal brought a token with this lifetime in seconds, which is too short for a caller.
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

    /// The seconds that are left of that kind's cooldown, rounded up.
    pub(super) fn seconds_left(&self, kind: &RenewalKind, now: Instant) -> Option<u64> {
        let known = self.renewals.iter().find(|known| known.kind == *kind);
        known.and_then(|known| known.failure.seconds_left(now))
    }

    /// The error for a call that comes too early, with the seconds that are left to wait.
    pub(super) fn refusal(&self, kind: &RenewalKind, now: Instant) -> Option<Error> {
        let concerned = |known: &&Kind| {
            known.kind == *kind || (known.kind == RenewalKind::Own && known.failure.is_of_the_issuer_itself())
        };
        let mut known = self.renewals.iter().filter(concerned);
        known.find_map(|known| known.failure.refusal(now))
    }

    /// Such an attempt failed. Without a network there is no cooldown (except for an import): the attempt is made as
    /// soon as another request shows that there is a network.
    pub(super) fn begin_attempt(&mut self, attempt: Attempt, error: &Error, now: Instant, chance: u64) {
        let waits_for_network = attempt != Attempt::Import && is_unreachable(error);
        if would_be_answered_alike(error) && !waits_for_network {
            self.of_attempt(attempt).begin(error, now, chance);
        }
    }

    /// Such an attempt succeeded, or never will.
    pub(super) fn end_attempt(&mut self, attempt: Attempt) {
        self.of_attempt(attempt).end();
    }

    /// The error for an attempt that comes too early.
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

/// One cooldown; it is longer after each failure in a row. It ends by whichever clock says so first: a device sleeps,
/// and its wall clock is set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Cooldown {
    failures: u32,
    /// When it began, how long it lasts, and the failure.
    current: Option<(Instant, Duration, Error)>,
}

impl Cooldown {
    /// An attempt succeeded.
    fn end(&mut self) {
        *self = Self::default();
    }

    /// An attempt failed. `chance` is a random number.
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

    /// The error for a call that comes too early, with the seconds that are left to wait.
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

    fn is_of_the_issuer_itself(&self) -> bool {
        self.current
            .as_ref()
            .is_some_and(|(_, _, error)| is_of_the_issuer_itself(error))
    }
}

/// Whether there was no answer, or one that does not depend on what was asked for.
pub(super) fn is_of_the_issuer_itself(error: &Error) -> bool {
    matches!(
        error,
        Error::Transport { .. } | Error::RateLimited { .. } | Error::ServerFault { .. }
    )
}

fn is_unreachable(error: &Error) -> bool {
    matches!(error, Error::Transport { error, .. } if error.kind == TransportErrorKind::Unreachable)
}

/// Whether the issuer, or a server in front of it, would answer the same again. Errors of the device or the app itself
/// cost no request.
pub(crate) fn would_be_answered_alike(error: &Error) -> bool {
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
