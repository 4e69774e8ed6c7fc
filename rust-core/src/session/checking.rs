//! Checks ID tokens, and what a renewal brought, before its tokens are given out.

use super::Shared;
use super::audiences::is_ignored;
use super::current::RenewalInput;
use super::issuer::keys_cannot_be_had;
use crate::jose::{self, Expectations, IdTokenClaims, IdTokenError, IdTokenProblem, ValidationContext, VerifiedClaims};
use crate::machine::error::Error;
use crate::machine::input::CheckResult;
use crate::model::audience::Audience;
use crate::model::secret::Secret;
use crate::ports::LogLevel;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::token::TokenAnswer;

/// What the check of a renewal came to.
#[derive(Debug)]
pub(super) struct CheckedRenewal {
    /// The access token, or why there is none to give out.
    pub(super) token: Result<Secret, Error>,
    /// What the session is told.
    pub(super) result: CheckResult,
}

impl Shared {
    /// Verifies the ID token of a sign-in.
    ///
    /// # Errors
    /// [`Error::IdToken`]; with [`IdTokenProblem::KeysUnavailable`] when the fitting key could not be looked for just
    /// now.
    pub(super) async fn verify_id_token(
        &self,
        token: &Secret,
        context: ValidationContext<'_>,
    ) -> Result<IdTokenClaims, Error> {
        let verified = self
            .verify_signed(token, &self.metadata().await?.id_token_algorithms)
            .await?;
        let metadata = self.metadata().await?;
        Ok(self.validate(&verified, (&metadata.issuer, &self.configuration.client_id), context)?)
    }

    /// The same for one that came straight from an older Auth0 tenant, which may sign with the client's secret: see
    /// [`jose::claims_signed_with_secret`].
    pub(super) async fn verify_direct_id_token(
        &self,
        token: &Secret,
        context: ValidationContext<'_>,
    ) -> Result<IdTokenClaims, Error> {
        match jose::claims_signed_with_secret(token)? {
            Some(claims) => {
                let metadata = self.metadata().await?;
                Ok(self.validate(&claims, (&metadata.issuer, &self.configuration.client_id), context)?)
            }
            None => self.verify_id_token(token, context).await,
        }
    }

    /// Checks what a renewal brought, where that needs nothing that waits. `None` where keys have to be fetched first.
    pub(super) fn check_renewal_at_once(
        &self,
        input: &RenewalInput,
        tokens: &TokenAnswer,
        of: Option<&Audience>,
    ) -> Option<CheckedRenewal> {
        let id_token = match &tokens.id_token {
            None => Ok(()),
            Some(id_token) => {
                let verified = self.verify_signed_at_once(id_token)?;
                verified.and_then(|verified| self.validate_renewed(&verified, input))
            }
        };
        Some(self.conclude(id_token.map_err(Error::from), input, tokens, of))
    }

    /// Checks what a renewal brought.
    pub(super) async fn check_renewal(
        &self,
        input: &RenewalInput,
        tokens: &TokenAnswer,
        of: Option<&Audience>,
    ) -> CheckedRenewal {
        let id_token = match &tokens.id_token {
            None => Ok(()),
            Some(id_token) => self.check_renewed_id_token(id_token, input).await,
        };
        self.conclude(id_token, input, tokens, of)
    }

    /// Checks an ID token that came with a renewal, straight from the issuer. While the issuer's keys cannot be had, its
    /// signature is not checked (OpenID Connect Core 3.1.3.7, 6.), but every claim is (12.2).
    pub(super) async fn check_renewed_id_token(&self, token: &Secret, input: &RenewalInput) -> Result<(), Error> {
        let by_secret = if input.delegation.is_some() {
            jose::claims_signed_with_secret(token)?
        } else {
            None
        };
        let claims = match by_secret {
            Some(claims) => claims,
            None => match self
                .verify_signed(token, &self.metadata().await?.id_token_algorithms)
                .await
            {
                Ok(verified) => verified,
                Err(error) if keys_cannot_be_had(&error) => {
                    self.log(
                        LogLevel::Warning,
                        "renewed without checking the ID token's signature: the issuer's keys cannot be read now",
                    );
                    jose::claims_without_signature(token)?
                }
                Err(error) => return Err(error),
            },
        };
        Ok(self.validate_renewed(&claims, input)?)
    }

    fn conclude(
        &self,
        id_token: Result<(), Error>,
        input: &RenewalInput,
        tokens: &TokenAnswer,
        of: Option<&Audience>,
    ) -> CheckedRenewal {
        let unexpected = |problem: String| Error::UnexpectedAnswer {
            server: Endpoint::Token.into(),
            status: 200,
            problem,
        };
        let rejected = |error: Error| CheckedRenewal {
            token: Err(error),
            result: CheckResult::Rejected {
                last_id_token: input.id_token.clone(),
            },
        };
        if let Err(error) = id_token {
            self.log(
                LogLevel::Error,
                &format!("the renewal's access token is not used: {error}"),
            );
            return rejected(unexpected(error.to_string()));
        }
        let token = match (&tokens.access_token, tokens.problem) {
            (Some(token), None) if self.is_for_another_audience(token, of) => return rejected(is_ignored(of)),
            (Some(token), None) => Ok(token.clone()),
            (_, problem) => Err(unexpected(problem.unwrap_or("no access_token").to_owned())),
        };
        let refresh_token = tokens.refresh_token.clone();
        CheckedRenewal {
            token,
            result: CheckResult::Accepted { refresh_token },
        }
    }

    /// A renewed ID token must be of the issuer, for the client and about the user of the sign-in (OpenID Connect Core
    /// 12.2).
    fn validate_renewed(&self, verified: &VerifiedClaims, input: &RenewalInput) -> Result<(), IdTokenError> {
        let context = ValidationContext::Refresh {
            subject: &input.subject,
            // A session that is renewed by delegation was not begun with a nonce.
            nonce: input.nonce.as_ref().filter(|_| input.delegation.is_none()),
        };
        self.validate(verified, (&input.issuer, &input.client_id), context)
            .map(drop)
    }

    fn validate(
        &self,
        verified: &VerifiedClaims,
        (issuer, client_id): (&str, &str),
        context: ValidationContext<'_>,
    ) -> Result<IdTokenClaims, IdTokenError> {
        let validate = |now| {
            let expected = Expectations {
                issuer,
                client_id,
                now,
                leeway_seconds: self.configuration.leeway_seconds,
                context,
            };
            jose::validate(verified.clone(), &expected)
        };
        // The server's clock is the one that wrote the token. Where a server (or a proxy) sends a wrong Date, the
        // device's clock is tried; that the token is fresh follows already from nonce and TLS.
        match validate(self.server_now()) {
            Err(IdTokenError {
                problem: IdTokenProblem::Expired | IdTokenProblem::IssuedInTheFuture,
                ..
            }) => validate(self.now().wall),
            validated => validated,
        }
    }
}
