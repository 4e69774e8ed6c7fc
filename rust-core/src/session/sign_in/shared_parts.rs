//! The parts that every way to sign in uses.

use std::sync::Arc;

use super::super::context::Context;
use super::super::issuer::{Issuer, Verifier};
use super::super::revocations::Revocations;
use super::super::store::SessionStore;
use super::super::tokens::{MfaChallenges, Refused};
use super::completion::SignInCompletion;
use super::pending::{PendingSignIn, SignInAttempt};
use crate::jose::{IdTokenClaims, IdTokenProblem, ValidationContext};
use crate::machine::Machine;
use crate::machine::error::Error;
use crate::machine::event::SignInWay;
use crate::machine::retry::is_passing;
use crate::model::proof_key::TokenBinding;
use crate::protocol::dpop::not_bound;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::error::ProtocolError;
use crate::protocol::token::TokenAnswer;

/// The same instances for all of them: they share the sign-in in progress and its completion.
#[derive(Debug)]
pub(in crate::session) struct SignInParts {
    pub(in crate::session) context: Arc<Context>,
    pub(in crate::session) store: Arc<SessionStore>,
    pub(in crate::session) issuer: Arc<Issuer>,
    pub(in crate::session) verifier: Arc<Verifier>,
    pub(in crate::session) revocations: Arc<Revocations>,
    pub(in crate::session) pending: Arc<PendingSignIn>,
    pub(in crate::session) completion: Arc<SignInCompletion>,
    pub(in crate::session) challenges: Arc<MfaChallenges>,
}

impl SignInParts {
    /// Converts the error. An `mfa_token` in it stays in the core, for the attempt that waits for its user.
    pub(super) fn refused(&self, attempt: u64, way: SignInWay, error: ProtocolError) -> Error {
        match error {
            ProtocolError::MfaRequired {
                server,
                token,
                requirements,
                description,
            } => {
                let at = (self.context.read(Machine::generation), self.context.now().monotonic);
                let of = Refused::SignIn(attempt, way);
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

    /// Whether the challenge of this refusal is still open.
    pub(super) fn is_open(&self, refusal: &Error) -> bool {
        let (generation, now) = (self.context.read(Machine::generation), self.context.now().monotonic);
        matches!(refusal, Error::MfaRequired { challenge, .. }
            if self.challenges.time_left(*challenge, generation, now).is_some())
    }

    /// Checks tokens that did not come through a browser on this device. There is no nonce; the credential that was
    /// sent for them ties the tokens to this sign-in.
    pub(super) async fn verify_direct(
        &self,
        attempt: &SignInAttempt,
        tokens: &TokenAnswer,
    ) -> Result<IdTokenClaims, Error> {
        let context = ValidationContext::Direct {
            requested: &attempt.requested.authentication,
            access_token: tokens.access_token.as_ref(),
        };
        self.verify(attempt, tokens, context).await
    }

    /// Checks what every sign-in must return, and the ID token.
    pub(super) async fn verify(
        &self,
        attempt: &SignInAttempt,
        tokens: &TokenAnswer,
        context: ValidationContext<'_>,
    ) -> Result<IdTokenClaims, Error> {
        let Some(id_token) = &tokens.id_token else {
            return Err(Error::sign_in(
                "id_token_missing",
                "the issuer sent no ID token; request the scope openid",
            ));
        };
        if tokens.access_token.is_none() {
            return Err(Error::sign_in(
                "invalid_token_answer",
                tokens.problem.unwrap_or("the issuer sent no access token"),
            ));
        }
        if !tokens.is_bound && attempt.configuration.dpop == TokenBinding::Required {
            return Err(not_bound(Endpoint::TOKEN).into());
        }
        self.verifier.verify_id_token(id_token, context).await
    }
}

/// Whether another attempt may succeed: the user has not finished, and nothing has been decided.
pub(super) fn goes_on(error: &Error) -> bool {
    match error {
        Error::IdToken(error) => error.problem == IdTokenProblem::KeysUnavailable,
        error => is_passing(error),
    }
}
