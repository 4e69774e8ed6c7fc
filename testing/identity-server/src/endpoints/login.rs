//! The login and consent pages.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;

use super::authorize::{finish, refuse, sign_in};
use super::browser;
use super::pages::{self, LoginPage};
use crate::accounts::Account;
use crate::answers::{redirect, refused};
use crate::params::Params;
use crate::random;
use crate::records::Transaction;
use crate::state::{Db, Shared};

/// GET `/u/login?state=…`
pub(crate) async fn form(State(shared): State<Arc<Shared>>, uri: Uri, headers: HeaderMap) -> Response {
    let (id, transaction) = match transaction(&shared.db(), &query(&uri), &headers) {
        Ok(found) => found,
        Err(page) => return page,
    };
    let request = &transaction.request;
    let email = request.login_hint.as_deref().unwrap_or_default();
    LoginPage {
        state: &id,
        client: &request.client_id,
        email,
        problem: None,
        sign_up: request.sign_up,
    }
    .response(200)
}

/// POST `/u/login`
pub(crate) async fn submit(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let params = Params::from_form(&body);
    let settings = shared.settings();
    let mut db = shared.db();
    let (id, transaction) = match transaction(&db, &params, &headers) {
        Ok(found) => found,
        Err(page) => return page,
    };
    let request = &transaction.request;
    let email = params.get("username").unwrap_or_default();
    let password = params.get("password").unwrap_or_default();
    let sign_up = params.get("mode") == Some("signup");
    let now = shared.clock.now();
    let outcome = if sign_up {
        register(&mut db, email, password, now)
    } else {
        Ok(())
    }
    .and_then(|()| sign_in(&mut db, email, Some(password), now));
    let session = match outcome {
        Ok(session) => session,
        // If the user is blocked, the client gets the error. After a wrong password, the user can try again.
        Err((error @ "unauthorized", description)) => {
            db.transactions.remove(&id);
            return refuse(&shared, &settings, &request.reply, error, description);
        }
        Err((_, problem)) => {
            let client = &request.client_id;
            return LoginPage {
                state: &id,
                client,
                email,
                problem: Some(problem),
                sign_up,
            }
            .response(400);
        }
    };
    if request.prompts("consent") {
        let lifetime = settings.session_lifetime;
        let response = redirect(&format!("/u/consent?state={id}"));
        let response = browser::remember_session(response, &session, lifetime);
        db.transactions.insert(
            id,
            Transaction {
                session: Some(session),
                ..transaction
            },
        );
        return response;
    }
    db.transactions.remove(&id);
    drop(db);
    finish(&shared, &settings, request, &session)
}

/// GET `/u/consent?state=…`
pub(crate) async fn consent_form(State(shared): State<Arc<Shared>>, uri: Uri, headers: HeaderMap) -> Response {
    let db = shared.db();
    let (id, transaction) = match transaction(&db, &query(&uri), &headers) {
        Ok(found) => found,
        Err(page) => return page,
    };
    let session = transaction
        .session
        .as_ref()
        .and_then(|session| db.sessions.get(session));
    let Some(account) = session.and_then(|session| db.account(&session.user_id)) else {
        return expired();
    };
    pages::consent(
        &id,
        &transaction.request.client_id,
        &account.email,
        &transaction.request.scope,
    )
}

/// POST `/u/consent`
pub(crate) async fn consent(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let params = Params::from_form(&body);
    let settings = shared.settings();
    let mut db = shared.db();
    let (id, transaction) = match transaction(&db, &params, &headers) {
        Ok(found) => found,
        Err(page) => return page,
    };
    let Some(session) = transaction.session else {
        return expired();
    };
    db.transactions.remove(&id);
    drop(db);
    let request = &transaction.request;
    if params.get("action") == Some("accept") {
        finish(&shared, &settings, request, &session)
    } else {
        refuse(
            &shared,
            &settings,
            &request.reply,
            "access_denied",
            "User did not authorize the request",
        )
    }
}

fn query(uri: &Uri) -> Params {
    Params::from_form(uri.query().unwrap_or_default().as_bytes())
}

/// The transaction that `state` names, if this browser began it.
#[expect(clippy::result_large_err, reason = "the page is returned at once")]
fn transaction(db: &Db, params: &Params, headers: &HeaderMap) -> Result<(String, Transaction), Response> {
    let id = params.owned("state").ok_or_else(expired)?;
    let transaction = db.transactions.get(&id).ok_or_else(expired)?;
    let same_browser = browser::browser_id(headers).is_some_and(|browser| browser == transaction.browser);
    if same_browser {
        Ok((id, transaction.clone()))
    } else {
        Err(expired())
    }
}

fn expired() -> Response {
    let text = "Go back to the app and log in again.";
    refused(
        "invalid_transaction",
        pages::error(400, "This login is not valid any more", text),
    )
}

fn register(db: &mut Db, email: &str, password: &str, now: i64) -> Result<(), (&'static str, &'static str)> {
    if db.account_by_email(email).is_some() {
        return Err(("access_denied", "This email address has an account already."));
    }
    if !email.contains('@') || password.is_empty() {
        return Err(("access_denied", "An email address and a password are needed."));
    }
    let account = Account::new(&format!("auth0|{}", random::identifier()), email, password);
    db.accounts.push(Account {
        created_at: now,
        updated_at: now,
        ..account
    });
    Ok(())
}
