//! Access tokens: from memory, or renewed with the refresh token, one renewal at a time.

use std::time::Duration;

use super::current::{Generation, RenewalInput, Superseded};
use super::single_flight::Boarding;
use super::{RefreshOptions, SessionManager, Shared, TokenOptions};
use crate::error::{Endpoint, Error, IdTokenProblem};
use crate::id_token::Occasion;
use crate::ports::LogLevel;
use crate::provider::failure::Grant;
use crate::provider::token::{self, TokenAnswer};
use crate::secret::Secret;
use crate::state::{ReauthenticationReason, SessionState};

impl SessionManager {
    /// An access token good for at least `min_ttl`: from memory, or renewed (network; persists). However many ask, one
    /// renewal is sent, and it goes on when its callers go away.
    ///
    /// # Errors
    /// [`Error::NoSession`], [`Error::Reauthenticate`]; a locked or failing store; [`Error::Argument`] when the
    /// issuer's tokens do not live `min_ttl` at all; what [`token::read`] says of the issuer's answer. [`Error::Store`]
    /// also when the renewed tokens could not be written: they are usable, and the next call writes them.
    pub async fn access_token(&self, options: TokenOptions) -> Result<Secret, Error> {
        let shared = &self.shared;
        let renewals_seen = shared.current.renewals();
        shared.ensure_session().await?;
        if !options.force_refresh {
            if let Some(token) = shared.current.access_token(options.min_ttl, shared.now()) {
                return Ok(token);
            }
            shared.check_min_ttl(options)?;
        }
        let token = self.renew(RefreshOptions::default(), |shared| {
            // Between the look above and now another caller's renewal may have landed.
            let renewed_meanwhile = shared.current.renewals() != renewals_seen;
            let suffices = renewed_meanwhile || !options.force_refresh;
            if suffices {
                shared.current.access_token(options.min_ttl, shared.now())
            } else {
                None
            }
        });
        let token = token.await?;
        shared.check_min_ttl(options)?;
        Ok(token)
    }

    /// Renews now, for the scopes and with the parameters given (network; persists). The token becomes the session's.
    ///
    /// # Errors
    /// As [`SessionManager::access_token`].
    pub async fn refresh(&self, options: RefreshOptions) -> Result<Secret, Error> {
        self.shared.ensure_session().await?;
        self.renew(options, |_| None).await
    }

    /// An access token that is not `refused`: another caller may have renewed it meanwhile.
    pub(super) async fn access_token_other_than(&self, refused: &Secret) -> Result<Secret, Error> {
        let newer = |shared: &Shared| {
            shared
                .current
                .access_token(Duration::ZERO, shared.now())
                .filter(|token| token != refused)
        };
        self.renew(RefreshOptions::default(), newer).await
    }

    async fn renew(
        &self,
        options: RefreshOptions,
        already: impl Fn(&Shared) -> Option<Secret>,
    ) -> Result<Secret, Error> {
        loop {
            let shared = &self.shared;
            let spawner = shared.environment.spawner.as_ref();
            let boarding = shared.refreshing.board(
                options.clone(),
                spawner,
                || already(shared).map(Ok),
                || {
                    let (manager, options) = (self.clone(), options.clone());
                    Box::pin(async move { manager.shared.renew_now(&options).await })
                },
            );
            match boarding {
                Boarding::Done(result) => return result,
                Boarding::Join(landing) => {
                    return landing
                        .await
                        .unwrap_or_else(|| Err(Error::Internal("the renewal ended early".to_owned())));
                }
                Boarding::WaitFor(landing) => drop(landing.await),
            }
        }
    }
}

impl Shared {
    /// Errors unless somebody is signed in.
    pub(super) async fn ensure_session(&self) -> Result<(), Error> {
        self.ensure_restored().await?;
        let state = self.current.state(self.now());
        self.current.publish(self.now());
        match state {
            Some(SessionState::SignedIn { .. }) => Ok(()),
            Some(SessionState::ReauthenticationRequired { reason }) => Err(Error::Reauthenticate(reason)),
            Some(SessionState::Locked) => Err(crate::ports::StoreError::Locked.into()),
            Some(SessionState::SignedOut) | None => Err(Error::NoSession),
        }
    }

    /// A token can be too short-lived for the caller from its first second on; renewing again and again would not help.
    fn check_min_ttl(&self, options: TokenOptions) -> Result<(), Error> {
        match self.current.lifetime_seconds() {
            Some(lifetime) if options.min_ttl.as_secs() > lifetime => Err(Error::Argument {
                name: "min_ttl",
                problem: format!("is more than the {lifetime} s that the issuer's tokens live"),
            }),
            _ => Ok(()),
        }
    }

