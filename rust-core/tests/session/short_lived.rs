//! Tokens with a shorter lifetime than a caller wants: `minTTL` is checked after the renewal, never before, with one
//! renewal at a time.

use std::time::Duration;

use pilotlight_core::ffi::{SessionError, SignInReason};
use pilotlight_core::session::{SessionManager, TokenOptions};
use pilotlight_identity_server::{Endpoint, Fault, Options};
use serde_json::json;

use crate::audiences;
use crate::world::{ADA, World, assert_renews, at_least, cached, forced, public};

/// Keycloak shortens their lifetime near the end of its session.
async fn after_a_short_lived_answer() -> (World, SessionManager) {
    let world = World::new().await;
    let session = world.signed_in().await;
    let answer = Fault::answer(json!({ "expires_in": 20 }));
    world.control().fault(Endpoint::Token, answer);
    assert_renews(&session).await;
    (world, session)
}

fn is_min_ttl(error: &SessionError) -> bool {
    matches!(error, SessionError::FixArgument { argument, .. } if argument == "min_ttl")
}

#[tokio::test]
async fn one_short_lived_answer_does_not_stop_renewals() {
    for passed in [0, 5, 19, 21, 86_400] {
        for min_ttl in [30, 3600] {
            let (world, session) = after_a_short_lived_answer().await;
            world.clock.advance(passed);
            let token = session.access_token(at_least(min_ttl)).await.unwrap();
            assert_eq!(Some(token.expose()), cached(&session).as_deref());
            assert_eq!(world.refresh_grants(), 2, "{passed} {min_ttl}");
            let restarted = world.session();
            restarted.restore().await.unwrap();
            assert!(restarted.access_token(at_least(min_ttl)).await.is_ok());
            assert_eq!(world.refresh_grants(), 2);
        }
    }
}

#[tokio::test]
async fn nor_does_it_hide_that_the_session_has_ended() {
    let (world, session) = after_a_short_lived_answer().await;
    world.control().revoke_user(ADA);
    world.clock.advance(24 * 3600);
    let restarted = world.session();
    restarted.restore().await.unwrap();
    for session in [session, restarted] {
        let error = public(session.access_token(at_least(30)).await);
        let rejected = SignInReason::RefreshTokenRejected;
        assert!(
            matches!(&error, SessionError::SignIn { reason, .. } if *reason == rejected),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn the_same_for_a_further_audience() {
    let world = audiences::world().await;
    let session = world.signed_in().await;
    let audience = audiences::api();
    let short = || Fault::answer(json!({ "expires_in": 20 }));
    world.control().fault(Endpoint::Token, short());
    session.access_token_for(&audience, at_least(0)).await.unwrap();
    world.clock.advance(21);
    session.access_token_for(&audience, at_least(30)).await.unwrap();
    world.control().fault(Endpoint::Token, short().for_ever());
    world.clock.advance(86_400);
    for _ in 0..20 {
        assert!(is_min_ttl(&public(
            session.access_token_for(&audience, at_least(30)).await
        )));
    }
    assert_eq!(world.refresh_grants(), 3);
}

#[tokio::test]
async fn a_min_ttl_that_no_token_reaches_is_reported_after_one_renewal_and_not_at_the_cost_of_one_a_call() {
    let world = World::with(Options::default().with(|s| s.access_token_lifetime = 20)).await;
    let session = world.signed_in().await;
    for _ in 0..20 {
        assert!(is_min_ttl(&public(session.access_token(at_least(30)).await)));
    }
    assert_eq!(world.refresh_grants(), 1);
    // A caller that asks for less is not affected, before and after the token has expired.
    assert!(session.access_token(at_least(10)).await.is_ok());
    world.clock.advance(21);
    assert!(session.access_token(at_least(10)).await.is_ok());
    assert_eq!(world.refresh_grants(), 2);
    // Later it is tried again, because the issuer's settings may have changed.
    world.control().change(|s| s.access_token_lifetime = 3600);
    world.cooldown();
    assert!(session.access_token(at_least(30)).await.is_ok());
}

/// 300 seconds are Keycloak's default, and the assumed value if an issuer names none.
#[tokio::test]
async fn a_min_ttl_of_what_tokens_live_is_granted_and_does_not_renew_at_every_call() {
    let world = World::with(Options::default().with(|s| s.access_token_lifetime = 300)).await;
    let session = world.signed_in().await;
    for _ in 0..20 {
        session.access_token(at_least(300)).await.unwrap();
    }
    assert_eq!(world.refresh_grants(), 1);
}

#[tokio::test]
async fn a_call_sends_one_renewal_at_most() {
    for min_ttl in [0, 299, 300, 301, 3600] {
        let world = World::with(Options::default().with(|s| s.access_token_lifetime = 300)).await;
        let session = world.signed_in().await;
        world.clock.advance(301);
        let options = [at_least(min_ttl), forced()];
        for (call, options) in options.into_iter().enumerate() {
            let _ = session.access_token(options).await;
            assert_eq!(world.refresh_grants(), call as u64 + 1, "{min_ttl}");
        }
    }
}

/// However many ask, with different requirements.
#[tokio::test]
async fn callers_of_one_renewal_get_its_token_each_by_its_own_measure() {
    let world = World::with(Options::default().with(|s| s.access_token_lifetime = 300)).await;
    let session = world.signed_in().await;
    world.clock.advance(301);
    world.control().fault(Endpoint::Token, Fault::hold());
    let callers: Vec<_> = [0_u64, 100, 299, 300, 301, 3600]
        .into_iter()
        .map(|min_ttl| {
            let session = session.clone();
            (
                min_ttl,
                tokio::spawn(async move { session.access_token(at_least(min_ttl)).await }),
            )
        })
        .collect();
    world.control().wait_for_held(Endpoint::Token, 1).await;
    world.control().release(Endpoint::Token);
    for (min_ttl, caller) in callers {
        match caller.await.unwrap() {
            Ok(_) => assert!(min_ttl <= 300, "{min_ttl}"),
            error => assert!(min_ttl > 300 && is_min_ttl(&public(error)), "{min_ttl}"),
        }
    }
    assert_eq!(world.refresh_grants(), 1);
    assert!(session.has_valid_session(Duration::ZERO));
}

/// Some servers send 0 for a token that they accept for an hour.
#[tokio::test]
async fn a_token_that_lives_no_time_does_not_renew_at_every_call() {
    for expires_in in [
        json!(0),
        json!(-5),
        json!("0"),
        json!("-3600"),
        json!(0.4),
        json!(-1e300),
    ] {
        let world = World::new().await;
        let session = world.signed_in().await;
        world.clock.advance(86_400);
        let answer = Fault::answer(json!({ "expires_in": expires_in }));
        world.control().fault(Endpoint::Token, answer.for_ever());
        let token = session.access_token(TokenOptions::default()).await.unwrap();
        for _ in 0..20 {
            assert_eq!(
                session.access_token(TokenOptions::default()).await.unwrap(),
                token,
                "{expires_in}"
            );
            assert!(
                is_min_ttl(&public(session.access_token(at_least(30)).await)),
                "{expires_in}"
            );
        }
        assert_eq!(world.refresh_grants(), 1, "{expires_in}");
        world.clock.advance(31);
        assert_ne!(
            session.access_token(TokenOptions::default()).await.unwrap(),
            token,
            "{expires_in}"
        );
    }
}
