//! `/delegation`: another token for the same user, in exchange for a device's refresh token or for an ID token that has
//! not expired. For the `api_type` "app" it is an ID token, which is how legacy sessions are renewed; for other types
//! it is whatever the add-on makes (AWS, Firebase, …).

use serde_json::{Map, Value};
use url::Url;

use super::{at, refusal};
use crate::jose;
use crate::model::credentials::Credentials;
use crate::model::secret::Secret;
use crate::model::secret_members::SecretValue;
use crate::model::time::Timestamp;
use crate::protocol::answer::{json_object, success_object, unexpected};
use crate::protocol::endpoint::Endpoint;
use crate::protocol::error::ProtocolError;
use crate::protocol::failure::{needs_user, refuses_refresh_token};
use crate::protocol::message::{HttpAnswer, HttpRequest};
use crate::protocol::token::{TokenAnswer, pairs};

/// Auth0's `/delegation`.
pub const ENDPOINT: Endpoint = Endpoint::named("delegation endpoint");

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// The token that is sent to the endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shown {
    /// A refresh token. This endpoint does not rotate it.
    RefreshToken,
    /// An ID token that has not expired.
    IdToken,
}

impl Shown {
    fn parameter(self) -> &'static str {
        match self {
            Self::RefreshToken => "refresh_token",
            Self::IdToken => "id_token",
        }
    }

    fn grant(self) -> &'static str {
        match self {
            Self::RefreshToken => "delegation/refresh_token",
            Self::IdToken => "delegation/id_token",
        }
    }
}

/// The parameters of a delegation.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// `api_type`: "app", "aws", "firebase", …
    pub api_type: &'a str,
    /// `target`: the client that the token is for, if it is another client.
    pub target: Option<&'a str>,
    /// `scope`; not sent when empty.
    pub scope: &'a str,
    /// Further parameters that the add-on needs, such as `role` and `principal` for AWS.
    pub parameters: &'a [(String, String)],
}

/// The request.
///
/// # Errors
/// [`ProtocolError::NotWritable`] if it cannot be serialized.
pub fn request(
    base: &Url,
    client_id: &str,
    shown: Shown,
    token: &Secret,
    wanted: &Wanted<'_>,
) -> Result<HttpRequest, ProtocolError> {
    let mut members = vec![
        ("client_id", client_id),
        ("grant_type", GRANT_TYPE),
        (shown.parameter(), token.expose()),
        ("api_type", wanted.api_type),
    ];
    members.extend(wanted.target.map(|target| ("target", target)));
    if !wanted.scope.is_empty() {
        members.push(("scope", wanted.scope));
    }
    members.extend(pairs(wanted.parameters));
    HttpRequest::post_json(at(base, "/delegation"), &members)
}

/// Reads the answer to a renewal (`api_type` "app"): the ID token, with the lifetime that its own `exp` gives it by the
/// server's time. Does not verify the token.
///
/// # Errors
/// As [`read`]; [`ProtocolError::UnexpectedAnswer`] if there is no ID token with a time of expiry.
pub fn read_renewal(answer: &HttpAnswer, shown: Shown, now: Timestamp) -> Result<Box<TokenAnswer>, ProtocolError> {
    if !answer.is_success() {
        return Err(failure(answer, shown, now));
    }
    let id_token = json_object(answer).and_then(|mut body| body.take_token("id_token"));
    let times = id_token.as_ref().and_then(jose::lifetime);
    let Some((issued_at, expires_at)) = times else {
        return Err(unexpected(ENDPOINT, answer, "no ID token in it"));
    };
    Ok(Box::new(TokenAnswer {
        access_token: None,
        refresh_token: None,
        id_token,
        device_secret: None,
        scope: None,
        expires_in: Some(Credentials::lifetime_of_id_token(issued_at, expires_at, now)),
        problem: None,
        proof_key: None,
        is_bound: false,
    }))
}

/// Reads the answer, whatever the add-on put in it. A refresh token in it is left out, because nothing here could use
/// it.
///
/// | status | body | means |
/// |---|---|---|
/// | 400, 401, 403 | `invalid_grant`, refresh token | **the session has ended** |
/// | 403 | `access_denied` "Unknown or invalid refresh token", refresh token | **the session has ended** |
/// | 4xx | `invalid_grant`, ID token; `access_denied` in other words; `unauthorized` | denied; the session lives |
/// | 404 | `endpoint_disabled`, or nothing | fix the configuration: it is a tenant of today |
/// | 4xx | `unauthorized_client`, `unsupported_grant_type`, `invalid_client`, `invalid_request`, `invalid_scope` | fix the configuration here or there |
/// | 4xx | `mfa_required` and its like | the user is needed; the session lives |
/// | 429, 5xx, anything else | any | retry later |
///
/// # Errors
/// According to this table, which agrees with that of `/oauth/token` where the codes are the same.
pub fn read(answer: &HttpAnswer, shown: Shown, now: Timestamp) -> Result<Map<String, Value>, ProtocolError> {
    let mut body = success_object(ENDPOINT, answer, || failure(answer, shown, now))?;
    // Wiped, not only removed.
    drop(body.remove("refresh_token").map(SecretValue::new));
    Ok(body)
}

fn failure(answer: &HttpAnswer, shown: Shown, now: Timestamp) -> ProtocolError {
    let body = json_object(answer).unwrap_or_default();
    meaning(answer, shown, now).in_issuers_words(body.text("error_description").unwrap_or_default())
}

fn meaning(answer: &HttpAnswer, shown: Shown, now: Timestamp) -> ProtocolError {
    let endpoint = ENDPOINT;
    let refusal = match refusal(endpoint, answer, Some(shown.grant()), now) {
        Ok(refusal) => refusal,
        Err(error) => return error,
    };
    let is_whole = json_object(answer).is_some_and(|body| body.is_complete());
    let dead = || match is_whole {
        true => ProtocolError::RefreshTokenRejected,
        false => unexpected(endpoint, answer, "a refusal that is cut off"),
    };
    let by_refresh_token = shown == Shown::RefreshToken;
    match refusal.code.as_str() {
        "invalid_grant" if by_refresh_token && matches!(refusal.status, 400 | 401 | 403) => dead(),
        "access_denied" if by_refresh_token && refuses_refresh_token(refusal.status, &refusal.description) => dead(),
        "invalid_grant" if by_refresh_token => unexpected(endpoint, answer, "a refusal under a status that has none"),
        "invalid_grant" | "access_denied" | "unauthorized" => ProtocolError::AccessDenied {
            server: refusal.server,
            description: refusal.description.into(),
        },
        code if needs_user(code) => ProtocolError::InteractionRequired {
            server: refusal.server,
            code: refusal.code.into(),
        },
        "invalid_request" | "invalid_scope" => refusal
            .configuration("a parameter is missing or not understood, or the client has no such add-on or target"),
        _ => unexpected(endpoint, answer, "no error that is known"),
    }
}