    async fn renew_now(&self, options: &RefreshOptions) -> Result<Secret, Error> {
        // What can stall comes before the refresh token is read, so that the token sent is the current one.
        let metadata = self.metadata().await?;
        let Some(input) = self.current.renewal_input() else {
            return Err(self.why_not_renewable());
        };
        let request = token::refresh(
            &metadata.token_endpoint,
            &self.configuration,
            &input.refresh_token,
            &options.scopes,
            &options.parameters,
        );
        let answer = self.call(Endpoint::Token, request).await?;
        match token::read(&answer, Grant::RefreshToken, self.server_now()) {
            Ok(tokens) => self.take_renewal(input, tokens).await,
            Err(Error::Reauthenticate(reason)) => self.end(input.generation, reason).await,
            Err(error) => {
                self.log(LogLevel::Warning, &format!("not renewed: {error}"));
                Err(error)
            }
        }
    }

    /// Stores first, then looks closer: a rotated refresh token exists nowhere else.
    async fn take_renewal(&self, input: RenewalInput, tokens: TokenAnswer) -> Result<Secret, Error> {
        if let Err(Superseded) = self.current.renewed(input.generation, &tokens, self.now()) {
            return self.drop_late_answer(tokens).await;
        }
        let saved = self.save().await;
        let checked = self.check_renewal(&input, &tokens).await;
        let trusted = checked.map(|token| self.current.trust_renewal(input.generation).map(|()| token));
        self.current.publish(self.now());
        let Ok(token) = trusted? else {
            return self.newer_session_token();
        };
        saved?;
        self.log(LogLevel::Info, "renewed the access token");
        Ok(token)
    }

    async fn check_renewal(&self, input: &RenewalInput, tokens: &TokenAnswer) -> Result<Secret, Error> {
        let unexpected = |problem: String| Error::UnexpectedAnswer {
            endpoint: Endpoint::Token,
            status: 200,
            problem,
        };
        if let Some(id_token) = &tokens.id_token {
            let occasion = Occasion::Refresh {
                subject: &input.subject,
                nonce: input.nonce.as_ref(),
            };
            match self.verify_id_token(id_token, occasion).await {
                Ok(_) => {}
                // The token came over TLS from the token endpoint itself, which may stand in for the signature (OpenID
                // Connect Core 3.1.3.7, 6.); a key set that cannot be read now is no reason to withhold a good access
                // token.
                Err(
                    Error::IdToken(IdTokenProblem::KeysUnavailable)
                    | Error::Transport { .. }
                    | Error::ServerFault { .. },
                )
                | Err(Error::RateLimited { .. } | Error::UnexpectedAnswer { .. }) => {
                    self.log(
                        LogLevel::Warning,
                        "renewed without checking the ID token: the issuer's keys cannot be read now",
                    );
                }
                Err(error) => {
                    self.log(
                        LogLevel::Error,
                        &format!("the renewal's access token is not used: {error}"),
                    );
                    // Superseded means that there is nothing left to distrust.
                    let _ = self.current.distrust_renewal(input.generation, input.id_token.clone());
                    self.save_if_possible().await;
                    return Err(unexpected(error.to_string()));
                }
            }
        }
        match (&tokens.access_token, tokens.problem) {
            (Some(token), None) => Ok(token.clone()),
            (_, problem) => Err(unexpected(problem.unwrap_or("no access_token").to_owned())),
        }
    }

    /// The issuer refused the current refresh token: the only way for a session to end but the user's own sign-out.
    async fn end(&self, generation: Generation, reason: ReauthenticationReason) -> Result<Secret, Error> {
        match self.current.ended(generation, reason) {
            Ok(()) => {
                self.log(
                    LogLevel::Warning,
                    "the issuer refused the refresh token: the session has ended",
                );
                self.save_if_possible().await;
                self.current.publish(self.now());
                Err(Error::Reauthenticate(reason))
            }
            Err(Superseded) => self.newer_session_token(),
        }
    }

    /// The session changed hands while the answer was under way. Its tokens belong to nobody; what is new is revoked.
    async fn drop_late_answer(&self, tokens: TokenAnswer) -> Result<Secret, Error> {
        self.log(LogLevel::Info, "dropped a late answer to a session that is gone");
        if let Some(orphan) = tokens.refresh_token {
            // Logged there; nobody waits for it.
            let _ = self.revoke(&orphan).await;
        }
        self.newer_session_token()
    }

    fn newer_session_token(&self) -> Result<Secret, Error> {
        self.current
            .access_token(Duration::ZERO, self.now())
            .ok_or(Error::NoSession)
    }

    fn why_not_renewable(&self) -> Error {
        match self.current.state(self.now()) {
            Some(SessionState::ReauthenticationRequired { reason }) => Error::Reauthenticate(reason),
            Some(SessionState::SignedIn { .. }) => Error::Reauthenticate(ReauthenticationReason::NoRefreshToken),
            _ => Error::NoSession,
        }
    }
}
