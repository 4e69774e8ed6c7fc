//! Access tokens: from memory without any I/O, and renewed once for any number of callers.

use std::collections::HashMap;
use std::time::Duration;

use pilotlight_core::ffi::{SessionError, SignInReason};
use pilotlight_core::model::secret::Secret;
use pilotlight_core::model::state::SessionState;
use pilotlight_core::session::RefreshOptions;
use pilotlight_identity_server::{Endpoint, Fault, Options};
use serde_json::json;

use crate::world::{World, assert_renews, at_least, cached, forced, is_signed_in, public};

#[tokio::test]
async fn a_valid_token_costs_no_store_and_no_network() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let (store_before, requests_before) = (world.store.counts(), world.control().requests().len());
    for _ in 0..100 {
        assert!(cached(&session).is_some());
        assert_eq!(
            Some(session.access_token(at_least(60)).await.unwrap().expose()),
            cached(&session).as_deref()
        );
        assert!(session.has_valid_session(Duration::ZERO));
    }
    assert_eq!(world.store.counts(), store_before);
    assert_eq!(world.control().requests().len(), requests_before);
}

/// The profile is being written, slowly; the token does not depend on that.
#[tokio::test]
async fn a_valid_token_does_not_wait_for_a_write_of_something_else() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let (writes, gate) = (world.store.counts().1, world.store.gate.lock().await);
    let fetching = tokio::spawn({
        let session = session.clone();
        async move { session.profile(true).await }
    });
    world.store.wait_for_write(writes).await;
    assert!(cached(&session).is_some());
    assert!(session.access_token(at_least(60)).await.is_ok());
    drop(gate);
    fetching.await.unwrap().unwrap();
    assert_eq!(world.stored().unwrap()["profile"]["email"], crate::world::ADA);
}

#[tokio::test]
async fn an_expired_token_is_renewed_and_the_rotated_refresh_token_is_stored_with_one_write_after_one_that_proves() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let (token, refresh_token) = (cached(&session).unwrap(), world.stored_refresh_token());
    let (reads, writes) = world.store.counts();
    world.clock.advance(86_400);
    assert_eq!(cached(&session), None);
    let renewed = session.access_token(at_least(0)).await.unwrap();
    assert_ne!(renewed.expose(), token);
    assert_ne!(world.stored_refresh_token(), refresh_token);
    assert_eq!(world.store.counts(), (reads, writes + 2));
}

/// An API refused the token, and another caller has renewed since.
#[tokio::test]
async fn a_refused_token_is_replaced_by_what_another_renewal_brought_and_else_by_one_renewal() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let refused = Secret::new(cached(&session).unwrap());
    let renewed = session.access_token(forced()).await.unwrap();
    let other_than = |refused: &Secret| {
        let (session, refused) = (session.clone(), refused.clone());
        async move { session.access_token_other_than(refused, None, Duration::ZERO).await }
    };
    assert_eq!(other_than(&refused).await.unwrap(), renewed);
    assert_eq!(world.control().counters().refresh_grants, 1);

    let callers: Vec<_> = (0..20).map(|_| tokio::spawn(other_than(&renewed))).collect();
    for caller in callers {
        assert_ne!(caller.await.unwrap().unwrap(), renewed);
    }
    assert_eq!(world.control().counters().refresh_grants, 2);
    let too_long = Duration::from_secs(1_000_000);
    assert!(matches!(
        public(session.access_token_other_than(renewed, None, too_long).await),
        SessionError::FixArgument { argument, .. } if argument == "min_ttl"
    ));
}

#[tokio::test]
async fn without_rotation_the_refresh_token_is_kept() {
    let world = World::with(Options::default().with(|s| s.rotation = false)).await;
    let session = world.signed_in().await;
    let refresh_token = world.stored_refresh_token();
    assert_renews(&session).await;
    assert_renews(&session).await;
    assert_eq!(world.stored_refresh_token(), refresh_token);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_callers_of_an_expired_token_make_one_request() {
    let world = World::new().await;
    let session = world.signed_in().await;
    world.clock.advance(86_400);
    let callers: Vec<_> = (0..1000)
        .map(|_| {
            let session = session.clone();
            tokio::spawn(async move { session.access_token(at_least(30)).await.unwrap().expose().to_owned() })
        })
        .collect();
    let mut tokens = Vec::new();
    for caller in callers {
        tokens.push(caller.await.unwrap());
    }
    tokens.dedup();
    assert_eq!(tokens.len(), 1);
    assert_eq!(world.refresh_grants(), 1);
}

#[tokio::test]
async fn callers_who_force_a_renewal_together_share_one() {
    let world = World::new().await;
    let session = world.signed_in().await;
    world.control().fault(Endpoint::Token, Fault::hold());
    let callers: Vec<_> = (0..50)
        .map(|_| {
            let session = session.clone();
            tokio::spawn(async move { session.access_token(forced()).await.unwrap() })
        })
        .collect();
    world.control().wait_for_held(Endpoint::Token, 1).await;
    world.control().release(Endpoint::Token);
    for caller in callers {
        caller.await.unwrap();
    }
    assert_eq!(world.refresh_grants(), 1);
}

/// The renewal belongs to the session and not to the caller: on a server that rotates, an answer that nobody receives
/// would end the session.
#[tokio::test]
async fn a_renewal_goes_on_when_its_caller_goes_away() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let refresh_token = world.stored_refresh_token();
    world.control().fault(Endpoint::Token, Fault::hold());
    let caller = tokio::spawn({
        let session = session.clone();
        async move { session.access_token(forced()).await }
    });
    world.control().wait_for_held(Endpoint::Token, 1).await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    world.control().release(Endpoint::Token);
    // A caller that asks now joins it.
    session.access_token(forced()).await.unwrap();
    assert_ne!(world.stored_refresh_token(), refresh_token);
    assert_renews(&session).await;
    assert_eq!(world.control().counters().spent_refresh_tokens_presented, 0);
}

