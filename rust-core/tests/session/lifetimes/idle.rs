//! The limit counted from the last use, which is the last token that the app got.

use std::time::Duration;

use pilotlight_core::model::configuration::SessionConfiguration;
use pilotlight_core::session::TokenOptions;
use pilotlight_identity_server::{Endpoint, Fault};

use super::{HOUR, IDLE, api, assert_over, limited, restored, seconds, signed_in};
use crate::audiences;
use crate::sharing::shared_world;
use crate::world::{World, at_least, cached, forced, is_signed_in, until};

const MINUTE: i64 = 60;

fn idle(world: &World) -> SessionConfiguration {
    limited(world, None, seconds(HOUR))
}

#[tokio::test]
async fn each_way_to_a_token_is_a_use() {
    let world = audiences::world().await;
    let session = signed_in(&world, &idle(&world)).await;
    session.access_token_for(&api(), TokenOptions::default()).await.unwrap();
    for way in 0..7 {
        world.clock.advance(HOUR - MINUTE);
        let is_given = match way {
            0 => cached(&session).is_some(),
            1 => session.access_token_lease().is_some(),
            2 => session.access_token(at_least(60)).await.is_ok(),
            3 => session.access_token(forced()).await.is_ok(),
            4 => session
                .with_cached_access_token_for(&api(), Duration::ZERO, str::to_owned)
                .is_some(),
            5 => session.with_cached_id_token(Duration::ZERO, str::to_owned).is_some(),
            _ => session.profile(true).await.is_ok(),
        };
        assert!(is_given, "{way}");
    }
    world.clock.advance(HOUR - MINUTE);
    assert!(is_signed_in(&session));
    // Looking at the session is not a use.
    world.clock.advance(MINUTE + 1);
    assert_over(&world, &session, IDLE).await;
    world.clock.set_wall(0);
    assert_over(&world, &session, IDLE).await;
}

/// An app that asks for a token that is no longer valid, and gets none, does not keep the session alive.
#[tokio::test]
async fn a_token_that_is_not_given_is_no_use() {
    let world = World::new().await;
    world
        .control()
        .change(|settings| settings.access_token_lifetime = 30 * 60);
    let session = signed_in(&world, &idle(&world)).await;
    world.clock.advance(HOUR - MINUTE);
    assert!(is_signed_in(&session));
    assert_eq!((cached(&session), session.access_token_lease()), (None, None));
    world.control().fault(Endpoint::Token, Fault::status(503).for_ever());
    assert!(session.access_token(forced()).await.is_err());
    world.control().clear_faults(Endpoint::Token);
    world.clock.advance(2 * MINUTE);
    assert_over(&world, &session, IDLE).await;
}

#[tokio::test]
async fn the_store_is_given_a_use_now_and_then_only() {
    let world = World::new().await;
    let session = signed_in(&world, &idle(&world)).await;
    let writes = world.store.counts().1;
    for _ in 0..5 {
        world.clock.advance(MINUTE);
        assert!(cached(&session).is_some());
    }
    assert_eq!(world.store.counts().1, writes);
    world.clock.advance(MINUTE);
    assert!(cached(&session).is_some());
    let is_stored = || world.stored().unwrap()["lifetime"]["used_seconds"].as_i64().unwrap() >= 6 * MINUTE;
    until("a tenth of the idle time has passed", is_stored).await;
    assert_eq!(world.store.counts().1, writes + 1);
    // A second makes no difference.
    for _ in 0..1000 {
        assert!(cached(&session).is_some());
    }
    assert_eq!(world.store.counts().1, writes + 1);
}

#[tokio::test]
async fn a_crash_shortens_the_time_by_a_tenth_at_most() {
    let world = World::new().await;
    let session = signed_in(&world, &idle(&world)).await;
    world.clock.advance(5 * MINUTE);
    assert!(cached(&session).is_some());
    world.clock.advance(HOUR - 5 * MINUTE - 10);
    let restarted = restored(&world, &idle(&world)).await;
    assert!(is_signed_in(&restarted) && is_signed_in(&session));
    world.clock.advance(11);
    assert_over(&world, &restarted, IDLE).await;
    assert!(is_signed_in(&session), "this one knows of the use");
}

#[tokio::test]
async fn a_use_that_was_stored_counts_after_a_restart() {
    for set in [0, -24 * HOUR] {
        let world = World::new().await;
        let session = signed_in(&world, &idle(&world)).await;
        world.clock.advance(30 * MINUTE);
        assert!(cached(&session).is_some());
        let used = || world.stored().unwrap()["lifetime"]["used_seconds"].as_i64().unwrap();
        until("the use is stored", || used() >= 30 * MINUTE).await;
        world.clock.advance(50 * MINUTE);
        assert!(is_signed_in(&restored(&world, &idle(&world)).await));
        session.access_token(forced()).await.unwrap();
        until("the use is stored", || used() >= 80 * MINUTE).await;
        // Setting the wall clock does not undo the time that has passed.
        world.clock.set_wall(world.clock.passed() + set);
        let restarted = restored(&world, &idle(&world)).await;
        world.clock.advance(HOUR - MINUTE);
        assert!(is_signed_in(&restarted), "{set}");
        world.clock.advance(2 * MINUTE);
        assert_over(&world, &restarted, IDLE).await;
    }
}

#[tokio::test]
async fn a_use_in_another_process_counts() {
    let (world, _folder) = shared_world().await;
    let app = signed_in(&world, &idle(&world)).await;
    let widget = restored(&world, &idle(&world)).await;
    for _ in 0..3 {
        world.clock.advance(30 * MINUTE);
        let before = world.stored().unwrap();
        assert!(cached(&widget).is_some());
        until("the use is stored", || world.stored().unwrap() != before).await;
    }
    assert!(
        app.access_token(at_least(60)).await.is_ok(),
        "it looks before it gives up"
    );
    world.clock.advance(HOUR + MINUTE);
    assert_over(&world, &app, IDLE).await;
    assert_over(&world, &widget, IDLE).await;
}

#[tokio::test]
async fn the_absolute_lifetime_counts_on_while_the_session_is_used() {
    let world = World::new().await;
    let session = signed_in(&world, &limited(&world, seconds(2 * HOUR), seconds(HOUR))).await;
    for _ in 0..3 {
        world.clock.advance(30 * MINUTE);
        assert!(cached(&session).is_some());
    }
    world.clock.advance(30 * MINUTE + 1);
    assert_over(&world, &session, super::ENDED).await;
}
