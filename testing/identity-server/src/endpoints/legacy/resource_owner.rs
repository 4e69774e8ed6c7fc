//! `/oauth/ro`: a sign-in with the user's password.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::super::mfa;
use super::{Call, Refused, id_token, refuse};
use crate::accounts::{Account, CONNECTION};
use crate::answers::private_json;
use crate::grant::Grant;
use crate::params::words;
use crate::random;
use crate::state::Waiting;
use crate::tokens::Issue;

pub(super) fn answer(call: &Call) -> Refused<Response> {
    let client = call.client("ro")?;
    match call.needed("grant_type")? {
        "password" => {}
        other => {
            return refuse(
                403,
                "unsupported_grant_type",
                &format!("Unsupported grant type: {other}"),
            );
        }
    }
    let (username, password) = (call.needed("username")?, call.needed("password")?);
    if call.needed("connection")? != CONNECTION {
        return refuse(400, "invalid_request", "the connection was not found");
    }
    let scope = words(call.params.get("scope").unwrap_or("openid"));
    let offline = scope.iter().any(|scope| scope == "offline_access");
    let device = if offline { Some(call.needed("device")?) } else { None };
    let account = authenticate(call, username, password)?;
    let grant = Grant {
        client_id: client.id.clone(),
        user_id: account.id.clone(),
        scope,
        auth_time: call.shared.clock.now(),
        session: random::identifier(),
        device: device.map(str::to_owned),
        key: None,
        ..Grant::default()
    };
    if account.mfa_required {
        let grant = Grant { device: None, ..grant };
        let waiting = Waiting::SignIn(Box::new(grant));
        let mut db = call.shared.db();
        return Ok(mfa::required(&call.shared, &mut db, &client.id, &account.id, waiting));
    }
    call.shared.journal.count(|counters| {
        counters.password_sign_ins += 1;
        counters.device_refresh_tokens_issued += u64::from(offline);
    });
    Ok(tokens(call, &grant, &account))
}

/// Has no `expires_in`, as documented.
fn tokens(call: &Call, grant: &Grant, account: &Account) -> Response {
    let mut db = call.shared.db();
    let (family, refresh_token) = if grant.device.is_some() {
        let now = call.shared.clock.now_ms();
        let (family, token) = db.refresh_tokens.begin(grant.clone(), now, &call.settings);
        (Some(family), Some(token))
    } else {
        (None, None)
    };
    let issue = Issue {
        grant,
        account,
        scope: &grant.scope,
        audience: None,
        family,
        refresh_token: None,
        again: false,
        id_token_fault: None,
    };
    let (access_token, _) = issue.access_token(&call.shared, &mut db, &call.settings);
    drop(db);
    let mut body = json!({ "access_token": access_token, "token_type": "Bearer" });
    if grant.has("openid") {
        body["id_token"] = json!(id_token::issue(call, grant, account));
    }
    if let Some(refresh_token) = refresh_token {
        body["refresh_token"] = json!(refresh_token);
    }
    private_json(StatusCode::OK, &body)
}

fn authenticate(call: &Call, username: &str, password: &str) -> Refused<Account> {
    let mut db = call.shared.db();
    let wrong = || refuse(401, "invalid_user_password", "Wrong email or password.");
    let Some(account) = db.account_by_email(username).cloned() else {
        return wrong();
    };
    let attempts = db.wrong_passwords.entry(account.id.clone()).or_default();
    if *attempts >= call.settings.legacy_attempts {
        let text = "Your account has been blocked after multiple consecutive login attempts.";
        return refuse(429, "too_many_attempts", text);
    }
    if !account.password.is(password) {
        *attempts += 1;
        return wrong();
    }
    *attempts = 0;
    if account.blocked {
        return refuse(401, "unauthorized", "user is blocked");
    }
    Ok(account)
}
