//! Promise 8: a wrong device clock signs nobody out.

use std::time::Duration;

use pilotlight_core::machine::event::{Report, SessionEvent};
use pilotlight_core::model::time::Timestamp;
use pilotlight_identity_server::{Endpoint, Fault, Options};
use serde_json::json;

use crate::legacy::{ada, older_tenant, opted_in};
use crate::reports::events;
use crate::sharing::app_and_extension;
use crate::world::{ADA, World, assert_renews, at_least, cached, disk_full, forced, is_signed_in};

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
        // Once renewed, the token is valid by the clock's current time.
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

/// The first and the last moment of formats and of types, and a clock before 1970.
#[tokio::test]
async fn a_device_at_the_ends_of_time_signs_in_and_renews() {
    for moment in [
        i64::MIN,
        -1,
        0,
        i64::from(i32::MAX) + 1,
        i64::from(u32::MAX) + 1,
        253_402_300_800, // the year 10000
        i64::MAX,
    ] {
        let world = World::new().await;
        world.clock.set_wall_to(Timestamp(moment));
        let session = world.session();
        world.sign_in(&session, ADA).await;
        assert_renews(&session).await;
        world.clock.set_wall(0);
        let restarted = world.session();
        restarted.restore().await.unwrap();
        assert!(is_signed_in(&restarted), "{moment}");
        assert_renews(&restarted).await;
    }
}

/// A suspended process: the monotonic clock stands still, while the wall clock continues and may be set. The token's
/// lifetime counts from its request, because the answer may have waited the whole time. So this caller gets the token,
/// and the next call renews, unless the token is known to be valid.
#[tokio::test]
async fn the_clock_jumps_while_a_renewal_is_under_way() {
    for jump in [-10 * YEAR, -3600, 3600, 10 * YEAR] {
        let world = World::new().await;
        let session = world.signed_in().await;
        world.control().fault(Endpoint::Token, Fault::hold());
        let renewing = session.access_token(forced());
        let jumping = async {
            world.control().wait_for_held(Endpoint::Token, 1).await;
            world.clock.set_wall(jump);
            world.control().release(Endpoint::Token);
        };
        let (token, ()) = tokio::join!(renewing, jumping);
        let token = token.unwrap();
        let known_to_be_good = (jump == 3600).then_some(token.expose());
        assert_eq!(cached(&session).as_deref(), known_to_be_good, "{jump}: from sending on");
        world.clock.set_wall(0);
        assert!(is_signed_in(&session), "{jump}");
        assert_renews(&session).await;
        let restarted = world.session();
        restarted.restore().await.unwrap();
        assert_eq!(cached(&restarted), cached(&session), "{jump}");
        assert_eq!(world.control().counters().spent_refresh_tokens_presented, 0);
    }
}

#[tokio::test]
async fn a_token_whose_answer_waited_for_two_hours_is_not_good_for_another_hour() {
    for at_sign_in in [true, false] {
        let world = World::with(Options::default().with(|s| s.access_token_lifetime = 3600)).await;
        let session = world.session();
        let callback = world.callback(&session, ADA).await;
        if !at_sign_in {
            session.complete_sign_in(&callback).await.unwrap();
        }
        world.control().fault(Endpoint::Token, Fault::hold().after_processing());
        let asking = async {
            if at_sign_in {
                session.complete_sign_in(&callback).await.map(drop)
            } else {
                session.access_token(forced()).await.map(drop)
            }
        };
        let sleeping = async {
            world.control().wait_for_held(Endpoint::Token, 1).await;
            world.clock.set_wall(2 * 3600);
            world.control().release(Endpoint::Token);
        };
        tokio::join!(asking, sleeping).0.unwrap();
        assert_eq!(cached(&session), None, "the issuer gave it an hour, two hours ago");
        assert!(is_signed_in(&session));
        assert!(session.access_token(at_least(60)).await.is_ok());
        assert!(cached(&session).is_some());
    }
}

/// Nobody can renew it, and the issuer's statement stays the last one.
#[tokio::test]
async fn a_clock_that_is_set_back_ends_no_session_that_has_no_refresh_token() {
    for (set_back, restarts) in [
        (2, false),
        (3600, false),
        (10 * YEAR, false),
        (2, true),
        (10 * YEAR, true),
    ] {
        let world = World::new().await;
        let mut configuration = world.configuration();
        configuration.scopes.retain(|scope| scope != "offline_access");
        let mut session = world.session_with(configuration.clone());
        world.sign_in(&session, ADA).await;
        let token = cached(&session);
        let mut reports = session.subscribe();
        world.clock.set_wall(-set_back);
        if restarts {
            session = world.session_with(configuration);
            session.restore().await.unwrap();
            reports = session.subscribe();
        }
        assert_eq!(
            Some(session.access_token(at_least(60)).await.unwrap().expose()),
            token.as_deref()
        );
        assert_eq!(cached(&session), token);
        assert!(is_signed_in(&session) && session.has_valid_session(Duration::ZERO));
        while let Ok(report) = reports.try_recv() {
            assert!(
                !matches!(report, Report::Event(SessionEvent::Ended { .. })),
                "{set_back}"
            );
        }
        if !restarts {
            // The other clock continues.
            world.clock.advance(86_400);
            assert_eq!(cached(&session), None);
        }
    }
}

