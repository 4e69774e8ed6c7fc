//! `/delegation`: exchanges a token for another one for the same user.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::{Call, Refused, id_token, refuse};
use crate::accounts::Account;
use crate::answers::private_json;
use crate::clock::rfc3339;
use crate::endpoints::token::dead;
use crate::grant::Grant;
use crate::journal::Endpoint;
use crate::params::words;
use crate::random;
use crate::rate_limit::Standing;
use crate::refresh_tokens::Presented;

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

pub(super) fn answer(call: &Call) -> Refused<Response> {
    match call.params.get("grant_type") {
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
    let grant = match (call.params.get("refresh_token"), call.params.get("id_token")) {
        (Some(token), None) => by_refresh_token(call, token)?,
        (None, Some(token)) => by_id_token(call, token)?,
        (Some(_), Some(_)) => return refuse(400, "invalid_request", "id_token and refresh_token exclude each other"),
        (None, None) => return refuse(400, "invalid_request", "missing id_token or refresh_token parameter"),
    };
    let mut db = call.shared.db();
    let limit = call.settings.rate_limit_delegation;
    let now = call.shared.clock.now();
    let standing = db.windows.count(Endpoint::Delegation, &grant.user_id, limit, now);
    let account = db.account(&grant.user_id).cloned();
    drop(db);
    let response = if standing.is_some_and(|standing| standing.exceeded) {
        refuse(429, "too_many_requests", "Global limit has been reached")
    } else {
        delegate(call, &grant, account.as_ref())
    };
    Ok(Standing::mark(standing, super::answer(response)))
}

fn delegate(call: &Call, grant: &Grant, account: Option<&Account>) -> Refused<Response> {
    let Some(account) = account else {
        return refuse(400, "invalid_grant", "the user does not exist");
    };
    if account.blocked {
        return refuse(401, "unauthorized", "user is blocked");
    }
    let body = match call.params.get("api_type").unwrap_or("app") {
        "app" | "auth0" => app(call, grant, account)?,
        "aws" => aws(call, account),
        "firebase" => firebase(call, account),
        other => {
            let text = format!("the client has no addon {other}");
            return refuse(400, "invalid_request", &text);
        }
    };
    call.shared.journal.count(|counters| counters.delegations_honoured += 1);
    Ok(private_json(StatusCode::OK, &body))
}

/// A device's refresh token. Those of `/oauth/token` are not accepted.
fn by_refresh_token(call: &Call, token: &str) -> Refused<Grant> {
    let client = call.client("delegation/refresh_token")?;
    let now = call.shared.clock.now_ms();
    let mut db = call.shared.db();
    match db.refresh_tokens.present_device(token, &client.id, now, &call.settings) {
        Presented::Usable { grant, .. } => Ok(*grant),
        _ => {
            call.shared
                .journal
                .count(|counters| counters.dead_refresh_tokens_presented += 1);
            Err(Box::new(dead(call.settings.dead_refresh_token)))
        }
    }
}

fn by_id_token(call: &Call, token: &str) -> Refused<Grant> {
    let client = call.client("delegation/id_token")?;
    match id_token::identify(call, token) {
        Ok(grant) if grant.client_id == client.id => Ok(grant),
        Ok(_) => refuse(400, "invalid_grant", "jwt audience invalid"),
        Err(problem) => refuse(400, "invalid_grant", problem.words()),
    }
}

/// An ID token, for the client itself or for `target`.
fn app(call: &Call, grant: &Grant, account: &Account) -> Refused<Value> {
    let target = call.params.get("target").unwrap_or(&grant.client_id);
    if call.shared.client(target).is_none() {
        return refuse(400, "invalid_request", "the target client was not found");
    }
    let scope = call.params.get("scope").map(words);
    let delegated = Grant {
        client_id: target.to_owned(),
        scope: scope.unwrap_or_else(|| grant.scope.clone()),
        ..grant.clone()
    };
    Ok(json!({
        "token_type": "Bearer",
        "expires_in": call.settings.id_token_lifetime,
        "id_token": id_token::issue(call, &delegated, account),
    }))
}

/// Temporary credentials in the format of AWS's AssumeRole.
fn aws(call: &Call, account: &Account) -> Value {
    let role = call.params.get("role").unwrap_or("arn:aws:iam::123456789012:role/app");
    json!({
        "Credentials": {
            "AccessKeyId": format!("ASIA{}", random::identifier()),
            "SecretAccessKey": random::token(),
            "SessionToken": random::token(),
            "Expiration": rfc3339(call.shared.clock.now() + 3600),
        },
        "AssumedRoleUser": { "AssumedRoleId": format!("AROA:{}", account.id), "Arn": role },
    })
}

/// A JWT in the format of Firebase's old SDK: `v`, `d`, `iat`.
fn firebase(call: &Call, account: &Account) -> Value {
    let claims = json!({
        "v": 0,
        "iat": call.shared.clock.now(),
        "d": { "uid": account.id, "fb_id": account.id },
    });
    let claims = claims.as_object().cloned().unwrap_or_else(Map::new);
    json!({ "id_token": id_token::sign("firebase", &claims) })
}
