//! The UserInfo endpoint (OpenID Connect Core 5.3).

use std::fmt;

use serde_json::{Map, Value};
use url::Url;

use super::answer::{json_object, unexpected};
use super::dpop::proof_failure;
use super::failure::{resource_failure, says};
use crate::model::secret::Secret;
use crate::model::time::Timestamp;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::error::ProtocolError;
use crate::protocol::intermediary::is_from_an_intermediary;
use crate::protocol::message::{HttpAnswer, HttpRequest};

/// The UserInfo endpoint.
pub const ENDPOINT: Endpoint = Endpoint::named("userinfo endpoint");

/// A successful answer.
#[derive(Clone)]
pub enum UserInfo {
    /// Plain JSON claims.
    Claims(Map<String, Value>),
    /// A signed JWT. Its signature, issuer and audience are still to be checked (OpenID Connect Core 5.3.2).
    Signed(Secret),
}

/// Shows nothing about the user.
impl fmt::Debug for UserInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Claims(_) => "Claims",
            Self::Signed(_) => "Signed",
        })
    }
}

/// The request.
pub fn request(endpoint: &Url, access_token: &Secret) -> HttpRequest {
    HttpRequest::get(endpoint.clone(), "application/json, application/jwt").with_bearer(access_token)
}

/// Reads the answer.
///
/// # Errors
/// [`ProtocolError::Configuration`] if the endpoint refuses a fresh token (`audience`), its scopes (`scopes`) or the
/// proof (`dpop`); otherwise a failure of the server.
pub fn read(answer: &HttpAnswer, now: Timestamp) -> Result<UserInfo, ProtocolError> {
    let endpoint = ENDPOINT;
    let configuration = |field, problem: &str| {
        let error = ProtocolError::Configuration {
            server: answer.server(endpoint),
            field,
            problem: problem.into(),
        };
        let body = json_object(answer).unwrap_or_default();
        error.in_issuers_words(body.text("error_description").unwrap_or_default())
    };
    if let Some(error) = proof_failure(endpoint, answer) {
        return Err(error);
    }
    match answer.status {
        400 | 401 | 403 if answer.status == 401 || says(answer, "invalid_token") => Err(configuration(
            "audience",
            "the access token is fresh but not accepted; a token for another API is not for userinfo",
        )),
        403 if !is_from_an_intermediary(answer) => Err(configuration(
            "scopes",
            "the access token lacks a scope that userinfo needs, usually openid",
        )),
        _ if !answer.is_success() => Err(resource_failure(endpoint, answer, now)),
        _ => match json_object(answer) {
            // Even if it is labelled as a JWT: servers mislabel JSON.
            Some(object) => Ok(UserInfo::Claims(object.into_members())),
            None if answer.media_type() == "application/jwt" => match std::str::from_utf8(answer.body.expose()) {
                Ok(jwt) => Ok(UserInfo::Signed(Secret::new(jwt.trim().trim_matches('"')))),
                Err(_) => Err(unexpected(endpoint, answer, "not a JWT")),
            },
            None => Err(unexpected(endpoint, answer, "not a JSON object")),
        },
    }
}
