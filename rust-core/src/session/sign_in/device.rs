//! Sign-in on another device (RFC 8628): this one shows a code and polls until the user has entered it there.
//!
//! **Promises.** The issuer is polled no more often than it allows, and a lost connection does not end the polling. A
//! cancellation or another sign-in ends it. The tokens are checked and stored as with any sign-in. **Needs** the
//! context, the store, the issuer, its verifier, the revocations, the pending sign-in and the completion.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::super::issuer::Possession;
use super::super::options::DeviceSignInRequest;
use super::pending::{Requested, SignInAttempt};
use super::shared_parts::{SignInParts, goes_on};
use crate::machine::error::Error;
use crate::machine::event::SignInWay;
use crate::model::configuration::parse_parameters;
use crate::model::state::SessionState;
use crate::model::time::Instant;
use crate::ports::LogLevel;
use crate::protocol::device_authorization::{self as protocol, DeviceAuthorization, PollPace, Polled};
use crate::protocol::endpoint::Endpoint;
use crate::protocol::token::{self, TokenAnswer};

/// The attempt lives this much longer than its code: the issuer decides whether the code is still valid.
const GRACE: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(in crate::session) struct SignInOnAnotherDevice {
    parts: Arc<SignInParts>,
    begun: Mutex<Option<Begun>>,
    /// One poll at a time: if two callers polled concurrently, the issuer would ask them to slow down.
    asking: tokio::sync::Mutex<()>,
}

/// The issuer's answer for an attempt.
#[derive(Clone, Debug)]
struct Begun {
    attempt: u64,
    /// When the code was requested.
    at: Instant,
    authorization: DeviceAuthorization,
}

impl SignInOnAnotherDevice {
    pub(in crate::session) fn new(parts: Arc<SignInParts>) -> Self {
        Self {
            parts,
            begun: Mutex::default(),
            asking: tokio::sync::Mutex::default(),
        }
    }

    /// Requests a code from the issuer. A sign-in already in progress is replaced.
    pub(in crate::session) async fn begin(
        &self,
        parameters: HashMap<String, String>,
    ) -> Result<DeviceSignInRequest, Error> {
        let configuration = self.parts.context.configuration();
        self.parts.store.ensure_writable()?;
        let parameters = parse_parameters("parameters", parameters)?;
        let metadata = self.parts.issuer.metadata().await?;
        let request = protocol::request(&metadata, &configuration, &parameters)?;
        let proof_key = self.parts.issuer.key_to_bind(&metadata).await?;
        // The code's lifetime counts from here: the process may be suspended before it reads the answer.
        let at = self.parts.context.now();
        let answer = self.parts.issuer.call(protocol::ENDPOINT, request).await?;
        let authorization = protocol::read(&answer, self.parts.issuer.server_now())?;
        let requested = Requested {
            scope: configuration.scopes.join(" "),
            resources: configuration.resources.clone(),
            proof_key,
            ..Requested::default()
        };
        let longest = authorization.lifetime + GRACE;
        let attempt = self.parts.pending.begin_for(
            self.parts.context.random()?,
            configuration,
            self.parts.completion.secrets()?,
            requested,
            longest,
        );
        let shown = DeviceSignInRequest {
            user_code: authorization.user_code.clone(),
            verification_uri: authorization.verification_uri.to_string(),
            verification_uri_complete: authorization
                .verification_uri_complete
                .as_ref()
                .map(ToString::to_string),
            lifetime_seconds: u32::try_from(authorization.lifetime.as_secs()).unwrap_or(u32::MAX),
            attempt,
        };
        *self.begun.lock().unwrap_or_else(PoisonError::into_inner) = Some(Begun {
            attempt,
            at,
            authorization,
        });
        self.parts
            .context
            .log(LogLevel::Info, "sign-in on another device: begun");
        Ok(shown)
    }

    /// Polls until the user has signed in or refused, or the code has expired.
    pub(in crate::session) async fn complete(&self, attempt: u64) -> Result<SessionState, Error> {
        let _turn = self.asking.lock().await;
        let outcome = self.ask_until_done(attempt).await;
        // Tokens that were obtained but could not be checked are revoked.
        self.parts.pending.cancel(|current| current == attempt);
        self.begun
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take_if(|begun| begun.attempt == attempt);
        match &outcome {
            Ok(_) => self
                .parts
                .context
                .log(LogLevel::Info, "sign-in on another device: done"),
            Err(error) => {
                let message = format!("sign-in on another device: {error}");
                self.parts.context.log(LogLevel::Warning, &message);
            }
        }
        outcome
    }

