//! The requests for new tokens.
//!
//! **Promises.** If an answer is lost, the request is repeated at once, because the issuer may already have rotated the
//! refresh token. **Needs** the context, the issuer and the challenges.

use std::sync::Arc;

use super::super::context::Context;
use super::super::issuer::{Issuer, Possession};
use super::audiences::asked_for;
use super::delegation;
use super::mfa_challenges::{MfaChallenges, Refused, RefusedRenewal, is_over};
use super::requirement::Renewal;
use crate::machine::RenewalInput;
use crate::machine::error::Error;
use crate::machine::retry::RetryPolicy;
use crate::model::proof_key;
use crate::model::time::Instant;
use crate::ports::LogLevel;
use crate::protocol::discovery::IssuerMetadata;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::error::ProtocolError;
use crate::protocol::failure::Grant;
use crate::protocol::legacy;
use crate::protocol::mfa;
use crate::protocol::token::{self, TokenAnswer};

#[derive(Debug)]
pub(super) struct RenewalRequests {
    context: Arc<Context>,
    issuer: Arc<Issuer>,
    challenges: Arc<MfaChallenges>,
}

impl RenewalRequests {
    pub(super) fn new(context: Arc<Context>, issuer: Arc<Issuer>, challenges: Arc<MfaChallenges>) -> Self {
        Self {
            context,
            issuer,
            challenges,
        }
    }

    /// Sends the refresh token, and repeats the request at once if the answer is lost: the issuer may already have
    /// rotated the token. Returns the time of the request with the answer: the tokens' lifetime counts from then,
    /// because the process may have been suspended before it read the answer.
    pub(super) async fn send(
        &self,
        metadata: &IssuerMetadata,
        input: &RenewalInput,
        renewal: &Renewal,
    ) -> Result<(Box<TokenAnswer>, Instant), Error> {
        let grant = match renewal.audience {
            _ if renewal.mfa.is_some() => Grant::Mfa,
            Some(_) if renewal.single_use.is_some() => Grant::SessionTransfer,
            Some(_) => Grant::RefreshTokenForAudience,
            None => Grant::RefreshToken,
        };
        let configuration = self.context.configuration();
        let (scopes, parameters) = asked_for(&configuration, renewal);
        let extras = token::extras(&configuration, scopes, &parameters);
        let mut unproved = false;
        let mfa = renewal.mfa.as_ref();
        if mfa.is_some_and(|mfa| mfa.generation != input.generation || mfa.refused != input.token) {
            return Err(is_over());
        }
        // For the machine this is not a renewal: the earlier refusal counts until this one is answered.
        let mut retries = mfa.map(|_| RetryPolicy::from(self.context.now().monotonic));
        loop {
            let (endpoint, request) = match (input.delegation, mfa) {
                (_, Some(mfa)) => {
                    let endpoint = &metadata.token_endpoint;
                    let request = mfa::verify(endpoint, &configuration, &mfa.token, &mfa.proof);
                    (Endpoint::TOKEN, request)
                }
                (Some(shown), None) => (
                    legacy::delegation::ENDPOINT,
                    delegation::request(&configuration, shown, &input.token)?,
                ),
                (None, None) => {
                    let endpoint = &metadata.token_endpoint;
                    let request = token::refresh(endpoint, &configuration, &input.token, scopes, &parameters);
                    (Endpoint::TOKEN, request)
                }
            };
            let shown = input.proof_key.as_ref().filter(|_| !unproved);
            let possession = shown.map(Possession::of);
            let call = self.issuer.call_again(possession, endpoint, request, retries.as_mut());
            match call.await {
                Ok((answer, sent)) => {
                    let tokens = match input.delegation.filter(|_| mfa.is_none()) {
                        Some(shown) => legacy::delegation::read_renewal(&answer, shown, self.issuer.server_now()),
                        None => token::read_with(&answer, grant, extras, shown, self.issuer.server_now()),
                    };
                    if refuses_proof(&tokens) && shown.is_some() && !input.is_bound {
                        // The refresh token is not bound yet, and is valid without a proof too.
                        unproved = true;
                        let message = "the issuer refused a proof of possession: renewing without one";
                        self.context.log(LogLevel::Warning, message);
                        continue;
                    }
                    let audience = renewal.audience.as_ref().map(|audience| audience.identifier.as_str());
                    let tokens = tokens.map_err(|error| error.about_audience(audience));
                    let mut tokens = tokens.map_err(|error| self.keep_challenge(error, input, renewal))?;
                    if let Some(code) = mfa.and_then(|_| mfa::next_recovery_code(&answer)) {
                        self.challenges.keep_recovery_code(input.generation, code);
                    }
                    // The issuer omits it if it is the requested scope (RFC 6749 5.1).
                    if tokens.scope.is_none() && !scopes.is_empty() {
                        tokens.scope = Some(scopes.join(" "));
                    }
                    return Ok((tokens, sent));
                }
                // Only bound tokens need the key.
                Err(Error::ProofKeyLost) if !input.is_bound => unproved = true,
                Err(error) => return Err(error),
            }
        }
    }

    /// Converts the error. An `mfa_token` in it stays in the core.
    fn keep_challenge(&self, error: ProtocolError, input: &RenewalInput, renewal: &Renewal) -> Error {
        match error {
            ProtocolError::MfaRequired {
                server,
                token,
                requirements,
                description,
            } if renewal.single_use.is_none() => {
                let of = Refused::Renewal(Box::new(RefusedRenewal {
                    generation: input.generation,
                    shown: input.token.clone(),
                    renewal: Renewal {
                        mfa: None,
                        ..renewal.clone()
                    },
                }));
                let answered = renewal.mfa.as_ref().map(|mfa| mfa.id);
                let at = (input.generation, self.context.now().monotonic);
                Error::MfaRequired {
                    server,
                    challenge: self.challenges.add(token, of, answered, at),
                    requirements,
                    description,
                }
            }
            // A token for a single use no longer has a caller once the user has answered.
            error => error.into(),
        }
    }
}

/// Whether the issuer refuses a first proof: it says so, or it reports the refresh token as invalid, as it does for one
/// that is bound to another key.
fn refuses_proof(tokens: &Result<Box<TokenAnswer>, ProtocolError>) -> bool {
    matches!(
        tokens,
        Err(ProtocolError::RefreshTokenRejected
            | ProtocolError::Configuration {
                field: proof_key::FIELD,
                ..
            })
    )
}
