//! A sign-in that asked for a refresh token and got none.

use pilotlight_core::machine::event::{Report, SessionEvent};
use pilotlight_core::session::SessionManager;
use pilotlight_identity_server::{Endpoint, Fault};

use crate::world::{ADA, World};

const MISSING: Report = Report::Event(SessionEvent::RefreshTokenMissing);

async fn reports_of_a_sign_in(world: &World, session: &SessionManager) -> Vec<Report> {
    let mut reports = session.subscribe();
    world.sign_in(session, ADA).await;
    std::iter::from_fn(|| reports.try_recv().ok()).collect()
}

#[tokio::test]
async fn is_said_by_event_log_and_property_with_the_cure() {
    let world = World::new().await;
    let session = world.session();
    assert!(!session.has_refresh_token());
    world
        .control()
        .fault(Endpoint::Token, Fault::answer_without(&["refresh_token"]));
    let reports = reports_of_a_sign_in(&world, &session).await;
    let signed_in = |report: &Report| matches!(report, Report::Event(SessionEvent::SignedIn { .. }));
    let place = reports.iter().position(signed_in).unwrap();
    assert_eq!(reports.get(place + 1), Some(&MISSING), "{reports:?}");
    assert!(!session.has_refresh_token());
    let log = world.log.text();
    let line = log.lines().find(|line| line.contains("no refresh token")).unwrap();
    assert!(
        line.contains("prompt=consent") && line.contains("Allow Offline Access"),
        "{line}"
    );

    // With a refresh token there is nothing to report.
    let reports = reports_of_a_sign_in(&world, &session).await;
    assert!(!reports.contains(&MISSING), "{reports:?}");
    assert!(session.has_refresh_token());
}

#[tokio::test]
async fn is_nothing_to_say_where_none_was_asked_for() {
    let world = World::new().await;
    let mut configuration = world.configuration();
    configuration.scopes.retain(|scope| scope != "offline_access");
    let session = world.session_with(configuration);
    let reports = reports_of_a_sign_in(&world, &session).await;
    assert!(!reports.contains(&MISSING), "{reports:?}");
    assert!(!session.has_refresh_token());
    assert!(!world.log.text().contains("refresh token"));
}
