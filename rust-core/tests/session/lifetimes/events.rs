//! The coming end and the end are announced even if nobody calls the session.

use std::sync::atomic::Ordering;
use std::time::Duration;

use pilotlight_core::machine::event::{Report, SessionEvent};
use pilotlight_core::model::state::ReauthenticationReason;
use pilotlight_core::session::{SessionManager, WeakSessionManager};
use tokio::sync::mpsc::UnboundedReceiver;

use super::{DAY, ENDED, HOUR, IDLE, limited, restored, seconds, signed_in};
use crate::sharing::shared_world;
use crate::world::{World, cached, forced};

/// The next such event, with the seconds until the end that it announces.
async fn next(reports: &mut UnboundedReceiver<Report>, world: &World) -> (&'static str, i64, ReauthenticationReason) {
    loop {
        match reports.recv().await.expect("the session goes on") {
            Report::Event(SessionEvent::WillEnd { at, reason }) => {
                return ("will end", at.seconds_since(world.wall()), reason);
            }
            Report::Event(SessionEvent::Ended { reason }) => return ("ended", 0, reason),
            _ => {}
        }
    }
}

/// Within the second or two that a test may take.
fn assert_near(found: (&str, i64, ReauthenticationReason), expected: (&str, i64, ReauthenticationReason)) {
    assert!(
        (expected.1 - 3..=expected.1).contains(&found.1),
        "{found:?}, not {expected:?}"
    );
    assert_eq!((found.0, found.2), (expected.0, expected.2));
}

#[tokio::test]
async fn both_come_without_a_call() {
    for (absolute, idle, whole, warning, reason) in [
        (Some(8 * HOUR), None, 8 * HOUR, 300, ENDED),
        (None, Some(HOUR), HOUR, 300, IDLE),
        // Not at once: for a short limit, from half of it on.
        (Some(400), None, 400, 200, ENDED),
    ] {
        let world = World::new().await;
        let configuration = limited(&world, absolute.and_then(seconds), idle.and_then(seconds));
        let session = signed_in(&world, &configuration).await;
        let mut reports = session.subscribe();
        world.clock.advance(whole - warning);
        assert_near(next(&mut reports, &world).await, ("will end", warning, reason));
        world.clock.advance(warning);
        assert_near(next(&mut reports, &world).await, ("ended", 0, reason));
    }
}

#[tokio::test]
async fn a_use_puts_the_end_off_and_its_warning_too() {
    let world = World::new().await;
    let session = signed_in(&world, &limited(&world, None, seconds(HOUR))).await;
    let mut reports = session.subscribe();
    for _ in 0..3 {
        world.clock.advance(HOUR - 200);
        assert_near(next(&mut reports, &world).await, ("will end", 200, IDLE));
        assert!(cached(&session).is_some());
        // Not again for the same end.
        session.access_token(forced()).await.unwrap();
    }
    world.clock.advance(HOUR - 200);
    assert_near(next(&mut reports, &world).await, ("will end", 200, IDLE));
    world.clock.advance(200);
    assert_near(next(&mut reports, &world).await, ("ended", 0, IDLE));
}

/// Timers may fire late, by as long as the process was suspended.
#[tokio::test]
async fn what_came_while_the_process_was_suspended_is_announced_when_it_runs_on() {
    let world = World::new().await;
    let session = signed_in(&world, &limited(&world, seconds(HOUR), None)).await;
    let mut reports = session.subscribe();
    session.prepare_for_suspension();
    world.clock.advance(HOUR);
    session.resume();
    // Nothing has been awaited, so no timer could fire.
    let announced = std::iter::from_fn(|| reports.try_recv().ok());
    let is_end = |report| matches!(report, Report::Event(SessionEvent::Ended { reason: ENDED }));
    assert_eq!(announced.map(is_end).filter(|is_end| *is_end).count(), 1);
}

#[tokio::test]
async fn a_restart_announces_what_is_left() {
    let world = World::new().await;
    let configuration = limited(&world, seconds(8 * HOUR), None);
    signed_in(&world, &configuration).await;
    world.clock.advance(8 * HOUR - 100);
    let session = world.session_with(configuration);
    let mut reports = session.subscribe();
    session.restore().await.unwrap();
    assert_near(next(&mut reports, &world).await, ("will end", 100, ENDED));
    world.clock.advance(100);
    assert_near(next(&mut reports, &world).await, ("ended", 0, ENDED));
}

/// If nobody calls it, a process reads the store before it announces that the session is over.
#[tokio::test]
async fn a_use_elsewhere_is_seen_before_the_end_is_announced() {
    let (world, _folder) = shared_world().await;
    let configuration = limited(&world, None, seconds(HOUR));
    let app = signed_in(&world, &configuration).await;
    let widget = restored(&world, &configuration).await;
    let mut reports = app.subscribe();
    world.clock.advance(HOUR - 300);
    assert_near(next(&mut reports, &world).await, ("will end", 300, IDLE));
    let before = world.stored();
    assert!(cached(&widget).is_some());
    crate::world::until("the use is stored", || world.stored() != before).await;
    world.clock.advance(301);
    // The next event is the warning of the later end.
    world.clock.advance(HOUR - 301 - 200);
    assert_near(next(&mut reports, &world).await, ("will end", 200, IDLE));
}

#[tokio::test]
async fn nothing_waits_where_nothing_limits_the_session() {
    let world = World::new().await;
    let session = signed_in(&world, &limited(&world, None, None)).await;
    session.access_token(forced()).await.unwrap();
    session.resume();
    assert_eq!(world.alarms.load(Ordering::SeqCst), 0);
    let limits = limited(&world, seconds(DAY), seconds(HOUR));
    let session = restored(&world, &limits).await;
    for _ in 0..10 {
        world.clock.advance(60);
        assert!(cached(&session).is_some());
        session.access_token(forced()).await.unwrap();
    }
    assert_eq!(world.alarms.load(Ordering::SeqCst), 1, "a use sets no other one");
}

#[tokio::test]
async fn what_waits_keeps_no_session_open() {
    let world = World::new().await;
    let session = signed_in(&world, &limited(&world, seconds(DAY), None)).await;
    let weak = WeakSessionManager::of(&session);
    drop(session);
    let is_closed = || weak.upgrade().is_none();
    crate::world::until("it is closed", is_closed).await;
    // No process runs when the time comes.
    world.clock.advance(2 * DAY);
    tokio::time::sleep(Duration::from_millis(5)).await;
    let opened: Option<SessionManager> = weak.upgrade();
    assert!(opened.is_none());
}
