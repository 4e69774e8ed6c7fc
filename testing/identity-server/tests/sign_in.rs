//! From `/authorize` to tokens: checks, the login page, sessions, codes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests too")]

mod common;

use std::time::Duration;

use common::*;
use pilotlight_identity_server::{Client, IdentityServer, Options, PASSWORD};
use pilotlight_test_browser::plain_http_client;
use serde_json::json;

/// A browser: it keeps cookies and follows redirects up to the one that leaves the server.
struct Browser(reqwest::Client);

impl Browser {
    fn new() -> Self {
        let policy = reqwest::redirect::Policy::custom(|attempt| match attempt.url().scheme() {
            "http" => attempt.follow(),
            _ => attempt.stop(),
        });
        Self(plain_http_client().cookie_store(true).redirect(policy).build().unwrap())
    }

    async fn open(&self, url: &str) -> Answer {
        Answer::of(self.0.get(url)).await
    }

    /// Fills in the login form of a page.
    async fn log_in(&self, server: &IdentityServer, page: &str, email: &str, password: &str) -> Answer {
        let form = [
            ("state", field(page, "state")),
            ("mode", field(page, "mode")),
            ("username", email.into()),
            ("password", password.into()),
        ];
        Answer::of(self.0.post(format!("{}u/login", server.issuer())).form(&form)).await
    }
}

/// The value of a hidden field.
fn field(page: &str, name: &str) -> String {
    let start = format!("name={name} value=\"");
    let value = page
        .split(&start)
        .nth(1)
        .unwrap_or_else(|| panic!("no {name} in {page}"));
    value.split('"').next().unwrap().to_owned()
}

fn callback(answer: &Answer) -> std::collections::HashMap<String, String> {
    assert_eq!(answer.status, 302, "{}", answer.text);
    let location = answer.header("location").unwrap();
    assert!(location.starts_with(REDIRECT), "{location}");
    query(location)
}

#[tokio::test]
async fn the_login_page_signs_in_and_the_cookie_signs_in_silently_afterwards() {
    let server = server().await;
    let browser = Browser::new();
    let page = browser
        .open(&authorize_url(&server, SCOPE, "&login_hint=ada%40example.com"))
        .await;
    assert_eq!(
        (page.status, page.header("content-type")),
        (200, Some("text/html; charset=utf-8"))
    );
    assert!(
        page.text.contains("value=\"ada@example.com\""),
        "the login hint fills the form"
    );

    let wrong = browser.log_in(&server, &page.text, ADA, "wrong <horse>").await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.text.contains("Wrong email or password."));
    let right = callback(&browser.log_in(&server, &page.text, "ADA@example.com", PASSWORD).await);
    assert_eq!(
        (right["state"].as_str(), right["iss"].as_str()),
        ("state-1", server.issuer())
    );
    assert_eq!(exchange(&server, &right["code"]).await.status, 200);

    let silent = callback(&browser.open(&authorize_url(&server, SCOPE, "&prompt=none")).await);
    assert!(silent.contains_key("code"));
    let again = browser.open(&authorize_url(&server, SCOPE, "&prompt=login")).await;
    assert!(again.text.contains("type=password"));
    server.control().advance(Duration::from_secs(100));
    assert!(callback(&browser.open(&authorize_url(&server, SCOPE, "&max_age=100")).await).contains_key("code"));
    server.control().advance(Duration::from_secs(1));
    let old = callback(
        &browser
            .open(&authorize_url(&server, SCOPE, "&max_age=100&prompt=none"))
            .await,
    );
    assert_eq!(old["error"], "login_required");

    let out = browser
        .open(&format!(
            "{}v2/logout?client_id={CLIENT}&returnTo={REDIRECT}",
            server.issuer()
        ))
        .await;
    assert_eq!(out.header("location"), Some(REDIRECT));
    let gone = callback(&browser.open(&authorize_url(&server, SCOPE, "&prompt=none")).await);
    assert_eq!(gone["error"], "login_required");
    assert_eq!(gone["state"], "state-1");
}

