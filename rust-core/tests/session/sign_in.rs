//! Signing in: the URL, the callback, the code exchange, the ID token.

use std::collections::HashMap;

use pilotlight_core::ffi::{RetryReason, SessionError};
use pilotlight_core::machine::error::Error;
use pilotlight_core::model::state::SessionState;
use pilotlight_core::session::SignInOptions;
use pilotlight_identity_server::{Endpoint, Fault, IdTokenFault, Options, Signature};
use serde_json::json;
use url::Url;

use crate::reports::states;
use crate::world::{ADA, GRACE, World, cached, is_signed_in, public};

pub(crate) fn code_of(error: SessionError) -> String {
    match error {
        SessionError::RestartSignIn { code, .. } => code,
        other => panic!("not a failed sign-in: {other:?}"),
    }
}

/// The audience of the configuration is sent. Other parameters of the app are sent beside it, with and without an
/// audience.
#[tokio::test]
async fn what_the_app_adds_is_sent_with_an_audience_and_without() {
    for (audience, sent) in [
        (Some("https://own.example.com/"), "https://own.example.com/"),
        (None, "https://added.example.com/"),
    ] {
        let world = World::new().await;
        let mut configuration = world.configuration();
        configuration.audience = audience.map(str::to_owned);
        for (name, value) in [("audience", "https://added.example.com/"), ("connection", "google")] {
            configuration
                .authorize_parameters
                .insert(name.to_owned(), value.to_owned());
        }
        let session = world.session_with(configuration);
        let request = session.begin_sign_in(SignInOptions::default()).await.unwrap();
        let url = Url::parse(&request.url).unwrap();
        let all = |name: &str| {
            let found = url.query_pairs().filter(|(own, _)| own == name);
            found.map(|(_, value)| value.into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(
            (all("audience"), all("connection")),
            (vec![sent.to_owned()], vec!["google".to_owned()])
        );
    }
}

#[tokio::test]
async fn a_sign_in_stores_the_session_before_it_is_announced() {
    let world = World::new().await;
    let session = world.session();
    assert_eq!(session.restore().await, Ok(SessionState::SignedOut));
    let mut states = states(&session);
    assert_eq!(states.recv().await, Some(SessionState::SignedOut));
    let callback = world.callback(&session, ADA).await;
    let (writes, gate) = (world.store.counts().1, world.store.gate.lock().await);
    let completing = tokio::spawn({
        let session = session.clone();
        async move { session.complete_sign_in(&callback).await }
    });
    world.store.wait_for_write(writes).await;
    assert!(
        states.try_recv().is_err() && cached(&session).is_none(),
        "announced before it was stored"
    );
    drop(gate);
    completing.await.unwrap().unwrap();
    assert!(matches!(states.recv().await, Some(SessionState::SignedIn { .. })));
    let stored = world.stored().unwrap();
    assert_eq!(
        stored["credentials"]["access_token"].as_str(),
        cached(&session).as_deref()
    );
    assert_eq!(stored["version"], 1);
}

#[tokio::test]
async fn the_url_carries_what_the_standards_ask_for_and_no_secret() {
    let world = World::new().await;
    let session = world.session();
    let options = SignInOptions {
        login_hint: Some(ADA.to_owned()),
        max_age_seconds: Some(600),
        parameters: HashMap::from([("prompt".to_owned(), "login".to_owned())]),
    };
    let request = session.begin_sign_in(options).await.unwrap();
    assert_eq!(request.callback_scheme, "com.example.pilotlight");
    let url = Url::parse(&request.url).unwrap();
    let query: HashMap<_, _> = url.query_pairs().into_owned().collect();
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "native-app"),
        ("redirect_uri", crate::world::REDIRECT_URI),
        ("code_challenge_method", "S256"),
        ("login_hint", ADA),
        ("max_age", "600"),
        ("prompt", "login"),
    ] {
        assert_eq!(query[name], value);
    }
    assert!(query["state"].len() == 43 && query["nonce"].len() == 43 && query["code_challenge"].len() == 43);
    assert!(!query.contains_key("code_verifier"));
}

#[tokio::test]
async fn a_provider_found_by_discovery_signs_in_alike() {
    for algorithm in ["RS256", "PS256", "ES256", "EdDSA"] {
        let algorithm = serde_json::from_value(json!(algorithm)).unwrap();
        let world = World::with(Options::default().with(|s| {
            s.algorithm = algorithm;
            s.jwk_alg = false;
        }))
        .await;
        let session = world.session_with(world.oidc_configuration());
        world.sign_in(&session, ADA).await;
    }
}

