//! The revocation endpoint (RFC 7009; Auth0 `/oauth/revoke`).

use url::Url;

use super::failure::{json_object, passing_trouble, unexpected};
use crate::model::configuration::Configuration;
use crate::model::secret::Secret;
use crate::model::time::Timestamp;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::error::ProtocolError;
use crate::protocol::message::{HttpAnswer, HttpRequest};
use crate::protocol::sanitized::sanitized_description;

/// The request that revokes a refresh token, and with it what was issued from it.
pub fn revoke(endpoint: &Url, configuration: &Configuration, refresh_token: &Secret) -> HttpRequest {
    let fields = [
        ("client_id", configuration.client_id.as_str()),
        ("token", refresh_token.expose()),
        ("token_type_hint", "refresh_token"),
    ];
    HttpRequest::post_form(endpoint.clone(), fields)
}

/// Reads the answer: 200 also for a token that the server does not know (RFC 7009 2.2).
///
/// # Errors
/// [`ProtocolError::Configuration`] for its refusal in OAuth's words (RFC 7009 2.2.1), which will be the same tomorrow;
/// else the server's trouble, or that of somebody in between.
pub fn read(answer: &HttpAnswer, now: Timestamp) -> Result<(), ProtocolError> {
    let endpoint = Endpoint::Revocation;
    if answer.is_success() {
        return Ok(());
    }
    if let Some(passing) = passing_trouble(endpoint, answer, now) {
        return Err(passing);
    }
    let body = json_object(answer).unwrap_or_default();
    match body.text("error") {
        Some(code) if (400..500).contains(&answer.status) => Err(ProtocolError::Configuration {
            endpoint,
            field: "client_id",
            problem: sanitized_description(code),
        }),
        _ => Err(unexpected(endpoint, answer, "neither success nor an error")),
    }
}