#[tokio::test]
async fn a_login_form_works_only_in_the_browser_that_it_was_shown_to() {
    let server = server().await;
    let page = Browser::new().open(&authorize_url(&server, SCOPE, "")).await;
    let elsewhere = Browser::new().log_in(&server, &page.text, ADA, PASSWORD).await;
    assert_eq!(elsewhere.status, 400);
    assert!(elsewhere.header("location").is_none());
}

#[tokio::test]
async fn a_user_may_sign_up_and_may_decline_consent() {
    let server = server().await;
    let browser = Browser::new();
    let page = browser
        .open(&authorize_url(&server, SCOPE, "&screen_hint=signup&prompt=consent"))
        .await;
    let consent = browser
        .log_in(&server, &page.text, "new@example.com", "a password")
        .await;
    assert!(consent.text.contains("new@example.com") && consent.text.contains("<li>offline_access</li>"));
    let answer = async |page: &str, action: &str| {
        let form = [("state", field(page, "state")), ("action", action.into())];
        callback(&Answer::of(browser.0.post(format!("{}u/consent", server.issuer())).form(&form)).await)
    };
    assert_eq!(answer(&consent.text, "decline").await["error"], "access_denied");
    let consent = browser.open(&authorize_url(&server, SCOPE, "&prompt=consent")).await;
    assert!(answer(&consent.text, "accept").await.contains_key("code"));
}

#[tokio::test]
async fn requests_that_cannot_be_answered_by_redirect_get_a_page() {
    let server = server().await;
    let good = authorize_url(&server, SCOPE, "");
    for (url, status) in [
        (good.replace("client_id=native-app", "client_id=nobody"), 400),
        (good.replace("client_id=native-app&", ""), 400),
        (good.replace("%3A%2F%2Fcallback", "%3A%2F%2Fcallback%2F"), 403),
        (good.replace("redirect_uri=", "other="), 400),
    ] {
        let error = server.authorize(&url, ADA).await.unwrap_err().to_string();
        assert!(error.starts_with(&status.to_string()), "{url}: {error}");
    }
}

#[tokio::test]
async fn wrong_parameters_are_answered_to_the_client_with_its_state() {
    let server = server().await;
    let good = authorize_url(&server, SCOPE, "");
    for (url, error) in [
        (
            good.replace("response_type=code", "response_type=token"),
            "unsupported_response_type",
        ),
        (good.replace("response_type=code&", ""), "invalid_request"),
        (
            good.replace("code_challenge_method=S256", "code_challenge_method=plain"),
            "invalid_request",
        ),
        (good.replace(CHALLENGE, "short"), "invalid_request"),
        (good.replace("code_challenge=", "other="), "invalid_request"),
        (format!("{good}&nonce=again"), "invalid_request"),
        (format!("{good}&prompt=none+login"), "invalid_request"),
        (format!("{good}&prompt=shout"), "invalid_request"),
        (format!("{good}&max_age=soon"), "invalid_request"),
        (
            format!("{good}&audience=https%3A%2F%2Fnowhere.example.com"),
            "access_denied",
        ),
        (format!("{good}&connection=facebook"), "invalid_request"),
        (format!("{good}&organization=org_unknown"), "invalid_request"),
        (format!("{good}&invitation=ticket"), "invalid_request"),
        (
            format!("{good}&request_uri=https%3A%2F%2Fx"),
            "request_uri_not_supported",
        ),
        (
            format!("{good}&deny=access_denied&deny_description=Not+now"),
            "access_denied",
        ),
    ] {
        let answer = query(&server.authorize(&url, ADA).await.unwrap());
        assert_eq!(
            (answer["error"].as_str(), answer["state"].as_str()),
            (error, "state-1"),
            "{url}"
        );
        assert!(!answer["error_description"].is_empty() && !answer.contains_key("code"));
    }
    let denied = query(
        &server
            .authorize(&format!("{good}&deny=x&deny_description=Not+now"), ADA)
            .await
            .unwrap(),
    );
    assert_eq!(denied["error_description"], "Not now");
    assert_eq!(
        query(&server.authorize(&good, "nobody@example.com").await.unwrap())["error"],
        "access_denied"
    );
    server.control().change_account(ADA, |ada| ada.blocked = true);
    assert_eq!(
        query(&server.authorize(&good, ADA).await.unwrap())["error"],
        "unauthorized"
    );
}