#[tokio::test]
async fn an_id_token_that_is_not_to_be_believed_signs_nobody_in() {
    let cases = [
        ("broken signature", IdTokenFault::new().signature(Signature::Broken)),
        (
            "somebody else's key",
            IdTokenFault::new().signature(Signature::WrongKey),
        ),
        ("none", IdTokenFault::new().signature(Signature::None)),
        (
            "HS256 with the public key",
            IdTokenFault::new().signature(Signature::Hs256),
        ),
        ("iss", IdTokenFault::new().claim("iss", json!("https://evil.example/"))),
        ("aud", IdTokenFault::new().claim("aud", json!("another-app"))),
        (
            "azp",
            IdTokenFault::new()
                .claim("aud", json!(["native-app", "other"]))
                .claim("azp", json!("other")),
        ),
        ("nonce", IdTokenFault::new().claim("nonce", json!("replayed"))),
        ("no nonce", IdTokenFault::new().without("nonce")),
        ("exp", IdTokenFault::new().claim("exp", json!(1_000_000_000))),
        ("iat", IdTokenFault::new().claim("iat", json!(4_000_000_000_i64))),
        ("no sub", IdTokenFault::new().without("sub")),
        ("unknown kid", IdTokenFault::new().unknown_kid()),
    ];
    let world = World::new().await;
    let session = world.session();
    for (name, fault) in cases {
        let callback = world.callback(&session, ADA).await;
        world.control().fault(Endpoint::Token, Fault::id_token(fault));
        // An unknown key may be new: the keys are fetched again, unless they were fetched within the last minute.
        world.clock.advance(61);
        assert_eq!(
            code_of(public(session.complete_sign_in(&callback).await)),
            "id_token_invalid",
            "{name}"
        );
        assert!(!is_signed_in(&session) && world.stored().is_none(), "{name}");
    }
    world.sign_in(&session, ADA).await;
}

#[tokio::test]
async fn keys_are_fetched_again_for_a_new_key_but_not_for_every_unknown_one() {
    let world = World::new().await;
    let session = world.signed_in().await;
    assert_eq!(world.control().seen(Endpoint::Jwks), 1);
    world
        .control()
        .rotate_keys(pilotlight_identity_server::OldKeys::Withdraw);
    world.clock.advance(61);
    world.sign_in(&session, ADA).await;
    assert_eq!(world.control().seen(Endpoint::Jwks), 2);
    let meets = async |key_id: &str| {
        let callback = world.callback(&session, ADA).await;
        let forged = IdTokenFault::new().header("kid", json!(key_id));
        world.control().fault(Endpoint::Token, Fault::id_token(forged));
        let _ = session.complete_sign_in(&callback).await.unwrap_err();
        world.control().seen(Endpoint::Jwks)
    };
    for _ in 0..3 {
        assert_eq!(meets("forged").await, 3, "once for each kid");
    }
    for number in 0..10 {
        assert!(
            meets(&number.to_string()).await <= 6,
            "and not for many within a minute"
        );
    }
}

/// A key that the issuer withdrew must not be trusted for as long as the app runs.
#[tokio::test]
async fn keys_get_old_and_are_used_on_when_they_cannot_be_fetched() {
    let world = World::new().await;
    let session = world.signed_in().await;
    world.clock.advance(24 * 3600 - 60);
    world.sign_in(&session, ADA).await;
    assert_eq!(world.control().seen(Endpoint::Jwks), 1);
    world.clock.advance(60);
    world.control().fault(Endpoint::Jwks, Fault::status(503));
    world.sign_in(&session, ADA).await;
    world.sign_in(&session, ADA).await;
    assert_eq!(world.control().seen(Endpoint::Jwks), 3);
    world.sign_in(&session, ADA).await;
    assert_eq!(world.control().seen(Endpoint::Jwks), 3);
}

#[tokio::test]
async fn a_callback_of_another_sign_in_changes_nothing() {
    let world = World::new().await;
    let (session, other) = (world.session(), world.session());
    let callback = world.callback(&session, ADA).await;
    let foreign = world.callback(&other, GRACE).await;
    assert_eq!(
        code_of(public(session.complete_sign_in(&foreign).await)),
        "state_mismatch"
    );
    assert!(session.complete_sign_in(&callback).await.is_ok());
}

#[tokio::test]
async fn a_callback_from_another_issuer_is_refused() {
    let world = World::new().await;
    let session = world.session_with(world.oidc_configuration());
    let callback = world.callback(&session, ADA).await;
    let mixed_up = callback.replace("iss=http", "iss=https");
    assert_ne!(mixed_up, callback);
    assert_eq!(
        code_of(public(session.complete_sign_in(&mixed_up).await)),
        "issuer_mismatch"
    );

    let callback = world.callback(&session, ADA).await;
    let mut stripped = Url::parse(&callback).unwrap();
    let kept: Vec<_> = stripped
        .query_pairs()
        .into_owned()
        .filter(|(name, _)| name != "iss")
        .collect();
    stripped.query_pairs_mut().clear().extend_pairs(kept);
    assert_eq!(
        code_of(public(session.complete_sign_in(stripped.as_str()).await)),
        "issuer_mismatch"
    );
}

