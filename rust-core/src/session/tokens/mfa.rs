//! What the issuer refused with `mfa_required` goes on with a second factor (Auth0: "Multi-factor Authentication API"): a renewal, an
//! exchange of the session's own token, or, in the parts of the sign-in, a sign-in.
//!
//! **Promises.** An `mfa_token` stays here, in memory only and for the ten minutes that it lives; what it brings is stored and
//! checked as any answer to what was refused. A recovery code that comes is kept until the app has taken it. **Needs** the context, the
//! issuer, the access tokens, the exchanges, the challenges and what is sent for them.

use std::sync::Arc;
use std::time::Duration;

use super::super::context::Context;
use super::super::issuer::Issuer;
use super::access_tokens::AccessTokens;
use super::exchange::TokenExchanges;
use super::mfa_challenges::{MfaChallenges, OpenChallenge, Refused, is_over};
use super::mfa_requests::MfaRequests;
use super::requirement::{MfaRenewal, Renewal, TokenRequirement};
use crate::machine::error::Error;
use crate::machine::event::SignInWay;
use crate::machine::input::RenewalSucceeded;
use crate::machine::retry::is_passing;
use crate::machine::{Generation, Machine};
use crate::model::proof_key::ProofKey;
use crate::model::secret::Secret;
use crate::model::time::Instant;
use crate::ports::LogLevel;
use crate::protocol::failure::said;
use crate::protocol::mfa::{self, Challenged, MfaAuthenticator, MfaProof};
use crate::protocol::token::TokenAnswer;

/// What a challenge asks of the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum MfaPrompt {
    /// A code from an app.
    Otp,
    /// A code that was sent to a device of the user's.
    Code,
    /// The user says yes on a device.
    Push,
}

/// The user's answer to a challenge.
#[derive(Clone, Debug)]
pub enum MfaAnswer {
    /// A code from an app.
    Otp(Secret),
    /// The code that was sent to a device.
    Code(Secret),
    /// Asks whether the user has said yes on a device.
    Push,
    /// A recovery code, which is spent by that.
    RecoveryCode(Secret),
}

/// What came of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum MfaOutcome {
    /// What was refused is done: the session is renewed, or the token exchanged, which the same call now gives.
    Renewed,
    /// The sign-in is done.
    SignedIn,
    /// The user has not said yes yet: ask again.
    Pending,
}

#[derive(Debug)]
pub(in crate::session) struct Mfa {
    context: Arc<Context>,
    issuer: Arc<Issuer>,
    access_tokens: Arc<AccessTokens>,
    exchanges: Arc<TokenExchanges>,
    challenges: Arc<MfaChallenges>,
    requests: MfaRequests,
}

/// An answer that can be shown now.
#[derive(Debug)]
pub(in crate::session) struct ReadyAnswer {
    open: OpenChallenge,
    proof: MfaProof,
    is_push: bool,
}

impl Mfa {
    pub(in crate::session) fn new(
        context: Arc<Context>,
        issuer: Arc<Issuer>,
        access_tokens: Arc<AccessTokens>,
        exchanges: Arc<TokenExchanges>,
        challenges: Arc<MfaChallenges>,
    ) -> Arc<Self> {
        Arc::new(Self {
            requests: MfaRequests::new(Arc::clone(&context), Arc::clone(&issuer), Arc::clone(&challenges)),
            context,
            issuer,
            access_tokens,
            exchanges,
            challenges,
        })
    }

    /// The sign-in that was refused, where the challenge is one's.
    pub(in crate::session) fn sign_in_of(&self, id: u64) -> Option<(u64, SignInWay)> {
        match self.open(id).ok()?.of {
            Refused::SignIn(attempt, way) => Some((attempt, way)),
            _ => None,
        }
    }

    /// How long the challenge lives; `None` where it is over.
    pub(in crate::session) fn time_left(&self, id: u64) -> Option<Duration> {
        let now = self.context.now().monotonic;
        self.challenges.time_left(id, self.generation(), now)
    }

    /// The second factors that the user has.
    pub(in crate::session) async fn authenticators(&self, id: u64) -> Result<Vec<MfaAuthenticator>, Error> {
        let open = self.open(id)?;
        let metadata = self.issuer.metadata().await?;
        let request = mfa::authenticators(&metadata.token_endpoint, &open.token);
        let answer = self.issuer.call(mfa::AUTHENTICATORS, request).await?;
        let read = mfa::read_authenticators(&answer, self.issuer.server_now());
        read.map_err(|error| self.rejected(id, error.into()))
    }

    /// Challenges the user with one of them.
    pub(in crate::session) async fn challenge(&self, id: u64, authenticator: Option<&str>) -> Result<MfaPrompt, Error> {
        let open = self.open(id)?;
        let metadata = self.issuer.metadata().await?;
        let client_id = &self.context.configuration().client_id;
        let request = mfa::challenge(&metadata.token_endpoint, client_id, &open.token, authenticator)?;
        let answer = self.issuer.call(mfa::CHALLENGE, request).await?;
        let read = mfa::read_challenge(&answer, self.issuer.server_now());
        Ok(match read.map_err(|error| self.rejected(id, error.into()))? {
            Challenged::Otp => MfaPrompt::Otp,
            Challenged::OutOfBand { code, is_prompted } => {
                self.challenges.change(id, |open| open.out_of_band = Some(code));
                if is_prompted { MfaPrompt::Code } else { MfaPrompt::Push }
            }
        })
    }

