//! `/tokeninfo`: the profile of the user that an ID token is about.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::id_token;
use super::request::{LegacyRequest, Refused};
use crate::answers::{private_json, refused};
use crate::params::words;
use crate::settings::Settings;

pub(super) fn answer(request: &LegacyRequest) -> Refused<Response> {
    let token = request.needed("id_token")?;
    let Ok(grant) = id_token::identify(request, token) else {
        return Ok(unauthorized());
    };
    let Some(account) = request.shared.db().account(&grant.user_id).cloned() else {
        return Ok(unauthorized());
    };
    let older = Settings {
        older_tenant_profile: true,
        ..request.settings.clone()
    };
    let mut profile = account.profile(&words("openid profile email"), &grant.client_id, &older);
    // The endpoint is older than OpenID Connect.
    profile.remove("sub");
    profile.insert("global_client_id".into(), json!("global"));
    Ok(private_json(StatusCode::OK, &Value::Object(profile)))
}

fn unauthorized() -> Response {
    refused(
        "invalid_token",
        (StatusCode::UNAUTHORIZED, "Unauthorized").into_response(),
    )
}
