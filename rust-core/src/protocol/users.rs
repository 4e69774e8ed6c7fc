//! Auth0's Management API on behalf of the user: `/api/v2/users/{id}` ("Get a User", "Update a User").

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};
use url::Url;

use super::answer::{json_object, unexpected};
use super::dpop::proof_failure;
use super::failure::{self, explained, resource_failure, says};
use crate::model::invalid::InvalidValue;
use crate::model::json::Object;
use crate::model::metadata::{CURRENT_USER_SCOPES, USER_METADATA};
use crate::model::secret::{Secret, SecretBytes};
use crate::model::time::Timestamp;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::error::ProtocolError;
use crate::protocol::intermediary::is_from_an_intermediary;
use crate::protocol::message::{HttpAnswer, HttpRequest, Method};
use crate::protocol::sanitized::sanitized_description;

/// Auth0's Management API, `/api/v2/users/{id}`.
pub const ENDPOINT: Endpoint = Endpoint::named("users endpoint");

/// The request for the user object: only `fields` (`include`), all except those, or everything if `fields` is empty.
///
/// # Errors
/// [`ProtocolError::Argument`] for a user id that cannot be a path segment.
pub fn get(
    base: &Url,
    user_id: &str,
    fields: &[String],
    include: bool,
    access_token: &Secret,
) -> Result<HttpRequest, ProtocolError> {
    let mut url = user_url(base, user_id)?;
    if !fields.is_empty() {
        let include = if include { "true" } else { "false" };
        url.query_pairs_mut()
            .append_pair("fields", &fields.join(","))
            .append_pair("include_fields", include);
    }
    Ok(HttpRequest::get(url, "application/json").with_bearer(access_token))
}

/// The request that changes the user's metadata. The server merges it at the first level.
///
/// # Errors
/// [`ProtocolError::Argument`] for a user id that cannot be a path segment.
pub fn patch_metadata(
    base: &Url,
    user_id: &str,
    patch: &Map<String, Value>,
    access_token: &Secret,
) -> Result<HttpRequest, ProtocolError> {
    let body = serde_json::json!({ USER_METADATA: patch }).to_string();
    let request = HttpRequest {
        method: Method::Patch,
        url: user_url(base, user_id)?,
        headers: Vec::new(),
        body: Some(SecretBytes::new(body.into_bytes())),
    };
    Ok(request
        .with_header("content-type", "application/json")
        .with_header("accept", "application/json")
        .with_bearer(access_token))
}

/// Whether the access token itself was refused as invalid, so that a fresh one may help. A token for another audience
/// or without the scopes is refused as well, with words that say so; renewing it would not help.
pub fn refuses_token(answer: &HttpAnswer) -> bool {
    let words = message(answer).to_ascii_lowercase();
    failure::refuses_token(answer) && !words.contains("audience") && !words.contains("insufficient scope")
}

/// Whether a change was refused, and would be refused at any time: 4xx (RFC 9110 15.5) except 401, which asks for another
/// token, 408, 425 and 429, which ask for another attempt, and what a proxy or firewall answers in the server's place. Those
/// use 403, 404 and 405 too, so there only the API's own JSON counts (Auth0 Management API: "Error responses").
pub fn refuses_for_good(answer: &HttpAnswer) -> bool {
    match answer.status {
        401 | 407 | 408 | 425 | 429 => false,
        // A change stays as large as it is, whichever server refused it.
        413 => true,
        403..=405 => is_the_apis_own(answer),
        400..=499 => !refuses_header(answer) && !is_from_an_intermediary(answer),
        _ => false,
    }
}

/// Whether a change was applied, although the answer does not contain the whole user: it is empty, or parts of the user
/// cannot be read. 202 promises nothing, and anything else may be from somebody in the server's place.
pub fn applied(answer: &HttpAnswer) -> bool {
    let is_of_user = || json_object(answer).is_some_and(|user| user.text("user_id").is_some());
    let is_empty = answer.body.expose().trim_ascii().is_empty();
    matches!(answer.status, 200 | 204) && answer.is_success() && (is_empty || is_of_user())
}

