//! ID tokens that came directly from the issuer, over our own TLS connection, and what may be read from them without a
//! key.

use super::algorithms::{Algorithm, supported};
use super::problem::{IdTokenError, IdTokenProblem, shown_text};
use super::signature::{CompactJws, Header, VerifiedClaims, decode_object};
use crate::model::numeric_date::numeric_date;
use crate::model::secret::Secret;
use crate::model::time::Timestamp;

/// The claims of an ID token that the issuer signed with the client secret (HS256, HS384, HS512), as older Auth0
/// tenants do; `None` for any other algorithm.
///
/// A public client has no secret, so it cannot check the signature. If a token came directly from the issuer, the TLS
/// server validation may be used in place of the signature (OpenID Connect Core 3.1.3.7, 6.). Call this only for such
/// tokens, never for tokens from anywhere else, above all not from a callback URL.
///
/// # Errors
/// [`IdTokenProblem::Malformed`].
pub fn claims_signed_with_secret(token: &Secret) -> Result<Option<VerifiedClaims>, IdTokenProblem> {
    let jws = CompactJws::split(token.expose())?;
    let algorithm = match Header::read(jws.header)?.algorithm.as_str() {
        "HS256" => Algorithm::HS256,
        "HS384" => Algorithm::HS384,
        "HS512" => Algorithm::HS512,
        _ => return Ok(None),
    };
    let claims = decode_object(jws.payload).ok_or(IdTokenProblem::Malformed(
        "the payload is not a JSON object in base64url",
    ))?;
    Ok(Some(VerifiedClaims { algorithm, claims }))
}

/// The claims of an ID token whose signature cannot be checked now, because the issuer's keys are not available. As
/// above, call this only for a token that came directly from the issuer. Everything else about the token is still to be
/// checked as usual.
///
/// # Errors
/// [`IdTokenProblem::Malformed`]; [`IdTokenProblem::AlgorithmNotAllowed`] for an algorithm that Pilotlight never
/// verifies.
pub fn claims_without_signature(token: &Secret) -> Result<VerifiedClaims, IdTokenError> {
    let jws = CompactJws::split(token.expose())?;
    let header = Header::read(jws.header)?;
    let not_allowed =
        || IdTokenProblem::AlgorithmNotAllowed.with("one with public keys", shown_text(&header.algorithm));
    let algorithm = supported(&header.algorithm).ok_or_else(not_allowed)?;
    let claims = decode_object(jws.payload).ok_or(IdTokenProblem::Malformed(
        "the payload is not a JSON object in base64url",
    ))?;
    Ok(VerifiedClaims { algorithm, claims })
}

/// `iat` and `exp` of an ID token, unverified: to know when a token that was accepted otherwise has to be replaced.
pub fn lifetime(token: &Secret) -> Option<(Timestamp, Timestamp)> {
    let claims = decode_object(CompactJws::split(token.expose()).ok()?.payload)?;
    Some((numeric_date(claims.get("iat")?)?, numeric_date(claims.get("exp")?)?))
}
