//! `/oauth/revoke` (RFC 7009): ends the family of a refresh token, or a device secret.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};

use super::client_authentication::client;
use crate::answers::oauth_error;
use crate::device_secrets;
use crate::params::Params;
use crate::state::Shared;

pub(crate) async fn revoke(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(params) = Params::from_body(&headers, &body) else {
        return oauth_error(400, "invalid_request", "The body is not a JSON object.");
    };
    let client = match client(&shared, &headers, &params) {
        Ok(client) => client,
        Err(refusal) => return refusal,
    };
    let Some(token) = params.get("token") else {
        return oauth_error(400, "invalid_request", "Missing required parameter: token");
    };
    let settings = shared.settings();
    let mut db = shared.db();
    // Unknown tokens and those of other clients are not errors: the client could do nothing about them (section 2.2).
    if let Some(family) = db.refresh_tokens.family_of(token, &client.id) {
        let ended = db.end_family(family, &settings);
        shared
            .journal
            .count(|counters| counters.families_revoked += u64::from(ended));
    }
    if device_secrets::revoke(&mut db, &settings, token) {
        shared.journal.count(|counters| counters.device_secrets_revoked += 1);
    }
    StatusCode::OK.into_response()
}
