//! ID tokens that came straight from the issuer, on our own TLS connection: what may be read of them without a key.

use super::algorithms::{Algorithm, supported};
use super::problem::{IdTokenError, IdTokenProblem, shown_text};
use super::signature::{CompactJws, Header, VerifiedClaims, decode_object};
use crate::model::numeric_date::numeric_date;
use crate::model::secret::Secret;
use crate::model::time::Timestamp;

/// The claims of an ID token that the issuer signed with a secret of the client's (HS256, HS384, HS512), as older Auth0
/// tenants do; `None` for any other algorithm.
///
/// A public client has no such secret and so cannot check the signature. For a token that came directly from the issuer
/// the server's certificate may stand in for it (OpenID Connect Core 3.1.3.7, 6.). So this is for those alone; a token
/// from anywhere else, a callback URL above all, must not come here.
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

/// The claims of an ID token whose signature cannot be checked now, because the issuer's keys cannot be had. Only for a
/// token that came directly from the issuer, as above; everything else about it is checked as ever.
///
/// # Errors
/// [`IdTokenProblem::Malformed`]; [`IdTokenProblem::AlgorithmNotAllowed`] for an algorithm that is never verified.
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

/// `iat` and `exp` of an ID token, unverified: to know when a token that is believed anyway has to be replaced.
pub fn lifetime(token: &Secret) -> Option<(Timestamp, Timestamp)> {
    let claims = decode_object(CompactJws::split(token.expose()).ok()?.payload)?;
    Some((numeric_date(claims.get("iat")?)?, numeric_date(claims.get("exp")?)?))
}
