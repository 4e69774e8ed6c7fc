//! Sign-in with a token or code from another issuer, such as the code of Sign in with Apple (RFC 8693).
//!
//! **Promises.** The token is never stored, and appears in no error and no log. After a transient failure the attempt
//! can continue: a call with the same token uses an answer that has already arrived, because many tokens are accepted
//! only once. The answer is checked and stored as with any sign-in. **Needs** the context, the store, the issuer, its
//! verifier, the revocations, the pending sign-in and the completion.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::super::issuer::Possession;
use super::super::legacy_base::parse_more;
use super::pending::{Requested, SignInAttempt};
use super::shared_parts::{SignInParts, goes_on};
use crate::jose::RequestedAuthentication;
use crate::machine::error::Error;
use crate::machine::event::SignInWay;
use crate::model::configuration::{Configuration, IssuerUrl};
use crate::model::secret::{Fingerprint, Secret, SecretBytes};
use crate::model::sorted::sorted;
use crate::model::state::SessionState;
use crate::model::time::Instant;
use crate::ports::LogLevel;
use crate::protocol::actor::Actor;
use crate::protocol::discovery::IssuerMetadata;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::token::{self, TokenAnswer};
use crate::protocol::token_exchange::{self as protocol, SubjectToken};

/// A token or code from another issuer. `Debug` shows its type and the names of the parameters.
#[derive(Clone, PartialEq, Eq)]
pub struct ExternalToken {
    /// The token or code. It is sent and never stored.
    pub token: Secret,
    /// Its type, a URI (`subject_token_type`, RFC 8693 3).
    pub kind: String,
    /// The acting party. With a device secret, it is the app that shares its sign-in. It is sent and never stored.
    pub actor: Option<Actor>,
    /// JSON about the user for the issuer (Auth0: `user_profile`).
    pub user_profile: Option<Secret>,
    /// Additional request parameters.
    pub parameters: HashMap<String, String>,
}

impl ExternalToken {
    fn check(&self) -> Result<Vec<(String, String)>, Error> {
        for (name, value) in [("token", self.token.expose()), ("type", &self.kind)] {
            if value.trim().is_empty() {
                return Err(Error::Argument {
                    name,
                    problem: "is empty".to_owned(),
                });
            }
        }
        if let Some(actor) = &self.actor {
            actor.check()?;
        }
        parse_more(self.parameters.clone(), &protocol::ARGUMENTS)
    }

    /// The fingerprint of everything that is sent: it distinguishes a call that continues an attempt from one that
    /// begins one.
    fn fingerprint(&self) -> Result<Fingerprint, Error> {
        let parameters = sorted(self.parameters.clone());
        let all = (&self.token, &self.kind, &self.actor, &self.user_profile, parameters);
        let bytes =
            SecretBytes::from_json(&all).map_err(|_| Error::Internal("could not be encoded as JSON".to_owned()))?;
        Ok(Fingerprint::of(&bytes))
    }
}

#[derive(Debug)]
pub(in crate::session) struct SignInByTokenExchange {
    parts: Arc<SignInParts>,
    /// The attempt that a later call can continue, and what it sends.
    begun: Mutex<Option<Begun>>,
}

#[derive(Clone, Debug)]
struct Begun {
    id: u64,
    sent: Fingerprint,
    /// Set while it waits for a second factor: most tokens are accepted only once, and this one has been sent.
    refusal: Option<Error>,
}

impl SignInByTokenExchange {
    pub(in crate::session) fn new(parts: Arc<SignInParts>) -> Self {
        Self {
            parts,
            begun: Mutex::default(),
        }
    }

    pub(in crate::session) async fn sign_in(&self, external: ExternalToken) -> Result<SessionState, Error> {
        let parts = &self.parts;
        parts.store.ensure_writable()?;
        let parameters = external.check()?;
        parts.pending.expire();
        let id = match self.attempt_with(external.fingerprint()?, &parameters)? {
            Begun {
                refusal: Some(refusal), ..
            } => return Err(refusal),
            begun => begun.id,
        };
        // Two callers with the same token must not send it twice.
        let _turn = parts.pending.completion_turn().await;
        let outcome = self.finish(id, &external, &parameters).await;
        match &outcome {
            Err(refusal @ Error::MfaRequired { .. }) => {
                if let Some(begun) = self.begun().as_mut().filter(|begun| begun.id == id) {
                    begun.refusal = Some(refusal.clone());
                }
            }
            Err(error) if goes_on(error) => {}
            _ => {
                parts.pending.finish(id);
                self.begun().take_if(|begun| begun.id == id);
            }
        }
        match &outcome {
            Ok(_) => parts.context.log(LogLevel::Info, "sign-in by token exchange: done"),
            Err(error) => {
                let message = format!("sign-in by token exchange: {error}");
                parts.context.log(LogLevel::Warning, &message);
            }
        }
        outcome
    }

