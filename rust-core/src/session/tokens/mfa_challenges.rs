//! The `mfa_token`s of refused renewals, by number.
//!
//! **Promises.** They stay in memory, for the ten minutes that they live, and are of no use to another session. **Needs**
//! nothing.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::requirement::Renewal;
use crate::machine::error::Error;
use crate::machine::{Generation, RenewalInput};
use crate::model::secret::Secret;
use crate::protocol::device_authorization::PollPace;
use crate::protocol::mfa_token::MfaToken;

/// How long an `mfa_token` lives (Auth0: "Authenticate Using the Resource Owner Password Flow with MFA").
const LIFETIME: Duration = Duration::from_secs(600);
/// A challenge that has at least so long to go is given again for the same renewal: a user may be typing its code.
const LONG_ENOUGH: Duration = Duration::from_secs(300);
/// So many are kept.
const MOST: usize = 8;

/// The challenges that are open.
#[derive(Debug, Default)]
pub(in crate::session) struct MfaChallenges(Mutex<Open>);

#[derive(Debug, Default)]
struct Open {
    last_id: u64,
    all: VecDeque<OpenChallenge>,
    /// Whose it is. It exists nowhere else until the app has taken it.
    recovery_code: Option<(Generation, Secret)>,
}

#[derive(Clone, Debug)]
pub(super) struct OpenChallenge {
    id: u64,
    pub(super) token: MfaToken,
    /// The session that was to be renewed.
    pub(super) generation: Generation,
    /// The refresh token that was shown.
    pub(super) refused: Secret,
    /// What was refused.
    pub(super) renewal: Renewal,
    since: Duration,
    pub(super) out_of_band: Option<Secret>,
    /// Of the questions whether the user has said yes.
    pub(super) pace: PollPace,
}

impl MfaChallenges {
    /// Keeps the token of a refused renewal; gives the number by which it can be used.
    pub(super) fn add(&self, token: MfaToken, input: &RenewalInput, refused: &Renewal, now: Duration) -> u64 {
        let generation = input.generation;
        let mut open = self.lock();
        open.keep_valid(generation, now);
        let renewal = Renewal {
            mfa: None,
            ..refused.clone()
        };
        if let Some(answered) = &refused.mfa {
            // A further factor is asked for.
            open.all.retain(|one| one.id != answered.id);
        } else if let Some(known) = open
            .all
            .iter()
            .rev()
            .find(|one| one.renewal == renewal && one.refused == input.token)
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
            generation,
            refused: input.token.clone(),
            renewal,
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

    /// How long it lives; `None` where it is over.
    pub(super) fn time_left(&self, id: u64, generation: Generation, now: Duration) -> Option<Duration> {
        let since = self.get(id, generation, now).ok()?.since;
        LIFETIME.checked_sub(now.saturating_sub(since))
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

    /// Another user's session does not get it.
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
        let is_valid = |one: &OpenChallenge| one.generation == generation && now.saturating_sub(one.since) < LIFETIME;
        self.all.retain(is_valid);
    }
}

/// For a session that is gone, or a token that has expired.
pub(super) fn is_over() -> Error {
    Error::MfaRejected {
        code: "expired_token".to_owned(),
        description:
            "this challenge is over: it is valid for ten minutes and for one session; the next renewal brings a new one"
                .into(),
    }
}