#[tokio::test]
async fn scope_and_parameters_go_along_with_a_renewal() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let parameters = HashMap::from([("resource".to_owned(), "urn:x".to_owned())]);
    let options = RefreshOptions::parse(vec!["openid".to_owned()], parameters).unwrap();
    session.refresh(options).await.unwrap();
    assert_eq!(world.stored().unwrap()["credentials"]["scope"], "openid");
    assert!(RefreshOptions::parse(vec!["a b".to_owned()], HashMap::new()).is_err());
    let reserved = HashMap::from([("grant_type".to_owned(), "password".to_owned())]);
    assert!(matches!(
        public(RefreshOptions::parse(Vec::new(), reserved)),
        SessionError::FixArgument { argument, .. } if argument == "parameters"
    ));
}

#[tokio::test]
async fn a_min_ttl_that_no_token_reaches_is_an_argument_to_fix_and_not_a_storm() {
    let world = World::with(Options::default().with(|s| s.access_token_lifetime = 600)).await;
    let session = world.signed_in().await;
    for _ in 0..3 {
        assert!(matches!(
            public(session.access_token(at_least(601)).await),
            SessionError::FixArgument { argument, .. } if argument == "min_ttl"
        ));
    }
    // The last token may have been an exception.
    assert_eq!(world.refresh_grants(), 1);
    // The issuer may have changed its policy since: a renewal that was due anyway is kept and stored before the policy
    // is checked.
    let options = pilotlight_core::session::TokenOptions {
        force_refresh: true,
        ..at_least(601)
    };
    let refresh_token = world.stored_refresh_token();
    assert!(matches!(
        public(session.access_token(options).await),
        SessionError::FixArgument { .. }
    ));
    assert_ne!(world.stored_refresh_token(), refresh_token);
    assert!(session.access_token(at_least(500)).await.is_ok());
}

#[tokio::test]
async fn without_a_refresh_token_the_end_of_the_access_token_asks_for_the_user() {
    let world = World::new().await;
    let mut configuration = world.configuration();
    configuration.scopes.retain(|scope| scope != "offline_access");
    let session = world.session_with(configuration);
    world.sign_in(&session, crate::world::ADA).await;
    assert!(is_signed_in(&session) && session.has_valid_session(Duration::ZERO));
    world.clock.advance(86_400);
    assert!(!session.has_valid_session(Duration::ZERO));
    let error = public(session.access_token(at_least(0)).await);
    assert!(matches!(
        error,
        SessionError::SignIn {
            reason: SignInReason::NoRefreshToken,
            ..
        }
    ));
    assert!(matches!(
        session.state(),
        Some(SessionState::ReauthenticationRequired { .. })
    ));
    assert!(world.stored().is_some());
}

#[tokio::test]
async fn answers_that_are_not_quite_by_the_book_still_renew() {
    let world = World::new().await;
    let session = world.signed_in().await;
    for answer in [
        Fault::answer_without(&["expires_in"]),
        Fault::answer(json!({"expires_in": "3600"})),
        Fault::answer(json!({"expires_in": 3600.5})),
        Fault::answer(json!({"expires_in": " 3600.5 "})),
        Fault::answer(json!({"expires_in": u64::MAX})),
        Fault::answer(json!({"expires_in": [1]})),
        Fault::answer(json!({"token_type": "bearer"})),
        Fault::answer_without(&["token_type"]),
        Fault::answer_without(&["id_token"]),
        Fault::answer_without(&["scope"]),
        Fault::answer(json!({"unknown": {"nested": true}})),
    ] {
        world.control().fault(Endpoint::Token, answer);
        assert_renews(&session).await;
        assert!(cached(&session).is_some());
    }
    world
        .control()
        .fault(Endpoint::Token, Fault::answer(json!({"expires_in": 0})));
    assert_renews(&session).await;
    assert_eq!(cached(&session), None, "a token that lives 0 s is not kept as valid");
    assert_renews(&session).await;
}

/// RFC 6749 5.1: the scope is left out if it is the requested one.
#[tokio::test]
async fn the_stored_scope_is_that_of_the_token() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let narrow = |scope: &str| RefreshOptions {
        scopes: vec![scope.to_owned()],
        parameters: Vec::new(),
    };
    let stored = || world.stored().unwrap()["credentials"]["scope"].clone();
    world
        .control()
        .fault(Endpoint::Token, Fault::answer_without(&["scope"]));
    session.refresh(narrow("openid")).await.unwrap();
    assert_eq!(stored(), "openid");
    world
        .control()
        .fault(Endpoint::Token, Fault::answer(json!({ "scope": "openid profile" })));
    session.refresh(narrow("openid")).await.unwrap();
    assert_eq!(stored(), "openid profile");
}

/// The session holds no lock while a caller's closure runs.
#[tokio::test]
async fn a_closure_that_gets_the_token_may_call_the_session() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let nested = tokio::task::spawn_blocking(move || {
        session.with_cached_access_token(Duration::ZERO, |outer| {
            assert!(session.has_refresh_token() && is_signed_in(&session));
            session.with_cached_access_token(Duration::ZERO, |inner| inner == outer)
        })
    });
    let nested = tokio::time::timeout(Duration::from_secs(30), nested).await;
    assert_eq!(nested.expect("it waits for itself").unwrap(), Some(Some(true)));
}