/// The process that got its token knows better; after a restart the session comes back with the right clock.
#[tokio::test]
async fn a_clock_that_is_set_forward_ends_no_session_that_has_no_refresh_token() {
    let world = World::new().await;
    let mut configuration = world.configuration();
    configuration.scopes.retain(|scope| scope != "offline_access");
    let session = world.session_with(configuration.clone());
    world.sign_in(&session, ADA).await;
    let mut announced = events(&session);
    world.clock.set_wall(10 * YEAR);
    session.restore().await.unwrap();
    assert!(is_signed_in(&session) && session.has_valid_session(Duration::ZERO));
    session.access_token(at_least(60)).await.unwrap();
    assert!(cached(&session).is_some());
    assert_eq!(announced.announced(), [""; 0]);

    world.clock.set_wall(0);
    let restarted = world.session_with(configuration);
    restarted.restore().await.unwrap();
    let mut announced = events(&restarted);
    for (clock, event) in [(10 * YEAR, "ended: NoRefreshToken"), (0, "auth0|ada restored")] {
        world.clock.set_wall(clock);
        restarted.restore().await.unwrap();
        assert_eq!(is_signed_in(&restarted), clock == 0);
        assert_eq!(announced.announced(), [event]);
    }
    // By the other clock it ends as ever.
    world.clock.advance(86_400);
    session.restore().await.unwrap();
    assert!(!is_signed_in(&session));
}

#[tokio::test]
async fn nor_one_that_lives_by_its_id_token() {
    let world = older_tenant(|_| {}).await;
    let mut configuration = opted_in(&world);
    configuration.scopes.retain(|scope| scope != "offline_access");
    let session = world.session_with(configuration);
    session.sign_in_with_password(ada()).await.unwrap();
    world.clock.set_wall(10 * YEAR);
    session.id_token(Duration::ZERO).await.unwrap();
    assert!(is_signed_in(&session));
    assert_eq!(world.control().seen(Endpoint::Delegation), 0);
}

#[tokio::test]
async fn a_token_that_expired_while_the_process_was_suspended_is_renewed() {
    let world = World::with(Options::default().with(|s| s.access_token_lifetime = 3600)).await;
    let session = world.signed_in().await;
    world.clock.set_wall(2 * 24 * 3600);
    assert_eq!(cached(&session), None);
    assert!(session.access_token(at_least(0)).await.is_ok());
    assert_eq!(world.refresh_grants(), 1);
}

/// `expires_in` in the forms that servers send, and for how many seconds the token is then considered valid.
#[tokio::test]
async fn every_form_of_expires_in() {
    const UNKNOWN: u64 = 300;
    const LONGEST: u64 = 10 * 365 * 24 * 3600;
    let world = World::new().await;
    let session = world.signed_in().await;
    for (sent, kept) in [
        (None, UNKNOWN),
        (Some(json!(null)), UNKNOWN),
        (Some(json!(0)), 0),
        (Some(json!(-1)), 0),
        (Some(json!(i64::MIN)), 0),
        (Some(json!(3600)), 3600),
        (Some(json!(3600.9)), 3600),
        (Some(json!(-0.5)), 0),
        (Some(json!(1e300)), LONGEST),
        (Some(json!(u64::MAX)), LONGEST),
        (Some(json!("3600")), 3600),
        (Some(json!(" 3600 ")), 3600),
        (Some(json!("3600.9")), 3600),
        (Some(json!("-1")), 0),
        (Some(json!("1e300")), LONGEST),
        (Some(json!("99999999999999999999")), LONGEST),
        (Some(json!("")), UNKNOWN),
        (Some(json!("soon")), UNKNOWN),
        (Some(json!("2026-01-01T00:00:00Z")), UNKNOWN),
        (Some(json!(true)), UNKNOWN),
        (Some(json!([3600])), UNKNOWN),
        (Some(json!({"seconds": 3600})), UNKNOWN),
    ] {
        let fault = match &sent {
            None => Fault::answer_without(&["expires_in"]),
            Some(value) => Fault::answer(json!({"expires_in": value})),
        };
        world.control().fault(Endpoint::Token, fault);
        assert_renews(&session).await;
        assert_eq!(
            world.stored().unwrap()["credentials"]["lifetime_seconds"],
            kept,
            "{sent:?}"
        );
        assert_eq!(cached(&session).is_some(), kept > 0, "{sent:?}");
    }
    assert_renews(&session).await;
}

fn rename(world: &World, name: &str) {
    let name = json!(name);
    world
        .control()
        .change_account(ADA, |ada| drop(ada.claims.insert("name".to_owned(), name)));
}

#[tokio::test]
async fn a_profile_that_was_fetched_while_the_clock_was_ahead_gives_way_to_a_newer_one() {
    let (world, app, extension, _folder) = app_and_extension().await;
    world.clock.set_wall(YEAR);
    app.profile(true).await.unwrap();
    extension.restore().await.unwrap();
    world.clock.set_wall(0);
    rename(&world, "Ada King");
    app.profile(true).await.unwrap();
    assert_renews(&extension).await;
    app.restore().await.unwrap();
    for session in [&app, &extension] {
        assert_eq!(session.cached_profile().unwrap().name.as_deref(), Some("Ada King"));
    }
    assert_eq!(world.stored().unwrap()["profile"]["name"], "Ada King");
}

#[tokio::test]
async fn a_stored_profile_of_the_same_second_replaces_no_newer_one() {
    let (world, app, _extension, _folder) = app_and_extension().await;
    app.profile(true).await.unwrap();
    rename(&world, "Ada King");
    world.store.fail_writes(Some(disk_full()));
    app.profile(true).await.unwrap();
    app.restore().await.unwrap();
    assert_eq!(app.cached_profile().unwrap().name.as_deref(), Some("Ada King"));
}
