//! The issuer determines when the session ends: `session_expiry` in the ID token (IPSIE SL1 OpenID Connect Profile,
//! 3.2).

use pilotlight_core::adapters::system::SystemClock;
use pilotlight_core::ports::Clock;
use pilotlight_core::session::SessionManager;
use pilotlight_identity_server::{Endpoint, Fault, IdTokenFault};
use serde_json::{Value, json};

use super::{DAY, ENDED, HOUR, IDLE, assert_over, limited, restored, seconds};
use crate::world::{ADA, World, at_least, forced, is_signed_in};

/// Each answer of the token endpoint contains that value, until the next call.
fn says(world: &World, expiry: &Value) {
    world.control().clear_faults(Endpoint::Token);
    let fault = IdTokenFault::new().claim("session_expiry", expiry.clone());
    world
        .control()
        .fault(Endpoint::Token, Fault::id_token(fault).for_ever());
}

/// By the issuer's clock.
fn in_seconds(seconds: i64) -> Value {
    json!(SystemClock.now().wall.0 + seconds)
}

async fn signed_in_until(world: &World, expiry: &Value) -> SessionManager {
    says(world, expiry);
    super::signed_in(world, &limited(world, None, None)).await
}

#[tokio::test]
async fn a_session_ends_when_its_issuer_says_so() {
    // The device's clock may be wrong: the remaining time counts.
    for wrong in [0, -10 * 365 * DAY, 10 * 365 * DAY] {
        let world = World::new().await;
        world.clock.set_wall(wrong);
        let session = signed_in_until(&world, &in_seconds(2 * HOUR)).await;
        world.clock.advance(2 * HOUR - 60);
        assert!(is_signed_in(&session) && session.access_token(at_least(0)).await.is_ok());
        let restarted = restored(&world, &limited(&world, None, None)).await;
        assert!(is_signed_in(&restarted), "{wrong}");
        world.clock.advance(61);
        assert_over(&world, &session, ENDED).await;
        assert_over(&world, &restarted, ENDED).await;
    }
}

#[tokio::test]
async fn what_the_issuer_said_last_counts() {
    let world = World::new().await;
    let session = signed_in_until(&world, &in_seconds(2 * HOUR)).await;
    world.clock.advance(HOUR);
    // A later end.
    says(&world, &in_seconds(3 * HOUR));
    session.access_token(forced()).await.unwrap();
    world.clock.advance(2 * HOUR);
    assert!(is_signed_in(&session));
    // No claim: the end stays.
    world.control().clear_faults(Endpoint::Token);
    session.access_token(forced()).await.unwrap();
    let restarted = restored(&world, &limited(&world, None, None)).await;
    world.clock.advance(HOUR - 60);
    assert!(is_signed_in(&session) && is_signed_in(&restarted));
    // An earlier end.
    says(&world, &in_seconds(10));
    session.access_token(forced()).await.unwrap();
    world.clock.advance(11);
    assert_over(&world, &session, ENDED).await;
    world.clock.advance(50);
    assert_over(&world, &restarted, ENDED).await;
    world.control().clear_faults(Endpoint::Token);
    world.sign_in(&session, ADA).await;
    world.clock.advance(30 * DAY);
    assert!(session.access_token(forced()).await.is_ok(), "a sign-in begins anew");
}

#[tokio::test]
async fn the_first_of_all_ends_counts() {
    for (absolute, idle, expiry, end, reason) in [
        (8 * HOUR, 8 * HOUR, 2 * HOUR, 2 * HOUR, ENDED),
        (2 * HOUR, 2 * HOUR, 8 * HOUR, 2 * HOUR, ENDED),
        (8 * HOUR, HOUR, 2 * HOUR, HOUR, IDLE),
    ] {
        let world = World::new().await;
        says(&world, &in_seconds(expiry));
        let session = super::signed_in(&world, &limited(&world, seconds(absolute), seconds(idle))).await;
        world.clock.advance(end - 60);
        assert!(is_signed_in(&session));
        world.clock.advance(61);
        assert_over(&world, &session, reason).await;
    }
}

#[tokio::test]
async fn what_is_no_moment_says_nothing() {
    for wrong in [json!("tomorrow"), json!(true), json!({}), json!([1]), Value::Null] {
        let world = World::new().await;
        let session = signed_in_until(&world, &wrong).await;
        world.clock.advance(30 * DAY);
        assert!(session.access_token(forced()).await.is_ok(), "{wrong}");
        assert!(world.stored().unwrap().get("lifetime").is_none());
    }
    for far in [json!(u64::MAX), json!(1e300)] {
        let world = World::new().await;
        let session = signed_in_until(&world, &far).await;
        world.clock.advance(30 * DAY);
        assert!(session.access_token(forced()).await.is_ok(), "{far}");
    }
}

/// A duration, or a moment that was over when the token was issued: no issuer means that.
#[tokio::test]
async fn an_end_before_the_token_was_issued_is_ignored() {
    for expiry in [json!(3600), json!(0), json!("86400"), json!(-1), json!(1_000_000_000)] {
        let world = World::new().await;
        let session = signed_in_until(&world, &expiry).await;
        assert!(is_signed_in(&session), "{expiry}");
        session.access_token(forced()).await.unwrap();
        assert!(is_signed_in(&session), "{expiry}");
    }
}
