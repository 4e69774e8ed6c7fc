//! Sign-ins at the real servers of `testing/interop`: they start, stop, and show the behaviour that they are there for.
//! Run with `cargo test -p pilotlight-test-browser --test interop`; the first run installs the servers.

// Clippy recognises only the test functions themselves as tests.
#![allow(clippy::unwrap_used, clippy::panic)]

mod client;

use client::{Client, REDIRECT_URI, jwt_claims, jwt_part};
use pilotlight_test_browser::{
    Browser, BrowserError, Credentials, InteropError, InteropServer, ServerKind, ServerOptions,
};
use reqwest::StatusCode;
use serde_json::{Value, json};
use url::Url;

struct Setup {
    server: InteropServer,
    client: Client,
    browser: Browser,
}

async fn start(kind: ServerKind, options: ServerOptions) -> Setup {
    let server = InteropServer::start(kind, options)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let client = Client::discover(&server).await;
    let browser = Browser::new(server.credentials()).unwrap();
    Setup {
        server,
        client,
        browser,
    }
}

/// Checks that both servers must pass.
async fn signs_in_and_refreshes(setup: &Setup) -> (Value, Value) {
    let Setup {
        server,
        client,
        browser,
    } = setup;
    let first = client.sign_in(browser, REDIRECT_URI, "consent").await;
    assert_eq!(first["expires_in"], 120);
    let claims = jwt_claims(&first["id_token"]);
    assert_eq!(claims["iss"], server.issuer());
    assert_eq!(claims["aud"], server.client_id());
    assert_eq!(claims["nonce"], "n0nce");
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 120);
    let kid = jwt_part(first["id_token"].as_str().unwrap(), 0)["kid"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(client.key_ids().await, [kid]);

    let (status, _, profile) = client.userinfo(&first).await;
    assert_eq!(status, StatusCode::OK, "{profile}");
    let profile: Value = serde_json::from_str(&profile).unwrap();
    assert_eq!(profile["sub"], claims["sub"]);
    assert_eq!(profile["name"], "Ada Lovelace");
    assert_eq!(profile["email"], "ada@example.com");
    assert_eq!(profile["address"]["locality"], "London");
    assert_eq!(profile["https://example.com/roles"], json!(["analyst"]));

    let (status, second) = client.refresh(&first).await;
    assert_eq!(status, StatusCode::OK, "{second}");
    assert_ne!(second["access_token"], first["access_token"]);
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert_eq!(client.userinfo(&second).await.0, StatusCode::OK);

    let wrong = Credentials {
        password: "wrong".into(),
        ..server.credentials()
    };
    let stranger = Browser::new(wrong).unwrap();
    let refused = stranger
        .sign_in(&client.authorize_url(REDIRECT_URI, ""), REDIRECT_URI)
        .await;
    assert!(
        matches!(refused, Err(BrowserError::CredentialsRefused { .. })),
        "{refused:?}"
    );
    (first, second)
}

fn two_minutes() -> ServerOptions {
    ServerOptions {
        access_token_ttl: Some(120),
        ..ServerOptions::default()
    }
}

#[tokio::test]
async fn oidc_provider_rotates_and_ends_a_stolen_family() {
    let setup = start(ServerKind::OidcProvider, two_minutes()).await;
    let (first, second) = signs_in_and_refreshes(&setup).await;
    let client = &setup.client;
    let reused = client.refresh(&first).await;
    assert_eq!(
        (reused.0, &reused.1["error"]),
        (StatusCode::BAD_REQUEST, &json!("invalid_grant"))
    );
    assert_eq!(
        client.refresh(&second).await.1["error"],
        "invalid_grant",
        "the whole family is gone"
    );
    assert_eq!(
        client.userinfo(&second).await.0,
        StatusCode::UNAUTHORIZED,
        "access tokens included"
    );
}

#[tokio::test]
async fn oidc_provider_drops_offline_access_without_prompt_consent() {
    let setup = &start(ServerKind::OidcProvider, two_minutes()).await;
    let answer = setup.client.sign_in(&setup.browser, REDIRECT_URI, "").await;
    assert_eq!(
        (answer.get("refresh_token"), &answer["scope"]),
        (None, &json!("openid profile email address"))
    );
    // The session exists now: the server asks for consent again, as for every native client, but not for a password.
    let filled = |setup: &Setup| setup.server.log().matches("POST /interaction/").count();
    assert_eq!(filled(setup), 2);
    setup.client.sign_in(&setup.browser, REDIRECT_URI, "").await;
    assert_eq!(filled(setup), 3);
    let url = setup.client.authorize_url(REDIRECT_URI, "none");
    let silent = setup.browser.sign_in(&url, REDIRECT_URI).await.unwrap();
    assert!(silent.contains("error=interaction_required"), "{silent}");
}

