//! Exchanges the session's own tokens for access tokens of other APIs (RFC 8693).
//!
//! **Promises.** A valid token from an earlier exchange comes from memory. Requests are sent one at a time; callers for
//! the same token share one, and it continues when they go away. A refusal never ends the session. If the issuer
//! refuses the subject token, the session is renewed once, and not again for a while. The refresh token is shown only
//! while nobody renews. **Needs** the context, the store, the issuer, the tokens in memory, the renewer, the access
//! tokens and the exchanged tokens.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::super::context::Context;
use super::super::issuer::{Issuer, Possession};
use super::super::options::TokenOptions;
use super::super::single_flight::{Joined, SingleFlight};
use super::super::store::SessionStore;
use super::access_tokens::{AccessTokens, is_out_of_reach, too_much};
use super::exchanged::{ExchangedTokens, Holder};
use super::in_memory::TokensInMemory;
use super::mfa_challenges::{MfaChallenges, Refused};
use super::renewer::{MOST_REPLACEMENTS, Renewer};
use super::subject_token;
use crate::machine::error::Error;
use crate::machine::refused_tokens::RefusedTokens;
use crate::machine::retry::{RetryPolicy, is_for_the_moment};
use crate::machine::would_be_answered_alike;
use crate::model::proof_key::{ProofKey, TokenBinding};
use crate::model::secret::{Fingerprint, Secret};
use crate::model::state::SessionState;
use crate::model::time::Instant;
use crate::ports::{BoxFuture, LogLevel};
use crate::protocol::dpop::not_bound;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::error::ProtocolError;
use crate::protocol::exchange_failure::ExchangeFailure;
use crate::protocol::exchanged_token::{self as protocol, OwnToken, TokenExchange};
use crate::protocol::token::TokenAnswer;

#[derive(Debug)]
pub(in crate::session) struct TokenExchanges {
    context: Arc<Context>,
    store: Arc<SessionStore>,
    issuer: Arc<Issuer>,
    memory: Arc<TokensInMemory>,
    renewer: Arc<Renewer>,
    access_tokens: Arc<AccessTokens>,
    exchanged: Arc<ExchangedTokens>,
    challenges: Arc<MfaChallenges>,
    in_flight: SingleFlight<Fingerprint, Result<Secret, Error>>,
    /// The exchanges for which a fresh subject token was refused as well.
    refusals: Mutex<RefusedTokens<(Fingerprint, Holder)>>,
}

/// Why there is no token.
enum Failure {
    /// The issuer does not accept the subject token. `error` is for the caller if that token was fresh.
    Subject { shown: Secret, error: Error },
    /// Any other error answer.
    Refused(ProtocolError),
    /// There was no answer, or no request.
    Other(Error),
    /// There is no subject token.
    NothingToShow(Error),
}

impl TokenExchanges {
    #[expect(clippy::too_many_arguments, reason = "each is a part that it needs")]
    pub(in crate::session) fn new(
        context: Arc<Context>,
        store: Arc<SessionStore>,
        issuer: Arc<Issuer>,
        memory: Arc<TokensInMemory>,
        renewer: Arc<Renewer>,
        access_tokens: Arc<AccessTokens>,
        exchanged: Arc<ExchangedTokens>,
        challenges: Arc<MfaChallenges>,
    ) -> Arc<Self> {
        Arc::new(Self {
            context,
            store,
            issuer,
            memory,
            renewer,
            access_tokens,
            exchanged,
            challenges,
            in_flight: SingleFlight::default(),
            refusals: Mutex::default(),
        })
    }

    /// The token: from memory, or exchanged.
    pub(in crate::session) async fn get(
        self: &Arc<Self>,
        exchange: TokenExchange,
        options: TokenOptions,
    ) -> Result<Secret, Error> {
        exchange.check()?;
        let not_written = || Error::Internal("could not be encoded as JSON".to_owned());
        let key = exchange.fingerprint().ok_or_else(not_written)?;
        if let Err(error) = self.store.ensure_session().await {
            if matches!(error, Error::NoSession | Error::Reauthenticate(_)) {
                self.exchanged.forget();
            }
            return Err(error);
        }
        let token = match self.get_current(exchange, key, options).await {
            Err(error) if options.allow_expired && is_for_the_moment(&error) => {
                self.exchanged.any_token(key).ok_or(error)
            }
            outcome => outcome,
        }?;
        // A token that arrived after the session's lifetime had ended is withheld.
        self.context.ensure_not_over()?;
        self.access_tokens.note_use();
        Ok(token)
    }

