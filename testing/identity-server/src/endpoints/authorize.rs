//! `/authorize`: from a sign-in request to a code, through the login page or a script.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;

use super::authorize_request::{Refused, parse};
use super::{browser, pages, par, session_transfer};
use crate::answers::{redirect, refused};
use crate::grant::{Code, Grant};
use crate::params::{Params, with_query};
use crate::random;
use crate::records::{AuthorizationRequest, BrowserSession, Reply, Transaction};
use crate::settings::Settings;
use crate::state::{Db, Shared};

pub(crate) async fn get(State(shared): State<Arc<Shared>>, uri: Uri, headers: HeaderMap) -> Response {
    answer(
        &shared,
        &Params::from_form(uri.query().unwrap_or_default().as_bytes()),
        &headers,
    )
}

pub(crate) async fn post(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    answer(&shared, &Params::from_form(&body), &headers)
}

fn answer(shared: &Shared, params: &Params, headers: &HeaderMap) -> Response {
    let settings = shared.settings();
    let pushed = match par::take(shared, &settings, params) {
        Ok(pushed) => pushed,
        Err(text) => return refused("invalid_request", pages::error(400, "Invalid request", &text)),
    };
    let script = params;
    let params = pushed.as_ref().unwrap_or(params);
    let request = match parse(shared, &settings, params) {
        Ok(request) => request,
        Err(Refused::Page { status, title, text }) => {
            return refused(title, pages::error(status, title, &text));
        }
        Err(Refused::Redirect {
            reply,
            error,
            description,
        }) => {
            return refuse(shared, &settings, &reply, error, &description);
        }
    };
    // The script's parameters come before the browser's cookies, because a test states what it wants.
    if let Some(error) = script.get("deny") {
        let description = script.get("deny_description").unwrap_or("The user denied the request");
        return refuse(shared, &settings, &request.reply, error, description);
    }
    let transferred = session_transfer::take(&mut shared.db(), params, headers, shared.clock.now());
    if let Some(email) = script.get("sign_in_as").or(transferred.as_deref()) {
        // Bound to a variable first: inside the match, the lock would be held until its end.
        let session = sign_in(&mut shared.db(), email, None, shared.clock.now());
        return match session {
            Ok(id) => finish(shared, &settings, &request, &id),
            Err((error, description)) => refuse(shared, &settings, &request.reply, error, description),
        };
    }
    interactive(shared, &settings, request, headers)
}

/// The response to a browser without a script: the code if it is signed in, otherwise the login page.
fn interactive(shared: &Shared, settings: &Settings, request: AuthorizationRequest, headers: &HeaderMap) -> Response {
    let now = shared.clock.now();
    let session = browser::session(&shared.db(), headers, now, settings.session_lifetime);
    let fresh = |session: &BrowserSession| request.max_age.is_none_or(|age| now - session.auth_time <= age);
    // The authentication class belongs to a sign-in, not to the browser's session.
    let session = session.filter(|(_, session)| {
        fresh(session) && request.acr.is_none() && !request.prompts("login") && !request.prompts("select_account")
    });
    match session {
        Some((id, _)) if !request.prompts("consent") => finish(shared, settings, &request, &id),
        None if request.prompts("none") => refuse(shared, settings, &request.reply, "login_required", "Login required"),
        session => {
            let page = if session.is_some() { "consent" } else { "login" };
            let browser = browser::browser_id(headers).unwrap_or_else(random::token);
            let id = random::token();
            let transaction = Transaction {
                request,
                browser: browser.clone(),
                session: session.map(|(id, _)| id),
            };
            shared.db().transactions.insert(id.clone(), transaction);
            browser::remember_browser(redirect(&format!("/u/{page}?state={id}")), &browser)
        }
    }
}

/// Checks the user's identity and signs the browser in. A script has no `password`. Returns the session's id.
pub(crate) fn sign_in(
    db: &mut Db,
    email: &str,
    password: Option<&str>,
    now: i64,
) -> Result<String, (&'static str, &'static str)> {
    let account = db
        .account_by_email(email)
        .filter(|account| password.is_none_or(|password| account.password.is(password)))
        .ok_or(("access_denied", "Wrong email or password."))?;
    if account.blocked {
        return Err(("unauthorized", "user is blocked"));
    }
    let session = BrowserSession {
        user_id: account.id.clone(),
        auth_time: now,
        sid: random::identifier(),
    };
    let id = random::token();
    db.sessions.insert(id.clone(), session);
    Ok(id)
}

/// Sends the code to the client.
pub(crate) fn finish(
    shared: &Shared,
    settings: &Settings,
    request: &AuthorizationRequest,
    session_id: &str,
) -> Response {
    let mut db = shared.db();
    let Some(session) = db.sessions.get(session_id).cloned() else {
        return refuse(
            shared,
            settings,
            &request.reply,
            "login_required",
            "The session has ended",
        );
    };
    let code = random::token();
    let grant = Grant {
        actor: None,
        client_id: request.client_id.clone(),
        user_id: session.user_id,
        scope: request.scope.clone(),
        audience: request.audience.clone(),
        nonce: request.nonce.clone(),
        auth_time: session.auth_time,
        wants_auth_time: request.max_age.is_some(),
        acr: request.acr.clone(),
        organization: request.organization.clone(),
        session: session.sid,
        device: None,
        key: request.key.clone(),
    };
    let record = Code {
        grant,
        redirect_uri: request.reply.redirect_uri.clone(),
        code_challenge: request.code_challenge.clone(),
        expires_at_ms: shared
            .clock
            .now_ms()
            .saturating_add(settings.code_lifetime.saturating_mul(1000)),
        issued: None,
    };
    db.codes.insert(code.clone(), record);
    drop(db);
    shared.journal.count(|counters| counters.sign_ins += 1);
    let response = reply(shared, settings, &request.reply, &[("code", &code)]);
    browser::remember_session(response, session_id, settings.session_lifetime)
}

/// Sends an error to the client (RFC 6749 section 4.1.2.1).
pub(crate) fn refuse(shared: &Shared, settings: &Settings, to: &Reply, error: &str, description: &str) -> Response {
    refused(
        error,
        reply(
            shared,
            settings,
            to,
            &[("error", error), ("error_description", description)],
        ),
    )
}

fn reply(shared: &Shared, settings: &Settings, to: &Reply, parameters: &[(&str, &str)]) -> Response {
    let mut parameters = parameters.to_vec();
    if let Some(state) = &to.state {
        parameters.push(("state", state));
    }
    if settings.iss_in_authorization_response {
        parameters.push(("iss", &shared.issuer));
    }
    redirect(&with_query(&to.redirect_uri, &parameters))
}
