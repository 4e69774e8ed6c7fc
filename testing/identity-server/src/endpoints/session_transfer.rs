//! Session transfer tokens: exchanges a refresh token for the browser's own session (Auth0: "Native to Web SSO").

use axum::http::HeaderMap;
use serde_json::{Value, json};

use crate::params::{Params, cookie};
use crate::random;
use crate::records::SessionTransfer;
use crate::state::{Db, Shared};

/// The lifetime of a token, which can be used once, in seconds.
const LIFETIME: i64 = 60;

/// What a refresh asks for.
pub(super) fn audience(shared: &Shared) -> String {
    let host = shared.issuer.split('/').nth(2).unwrap_or_default();
    format!("urn:{}:session_transfer", host.split(':').next().unwrap_or_default())
}

/// The answer to a refresh, with a session transfer token instead of the access token.
pub(super) fn answer(mut answer: Value, db: &mut Db, email: &str, now: i64) -> Value {
    let token = random::token();
    let transfer = SessionTransfer {
        email: email.to_owned(),
        expires_at: now + LIFETIME,
    };
    db.session_transfers.insert(token.clone(), transfer);
    answer["access_token"] = json!(token);
    answer["issued_token_type"] = json!("urn:auth0:params:oauth:token-type:session_transfer_token");
    answer["token_type"] = json!("N_A");
    answer["expires_in"] = json!(LIFETIME);
    answer
}

/// The user of the session transfer token that a browser presents, in the URL or as a cookie.
pub(super) fn take(db: &mut Db, params: &Params, headers: &HeaderMap, now: i64) -> Option<String> {
    let in_url = params.owned("session_transfer_token");
    let token = in_url.or_else(|| cookie(headers, "auth0_session_transfer_token"))?;
    let transfer = db.session_transfers.remove(&token)?;
    (now < transfer.expires_at).then_some(transfer.email)
}
