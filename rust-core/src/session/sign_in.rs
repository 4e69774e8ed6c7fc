//! Signing in: Authorization Code with PKCE (RFC 6749 4.1, RFC 7636, OpenID Connect Core 3.1).

use futures_util::future::select;

use super::pending_sign_in::Attempt;
use super::sign_out::LONGEST_REVOCATION;
use super::{SessionManager, Shared, SignInOptions, SignInRequest};
use crate::jose::IdTokenProblem;
use crate::jose::{IdTokenClaims, ValidationContext};
use crate::machine::error::Error;
use crate::model::configuration::{max_age_of, parse_authorize_parameters};
use crate::model::credentials::Credentials;
use crate::model::secret::Secret;
use crate::model::secret_members::SecretMembers;
use crate::model::state::SessionState;
use crate::model::time::Instant;
use crate::ports::LogLevel;
use crate::protocol::authorization::{Callback, SignInSecrets, authorization_url, read_callback};
use crate::protocol::endpoint::Endpoint;
use crate::protocol::failure::Grant;
use crate::protocol::pkce::{RandomBytes, unguessable};
use crate::protocol::token::{self, TokenAnswer};
use crate::storage::envelope::{CURRENT_VERSION, StoredSession};

impl SessionManager {
    /// Starts a sign-in and gives the URL to open. Fetches the issuer's endpoints where they are not known; stores
    /// nothing. A sign-in already in progress is replaced: its callback will be refused.
    ///
    /// # Errors
    /// [`Error::Argument`] for parameters that Pilotlight sets itself; what the discovery says.
    pub async fn begin_sign_in(&self, options: SignInOptions) -> Result<SignInRequest, Error> {
        let shared = &self.shared;
        shared.ensure_writable()?;
        let mut parameters = parse_authorize_parameters("parameters", options.parameters)?;
        let login_hint = options.login_hint.map(|hint| ("login_hint", hint));
        let max_age = options.max_age_seconds.map(|age| ("max_age", age.to_string()));
        for (name, value) in login_hint.into_iter().chain(max_age) {
            // No parameter is sent twice (RFC 6749 3.1): the option wins.
            parameters.retain(|(own, _)| own != name);
            parameters.push((name.to_owned(), value));
        }
        let max_age_seconds =
            max_age_of(&parameters).or_else(|| max_age_of(&shared.configuration.authorize_parameters));
        let secrets = shared.sign_in_secrets()?;
        let metadata = shared.metadata().await?;
        let url = authorization_url(&metadata, &shared.configuration, &secrets, &parameters);
        let named = url.query_pairs().filter(|(name, _)| name == "resource");
        let resources = named.map(|(_, resource)| resource.into_owned()).collect();
        shared.cancel_sign_in(|_| true);
        let attempt = shared
            .signing_in
            .begin(shared.random()?, secrets, max_age_seconds, resources, shared.now());
        shared.log(LogLevel::Info, "sign-in: begun");
        Ok(SignInRequest {
            url: url.into(),
            callback_scheme: shared.configuration.redirect_url.scheme().to_owned(),
            attempt,
        })
    }

    /// Ends a sign-in with the URL the browser was sent back to: checks it, exchanges the code, validates the ID token,
    /// stores the session and publishes it.
    ///
    /// # Errors
    /// [`Error::Argument`] or [`Error::SignIn`] (`state_mismatch`) for a URL that does not belong to the sign-in in
    /// progress, which then goes on. [`Error::SignIn`] when the issuer or the user said no, [`Error::IdToken`] when the
    /// token is not to be believed: the attempt is over. Passing trouble leaves the attempt as it is: call again with
    /// the same URL. [`Error::Store`] when the session could not be written: it is signed in all the same, and the next
    /// call writes it.
    pub async fn complete_sign_in(&self, callback_url: &str) -> Result<SessionState, Error> {
        let shared = &self.shared;
        // Two callers with the same URL (an app hears of it in more than one way) must not send the code twice: an
        // issuer answers a second use by revoking what the first one brought (RFC 6749 4.1.2).
        let _turn = shared.completing.lock().await;
        shared.expire_sign_in();
        let attempt = shared.signing_in.attempt()?;
        let outcome = shared.finish_sign_in(&attempt, callback_url).await;
        if outcome.as_ref().err().is_none_or(ends_attempt) {
            shared.signing_in.finish(attempt.id);
        }
        match &outcome {
            Ok(_) => shared.log(LogLevel::Info, "sign-in: done"),
            Err(error) => shared.log(LogLevel::Warning, &format!("sign-in: {error}")),
        }
        outcome
    }

