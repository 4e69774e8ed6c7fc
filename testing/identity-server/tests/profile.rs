//! Discovery, keys and `/userinfo`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests too")]

mod common;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::*;
use pilotlight_identity_server::{
    AccessTokens, Algorithm, IdentityServer, OldKeys, Options, RateLimit, RetryAfter, UpdatedAt,
};
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::{Value, json};

async fn jwks(server: &IdentityServer) -> Value {
    get(server, ".well-known/jwks.json", "x").await.json()
}

/// Verifies a token with the published keys, as a client would: by `kid`.
fn verifies(jwks: &Value, token: &str) -> bool {
    let (header, _) = decode(token);
    let keys = jwks["keys"].as_array().unwrap();
    let Some(key) = keys.iter().find(|key| key["kid"] == header["kid"]) else {
        return false;
    };
    let bytes = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap();
    let (message, sig) = token.rsplit_once('.').unwrap();
    let (message, sig) = (message.as_bytes(), URL_SAFE_NO_PAD.decode(sig).unwrap());
    let rsa = |parameters| {
        RsaPublicKeyComponents {
            n: bytes("n"),
            e: bytes("e"),
        }
        .verify(parameters, message, &sig)
    };
    let verified = match header["alg"].as_str().unwrap() {
        "RS256" => rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
        "PS256" => rsa(&signature::RSA_PSS_2048_8192_SHA256),
        "ES256" => {
            let point = [vec![4], bytes("x"), bytes("y")].concat();
            UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point).verify(message, &sig)
        }
        "EdDSA" => UnparsedPublicKey::new(&signature::ED25519, bytes("x")).verify(message, &sig),
        other => panic!("{other}"),
    };
    verified.is_ok()
}

#[tokio::test]
async fn the_users_pictures_are_there() {
    let server = server().await;
    for (email, name) in [("ada@example.com", "ada.png"), ("grace@example.com", "grace.png")] {
        let picture = server.control().account(email).unwrap().claims["picture"].clone();
        assert_eq!(picture, json!(format!("{}pictures/{name}", server.issuer())));
        let answer = get(&server, &format!("pictures/{name}"), "x").await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("image/png")));
    }
    assert_eq!(get(&server, "pictures/nobody.png", "x").await.status, 404);
}

#[tokio::test]
async fn discovery_announces_what_there_is() {
    let server = server().await;
    let configuration = get(&server, ".well-known/openid-configuration", "x").await.json();
    assert_eq!(configuration["issuer"], server.issuer());
    assert!(server.issuer().ends_with('/') && !server.domain().ends_with('/'));
    assert_eq!(
        configuration["id_token_signing_alg_values_supported"],
        json!(["RS256", "PS256", "ES256", "EdDSA"])
    );
    assert_eq!(configuration["code_challenge_methods_supported"], json!(["S256"]));
    for endpoint in [
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
        "revocation_endpoint",
        "end_session_endpoint",
    ] {
        let path = text(&configuration, endpoint)
            .strip_prefix(server.issuer())
            .unwrap()
            .to_owned();
        assert_ne!(get(&server, &path, "x").await.status, 404, "{endpoint}");
    }
}

#[tokio::test]
async fn a_proxys_address_may_be_announced_instead() {
    let options = Options {
        public_url: Some("http://127.0.0.1:9/auth".into()),
        ..Options::default()
    };
    let server = IdentityServer::start(options).await.unwrap();
    assert_eq!(
        (server.issuer(), server.domain()),
        ("http://127.0.0.1:9/auth/", "http://127.0.0.1:9/auth")
    );
}

