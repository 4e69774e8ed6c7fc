//! `/delegation`: exchanges a token for another one for the same user.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::id_token;
use super::request::{LegacyRequest, Refused, answer as response_of, refuse};
use crate::accounts::Account;
use crate::answers::private_json;
use crate::clock::rfc3339;
use crate::endpoints::token_request::dead;
use crate::grant::Grant;
use crate::journal::Endpoint;
use crate::params::words;
use crate::random;
use crate::rate_limit::Standing;
use crate::refresh_tokens::Presented;

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

pub(super) fn answer(request: &LegacyRequest) -> Refused<Response> {
    match request.params.get("grant_type") {
        Some(GRANT_TYPE) => {}
        Some(other) => {
            return refuse(
                403,
                "unsupported_grant_type",
                &format!("Unsupported grant type: {other}"),
            );
        }
        None => return refuse(400, "invalid_request", "missing grant_type parameter"),
    }
    let grant = match (request.params.get("refresh_token"), request.params.get("id_token")) {
        (Some(token), None) => by_refresh_token(request, token)?,
        (None, Some(token)) => by_id_token(request, token)?,
        (Some(_), Some(_)) => return refuse(400, "invalid_request", "id_token and refresh_token exclude each other"),
        (None, None) => return refuse(400, "invalid_request", "missing id_token or refresh_token parameter"),
    };
    let mut db = request.shared.db();
    let limit = request.settings.rate_limit_delegation;
    let now = request.shared.clock.now();
    let standing = db.windows.count(Endpoint::Delegation, &grant.user_id, limit, now);
    let account = db.account(&grant.user_id).cloned();
    drop(db);
    let response = if standing.is_some_and(|standing| standing.exceeded) {
        refuse(429, "too_many_requests", "Global limit has been reached")
    } else {
        delegate(request, &grant, account.as_ref())
    };
    Ok(Standing::mark(standing, response_of(response)))
}

fn delegate(request: &LegacyRequest, grant: &Grant, account: Option<&Account>) -> Refused<Response> {
    let Some(account) = account else {
        return refuse(400, "invalid_grant", "the user does not exist");
    };
    if account.blocked {
        return refuse(401, "unauthorized", "user is blocked");
    }
    let body = match request.params.get("api_type").unwrap_or("app") {
        "app" | "auth0" => app(request, grant, account)?,
        "aws" => aws(request, account),
        "firebase" => firebase(request, account),
        other => {
            let text = format!("the client has no addon {other}");
            return refuse(400, "invalid_request", &text);
        }
    };
    request
        .shared
        .journal
        .count(|counters| counters.delegations_honoured += 1);
    Ok(private_json(StatusCode::OK, &body))
}

/// A device's refresh token. Those of `/oauth/token` are none.
fn by_refresh_token(request: &LegacyRequest, token: &str) -> Refused<Grant> {
    let client = request.client("delegation/refresh_token")?;
    let now = request.shared.clock.now_ms();
    let mut db = request.shared.db();
    match db
        .refresh_tokens
        .present_device(token, &client.id, now, &request.settings)
    {
        Presented::Usable { grant, .. } => Ok(*grant),
        _ => {
            request
                .shared
                .journal
                .count(|counters| counters.dead_refresh_tokens_presented += 1);
            Err(Box::new(dead(request.settings.dead_refresh_token)))
        }
    }
}

fn by_id_token(request: &LegacyRequest, token: &str) -> Refused<Grant> {
    let client = request.client("delegation/id_token")?;
    match id_token::identify(request, token) {
        Ok(grant) if grant.client_id == client.id => Ok(grant),
        Ok(_) => refuse(400, "invalid_grant", "jwt audience invalid"),
        Err(problem) => refuse(400, "invalid_grant", problem.words()),
    }
}

/// An ID token, for the client itself or for `target`.
fn app(request: &LegacyRequest, grant: &Grant, account: &Account) -> Refused<Value> {
    let target = request.params.get("target").unwrap_or(&grant.client_id);
    if request.shared.client(target).is_none() {
        return refuse(400, "invalid_request", "the target client was not found");
    }
    let scope = request.params.get("scope").map(words);
    let delegated = Grant {
        client_id: target.to_owned(),
        scope: scope.unwrap_or_else(|| grant.scope.clone()),
        ..grant.clone()
    };
    Ok(json!({
        "token_type": "Bearer",
        "expires_in": request.settings.id_token_lifetime,
        "id_token": id_token::issue(request, &delegated, account),
    }))
}

/// Temporary credentials, as AWS's AssumeRole answers them.
fn aws(request: &LegacyRequest, account: &Account) -> Value {
    let role = request
        .params
        .get("role")
        .unwrap_or("arn:aws:iam::123456789012:role/app");
    json!({
        "Credentials": {
            "AccessKeyId": format!("ASIA{}", random::identifier()),
            "SecretAccessKey": random::token(),
            "SessionToken": random::token(),
            "Expiration": rfc3339(request.shared.clock.now() + 3600),
        },
        "AssumedRoleUser": { "AssumedRoleId": format!("AROA:{}", account.id), "Arn": role },
    })
}

/// A JWT that Firebase's old SDK takes: `v`, `d`, `iat`.
fn firebase(request: &LegacyRequest, account: &Account) -> Value {
    let claims = json!({
        "v": 0,
        "iat": request.shared.clock.now(),
        "d": { "uid": account.id, "fb_id": account.id },
    });
    let claims = claims.as_object().cloned().unwrap_or_else(Map::new);
    json!({ "id_token": id_token::sign("firebase", &claims) })
}
