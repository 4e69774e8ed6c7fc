//! Sign-in with the browser: Authorization Code with PKCE (RFC 6749 4.1, RFC 7636, OpenID Connect Core 3.1).
//!
//! **Promises.** A transient failure leaves the attempt as it is, and a code that has been exchanged is not sent again.
//! An ID token that is not accepted ends the attempt. **Needs** the context, the store, the issuer, its verifier, the
//! revocations, the pending sign-in and the completion.

use std::sync::Arc;

use super::super::issuer::Possession;
use super::super::options::{SignInOptions, SignInRequest, StepUpOptions};
use super::mix_up::SharedRedirectUri;
use super::pending::{Requested, SignInAttempt};
use super::shared_parts::SignInParts;
use super::step_up::{self, SteppingUp};
use crate::jose::{IdTokenClaims, IdTokenProblem, RequestedAuthentication, ValidationContext, thumbprint};
use crate::machine::Machine;
use crate::machine::error::Error;
use crate::machine::event::SignInWay;
use crate::model::configuration::{Configuration, IssuerUrl, parse_authorize_parameters};
use crate::model::proof_key::ProofKey;
use crate::model::secret::Secret;
use crate::model::state::SessionState;
use crate::model::time::Instant;
use crate::ports::LogLevel;
use crate::protocol::authorization::{
    Callback, authorization_request, authorization_url, essential_acr, read_callback,
};
use crate::protocol::endpoint::Endpoint;
use crate::protocol::failure::Grant;
use crate::protocol::pushed_authorization;
use crate::protocol::token::{self, TokenAnswer};

#[derive(Debug)]
pub(in crate::session) struct BrowserSignIn {
    parts: Arc<SignInParts>,
    redirect_uri: SharedRedirectUri,
}

impl BrowserSignIn {
    pub(in crate::session) fn new(parts: Arc<SignInParts>) -> Self {
        Self {
            parts,
            redirect_uri: SharedRedirectUri::default(),
        }
    }

    /// Makes both sessions note that another issuer's session has the same redirect URI.
    pub(in crate::session) fn meet(&self, other: &Self) {
        self.redirect_uri.found();
        other.redirect_uri.found();
    }

    pub(in crate::session) async fn begin(&self, options: SignInOptions) -> Result<SignInRequest, Error> {
        self.parts.store.ensure_writable()?;
        self.begin_for(options, None).await
    }

    /// Starts another authentication of the session's user. The session stays as it is until that is complete.
    pub(in crate::session) async fn begin_step_up(&self, options: StepUpOptions) -> Result<SignInRequest, Error> {
        self.parts.store.ensure_writable()?;
        self.parts.store.ensure_session().await?;
        let (generation, subject) = self.parts.context.read(Machine::subject).ok_or(Error::NoSession)?;
        let metadata = self.parts.issuer.metadata().await?;
        let configured = &self.parts.context.configuration().authorize_parameters;
        let of = SteppingUp {
            generation,
            subject,
            classes: options.requirement.acr_values.clone(),
        };
        let options = step_up::sign_in_options(options, configured, metadata.takes_claims)?;
        self.begin_for(options, Some(of)).await
    }

    /// The key to which the session's tokens are bound, or will be.
    fn session_key(&self) -> Option<ProofKey> {
        self.parts
            .context
            .read(|machine| machine.session()?.credentials.proof_key.clone())
    }

