//! The users.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::problem::{Problem, parse};
use crate::accounts::{Account, PASSWORD};
use crate::control::Control;
use crate::secret::Secret;

/// The email address in a path.
type Email = Path<String>;

/// Properties of a user; absent ones do not change.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    id: Option<String>,
    password: Option<String>,
    blocked: Option<bool>,
    mfa_required: Option<bool>,
    recovery_code: Option<String>,
    claims: Option<Map<String, Value>>,
    user_metadata: Option<Map<String, Value>>,
    app_metadata: Option<Map<String, Value>>,
}

impl Change {
    fn apply(self, account: &mut Account) {
        let Self {
            id,
            password,
            blocked,
            mfa_required,
            recovery_code,
            claims,
            user_metadata,
            app_metadata,
        } = self;
        account.id = id.unwrap_or_else(|| account.id.clone());
        if let Some(password) = password {
            account.password = Secret::new(&password);
        }
        account.blocked = blocked.unwrap_or(account.blocked);
        account.mfa_required = mfa_required.unwrap_or(account.mfa_required);
        account.recovery_code = recovery_code.unwrap_or_else(|| account.recovery_code.clone());
        account.claims.extend(claims.unwrap_or_default());
        account.user_metadata = user_metadata.unwrap_or_else(|| account.user_metadata.clone());
        account.app_metadata = app_metadata.unwrap_or_else(|| account.app_metadata.clone());
    }
}

pub(super) async fn get(State(control): State<Control>, Path(email): Email) -> Result<Json<Value>, Problem> {
    let account = control.account(&email).ok_or_else(|| Problem::not_found("user"))?;
    Ok(Json(json!({
        "id": account.id, "email": account.email, "blocked": account.blocked, "mfa_required": account.mfa_required,
        "recovery_code": account.recovery_code, "claims": account.claims, "user_metadata": account.user_metadata, "app_metadata": account.app_metadata,
    })))
}

/// Creates a user, or replaces one.
pub(super) async fn put(
    State(control): State<Control>,
    Path(email): Email,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let change: Change = parse(&body)?;
    let name = email.split('@').next().unwrap_or(&email);
    let mut account = Account::new(&format!("auth0|{name}"), &email, PASSWORD);
    change.apply(&mut account);
    control.put_account(account);
    Ok(StatusCode::CREATED)
}

pub(super) async fn patch(
    State(control): State<Control>,
    Path(email): Email,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let change: Change = parse(&body)?;
    done(control.change_account(&email, |account| change.apply(account)))
}

pub(super) async fn delete(State(control): State<Control>, Path(email): Email) -> Result<StatusCode, Problem> {
    done(control.delete_account(&email))
}

pub(super) async fn metadata(
    State(control): State<Control>,
    Path(email): Email,
) -> Result<Json<Map<String, Value>>, Problem> {
    control
        .user_metadata(&email)
        .map(Json)
        .ok_or_else(|| Problem::not_found("user"))
}

pub(super) async fn set_metadata(
    State(control): State<Control>,
    Path(email): Email,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let metadata = parse(&body)?;
    done(control.set_user_metadata(&email, metadata))
}

pub(super) async fn revoke(State(control): State<Control>, Path(email): Email) -> Json<Value> {
    Json(json!({ "families": control.revoke_user(&email) }))
}

fn done(found: bool) -> Result<StatusCode, Problem> {
    if found {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found("user"))
    }
}