#[tokio::test]
async fn a_refusal_by_the_issuer_keeps_its_code_and_leaves_the_session_that_was() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let request = session.begin_sign_in(SignInOptions::default()).await.unwrap();
    let state = Url::parse(&request.url)
        .unwrap()
        .query_pairs()
        .find(|(name, _)| name == "state")
        .unwrap()
        .1
        .into_owned();
    let refusal = format!(
        "{}?error=access_denied&error_description=no&state={state}&iss={}",
        crate::world::REDIRECT_URI,
        world.server.issuer()
    );
    assert_eq!(
        code_of(public(session.complete_sign_in(&refusal).await)),
        "access_denied"
    );
    assert!(is_signed_in(&session) && world.stored().is_some());
}

#[tokio::test]
async fn a_second_sign_in_replaces_the_first_and_a_cancelled_one_is_over() {
    let world = World::new().await;
    let session = world.session();
    let first = world.callback(&session, ADA).await;
    let second = world.callback(&session, ADA).await;
    assert_eq!(
        code_of(public(session.complete_sign_in(&first).await)),
        "state_mismatch"
    );
    session.cancel_sign_in();
    assert_eq!(
        public(session.complete_sign_in(&second).await),
        SessionError::SignInCancelled
    );
    assert!(world.stored().is_none());
}

#[tokio::test]
async fn a_sign_in_survives_no_restart() {
    let world = World::new().await;
    let callback = world.callback(&world.session(), ADA).await;
    assert_eq!(
        code_of(public(world.session().complete_sign_in(&callback).await)),
        "no_sign_in_in_progress"
    );
}

#[tokio::test]
async fn passing_trouble_leaves_the_sign_in_in_progress() {
    let world = World::new().await;
    let session = world.session();
    let callback = world.callback(&session, ADA).await;
    world.control().fault(Endpoint::Jwks, Fault::status(503));
    assert!(matches!(
        public(session.complete_sign_in(&callback).await),
        SessionError::RetryLater {
            reason: RetryReason::ServerFault,
            ..
        }
    ));
    world.control().fault(Endpoint::Token, Fault::status(503));
    assert!(matches!(
        public(session.complete_sign_in(&callback).await),
        SessionError::RetryLater { .. }
    ));
    assert!(session.complete_sign_in(&callback).await.is_ok());
    assert_eq!(world.control().counters().code_grants_honoured, 1);
}

/// A code can be used once. If a step after the exchange fails temporarily, the answer is still there.
#[tokio::test]
async fn a_code_already_exchanged_is_not_sent_again() {
    let world = World::new().await;
    let session = world.signed_in().await;
    world.clock.advance(61);
    world
        .control()
        .rotate_keys(pilotlight_identity_server::OldKeys::Withdraw);
    let callback = world.callback(&session, ADA).await;
    world.control().fault(Endpoint::Jwks, Fault::reset());
    assert!(matches!(
        public(session.complete_sign_in(&callback).await),
        SessionError::RetryLater { .. }
    ));
    assert!(session.complete_sign_in(&callback).await.is_ok());
    let counters = world.control().counters();
    assert_eq!((counters.code_grants_honoured, counters.codes_reused), (2, 0));
}

#[tokio::test]
async fn a_callback_delivered_twice_at_once_sends_its_code_once() {
    let world = World::new().await;
    let session = world.session();
    let callback = world.callback(&session, ADA).await;
    let (first, second) = tokio::join!(session.complete_sign_in(&callback), session.complete_sign_in(&callback));
    assert!(first.is_ok());
    assert_eq!(code_of(public(second)), "no_sign_in_in_progress");
    assert!(is_signed_in(&session));
    let counters = world.control().counters();
    assert_eq!((counters.code_grants_honoured, counters.codes_reused), (1, 0));
}

#[tokio::test]
async fn a_code_that_the_issuer_refuses_ends_the_attempt() {
    let world = World::new().await;
    let session = world.session();
    let callback = world.callback(&session, ADA).await;
    world.control().fault(
        Endpoint::Token,
        Fault::oauth_error(403, "invalid_grant", "Invalid authorization code"),
    );
    assert_eq!(
        code_of(public(session.complete_sign_in(&callback).await)),
        "invalid_grant"
    );
    assert_eq!(
        code_of(public(session.complete_sign_in(&callback).await)),
        "no_sign_in_in_progress"
    );
}

#[tokio::test]
async fn cancelling_during_the_exchange_drops_and_revokes_what_it_brings() {
    let world = World::new().await;
    let session = world.session();
    let callback = world.callback(&session, ADA).await;
    world.control().fault(Endpoint::Token, Fault::hold());
    let completing = tokio::spawn({
        let session = session.clone();
        async move { session.complete_sign_in(&callback).await }
    });
    world.control().wait_for_held(Endpoint::Token, 1).await;
    session.cancel_sign_in();
    world.control().release(Endpoint::Token);
    assert_eq!(completing.await.unwrap(), Err(Error::SignInCancelled));
    assert!(world.stored().is_none() && !is_signed_in(&session));
    assert_eq!(world.control().counters().families_revoked, 1);
}
