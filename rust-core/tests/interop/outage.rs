//! Servers that are down: that signs nobody out.

use std::time::Duration;

use pilotlight_core::model::state::SessionState;
use pilotlight_core::session::{SignInOptions, SignOutOutcome};
use pilotlight_test_browser::ServerKind;

use crate::support::{
    ANY, App, LIFETIME, NEW, World, assert_network_trouble, assert_rejected, assert_restart, error_of, five_minutes,
    subject_of,
};

#[tokio::test]
async fn a_session_outlives_the_outage_of_its_server() {
    let mut world = World::start(ServerKind::OidcProvider, five_minutes()).await;
    let App { session, .. } = world.signed_in().await;
    let profile = session.profile(false).await.unwrap();
    let token = session.access_token(ANY).await.unwrap();
    world.server.stop().await;

    assert_eq!(session.access_token(ANY).await.unwrap(), token, "still good");
    assert_network_trouble(error_of(session.access_token(NEW).await));
    assert_network_trouble(error_of(session.profile(true).await));
    assert_eq!(session.profile(false).await.unwrap(), profile);
    world.advance(LIFETIME);
    let before = world.stored();
    assert_network_trouble(error_of(session.access_token(ANY).await));
    subject_of(session.state());

    let restarted = world.launch().session;
    assert_eq!(subject_of(restarted.restore().await.ok()), profile.subject);
    assert!(restarted.has_valid_session(LIFETIME));
    assert_eq!(restarted.cached_profile().as_deref(), Some(&profile));
    assert_network_trouble(error_of(restarted.access_token(ANY).await));
    assert_eq!(world.stored(), before, "nothing of it is written");

    world.server.restart().await.unwrap();
    // Longer than a session's cooldown after a failure.
    world.advance(Duration::from_secs(60));
    // This time the refusal comes from the server.
    assert_rejected(error_of(restarted.access_token(ANY).await));
}

#[tokio::test]
async fn signing_out_works_without_the_server_and_signing_in_does_not() {
    let mut world = World::start(ServerKind::OidcProvider, five_minutes()).await;
    let App { session, .. } = world.signed_in().await;
    world.server.stop().await;
    assert_eq!(session.sign_out().await, SignOutOutcome::RevocationPending);
    assert_eq!(session.state(), Some(SessionState::SignedOut));
    assert_eq!(world.stored(), None);
    let restarted = world.launch().session;
    assert_eq!(restarted.restore().await.unwrap(), SessionState::SignedOut);
    assert_network_trouble(error_of(restarted.begin_sign_in(SignInOptions::default()).await));
}

/// The server goes down between the browser's last page and the app's code exchange, and nothing is stored.
#[tokio::test]
async fn a_sign_in_that_the_server_leaves_half_way_stays_open() {
    let mut world = World::start(ServerKind::OidcProvider, five_minutes()).await;
    let app = world.launch();
    let callback = world.callback(&app, SignInOptions::default()).await;
    world.server.stop().await;
    for _ in 0..2 {
        assert_network_trouble(error_of(app.session.complete_sign_in(&callback).await));
    }
    assert_eq!(world.stored(), None);
    world.server.restart().await.unwrap();
    assert_restart(error_of(app.session.complete_sign_in(&callback).await), "invalid_grant");

    world.sign_in(&app).await;
}