    async fn begin_for(&self, options: SignInOptions, stepping_up: Option<SteppingUp>) -> Result<SignInRequest, Error> {
        let configuration = self.parts.context.configuration();
        let mut parameters = parse_authorize_parameters("parameters", options.parameters)?;
        let login_hint = options.login_hint.map(|hint| ("login_hint", hint));
        let max_age = options.max_age_seconds.map(|age| ("max_age", age.to_string()));
        for (name, value) in login_hint.into_iter().chain(max_age) {
            // No parameter is sent twice (RFC 6749 3.1): the option takes precedence.
            parameters.retain(|(own, _)| own != name);
            parameters.push((name.to_owned(), value));
        }
        let secrets = self.parts.completion.secrets()?;
        let metadata = self.parts.issuer.metadata().await?;
        self.redirect_uri.warn_of_mix_up(&metadata, &self.parts.context);
        let key = match stepping_up.as_ref().and_then(|_| self.session_key()) {
            // The session continues, and so does its key. Before the user is asked, this shows that it can still be
            // used.
            Some(key) => {
                let (issuer, shown) = (&self.parts.issuer, Possession::of(&key));
                issuer.proof(shown, "POST", &metadata.token_endpoint).await?;
                Some(key)
            }
            None => self.parts.issuer.key_to_bind(&metadata).await?,
        };
        if let Some(key) = &key {
            parameters.push(("dpop_jkt".to_owned(), thumbprint(&key.public)));
        }
        let mut request = authorization_request(&configuration, &secrets, &parameters);
        if stepping_up.is_some() {
            // The configured values are for other sign-ins.
            let own = |name: &String| parameters.iter().any(|(own, _)| own == name);
            request.retain(|(name, _)| name != step_up::ACR_VALUES || own(name));
        }
        let url = match pushed_authorization::request(&metadata, &configuration, &request)? {
            Some(pushed) => {
                let answer = self.parts.issuer.call(pushed_authorization::ENDPOINT, pushed).await?;
                let request_uri = pushed_authorization::read(&answer, self.parts.issuer.server_now())?;
                pushed_authorization::url(&metadata, &configuration, &request_uri)
            }
            None => authorization_url(&metadata, &request),
        };
        let mut requested = requested_by(&request, &configuration);
        if let Some(of) = stepping_up.as_ref().filter(|of| !of.classes.is_empty()) {
            // Also if the issuer gets it as a voluntary claim: the API requires it.
            requested.authentication.essential_acr = Some(of.classes.clone());
        }
        requested.proof_key = key;
        requested.stepping_up = stepping_up;
        let callback_scheme = configuration.redirect_url.scheme().to_owned();
        let attempt = self
            .parts
            .pending
            .begin(self.parts.context.random()?, configuration, secrets, requested);
        self.parts.context.log(LogLevel::Info, "sign-in: begun");
        Ok(SignInRequest {
            url: url.into(),
            callback_scheme,
            attempt,
        })
    }

    pub(in crate::session) async fn complete(&self, callback_url: &str) -> Result<SessionState, Error> {
        // Two callers with the same URL (an app may receive it in more than one way) must not send the code twice: an
        // issuer answers the second use by revoking the tokens of the first (RFC 6749 4.1.2).
        let _turn = self.parts.pending.completion_turn().await;
        self.parts.pending.expire();
        let attempt = self.parts.pending.attempt()?;
        let outcome = self.finish(&attempt, callback_url).await;
        if outcome.as_ref().err().is_none_or(ends_attempt) {
            self.parts.pending.finish(attempt.id);
        }
        match &outcome {
            Ok(_) => self.parts.context.log(LogLevel::Info, "sign-in: done"),
            Err(error) => self.parts.context.log(LogLevel::Warning, &format!("sign-in: {error}")),
        }
        outcome
    }

