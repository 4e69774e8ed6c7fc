//! The documents that a client reads first: the configuration and the keys.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::keys::Algorithm;
use crate::settings::Dpop;
use crate::state::Shared;

/// OpenID Connect Discovery section 3.
pub(crate) async fn configuration(State(shared): State<Arc<Shared>>) -> Response {
    let issuer = &shared.issuer;
    let settings = shared.settings();
    let mut configuration = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}authorize"),
        "token_endpoint": format!("{issuer}oauth/token"),
        "userinfo_endpoint": shared.userinfo_url(),
        "jwks_uri": format!("{issuer}.well-known/jwks.json"),
        "revocation_endpoint": format!("{issuer}oauth/revoke"),
        "end_session_endpoint": format!("{issuer}oidc/logout"),
        "pushed_authorization_request_endpoint": format!("{issuer}oauth/par"),
        "device_authorization_endpoint": format!("{issuer}oauth/device/code"),
        "require_pushed_authorization_requests": settings.requires_pushed_authorization,
        "scopes_supported": [
            "openid", "profile", "offline_access", "name", "given_name", "family_name", "nickname", "email",
            "email_verified", "picture", "created_at", "identities", "phone", "address",
        ],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [
            "authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code",
        ],
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "subject_types_supported": ["public"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "id_token_signing_alg_values_supported": Algorithm::ALL.map(Algorithm::name),
        "claims_supported": [
            "aud", "auth_time", "created_at", "email", "email_verified", "exp", "family_name", "given_name", "iat",
            "identities", "iss", "name", "nickname", "phone_number", "picture", "sub",
        ],
        "acr_values_supported": settings.authentication_classes,
        "claims_parameter_supported": settings.claims_parameter,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "authorization_response_iss_parameter_supported": settings.iss_in_authorization_response,
    });
    if settings.dpop != Dpop::Off {
        configuration["dpop_signing_alg_values_supported"] = json!(["ES256"]);
    }
    if settings.userinfo_jwt {
        configuration["userinfo_signing_alg_values_supported"] = json!(Algorithm::ALL.map(Algorithm::name));
    }
    cached(&configuration)
}

pub(crate) async fn jwks(State(shared): State<Arc<Shared>>) -> Response {
    cached(&shared.keys.published(shared.settings().jwk_alg))
}

fn cached(body: &Value) -> Response {
    let cache = HeaderValue::from_static("public, max-age=15, stale-while-revalidate=15, stale-if-error=86400");
    (StatusCode::OK, [(header::CACHE_CONTROL, cache)], Json(body)).into_response()
}
