//! Shared code of the server's tests: a client that signs in and requests tokens.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "only tests call it")]

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pilotlight_identity_server::{IdentityServer, Options};
use pilotlight_test_browser::plain_http_client;
use serde_json::Value;
use url::{Url, form_urlencoded};

pub(crate) const ADA: &str = "ada@example.com";
pub(crate) const GRACE: &str = "grace@example.com";
pub(crate) const CLIENT: &str = "native-app";
pub(crate) const REDIRECT: &str = "com.example.pilotlight://callback";
pub(crate) const SCOPE: &str = "openid profile email offline_access";
/// RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A server whose clock stands still, so that no test spans two seconds. The tests move the clock.
pub(crate) async fn server() -> IdentityServer {
    server_with(|_| ()).await
}

/// The same with other settings.
pub(crate) async fn server_with(change: impl FnOnce(&mut pilotlight_identity_server::Settings)) -> IdentityServer {
    let server = IdentityServer::start(Options::default().with(change)).await.unwrap();
    server.control().freeze_clock();
    server
}

/// A client without cookies that follows no redirects.
pub(crate) fn http() -> reqwest::Client {
    plain_http_client()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

/// A status, the headers and a body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) async fn of(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self {
            status,
            headers,
            text: response.text().await.unwrap(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(crate) fn error(&self) -> (u16, String) {
        (
            self.status,
            self.json()["error"].as_str().unwrap_or_default().to_owned(),
        )
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// The URL of a sign-in with PKCE; `more` is appended, such as `&prompt=none`.
pub(crate) fn authorize_url(server: &IdentityServer, scope: &str, more: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("response_type", "code"),
            ("client_id", CLIENT),
            ("redirect_uri", REDIRECT),
            ("scope", scope),
            ("state", "state-1"),
            ("nonce", "nonce-1"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ])
        .finish();
    format!("{}authorize?{query}{more}", server.issuer())
}

/// The parameters of a URL.
pub(crate) fn query(address: &str) -> HashMap<String, String> {
    Url::parse(address).unwrap().query_pairs().into_owned().collect()
}

pub(crate) async fn code(server: &IdentityServer, email: &str, scope: &str, more: &str) -> String {
    let callback = server
        .authorize(&authorize_url(server, scope, more), email)
        .await
        .unwrap();
    query(&callback)
        .remove("code")
        .unwrap_or_else(|| panic!("no code in {callback}"))
}

pub(crate) async fn post(server: &IdentityServer, path: &str, form: &[(&str, &str)]) -> Answer {
    Answer::of(http().post(format!("{}{path}", server.issuer())).form(form)).await
}

pub(crate) async fn exchange(server: &IdentityServer, code: &str) -> Answer {
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", CLIENT),
        ("code", code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    post(server, "oauth/token", &form).await
}

/// Signs in and returns the token endpoint's answer.
pub(crate) async fn tokens(server: &IdentityServer, email: &str, scope: &str, more: &str) -> Value {
    let answer = exchange(server, &code(server, email, scope, more).await).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

pub(crate) async fn refresh(server: &IdentityServer, refresh_token: &str) -> Answer {
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", CLIENT),
        ("refresh_token", refresh_token),
    ];
    post(server, "oauth/token", &form).await
}

/// Refreshes and returns the new refresh token.
pub(crate) async fn rotated(server: &IdentityServer, refresh_token: &str) -> String {
    let answer = refresh(server, refresh_token).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    text(&answer.json(), "refresh_token")
}

pub(crate) async fn get(server: &IdentityServer, path: &str, bearer: &str) -> Answer {
    Answer::of(http().get(format!("{}{path}", server.issuer())).bearer_auth(bearer)).await
}

pub(crate) fn text(json: &Value, name: &str) -> String {
    json[name]
        .as_str()
        .unwrap_or_else(|| panic!("no {name} in {json}"))
        .to_owned()
}

/// The header and the claims of a JWT, unverified.
pub(crate) fn decode(jwt: &str) -> (Value, Value) {
    let part = |index| {
        let part = jwt.split('.').nth(index).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    };
    (part(0), part(1))
}