    async fn ask_until_done(&self, attempt: u64) -> Result<SessionState, Error> {
        let begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(begun) = begun.filter(|begun| begun.attempt == attempt) else {
            // Returns the reason why the attempt is over, as for a sign-in in the browser.
            self.current(attempt)?;
            return Err(Error::SignInCancelled);
        };
        let mut pace = PollPace::of(&begun.authorization);
        let expires = begun.at.monotonic + begun.authorization.lifetime;
        loop {
            let left = expires.saturating_sub(self.parts.context.now().monotonic);
            let is_last = left.is_zero();
            // The last poll is when the code expires: the user may have been quick, and a suspension long.
            if !is_last {
                self.parts.context.sleep(pace.pause().min(left)).await;
            }
            let current = self.current(attempt)?;
            match self.ask(&current, &begun.authorization, &mut pace).await {
                Ok(Some(state)) => return Ok(state),
                Ok(None) if is_last => return Err(expired()),
                Ok(None) => {}
                Err(error) if !goes_on(&error) => return Err(error),
                Err(error) if is_last => {
                    self.parts
                        .context
                        .log(LogLevel::Warning, &format!("sign-in on another device: {error}"));
                    return Err(expired());
                }
                Err(error) => {
                    let message = format!("sign-in on another device: asking again: {error}");
                    self.parts.context.log(LogLevel::Info, &message);
                    pace.failed(wait_of(&error));
                }
            }
        }
    }

    /// The attempt, if it is still the one in progress.
    fn current(&self, id: u64) -> Result<SignInAttempt, Error> {
        let attempt = self.parts.pending.attempt()?;
        if attempt.id == id {
            Ok(attempt)
        } else {
            Err(Error::SignInCancelled)
        }
    }

    /// `None` while the user has not finished.
    async fn ask(
        &self,
        attempt: &SignInAttempt,
        authorization: &DeviceAuthorization,
        pace: &mut PollPace,
    ) -> Result<Option<SessionState>, Error> {
        let metadata = self.parts.issuer.metadata().await?;
        // Steps that can stall come before the code is spent.
        self.parts.issuer.prefetch_keys().await?;
        let (tokens, received) = match attempt.exchanged.clone() {
            Some(exchanged) => exchanged,
            None => {
                let pause = self.parts.revocations.send_before_poll(attempt.id).await;
                let Some(exchanged) = self
                    .poll(&metadata.token_endpoint, attempt, authorization, pace)
                    .await?
                else {
                    return Ok(None);
                };
                if !self.parts.pending.keep_exchanged(attempt.id, &exchanged, pause) {
                    let orphan = exchanged.0.refresh_token;
                    return self.parts.completion.abandon(attempt.id, orphan).await.map(Some);
                }
                exchanged
            }
        };
        // One completion of a sign-in at a time.
        let _turn = self.parts.pending.completion_turn().await;
        let claims = match self.parts.verify_direct(attempt, &tokens).await {
            Err(error) if !goes_on(&error) => {
                let _ = self.parts.completion.abandon(attempt.id, tokens.refresh_token).await;
                return Err(error);
            }
            outcome => outcome?,
        };
        let mut session = self
            .parts
            .completion
            .session(&metadata.issuer, attempt, *tokens, claims, received);
        // No nonce was sent to the issuer.
        session.nonce = None;
        let by = (SignInWay::AnotherDevice, received);
        self.parts.completion.enter(attempt, session, by).await.map(Some)
    }

    async fn poll(
        &self,
        endpoint: &url::Url,
        attempt: &SignInAttempt,
        authorization: &DeviceAuthorization,
        pace: &mut PollPace,
    ) -> Result<Option<(Box<TokenAnswer>, Instant)>, Error> {
        let request = protocol::poll(endpoint, &attempt.configuration, &authorization.device_code);
        // The tokens' lifetime counts from here: the process may be suspended before it reads the answer.
        let sent = self.parts.context.now();
        let key = attempt.requested.proof_key.as_ref();
        let possession = key.map(Possession::of);
        let answer = self
            .parts
            .issuer
            .call_showing(possession, Endpoint::TOKEN, request)
            .await?;
        let extras = token::extras(&attempt.configuration, &[], &[]);
        match protocol::read_poll(&answer, extras, key, self.parts.issuer.server_now())? {
            Polled::Tokens(tokens) => return Ok(Some((tokens, sent))),
            Polled::Pending => pace.answered(),
            Polled::TooFast => pace.slow_down(),
        }
        Ok(None)
    }
}

fn expired() -> Error {
    Error::sign_in("expired_token", "the code was not entered in time; begin another")
}

fn wait_of(error: &Error) -> Option<Duration> {
    match error {
        Error::RateLimited { retry_after, .. } | Error::ServerFault { retry_after, .. } => {
            retry_after.map(Duration::from_secs)
        }
        _ => None,
    }
}
