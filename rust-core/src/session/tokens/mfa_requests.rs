//! The requests with a second factor that are not renewals.
//!
//! **Promises.** If an answer is lost, the request is repeated at once, because the issuer may already have accepted
//! the code. **Needs** the context, the issuer and the challenges.

use std::sync::Arc;

use super::super::context::Context;
use super::super::issuer::{Issuer, Possession};
use super::mfa_challenges::{MfaChallenges, OpenChallenge};
use crate::machine::Machine;
use crate::machine::error::Error;
use crate::machine::retry::RetryPolicy;
use crate::model::proof_key::ProofKey;
use crate::model::time::Instant;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::error::ProtocolError;
use crate::protocol::failure::Grant;
use crate::protocol::mfa::{self, MfaProof};
use crate::protocol::token::{self, TokenAnswer};

#[derive(Debug)]
pub(super) struct MfaRequests {
    context: Arc<Context>,
    issuer: Arc<Issuer>,
    challenges: Arc<MfaChallenges>,
}

impl MfaRequests {
    pub(super) fn new(context: Arc<Context>, issuer: Arc<Issuer>, challenges: Arc<MfaChallenges>) -> Self {
        Self {
            context,
            issuer,
            challenges,
        }
    }

    /// Sends the proof of the second factor; with `key`, also a proof of possession.
    pub(super) async fn show(
        &self,
        open: &OpenChallenge,
        proof: &MfaProof,
        key: Option<&ProofKey>,
    ) -> Result<(Box<TokenAnswer>, Instant), Error> {
        let metadata = self.issuer.metadata().await?;
        let (context, configuration) = (&self.context, self.context.configuration());
        let mut retries = RetryPolicy::from(context.now().monotonic);
        let request = mfa::verify(&metadata.token_endpoint, &configuration, &open.token, proof);
        let possession = key.map(Possession::of);
        let (answer, sent) = self
            .issuer
            .call_again(possession, Endpoint::TOKEN, request, Some(&mut retries))
            .await?;
        let extras = token::extras(&configuration, &[], &[]);
        let read = token::read_with(&answer, Grant::Mfa, extras, key, self.issuer.server_now());
        let tokens = read.map_err(|error| self.keep_further(error, open))?;
        if let Some(code) = mfa::next_recovery_code(&answer) {
            let generation = context.read(Machine::generation);
            self.challenges.keep_recovery_code(generation, code);
        }
        Ok((tokens, sent))
    }

    /// Converts the error. An `mfa_token` in it, for a further factor, replaces the one that was answered.
    fn keep_further(&self, error: ProtocolError, open: &OpenChallenge) -> Error {
        match error {
            ProtocolError::MfaRequired {
                server,
                token,
                requirements,
                description,
            } => {
                let now = (self.context.read(Machine::generation), self.context.now().monotonic);
                Error::MfaRequired {
                    server,
                    challenge: self.challenges.add(token, open.of.clone(), Some(open.id), now),
                    requirements,
                    description,
                }
            }
            error => error.into(),
        }
    }
}
