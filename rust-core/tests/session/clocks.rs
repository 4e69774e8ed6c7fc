//! Promise 8: a wrong device clock logs nobody out.

use pilotlight_identity_server::{Endpoint, Fault, Options};

use crate::world::{ADA, World, assert_renews, at_least, cached, is_signed_in};

const YEAR: i64 = 365 * 24 * 3600;

#[tokio::test]
async fn a_device_that_is_wrong_by_years_signs_in_and_renews() {
    for wrong in [-30 * YEAR, -YEAR, -7200, 7200, YEAR, 30 * YEAR] {
        let world = World::new().await;
        world.clock.set_wall(wrong);
        let session = world.session();
        world.sign_in(&session, ADA).await;
        assert!(cached(&session).is_some(), "{wrong}");
        assert_renews(&session).await;
    }
}

#[tokio::test]
async fn expiry_counts_from_receipt_on_a_clock_that_is_wrong_but_runs() {
    let world = World::new().await;
    world.clock.set_wall(-10 * YEAR);
    let session = world.session();
    world.sign_in(&session, ADA).await;
    world.clock.advance(86_400 - 60);
    assert!(cached(&session).is_some());
    world.clock.advance(61);
    assert!(cached(&session).is_none());
}

#[tokio::test]
async fn a_clock_that_jumped_means_renewal_and_not_the_end() {
    for jump in [-10 * YEAR, 10 * YEAR] {
        let world = World::new().await;
        let session = world.signed_in().await;
        world.clock.set_wall(jump);
        assert!(cached(&session).is_none(), "{jump}");
        assert!(is_signed_in(&session), "{jump}");
        assert!(session.access_token(at_least(60)).await.is_ok());
        assert_eq!(world.refresh_grants(), 1);
        // Once renewed, the token is valid by the clock as it now is.
        assert!(cached(&session).is_some());
        let restarted = world.session();
        restarted.restore().await.unwrap();
        assert_eq!(cached(&restarted), cached(&session));
    }
}

#[tokio::test]
async fn a_clock_set_back_a_little_does_not_lengthen_a_tokens_life() {
    let world = World::with(Options::default().with(|s| s.access_token_lifetime = 3600)).await;
    let session = world.signed_in().await;
    world.clock.advance(3500);
    world.clock.set_wall(100);
    assert!(cached(&session).is_some());
    world.clock.advance(100);
    assert!(
        cached(&session).is_none(),
        "by the wall clock the token is 200 s old; it is an hour old"
    );
}

#[tokio::test]
async fn a_server_that_sends_a_wrong_date_or_none_is_heard_by_the_devices_clock() {
    let world = World::new().await;
    for fault in [
        Fault::date_shifted(-10 * YEAR),
        Fault::date_shifted(10 * YEAR),
        Fault::no_date(),
    ] {
        world.control().fault(Endpoint::Any, fault.for_ever());
        let session = world.session();
        world.sign_in(&session, ADA).await;
        assert_renews(&session).await;
        world.control().clear_faults(Endpoint::Any);
    }
}