    /// The attempt that began with this token, or a new one that replaces any sign-in in progress.
    fn attempt_with(&self, sent: Fingerprint, parameters: &[(String, String)]) -> Result<Begun, Error> {
        let parts = &self.parts;
        let mut begun = self.begun();
        if let Some(known) = begun.as_ref()
            && known.sent == sent
            && parts.pending.attempt().is_ok_and(|attempt| attempt.id == known.id)
            && known.refusal.as_ref().is_none_or(|refusal| parts.is_open(refusal))
        {
            return Ok(known.clone());
        }
        let configuration = parts.context.configuration();
        let requested = requested(&configuration, parameters);
        let id = parts.pending.begin(
            parts.context.random()?,
            configuration,
            parts.completion.secrets()?,
            requested,
        );
        let refusal = None;
        Ok(begun.insert(Begun { id, sent, refusal }).clone())
    }

    async fn finish(
        &self,
        id: u64,
        external: &ExternalToken,
        parameters: &[(String, String)],
    ) -> Result<SessionState, Error> {
        let parts = &self.parts;
        let metadata = parts.issuer.metadata().await?;
        // Steps that can stall come before the token is spent.
        parts.issuer.prefetch_keys().await?;
        let attempt = parts.pending.attempt()?;
        if attempt.id != id {
            return Err(Error::SignInCancelled);
        }
        let (tokens, received) = match attempt.exchanged.clone() {
            Some(exchanged) => exchanged,
            None => {
                let pause = parts.revocations.send_before(id).await;
                let exchanged = self.exchange(&attempt, &metadata, external, parameters).await?;
                if !parts.pending.keep_exchanged(id, &exchanged, pause) {
                    return parts.completion.abandon(id, exchanged.0.refresh_token).await;
                }
                exchanged
            }
        };
        let claims = match parts.verify_direct(&attempt, &tokens).await {
            Err(error) if !goes_on(&error) => {
                let _ = parts.completion.abandon(id, tokens.refresh_token).await;
                return Err(error);
            }
            outcome => outcome?,
        };
        let completion = &parts.completion;
        let mut session = completion.session(&metadata.issuer, &attempt, *tokens, claims, received);
        // No nonce was sent to the issuer.
        session.nonce = None;
        let by = (SignInWay::TokenExchange, received);
        completion.enter(&attempt, session, by).await
    }

    async fn exchange(
        &self,
        attempt: &SignInAttempt,
        metadata: &IssuerMetadata,
        external: &ExternalToken,
        parameters: &[(String, String)],
    ) -> Result<(Box<TokenAnswer>, Instant), Error> {
        let (context, issuer) = (&self.parts.context, &self.parts.issuer);
        let key = issuer.key_to_bind_by(&attempt.configuration, metadata).await?;
        let subject = SubjectToken {
            token: &external.token,
            kind: &external.kind,
            actor: external.actor.as_ref(),
            user_profile: external.user_profile.as_ref(),
        };
        let configuration = &attempt.configuration;
        let request = protocol::sign_in_request(&metadata.token_endpoint, configuration, subject, parameters);
        // The tokens' lifetime counts from here: the process may be suspended before it reads the answer.
        let sent = context.now();
        let possession = key.as_ref().map(Possession::of);
        let answer = issuer.call_showing(possession, Endpoint::TOKEN, request).await?;
        let extras = token::extras(configuration, &[], parameters);
        let read = protocol::read_sign_in(&answer, extras, key.as_ref(), issuer.server_now());
        let tokens = read.map_err(|error| self.parts.refused(attempt.id, SignInWay::TokenExchange, error))?;
        Ok((tokens, sent))
    }

    fn begun(&self) -> MutexGuard<'_, Option<Begun>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for ExternalToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExternalToken")
            .field("kind", &self.kind)
            .field("parameters", &self.parameters.keys())
            .finish_non_exhaustive()
    }
}

/// What such a sign-in requests.
fn requested(configuration: &Configuration, parameters: &[(String, String)]) -> Requested {
    let organization = parameters.iter().find(|(name, _)| name == "organization");
    Requested {
        scope: configuration.scopes.join(" "),
        resources: configuration.resources.clone(),
        authentication: RequestedAuthentication {
            organization: organization
                // At other issuers, a parameter of that name may mean anything.
                .filter(|_| matches!(configuration.issuer, IssuerUrl::Auth0(_)))
                .map(|(_, value)| value.clone()),
            ..RequestedAuthentication::default()
        },
        ..Requested::default()
    }
}