#[tokio::test]
async fn oidc_provider_knows_loopback_and_https_redirects() {
    let Setup { client, browser, .. } = &start(ServerKind::OidcProvider, two_minutes()).await;
    for redirect_uri in ["http://127.0.0.1:49152/callback", "https://app.example.com/callback"] {
        client.sign_in(browser, redirect_uri, "consent").await;
    }
}

#[tokio::test]
async fn oidc_provider_accepts_the_previous_refresh_token_in_the_overlap() {
    let options = ServerOptions {
        leeway: Some(600),
        ..two_minutes()
    };
    let Setup { client, browser, .. } = &start(ServerKind::OidcProvider, options).await;
    let first = client.sign_in(browser, REDIRECT_URI, "consent").await;
    let (_, lost) = client.refresh(&first).await;
    let (status, second) = client.refresh(&first).await;
    assert_eq!(status, StatusCode::OK, "{second}");
    assert_ne!(
        second["refresh_token"], lost["refresh_token"],
        "each use issues a new one"
    );
    let (status, third) = client.refresh(&second).await;
    assert_eq!(status, StatusCode::OK, "{third}");
    assert_eq!(
        client.refresh(&first).await.1["error"],
        "invalid_grant",
        "older than the previous one"
    );
    assert_eq!(
        client.refresh(&third).await.1["error"],
        "invalid_grant",
        "and that ends the family"
    );
}

#[tokio::test]
async fn oidc_provider_signs_userinfo_and_leaves_refresh_tokens_alone_on_demand() {
    let options = ServerOptions {
        userinfo_jwt: true,
        no_rotation: true,
        ..two_minutes()
    };
    let Setup { client, browser, .. } = &start(ServerKind::OidcProvider, options).await;
    let answer = client.sign_in(browser, REDIRECT_URI, "consent").await;
    let (status, media_type, jwt) = client.userinfo(&answer).await;
    assert_eq!((status, media_type.as_str()), (StatusCode::OK, "application/jwt"));
    assert_eq!(jwt_part(&jwt, 1)["name"], "Ada Lovelace");
    let (_, refreshed) = client.refresh(&answer).await;
    assert_eq!(refreshed["refresh_token"], answer["refresh_token"]);
    assert_eq!(client.refresh(&answer).await.0, StatusCode::OK);
    let endpoint = Url::parse(client.discovery["revocation_endpoint"].as_str().unwrap()).unwrap();
    assert_eq!(client.revoke(&answer, endpoint).await, StatusCode::OK);
    assert_eq!(client.refresh(&answer).await.1["error"], "invalid_grant");
}

#[tokio::test]
async fn oidc_provider_refuses_a_resources_jwt_at_userinfo() {
    let options = ServerOptions {
        jwt_access_tokens: true,
        ..two_minutes()
    };
    let Setup { client, browser, .. } = &start(ServerKind::OidcProvider, options).await;
    let answer = client.sign_in(browser, REDIRECT_URI, "consent").await;
    assert_eq!(jwt_claims(&answer["access_token"])["aud"], "https://api.example.com/");
    assert_eq!(client.userinfo(&answer).await.0, StatusCode::UNAUTHORIZED);
    let (status, refreshed) = client.refresh(&answer).await;
    assert_eq!(status, StatusCode::OK, "{refreshed}");
    assert_eq!(
        jwt_claims(&refreshed["access_token"])["aud"],
        "https://api.example.com/"
    );
}

