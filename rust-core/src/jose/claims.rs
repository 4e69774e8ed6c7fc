//! The claims of an ID token, and what is required of them at a sign-in and at a renewal.

use std::fmt;

use serde_json::{Map, Value};

use super::algorithms::Algorithm;
use super::problem::{IdTokenError, IdTokenProblem, seconds_apart, shown};
use super::signature::VerifiedClaims;
use super::token_hash::is_token_hash;
use crate::model::credentials::Credentials;
use crate::model::json::present;
use crate::model::numeric_date::{lenient_date, numeric_date};
use crate::model::secret::Secret;
use crate::model::time::Timestamp;

/// What the claims of an ID token are checked against.
#[derive(Clone, Copy, Debug)]
pub struct Expectations<'a> {
    /// The issuer's identifier from its discovery document; compared byte by byte.
    pub issuer: &'a str,
    /// The client identifier.
    pub client_id: &'a str,
    /// The current time, by the best clock available: the issuer's rather than the device's.
    pub now: Timestamp,
    /// The number of seconds by which the clocks may differ.
    pub leeway_seconds: i64,
    /// What the ID token was received for.
    pub context: ValidationContext<'a>,
}

/// What an ID token was received for.
#[derive(Clone, Copy)]
pub enum ValidationContext<'a> {
    /// A user signs in (OpenID Connect Core 3.1.3.7).
    SignIn {
        /// The nonce of the authorization request; the token must repeat it.
        nonce: &'a Secret,
        /// The other requirements of the authorization request.
        requested: &'a RequestedAuthentication,
        /// The access token that came with it, compared with `at_hash` if the ID token has one.
        access_token: Option<&'a Secret>,
    },
    /// A user signs in with a password or another credential that was sent to the issuer, and the ID token is in the
    /// answer. There is no nonce: no browser was involved, which could have injected another user's token.
    Direct {
        /// The requirements of the request.
        requested: &'a RequestedAuthentication,
        /// The access token that came with it, compared with `at_hash` if the ID token has one.
        access_token: Option<&'a Secret>,
    },
    /// A session is renewed (OpenID Connect Core 12.2).
    Refresh {
        /// The session's user: the `sub` of its first ID token.
        subject: &'a str,
        /// The nonce of the sign-in, if it is still known. Most issuers send no nonce at a renewal; those that do must
        /// repeat it.
        nonce: Option<&'a Secret>,
    },
}

/// What an authorization request required, and the ID token must show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestedAuthentication {
    /// `max_age`, in seconds.
    pub max_age_seconds: Option<u32>,
    /// Auth0's `organization`: an identifier (`org_…`) or a name (Auth0: "Work with Tokens and Organizations").
    pub organization: Option<String>,
    /// The acceptable authentication context classes, if the request asked for `acr` as an essential claim (OpenID
    /// Connect Core 5.5.1.1); an empty list accepts any. None if it did not, even if `acr_values` named some: then
    /// `acr` is a voluntary claim, and may be another class or missing.
    pub essential_acr: Option<Vec<String>>,
}

/// The claims of an ID token that was accepted.
#[derive(Clone, PartialEq, Eq)]
pub struct IdTokenClaims {
    /// `sub`: the user, unique at the issuer.
    pub subject: String,
    /// `iat`
    pub issued_at: Timestamp,
    /// `exp`: the end of the ID token, not of the session.
    pub expires_at: Timestamp,
    /// `auth_time`: when the user last authenticated, if the issuer says so.
    pub auth_time: Option<Timestamp>,
    /// How long the session may continue from now, in seconds, if the issuer says so.
    pub session_seconds: Option<u64>,
}

