//! Sign-in with a password at `/oauth/ro`, at older Auth0 tenants.
//!
//! **Promises.** The password is sent once, wiped, and never stored. The new session is based on its ID token.
//! **Needs** the context, the store, the issuer, its verifier, the revocations, the pending sign-in and the completion.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::legacy_base::{legacy_base, parse_more};
use super::pending::{Requested, SignInAttempt};
use super::shared_parts::SignInParts;
use crate::jose::{IdTokenClaims, ValidationContext};
use crate::machine::error::Error;
use crate::machine::event::SignInWay;
use crate::model::configuration::Configuration;
use crate::model::credentials::Credentials;
use crate::model::proof_key::{self, TokenBinding};
use crate::model::secret::Secret;
use crate::model::state::SessionState;
use crate::ports::LogLevel;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::legacy::resource_owner;
use crate::protocol::token::TokenAnswer;

/// The user's credentials and the database connection. `Debug` shows neither name nor password.
#[derive(Clone, Debug)]
pub struct PasswordSignIn {
    /// The user's name or email address at the connection.
    pub username: Secret,
    /// The password. It is sent once, wiped, and never stored.
    pub password: Secret,
    /// The name of the database connection, such as `Username-Password-Authentication`.
    pub connection: String,
    /// The user's name for this device. Needed with the scope `offline_access`: the refresh token is bound to it.
    pub device: Option<String>,
    /// Additional request parameters.
    pub parameters: HashMap<String, String>,
}

impl PasswordSignIn {
    fn check(&self, configuration: &Configuration) -> Result<Vec<(String, String)>, Error> {
        let missing = |name: &'static str, problem: &str| Error::Argument {
            name,
            problem: problem.to_owned(),
        };
        for (name, value) in [
            ("username", self.username.expose()),
            ("password", self.password.expose()),
            ("connection", self.connection.as_str()),
        ] {
            if value.is_empty() {
                return Err(missing(name, "is empty"));
            }
        }
        let device = self.device.as_deref().unwrap_or_default();
        if device.is_empty() && configuration.scopes.iter().any(|scope| scope == "offline_access") {
            return Err(missing(
                "device",
                "is needed with the scope offline_access: the refresh token is bound to it",
            ));
        }
        parse_more(
            self.parameters.clone(),
            &["username", "password", "connection", "device", "id_token"],
        )
    }
}

#[derive(Debug)]
pub(in crate::session) struct SignInByPassword {
    parts: Arc<SignInParts>,
}

impl SignInByPassword {
    pub(in crate::session) fn new(parts: Arc<SignInParts>) -> Self {
        Self { parts }
    }

    pub(in crate::session) async fn sign_in(&self, sign_in: PasswordSignIn) -> Result<SessionState, Error> {
        let configuration = self.parts.context.configuration();
        legacy_base(&configuration)?;
        if configuration.dpop == TokenBinding::Required {
            return Err(Error::Configuration {
                field: proof_key::FIELD,
                problem: "is required, but a sign-in with a password gives tokens that are not bound to a key: sign in with the \
                          browser, or set it to whenOffered"
                    .to_owned(),
            });
        }
        self.parts.store.ensure_writable()?;
        let parameters = sign_in.check(&configuration)?;
        // These secrets are not sent to the issuer.
        let requested = Requested {
            scope: configuration.scopes.join(" "),
            ..Requested::default()
        };
        self.parts.pending.begin(
            self.parts.context.random()?,
            configuration,
            self.parts.completion.secrets()?,
            requested,
        );
        let attempt = self.parts.pending.attempt()?;
        let outcome = self.finish(&attempt, sign_in, &parameters).await;
        // The attempt stays open while it waits for a second factor.
        if !matches!(outcome, Err(Error::MfaRequired { .. })) {
            self.parts.pending.finish(attempt.id);
        }
        match &outcome {
            Ok(_) => self.parts.context.log(LogLevel::Info, "sign-in with a password: done"),
            Err(error) => {
                let message = format!("sign-in with a password: {error}");
                self.parts.context.log(LogLevel::Warning, &message);
            }
        }
        outcome
    }

    async fn finish(
        &self,
        attempt: &SignInAttempt,
        sign_in: PasswordSignIn,
        parameters: &[(String, String)],
    ) -> Result<SessionState, Error> {
        let metadata = self.parts.issuer.metadata().await?;
        // Steps that can stall come before the password is sent.
        self.parts.issuer.prefetch_keys().await?;
        let pause = self.parts.revocations.send_before(attempt.id).await;
        let who = resource_owner::Credentials {
            username: &sign_in.username,
            password: &sign_in.password,
            connection: &sign_in.connection,
            device: sign_in.device.as_deref(),
        };
        let configuration = &attempt.configuration;
        let request = resource_owner::request(legacy_base(configuration)?, configuration, &who, parameters)?;
        drop(sign_in);
        let received = self.parts.context.now();
        let answer = self.parts.issuer.call(Endpoint::RESOURCE_OWNER, request).await?;
        let server_now = self.parts.issuer.server_now();
        let refused = |error| self.parts.refused(attempt.id, SignInWay::Password, error);
        let tokens = resource_owner::read(&answer, server_now).map_err(refused)?;
        let claims = match self.verify(attempt, &tokens).await {
            Ok(claims) => claims,
            Err(error) => {
                drop(pause);
                let _ = self.parts.completion.abandon(attempt.id, tokens.refresh_token).await;
                return Err(error);
            }
        };
        let lifetime = Credentials::lifetime_of_id_token(claims.issued_at, claims.expires_at, server_now);
        let mut session = self
            .parts
            .completion
            .session(&metadata.issuer, attempt, *tokens, claims, received);
        session.credentials.lifetime_seconds = lifetime;
        session.credentials.lives_by_id_token = true;
        session.nonce = None;
        self.parts
            .completion
            .enter(attempt, session, (SignInWay::Password, received))
            .await
    }

    async fn verify(&self, attempt: &SignInAttempt, tokens: &TokenAnswer) -> Result<IdTokenClaims, Error> {
        let Some(id_token) = &tokens.id_token else {
            return Err(Error::sign_in("id_token_missing", "the issuer sent no ID token"));
        };
        let context = ValidationContext::Direct {
            requested: &attempt.requested.authentication,
            access_token: tokens.access_token.as_ref(),
        };
        self.parts.verifier.verify_direct_id_token(id_token, context).await
    }
}
