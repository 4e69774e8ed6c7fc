//! `/api/v2/users/{id}`: the part of the Management API that users may call for themselves.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use serde_json::{Map, Value};

use super::bearer::{self, Bearer, NoBearer};
use crate::answers::{management_error, private_json};
use crate::dpop::{self, Proved};
use crate::journal::Endpoint;
use crate::params::Params;
use crate::rate_limit::Standing;
use crate::state::{CURRENT_USER_SCOPES, Db, Shared};

const READ: &str = CURRENT_USER_SCOPES[0];
const UPDATE: &str = CURRENT_USER_SCOPES[1];
const CREATE: &str = CURRENT_USER_SCOPES[2];

pub(crate) async fn get(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let params = Params::from_form(uri.query().unwrap_or_default().as_bytes());
    guarded(&shared, ("GET", &uri, &headers), &id, |db, token| {
        if !token.has(READ) {
            return insufficient_scope(&["read:users", READ]);
        }
        let Some(account) = db.account(&id) else {
            return unknown_user();
        };
        let mut user = account.management_object();
        let fields: Vec<&str> = params
            .get("fields")
            .unwrap_or_default()
            .split(',')
            .filter(|f| !f.is_empty())
            .collect();
        let include = match params.get("include_fields") {
            None | Some("true") => true,
            Some("false") => false,
            Some(_) => {
                return bad_request(
                    "Query validation error: 'include_fields' must be a boolean",
                    "invalid_query_string",
                );
            }
        };
        if !fields.is_empty() {
            user.retain(|name, _| fields.contains(&name.as_str()) == include);
        }
        private_json(StatusCode::OK, &Value::Object(user))
    })
}

pub(crate) async fn patch(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let now = shared.clock.now();
    guarded(&shared, ("PATCH", &uri, &headers), &id, |db, token| {
        let Some(account) = db.account_mut(&id) else {
            return unknown_user();
        };
        let may_create = account.user_metadata.is_empty() && token.has(CREATE);
        if !token.has(UPDATE) && !may_create {
            return insufficient_scope(&["update:users", UPDATE]);
        }
        let changes = match changes(&body) {
            Ok(changes) => changes,
            Err(refusal) => return refusal,
        };
        if changes.is_empty() {
            account.user_metadata.clear();
        }
        // Only the first level is merged: nested objects are replaced, null deletes.
        for (name, value) in changes {
            if value.is_null() {
                account.user_metadata.remove(&name);
            } else {
                account.user_metadata.insert(name, value);
            }
        }
        account.updated_at = now;
        private_json(StatusCode::OK, &Value::Object(account.management_object()))
    })
}

/// The `user_metadata` of a PATCH, if it contains nothing else and all of it is allowed.
#[expect(clippy::result_large_err, reason = "the refusal is returned at once")]
fn changes(body: &[u8]) -> Result<Map<String, Value>, Response> {
    let invalid = |text: &str| bad_request(&format!("Payload validation error: {text}"), "invalid_body");
    let body: Value =
        serde_json::from_slice(body).map_err(|_| bad_request("Invalid request payload JSON format", "invalid_body"))?;
    let Value::Object(mut body) = body else {
        return Err(invalid("'Expected type object'."));
    };
    let metadata = body.remove("user_metadata");
    if !body.is_empty() {
        // Other properties of a user need scopes that users do not get.
        return Err(insufficient_scope(&["update:users", "update:users_app_metadata"]));
    }
    let metadata = match metadata {
        Some(Value::Object(metadata)) => metadata,
        Some(_) => return Err(invalid("'Expected type object' on property user_metadata.")),
        None => return Err(invalid("'Too few properties defined (0), minimum 1'.")),
    };
    match dotted(&metadata) {
        Some(name) => Err(invalid(&format!(
            "'Property names must not contain a dot: {name}' on property user_metadata."
        ))),
        None => Ok(metadata),
    }
}

/// A key with a ".", at any depth.
fn dotted(object: &Map<String, Value>) -> Option<&str> {
    object.iter().find_map(|(name, value)| match value {
        _ if name.contains('.') => Some(name.as_str()),
        Value::Object(nested) => dotted(nested),
        _ => None,
    })
}

/// Checks the token, the rate limit and the user, in Auth0's order.
fn guarded(
    shared: &Shared,
    (method, uri, headers): (&str, &Uri, &HeaderMap),
    id: &str,
    handle: impl FnOnce(&mut Db, &Bearer) -> Response,
) -> Response {
    let settings = shared.settings();
    let token = match authenticate(shared, headers, settings.id_token_as_bearer) {
        Ok(token) => token,
        Err(refusal) => return refusal,
    };
    let request = Proved {
        method,
        url: format!("{}{}", shared.issuer.trim_end_matches('/'), uri.path()),
        access_token: bearer::presented(headers).ok(),
    };
    if let Some(refusal) = dpop::guard(shared, &settings, headers, &request, token.key.as_deref()) {
        return refusal;
    }
    let mut db = shared.db();
    let limit = settings.rate_limit_management;
    let standing = db
        .windows
        .count(Endpoint::Users, &token.user_id, limit, shared.clock.now());
    let response = if standing.is_some_and(|standing| standing.exceeded) {
        management_error(429, "Global limit has been reached", Some("too_many_requests"))
    } else if db.account(id).is_none() {
        unknown_user()
    } else if token.user_id != id {
        let text = "User to be acted on does not match subject in bearer token.";
        management_error(403, text, Some("unowned_resource"))
    } else {
        handle(&mut db, &token)
    };
    let response = dpop::with_nonce(shared, &settings, &mut db, response);
    Standing::mark(standing, response)
}

#[expect(clippy::result_large_err, reason = "the refusal is returned at once")]
fn authenticate(shared: &Shared, headers: &HeaderMap, id_tokens: bool) -> Result<Bearer, Response> {
    let malformed = || management_error(400, "Bad HTTP authentication header format", Some("Bearer"));
    let refusal = |problem| match problem {
        NoBearer::Missing => management_error(401, "Missing authentication", None),
        NoBearer::Malformed => malformed(),
        NoBearer::Invalid => management_error(401, "Invalid token", None),
        NoBearer::Expired => management_error(401, "Expired token received for JSON Web Token validation", None),
    };
    let token = bearer::presented(headers).map_err(refusal)?;
    if !bearer::is_jwt(token) {
        return Err(malformed());
    }
    let mut token = bearer::identify(shared, token).map_err(refusal)?;
    if token.is_id_token && id_tokens {
        token.scope = CURRENT_USER_SCOPES.map(str::to_owned).to_vec();
    } else if !token.audiences.contains(&shared.management_audience()) {
        let text = format!("Bad audience: {}", token.audiences.join(","));
        return Err(management_error(401, &text, None));
    }
    Ok(token)
}

fn bad_request(message: &str, error_code: &str) -> Response {
    management_error(400, message, Some(error_code))
}

fn insufficient_scope(expected: &[&str]) -> Response {
    let text = format!("Insufficient scope, expected any of: {}", expected.join(","));
    management_error(403, &text, Some("insufficient_scope"))
}

fn unknown_user() -> Response {
    management_error(404, "The user does not exist.", Some("inexistent_user"))
}
