//! Auth0's MFA API: `/mfa/authenticators`, `/mfa/challenge` and the grants that continue with a second factor.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::json;

use super::bearer;
use super::token_request::{TokenRequest, missing};
use crate::accounts::{Account, OTP};
use crate::answers::{oauth_error, private_json, refused};
use crate::params::Params;
use crate::random;
use crate::records::{SecondFactor, Waiting};
use crate::state::{Db, Shared};

const LIFETIME_MS: i64 = 600_000;
const MOST_WRONG_CODES: u32 = 10;
const GRANT: &str = "http://auth0.com/oauth/grant-type/mfa-";

pub(super) fn is_grant(grant: &str) -> bool {
    grant.starts_with(GRANT)
}

/// The refusal of a grant, with an `mfa_token` to continue it.
pub(super) fn required(shared: &Shared, db: &mut Db, client_id: &str, user_id: &str, waiting: Waiting) -> Response {
    let token = random::token();
    let waiting = SecondFactor {
        user_id: user_id.to_owned(),
        client_id: client_id.to_owned(),
        waiting,
        expires_at_ms: shared.clock.now_ms() + LIFETIME_MS,
        challenge: None,
        wrong_codes: 0,
    };
    db.second_factors.insert(token.clone(), waiting);
    let body = json!({
        "error": "mfa_required",
        "error_description": "Multifactor authentication required",
        "mfa_token": token,
        "mfa_requirements": {
            "challenge": [{"type": "otp"}, {"type": "push-notification"}, {"type": "recovery-code"}]
        },
    });
    refused("mfa_required", private_json(StatusCode::FORBIDDEN, &body))
}

#[expect(clippy::result_large_err, reason = "the refusal is returned at once")]
fn waiting<'a>(db: &'a mut Db, token: &str, now_ms: i64) -> Result<&'a mut SecondFactor, Response> {
    match db.second_factors.get_mut(token) {
        Some(waiting) if now_ms < waiting.expires_at_ms => Ok(waiting),
        Some(_) => Err(oauth_error(401, "expired_token", "mfa_token is expired")),
        None => Err(malformed()),
    }
}

pub(crate) async fn authenticators(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let token = bearer::presented(&headers).unwrap_or_default();
    if let Err(refusal) = waiting(&mut shared.db(), token, shared.clock.now_ms()) {
        return refusal;
    }
    let all = json!([
        {"id": "totp|dev_1", "authenticator_type": "otp", "active": true},
        {"id": "push|dev_2", "authenticator_type": "oob", "oob_channel": "auth0", "name": "Ada's phone", "active": true},
        {"id": "sms|dev_3", "authenticator_type": "oob", "oob_channel": "sms", "name": "XXXXXXXX0001", "active": true},
        {"id": "email|dev_4", "authenticator_type": "oob", "oob_channel": "email", "active": false},
        {"id": "recovery-code|dev_5", "authenticator_type": "recovery-code", "active": true},
    ]);
    private_json(StatusCode::OK, &all)
}

pub(crate) async fn challenge(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(params) = Params::from_body(&headers, &body) else {
        return oauth_error(400, "invalid_request", "The body is not a JSON object.");
    };
    let Some(token) = params.get("mfa_token") else {
        return missing("mfa_token");
    };
    let mut db = shared.db();
    let waiting = match waiting(&mut db, token, shared.clock.now_ms()) {
        Ok(waiting) => waiting,
        Err(refusal) => return refusal,
    };
    let code = random::token();
    let answer = match params.get("authenticator_id").unwrap_or("totp|dev_1") {
        "totp|dev_1" => json!({"challenge_type": "otp"}),
        "push|dev_2" => json!({"challenge_type": "oob", "oob_code": code}),
        "sms|dev_3" => json!({"challenge_type": "oob", "oob_code": code, "binding_method": "prompt"}),
        _ => {
            return oauth_error(
                403,
                "unsupported_challenge_type",
                "The authenticator cannot be challenged",
            );
        }
    };
    waiting.challenge = (answer["challenge_type"] == "oob").then_some((code, 0));
    private_json(StatusCode::OK, &answer)
}

/// The grant that the second factor completes, which is consumed; and the user's next recovery code.
#[expect(clippy::result_large_err, reason = "the refusal is returned at once")]
pub(super) fn proven(
    request: &TokenRequest<'_>,
    db: &mut Db,
    grant: &str,
) -> Result<(SecondFactor, Option<String>), Response> {
    let token = request.params.get("mfa_token").ok_or_else(|| missing("mfa_token"))?;
    let found = waiting(db, token, request.shared.clock.now_ms())?;
    if found.wrong_codes >= MOST_WRONG_CODES {
        return Err(oauth_error(429, "too_many_requests", "Too many wrong codes"));
    }
    let right = match grant.strip_prefix(GRANT).unwrap_or_default() {
        "otp" => is_right(request.params, "otp", OTP).map(|()| None),
        "oob" => out_of_band(request, found).map(|()| None),
        "recovery-code" => {
            let user_id = found.user_id.clone();
            let account = db.accounts.iter_mut().find(|account| account.id == user_id);
            next_recovery_code(request.params, account)
        }
        _ => Err(oauth_error(403, "unsupported_grant_type", "Unsupported grant type")),
    };
    match right {
        Ok(next) => Ok((db.second_factors.remove(token).ok_or_else(malformed)?, next)),
        Err(refusal) => {
            let is_wrong = refusal.status() == StatusCode::FORBIDDEN;
            waiting(db, token, 0)?.wrong_codes += u32::from(is_wrong);
            Err(refusal)
        }
    }
}

#[expect(clippy::result_large_err, reason = "the refusal is returned at once")]
fn out_of_band(request: &TokenRequest<'_>, waiting: &mut SecondFactor) -> Result<(), Response> {
    let Some((code, polls)) = &mut waiting.challenge else {
        return Err(invalid("Invalid oob_code."));
    };
    is_right(request.params, "oob_code", code)?;
    if request.params.get("binding_code").is_some() {
        return is_right(request.params, "binding_code", OTP);
    }
    if *polls < request.settings.push_polls {
        *polls += 1;
        let text = "Authorization pending: please repeat the request in a few seconds.";
        return Err(oauth_error(400, "authorization_pending", text));
    }
    match request.settings.push_rejected {
        true => Err(invalid("MFA Authorization rejected.")),
        false => Ok(()),
    }
}

#[expect(clippy::result_large_err, reason = "the refusal is returned at once")]
fn next_recovery_code(params: &Params, account: Option<&mut Account>) -> Result<Option<String>, Response> {
    let rejected = || invalid("MFA Authorization rejected.");
    let account = account.ok_or_else(rejected)?;
    is_right(params, "recovery_code", &account.recovery_code).map_err(|_| rejected())?;
    account.recovery_code = random::token();
    Ok(Some(account.recovery_code.clone()))
}

#[expect(clippy::result_large_err, reason = "the refusal is returned at once")]
fn is_right(params: &Params, name: &str, right: &str) -> Result<(), Response> {
    match params.get(name) {
        None => Err(missing(name)),
        Some(shown) if shown == right => Ok(()),
        Some(_) => Err(invalid(&format!("Invalid {name}."))),
    }
}

fn invalid(text: &str) -> Response {
    oauth_error(403, "invalid_grant", text)
}

pub(super) fn malformed() -> Response {
    oauth_error(401, "invalid_grant", "Malformed mfa_token")
}
