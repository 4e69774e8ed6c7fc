//! The user's browser: reading and setting its cookies.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

use crate::params::cookie;
use crate::records::BrowserSession;
use crate::state::Db;

/// The cookie of a signed-in browser, with Auth0's name.
const SESSION: &str = "auth0";
/// Ties a login form to the browser that requested it.
const BROWSER: &str = "browser";

/// The session of the browser, if it has one that has not expired.
pub(crate) fn session(db: &Db, headers: &HeaderMap, now: i64, lifetime: i64) -> Option<(String, BrowserSession)> {
    let id = cookie(headers, SESSION)?;
    let session = db.sessions.get(&id)?;
    (now < session.auth_time.saturating_add(lifetime)).then(|| (id, session.clone()))
}

pub(crate) fn session_id(headers: &HeaderMap) -> Option<String> {
    cookie(headers, SESSION)
}

pub(crate) fn remember_session(response: Response, id: &str, lifetime: i64) -> Response {
    with_cookie(response, SESSION, id, lifetime)
}

pub(crate) fn forget_session(response: Response) -> Response {
    with_cookie(response, SESSION, "", 0)
}

pub(crate) fn browser_id(headers: &HeaderMap) -> Option<String> {
    cookie(headers, BROWSER)
}

pub(crate) fn remember_browser(response: Response, id: &str) -> Response {
    with_cookie(response, BROWSER, id, 86_400)
}

/// Not `Secure`: the server speaks plain HTTP on loopback.
fn with_cookie(mut response: Response, name: &str, value: &str, lifetime: i64) -> Response {
    let cookie = format!("{name}={value}; Path=/; Max-Age={lifetime}; HttpOnly; SameSite=Lax");
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
