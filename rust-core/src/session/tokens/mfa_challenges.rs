//! The `mfa_token`s of refused renewals, exchanges and sign-ins, by number.
//!
//! **Promises.** They stay in memory only, for the ten minutes of their lifetime, and are of no use to another session
//! or sign-in. **Needs** nothing.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::exchanged::Holder;
use super::requirement::Renewal;
use crate::machine::Generation;
use crate::machine::error::Error;
use crate::machine::event::SignInWay;
use crate::model::secret::{Fingerprint, Secret};
use crate::protocol::device_authorization::PollPace;
use crate::protocol::mfa_token::MfaToken;

/// The lifetime of an `mfa_token` (Auth0: "Authenticate Using the Resource Owner Password Flow with MFA").
const LIFETIME: Duration = Duration::from_secs(600);
/// A challenge with at least this time left is reused for the same renewal: the user may be typing its code.
const LONG_ENOUGH: Duration = Duration::from_secs(300);
/// The maximum number of challenges.
const MOST: usize = 8;

/// The open challenges.
#[derive(Debug, Default)]
pub(in crate::session) struct MfaChallenges(Mutex<Open>);

#[derive(Debug, Default)]
struct Open {
    last_id: u64,
    all: VecDeque<OpenChallenge>,
    /// The code and the session that it belongs to. It exists nowhere else until the app has taken it.
    recovery_code: Option<(Generation, Secret)>,
}

/// The call that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::session) enum Refused {
    /// A renewal of this session, with the refresh token that was sent.
    Renewal(Box<RefusedRenewal>),
    /// An exchange of the session's own token, and its holder.
    Exchange(Fingerprint, Holder),
    /// A sign-in, by its number.
    SignIn(u64, SignInWay),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::session) struct RefusedRenewal {
    pub(super) generation: Generation,
    pub(super) shown: Secret,
    pub(super) renewal: Renewal,
}

impl Refused {
    /// The session that the challenge belongs to; a sign-in has none yet.
    fn generation(&self) -> Option<Generation> {
        match self {
            Self::Renewal(renewal) => Some(renewal.generation),
            Self::Exchange(_, holder) => Some(holder.generation()),
            Self::SignIn(..) => None,
        }
    }
}

#[derive(Clone, Debug)]
pub(in crate::session) struct OpenChallenge {
    pub(super) id: u64,
    pub(super) token: MfaToken,
    /// The refused call.
    pub(super) of: Refused,
    since: Duration,
    pub(super) out_of_band: Option<Secret>,
    /// The interval between polls for the user's approval.
    pub(super) pace: PollPace,
}

impl OpenChallenge {
    /// The remaining lifetime; `None` if it is over.
    fn time_left(&self, now: Duration) -> Option<Duration> {
        let left = LIFETIME.saturating_sub(now.saturating_sub(self.since));
        (!left.is_zero()).then_some(left)
    }
}

impl MfaChallenges {
    /// Keeps the token of a refusal, and returns the number under which it can be used. `answered` is the challenge
    /// whose answer was refused because a further factor is required.
    pub(in crate::session) fn add(
        &self,
        token: MfaToken,
        of: Refused,
        answered: Option<u64>,
        (generation, now): (Generation, Duration),
    ) -> u64 {
        let mut open = self.lock();
        open.keep_valid(generation, now);
        if let Some(answered) = answered {
            open.all.retain(|one| one.id != answered);
        } else if let Some(known) = open.all.iter().rev().find(|one| one.of == of)
            && now.saturating_sub(known.since) <= LIFETIME - LONG_ENOUGH
        {
            return known.id;
        }
        open.last_id += 1;
        let id = open.last_id;
        if open.all.len() == MOST {
            open.all.pop_front();
        }
        open.all.push_back(OpenChallenge {
            id,
            token,
            of,
            since: now,
            out_of_band: None,
            pace: PollPace::usual(),
        });
        id
    }

    /// The challenge, if it is open.
    ///
    /// # Errors
    /// [`Error::MfaRejected`] with `expired_token`.
    pub(super) fn get(&self, id: u64, generation: Generation, now: Duration) -> Result<OpenChallenge, Error> {
        let mut open = self.lock();
        open.keep_valid(generation, now);
        let found = open.all.iter().find(|one| one.id == id).cloned();
        found.ok_or_else(is_over)
    }

    /// The remaining lifetime of the challenge; `None` if it is over.
    pub(in crate::session) fn time_left(&self, id: u64, generation: Generation, now: Duration) -> Option<Duration> {
        self.get(id, generation, now).ok()?.time_left(now)
    }

    pub(super) fn change(&self, id: u64, change: impl FnOnce(&mut OpenChallenge)) {
        if let Some(found) = self.lock().all.iter_mut().find(|one| one.id == id) {
            change(found);
        }
    }

    pub(super) fn remove(&self, id: u64) {
        self.lock().all.retain(|one| one.id != id);
    }

    pub(super) fn keep_recovery_code(&self, generation: Generation, code: Secret) {
        self.lock().recovery_code = Some((generation, code));
    }

    /// Gives the code to the session that the sign-in has begun.
    pub(in crate::session) fn move_recovery_code(&self, generation: Generation) {
        if let Some((of, _)) = &mut self.lock().recovery_code {
            *of = generation;
        }
    }

    /// Another user's session does not get the code.
    pub(super) fn take_recovery_code(&self, generation: Generation) -> Option<Secret> {
        let (of, code) = self.lock().recovery_code.take()?;
        (of == generation).then_some(code)
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn keep_valid(&mut self, generation: Generation, now: Duration) {
        let is_here = |one: &OpenChallenge| one.of.generation().is_none_or(|of| of == generation);
        self.all.retain(|one| is_here(one) && one.time_left(now).is_some());
    }
}

/// The error for a session that is gone or a token that has expired.
pub(in crate::session) fn is_over() -> Error {
    Error::MfaRejected {
        code: "expired_token".to_owned(),
        description:
            "this challenge is over: it is valid for ten minutes and for one session or sign-in; the call that was refused brings a new one"
                .into(),
    }
}
