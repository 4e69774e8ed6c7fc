//! Promise 11: bad input gets a typed error, changes nothing that is stored, and never panics.

use pilotlight_core::ffi::SessionError;
use pilotlight_core::model::metadata::parse_object;
use pilotlight_core::session::SignInOptions;
use pilotlight_identity_server::{Endpoint, Fault};
use serde_json::{Map, json};

use crate::world::{ADA, World, assert_renews, public};

#[tokio::test]
async fn callback_urls_that_are_none() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let stored = world.stored();
    let callback = world.callback(&session, ADA).await;
    let query = callback.split_once('?').unwrap().1;
    let long = format!("com.example.pilotlight://callback?state={}", "s".repeat(1_000_000));
    for (url, what) in [
        (String::new(), "argument"),
        ("not a url".to_owned(), "argument"),
        ("\u{0}".to_owned(), "argument"),
        ("com.example.pilotlight://callback".to_owned(), "state_mismatch"),
        (
            "com.example.pilotlight://callback?state=&code=x".to_owned(),
            "state_mismatch",
        ),
        ("com.example.pilotlight://callback?code=x".to_owned(), "state_mismatch"),
        (long, "state_mismatch"),
        (format!("com.example.pilotlight://elsewhere?{query}"), "argument"),
        (format!("com.example.other://callback?{query}"), "argument"),
        (format!("https://app.example.com/callback?{query}"), "argument"),
        (format!("com.example.pilotlight://callback/deeper?{query}"), "argument"),
        (format!("{callback}&state=second"), "argument"),
        (format!("{callback}&code=second"), "argument"),
        (callback.replace("state=", "state=%F0%28%8C%28"), "state_mismatch"),
    ] {
        let said = match public(session.complete_sign_in(&url).await) {
            SessionError::FixArgument { argument, .. } if argument == "callback_url" => "argument".to_owned(),
            SessionError::RestartSignIn { code, .. } => code,
            other => panic!("{url}: {other:?}"),
        };
        assert_eq!(said, what, "{}", &url[..url.len().min(200)]);
        assert_eq!(world.stored(), stored);
    }
    assert!(
        session.complete_sign_in(&callback).await.is_ok(),
        "the sign-in was still in progress"
    );
}

#[tokio::test]
async fn sign_in_parameters_that_are_refused() {
    let world = World::new().await;
    let session = world.session();
    for name in [
        "state",
        "nonce",
        "redirect_uri",
        "response_type",
        "code_challenge",
        "client_id",
        "client_secret",
        "max_age",
        "",
    ] {
        let options = SignInOptions {
            parameters: [(name.to_owned(), "x".to_owned())].into(),
            ..SignInOptions::default()
        };
        let error = public(session.begin_sign_in(options).await);
        assert!(
            matches!(error, SessionError::FixArgument { argument, .. } if argument == "parameters"),
            "{name}"
        );
    }
}

#[tokio::test]
async fn metadata_that_the_server_would_refuse_or_that_is_no_object() {
    let world = World::new().await;
    let session = world.signed_in().await;
    for text in [
        "",
        "null",
        "[]",
        "7",
        "\"text\"",
        "{",
        "{\"a\":}",
        "{\"a\":1}x",
        "\u{0}",
    ] {
        let error = SessionError::from(parse_object("metadata", text).unwrap_err());
        assert!(
            matches!(error, SessionError::FixArgument { argument, .. } if argument == "metadata"),
            "{text}"
        );
    }
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(
        parse_object("metadata", &deep).is_err(),
        "nesting without end is refused, not followed"
    );
    for patch in [json!({"a.b": 1}), json!({"": 1})] {
        let error = public(session.update_metadata(patch.as_object().cloned().unwrap()).await);
        assert!(matches!(error, SessionError::FixArgument { argument, .. } if argument == "metadata"));
    }
    assert_eq!(world.control().seen(Endpoint::Users), 0);
    assert!(session.update_metadata(Map::new()).await.is_ok());
}

#[tokio::test]
async fn token_answers_of_every_wrong_form_change_nothing_stored() {
    let world = World::new().await;
    let session = world.signed_in().await;
    for answer in [
        json!(null),
        json!(7),
        json!([]),
        json!("text"),
        json!({}),
        json!({"access_token": null}),
        json!({"access_token": 7}),
        json!({"access_token": ""}),
        json!({"access_token": "line\nbreak"}),
        json!({"access_token": "nül"}),
        json!({"access_token": ["a"]}),
        json!({"token_type": "Bearer", "expires_in": 3600}),
    ] {
        let stored = world.stored();
        let error = world.renewal_that_meets(Fault::json(200, &answer), &session).await;
        assert!(matches!(error, SessionError::RetryLater { .. }), "{answer}");
        assert_eq!(world.stored(), stored, "{answer}");
    }
    assert_renews(&session).await;
}

#[tokio::test]
async fn key_sets_of_every_wrong_form_sign_nobody_in() {
    let world = World::new().await;
    let session = world.session();
    for keys in [
        json!(null),
        json!({}),
        json!({"keys": 7}),
        json!({"keys": []}),
        json!({"keys": [{"kty": "oct", "k": "AAAA"}]}),
        json!({"keys": [7, null, {"kty": "RSA"}]}),
    ] {
        let callback = world.callback(&session, ADA).await;
        world.control().fault(Endpoint::Jwks, Fault::json(200, &keys).times(2));
        assert!(session.complete_sign_in(&callback).await.is_err(), "{keys}");
        assert!(world.stored().is_none(), "{keys}");
        world.control().clear_faults(Endpoint::Jwks);
        world.clock.advance(61);
    }
    world.sign_in(&session, ADA).await;
}

#[tokio::test]
async fn a_session_needs_a_name() {
    let world = World::new().await;
    let configuration = pilotlight_core::model::configuration::Configuration::parse(world.configuration()).unwrap();
    let dependencies = pilotlight_core::session::Dependencies {
        store: world.store.clone(),
        foreign_items: world.foreign.clone(),
        proof_keys: world.keys.clone(),
        sharing: world.sharing.clone(),
        transport: std::sync::Arc::new(pilotlight_core::adapters::http::HttpTransport::new()),
        clock: world.clock.clone(),
        randomness: std::sync::Arc::new(pilotlight_core::adapters::system::SystemRandomness),
        spawner: std::sync::Arc::new(pilotlight_core::adapters::system::TokioSpawner::new(
            tokio::runtime::Handle::current(),
        )),
        log: world.log.clone(),
    };
    let error = public(pilotlight_core::session::SessionManager::new(
        configuration,
        "",
        dependencies,
    ));
    assert!(matches!(error, SessionError::FixConfiguration { field, .. } if field == "name"));
}
