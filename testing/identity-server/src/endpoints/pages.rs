//! The pages that a user sees. They have no script, image or font, so they work in any web view and offline.

use axum::response::Response;

use crate::answers::html;

/// Email and password.
pub(crate) struct LoginPage<'a> {
    /// The transaction.
    pub(crate) state: &'a str,
    pub(crate) client: &'a str,
    pub(crate) email: &'a str,
    pub(crate) problem: Option<&'a str>,
    pub(crate) sign_up: bool,
}

impl LoginPage<'_> {
    pub(crate) fn response(&self, status: u16) -> Response {
        let (title, button, mode) = if self.sign_up {
            ("Sign up", "Create account", "signup")
        } else {
            ("Log in", "Continue", "login")
        };
        let problem = self
            .problem
            .map(|text| format!("<p class=problem role=alert>{}</p>", escape(text)));
        let (autofocus_email, autofocus_password) = if self.email.is_empty() {
            (" autofocus", "")
        } else {
            ("", " autofocus")
        };
        let complete = if self.sign_up {
            "new-password"
        } else {
            "current-password"
        };
        let body = format!(
            "<h1>{title}</h1><p>to continue to <b>{client}</b></p>{problem}\
             <form method=post action=\"/u/login\">\
             <input type=hidden name=state value=\"{state}\"><input type=hidden name=mode value=\"{mode}\">\
             <label for=username>Email address</label>\
             <input id=username name=username type=email autocomplete=username required value=\"{email}\"{autofocus_email}>\
             <label for=password>Password</label>\
             <input id=password name=password type=password autocomplete=\"{complete}\" required{autofocus_password}>\
             <button type=submit>{button}</button></form>",
            client = escape(self.client),
            problem = problem.unwrap_or_default(),
            state = escape(self.state),
            email = escape(self.email),
        );
        page(status, title, &body)
    }
}

/// `prompt=consent`.
pub(crate) fn consent(state: &str, client: &str, email: &str, scope: &[String]) -> Response {
    let scopes: String = scope
        .iter()
        .map(|scope| format!("<li>{}</li>", escape(scope)))
        .collect();
    let body = format!(
        "<h1>Authorize</h1><p><b>{client}</b> asks for access to the account <b>{email}</b>:</p><ul>{scopes}</ul>\
         <form method=post action=\"/u/consent\"><input type=hidden name=state value=\"{state}\">\
         <button type=submit name=action value=accept>Accept</button>\
         <button type=submit name=action value=decline class=second>Decline</button></form>",
        client = escape(client),
        email = escape(email),
        state = escape(state),
    );
    page(200, "Authorize", &body)
}

pub(crate) fn error(status: u16, title: &str, text: &str) -> Response {
    page(
        status,
        title,
        &format!("<h1>{}</h1><p>{}</p>", escape(title), escape(text)),
    )
}

fn page(status: u16, title: &str, body: &str) -> Response {
    html(
        status,
        format!(
            "<!doctype html><html lang=en><head><meta charset=utf-8>\
             <meta name=viewport content=\"width=device-width, initial-scale=1\">\
             <title>{}</title><style>{STYLE}</style></head><body><main>{body}</main></body></html>",
            escape(title)
        ),
    )
}

const STYLE: &str = "\
    :root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}\
    body{margin:0;min-height:100vh;display:grid;place-items:center;background:#eef1f5;color:#1c2430}\
    main{box-sizing:border-box;width:min(24rem,100% - 2rem);padding:2rem;border-radius:12px;background:#fff;\
    box-shadow:0 8px 30px #0002}\
    h1{margin:0;font-size:1.5rem}p{margin:.25rem 0 1rem}label{display:block;margin-top:1rem;font-size:.875rem}\
    input{box-sizing:border-box;width:100%;padding:.7rem;border:1px solid #aab4c2;border-radius:8px;font:inherit}\
    button{width:100%;margin-top:1.25rem;padding:.75rem;border:0;border-radius:8px;background:#2456c7;color:#fff;\
    font:inherit;font-weight:600;cursor:pointer}button.second{margin-top:.5rem;background:#6b7686}\
    .problem{padding:.6rem .8rem;border-radius:8px;background:#fde8e8;color:#9b1c1c}\
    @media(prefers-color-scheme:dark){body{background:#12161c;color:#e8ecf2}main{background:#1c222b}\
    input{background:#12161c;color:inherit}.problem{background:#4a1d1d;color:#fbd5d5}}";

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