    /// Gives up the sign-in in progress, if there is one.
    pub fn cancel_sign_in(&self) {
        self.shared.cancel_sign_in(|_| true);
    }

    /// Gives up the sign-in that [`SignInRequest::attempt`] names; another one that has replaced it goes on.
    pub fn cancel_sign_in_attempt(&self, attempt: u64) {
        self.shared.cancel_sign_in(|current| current == attempt);
    }

    /// Ends a sign-in that was begun more than 15 minutes ago. Memory only; for the beginning of each call, because the
    /// process may have been suspended since.
    pub fn expire_sign_in(&self) {
        self.shared.expire_sign_in();
    }
}

impl Shared {
    /// Ends a sign-in that was begun more than 15 minutes ago.
    pub(super) fn expire_sign_in(&self) {
        self.revoke_in_background(self.signing_in.expire(self.now()));
    }

    /// Cancels the sign-in in progress if it is one that is meant.
    pub(super) fn cancel_sign_in(&self, is_meant: impl FnOnce(u64) -> bool) {
        let brought = self.signing_in.cancel(is_meant);
        // Where its end is under way, that one sees that it was cancelled, and revokes.
        self.revoke_in_background(brought.filter(|_| self.completing.try_lock().is_ok()));
    }

    /// For a refresh token that nobody will use.
    fn revoke_in_background(&self, refresh_token: Option<Secret>) {
        if let (Some(refresh_token), Some(shared)) = (refresh_token, self.me.upgrade()) {
            // Logged there; nobody waits for it.
            let work = async move { drop(shared.revoke(&refresh_token).await) };
            self.dependencies.spawner.spawn(Box::pin(work));
        }
    }

    async fn finish_sign_in(&self, attempt: &Attempt, callback_url: &str) -> Result<SessionState, Error> {
        let metadata = self.metadata().await?;
        let code = match read_callback(callback_url, &self.configuration, &metadata, &attempt.secrets.state)? {
            Callback::Code(code) => code,
            Callback::Refused(error) => return Err(error.into()),
        };
        // Before the code is spent: what may stall.
        self.prefetch_keys().await?;
        // Afterwards it could end the new session: see `Current::signed_in`.
        self.send_revocations_in_time().await;
        let (tokens, received) = match attempt.exchanged.clone() {
            Some(exchanged) => exchanged,
            None => {
                let exchanged = self.exchange_code(attempt, &code).await?;
                if !self.signing_in.keep_exchanged(attempt.id, &exchanged) {
                    return self.drop_sign_in(exchanged.0.refresh_token).await;
                }
                exchanged
            }
        };
        let claims = match self.believe(attempt, &tokens).await {
            Err(error) if ends_attempt(&error) => {
                // Nobody will use its refresh token.
                let _ = self.drop_sign_in(tokens.refresh_token).await;
                return Err(error);
            }
            outcome => outcome?,
        };
        let session = stored_session(
            &metadata.issuer,
            &self.configuration.client_id,
            attempt,
            tokens,
            claims,
            received,
        );
        self.enter(attempt, session, received).await
    }

    /// The new session takes the place of whatever was there, in memory and in the store. A sign-out or another sign-in
    /// that came meanwhile wins; then the tokens belong to nobody.
    pub(super) async fn enter(
        &self,
        attempt: &Attempt,
        session: StoredSession,
        received: Instant,
    ) -> Result<SessionState, Error> {
        // What waits for the network is the user's, and an import is over, also where the sign-in is the first thing
        // that a launch does. A store that cannot be read has nothing to add.
        let _ = self.ensure_restored().await;
        self.close_import().await;
        let refresh_token = session.credentials.refresh_token.clone();
        let enter = || self.current.signed_in(session, received.monotonic);
        // Nothing may come between the look at the attempt and the new session: all that could wait is done.
        let Some(replaced) = self.signing_in.finish_with(attempt.id, enter) else {
            return self.drop_sign_in(refresh_token).await;
        };
        let saved = self.save().await;
        self.current.publish(self.now());
        saved?;
        self.revoke_in_background(replaced);
        self.current.state(self.now()).ok_or(Error::NoSession)
    }

