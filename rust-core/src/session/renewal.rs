//! One renewal: whose turn it is, what is sent, what becomes of the answer.

use std::time::Duration;

use super::Shared;
use super::checking::CheckedRenewal;
use super::current::{Generation, RenewalInput, to_revoke};
use super::options::Renewal;
use super::refresh::TokenRequirement;
use crate::machine::error::Error;
use crate::machine::input::{RenewalDeclined, RenewalFailed, RenewalSucceeded};
use crate::machine::{Outcome, RenewalKind, Verdict};
use crate::model::audience::Audience;
use crate::model::secret::Secret;
use crate::model::state::{ReauthenticationReason, SessionState};
use crate::model::time::Instant;
use crate::ports::LogLevel;
use crate::protocol::discovery::IssuerMetadata;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::failure::{Extras, Grant};
use crate::protocol::legacy::delegation;
use crate::protocol::token::{self, TokenAnswer};

/// How often a session may change hands while one answer is under way.
pub(super) const MOST_REPLACEMENTS: usize = 3;
/// The issuer refused a refresh token, another process had a newer one, that was refused too: this is no race any more.
const LARGEST_NUMBER_OF_TOKENS_TRIED: usize = 3;

impl Shared {
    /// Renews, with pauses while the trouble passes; right after a failure not at all.
    pub(super) async fn renew(&self, renewal: &Renewal, requirement: &TokenRequirement) -> Result<Secret, Error> {
        let kind = renewal.kind();
        self.current.begin_renewal(kind.clone(), self.now())?;
        let mut replacements = 0;
        loop {
            let mut asked = self.current.generation();
            let error = match self.renew_once(renewal, requirement, &mut asked).await {
                Ok(token) => {
                    self.current.apply(RenewalSucceeded { kind });
                    return Ok(token);
                }
                // Another sign-in took the session's place meanwhile, and its token is due as well.
                Err(Error::NoSession) if self.current.is_renewable() => {
                    replacements += 1;
                    if replacements < MOST_REPLACEMENTS {
                        continue;
                    }
                    Error::Busy
                }
                Err(error) => error,
            };
            self.log(LogLevel::Warning, &format!("not renewed: {error}"));
            let pause = self.current.renewal_failed(RenewalFailed {
                generation: asked,
                kind: kind.clone(),
                error: error.clone(),
                now: self.now(),
                chance: self.chance()?,
            });
            match pause {
                Some(pause) => self.dependencies.spawner.sleep(pause).await,
                None => return Err(error),
            }
        }
    }