fn is_the_apis_own(answer: &HttpAnswer) -> bool {
    let names = ["statusCode", "error", "errorCode", "message"];
    // With `WWW-Authenticate` it is about the token (RFC 6750 3), whatever the body is.
    answer.header("www-authenticate").is_some()
        || json_object(answer).is_some_and(|body| names.iter().any(|name| body.get(name).is_some()))
}

/// Whether the token was refused with 400, because its format is not the expected one.
fn refuses_header(answer: &HttpAnswer) -> bool {
    let body = json_object(answer).unwrap_or_default();
    answer.status == 400
        && (body.text("errorCode") == Some("Bearer") || message(answer).contains("Bad HTTP authentication header"))
}

/// Reads the answer to either request: the user object.
///
/// # Errors
/// [`ProtocolError::Configuration`] for a wrong audience (`audience`) or a missing scope (`scopes`),
/// [`ProtocolError::Argument`] with the name of the `argument` that the server does not accept; otherwise a failure of
/// the server.
pub fn read(answer: &HttpAnswer, argument: &'static str, now: Timestamp) -> Result<Map<String, Value>, ProtocolError> {
    let endpoint = ENDPOINT;
    if !answer.is_success() {
        let body = json_object(answer).unwrap_or_default();
        return Err(failure(answer, argument, now).in_issuers_words(body.text("message").unwrap_or_default()));
    }
    // A truncated object must not be used: it would be written back incomplete.
    let object = json_object(answer).filter(Object::is_complete);
    let object = object.ok_or_else(|| unexpected(endpoint, answer, "not a JSON object"))?;
    Ok(object.into_members())
}

fn failure(answer: &HttpAnswer, argument: &'static str, now: Timestamp) -> ProtocolError {
    let endpoint = ENDPOINT;
    let words = message(answer);
    let configuration = |field, hint: &str| ProtocolError::Configuration {
        server: answer.server(endpoint),
        field,
        problem: explained(&words, hint).into(),
    };
    const AUDIENCE: &str = "metadata needs an access token for the Management API: set `metadataAccess: true`, or allow \
        the Management API in the application's Multi-Resource Refresh Token settings";
    let scopes = format!(
        "the access token lacks one of the scopes {}: `metadataAccess: true` asks for them",
        CURRENT_USER_SCOPES.join(", ")
    );
    if let Some(error) = proof_failure(endpoint, answer) {
        return error;
    }
    match answer.status {
        _ if is_from_an_intermediary(answer) && answer.status != 413 => resource_failure(endpoint, answer, now),
        401 => configuration("audience", AUDIENCE),
        400 if refuses_header(answer) || says(answer, "invalid_token") => configuration("audience", AUDIENCE),
        403..=405 if !is_the_apis_own(answer) => resource_failure(endpoint, answer, now),
        403 => configuration("scopes", &scopes),
        404 => configuration("provider", "the user is not there; the domain may be another tenant's"),
        status if refuses_for_good(answer) => ProtocolError::Argument(InvalidValue {
            name: argument,
            problem: format!(
                "was refused by the server: {}",
                explained(&words, &format!("status {status}"))
            ),
        }),
        _ => resource_failure(endpoint, answer, now),
    }
}

fn message(answer: &HttpAnswer) -> String {
    let body = json_object(answer).unwrap_or_default();
    sanitized_description(body.text("message").unwrap_or_default())
}

fn user_url(base: &Url, user_id: &str) -> Result<Url, ProtocolError> {
    let unusable = || {
        ProtocolError::Argument(InvalidValue {
            name: "user_id",
            problem: "cannot be a path segment".to_owned(),
        })
    };
    // URL parsers treat these as path steps even if they are percent-encoded.
    if matches!(user_id, "" | "." | "..") {
        return Err(unusable());
    }
    base.join(&format!(
        "/api/v2/users/{}",
        utf8_percent_encode(user_id, NON_ALPHANUMERIC)
    ))
    .map_err(|_| unusable())
}
