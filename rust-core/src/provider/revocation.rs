//! The revocation endpoint (RFC 7009; Auth0 `/oauth/revoke`).

use url::Url;

use super::failure::resource_failure;
use crate::configuration::Configuration;
use crate::error::{Endpoint, Error};
use crate::message::{HttpAnswer, HttpRequest};
use crate::secret::Secret;
use crate::time::Timestamp;

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
/// The server's trouble, or its refusal.
pub fn read(answer: &HttpAnswer, now: Timestamp) -> Result<(), Error> {
    if answer.is_success() {
        Ok(())
    } else {
        Err(resource_failure(Endpoint::Revocation, answer, now))
    }
}