/// Decides whether the claims of an ID token are acceptable.
///
/// `auth_time` at a renewal is not compared with that of the sign-in. It should be the same (OpenID Connect Core 12.2),
/// but issuers report the latest authentication of their session. Rejecting those would end sessions without protecting
/// anything, because user, issuer and client are checked. `max_age` does not apply to a renewal either, because nobody
/// authenticates.
///
/// # Errors
/// The first rule that is broken. The expected and the found value are given for `iss`, `aud`, `azp` and times, and for
/// no other claim.
/// - [`IdTokenProblem::MissingClaim`]: `iss`, `aud`, `sub`, `exp` or `iat`; at a sign-in also `nonce`, `auth_time` if
///   `max_age` was requested, `acr` if it was requested as an essential claim, and `org_id` or `org_name` if an
///   organization was requested.
/// - [`IdTokenProblem::WrongClaim`]: another issuer; not for this client, or for several without `azp` naming this one;
///   another user than the session's; another nonce; another access token's `at_hash`; another organization or
///   authentication context class; or a claim of a wrong type.
/// - [`IdTokenProblem::Expired`], [`IdTokenProblem::IssuedInTheFuture`] (also if it is not valid before a later time,
///   `nbf`), [`IdTokenProblem::AuthenticationTooOld`]: after allowing for the leeway.
pub fn validate(verified: &VerifiedClaims, expected: &Expectations<'_>) -> Result<IdTokenClaims, IdTokenError> {
    let VerifiedClaims { algorithm, claims } = verified;
    check_parties(claims, expected)?;
    let (issued_at, expires_at) = check_lifetime(claims, expected)?;
    let subject = required(text(claims, "sub")?, "sub")?.to_owned();
    if subject.is_empty() {
        return Err(IdTokenProblem::WrongClaim("sub").into());
    }
    match expected.context {
        ValidationContext::SignIn {
            nonce,
            requested,
            access_token,
        } => {
            require(
                nonce.equals_in_constant_time(required(text(claims, "nonce")?, "nonce")?),
                "nonce",
            )?;
            check_requested(claims, requested, expected)?;
            check_token_hash(claims, *algorithm, access_token)?;
        }
        ValidationContext::Direct {
            requested,
            access_token,
        } => {
            check_requested(claims, requested, expected)?;
            check_token_hash(claims, *algorithm, access_token)?;
        }
        ValidationContext::Refresh {
            subject: session_subject,
            nonce,
        } => {
            require(subject == session_subject, "sub")?;
            if let (Some(repeated), Some(nonce)) = (text(claims, "nonce")?, nonce) {
                require(nonce.equals_in_constant_time(repeated), "nonce")?;
            }
        }
    }
    Ok(IdTokenClaims {
        subject,
        issued_at,
        expires_at,
        // It was not requested, or it was checked above.
        auth_time: present(claims, "auth_time").and_then(lenient_date),
        session_seconds: session_seconds(claims, issued_at, expected.now),
    })
}

/// `session_expiry`: when the session ends at the issuer (IPSIE SL1 OpenID Connect Profile, 3.2.1; Auth0: "Configure
/// Session Expiry for Enterprise Connections"). A value that is not a date is ignored. So is one that is not after the
/// token's `iat`, such as a duration: no issuer issues a token for a session that is over.
fn session_seconds(claims: &Map<String, Value>, issued_at: Timestamp, now: Timestamp) -> Option<u64> {
    let end = present(claims, "session_expiry").and_then(lenient_date)?;
    (end > issued_at).then(|| Credentials::lifetime_of_id_token(issued_at, end, now))
}

/// Whether `aud` is that audience, or a list of strings that contains it (RFC 7519 4.1.3).
pub fn names_audience(aud: &Value, audience: &str) -> bool {
    audiences(aud).all(|one| one.is_some()) && audiences(aud).any(|one| one == Some(audience))
}

/// Each audience in `aud`; `None` for a value that is not a string.
fn audiences(aud: &Value) -> impl Iterator<Item = Option<&str>> {
    let all = aud.as_array().map_or(std::slice::from_ref(aud), Vec::as_slice);
    all.iter().map(Value::as_str)
}

/// Checks `at_hash`, if there is one (3.1.3.8).
fn check_token_hash(
    claims: &Map<String, Value>,
    algorithm: Algorithm,
    access_token: Option<&Secret>,
) -> Result<(), IdTokenProblem> {
    match (text(claims, "at_hash")?, access_token) {
        (Some(hash), Some(token)) => require(is_token_hash(hash, algorithm, token.expose()), "at_hash"),
        _ => Ok(()),
    }
}

/// Checks who issued the token, and for whom (3.1.3.7, steps 2 to 5).
fn check_parties(claims: &Map<String, Value>, expected: &Expectations<'_>) -> Result<(), IdTokenError> {
    let wrong = |name: &'static str, is_right: bool, wanted: &str| match is_right {
        true => Ok(()),
        false => Err(IdTokenProblem::WrongClaim(name).with(
            format!("\"{wanted}\""),
            present(claims, name).map_or_else(|| "none".to_owned(), shown),
        )),
    };
    let (issuer, client) = (expected.issuer, expected.client_id);
    let sent = required(present(claims, "iss"), "iss")?;
    wrong("iss", sent == issuer, issuer)?;
    let audience = required(present(claims, "aud"), "aud")?;
    wrong("aud", names_audience(audience, client), client)?;
    // A token for several audiences is trustworthy only if this client requested it.
    match present(claims, "azp") {
        Some(authorized_party) => wrong("azp", authorized_party == client, client),
        None => wrong("aud", audiences(audience).all(|one| one == Some(client)), client),
    }
}

