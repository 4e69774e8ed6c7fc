//! `/oauth/par`: pushed authorization requests (RFC 9126).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::json;

use super::authorize_request::{Refused, parse};
use super::client_authentication::client;
use crate::answers::{oauth_error, private_json};
use crate::params::Params;
use crate::random;
use crate::records::Pushed;
use crate::settings::Settings;
use crate::state::Shared;

/// How long a pushed request waits for its browser, in seconds.
const LIFETIME: i64 = 30;

pub(crate) async fn push(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let params = Params::from_form(&body);
    let client = match client(&shared, &headers, &params) {
        Ok(client) => client,
        Err(refusal) => return refusal,
    };
    match parse(&shared, &shared.settings(), &params) {
        Ok(_) => {}
        Err(Refused::Page { text, .. }) => return oauth_error(400, "invalid_request", &text),
        Err(Refused::Redirect { error, description, .. }) => return oauth_error(400, error, &description),
    }
    let request_uri = format!("urn:ietf:params:oauth:request_uri:{}", random::token());
    let pushed = Pushed {
        client_id: client.id.clone(),
        params,
        expires_at: shared.clock.now() + LIFETIME,
    };
    shared.db().pushed.insert(request_uri.clone(), pushed);
    let body = json!({ "request_uri": request_uri, "expires_in": LIFETIME });
    private_json(axum::http::StatusCode::CREATED, &body)
}

/// Takes the pushed request that `/authorize` names, once; `None` if the request was not pushed.
pub(crate) fn take(shared: &Shared, settings: &Settings, params: &Params) -> Result<Option<Params>, String> {
    let named = params
        .get("request_uri")
        .filter(|uri| uri.starts_with("urn:ietf:params:oauth:request_uri:"));
    let Some(uri) = named else {
        return match settings.requires_pushed_authorization {
            true => Err("This client must push its authorization requests.".to_owned()),
            false => Ok(None),
        };
    };
    let pushed = shared.db().pushed.remove(uri);
    let pushed = pushed.filter(|pushed| {
        Some(pushed.client_id.as_str()) == params.get("client_id") && shared.clock.now() < pushed.expires_at
    });
    pushed
        .map(|pushed| Some(pushed.params))
        .ok_or_else(|| "The request_uri is unknown or expired.".to_owned())
}
