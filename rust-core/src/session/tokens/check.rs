//! Checks the result of a renewal before its tokens are given out.
//!
//! **Promises.** An access token is given out only with an accepted ID token, and only for the requested audience.
//! **Needs** the context and the issuer's verifier.

use std::sync::Arc;

use super::super::context::Context;
use super::super::issuer::Verifier;
use super::audiences::{is_for_another_audience, is_ignored};
use crate::machine::RenewalInput;
use crate::machine::error::Error;
use crate::machine::input::{CheckResult, IssuersEnd};
use crate::model::audience::Audience;
use crate::model::proof_key::TokenBinding;
use crate::model::secret::Secret;
use crate::ports::LogLevel;
use crate::protocol::dpop::not_bound;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::token::TokenAnswer;

#[derive(Debug)]
pub(super) struct RenewalCheck {
    context: Arc<Context>,
    verifier: Arc<Verifier>,
}

/// The result of the check.
#[derive(Debug)]
pub(super) struct CheckedRenewal {
    /// The access token, or why none can be given out.
    pub(super) token: Result<Secret, Error>,
    /// The result for the machine.
    pub(super) result: CheckResult,
}

impl RenewalCheck {
    pub(super) fn new(context: Arc<Context>, verifier: Arc<Verifier>) -> Self {
        Self { context, verifier }
    }

    /// Checks a renewal without waiting. `None` if keys have to be fetched first.
    pub(super) fn check_at_once(
        &self,
        input: &RenewalInput,
        tokens: &TokenAnswer,
        of: Option<&Audience>,
    ) -> Option<CheckedRenewal> {
        let id_token = match &tokens.id_token {
            None => Ok(None),
            Some(id_token) => self.verifier.verify_renewed_id_token_at_once(id_token, input)?,
        };
        Some(self.conclude(id_token.map_err(Error::from), input, tokens, of))
    }

    /// Checks a renewal.
    pub(super) async fn check(
        &self,
        input: &RenewalInput,
        tokens: &TokenAnswer,
        of: Option<&Audience>,
    ) -> CheckedRenewal {
        let id_token = match &tokens.id_token {
            None => Ok(None),
            Some(id_token) => self.verifier.verify_renewed_id_token(id_token, input).await,
        };
        self.conclude(id_token, input, tokens, of)
    }

    fn conclude(
        &self,
        session_seconds: Result<Option<u64>, Error>,
        input: &RenewalInput,
        tokens: &TokenAnswer,
        of: Option<&Audience>,
    ) -> CheckedRenewal {
        let unexpected = |problem: String| Error::UnexpectedAnswer {
            server: Endpoint::TOKEN.into(),
            status: 200,
            problem,
        };
        let rejected = |error: Error| CheckedRenewal {
            token: Err(error),
            result: CheckResult::Rejected {
                last_id_token: input.id_token.clone(),
            },
        };
        let session_seconds = match session_seconds {
            Ok(seconds) => seconds,
            Err(error) => {
                let message = format!("the renewal's access token is not used: {error}");
                self.context.log(LogLevel::Error, &message);
                return rejected(unexpected(error.to_string()));
            }
        };
        let configuration = self.context.configuration();
        let token = match (&tokens.access_token, tokens.problem) {
            (Some(token), None) if is_for_another_audience(&configuration, token, of) => {
                return rejected(is_ignored(&configuration.issuer, of));
            }
            (Some(_), None) if configuration.dpop == TokenBinding::Required && !tokens.is_bound => {
                return rejected(not_bound(Endpoint::TOKEN).into());
            }
            (Some(token), None) => Ok(token.clone()),
            (_, problem) => Err(unexpected(problem.unwrap_or("no access_token").to_owned())),
        };
        let refresh_token = tokens.refresh_token.clone();
        CheckedRenewal {
            token,
            result: CheckResult::Accepted {
                refresh_token,
                session_end: session_seconds.map(|seconds| IssuersEnd {
                    seconds,
                    at: self.context.now(),
                }),
            },
        }
    }
}