    /// `asked` becomes the session that is renewed.
    async fn renew_once(
        &self,
        renewal: &Renewal,
        requirement: &TokenRequirement,
        asked: &mut Generation,
    ) -> Result<Secret, Error> {
        let of = renewal.audience.as_ref();
        if self.is_read_only() {
            self.merge_from_store().await?;
            return requirement.granted_by(self, of).ok_or(Error::ReadOnly);
        }
        // What can stall comes before the refresh token is read, so that the token sent is the current one.
        let metadata = self.metadata().await?;
        let _turn = self.take_process_lock().await?;
        if self.is_shared()
            && self.merge_from_store().await?
            && let Some(token) = requirement.granted_by(self, of)
        {
            return Ok(token);
        }
        // Its successor must not be lost: a device that is locked, or a full disk, is found out before.
        // Delegation spends nothing.
        if !self.current.lives_by_id_token()
            && self.prove_writable().await?
            && let Some(token) = requirement.granted_by(self, of)
        {
            return Ok(token);
        }
        for _ in 0..LARGEST_NUMBER_OF_TOKENS_TRIED {
            let Some(input) = self.current.renewal_input() else {
                return Err(self.why_not_renewable());
            };
            *asked = input.generation;
            self.ensure_kind(requirement)?;
            self.ensure_named(of, &input.resources)?;
            match self.ask_for_tokens(&metadata, &input, renewal).await {
                Ok((tokens, sent)) if input.delegation.is_some() => {
                    return self.take_delegation(input, tokens, sent).await;
                }
                Ok((tokens, sent)) => return self.take_renewal(input, tokens, sent, of).await,
                Err(Error::Reauthenticate(reason)) => {
                    // It counts only for the current refresh token. The store may know a newer one; or another task of
                    // this process has taken that over already, after a suspension for example.
                    let ends = !self.merge_from_store().await?
                        && self.current.refused(input.generation, &input.token, reason) == Verdict::Changed;
                    if ends {
                        return self.end(reason, of).await;
                    }
                    if let Some(token) = requirement.granted_by(self, of) {
                        return Ok(token);
                    }
                }
                Err(error @ Error::Refused { .. }) => {
                    // Some issuers refuse a spent token in such words too.
                    let is_newer = self.merge_from_store().await.unwrap_or(false);
                    if !is_newer && self.current.would_renew_with(&input.token) {
                        return Err(self.declined(&input, renewal, error));
                    }
                    if let Some(token) = requirement.granted_by(self, of) {
                        return Ok(token);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        // Another process renews faster than this one, which has no lock: it was suspended.
        Err(Error::Busy)
    }

    /// Sends the refresh token, and again at once when the answer is lost: the issuer may have rotated it already. With
    /// the answer comes when it was asked for: the tokens' life counts from then, because the process may have been
    /// suspended before it read the answer.
    async fn ask_for_tokens(
        &self,
        metadata: &IssuerMetadata,
        input: &RenewalInput,
        renewal: &Renewal,
    ) -> Result<(TokenAnswer, Instant), Error> {
        let grant = match renewal.audience {
            Some(_) => Grant::RefreshTokenForAudience,
            None => Grant::RefreshToken,
        };
        let (scopes, parameters) = self.asked_for(renewal);
        let extras = token::extras(&self.configuration, scopes, &parameters);
        loop {
            let (endpoint, request) = match input.delegation {
                Some(shown) => (Endpoint::Delegation, self.delegation_request(shown, &input.token)?),
                None => {
                    let endpoint = &metadata.token_endpoint;
                    let request = token::refresh(endpoint, &self.configuration, &input.token, scopes, &parameters);
                    (Endpoint::Token, request)
                }
            };
            let sent = self.now();
            match self.call(endpoint, request).await {
                Ok(answer) => {
                    let mut tokens = match input.delegation {
                        Some(shown) => delegation::read_renewal(&answer, shown, self.server_now()),
                        None => token::read_with(&answer, grant, extras, self.server_now()),
                    }?;
                    // Left out where it is what was asked for (RFC 6749 5.1).
                    if tokens.scope.is_none() && !scopes.is_empty() {
                        tokens.scope = Some(scopes.join(" "));
                    }
                    return Ok((tokens, sent));
                }
                Err(error) if self.current.asks_again(&error, sent.monotonic, self.now().monotonic) => {
                    self.log(LogLevel::Info, "asking again for the answer that was lost");
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// What can be checked without waiting is, then the tokens are stored: a rotated refresh token exists nowhere else.
    /// Where keys have to be fetched, the tokens are stored as not checked before that.
    async fn take_renewal(
        &self,
        input: RenewalInput,
        tokens: TokenAnswer,
        sent: Instant,
        of: Option<&Audience>,
    ) -> Result<Secret, Error> {
        let taken = self.current.renewed(input.generation, of, &tokens, sent);
        if taken.verdict == Verdict::Superseded {
            return self.drop_late_answer(taken, of).await;
        }
        let settle = |CheckedRenewal { token, result }| (token, self.current.checked(input.generation, of, result));
        let at_once = self.check_renewal_at_once(&input, &tokens, of).map(settle);
        let saved = self.save().await;
        self.release_process_lock();
        let (token, settled) = match at_once {
            Some(settled) => settled,
            None => {
                let settled = settle(self.check_renewal(&input, &tokens, of).await);
                self.save_if_possible().await;
                settled
            }
        };
        self.current.publish(self.now());
        let token = token?;
        if settled.verdict == Verdict::Superseded {
            return self.drop_late_answer(settled, of).await;
        }
        // Another process has renewed too, and its tokens are the later ones: these were never stored.
        if self.current.any_access_token(of).as_ref() != Some(&token) {
            return self.newer_session_token(of);
        }
        saved?;
        self.log(LogLevel::Info, "renewed the access token");
        Ok(token)
    }

    /// The issuer refused the current refresh token: the only way for a session to end but the user's own sign-out.
    async fn end(&self, reason: ReauthenticationReason, of: Option<&Audience>) -> Result<Secret, Error> {
        self.log(
            LogLevel::Warning,
            "the issuer refused the refresh token: the session has ended",
        );
        // Logged there; memory knows.
        let _ = self.save().await;
        self.current.publish(self.now());
        // Another process's renewal may have come to light when that was to be written.
        match self.current.state(self.now()) {
            Some(SessionState::SignedIn { .. }) => self.newer_session_token(of),
            _ => Err(Error::Reauthenticate(reason)),
        }
    }

    /// The issuer refused the current refresh token without saying why.
    fn declined(&self, input: &RenewalInput, renewal: &Renewal, error: Error) -> Error {
        let is_plain = token::extras(&self.configuration, &[], &[]) == Extras::None;
        let declined = RenewalDeclined {
            generation: input.generation,
            token: input.token.clone(),
            plain: is_plain && renewal.kind() == RenewalKind::Own,
            now: self.now().monotonic,
        };
        match error {
            Error::Refused { code, description, .. } if self.current.declined(declined) => {
                Error::RenewalsRefused { code, description }
            }
            error => error,
        }
    }

    /// The session changed hands while the answer was under way. Its tokens belong to nobody; what is new is revoked.
    async fn drop_late_answer(&self, outcome: Outcome, of: Option<&Audience>) -> Result<Secret, Error> {
        self.log(LogLevel::Info, "dropped a late answer to a session that is gone");
        if let Some(orphan) = to_revoke(outcome) {
            // Logged there; nobody waits for it.
            let _ = self.revoke(&orphan).await;
        }
        self.newer_session_token(of)
    }

    fn newer_session_token(&self, of: Option<&Audience>) -> Result<Secret, Error> {
        let now = self.now();
        let why_not = || match self.current.state(now) {
            Some(SessionState::ReauthenticationRequired { reason }) => Error::Reauthenticate(reason),
            _ => Error::NoSession,
        };
        self.current.access_token(of, Duration::ZERO, now).ok_or_else(why_not)
    }

    fn why_not_renewable(&self) -> Error {
        match self.current.state(self.now()) {
            Some(SessionState::ReauthenticationRequired { reason }) => Error::Reauthenticate(reason),
            Some(SessionState::SignedIn { .. }) => Error::Reauthenticate(ReauthenticationReason::NoRefreshToken),
            _ => Error::NoSession,
        }
    }

    pub(super) fn chance(&self) -> Result<u64, Error> {
        let mut bytes = [0; 8];
        self.dependencies.randomness.fill(&mut bytes)?;
        Ok(u64::from_ne_bytes(bytes))
    }
}
