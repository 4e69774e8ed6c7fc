//! The sign-in in progress: at most one, in memory only, and for a limited time.
//!
//! **Promises.** An attempt that was cancelled, replaced or begun too long ago never completes, and any refresh token
//! that it had obtained is revoked. **Needs** the context and the revocations.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::super::context::{Context, LONGEST_WAIT_FOR_A_USER};
use super::super::revocations::{RevocationPause, Revocations};
use super::step_up::SteppingUp;
use crate::jose::RequestedAuthentication;
use crate::machine::error::Error;
use crate::model::configuration::Configuration;
use crate::model::proof_key::ProofKey;
use crate::model::revocable::Revocable;
use crate::model::secret::Secret;
use crate::model::time::Instant;
use crate::protocol::authorization::SignInSecrets;
use crate::protocol::token::TokenAnswer;

/// The sign-in in progress. In memory only: it does not survive a restart.
#[derive(Debug)]
pub(in crate::session) struct PendingSignIn {
    context: Arc<Context>,
    revocations: Arc<Revocations>,
    slot: Mutex<Slot>,
    completing: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Slot {
    last_id: u64,
    progress: Progress,
}

#[derive(Debug, Default)]
enum Progress {
    #[default]
    None,
    Cancelled,
    Expired,
    Waiting(Box<SignInAttempt>),
}

/// One sign-in.
#[derive(Clone, Debug)]
pub(super) struct SignInAttempt {
    pub(super) id: u64,
    /// When it began, by the clock that also runs while the device sleeps.
    began: Duration,
    /// How long it may wait for its user.
    longest: Duration,
    /// Distinguishes the session from all others, in the store too.
    pub(super) sign_in_id: Secret,
    /// The configuration at the beginning: the issuer compares later requests with it.
    pub(super) configuration: Arc<Configuration>,
    pub(super) secrets: SignInSecrets,
    pub(super) requested: Requested,
    /// The answer to the code, if a later step failed transiently: a code can be used only once.
    pub(super) exchanged: Option<(Box<TokenAnswer>, Instant)>,
}

/// What a sign-in requests from the issuer.
#[derive(Clone, Debug, Default)]
pub(super) struct Requested {
    /// The scopes, separated by spaces.
    pub(super) scope: String,
    /// The APIs that the request names (RFC 8707).
    pub(super) resources: Vec<String>,
    pub(super) authentication: RequestedAuthentication,
    /// The session whose user authenticates again; `None` if a new session begins.
    pub(super) stepping_up: Option<SteppingUp>,
    /// The key that the code and the tokens are bound to.
    pub(super) proof_key: Option<ProofKey>,
}

impl SignInAttempt {
    /// Takes the refresh token that nobody will use any more. `None` for a step-up: some issuers revoke all of the
    /// user's tokens along with one.
    fn take_orphan(&mut self) -> Option<Secret> {
        let (tokens, _) = self.exchanged.take()?;
        tokens.refresh_token.filter(|_| self.requested.stepping_up.is_none())
    }

    pub(super) fn asks_for_refresh_token(&self) -> bool {
        self.requested.scope.split(' ').any(|scope| scope == "offline_access")
    }
}

impl PendingSignIn {
    pub(in crate::session) fn new(context: Arc<Context>, revocations: Arc<Revocations>) -> Arc<Self> {
        Arc::new(Self {
            context,
            revocations,
            slot: Mutex::default(),
            completing: tokio::sync::Mutex::default(),
        })
    }

    /// One at a time: the completion of a sign-in, or an import.
    pub(in crate::session) async fn completion_turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.completing.lock().await
    }

    /// Begins a new attempt, which replaces any sign-in in progress. Returns its number.
    pub(super) fn begin(
        &self,
        sign_in_id: Secret,
        configuration: Arc<Configuration>,
        secrets: SignInSecrets,
        requested: Requested,
    ) -> u64 {
        self.begin_for(sign_in_id, configuration, secrets, requested, LONGEST_WAIT_FOR_A_USER)
    }