#[tokio::test]
async fn django_rotates_and_takes_the_previous_access_token_away() {
    let setup = start(ServerKind::Django, two_minutes()).await;
    let (first, second) = signs_in_and_refreshes(&setup).await;
    let client = &setup.client;
    assert_eq!(client.userinfo(&first).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(jwt_claims(&second["id_token"]).get("nonce"), None);
    assert_eq!(client.refresh(&first).await.1["error"], "invalid_grant");
    assert_eq!(
        client.refresh(&second).await.1["error"],
        "invalid_grant",
        "the whole family is gone"
    );

    let third = client
        .sign_in(&setup.browser, "http://127.0.0.1:49152/callback", "")
        .await;
    assert_eq!(client.discovery.get("revocation_endpoint"), None);
    let endpoint = Url::parse(&format!("{}/revoke_token/", setup.server.issuer())).unwrap();
    assert_eq!(client.revoke(&third, endpoint).await, StatusCode::OK);
    assert_eq!(client.refresh(&third).await.1["error"], "invalid_grant");
}

#[tokio::test]
async fn django_repeats_its_answer_in_the_overlap() {
    let options = ServerOptions {
        leeway: Some(600),
        ..two_minutes()
    };
    let Setup { client, browser, .. } = &start(ServerKind::Django, options).await;
    let first = client.sign_in(browser, "https://app.example.com/callback", "").await;
    let (_, lost) = client.refresh(&first).await;
    let (status, again) = client.refresh(&first).await;
    assert_eq!(status, StatusCode::OK, "{again}");
    assert_eq!(again["refresh_token"], lost["refresh_token"]);
}

/// Runs only on some machines: see `ServerKind::unavailable`.
#[tokio::test]
#[allow(clippy::print_stderr)] // a test that looks at nothing says so
async fn lemonldap_wants_consent_for_a_refresh_token_keeps_it_and_signs_userinfo() {
    if let Some(reason) = ServerKind::LemonLdap.unavailable().unwrap() {
        eprintln!("skipped: {reason}");
        return;
    }
    let options = ServerOptions {
        userinfo_jwt: true,
        ..two_minutes()
    };
    let Setup { client, browser, .. } = &start(ServerKind::LemonLdap, options).await;
    assert_eq!(client.discovery.get("revocation_endpoint"), None);
    // Client::sign_in asks for offline_access each time.
    let without = client.sign_in(browser, REDIRECT_URI, "").await;
    assert_eq!(without.get("refresh_token"), None);
    let answer = client.sign_in(browser, REDIRECT_URI, "consent").await;
    assert!(answer["refresh_token"].is_string(), "{answer}");
    let (status, media_type, jwt) = client.userinfo(&answer).await;
    assert_eq!((status, media_type.as_str()), (StatusCode::OK, "application/jwt"));
    assert_eq!(jwt_part(&jwt, 1)["email_verified"], "1");
    let (status, refreshed) = client.refresh(&answer).await;
    assert_eq!((status, refreshed.get("refresh_token")), (StatusCode::OK, None));
    assert_eq!(jwt_claims(&refreshed["id_token"]).get("nonce"), None);
    assert_eq!(client.refresh(&answer).await.0, StatusCode::OK, "as often as one likes");
    let unknown = json!({"refresh_token": "unknown"});
    assert_eq!(client.refresh(&unknown).await.1, json!({"error": "invalid_request"}));
}

#[tokio::test]
async fn servers_stop_and_come_back_on_the_same_port_with_other_keys() {
    for kind in [ServerKind::OidcProvider, ServerKind::Django] {
        let Setup {
            mut server,
            client,
            browser,
        } = start(kind, two_minutes()).await;
        let answer = client.sign_in(&browser, REDIRECT_URI, "consent").await;
        let (issuer, keys) = (server.issuer().to_owned(), client.key_ids().await);
        server.stop().await;
        let url = client.authorize_url(REDIRECT_URI, "consent");
        assert!(matches!(
            browser.sign_in(&url, REDIRECT_URI).await,
            Err(BrowserError::Http(_))
        ));
        server.restart().await.unwrap();
        assert_eq!(server.issuer(), issuer);
        assert_ne!(client.key_ids().await, keys);
        assert_eq!(
            client.refresh(&answer).await.1["error"],
            "invalid_grant",
            "nothing is remembered"
        );
        client.sign_in(&browser, REDIRECT_URI, "consent").await;
    }
}

#[tokio::test]
async fn an_option_that_a_server_lacks_is_reported() {
    let options = ServerOptions {
        userinfo_jwt: true,
        ..ServerOptions::default()
    };
    let refused = InteropServer::start(ServerKind::Django, options).await;
    assert!(
        matches!(&refused, Err(InteropError::NotReady { log }) if log.contains("--userinfo-jwt")),
        "{refused:?}"
    );
}