    async fn get_current(
        self: &Arc<Self>,
        exchange: TokenExchange,
        key: Fingerprint,
        options: TokenOptions,
    ) -> Result<Secret, Error> {
        let TokenOptions {
            min_ttl, force_refresh, ..
        } = options;
        let kept = || self.exchanged.token(key, min_ttl).filter(|_| !force_refresh);
        if let Some(token) = kept() {
            self.context.metering().gave_from_memory();
            return Ok(token);
        }
        if !force_refresh && let Some(token) = self.best_there_is(key, min_ttl)? {
            return Ok(token);
        }
        loop {
            let start = || self.flight(exchange.clone(), key);
            match self
                .in_flight
                .join(key, self.context.spawner(), || kept().map(Ok), start)
            {
                Joined::Done(token) => return token,
                Joined::Join(result) => {
                    let ended_early = || Err(Error::Internal("the exchange ended early".to_owned()));
                    let token = result.await.unwrap_or_else(ended_early)?;
                    self.context.network_answered();
                    return match self.exchanged.lifetime_seconds(key) {
                        Some(lifetime) if min_ttl > Duration::from_secs(lifetime) => Err(too_much(lifetime)),
                        _ => Ok(token),
                    };
                }
                Joined::WaitFor(result) => drop(result.await),
            }
        }
    }

    /// The token in memory, if another would not live longer: see [`AccessTokens`].
    fn best_there_is(&self, key: Fingerprint, min_ttl: Duration) -> Result<Option<Secret>, Error> {
        let in_hand = self.exchanged.token(key, Duration::ZERO);
        match (in_hand, self.exchanged.lifetime_seconds(key)) {
            (Some(_), Some(lifetime)) if min_ttl > Duration::from_secs(lifetime) => Err(too_much(lifetime)),
            (Some(token), Some(lifetime)) if is_out_of_reach(min_ttl, lifetime) => Ok(Some(token)),
            _ => Ok(None),
        }
    }