#[tokio::test]
async fn loopback_redirects_may_use_any_port_and_queries_are_kept() {
    let options = Options::default();
    let mut client = Client::native(CLIENT);
    client
        .redirect_uris
        .push("https://app.example.com/callback?from=login".into());
    let server = IdentityServer::start(options.client(client)).await.unwrap();
    let to = |uri: &str| {
        let uri: String = url::form_urlencoded::byte_serialize(uri.as_bytes()).collect();
        authorize_url(&server, SCOPE, "").replace("com.example.pilotlight%3A%2F%2Fcallback", &uri)
    };
    let loopback = server
        .authorize(&to("http://127.0.0.1:49152/callback"), ADA)
        .await
        .unwrap();
    assert!(loopback.starts_with("http://127.0.0.1:49152/callback?code="));
    let query = server
        .authorize(&to("https://app.example.com/callback?from=login"), ADA)
        .await
        .unwrap();
    assert!(query.starts_with("https://app.example.com/callback?from=login&code="));
}

#[tokio::test]
async fn iss_is_in_the_authorization_response_as_announced() {
    let server = server().await;
    for announced in [true, false] {
        server.control().change(|s| s.iss_in_authorization_response = announced);
        let configuration = get(&server, ".well-known/openid-configuration", "x").await.json();
        assert_eq!(
            configuration["authorization_response_iss_parameter_supported"],
            announced
        );
        let callback = server.authorize(&authorize_url(&server, SCOPE, ""), ADA).await.unwrap();
        assert_eq!(query(&callback).contains_key("iss"), announced);
    }
}

#[tokio::test]
async fn an_exchange_answers_as_auth0_does() {
    let server = server().await;
    let answer = tokens(&server, ADA, SCOPE, "&max_age=60&organization=pilotlight").await;
    assert_eq!(
        (&answer["token_type"], &answer["expires_in"]),
        (&json!("Bearer"), &json!(86_400))
    );
    assert!(text(&answer, "refresh_token").starts_with("v1."));
    assert!(
        !text(&answer, "access_token").contains('.'),
        "opaque, because no audience was asked"
    );
    let (_, claims) = decode(&text(&answer, "id_token"));
    let now = server.control().now();
    assert_eq!(
        (&claims["iss"], &claims["aud"]),
        (&json!(server.issuer()), &json!(CLIENT))
    );
    assert_eq!(
        (&claims["sub"], &claims["nonce"]),
        (&json!("auth0|ada"), &json!("nonce-1"))
    );
    assert_eq!(
        (&claims["email"], &claims["org_id"]),
        (&json!(ADA), &json!("org_pilotlight"))
    );
    assert!((now - claims["auth_time"].as_i64().unwrap()).abs() < 60);
    assert_eq!(
        claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
        36_000
    );
    assert!(claims.get("address").is_none(), "not in scope");

    let without = tokens(&server, ADA, "openid", "&audience=https%3A%2F%2Fapi.example.com%2F").await;
    assert!(
        without.get("refresh_token").is_none(),
        "no offline_access, no refresh token"
    );
    let (_, access) = decode(&text(&without, "access_token"));
    assert_eq!(
        access["aud"],
        json!(["https://api.example.com/", format!("{}userinfo", server.issuer())])
    );
    assert_eq!((&access["azp"], &access["scope"]), (&json!(CLIENT), &json!("openid")));
}