#[tokio::test]
async fn every_algorithm_signs_tokens_that_the_published_keys_verify() {
    let server = server().await;
    for algorithm in Algorithm::ALL {
        server
            .control()
            .change(|s| (s.algorithm, s.access_tokens, s.at_hash) = (algorithm, AccessTokens::Jwt, true));
        let answer = tokens(&server, ADA, SCOPE, "").await;
        for token in ["id_token", "access_token"] {
            let token = text(&answer, token);
            assert_eq!(decode(&token).0["alg"], algorithm.name());
            assert!(verifies(&jwks(&server).await, &token), "{algorithm:?}");
        }
        let bytes = if algorithm == Algorithm::EdDSA { 32 } else { 16 };
        let at_hash = text(&decode(&text(&answer, "id_token")).1, "at_hash");
        assert_eq!(URL_SAFE_NO_PAD.decode(at_hash).unwrap().len(), bytes);
        assert_eq!(
            get(&server, "userinfo", &text(&answer, "access_token")).await.status,
            200
        );
    }
}

#[tokio::test]
async fn a_key_rotation_publishes_a_new_key_and_keeps_or_withdraws_the_old_one() {
    let server = server_with(|s| s.access_tokens = AccessTokens::Jwt).await;
    let before = tokens(&server, ADA, SCOPE, "").await;
    let kid = server.control().rotate_keys(OldKeys::Keep);
    let keys = jwks(&server).await;
    assert_eq!(
        (keys["keys"].as_array().unwrap().len(), &keys["keys"][0]["kid"]),
        (2, &json!(kid))
    );
    assert_ne!(keys["keys"][0]["n"], keys["keys"][1]["n"]);
    assert!(verifies(&keys, &text(&before, "id_token")));
    let after = tokens(&server, ADA, SCOPE, "").await;
    assert_eq!(decode(&text(&after, "id_token")).0["kid"], kid.as_str());
    server.control().rotate_keys(OldKeys::Withdraw);
    assert!(!verifies(&jwks(&server).await, &text(&after, "id_token")));
    assert_eq!(
        get(&server, "userinfo", &text(&after, "access_token")).await.status,
        401
    );
}

#[tokio::test]
async fn keys_may_lack_their_alg() {
    let server = server().await;
    assert_eq!(jwks(&server).await["keys"][0]["alg"], "RS256");
    server.control().change(|s| s.jwk_alg = false);
    assert!(jwks(&server).await["keys"][0].get("alg").is_none());
}

#[tokio::test]
async fn userinfo_answers_what_the_scope_covers() {
    let server = server().await;
    let profile = async |scope: &str| {
        let token = text(&tokens(&server, ADA, scope, "").await, "access_token");
        get(&server, "userinfo", &token).await.json()
    };
    let roles = "https://example.com/roles";
    assert_eq!(
        profile("openid").await,
        json!({ "sub": "auth0|ada", roles: ["mathematician", "author"] })
    );
    let email = profile("openid email phone address").await;
    assert_eq!((&email["email"], &email["email_verified"]), (&json!(ADA), &json!(true)));
    assert_eq!(email["phone_number"], "+44 20 7946 0001");
    assert_eq!(email["address"]["locality"], "London");
    assert!(email.get("name").is_none());
    let full = profile("openid profile").await;
    assert_eq!(
        (&full["name"], &full["updated_at"]),
        (&json!("Ada Lovelace"), &json!("2023-11-14T22:13:20.000Z"))
    );
    assert!(full.get("email").is_none() && full.get("user_id").is_none());
}

#[tokio::test]
async fn userinfo_has_its_variants() {
    let server = server_with(|s| {
        s.updated_at = UpdatedAt::Number;
        s.older_tenant_profile = true;
        s.userinfo_jwt = true;
    })
    .await;
    let token = text(&tokens(&server, ADA, SCOPE, "").await, "access_token");
    let url = format!("{}userinfo", server.issuer());
    let answer = Answer::of(http().post(&url).bearer_auth(&token)).await;
    assert_eq!(answer.header("content-type"), Some("application/jwt"));
    assert!(verifies(&jwks(&server).await, &answer.text));
    let claims = decode(&answer.text).1;
    assert_eq!(
        (&claims["iss"], &claims["aud"]),
        (&json!(server.issuer()), &json!(CLIENT))
    );
    assert_eq!(
        (&claims["updated_at"], &claims["user_id"]),
        (&json!(1_700_000_000), &json!("auth0|ada"))
    );
    assert_eq!(
        (&claims["clientID"], &claims["identities"][0]["user_id"]),
        (&json!(CLIENT), &json!("ada"))
    );
    assert_eq!(claims["created_at"], 1_600_000_000);
}

