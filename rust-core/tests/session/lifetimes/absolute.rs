//! The limit counted from the sign-in, whatever happens to the session.

use std::time::Duration;

use pilotlight_core::machine::event::SessionEvent;
use pilotlight_core::model::configuration::Configuration;
use pilotlight_core::session::TokenOptions;
use pilotlight_identity_server::{Endpoint, Fault};

use super::{DAY, ENDED, HOUR, api, assert_over, events, limited, restored, seconds, signed_in};
use crate::audiences;
use crate::sharing::shared_world;
use crate::world::{ADA, GRACE, World, at_least, cached, forced, is_signed_in};

#[tokio::test]
async fn a_session_ends_where_the_app_set_it_though_everything_could_be_renewed() {
    let world = World::new().await;
    let session = signed_in(&world, &limited(&world, seconds(8 * HOUR), None)).await;
    for hour in 1..8 {
        world.clock.advance(HOUR - 1);
        assert!(session.access_token(forced()).await.is_ok(), "{hour}");
        world.clock.advance(1);
    }
    world.clock.advance(HOUR - 60);
    assert!(cached(&session).is_some() && is_signed_in(&session));
    world.clock.advance(61);
    assert_over(&world, &session, ENDED).await;
    // Nothing was deleted: the issuer still has to be notified of the sign-out.
    assert!(world.stored().unwrap()["credentials"]["refresh_token"].is_string());
    let _ = session.sign_out().await;
    assert_eq!(world.control().counters().families_revoked, 1);
}

#[tokio::test]
async fn tokens_for_further_audiences_and_id_tokens_end_with_the_session() {
    let world = audiences::world().await;
    let session = signed_in(&world, &limited(&world, seconds(2 * HOUR), None)).await;
    session.access_token_for(&api(), TokenOptions::default()).await.unwrap();
    session.id_token(Duration::ZERO).await.unwrap();
    let given = session.with_cached_access_token_for(&api(), Duration::ZERO, str::to_owned);
    assert!(given.is_some());
    world.clock.advance(2 * HOUR + 1);
    assert_over(&world, &session, ENDED).await;
}

#[tokio::test]
async fn the_profile_stays_for_the_sign_in_screen() {
    let world = World::new().await;
    let session = signed_in(&world, &limited(&world, seconds(HOUR), None)).await;
    let profile = session.profile(true).await.unwrap();
    world.clock.advance(HOUR + 1);
    assert_over(&world, &session, ENDED).await;
    assert_eq!(session.cached_profile().as_deref(), Some(&profile));
}

#[tokio::test]
async fn a_sign_in_begins_anew() {
    for user in [ADA, GRACE] {
        let world = World::new().await;
        let session = signed_in(&world, &limited(&world, seconds(HOUR), None)).await;
        world.clock.advance(HOUR + 1);
        assert_over(&world, &session, ENDED).await;
        let mut reports = session.subscribe();
        world.sign_in(&session, user).await;
        world.clock.advance(HOUR - 60);
        assert!(is_signed_in(&session) && session.access_token(at_least(0)).await.is_ok());
        let happened = events(&mut reports);
        assert!(matches!(happened[..], [SessionEvent::SignedIn { .. }]), "{happened:?}");
        world.clock.advance(61);
        assert_over(&world, &session, ENDED).await;
    }
}

#[tokio::test]
async fn the_end_is_announced_once_and_a_session_that_goes_on_as_restored() {
    let world = World::new().await;
    let configuration = limited(&world, seconds(HOUR), None);
    let session = signed_in(&world, &configuration).await;
    let mut reports = session.subscribe();
    world.clock.advance(HOUR + 1);
    for _ in 0..3 {
        assert!(session.access_token(at_least(0)).await.is_err());
    }
    assert_eq!(events(&mut reports), [SessionEvent::Ended { reason: ENDED }]);
    // A clock that was wrong at a launch does not cost a session.
    let world = World::new().await;
    signed_in(&world, &configuration).await;
    world.clock.set_wall(DAY);
    let session = world.session_with(configuration);
    let mut reports = session.subscribe();
    session.restore().await.unwrap();
    assert!(!is_signed_in(&session));
    world.clock.set_wall(60);
    assert!(session.access_token(at_least(0)).await.is_ok());
    let happened = events(&mut reports);
    assert!(
        matches!(
            happened[..],
            [
                SessionEvent::Restored { .. },
                SessionEvent::Ended { reason: ENDED },
                SessionEvent::Restored { .. },
            ]
        ),
        "{happened:?}"
    );
}

#[tokio::test]
async fn a_clock_that_is_set_lengthens_no_session() {
    for set in [-10 * 365 * DAY, -DAY, -1] {
        for restarts in [false, true] {
            let world = World::new().await;
            let configuration = limited(&world, seconds(8 * HOUR), None);
            let mut session = signed_in(&world, &configuration).await;
            world.clock.advance(5 * HOUR);
            session.access_token(forced()).await.unwrap();
            world.clock.set_wall(set);
            if restarts {
                session = restored(&world, &configuration).await;
            }
            assert!(is_signed_in(&session), "{set}");
            world.clock.advance(3 * HOUR - 60);
            assert!(is_signed_in(&session), "{set}");
            world.clock.advance(61);
            assert_over(&world, &session, ENDED).await;
        }
    }
}

/// The device's clock was corrected after the sign-in: promise 8.
#[tokio::test]
async fn a_clock_that_is_set_forward_ends_no_session_of_this_process() {
    for set in [60, DAY, 10 * 365 * DAY] {
        let world = World::new().await;
        let configuration = limited(&world, seconds(8 * HOUR), None);
        let session = signed_in(&world, &configuration).await;
        world.clock.set_wall(set);
        assert!(is_signed_in(&session));
        assert!(session.access_token(forced()).await.is_ok(), "{set}");
        // The item written since then contains the session's age by the correct clock.
        let restarted = restored(&world, &configuration).await;
        assert!(is_signed_in(&restarted), "{set}");
        world.clock.advance(8 * HOUR + 1);
        assert_over(&world, &session, ENDED).await;
        assert_over(&world, &restarted, ENDED).await;
    }
}