    /// Shows the answer, and goes on with what comes, for what is no sign-in.
    pub(in crate::session) async fn answer(&self, id: u64, answer: MfaAnswer) -> Result<MfaOutcome, Error> {
        let ready = self.get_ready(id, answer).await?;
        let ReadyAnswer { open, proof, is_push } = &ready;
        let outcome = match &open.of {
            Refused::Renewal(refused) => {
                let renewal = Renewal {
                    mfa: Some(MfaRenewal {
                        id,
                        generation: refused.generation,
                        refused: refused.shown.clone(),
                        token: open.token.clone(),
                        proof: proof.clone(),
                    }),
                    ..refused.renewal.clone()
                };
                let renewed = self.access_tokens.renew(renewal, TokenRequirement::Renewal).await;
                renewed.map(drop)
            }
            Refused::Exchange(key, holder) => {
                let proof_key = self.exchanges.proof_key();
                let shown = self.requests.show(open, proof, proof_key.as_ref()).await;
                shown.and_then(|(answer, sent)| self.exchanges.take(*key, *holder, &answer, sent).map(drop))
            }
            Refused::SignIn(..) => Err(is_over()),
        };
        match outcome {
            Ok(()) => {
                self.challenges.remove(id);
                Ok(MfaOutcome::Renewed)
            }
            Err(error) => self.not_accepted(id, *is_push, error).map(|()| MfaOutcome::Pending),
        }
    }

    /// The answer as a proof, once it may be shown.
    pub(in crate::session) async fn get_ready(&self, id: u64, answer: MfaAnswer) -> Result<ReadyAnswer, Error> {
        let is_push = matches!(answer, MfaAnswer::Push);
        let proof = proof(&self.open(id)?, answer)?;
        if is_push {
            self.context.sleep(self.open(id)?.pace.pause()).await;
        }
        let open = self.open(id)?;
        Ok(ReadyAnswer { open, proof, is_push })
    }

    /// Shows the answer for a sign-in: the tokens, or none where the user has not said yes yet. The challenge stays until
    /// [`Mfa::signed_in`].
    pub(in crate::session) async fn prove(
        &self,
        ready: &ReadyAnswer,
        key: Option<&ProofKey>,
    ) -> Result<Option<(TokenAnswer, Instant)>, Error> {
        let ReadyAnswer { open, proof, is_push } = ready;
        match self.requests.show(open, proof, key).await {
            Ok(tokens) => Ok(Some(tokens)),
            Err(error) => self.not_accepted(open.id, *is_push, error).map(|()| None),
        }
    }

    /// The sign-in is done.
    pub(in crate::session) fn signed_in(&self, id: u64) {
        self.challenges.remove(id);
        self.challenges.move_recovery_code(self.generation());
    }

    /// What the refusal of an answer means; nothing where the user has not said yes yet.
    fn not_accepted(&self, id: u64, is_push: bool, error: Error) -> Result<(), Error> {
        match error {
            Error::SignIn { code, .. } if is_push && code == "authorization_pending" => {
                self.challenges.change(id, |open| open.pace.answered());
            }
            Error::RateLimited { retry_after, .. } if is_push => self.challenges.change(id, |open| {
                open.pace.slow_down();
                if retry_after.is_some() {
                    open.pace.failed(retry_after.map(Duration::from_secs));
                }
            }),
            // Nothing has been decided: a lost connection does not end the wait for the user.
            error if is_push && is_passing(&error) => self.challenges.change(id, |open| open.pace.failed(None)),
            error => return Err(self.rejected(id, error)),
        }
        Ok(())
    }

    /// The recovery code that came with the last answer, once.
    pub(in crate::session) fn take_recovery_code(&self) -> Option<Secret> {
        self.challenges.take_recovery_code(self.generation())
    }

    /// A refusal is of this answer, and the session and the challenge live; or of the `mfa_token`.
    fn rejected(&self, id: u64, error: Error) -> Error {
        match error {
            Error::SignIn { code, description } if mfa::is_of_token(&code, &description.text) => {
                let message = format!(
                    "the issuer does not take the mfa_token any more: {}",
                    said(&code, &description)
                );
                self.context.log(LogLevel::Info, &message);
                self.close(id);
                is_over()
            }
            Error::MfaRejected { .. } => {
                self.close(id);
                error
            }
            Error::SignIn { code, description } => Error::MfaRejected { code, description },
            error => error,
        }
    }

    /// Nothing can go on with it. The next call asks the issuer, and does not meet this refusal again.
    fn close(&self, id: u64) {
        if let Ok(open) = self.open(id) {
            match open.of {
                Refused::Renewal(refused) => {
                    let kind = refused.renewal.kind();
                    drop(self.context.apply(RenewalSucceeded { kind }));
                }
                Refused::Exchange(key, holder) => self.exchanges.forget_failure(key, holder),
                Refused::SignIn(..) => {}
            }
        }
        self.challenges.remove(id);
    }

    fn open(&self, id: u64) -> Result<OpenChallenge, Error> {
        let now = self.context.now().monotonic;
        self.challenges.get(id, self.generation(), now)
    }

    fn generation(&self) -> Generation {
        self.context.read(Machine::generation)
    }
}

/// # Errors
/// [`Error::Argument`] for an answer to what was sent to a device, where nothing was.
fn proof(open: &OpenChallenge, answer: MfaAnswer) -> Result<MfaProof, Error> {
    let out_of_band = |binding_code| {
        let code = open.out_of_band.clone().ok_or_else(|| Error::Argument {
            name: "answer",
            problem:
                "answers a message or a push, and none was sent: challenge the user with such an authenticator first"
                    .to_owned(),
        })?;
        Ok(MfaProof::OutOfBand { code, binding_code })
    };
    match answer {
        MfaAnswer::Otp(code) => Ok(MfaProof::Otp(code)),
        MfaAnswer::RecoveryCode(code) => Ok(MfaProof::RecoveryCode(code)),
        MfaAnswer::Code(typed) => out_of_band(Some(typed)),
        MfaAnswer::Push => out_of_band(None),
    }
}
