//! One renewal: which process and task may renew, what is sent, what becomes of the answer.
//!
//! **Promises.** No refresh token is spent while its successor cannot be stored. A rotated one is stored before
//! anything else can fail. A renewal ends the session only when the issuer refuses its current refresh token. A late
//! answer never touches a newer session. **Needs** the context, the store, the issuer, its verifier, the revocations
//! and the tokens in memory.

use std::sync::Arc;

use super::super::context::Context;
use super::super::issuer::{Issuer, Verifier};
use super::super::metering::{MeasuredResult, Operation};
use super::super::revocations::Revocations;
use super::super::store::SessionStore;
use super::audiences::ensure_named;
use super::check::{CheckedRenewal, RenewalCheck};
use super::delegation::DelegatedRenewal;
use super::in_memory::TokensInMemory;
use super::mfa_challenges::MfaChallenges;
use super::requests::RenewalRequests;
use super::requirement::{Renewal, TokenRequirement};
use crate::machine::error::Error;
use crate::machine::input::{
    CheckResult, ProofKeyMade, RefreshTokenRejected, RenewalAnswered, RenewalAsked, RenewalBegun, RenewalFailed,
    RenewalRefused, RenewalSucceeded, TokensChecked,
};
use crate::machine::{Generation, Machine, Outcome, RenewalInput, RenewalKind, Verdict};
use crate::model::audience::Audience;
use crate::model::secret::Secret;
use crate::model::state::{ReauthenticationReason, SessionState};
use crate::model::time::Instant;
use crate::ports::LogLevel;
use crate::protocol::discovery::IssuerMetadata;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::failure::Extras;
use crate::protocol::token::{self, TokenAnswer};

/// How often a session may be replaced while one request is in progress.
pub(in crate::session) const MOST_REPLACEMENTS: usize = 3;
/// How many refresh tokens are tried, each newer than the one before. If all are refused, the cause is not a race.
const LARGEST_NUMBER_OF_TOKENS_TRIED: usize = 3;

#[derive(Debug)]
pub(in crate::session) struct Renewer {
    context: Arc<Context>,
    store: Arc<SessionStore>,
    issuer: Arc<Issuer>,
    revocations: Arc<Revocations>,
    memory: Arc<TokensInMemory>,
    requests: RenewalRequests,
    check: RenewalCheck,
    delegated: DelegatedRenewal,
    /// Held while the refresh token is being sent: a client that sends a spent one is taken for a thief.
    turn: tokio::sync::Mutex<()>,
}

impl Renewer {
    pub(in crate::session) fn new(
        context: Arc<Context>,
        store: Arc<SessionStore>,
        issuer: Arc<Issuer>,
        verifier: Arc<Verifier>,
        revocations: Arc<Revocations>,
        memory: Arc<TokensInMemory>,
        challenges: Arc<MfaChallenges>,
    ) -> Arc<Self> {
        Arc::new(Self {
            requests: RenewalRequests::new(Arc::clone(&context), Arc::clone(&issuer), challenges),
            check: RenewalCheck::new(Arc::clone(&context), Arc::clone(&verifier)),
            delegated: DelegatedRenewal::new(Arc::clone(&context), Arc::clone(&store), Arc::clone(&memory), verifier),
            context,
            store,
            issuer,
            revocations,
            memory,
            turn: tokio::sync::Mutex::default(),
        })
    }

    /// While the guard exists, no renewal of this process sends the refresh token.
    pub(super) async fn take_turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// Renews, and retries transient failures after pauses. Soon after a failure it returns that failure without a
    /// request.
    pub(super) async fn renew(&self, renewal: &Renewal, requirement: &TokenRequirement) -> Result<Secret, Error> {
        let context = &self.context;
        let (kind, began) = (renewal.kind(), context.now());
        // The second factor answers an earlier refusal.
        if renewal.mfa.is_none()
            && let Verdict::TooEarly(refusal) = context.apply(RenewalBegun { kind, now: began }).verdict
        {
            return Err(*refusal);
        }
        let mut attempts = 0;
        let outcome = self.try_to_renew(renewal, requirement, &mut attempts).await;
        // A wrong code is the user's mistake, not a failed renewal.
        if renewal.mfa.is_none() || outcome.is_ok() {
            let is_further = renewal.audience.is_some();
            let operation = Operation::Renewal { is_further, attempts };
            context.measure(operation, MeasuredResult::of(&outcome), began);
        }
        outcome
    }

