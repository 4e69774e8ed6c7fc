//! Checks what the issuer signed: ID tokens, and signed userinfo answers.
//!
//! **Promises.** Accepted data was signed by the issuer, or came from it over TLS while its keys were unavailable. It
//! is for this client and about the user who signed in. **Needs** the context and the issuer.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::super::context::Context;
use super::published::Issuer;
use crate::jose::{
    self, Expectations, IdTokenClaims, IdTokenError, IdTokenProblem, ValidationContext, VerifiedClaims, names_audience,
};
use crate::machine::RenewalInput;
use crate::machine::error::Error;
use crate::model::json::present;
use crate::model::numeric_date::lenient_date;
use crate::model::secret::Secret;
use crate::model::time::Timestamp;
use crate::ports::LogLevel;
use crate::protocol::discovery::IssuerMetadata;
use crate::protocol::userinfo;

#[derive(Debug)]
pub(in crate::session) struct Verifier {
    context: Arc<Context>,
    issuer: Arc<Issuer>,
}

impl Verifier {
    pub(in crate::session) fn new(context: Arc<Context>, issuer: Arc<Issuer>) -> Arc<Self> {
        Arc::new(Self { context, issuer })
    }

    /// Verifies the ID token of a sign-in.
    ///
    /// # Errors
    /// [`Error::IdToken`]; with [`IdTokenProblem::KeysUnavailable`] when the required key could not be fetched now.
    pub(in crate::session) async fn verify_id_token(
        &self,
        token: &Secret,
        context: ValidationContext<'_>,
    ) -> Result<IdTokenClaims, Error> {
        let verified = self.verify_signature(token).await?;
        self.validate_own(&verified, context).await
    }

    /// [`Verifier::verify_id_token`] for a token that came straight from an older Auth0 tenant, which may sign with the
    /// client's secret: see [`jose::claims_signed_with_secret`].
    pub(in crate::session) async fn verify_direct_id_token(
        &self,
        token: &Secret,
        context: ValidationContext<'_>,
    ) -> Result<IdTokenClaims, Error> {
        match jose::claims_signed_with_secret(token)? {
            Some(claims) => self.validate_own(&claims, context).await,
            None => self.verify_id_token(token, context).await,
        }
    }

    /// Checks an ID token that came with a renewal, without waiting. Returns the seconds after which the session ends
    /// according to the token. `None` if keys have to be fetched first.
    pub(in crate::session) fn verify_renewed_id_token_at_once(
        &self,
        token: &Secret,
        input: &RenewalInput,
    ) -> Option<Result<Option<u64>, IdTokenError>> {
        let verified = self.issuer.verify_signed_at_once(token)?;
        Some(verified.and_then(|verified| self.validate_renewed(&verified, input)))
    }