#[tokio::test]
async fn a_code_is_good_once_shortly_and_with_its_own_proof() {
    let server = server().await;
    let with = async |changes: &[(&str, &str)]| {
        let code = code(&server, ADA, SCOPE, "").await;
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("client_id", CLIENT),
            ("code", code.as_str()),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ];
        form.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
        form.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
        post(&server, "oauth/token", &form).await.error()
    };
    assert_eq!(
        with(&[("code_verifier", CHALLENGE)]).await,
        (403, "invalid_grant".into())
    );
    assert_eq!(with(&[("code_verifier", "")]).await, (400, "invalid_request".into()));
    assert_eq!(
        with(&[("redirect_uri", "http://127.0.0.1/callback")]).await,
        (403, "unauthorized_client".into())
    );
    assert_eq!(with(&[("code", "made-up")]).await, (403, "invalid_grant".into()));
    assert_eq!(with(&[("client_id", "nobody")]).await, (401, "invalid_client".into()));
    assert_eq!(
        with(&[("grant_type", "password")]).await,
        (403, "unsupported_grant_type".into())
    );
    assert_eq!(with(&[("grant_type", "")]).await, (400, "invalid_request".into()));
    let late = code(&server, ADA, SCOPE, "").await;
    server.control().advance(Duration::from_secs(60));
    assert_eq!(exchange(&server, &late).await.error(), (403, "invalid_grant".into()));
    assert_eq!(get(&server, "oauth/token", "x").await.status, 405);
    let legacy = post(&server, "delegation", &[]).await;
    assert_eq!(legacy.error(), (404, "endpoint_disabled".into()));
}

#[tokio::test]
async fn a_code_used_twice_revokes_what_it_issued() {
    let server = server().await;
    let code = code(&server, ADA, SCOPE, "").await;
    let first = exchange(&server, &code).await.json();
    assert_eq!(exchange(&server, &code).await.error(), (403, "invalid_grant".into()));
    assert_eq!(refresh(&server, &text(&first, "refresh_token")).await.status, 403);
    assert_eq!(
        get(&server, "userinfo", &text(&first, "access_token")).await.status,
        401
    );
    let counters = server.control().counters();
    assert_eq!((counters.codes_reused, counters.families_killed), (1, 1));
}

#[tokio::test]
async fn the_token_endpoint_takes_json_and_client_secrets() {
    let options = Options::default().client(Client::confidential("web", "s3cret"));
    let server = IdentityServer::start(options).await.unwrap();
    let url = authorize_url(&server, SCOPE, "").replace(CLIENT, "web");
    let code = query(&server.authorize(&url, GRACE).await.unwrap())["code"].clone();
    let body = json!({
        "grant_type": "authorization_code", "client_id": "web", "code": code, "redirect_uri": REDIRECT,
        "code_verifier": VERIFIER,
    });
    let request = || http().post(format!("{}oauth/token", server.issuer())).json(&body);
    assert_eq!(Answer::of(request()).await.error(), (401, "invalid_client".into()));
    let basic = Answer::of(request().basic_auth("web", Some("s3cret"))).await;
    assert_eq!(basic.status, 200, "{}", basic.text);
    assert_eq!(decode(&text(&basic.json(), "id_token")).1["sub"], "auth0|grace");
}

#[tokio::test]
async fn logout_leads_only_to_registered_addresses() {
    let server = server().await;
    let open = async |path: &str| Answer::of(http().get(format!("{}{path}", server.issuer()))).await;
    let odd = open("v2/logout?client_id=native-app&returnTo=https%3A%2F%2Fevil.example.com").await;
    assert_eq!((odd.status, odd.header("location")), (400, None));
    let federated = open("v2/logout?client_id=native-app&federated&returnTo=com.example.pilotlight://logout").await;
    assert_eq!(
        (federated.status, federated.header("location")),
        (302, Some("com.example.pilotlight://logout"))
    );
    assert!(federated.header("set-cookie").unwrap().contains("Max-Age=0"));
    let id_token = text(&tokens(&server, ADA, SCOPE, "").await, "id_token");
    let target = "post_logout_redirect_uri=com.example.pilotlight://logout&state=s";
    let oidc = open(&format!("oidc/logout?id_token_hint={id_token}&{target}")).await;
    assert_eq!(oidc.header("location"), Some("com.example.pilotlight://logout?state=s"));
    assert_eq!(
        open(&format!("oidc/logout?id_token_hint=forged&{target}")).await.status,
        400
    );
    assert_eq!(open(&format!("oidc/logout?{target}")).await.status, 400);
}