    /// Counts the attempts in `attempts`.
    async fn try_to_renew(
        &self,
        renewal: &Renewal,
        requirement: &TokenRequirement,
        attempts: &mut u32,
    ) -> Result<Secret, Error> {
        let context = &self.context;
        let mut replacements = 0;
        loop {
            *attempts += 1;
            let mut asked = context.read(Machine::generation);
            let error = match self.renew_once(renewal, requirement, &mut asked).await {
                Ok(token) => {
                    let kind = renewal.kind();
                    context.apply(RenewalSucceeded { kind });
                    return Ok(token);
                }
                // Another sign-in replaced the session meanwhile, and its token has to be renewed as well.
                Err(Error::NoSession) if self.memory.is_renewable() => {
                    replacements += 1;
                    if replacements < MOST_REPLACEMENTS {
                        continue;
                    }
                    Error::Busy
                }
                Err(error) => error,
            };
            if renewal.mfa.is_some() {
                // The user may try again or not: this does not make other renewals fail.
                context.log(LogLevel::Info, &format!("the second factor is not proven: {error}"));
                return Err(error);
            }
            context.log(LogLevel::Warning, &format!("not renewed: {error}"));
            let failed = context.apply(RenewalFailed {
                generation: asked,
                kind: renewal.kind(),
                error: error.clone(),
                now: context.now(),
                chance: context.chance()?,
            });
            match failed.pause() {
                Some(pause) => {
                    context.metering().retried();
                    context.sleep(pause).await;
                }
                None => return Err(error),
            }
        }
    }

