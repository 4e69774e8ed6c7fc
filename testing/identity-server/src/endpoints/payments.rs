//! `/api/payments`: an API that requires a certain authentication of the user (RFC 9470).

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::Response;
use serde_json::json;

use super::bearer;
use crate::answers::{oauth_error, private_json, set_header};
use crate::params::{Params, words};
use crate::state::Shared;

/// `acr_values` and `max_age` in the query say what is required.
pub(crate) async fn payments(State(shared): State<Arc<Shared>>, uri: Uri, headers: HeaderMap) -> Response {
    let wanted = Params::from_form(uri.query().unwrap_or_default().as_bytes());
    let token = bearer::presented(&headers).and_then(|token| bearer::identify(&shared, token));
    let Ok((Some((acr, auth_time)), user_id)) = token.map(|token| (token.authentication, token.user_id)) else {
        return challenged("invalid_token", &Params::default());
    };
    let classes = words(wanted.get("acr_values").unwrap_or_default());
    let is_right_class = classes.is_empty() || acr.is_some_and(|acr| classes.contains(&acr));
    let max_age: Option<i64> = wanted.get("max_age").and_then(|seconds| seconds.parse().ok());
    let is_recent = max_age.is_none_or(|max_age| shared.clock.now() - auth_time <= max_age);
    if !(is_right_class && is_recent) {
        return challenged("insufficient_user_authentication", &wanted);
    }
    private_json(StatusCode::OK, &json!({ "paid": true, "user": user_id }))
}

fn challenged(error: &str, wanted: &Params) -> Response {
    let mut challenge = format!("Bearer realm=\"payments\", error=\"{error}\"");
    for name in ["acr_values", "max_age"] {
        if let Some(value) = wanted.get(name) {
            challenge.push_str(&format!(", {name}=\"{value}\""));
        }
    }
    let mut response = oauth_error(401, error, "The API wants another authentication.");
    set_header(&mut response, header::WWW_AUTHENTICATE, &challenge);
    response
}
