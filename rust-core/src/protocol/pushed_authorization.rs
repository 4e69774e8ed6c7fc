//! Pushed authorization requests (RFC 9126; Auth0: "Configure Pushed Authorization Requests (PAR)"): the request goes
//! to the issuer by POST, and the browser's URL contains only a reference to it.

use url::Url;

use super::answer::{json_object, passing_trouble, unexpected};
use super::discovery::IssuerMetadata;
use super::failure::callback_failure;
use super::token::pairs;
use crate::model::configuration::Configuration;
use crate::model::time::Timestamp;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::error::ProtocolError;
use crate::protocol::intermediary::may_be_from_an_intermediary;
use crate::protocol::message::{HttpAnswer, HttpRequest};
use crate::protocol::query::add_parameters;

/// The pushed authorization request endpoint.
pub const ENDPOINT: Endpoint = Endpoint::named("pushed authorization request endpoint");
const FIELD: &str = "pushes_authorization_requests";

/// The request that pushes these parameters; `None` if neither the app nor the issuer requires it.
///
/// # Errors
/// [`ProtocolError::Configuration`] if it is required and the issuer has no such endpoint.
pub fn request(
    metadata: &IssuerMetadata,
    configuration: &Configuration,
    parameters: &[(String, String)],
) -> Result<Option<HttpRequest>, ProtocolError> {
    if !configuration.pushes_authorization_requests && !metadata.requires_pushed_authorization {
        return Ok(None);
    }
    let no_endpoint = || ProtocolError::Configuration {
        server: Endpoint::DISCOVERY.into(),
        field: FIELD,
        problem: "the issuer names no endpoint for pushed authorization requests (RFC 9126 5)".into(),
    };
    let endpoint = metadata.pushed_authorization_endpoint.clone().ok_or_else(no_endpoint)?;
    Ok(Some(HttpRequest::post_form(endpoint, pairs(parameters))))
}

/// Reads the answer: the reference to the pushed request, `request_uri`.
///
/// # Errors
/// Those of a callback URL for an OAuth error (RFC 9126 2.3); [`ProtocolError::Configuration`] if there is no such
/// endpoint; otherwise a failure of the server or of an intermediary.
pub fn read(answer: &HttpAnswer, now: Timestamp) -> Result<String, ProtocolError> {
    let body = json_object(answer);
    let text = |name: &str| {
        body.as_ref()
            .and_then(|body| body.text(name))
            .filter(|text| !text.is_empty())
    };
    if answer.is_success() {
        let named = text("request_uri").map(str::to_owned);
        return named.ok_or_else(|| unexpected(ENDPOINT, answer, "no request_uri in it"));
    }
    if let Some(passing) = passing_trouble(ENDPOINT, answer, now) {
        return Err(passing);
    }
    Err(match (text("error"), answer.status) {
        (Some(code), 400..=499) => {
            let words = text("error_description").unwrap_or_default();
            callback_failure(&answer.server(ENDPOINT), code, words)
        }
        (None, 404 | 405 | 410) if !may_be_from_an_intermediary(answer) => ProtocolError::Configuration {
            server: answer.server(ENDPOINT),
            field: FIELD,
            problem: format!(
                "the issuer takes no pushed authorization requests there (status {})",
                answer.status
            )
            .into(),
        },
        _ => unexpected(ENDPOINT, answer, "neither success nor an error"),
    })
}

/// The URL to open (RFC 9126 4). Apart from the client ID, it reveals nothing about the user and the app.
pub fn url(metadata: &IssuerMetadata, configuration: &Configuration, request_uri: &str) -> Url {
    let mut url = metadata.authorization_endpoint.clone();
    add_parameters(
        &mut url,
        [
            ("client_id", configuration.client_id.as_str()),
            ("request_uri", request_uri),
        ],
    );
    url
}