    /// [`PendingSignIn::begin`] for an attempt that waits for its user as long as the issuer allows.
    pub(super) fn begin_for(
        &self,
        sign_in_id: Secret,
        configuration: Arc<Configuration>,
        secrets: SignInSecrets,
        requested: Requested,
        longest: Duration,
    ) -> u64 {
        self.cancel(|_| true);
        let began = self.context.now().monotonic;
        let mut slot = self.lock();
        slot.last_id += 1;
        let attempt = SignInAttempt {
            id: slot.last_id,
            began,
            longest,
            sign_in_id,
            configuration,
            secrets,
            requested,
            exchanged: None,
        };
        slot.progress = Progress::Waiting(Box::new(attempt));
        slot.last_id
    }

    pub(super) fn attempt(&self) -> Result<SignInAttempt, Error> {
        match &self.lock().progress {
            Progress::Waiting(attempt) => Ok(SignInAttempt::clone(attempt)),
            Progress::Cancelled => Err(Error::SignInCancelled),
            Progress::Expired => Err(Error::sign_in(
                "sign_in_expired",
                "the sign-in took too long (15 minutes, or the lifetime of the code for another device); begin another",
            )),
            Progress::None => Err(Error::sign_in(
                "no_sign_in_in_progress",
                "begin one first; it does not survive a restart of the app",
            )),
        }
    }

    /// Ends a sign-in that began too long ago.
    pub(in crate::session) fn expire(&self) {
        if let Some(brought) = self.take_expired() {
            self.revoke_in_background(brought);
        }
    }

    /// The refresh token that the expired attempt had obtained, which nobody will use.
    fn take_expired(&self) -> Option<Secret> {
        let now = self.context.now();
        let mut slot = self.lock();
        let Progress::Waiting(attempt) = &mut slot.progress else {
            return None;
        };
        if now.monotonic.saturating_sub(attempt.began) < attempt.longest {
            return None;
        }
        let orphan = attempt.take_orphan();
        self.revocations.sign_in_ended(attempt.id);
        slot.progress = Progress::Expired;
        orphan
    }

    /// Until the attempt ends, no revocation is sent. False if another sign-in, or none, is in progress.
    pub(super) fn keep_exchanged(
        &self,
        id: u64,
        exchanged: &(Box<TokenAnswer>, Instant),
        pause: RevocationPause,
    ) -> bool {
        match &mut self.lock().progress {
            Progress::Waiting(attempt) if attempt.id == id => {
                attempt.exchanged = Some(exchanged.clone());
                pause.keep();
                true
            }
            _ => false,
        }
    }

    /// Another sign-in continues.
    pub(super) fn finish(&self, id: u64) {
        if self.finish_with(id, || ()).is_some() {
            self.revocations.send_in_background();
        }
    }

    /// [`PendingSignIn::finish`] together with the last step of the sign-in: nothing can cancel it between the two. If
    /// another sign-in, or none, is in progress, does nothing and returns `None`.
    pub(super) fn finish_with<T>(&self, id: u64, end: impl FnOnce() -> T) -> Option<T> {
        let mut slot = self.lock();
        if !matches!(&slot.progress, Progress::Waiting(attempt) if attempt.id == id) {
            return None;
        }
        slot.progress = Progress::None;
        let outcome = end();
        self.revocations.sign_in_ended(id);
        Some(outcome)
    }

    /// Cancels the sign-in in progress if `is_meant` accepts its number.
    pub(in crate::session) fn cancel(&self, is_meant: impl FnOnce(u64) -> bool) {
        if let Some(brought) = self.take_cancelled(is_meant)
            // If the attempt is being completed, its completion notices the cancellation and revokes the token.
            && self.completing.try_lock().is_ok()
        {
            self.revoke_in_background(brought);
        }
    }

    fn revoke_in_background(&self, refresh_token: Secret) {
        let orphan = Revocable::refresh_token(refresh_token);
        self.revocations.revoke_in_background(vec![orphan], None);
    }

    /// The refresh token that the cancelled attempt had obtained.
    fn take_cancelled(&self, is_meant: impl FnOnce(u64) -> bool) -> Option<Secret> {
        let mut slot = self.lock();
        let Progress::Waiting(attempt) = &mut slot.progress else {
            return None;
        };
        if !is_meant(attempt.id) {
            return None;
        }
        let orphan = attempt.take_orphan();
        self.revocations.sign_in_ended(attempt.id);
        slot.progress = Progress::Cancelled;
        orphan
    }

    fn lock(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
