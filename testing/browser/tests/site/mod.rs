//! A small identity server with pages like real ones: a decoy form, CSRF tokens, session cookies, and a consent page
//! whose first button is "Cancel".

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};

type Fields = Vec<(String, String)>;

/// A running server and every request that reached it ("METHOD path fields").
pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Site {
    pub(crate) async fn start() -> Self {
        let requests = Arc::new(Mutex::new(Vec::new()));
        let app = Router::new()
            .route("/authorize", get(authorize))
            .route("/login", get(login_page).post(login))
            .route("/consent", get(consent_page))
            .route("/consent/answer", post(consent))
            .route("/loop", get(around))
            .route("/repeat", post(repeat))
            .route("/form", get(odd_form))
            .route("/received", get(received).post(received_post))
            .route("/away", get(|| async { found("http://192.0.2.1/authorize?secret=1") }))
            .route("/lookalike", get(|| async { found("app://callback.evil?code=1") }))
            .route(
                "/denied",
                get(|| async { found("app://callback?error=access_denied&state=s") }),
            )
            .route(
                "/broken",
                get(|| async { (StatusCode::BAD_GATEWAY, Html("<p>Come back <b>later</b></p>")) }),
            )
            .route(
                "/only-cancel",
                get(|| async { Html("<form><button>No, thanks</button></form>") }),
            )
            .route("/go", get(go))
            .route("/callback", get(callback))
            .with_state(Arc::clone(&requests));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, requests }
    }

    pub(crate) fn url(&self, path_and_query: &str) -> String {
        format!("http://{}{path_and_query}", self.address)
    }

    /// The fields of the requests that reached `path`.
    pub(crate) fn received(&self, path: &str) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        requests
            .iter()
            .filter_map(|entry| entry.strip_prefix(&format!("{path} ")))
            .map(str::to_owned)
            .collect()
    }
}

type Log = State<Arc<Mutex<Vec<String>>>>;

fn note(log: &Log, path: &str, fields: &str) {
    log.lock().unwrap().push(format!("{path} {fields}"));
}

/// A redirect as servers send it; axum's own supports neither custom schemes nor 302.
fn found(location: &str) -> Response {
    (StatusCode::FOUND, [(header::LOCATION, location.to_owned())]).into_response()
}

fn has_cookie(headers: &HeaderMap, cookie: &str) -> bool {
    let sent = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    sent.flat_map(|value| value.split("; ")).any(|sent| sent == cookie)
}

fn joined(fields: &Fields) -> String {
    fields
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect::<Vec<_>>()
        .join("&")
}

async fn authorize(log: Log, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    note(&log, "/authorize", &query);
    match has_cookie(&headers, "session=ada") {
        true => found(&format!("/consent?{query}")),
        false => found("login"),
    }
}

async fn login_page(log: Log) -> impl IntoResponse {
    note(&log, "/login", "page");
    ([(header::SET_COOKIE, "csrf=c1; Path=/login; HttpOnly")], Html(page("")))
}

fn page(message: &str) -> String {
    format!(
        r#"<html><head><title>Sign in</title></head><body><script>var x = "<form>";</script><p>{message}</p>
        <form action="/search"><input name="q"><button>Search</button></form>
        <form method="post"><input type="hidden" name="csrf" value="c1"><input type="email" name="username">
        <input type="password" name="password"><button name="action" value="reset">Forgot password?</button>
        <button name="action" value="go">Sign in</button></form></body></html>"#
    )
}

async fn login(log: Log, headers: HeaderMap, Form(fields): Form<Fields>) -> Response {
    note(&log, "/login", &joined(&fields));
    assert!(has_cookie(&headers, "csrf=c1"), "the form's cookie came back");
    let right = "csrf=c1&username=ada@example.com&password=correct horse&action=go";
    if joined(&fields) != right {
        return (StatusCode::UNAUTHORIZED, Html(page("Wrong e-mail or password"))).into_response();
    }
    let cookie = [(header::SET_COOKIE, "session=ada; Path=/; HttpOnly; Secure")];
    (cookie, Redirect::to("/consent?redirect_uri=app://callback")).into_response()
}

async fn consent_page() -> Html<&'static str> {
    Html(
        r#"<form id="consent" action="/consent/answer" method="post"></form>
        <input type="submit" form="consent" value="Cancel">
        <input type="submit" form="consent" name="allow" value="Authorize">"#,
    )
}

async fn consent(log: Log, headers: HeaderMap, Form(fields): Form<Fields>) -> Response {
    note(&log, "/consent/answer", &joined(&fields));
    match joined(&fields) == "allow=Authorize" && has_cookie(&headers, "session=ada") {
        true => found("app://callback?code=c0de&state=s"),
        false => found("app://callback?error=access_denied"),
    }
}

/// Every kind of control that a login form may contain.
async fn odd_form() -> Html<&'static str> {
    Html(
        r#"<form method="get" action="/nowhere"><input name="login_hint" value="old"><input name="plain" value="kept">
        <input name="gone" value="x" disabled><input type="checkbox" name="remember">
        <input type="checkbox" name="terms" value="yes" required><input type="radio" name="mfa" value="sms">
        <input type="radio" name="mfa" value="none" checked><textarea name="note">hello &amp; you</textarea>
        <select name="lang"><option value="en">English<option value="cy" selected>Cymraeg</select>
        <button type="button" name="b">Allow me to explain</button>
        <button formaction="/repeat" formmethod="post" name="next">Continue</button></form>"#,
    )
}

async fn repeat() -> Redirect {
    Redirect::temporary("/received")
}

async fn received_post(log: Log, Form(fields): Form<Fields>) -> Redirect {
    note(&log, "POST /received", &joined(&fields));
    Redirect::to("/received")
}

async fn received(log: Log) -> Response {
    note(&log, "GET /received", "");
    found("app://callback?code=1")
}

/// Redirects to a listener on loopback, as native apps have (RFC 8252, section 7.3); here the listener is the site
/// itself.
async fn go(headers: HeaderMap) -> Response {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    found(&format!("http://{host}/callback?code=1"))
}

async fn callback(log: Log, RawQuery(query): RawQuery) -> &'static str {
    note(&log, "/callback", &query.unwrap_or_default());
    "You may close this window."
}

async fn around(log: Log) -> Response {
    note(&log, "/loop", "");
    found("/loop")
}
