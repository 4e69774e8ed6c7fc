//! `/userinfo` (OpenID Connect Core section 5.3).

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::bearer::{self, NoBearer};
use crate::answers::{oauth_error, private_json, refused, set_header};
use crate::dpop::{self, Proved};
use crate::journal::Endpoint;
use crate::jws;
use crate::rate_limit::Standing;
use crate::settings::Settings;
use crate::state::Shared;

pub(crate) async fn userinfo(State(shared): State<Arc<Shared>>, method: Method, headers: HeaderMap) -> Response {
    let settings = shared.settings();
    let token = bearer::presented(&headers).and_then(|token| bearer::identify(&shared, token));
    let userinfo = shared.userinfo_url();
    let token = match token.and_then(|token| {
        if token.audiences.contains(&userinfo) {
            Ok(token)
        } else {
            Err(NoBearer::Invalid)
        }
    }) {
        Ok(token) => token,
        Err(problem) => return unauthorized(problem, &settings),
    };
    let request = Proved {
        method: method.as_str(),
        url: userinfo,
        access_token: bearer::presented(&headers).ok(),
    };
    if let Some(refusal) = dpop::guard(&shared, &settings, &headers, &request, token.key.as_deref()) {
        return refusal;
    }
    let mut db = shared.db();
    let limit = settings.rate_limit_userinfo;
    let standing = db
        .windows
        .count(Endpoint::Userinfo, &token.user_id, limit, shared.clock.now());
    let response = if standing.is_some_and(|standing| standing.exceeded) {
        oauth_error(429, "too_many_requests", "Global limit has been reached")
    } else if !token.has("openid") {
        insufficient_scope(&settings)
    } else if let Some(account) = db.account(&token.user_id) {
        let mut claims = account.profile(&token.scope, &token.client_id, &settings);
        if settings.userinfo_jwt {
            // Section 5.3.2: a signed answer names its issuer and its audience.
            claims.insert("iss".into(), json!(shared.issuer));
            claims.insert("aud".into(), json!(token.client_id));
            let jwt = jws::sign(&shared.keys.current(settings.algorithm), &claims);
            ([(header::CONTENT_TYPE, "application/jwt")], jwt).into_response()
        } else {
            private_json(StatusCode::OK, &Value::Object(claims))
        }
    } else {
        unauthorized(NoBearer::Invalid, &settings)
    };
    let response = dpop::with_nonce(&shared, &settings, &mut db, response);
    Standing::mark(standing, response)
}

/// RFC 6750 section 3.
fn unauthorized(problem: NoBearer, settings: &Settings) -> Response {
    let (error, challenge) = match problem {
        NoBearer::Missing => ("missing_token", "Bearer realm=\"Users\""),
        NoBearer::Malformed => {
            let challenge =
                "Bearer realm=\"Users\", error=\"invalid_request\", error_description=\"The token is malformed\"";
            return challenged(
                oauth_error(400, "invalid_request", "The token is malformed"),
                challenge,
                settings,
            );
        }
        NoBearer::Invalid => (
            "invalid_token",
            "Bearer realm=\"Users\", error=\"invalid_token\", error_description=\"The access token is invalid\"",
        ),
        NoBearer::Expired => (
            "invalid_token",
            "Bearer realm=\"Users\", error=\"invalid_token\", error_description=\"The access token expired\"",
        ),
    };
    challenged(
        refused(error, (StatusCode::UNAUTHORIZED, "Unauthorized").into_response()),
        challenge,
        settings,
    )
}

fn insufficient_scope(settings: &Settings) -> Response {
    let challenge = "Bearer realm=\"Users\", error=\"insufficient_scope\", scope=\"openid\"";
    challenged(
        oauth_error(403, "insufficient_scope", "Insufficient scope, expected: openid"),
        challenge,
        settings,
    )
}

fn challenged(mut response: Response, challenge: &str, settings: &Settings) -> Response {
    if settings.www_authenticate {
        set_header(&mut response, header::WWW_AUTHENTICATE, challenge);
    }
    response
}
