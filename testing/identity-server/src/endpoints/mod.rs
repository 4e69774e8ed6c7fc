//! The endpoints, one module each.

use std::sync::Arc;

use axum::Router;
use axum::middleware;
use axum::routing::{get, post};

use crate::answers::oauth_error;
use crate::control_http;
use crate::layer;
use crate::state::Shared;

mod authorize;
mod authorize_request;
mod bearer;
mod browser;
mod client_authentication;
pub(crate) mod device;
mod device_sso;
mod discovery;
mod legacy;
mod login;
mod logout;
mod mfa;
mod own_tokens;
mod pages;
mod par;
mod payments;
mod pictures;
mod revoke;
mod session_transfer;
mod token;
mod token_exchange;
mod token_request;
mod userinfo;
mod users;

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery::configuration))
        .route("/.well-known/jwks.json", get(discovery::jwks))
        .route("/authorize", get(authorize::get).post(authorize::post))
        .route("/u/login", get(login::form).post(login::submit))
        .route("/u/consent", get(login::consent_form).post(login::consent))
        .route("/oauth/par", post(par::push))
        .route("/oauth/device/code", post(device::code))
        .route("/activate", get(device::activate))
        .route("/oauth/token", post(token::token))
        .route("/oauth/revoke", post(revoke::revoke))
        .route("/userinfo", get(userinfo::userinfo).post(userinfo::userinfo))
        .route("/v2/logout", get(logout::v2))
        .route("/oidc/logout", get(logout::oidc).post(logout::oidc_post))
        .route("/api/v2/users/{id}", get(users::get).patch(users::patch))
        .route("/mfa/authenticators", get(mfa::authenticators))
        .route("/mfa/challenge", post(mfa::challenge))
        .route("/api/payments", get(payments::payments))
        .route("/pictures/{name}", get(pictures::picture))
        .route("/delegation", post(legacy::delegation))
        .route("/tokeninfo", post(legacy::tokeninfo))
        .route("/oauth/ro", post(legacy::resource_owner))
        .fallback(async || oauth_error(404, "not_found", "There is no such endpoint."))
        .method_not_allowed_fallback(async || oauth_error(405, "method_not_allowed", "The method is not allowed."))
        .layer(middleware::from_fn_with_state(shared.clone(), layer::around))
        .merge(control_http::router())
        .with_state(shared)
}

/// Only the control endpoints, for the port that never goes offline.
pub(crate) fn control_router(shared: Arc<Shared>) -> Router {
    Router::new().merge(control_http::router()).with_state(shared)
}
