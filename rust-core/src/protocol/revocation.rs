//! The revocation endpoint (RFC 7009; Auth0 `/oauth/revoke`).

use url::Url;

use super::answer::{json_object, passing_trouble, unexpected};
use crate::model::configuration::Configuration;
use crate::model::revocable::Revocable;
use crate::model::time::Timestamp;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::error::ProtocolError;
use crate::protocol::intermediary::may_be_from_an_intermediary;
use crate::protocol::message::{HttpAnswer, HttpRequest};
use crate::protocol::sanitized::sanitized_description;

/// The revocation endpoint.
pub const ENDPOINT: Endpoint = Endpoint::named("revocation endpoint");

/// The request that revokes a refresh token, and with it what was issued from it; or a device secret, and with it what
/// other apps obtained with it (Okta: "Configure SSO for native apps").
pub fn revoke(endpoint: &Url, configuration: &Configuration, what: &Revocable) -> HttpRequest {
    let fields = [
        ("client_id", configuration.client_id.as_str()),
        ("token", what.token.expose()),
        ("token_type_hint", what.kind.hint()),
    ];
    HttpRequest::post_form(endpoint.clone(), fields)
}

/// Reads the answer. It is 200 even for a token that the server does not know (RFC 7009 2.2).
///
/// # Errors
/// [`ProtocolError::Configuration`] for a permanent refusal: an OAuth error (RFC 7009 2.2.1), other JSON, or no such
/// endpoint; otherwise a failure of the server or of an intermediary.
pub fn read(answer: &HttpAnswer, now: Timestamp) -> Result<(), ProtocolError> {
    let endpoint = ENDPOINT;
    if answer.is_success() {
        return Ok(());
    }
    if let Some(passing) = passing_trouble(endpoint, answer, now) {
        return Err(passing);
    }
    let body = json_object(answer);
    let code = body.as_ref().and_then(|body| body.text("error"));
    if code.is_none() && !refuses_in_other_words(answer, body.is_some()) || !(400..500).contains(&answer.status) {
        return Err(unexpected(endpoint, answer, "neither success nor an error"));
    }
    Err(ProtocolError::Configuration {
        server: answer.server(endpoint),
        field: if code.is_some() {
            "client_id"
        } else {
            "revocation_endpoint"
        },
        problem: code
            .map_or_else(|| format!("status {}", answer.status), sanitized_description)
            .into(),
    })
}

/// Whether an answer without an OAuth error code is a refusal. 408 and 425 call for another attempt, 407 comes from a
/// proxy, and a web page may come from anywhere.
fn refuses_in_other_words(answer: &HttpAnswer, is_json: bool) -> bool {
    match answer.status {
        407 | 408 | 425 => false,
        404 | 405 | 410 => !may_be_from_an_intermediary(answer),
        _ => is_json,
    }
}
