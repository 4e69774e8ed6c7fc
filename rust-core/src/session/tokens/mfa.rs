//! Continues with a second factor what the issuer refused with `mfa_required` (Auth0: "Multi-factor Authentication
//! API"): a renewal, an exchange of the session's own token or, together with the parts of the sign-in, a sign-in.
//!
//! **Promises.** An `mfa_token` stays here, in memory only, for the ten minutes of its lifetime. The resulting tokens
//! are stored and checked like any answer to the refused call. A recovery code is kept until the app has taken it.
//! **Needs** the context, the issuer, the access tokens, the exchanges, the challenges and the requests for them.

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
use crate::machine::input::CooldownEnded;
use crate::machine::retry::is_passing;
use crate::machine::{Generation, Machine};
use crate::model::proof_key::ProofKey;
use crate::model::secret::Secret;
use crate::model::time::Instant;
use crate::ports::LogLevel;
use crate::protocol::failure::said;
use crate::protocol::mfa::{self, Challenged, MfaAuthenticator, MfaProof};
use crate::protocol::token::TokenAnswer;

/// How the user has to answer a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum MfaPrompt {
    /// A code from an authenticator app.
    Otp,
    /// A code that was sent to one of the user's devices.
    Code,
    /// The user approves on a device.
    Push,
}

/// The user's answer to a challenge.
#[derive(Clone, Debug)]
pub enum MfaAnswer {
    /// A code from an authenticator app.
    Otp(Secret),
    /// The code that was sent to a device.
    Code(Secret),
    /// Asks whether the user has approved on a device.
    Push,
    /// A recovery code, which is spent by this.
    RecoveryCode(Secret),
}

/// The result of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum MfaOutcome {
    /// The refused call is complete: the session is renewed, or the token exchanged, and repeating the call returns it.
    Renewed,
    /// The sign-in is complete.
    SignedIn,
    /// The user has not approved yet: ask again.
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

/// An answer that can be sent now.
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

    /// The sign-in that was refused, if the challenge belongs to one.
    pub(in crate::session) fn sign_in_of(&self, id: u64) -> Option<(u64, SignInWay)> {
        match self.open(id).ok()?.of {
            Refused::SignIn(attempt, way) => Some((attempt, way)),
            _ => None,
        }
    }

    /// The remaining lifetime of the challenge; `None` if it is over.
    pub(in crate::session) fn time_left(&self, id: u64) -> Option<Duration> {
        let now = self.context.now().monotonic;
        self.challenges.time_left(id, self.generation(), now)
    }

    /// The second factors that the user has enrolled.
    pub(in crate::session) async fn authenticators(&self, id: u64) -> Result<Vec<MfaAuthenticator>, Error> {
        let open = self.open(id)?;
        let metadata = self.issuer.metadata().await?;
        let request = mfa::authenticators(&metadata.token_endpoint, &open.token);
        let answer = self.issuer.call(mfa::AUTHENTICATORS, request).await?;
        let read = mfa::read_authenticators(&answer, self.issuer.server_now());
        read.map_err(|error| self.rejected(id, error.into()))
    }

    /// Challenges the user with one of these authenticators.
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

    /// Sends the answer and continues the refused call, unless that is a sign-in.
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

    /// The answer as a proof, when it may be sent.
    pub(in crate::session) async fn get_ready(&self, id: u64, answer: MfaAnswer) -> Result<ReadyAnswer, Error> {
        let is_push = matches!(answer, MfaAnswer::Push);
        let proof = proof(&self.open(id)?, answer)?;
        if is_push {
            self.context.sleep(self.open(id)?.pace.pause()).await;
        }
        let open = self.open(id)?;
        Ok(ReadyAnswer { open, proof, is_push })
    }

    /// Sends the answer for a sign-in. Returns the tokens, or `None` if the user has not approved yet. The challenge
    /// stays until [`Mfa::signed_in`].
    pub(in crate::session) async fn prove(
        &self,
        ready: &ReadyAnswer,
        key: Option<&ProofKey>,
    ) -> Result<Option<(Box<TokenAnswer>, Instant)>, Error> {
        let ReadyAnswer { open, proof, is_push } = ready;
        match self.requests.show(open, proof, key).await {
            Ok(tokens) => Ok(Some(tokens)),
            Err(error) => self.not_accepted(open.id, *is_push, error).map(|()| None),
        }
    }

    /// Closes the challenge of a sign-in that is complete.
    pub(in crate::session) fn signed_in(&self, id: u64) {
        self.challenges.remove(id);
        self.challenges.move_recovery_code(self.generation());
    }

    /// Evaluates the refusal of an answer; `Ok` if the user has not approved yet.
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

    /// Takes the recovery code that came with the last answer.
    pub(in crate::session) fn take_recovery_code(&self) -> Option<Secret> {
        self.challenges.take_recovery_code(self.generation())
    }

    /// The refusal concerns this answer, and the session and the challenge stay; or it concerns the `mfa_token`.
    fn rejected(&self, id: u64, error: Error) -> Error {
        match error {
            Error::SignIn { code, description } if mfa::is_of_token(&code, &description) => {
                let message = format!(
                    "the issuer no longer accepts the mfa_token: {}",
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

    /// Closes the challenge. The next call asks the issuer again instead of returning this refusal.
    fn close(&self, id: u64) {
        if let Ok(open) = self.open(id) {
            match open.of {
                Refused::Renewal(refused) => {
                    let kind = refused.renewal.kind();
                    drop(self.context.apply(CooldownEnded { kind }));
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
/// [`Error::Argument`] for an answer to a message or a push if none was sent.
fn proof(open: &OpenChallenge, answer: MfaAnswer) -> Result<MfaProof, Error> {
    let out_of_band = |binding_code| {
        let code = open.out_of_band.clone().ok_or_else(|| Error::Argument {
            name: "answer",
            problem:
                "answers a message or a push, but none was sent: challenge the user with such an authenticator first"
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