    async fn exchange_code(&self, attempt: &Attempt, code: &Secret) -> Result<(TokenAnswer, Instant), Error> {
        let metadata = self.metadata().await?;
        let request = token::exchange_code(
            &metadata.token_endpoint,
            &self.configuration,
            code,
            &attempt.secrets.verifier,
        );
        // The tokens' life counts from here: the process may be suspended before it reads the answer.
        let sent = self.now();
        let answer = self.call(Endpoint::Token, request).await?;
        let extras = token::extras(&self.configuration, &[], &[]);
        let tokens = token::read_with(&answer, Grant::AuthorizationCode, extras, self.server_now())?;
        Ok((tokens, sent))
    }

    async fn believe(&self, attempt: &Attempt, tokens: &TokenAnswer) -> Result<IdTokenClaims, Error> {
        let Some(id_token) = &tokens.id_token else {
            return Err(Error::sign_in(
                "id_token_missing",
                "the issuer sent no ID token; the scope openid brings it",
            ));
        };
        if tokens.access_token.is_none() {
            return Err(Error::sign_in(
                "invalid_token_answer",
                tokens.problem.unwrap_or("the issuer sent no access token"),
            ));
        }
        let context = ValidationContext::SignIn {
            nonce: &attempt.secrets.nonce,
            max_age_seconds: attempt.max_age_seconds,
            access_token: tokens.access_token.as_ref(),
        };
        self.verify_id_token(id_token, context).await
    }

    pub(super) async fn drop_sign_in(&self, refresh_token: Option<Secret>) -> Result<SessionState, Error> {
        if let Some(orphan) = refresh_token {
            // Logged there; the cancellation is what the caller hears of.
            let revoking = std::pin::pin!(self.revoke(&orphan));
            select(revoking, self.dependencies.spawner.sleep(LONGEST_REVOCATION)).await;
        }
        Err(Error::SignInCancelled)
    }

    pub(super) fn sign_in_secrets(&self) -> Result<SignInSecrets, Error> {
        Ok(SignInSecrets {
            state: self.random()?,
            nonce: self.random()?,
            verifier: self.random()?,
        })
    }

    /// A value that nobody can guess.
    pub(super) fn random(&self) -> Result<Secret, Error> {
        let mut bytes = RandomBytes::default();
        self.dependencies.randomness.fill(&mut bytes)?;
        Ok(unguessable(bytes))
    }
}

/// Whether the same callback URL could never succeed later.
fn ends_attempt(error: &Error) -> bool {
    match error {
        Error::SignIn { code, .. } => code != "state_mismatch",
        Error::IdToken(error) => error.problem != IdTokenProblem::KeysUnavailable,
        Error::SignInCancelled | Error::Store(_) | Error::InteractionRequired { .. } => true,
        Error::ServerConfiguration { server, .. } => {
            matches!(server.endpoint, Endpoint::Token | Endpoint::Authorization)
        }
        _ => false,
    }
}

pub(super) fn stored_session(
    issuer: &str,
    client_id: &str,
    attempt: &Attempt,
    tokens: TokenAnswer,
    claims: IdTokenClaims,
    received: Instant,
) -> StoredSession {
    StoredSession {
        version: CURRENT_VERSION,
        issuer: issuer.to_owned(),
        client_id: client_id.to_owned(),
        subject: claims.subject,
        credentials: Credentials {
            access_token: tokens.access_token,
            refresh_token: tokens.refresh_token,
            id_token: tokens.id_token,
            scope: tokens.scope,
            received_at: received.wall,
            lifetime_seconds: Credentials::lifetime_for(tokens.expires_in),
            lives_by_id_token: false,
            unchecked: false,
        },
        sign_in_id: Some(attempt.sign_in_id.clone()),
        nonce: Some(attempt.secrets.nonce.clone()),
        authenticated_at: claims.auth_time,
        profile: None,
        ended: None,
        sequence: 0,
        audience_tokens: Vec::new(),
        imported: false,
        pending_updates: Vec::new(),
        resources: attempt.resources.clone(),
        unknown: SecretMembers::default(),
    }
}