#[tokio::test]
async fn after_a_restart_the_session_is_as_old_as_before() {
    let world = World::new().await;
    let configuration = limited(&world, seconds(8 * HOUR), None);
    signed_in(&world, &configuration).await;
    for _ in 0..7 {
        world.clock.advance(HOUR);
        let session = restored(&world, &configuration).await;
        assert!(session.access_token(forced()).await.is_ok());
    }
    world.clock.advance(HOUR + 1);
    assert_over(&world, &restored(&world, &configuration).await, ENDED).await;
}

#[tokio::test]
async fn processes_that_share_the_session_agree() {
    let (world, _folder) = shared_world().await;
    let configuration = limited(&world, seconds(8 * HOUR), None);
    let app = signed_in(&world, &configuration).await;
    world.clock.advance(4 * HOUR);
    let widget = restored(&world, &configuration).await;
    widget.access_token(forced()).await.unwrap();
    assert!(app.access_token(at_least(60)).await.is_ok());
    world.clock.advance(4 * HOUR + 1);
    assert_over(&world, &app, ENDED).await;
    assert_over(&world, &widget, ENDED).await;
    world.sign_in(&widget, ADA).await;
    assert!(
        app.access_token(at_least(60)).await.is_ok(),
        "the other process's sign-in is another session"
    );
}

#[tokio::test]
async fn a_limit_that_an_update_of_the_app_brings_counts_from_what_is_known() {
    let world = World::new().await;
    signed_in(&world, &limited(&world, None, None)).await;
    assert!(
        world.stored().unwrap().get("lifetime").is_none(),
        "it costs nothing where it is off"
    );
    let configuration = limited(&world, seconds(8 * HOUR), None);
    world.clock.advance(4 * HOUR);
    let session = restored(&world, &configuration).await;
    session.access_token(forced()).await.unwrap();
    let age = world.stored().unwrap()["lifetime"]["age_seconds"].as_i64().unwrap();
    // The real time that the test takes counts too.
    assert!((4 * HOUR..4 * HOUR + 60).contains(&age), "{age}");
    world.clock.advance(4 * HOUR + 1);
    assert_over(&world, &session, ENDED).await;
    // An app without the limit does not change the age.
    let free = restored(&world, &limited(&world, None, None)).await;
    assert!(free.access_token(forced()).await.is_ok());
    assert_over(&world, &restored(&world, &configuration).await, ENDED).await;
}

#[tokio::test]
async fn a_launch_with_a_clock_that_is_years_behind_ends_no_later_one() {
    let world = World::new().await;
    let configuration = limited(&world, seconds(30 * DAY), None);
    drop(signed_in(&world, &configuration).await);
    world.clock.set_wall(-730 * DAY);
    let session = restored(&world, &configuration).await;
    session.access_token(forced()).await.unwrap();
    drop(session);
    world.clock.set_wall(60);
    let session = restored(&world, &configuration).await;
    session.access_token(forced()).await.unwrap();
    // From there on it counts as ever.
    world.clock.advance(30 * DAY);
    assert_over(&world, &restored(&world, &configuration).await, ENDED).await;
}

#[tokio::test]
async fn nor_a_process_that_runs_all_the_while() {
    let (world, _folder) = shared_world().await;
    let configuration = limited(&world, seconds(30 * DAY), None);
    let app = signed_in(&world, &configuration).await;
    world.clock.set_wall(-730 * DAY);
    let extension = restored(&world, &configuration).await;
    extension.access_token(forced()).await.unwrap();
    app.restore().await.unwrap();
    world.clock.set_wall(60);
    app.access_token(forced()).await.unwrap();
    assert!(is_signed_in(&app) && is_signed_in(&restored(&world, &configuration).await));
}

/// A renewal is in flight when the session ends: its tokens are stored, but not given out.
#[tokio::test]
async fn an_answer_that_comes_after_the_end_is_given_to_nobody() {
    let world = World::new().await;
    let session = signed_in(&world, &limited(&world, seconds(HOUR), None)).await;
    let before = world.stored_refresh_token();
    world.control().fault(Endpoint::Token, Fault::hold());
    let ending = async {
        world.control().wait_for_held(Endpoint::Token, 1).await;
        world.clock.advance(HOUR + 1);
        world.control().release(Endpoint::Token);
    };
    let (token, ()) = tokio::join!(session.access_token(forced()), ending);
    assert!(token.is_err());
    assert_over(&world, &session, ENDED).await;
    assert_ne!(world.stored_refresh_token(), before, "the newest one can be revoked");
}

#[tokio::test]
async fn limits_that_make_no_sense_are_refused() {
    let world = World::new().await;
    let parse = |absolute, idle| {
        let parsed = Configuration::parse(limited(&world, absolute, idle));
        parsed
            .map(drop)
            .map_err(|error| pilotlight_core::machine::error::Error::from(error).to_string())
    };
    for (absolute, idle, words) in [
        (Some(0), None, "is zero"),
        (None, Some(0), "is zero"),
        (Some(60), Some(61), "61 s, which is longer than the 60 s"),
    ] {
        let problem = parse(absolute, idle).unwrap_err();
        assert!(problem.contains("lifetime") && problem.contains(words), "{problem}");
    }
    for (absolute, idle) in [(None, None), (Some(60), Some(60)), (Some(u64::MAX), Some(u64::MAX))] {
        parse(absolute, idle).unwrap();
    }
}