#[tokio::test]
async fn userinfo_refuses_what_it_should() {
    let server = server_with(|s| s.access_token_lifetime = 60).await;
    let url = format!("{}userinfo", server.issuer());
    let bare = Answer::of(http().get(&url)).await;
    assert_eq!(
        (bare.status, bare.header("www-authenticate")),
        (401, Some("Bearer realm=\"Users\""))
    );
    assert_eq!(
        Answer::of(http().get(&url).basic_auth("a", Some("b"))).await.status,
        400
    );
    let odd = get(&server, "userinfo", "made-up").await;
    assert_eq!((odd.status, odd.text.as_str()), (401, "Unauthorized"));
    assert!(
        odd.header("www-authenticate")
            .unwrap()
            .contains("error=\"invalid_token\"")
    );
    let without = text(&tokens(&server, ADA, "profile", "").await, "access_token");
    assert_eq!(
        get(&server, "userinfo", &without).await.error(),
        (403, "insufficient_scope".into())
    );
    let token = text(&tokens(&server, ADA, SCOPE, "").await, "access_token");
    assert_eq!(get(&server, "userinfo", &token).await.status, 200);
    server.control().advance(Duration::from_secs(60));
    let expired = get(&server, "userinfo", &token).await;
    assert!(expired.header("www-authenticate").unwrap().contains("expired"));
    server.control().change(|s| s.www_authenticate = false);
    let silent = get(&server, "userinfo", &token).await;
    assert_eq!((silent.status, silent.header("www-authenticate")), (401, None));
}

#[tokio::test]
async fn rate_limits_refuse_until_their_window_ends() {
    let server = server_with(|s| s.rate_limit_userinfo = Some(RateLimit::new(2, 60))).await;
    server.control().freeze_clock();
    let token = text(&tokens(&server, ADA, SCOPE, "").await, "access_token");
    assert_eq!(
        get(&server, "userinfo", &token).await.header("x-ratelimit-remaining"),
        Some("1")
    );
    assert_eq!(get(&server, "userinfo", &token).await.header("retry-after"), None);
    let refused = get(&server, "userinfo", &token).await;
    assert_eq!(refused.error(), (429, "too_many_requests".into()));
    let reset = server.control().now() + 60;
    assert_eq!(refused.header("x-ratelimit-reset"), Some(reset.to_string().as_str()));
    assert_eq!(
        (refused.header("retry-after"), refused.header("x-ratelimit-limit")),
        (Some("60"), Some("2"))
    );
    let as_date = RateLimit {
        retry_after: RetryAfter::HttpDate,
        ..RateLimit::new(2, 60)
    };
    server.control().change(|s| s.rate_limit_userinfo = Some(as_date));
    let refused = get(&server, "userinfo", &token).await;
    let until = httpdate::parse_http_date(refused.header("retry-after").unwrap()).unwrap();
    assert_eq!(
        until.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs(),
        u64::try_from(reset).unwrap()
    );
    server.control().advance(Duration::from_secs(60));
    assert_eq!(get(&server, "userinfo", &token).await.status, 200);
    server
        .control()
        .change(|s| s.rate_limit_token = Some(RateLimit::new(1, 60)));
    assert_eq!(refresh(&server, "v1.unknown").await.status, 403);
    assert_eq!(
        refresh(&server, "v1.unknown").await.error(),
        (429, "too_many_requests".into())
    );
}