    async fn finish(&self, attempt: &SignInAttempt, callback_url: &str) -> Result<SessionState, Error> {
        let metadata = self.parts.issuer.metadata().await?;
        let code = match read_callback(callback_url, &attempt.configuration, &metadata, &attempt.secrets.state)? {
            Callback::Code(code) => code,
            Callback::Refused(error) => return Err(error.into()),
        };
        // Steps that can stall come before the code is spent.
        self.parts.issuer.prefetch_keys().await?;
        let (tokens, received) = match attempt.exchanged.clone() {
            Some(exchanged) => exchanged,
            None => {
                let pause = self.parts.revocations.send_before(attempt.id).await;
                let exchanged = self.exchange_code(attempt, &code).await?;
                if !self.parts.pending.keep_exchanged(attempt.id, &exchanged, pause) {
                    let orphan = exchanged.0.refresh_token;
                    let orphan = orphan.filter(|_| attempt.requested.stepping_up.is_none());
                    return self.parts.completion.abandon(attempt.id, orphan).await;
                }
                exchanged
            }
        };
        let claims = match self.verify(attempt, &tokens).await {
            Err(error) if ends_attempt(&error) => {
                // The token may belong to the session's own user: some issuers revoke all of a user's tokens along with
                // one.
                let orphan = tokens
                    .refresh_token
                    .filter(|_| step_up::is_of_another_user(&error) || attempt.requested.stepping_up.is_none());
                let _ = self.parts.completion.abandon(attempt.id, orphan).await;
                return Err(error);
            }
            outcome => outcome?,
        };
        let session = self
            .parts
            .completion
            .session(&metadata.issuer, attempt, *tokens, claims, received);
        match &attempt.requested.stepping_up {
            Some(of) => self.parts.completion.step_up(attempt, of, session, received).await,
            None => {
                let how = (SignInWay::Browser, received);
                self.parts.completion.enter(attempt, session, how).await
            }
        }
    }

    async fn exchange_code(
        &self,
        attempt: &SignInAttempt,
        code: &Secret,
    ) -> Result<(Box<TokenAnswer>, Instant), Error> {
        let metadata = self.parts.issuer.metadata().await?;
        let request = token::exchange_code(
            &metadata.token_endpoint,
            &attempt.configuration,
            code,
            &attempt.secrets.verifier,
        );
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
        let tokens = token::read_with(
            &answer,
            Grant::AuthorizationCode,
            extras,
            key,
            self.parts.issuer.server_now(),
        )?;
        Ok((tokens, sent))
    }

    async fn verify(&self, attempt: &SignInAttempt, tokens: &TokenAnswer) -> Result<IdTokenClaims, Error> {
        let context = ValidationContext::SignIn {
            nonce: &attempt.secrets.nonce,
            requested: &attempt.requested.authentication,
            access_token: tokens.access_token.as_ref(),
        };
        let verified = self.parts.verify(attempt, tokens, context).await;
        match &attempt.requested.stepping_up {
            Some(of) => of.check(verified),
            None => verified,
        }
    }
}

/// What the authorization request asks for, whether it comes from the app's options or from its configuration.
fn requested_by(request: &[(String, String)], configuration: &Configuration) -> Requested {
    let value_of = |name: &str| {
        let named = request.iter().find(|(own, _)| own == name);
        named.map(|(_, value)| value.clone())
    };
    let is_auth0 = matches!(configuration.issuer, IssuerUrl::Auth0(_));
    let resources = request.iter().filter(|(name, _)| name == "resource");
    Requested {
        scope: value_of("scope").unwrap_or_default(),
        resources: resources.map(|(_, resource)| resource.clone()).collect(),
        authentication: RequestedAuthentication {
            max_age_seconds: value_of("max_age").and_then(|seconds| seconds.parse().ok()),
            // At other issuers, a parameter of that name may mean anything.
            organization: value_of("organization").filter(|_| is_auth0),
            essential_acr: value_of("claims").as_deref().and_then(essential_acr),
        },
        stepping_up: None,
        proof_key: None,
    }
}

/// Whether a retry with the same callback URL could never succeed.
fn ends_attempt(error: &Error) -> bool {
    match error {
        Error::SignIn { code, .. } => code != "state_mismatch",
        Error::IdToken(error) => error.problem != IdTokenProblem::KeysUnavailable,
        Error::SignInCancelled | Error::Store(_) | Error::InteractionRequired { .. } => true,
        Error::ServerConfiguration { server, .. } => {
            matches!(server.endpoint(), Endpoint::TOKEN | Endpoint::AUTHORIZATION)
        }
        _ => false,
    }
}
