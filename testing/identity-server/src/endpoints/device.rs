//! `/oauth/device/code` and `/activate`: the user signs in on another device (RFC 8628; Auth0 "Device Authorization Flow").

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use super::authorize_request::granted;
use super::client_authentication::client;
use crate::answers::{oauth_error, private_json};
use crate::grant::Grant;
use crate::params::Params;
use crate::random;
use crate::records::{Decision, DeviceCode};
use crate::state::{Db, Shared};

pub(crate) async fn code(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let params = Params::from_form(&body);
    let client = match client(&shared, &headers, &params) {
        Ok(client) => client,
        Err(refusal) => return refusal,
    };
    let settings = shared.settings();
    if !settings.device_code_grant {
        let text = "Grant type 'urn:ietf:params:oauth:grant-type:device_code' not allowed for the client.";
        return oauth_error(403, "unauthorized_client", text);
    }
    let audience = params.owned("audience").or_else(|| settings.default_audience.clone());
    let Some(known) = audience
        .as_ref()
        .map_or(Some(Vec::new()), |name| shared.scopes_of(name))
    else {
        return oauth_error(403, "access_denied", "Service not found");
    };
    let now = shared.clock.now();
    let (device_code, user_code) = (random::token(), user_code(&random::token()));
    let grant = Grant {
        client_id: client.id.clone(),
        scope: granted(client, &known, params.get("scope").unwrap_or("openid profile email")),
        audience,
        ..Grant::default()
    };
    let code = DeviceCode {
        user_code: user_code.clone(),
        grant,
        decision: Decision::Pending,
        expires_at: now + settings.device_code_lifetime,
        interval: settings.device_interval,
        polled_at: None,
    };
    shared.db().device_codes.insert(device_code.clone(), code);
    let page = format!("{}activate", shared.issuer);
    let body = json!({
        "device_code": device_code, "user_code": user_code, "verification_uri": page,
        "verification_uri_complete": format!("{page}?user_code={user_code}"),
        "expires_in": settings.device_code_lifetime, "interval": settings.device_interval,
    });
    private_json(StatusCode::OK, &body)
}

/// Letters that are not easily confused (RFC 8628 6.1).
fn user_code(random: &str) -> String {
    const LETTERS: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ";
    let letters = random.bytes().take(8).map(|byte| {
        let letter = LETTERS.get(usize::from(byte) % LETTERS.len());
        char::from(*letter.unwrap_or(&b'B'))
    });
    let letters: String = letters.collect();
    let (first, second) = letters.split_at(4);
    format!("{first}-{second}")
}

/// The parameters from the other device's browser.
#[derive(Deserialize)]
pub(crate) struct Activation {
    user_code: Option<String>,
    sign_in_as: Option<String>,
    deny: Option<String>,
}

/// Signs in at once as `sign_in_as`, as `/authorize` does for scripted browsers.
pub(crate) async fn activate(State(shared): State<Arc<Shared>>, Query(said): Query<Activation>) -> Response {
    let user_code = said.user_code.unwrap_or_default();
    let email = said.sign_in_as.filter(|_| said.deny.is_none());
    if decide(&shared, &user_code, email.as_deref()) {
        private_json(StatusCode::OK, &json!({ "done": true }))
    } else {
        oauth_error(
            400,
            "invalid_request",
            "The code or the user is unknown. Add user_code, and sign_in_as or deny.",
        )
    }
}

/// The user with that e-mail address approves the code; without an address it is denied. Returns false if there is no
/// such code or user.
pub(crate) fn decide(shared: &Shared, user_code: &str, email: Option<&str>) -> bool {
    let mut db = shared.db();
    let user = match email {
        Some(email) => match db.account_by_email(email) {
            Some(account) => Some(account.id.clone()),
            None => return false,
        },
        None => None,
    };
    let now = shared.clock.now();
    let Some(code) = db.device_codes.values_mut().find(|code| code.user_code == user_code) else {
        return false;
    };
    match user {
        Some(user_id) => {
            code.decision = Decision::Approved;
            code.grant.user_id = user_id;
            code.grant.auth_time = now;
            code.grant.session = random::identifier();
        }
        None => code.decision = Decision::Denied,
    }
    true
}

/// The token endpoint's answer to a device code (RFC 8628 3.5): the grant, once, or the reason why there is none. The
/// statuses are Auth0's.
#[expect(clippy::result_large_err, reason = "the refusal is returned at once")]
pub(crate) fn take(db: &mut Db, device_code: &str, client_id: &str, now: i64) -> Result<Grant, Response> {
    let known = db.device_codes.get_mut(device_code);
    let Some(code) = known.filter(|code| code.grant.client_id == client_id) else {
        return Err(oauth_error(403, "invalid_grant", "Invalid or expired device code"));
    };
    if now >= code.expires_at {
        return Err(oauth_error(403, "expired_token", "The device code has expired"));
    }
    let is_too_early = code.polled_at.is_some_and(|at| now < at + code.interval);
    code.polled_at = Some(now);
    match code.decision {
        Decision::Denied => Err(oauth_error(
            403,
            "access_denied",
            "User cancelled the confirmation prompt",
        )),
        Decision::Pending if is_too_early => {
            code.interval += 5;
            Err(oauth_error(
                429,
                "slow_down",
                "You are polling faster than the specified interval",
            ))
        }
        Decision::Pending => Err(oauth_error(
            403,
            "authorization_pending",
            "User has yet to authorize device code",
        )),
        Decision::Approved => db
            .device_codes
            .remove(device_code)
            .map(|code| code.grant)
            .ok_or_else(|| oauth_error(403, "invalid_grant", "Invalid or expired device code")),
    }
}
