//! `/delegation`, `/tokeninfo` and `/oauth/ro`, as in older tenants.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests too")]

mod common;

use std::time::Duration;

use common::*;
use pilotlight_identity_server::{Client, Endpoint, Fault, IdentityServer, Options, PASSWORD, RateLimit};
use serde_json::{Value, json};

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

async fn older() -> IdentityServer {
    server_with(|s| s.legacy = true).await
}

async fn json_post(server: &IdentityServer, path: &str, body: &Value) -> Answer {
    Answer::of(http().post(format!("{}{path}", server.issuer())).json(body)).await
}

async fn ro(server: &IdentityServer, changes: Value) -> Answer {
    let mut body = json!({
        "client_id": CLIENT, "connection": "Username-Password-Authentication", "grant_type": "password",
        "username": ADA, "password": PASSWORD, "scope": "openid offline_access", "device": "Ada's phone",
    });
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    json_post(server, "oauth/ro", &body).await
}

async fn delegate(server: &IdentityServer, fields: Value) -> Answer {
    let mut body = json!({ "client_id": CLIENT, "grant_type": JWT_BEARER, "api_type": "app" });
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    json_post(server, "delegation", &body).await
}

async fn signed_in(server: &IdentityServer) -> Value {
    let answer = ro(server, json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

#[tokio::test]
async fn without_the_setting_they_are_off() {
    let server = server().await;
    for path in ["delegation", "tokeninfo", "oauth/ro"] {
        assert_eq!(
            json_post(&server, path, &json!({})).await.error(),
            (404, "endpoint_disabled".into()),
            "{path}"
        );
    }
    server.control().change(|s| s.legacy = true);
    assert_eq!(ro(&server, json!({})).await.status, 200);
}

#[tokio::test]
async fn a_password_brings_tokens_without_a_lifetime() {
    let server = older().await;
    let tokens = signed_in(&server).await;
    assert!(tokens.get("expires_in").is_none() && tokens["token_type"] == "Bearer");
    let claims = decode(&text(&tokens, "id_token")).1;
    assert_eq!((&claims["sub"], &claims["aud"]), (&json!("auth0|ada"), &json!(CLIENT)));
    assert!(claims.get("nonce").is_none());
    assert_eq!(
        get(&server, "userinfo", &text(&tokens, "access_token")).await.status,
        200
    );
    let online = ro(&server, json!({ "scope": "openid", "device": null })).await.json();
    assert!(online.get("refresh_token").is_none());
    let counters = server.control().counters();
    assert_eq!(
        (counters.password_sign_ins, counters.device_refresh_tokens_issued),
        (2, 1)
    );
}

#[tokio::test]
async fn what_a_sign_in_with_a_password_is_refused_for() {
    let server = older().await;
    for (changes, status, error, words) in [
        (
            json!({ "device": null }),
            400,
            "invalid_request",
            "missing device parameter",
        ),
        (
            json!({ "username": null }),
            400,
            "invalid_request",
            "missing username parameter",
        ),
        (
            json!({ "password": "" }),
            400,
            "invalid_request",
            "missing password parameter",
        ),
        (
            json!({ "connection": "other" }),
            400,
            "invalid_request",
            "the connection was not found",
        ),
        (
            json!({ "client_id": "nobody" }),
            403,
            "unauthorized_client",
            "invalid client",
        ),
        (
            json!({ "password": "wrong" }),
            401,
            "invalid_user_password",
            "Wrong email or password.",
        ),
        (
            json!({ "username": "nobody@example.com" }),
            401,
            "invalid_user_password",
            "Wrong email or password.",
        ),
    ] {
        let answer = ro(&server, changes.clone()).await;
        assert_eq!(answer.error(), (status, error.into()), "{changes}");
        assert_eq!(answer.json()["error_description"], words, "{changes}");
    }
    server.control().change_account(ADA, |ada| ada.blocked = true);
    let blocked = ro(&server, json!({})).await;
    assert_eq!(blocked.error(), (401, "unauthorized".into()));
    assert_eq!(blocked.json()["error_description"], "user is blocked");
}

#[tokio::test]
async fn too_many_wrong_passwords_keep_the_right_one_out() {
    let server = server_with(|s| (s.legacy, s.legacy_attempts) = (true, 2)).await;
    let wrong = async || ro(&server, json!({ "password": "wrong" })).await.status;
    assert_eq!((wrong().await, ro(&server, json!({})).await.status), (401, 200));
    assert_eq!((wrong().await, wrong().await, wrong().await), (401, 401, 429));
    assert_eq!(ro(&server, json!({})).await.error(), (429, "too_many_attempts".into()));
    assert_eq!(ro(&server, json!({ "username": GRACE })).await.status, 200);
}

#[tokio::test]
async fn a_devices_refresh_token_is_delegated_again_and_again() {
    let server = older().await;
    let tokens = signed_in(&server).await;
    let refresh_token = text(&tokens, "refresh_token");
    for _ in 0..3 {
        server.control().advance(Duration::from_secs(40 * 24 * 3600));
        let answer = delegate(&server, json!({ "refresh_token": refresh_token }))
            .await
            .json();
        assert_eq!(
            (&answer["token_type"], &answer["expires_in"]),
            (&json!("Bearer"), &json!(36_000))
        );
        assert!(answer.get("access_token").is_none() && answer.get("refresh_token").is_none());
        assert_eq!(decode(&text(&answer, "id_token")).1["sub"], "auth0|ada");
    }
    assert_eq!(server.control().counters().delegations_honoured, 3);
    assert_eq!(
        refresh(&server, &refresh_token).await.error(),
        (403, "unsupported_grant_type".into())
    );
    let rotating = text(&self::tokens(&server, ADA, SCOPE, "").await, "refresh_token");
    assert_eq!(
        delegate(&server, json!({ "refresh_token": rotating })).await.error(),
        (403, "invalid_grant".into())
    );
    assert_eq!(refresh(&server, &rotating).await.status, 200, "it is unharmed");
}

#[tokio::test]
async fn a_revoked_refresh_token_is_refused() {
    let server = older().await;
    let refresh_token = text(&signed_in(&server).await, "refresh_token");
    let form = [("client_id", CLIENT), ("token", refresh_token.as_str())];
    assert_eq!(post(&server, "oauth/revoke", &form).await.status, 200);
    let refused = delegate(&server, json!({ "refresh_token": refresh_token })).await;
    assert_eq!(refused.error(), (403, "invalid_grant".into()));
    assert_eq!(refused.json()["error_description"], "Unknown or invalid refresh token.");
    let second = text(&signed_in(&server).await, "refresh_token");
    assert_eq!(server.control().revoke_user(ADA), 1);
    assert_eq!(delegate(&server, json!({ "refresh_token": second })).await.status, 403);
}

#[tokio::test]
async fn an_id_token_is_delegated_until_it_expires() {
    let server = older().await;
    let id_token = text(&signed_in(&server).await, "id_token");
    let renewed = delegate(&server, json!({ "id_token": id_token, "scope": "openid email" }))
        .await
        .json();
    assert_eq!(decode(&text(&renewed, "id_token")).1["email"], ADA);
    let forged = format!("{}.AAAA", id_token.rsplit_once('.').unwrap().0);
    let refused = delegate(&server, json!({ "id_token": forged })).await;
    assert_eq!(refused.error(), (400, "invalid_grant".into()));
    server.control().advance(Duration::from_secs(36_000));
    let late = delegate(&server, json!({ "id_token": id_token })).await;
    assert_eq!(late.error(), (400, "invalid_grant".into()));
    assert_eq!(late.json()["error_description"], "jwt expired");
}

#[tokio::test]
async fn other_api_types_answer_their_own_shapes() {
    let options = Options::default()
        .with(|s| s.legacy = true)
        .client(Client::native("target-app"));
    let server = IdentityServer::start(options).await.unwrap();
    let id_token = text(&signed_in(&server).await, "id_token");
    let of = async |more: Value| {
        let mut fields = json!({ "id_token": id_token });
        fields
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        delegate(&server, fields).await
    };
    let aws = of(json!({ "api_type": "aws", "role": "arn:aws:iam::1:role/r" }))
        .await
        .json();
    assert!(aws["Credentials"]["SecretAccessKey"].is_string());
    assert_eq!(aws["AssumedRoleUser"]["Arn"], "arn:aws:iam::1:role/r");
    let firebase = of(json!({ "api_type": "firebase" })).await.json();
    assert_eq!(decode(&text(&firebase, "id_token")).1["d"]["uid"], "auth0|ada");
    let target = of(json!({ "target": "target-app" })).await.json();
    assert_eq!(decode(&text(&target, "id_token")).1["aud"], "target-app");
    for (more, error) in [
        (json!({ "api_type": "nothing" }), "invalid_request"),
        (json!({ "target": "nobody" }), "invalid_request"),
        (json!({ "refresh_token": "x" }), "invalid_request"),
        (json!({ "id_token": null }), "invalid_request"),
        (json!({ "grant_type": null }), "invalid_request"),
        (json!({ "grant_type": "refresh_token" }), "unsupported_grant_type"),
    ] {
        assert_eq!(of(more.clone()).await.error().1, error, "{more}");
    }
}

#[tokio::test]
async fn tokeninfo_answers_the_profile_of_a_good_id_token_only() {
    let server = older().await;
    let tokens = signed_in(&server).await;
    let id_token = text(&tokens, "id_token");
    let ask = async |token: &str| json_post(&server, "tokeninfo", &json!({ "id_token": token })).await;
    let profile = ask(&id_token).await.json();
    assert_eq!(
        (&profile["user_id"], &profile["email"]),
        (&json!("auth0|ada"), &json!(ADA))
    );
    assert!(profile.get("sub").is_none() && profile["identities"].is_array());
    assert_eq!(ask("a.b.c").await.status, 401);
    assert_eq!(ask(&text(&tokens, "access_token")).await.status, 401);
    assert_eq!(json_post(&server, "tokeninfo", &json!({})).await.status, 400);
    server.control().advance(Duration::from_secs(36_000));
    assert_eq!(ask(&id_token).await.status, 401, "expired");
}

#[tokio::test]
async fn clients_of_that_age_sign_with_a_secret_and_take_nothing_else() {
    let server = server_with(|s| (s.legacy, s.legacy_hs256) = (true, true)).await;
    let tokens = signed_in(&server).await;
    let id_token = text(&tokens, "id_token");
    assert_eq!(decode(&id_token).0["alg"], "HS256");
    assert_eq!(delegate(&server, json!({ "id_token": id_token })).await.status, 200);
    let info = json_post(&server, "tokeninfo", &json!({ "id_token": id_token })).await;
    assert_eq!(info.status, 200);
    let modern = text(&self::tokens(&server, ADA, SCOPE, "").await, "id_token");
    assert_eq!(decode(&modern).0["alg"], "RS256");
    let refused = delegate(&server, json!({ "id_token": modern })).await;
    assert_eq!(refused.error(), (400, "invalid_grant".into()));
}

#[tokio::test]
async fn a_client_may_lack_the_legacy_grants() {
    let options = Options::default().with(|s| s.legacy = true).client(Client {
        legacy: false,
        ..Client::native(CLIENT)
    });
    let server = IdentityServer::start(options).await.unwrap();
    let refused = ro(&server, json!({})).await;
    assert_eq!(refused.error(), (403, "unauthorized_client".into()));
    assert_eq!(
        refused.json()["error_description"],
        "Grant type 'http://auth0.com/oauth/legacy/grant-type/ro' not allowed for the client."
    );
    for token in ["refresh_token", "id_token"] {
        let refused = delegate(&server, json!({ token: "x" })).await;
        let words = text(&refused.json(), "error_description");
        assert!(words.contains(&format!("delegation/{token}'")), "{words}");
    }
}

#[tokio::test]
async fn limits_faults_and_holds_are_each_endpoints_own() {
    let server = server_with(|s| (s.legacy, s.rate_limit_delegation) = (true, Some(RateLimit::new(1, 60)))).await;
    let refresh_token = text(&signed_in(&server).await, "refresh_token");
    let again = async || delegate(&server, json!({ "refresh_token": refresh_token })).await;
    assert_eq!(again().await.header("x-ratelimit-remaining"), Some("0"));
    assert_eq!(again().await.error(), (429, "too_many_requests".into()));
    server.control().change(|s| s.rate_limit_delegation = None);
    server.control().fault(Endpoint::Delegation, Fault::status(503));
    assert_eq!(signed_in(&server).await["token_type"], "Bearer");
    assert_eq!((again().await.status, again().await.status), (503, 200));
    server.control().fault(Endpoint::Delegation, Fault::hold());
    let release = async {
        server.control().wait_for_held(Endpoint::Delegation, 1).await;
        server.control().release(Endpoint::Delegation);
    };
    let (answer, ()) = tokio::join!(again(), release);
    assert_eq!(answer.status, 200);
    assert_eq!(server.control().seen(Endpoint::Delegation), 5);
    assert_eq!(server.control().seen(Endpoint::ResourceOwner), 2);
}