/// Checks when the token is valid (3.1.3.7, steps 9 and 10; RFC 7519 4.1.4 to 4.1.6).
fn check_lifetime(
    claims: &Map<String, Value>,
    expected: &Expectations<'_>,
) -> Result<(Timestamp, Timestamp), IdTokenError> {
    let expires_at = required(date(claims, "exp")?, "exp")?;
    let issued_at = required(date(claims, "iat")?, "iat")?;
    let not_before = date(claims, "nbf")?.unwrap_or(issued_at);
    let leeway = expected.leeway_seconds;
    if expected.now >= expires_at.plus(leeway) {
        return Err(IdTokenProblem::Expired.with(
            format!("at most {leeway} s ago"),
            format!("{} ago", seconds_apart(expires_at, expected.now)),
        ));
    }
    let begins = issued_at.max(not_before);
    if begins > expected.now.plus(leeway) {
        return Err(IdTokenProblem::IssuedInTheFuture.with(
            format!("at most {leeway} s ahead"),
            format!("{} ahead", seconds_apart(expected.now, begins)),
        ));
    }
    Ok((issued_at, expires_at))
}

fn check_requested(
    claims: &Map<String, Value>,
    requested: &RequestedAuthentication,
    expected: &Expectations<'_>,
) -> Result<(), IdTokenError> {
    if let Some(max_age) = requested.max_age_seconds {
        let auth_time = required(date(claims, "auth_time")?, "auth_time")?;
        check_authentication_age(auth_time, i64::from(max_age), expected)?;
    }
    if let Some(classes) = &requested.essential_acr {
        let reached = required(text(claims, "acr")?, "acr")?;
        require(
            classes.is_empty() || classes.iter().any(|class| class == reached),
            "acr",
        )?;
    }
    if let Some(organization) = &requested.organization {
        let is_identifier = organization.starts_with("org_");
        let name = if is_identifier { "org_id" } else { "org_name" };
        let named = required(text(claims, name)?, name)?;
        // Names are in lower case in the token, but may be requested in any case.
        let is_it = if is_identifier {
            named == organization
        } else {
            named.eq_ignore_ascii_case(organization)
        };
        require(is_it, name)?;
    }
    Ok(())
}

/// Checks `max_age` (3.1.3.7, step 13).
fn check_authentication_age(
    auth_time: Timestamp,
    max_age: i64,
    expected: &Expectations<'_>,
) -> Result<(), IdTokenError> {
    // Otherwise an authentication in the year 3000 would count as recent for a thousand years.
    require(auth_time <= expected.now.plus(expected.leeway_seconds), "auth_time")?;
    if auth_time.plus(max_age).plus(expected.leeway_seconds) < expected.now {
        return Err(IdTokenProblem::AuthenticationTooOld.with(
            format!("at most {max_age} s ago"),
            format!("{} ago", seconds_apart(auth_time, expected.now)),
        ));
    }
    Ok(())
}

fn text<'a>(claims: &'a Map<String, Value>, name: &'static str) -> Result<Option<&'a str>, IdTokenProblem> {
    present(claims, name)
        .map(|value| value.as_str().ok_or(IdTokenProblem::WrongClaim(name)))
        .transpose()
}

fn date(claims: &Map<String, Value>, name: &'static str) -> Result<Option<Timestamp>, IdTokenProblem> {
    present(claims, name)
        .map(|value| numeric_date(value).ok_or(IdTokenProblem::WrongClaim(name)))
        .transpose()
}

fn required<T>(claim: Option<T>, name: &'static str) -> Result<T, IdTokenProblem> {
    claim.ok_or(IdTokenProblem::MissingClaim(name))
}

fn require(is_right: bool, name: &'static str) -> Result<(), IdTokenProblem> {
    if is_right {
        Ok(())
    } else {
        Err(IdTokenProblem::WrongClaim(name))
    }
}

/// Shows only the variant, and nothing about the user.
impl fmt::Debug for ValidationContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SignIn { .. } => "SignIn",
            Self::Direct { .. } => "Direct",
            Self::Refresh { .. } => "Refresh",
        })
    }
}

/// Shows the token's times, and nothing about the user.
impl fmt::Debug for IdTokenClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdTokenClaims")
            .field("issued_at", &self.issued_at)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
