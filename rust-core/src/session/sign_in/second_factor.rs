//! Continues a sign-in that the issuer refused with `mfa_required` (Auth0: "Multi-factor Authentication API").
//!
//! **Promises.** The tokens are checked and stored as with any sign-in. A wrong code and a transient failure leave the
//! sign-in as it is; another sign-in and a sign-out end it. An accepted proof is not sent again. **Needs** what every
//! sign-in needs, and the second factors.

use std::sync::Arc;

use super::super::tokens::{Mfa, MfaAnswer, MfaOutcome, ReadyAnswer};
use super::shared_parts::{SignInParts, goes_on};
use crate::machine::Machine;
use crate::machine::error::Error;
use crate::machine::event::SignInWay;
use crate::model::secret::Secret;
use crate::ports::LogLevel;

#[derive(Debug)]
pub(in crate::session) struct SignInBySecondFactor {
    parts: Arc<SignInParts>,
    mfa: Arc<Mfa>,
}

impl SignInBySecondFactor {
    pub(in crate::session) fn new(parts: Arc<SignInParts>, mfa: Arc<Mfa>) -> Self {
        Self { parts, mfa }
    }

    /// Sends the answer; the refused call continues with the resulting tokens.
    pub(in crate::session) async fn answer(&self, id: u64, answer: MfaAnswer) -> Result<MfaOutcome, Error> {
        let parts = &self.parts;
        parts.pending.expire();
        let Some((attempt, way)) = self.mfa.sign_in_of(id) else {
            return self.mfa.answer(id, answer).await;
        };
        parts.store.ensure_writable()?;
        let ready = self.mfa.get_ready(id, answer).await?;
        let _turn = parts.pending.completion_turn().await;
        let outcome = self.finish(id, attempt, way, &ready).await;
        let message = match &outcome {
            Ok(MfaOutcome::Pending) => return outcome,
            Ok(_) => "sign-in with a second factor: done".to_owned(),
            Err(error) => format!("sign-in with a second factor: {error}"),
        };
        parts.context.log(LogLevel::Info, &message);
        let is_open = self.mfa.sign_in_of(id).is_some();
        let goes_on = |error: &Error| match error {
            // The user can give another code, unless the challenge is over.
            Error::MfaRejected { .. } => is_open,
            Error::MfaRequired { .. } => true,
            error => goes_on(error),
        };
        if outcome.as_ref().err().is_some_and(|error| !goes_on(error)) {
            parts.pending.finish(attempt);
        }
        outcome
    }

    async fn finish(&self, id: u64, number: u64, way: SignInWay, ready: &ReadyAnswer) -> Result<MfaOutcome, Error> {
        let parts = &self.parts;
        let metadata = parts.issuer.metadata().await?;
        // Steps that can stall come before the code is spent.
        parts.issuer.prefetch_keys().await?;
        let attempt = parts.pending.attempt()?;
        if attempt.id != number {
            return Err(Error::SignInCancelled);
        }
        let (tokens, received) = match attempt.exchanged.clone() {
            Some(exchanged) => exchanged,
            None => {
                let key = parts.issuer.key_to_bind_by(&attempt.configuration, &metadata).await?;
                let pause = parts.revocations.send_before_poll(number).await;
                let Some(exchanged) = self.mfa.prove(ready, key.as_ref()).await? else {
                    return Ok(MfaOutcome::Pending);
                };
                if !parts.pending.keep_exchanged(number, &exchanged, pause) {
                    return self.abandoned(number, exchanged.0.refresh_token).await;
                }
                exchanged
            }
        };
        let claims = match parts.verify_direct(&attempt, &tokens).await {
            Err(error) if !goes_on(&error) => {
                let _ = parts.completion.abandon(number, tokens.refresh_token).await;
                return Err(error);
            }
            outcome => outcome?,
        };
        let mut session = parts
            .completion
            .session(&metadata.issuer, &attempt, *tokens, claims, received);
        // No nonce was sent to the issuer.
        session.nonce = None;
        let entered = parts.completion.enter(&attempt, session, (way, received)).await;
        // Also if it could not be stored: the user is signed in all the same.
        let began = |machine: &Machine| machine.session_began_by() == Some(&attempt.sign_in_id);
        if parts.context.read(began) {
            self.mfa.signed_in(id);
        }
        entered.map(|_| MfaOutcome::SignedIn)
    }

    async fn abandoned(&self, number: u64, refresh_token: Option<Secret>) -> Result<MfaOutcome, Error> {
        let abandoned = self.parts.completion.abandon(number, refresh_token).await;
        abandoned.map(|_| MfaOutcome::SignedIn)
    }
}