    /// One exchange, which continues when its callers go away.
    fn flight(
        self: &Arc<Self>,
        exchange: TokenExchange,
        key: Fingerprint,
    ) -> BoxFuture<'static, Result<Secret, Error>> {
        let (session, exchanges) = (self.context.keep_open(), Arc::clone(self));
        Box::pin(async move {
            let token = exchanges.exchange(&exchange, key).await;
            drop(session);
            token
        })
    }

    /// Retries transient failures after pauses. Soon after a failure it returns that failure without a request.
    async fn exchange(&self, exchange: &TokenExchange, key: Fingerprint) -> Result<Secret, Error> {
        let context = &self.context;
        if let Some(refusal) = self.exchanged.refusal(key) {
            return Err(refusal);
        }
        let mut retries = RetryPolicy::from(context.now().monotonic);
        let (mut refused, mut replacements) = (None, 0);
        loop {
            // Read before the token: if the session is replaced meanwhile, the answer belongs to nobody.
            let asked = self.exchanged.holder();
            let error = match self.exchange_once(exchange, refused.as_ref(), &mut retries).await {
                Ok((answer, sent)) => {
                    if refused.is_some() {
                        self.refusals().note_fresh((key, asked), false, context.now());
                    }
                    match self.take(key, asked, &answer, sent) {
                        Ok(token) => return Ok(token),
                        Err(Error::NoSession) if replacements < MOST_REPLACEMENTS => {
                            replacements += 1;
                            refused = None;
                            self.store.ensure_session().await?;
                            continue;
                        }
                        Err(Error::NoSession) => return Err(Error::Busy),
                        Err(error) => error,
                    }
                }
                Err(Failure::NothingToShow(error)) => {
                    if refused.is_some() && would_be_answered_alike(&error) {
                        // The next call would be refused again, and there would be no fresh token again.
                        self.exchanged.fail(key, asked, &error);
                    }
                    return Err(error);
                }
                Err(Failure::Subject { shown, .. })
                    if refused.is_none() && self.refusals().may_renew(&(key, asked), context.now()) =>
                {
                    let message = "the issuer does not accept the token that was to be exchanged: trying a fresh one";
                    context.log(LogLevel::Info, message);
                    refused = Some(shown);
                    continue;
                }
                Err(Failure::Subject { error, .. }) => {
                    self.refusals().note_fresh((key, asked), true, context.now());
                    error
                }
                Err(Failure::Other(error)) => error,
                Err(Failure::Refused(error)) => self.keep_challenge(error, key, asked),
            };
            context.log(LogLevel::Warning, &format!("not exchanged: {error}"));
            match retries.pause_after(&error, context.now().monotonic, context.chance()?) {
                Some(pause) => {
                    context.metering().retried();
                    context.sleep(pause).await;
                }
                None => {
                    self.exchanged.fail(key, asked, &error);
                    return Err(error);
                }
            }
        }
    }

    /// Exchanges the subject token, or a fresh one instead of `refused`.
    async fn exchange_once(
        &self,
        exchange: &TokenExchange,
        refused: Option<&Secret>,
        retries: &mut RetryPolicy,
    ) -> Result<(Box<TokenAnswer>, Instant), Failure> {
        let fresh = subject_token::fresh(&self.memory, &self.access_tokens, exchange.subject, refused).await;
        let fresh = fresh.map_err(Failure::NothingToShow)?;
        if exchange.subject != OwnToken::RefreshToken {
            return self.send(exchange, &fresh, retries).await;
        }
        // The refresh token may be rotated, so the current one is read while nobody can rotate it.
        let _turn = self.renewer.take_turn().await;
        let lock = self.store.take_process_lock().await;
        let _lock = lock.map_err(Failure::NothingToShow)?;
        let merged = self.store.merge_if_shared().await;
        merged.map_err(Failure::NothingToShow)?;
        let current = self.memory.refresh_token();
        let current = current.ok_or_else(|| Failure::NothingToShow(self.memory.why_not_renewable()))?;
        self.send(exchange, &current, retries).await
    }

    /// Sends the request, and at once again if the answer is lost: the request spends nothing.
    async fn send(
        &self,
        exchange: &TokenExchange,
        subject: &Secret,
        retries: &mut RetryPolicy,
    ) -> Result<(Box<TokenAnswer>, Instant), Failure> {
        let metadata = self.issuer.metadata().await.map_err(Failure::Other)?;
        let (configuration, key) = (self.context.configuration(), self.memory.proof_key());
        let request = protocol::request(&metadata.token_endpoint, &configuration, exchange, subject);
        let possession = key.as_ref().map(Possession::of);
        let answered = self
            .issuer
            .call_again(possession, Endpoint::TOKEN, request, Some(retries))
            .await;
        let (answer, sent) = answered.map_err(Failure::Other)?;
        let now = self.issuer.server_now();
        match protocol::read(&answer, &configuration, exchange, key.as_ref(), now) {
            Ok(tokens) => Ok((tokens, sent)),
            Err(ExchangeFailure::Subject(error)) => Err(Failure::Subject {
                shown: subject.clone(),
                error: error.into(),
            }),
            Err(ExchangeFailure::Other(error)) => Err(Failure::Refused(error)),
        }
    }

    /// Converts the error. An `mfa_token` in it stays in the core.
    fn keep_challenge(&self, error: ProtocolError, key: Fingerprint, asked: Holder) -> Error {
        match error {
            ProtocolError::MfaRequired {
                server,
                token,
                requirements,
                description,
            } => {
                let of = Refused::Exchange(key, asked);
                let at = (asked.generation(), self.context.now().monotonic);
                Error::MfaRequired {
                    server,
                    challenge: self.challenges.add(token, of, None, at),
                    requirements,
                    description,
                }
            }
            error => error.into(),
        }
    }

    /// The key with which a request for such a token proves possession.
    pub(super) fn proof_key(&self) -> Option<ProofKey> {
        self.memory.proof_key()
    }

    /// The next call asks the issuer again instead of returning the last failure.
    pub(super) fn forget_failure(&self, key: Fingerprint, asked: Holder) {
        self.exchanged.end_failure(key, asked);
    }

    /// Keeps the tokens of the answer, and returns the access token.
    ///
    /// # Errors
    /// [`Error::NoSession`] if the session that requested it is gone.
    pub(super) fn take(
        &self,
        key: Fingerprint,
        asked: Holder,
        answer: &TokenAnswer,
        sent: Instant,
    ) -> Result<Secret, Error> {
        let context = &self.context;
        let no_token = || Error::UnexpectedAnswer {
            server: Endpoint::TOKEN.into(),
            status: 200,
            problem: answer.problem.unwrap_or("no access_token").to_owned(),
        };
        let token = answer.access_token.clone().ok_or_else(no_token)?;
        if context.configuration().dpop == TokenBinding::Required && !answer.is_bound {
            return Err(not_bound(Endpoint::TOKEN).into());
        }
        let is_signed_in = matches!(context.state(), Some(SessionState::SignedIn { .. }));
        if !is_signed_in || !self.exchanged.keep(key, asked, answer, sent) {
            let message = "dropped an exchanged token for a session that is gone";
            context.log(LogLevel::Info, message);
            return Err(Error::NoSession);
        }
        if answer.refresh_token.is_some() {
            let message = "the issuer gave a refresh token with an exchanged token, which is not kept";
            context.log(LogLevel::Warning, message);
        }
        context.log(LogLevel::Info, "exchanged a token");
        Ok(token)
    }

    fn refusals(&self) -> MutexGuard<'_, RefusedTokens<(Fingerprint, Holder)>> {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