    /// Checks an ID token that came with a renewal, straight from the issuer. While the issuer's keys are unavailable,
    /// its signature is not checked (OpenID Connect Core 3.1.3.7, 6.), but every claim is (12.2).
    pub(in crate::session) async fn verify_renewed_id_token(
        &self,
        token: &Secret,
        input: &RenewalInput,
    ) -> Result<Option<u64>, Error> {
        let by_secret = if input.delegation.is_some() {
            jose::claims_signed_with_secret(token)?
        } else {
            None
        };
        let claims = match by_secret {
            Some(claims) => claims,
            None => match self.verify_signature(token).await {
                Ok(verified) => verified,
                Err(error) if keys_cannot_be_had(&error) => {
                    self.context.log(
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

    /// Verifies a signed userinfo answer: the issuer's signature, and its `iss` and `aud` if it has them (OpenID
    /// Connect Core 5.3.2).
    pub(in crate::session) async fn verify_userinfo(
        &self,
        jwt: &Secret,
        metadata: &IssuerMetadata,
    ) -> Result<Map<String, Value>, Error> {
        let wrong = |problem: &str| Error::UnexpectedAnswer {
            server: userinfo::ENDPOINT.into(),
            status: 200,
            problem: problem.to_owned(),
        };
        let verified = self.issuer.verify_signed(jwt, &metadata.userinfo_algorithms).await;
        let mut claims = match verified {
            Ok(verified) => verified.into_map(),
            // Another sign-in would not change the profile's signature.
            Err(Error::IdToken(error)) if error.problem != IdTokenProblem::KeysUnavailable => {
                return Err(wrong(&format!("the signed answer was not accepted: {error}")));
            }
            Err(error) => return Err(error),
        };
        let client_id = &self.context.configuration().client_id;
        if present(&claims, "iss").is_some_and(|sent| sent != &metadata.issuer) {
            return Err(wrong("the signed answer is from another issuer"));
        }
        if present(&claims, "aud").is_some_and(|sent| !names_audience(sent, client_id)) {
            return Err(wrong("the signed answer is for another client"));
        }
        // By either clock, as for ID tokens.
        let leeway = self.context.configuration().leeway_seconds;
        let ends_at = present(&claims, "exp").and_then(lenient_date);
        let has_ended = |now: Timestamp| ends_at.is_some_and(|end| now >= end.plus(leeway));
        if has_ended(self.issuer.server_now()) && has_ended(self.context.now().wall) {
            return Err(wrong("the signed answer has expired"));
        }
        // The claims of the JWT itself say nothing about the user.
        for name in ["iss", "aud", "exp", "iat", "nbf", "jti"] {
            claims.remove(name);
        }
        Ok(claims)
    }

    async fn verify_signature(&self, token: &Secret) -> Result<VerifiedClaims, Error> {
        let metadata = self.issuer.metadata().await?;
        self.issuer.verify_signed(token, &metadata.id_token_algorithms).await
    }

    async fn validate_own(
        &self,
        verified: &VerifiedClaims,
        context: ValidationContext<'_>,
    ) -> Result<IdTokenClaims, Error> {
        let metadata = self.issuer.metadata().await?;
        let client_id = &self.context.configuration().client_id;
        Ok(self.validate(verified, (&metadata.issuer, client_id), context)?)
    }

    /// A renewed ID token must be from the issuer, for the client and about the user of the sign-in (OpenID Connect
    /// Core 12.2).
    fn validate_renewed(&self, verified: &VerifiedClaims, input: &RenewalInput) -> Result<Option<u64>, IdTokenError> {
        let context = ValidationContext::Refresh {
            subject: &input.subject,
            // A session that is renewed by delegation did not begin with a nonce.
            nonce: input.nonce.as_ref().filter(|_| input.delegation.is_none()),
        };
        self.validate(verified, (&input.issuer, &input.client_id), context)
            .map(|claims| claims.session_seconds)
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
                leeway_seconds: self.context.configuration().leeway_seconds,
                context,
            };
            jose::validate(verified, &expected)
        };
        // The server's clock wrote the token's times. If a server (or a proxy) sends a wrong `Date`, the device's clock
        // is tried. The nonce and TLS already show that the token is fresh.
        match validate(self.issuer.server_now()) {
            Err(IdTokenError {
                problem: IdTokenProblem::Expired | IdTokenProblem::IssuedInTheFuture,
                ..
            }) => validate(self.context.now().wall),
            validated => validated,
        }
    }
}

/// Whether an ID token could not be verified only because the issuer's keys are unavailable now. A token that came over
/// TLS from the issuer itself can be accepted without them (OpenID Connect Core 3.1.3.7, 6.).
fn keys_cannot_be_had(error: &Error) -> bool {
    matches!(
        error,
        Error::IdToken(IdTokenError {
            problem: IdTokenProblem::KeysUnavailable,
            ..
        }) | Error::Transport { .. }
            | Error::ServerFault { .. }
            | Error::RateLimited { .. }
            | Error::UnexpectedAnswer { .. }
    )
}