    /// Sets `asked` to the session that is renewed.
    async fn renew_once(
        &self,
        renewal: &Renewal,
        requirement: &TokenRequirement,
        asked: &mut Generation,
    ) -> Result<Secret, Error> {
        let (store, memory) = (&self.store, &self.memory);
        let of = renewal.audience.as_ref();
        if store.is_read_only() {
            store.merge().await?;
            return memory.granted(requirement, of).ok_or(Error::ReadOnly);
        }
        // Steps that can stall come before the refresh token is read, so that the current one is sent.
        let metadata = self.issuer.metadata().await?;
        let _turn = self.take_turn().await;
        let _lock = store.take_process_lock().await?;
        if store.is_shared()
            && store.merge().await?
            && let Some(token) = memory.granted(requirement, of)
        {
            return Ok(token);
        }
        for _ in 0..LARGEST_NUMBER_OF_TOKENS_TRIED {
            self.bind(&metadata).await?;
            // The successor must not be lost, so a locked device or a full disk has to be found first. Delegation
            // spends nothing.
            if !memory.lives_by_id_token()
                && store.prove_writable().await?
                && let Some(token) = memory.granted(requirement, of)
            {
                return Ok(token);
            }
            let Some(input) = self
                .context
                .apply(RenewalAsked {
                    now: self.context.now(),
                })
                .renewal()
            else {
                return Err(memory.why_not_renewable());
            };
            *asked = input.generation;
            memory.ensure_kind(requirement)?;
            ensure_named(&self.context.configuration(), of, &input.resources)?;
            match self.requests.send(&metadata, &input, renewal).await {
                Ok((answer, sent)) if input.delegation.is_some() => {
                    return self.delegated.take(input, answer, sent).await;
                }
                Ok((answer, sent)) => return self.take(input, answer, sent, renewal).await,
                Err(Error::Reauthenticate(reason)) => {
                    // The refusal counts only for the current refresh token. The store may hold a newer one, or another
                    // task of this process may have merged one already, for example after a suspension.
                    let ends = !store.merge().await? && self.is_rejected(&input, reason);
                    if ends {
                        return self.end(reason, of).await;
                    }
                    if let Some(token) = memory.granted(requirement, of) {
                        return Ok(token);
                    }
                }
                Err(error @ Error::Refused { .. }) => {
                    // Some issuers use these errors for a spent token too.
                    let is_newer = store.merge().await.unwrap_or(false);
                    if !is_newer && memory.would_renew_with(&input.token) {
                        return Err(self.count_refusal(&input, renewal, error));
                    }
                    if let Some(token) = memory.granted(requirement, of) {
                        return Ok(token);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        // Another process renews faster than this one, which has lost the lock: it was suspended.
        Err(Error::Busy)
    }

    /// Performs the checks that need no waiting, then stores the tokens: a rotated refresh token exists nowhere else.
    /// If keys have to be fetched first, the tokens are stored as unchecked before that.
    async fn take(
        &self,
        input: Box<RenewalInput>,
        mut answer: Box<TokenAnswer>,
        at: Instant,
        renewal: &Renewal,
    ) -> Result<Secret, Error> {
        let (generation, of) = (input.generation, renewal.audience.as_ref());
        // The token is used once, so it is not kept. Only the rotated refresh token is.
        let for_single_use = renewal.single_use.as_ref().map(|single_use| {
            let _ = answer
                .expires_in
                .map(|seconds| single_use.lifetime_seconds.set(seconds));
            answer.access_token.take()
        });
        let taken = self.context.apply(RenewalAnswered {
            generation,
            subject: input.subject.clone(),
            audience: of.cloned(),
            sent: Some(input.token.clone()),
            asks_for_less: !renewal.options.scopes.is_empty(),
            answer: answer.clone(),
            at,
        });
        if taken.verdict == Verdict::Superseded {
            return self.drop_late_answer(taken, &input.subject, of).await;
        }
        let settle = |CheckedRenewal { token, result }| {
            let token = match (&for_single_use, &result) {
                (Some(token), CheckResult::Accepted { .. }) => token.clone().ok_or_else(no_token),
                _ => token,
            };
            let checked = self.context.apply(TokensChecked {
                generation,
                audience: of.cloned(),
                token: answer.access_token.clone(),
                result,
            });
            (token, checked)
        };
        let at_once = self.check.check_at_once(&input, &answer, of).map(settle);
        let saved = self.store.save_in_flight().await;
        self.store.release_process_lock();
        let (token, settled) = match at_once {
            Some(settled) => settled,
            None => {
                let settled = settle(self.check.check(&input, &answer, of).await);
                self.store.save_if_possible().await;
                settled
            }
        };
        self.context.publish();
        let token = token?;
        if settled.verdict == Verdict::Superseded {
            return self.drop_late_answer(settled, &input.subject, of).await;
        }
        if for_single_use.is_some() {
            saved?;
            self.context.log(LogLevel::Info, "got a token for a single use");
            return Ok(token);
        }
        // Another process has renewed too, and its tokens are newer: the ones from this renewal were never stored.
        if self.memory.any_access_token(of).as_ref() != Some(&token) {
            return self.memory.newer_session_token(of);
        }
        saved?;
        self.context.log(LogLevel::Info, "renewed the access token");
        Ok(token)
    }

    /// If the session's tokens should be bound to a key and are not yet, makes that key, which is stored before the
    /// request is sent. If the issuer's answer is lost, the refresh token is still valid.
    async fn bind(&self, metadata: &IssuerMetadata) -> Result<(), Error> {
        let Some(generation) = self.memory.has_no_key() else {
            return Ok(());
        };
        if let Some(key) = self.issuer.key_to_bind(metadata).await? {
            self.context.apply(ProofKeyMade { generation, key });
        }
        Ok(())
    }

    fn is_rejected(&self, input: &RenewalInput, reason: ReauthenticationReason) -> bool {
        let rejected = self.context.apply(RefreshTokenRejected {
            generation: input.generation,
            token: input.token.clone(),
            reason,
        });
        rejected.verdict == Verdict::Changed
    }

    /// The issuer refused the current refresh token: of all the issuer's answers, only this one ends a session.
    async fn end(&self, reason: ReauthenticationReason, of: Option<&Audience>) -> Result<Secret, Error> {
        let message = "the issuer refused the refresh token: the session has ended";
        self.context.log(LogLevel::Warning, message);
        // If this fails, memory has the new state anyway.
        self.store.save_if_possible().await;
        self.context.publish();
        // That write may have found another process's renewal.
        match self.context.state() {
            Some(SessionState::SignedIn { .. }) => self.memory.newer_session_token(of),
            _ => Err(Error::Reauthenticate(reason)),
        }
    }

    /// The issuer refused the current refresh token without giving a reason.
    fn count_refusal(&self, input: &RenewalInput, renewal: &Renewal, error: Error) -> Error {
        let is_plain = token::extras(&self.context.configuration(), &[], &[]) == Extras::None;
        let refused = RenewalRefused {
            generation: input.generation,
            token: input.token.clone(),
            plain: is_plain && renewal.kind() == RenewalKind::Own,
            now: self.context.now().monotonic,
        };
        let signs_in_again = |refused| self.context.apply(refused).verdict == Verdict::SignInAgain;
        match error {
            Error::Refused { code, description, .. } if signs_in_again(refused) => {
                Error::RenewalsRefused { code, description }
            }
            error => error,
        }
    }

    /// The session was replaced while the request was in progress. Its tokens belong to nobody; the new ones are
    /// revoked.
    async fn drop_late_answer(&self, outcome: Outcome, subject: &str, of: Option<&Audience>) -> Result<Secret, Error> {
        let message = "dropped a late answer to a session that is gone";
        self.context.log(LogLevel::Info, message);
        // The current session is stored before this process releases the lock: otherwise the next one would send a
        // spent token. The failure is logged where it occurs.
        let _ = self.store.save_in_flight().await;
        self.revocations
            .revoke_in_time(outcome.revocations(), Some(subject))
            .await;
        self.memory.newer_session_token(of)
    }
}

fn no_token() -> Error {
    Error::UnexpectedAnswer {
        server: Endpoint::TOKEN.into(),
        status: 200,
        problem: "no access_token".to_owned(),
    }
}
