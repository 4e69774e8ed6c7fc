//! Signing in with a password at `/oauth/ro`.

use std::collections::HashMap;

use super::super::pending_sign_in::Attempt;
use super::super::sign_in::stored_session;
use super::super::{SessionManager, Shared};
use super::parse_more;
use crate::jose::{IdTokenClaims, ValidationContext};
use crate::machine::error::Error;
use crate::model::configuration::Configuration;
use crate::model::credentials::Credentials;
use crate::model::secret::Secret;
use crate::model::state::SessionState;
use crate::ports::LogLevel;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::legacy::resource_owner;
use crate::protocol::token::TokenAnswer;

/// Who signs in with a password. `Debug` shows neither name nor password.
#[derive(Clone, Debug)]
pub struct PasswordSignIn {
    /// The user's name or address at the connection.
    pub username: Secret,
    /// The password. It is sent once, wiped, and never stored.
    pub password: Secret,
    /// The name of the database connection, such as `Username-Password-Authentication`.
    pub connection: String,
    /// What the user calls this device. Needed with the scope `offline_access`: the refresh token is bound to it.
    pub device: Option<String>,
    /// More parameters for the request.
    pub parameters: HashMap<String, String>,
}

impl SessionManager {
    /// Signs in with the user's name and password at `/oauth/ro` (network; persists). A sign-in in progress is
    /// replaced; a sign-out or another sign-in that comes meanwhile wins, and what this one brought is revoked.
    ///
    /// For apps of older tenants that cannot leave it yet: whoever shows a password field sees the password, teaches
    /// users to type it anywhere, and shuts out single sign-on, second factors and passkeys (RFC 8252 8.12; RFC 9700
    /// 2.4: "MUST NOT be used"). The browser does without all of that.
    ///
    /// The session lives by its ID token. That is verified as ever when it is signed with a key of the issuer's; signed
    /// with the client's secret (HS256), which no app has, it is believed because it came from the issuer over TLS.
    ///
    /// # Errors
    /// [`Error::Configuration`] where the legacy calls are not allowed; [`Error::Argument`] for what is missing; what
    /// [`resource_owner::read`] says of the answer; [`Error::IdToken`]; [`Error::SignInCancelled`]; [`Error::Store`] when
    /// the session could not be written: it is signed in all the same.
    pub async fn sign_in_with_password(&self, sign_in: PasswordSignIn) -> Result<SessionState, Error> {
        let shared = &self.shared;
        shared.legacy_base()?;
        shared.ensure_writable()?;
        let parameters = sign_in.check(&shared.configuration)?;
        // The issuer is sent none of these secrets.
        let (id, secrets) = (shared.random()?, shared.sign_in_secrets()?);
        shared.cancel_sign_in(|_| true);
        shared.signing_in.begin(id, secrets, None, Vec::new(), shared.now());
        let attempt = shared.signing_in.attempt()?;
        let outcome = shared.sign_in_with_password(&attempt, sign_in, &parameters).await;
        shared.signing_in.finish(attempt.id);
        match &outcome {
            Ok(_) => shared.log(LogLevel::Info, "sign-in with a password: done"),
            Err(error) => shared.log(LogLevel::Warning, &format!("sign-in with a password: {error}")),
        }
        outcome
    }
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

impl Shared {
    async fn sign_in_with_password(
        &self,
        attempt: &Attempt,
        sign_in: PasswordSignIn,
        parameters: &[(String, String)],
    ) -> Result<SessionState, Error> {
        let metadata = self.metadata().await?;
        // Before the password is sent: what may stall.
        self.prefetch_keys().await?;
        self.send_revocations_in_time().await;
        let who = resource_owner::Credentials {
            username: &sign_in.username,
            password: &sign_in.password,
            connection: &sign_in.connection,
            device: sign_in.device.as_deref(),
        };
        let request = resource_owner::request(self.legacy_base()?, &self.configuration, &who, parameters)?;
        drop(sign_in);
        let received = self.now();
        let answer = self.call(Endpoint::ResourceOwner, request).await?;
        let server_now = self.server_now();
        let tokens = resource_owner::read(&answer, server_now)?;
        let claims = match self.believe_direct(&tokens).await {
            Ok(claims) => claims,
            Err(error) => {
                // Nobody will use its refresh token.
                let _ = self.drop_sign_in(tokens.refresh_token).await;
                return Err(error);
            }
        };
        let lifetime = Credentials::lifetime_of_id_token(claims.issued_at, claims.expires_at, server_now);
        let client_id = &self.configuration.client_id;
        let mut session = stored_session(&metadata.issuer, client_id, attempt, tokens, claims, received);
        session.credentials.lifetime_seconds = lifetime;
        session.credentials.lives_by_id_token = true;
        session.nonce = None;
        self.enter(attempt, session, received).await
    }

    async fn believe_direct(&self, tokens: &TokenAnswer) -> Result<IdTokenClaims, Error> {
        let Some(id_token) = &tokens.id_token else {
            return Err(Error::sign_in("id_token_missing", "the issuer sent no ID token"));
        };
        let context = ValidationContext::Direct {
            access_token: tokens.access_token.as_ref(),
        };
        self.verify_direct_id_token(id_token, context).await
    }
}
