//! Signing out of the browser session: Auth0's `/v2/logout` and the standard's end-session endpoint.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;

use super::{browser, pages};
use crate::answers::{html, redirect, refused};
use crate::jws;
use crate::params::{Params, with_query};
use crate::state::Shared;

/// `/v2/logout?client_id&returnTo&federated`. There is no upstream provider, so `federated` has no effect.
pub(crate) async fn v2(State(shared): State<Arc<Shared>>, uri: Uri, headers: HeaderMap) -> Response {
    let params = Params::from_form(uri.query().unwrap_or_default().as_bytes());
    let allowed = allowed(&shared, params.get("client_id"));
    match params.get("returnTo") {
        Some(address) if !allowed.contains(&address) => {
            let text = format!(
                "The \"returnTo\" querystring parameter \"{address}\" is not defined as a valid URL in \"Allowed Logout URLs\"."
            );
            refused("invalid_request", pages::error(400, "Misconfiguration", &text))
        }
        Some(address) => sign_out(&shared, &headers, Some(address.to_owned())),
        None => sign_out(&shared, &headers, allowed.first().map(|address| (*address).to_owned())),
    }
}

/// OpenID Connect RP-Initiated Logout.
pub(crate) async fn oidc(State(shared): State<Arc<Shared>>, uri: Uri, headers: HeaderMap) -> Response {
    end_session(
        &shared,
        &Params::from_form(uri.query().unwrap_or_default().as_bytes()),
        &headers,
    )
}

pub(crate) async fn oidc_post(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    end_session(&shared, &Params::from_form(&body), &headers)
}

fn end_session(shared: &Shared, params: &Params, headers: &HeaderMap) -> Response {
    let invalid = |text: &str| refused("invalid_request", pages::error(400, "Invalid request", text));
    let hinted = match params.get("id_token_hint") {
        Some(token) => match jws::verify(&shared.keys, token) {
            // An expired hint is as good as a current one (section 2).
            Some(claims) => claims.get("aud").and_then(|aud| aud.as_str()).map(str::to_owned),
            None => return invalid("The id_token_hint is not valid."),
        },
        None => None,
    };
    let client = match (hinted.as_deref(), params.get("client_id")) {
        (Some(hinted), Some(given)) if hinted != given => {
            return invalid("The id_token_hint is another client's.");
        }
        (hinted, given) => hinted.or(given),
    };
    let Some(address) = params.get("post_logout_redirect_uri") else {
        return sign_out(shared, headers, None);
    };
    if client.is_none() || !allowed(shared, client).contains(&address) {
        return invalid("The post_logout_redirect_uri is not in the list of allowed logout URLs.");
    }
    let state: Vec<_> = params.get("state").map(|state| ("state", state)).into_iter().collect();
    sign_out(shared, headers, Some(with_query(address, &state)))
}

/// A client's logout URLs; those of all clients if none is named.
fn allowed<'a>(shared: &'a Shared, client_id: Option<&str>) -> Vec<&'a str> {
    let clients = shared
        .clients
        .iter()
        .filter(|client| client_id.is_none_or(|id| client.id == id));
    clients
        .flat_map(|client| &client.logout_uris)
        .map(String::as_str)
        .collect()
}

/// Ends the browser's session. Refresh tokens stay valid, as at Auth0.
fn sign_out(shared: &Shared, headers: &HeaderMap, address: Option<String>) -> Response {
    if let Some(id) = browser::session_id(headers) {
        shared.db().sessions.remove(&id);
    }
    let response = match address {
        Some(address) => redirect(&address),
        None => html(200, "OK".into()),
    };
    browser::forget_session(response)
}
