//! Servers that change their signing keys: both do so whenever they start.

use pilotlight_core::model::state::{ReauthenticationReason, SessionState};
use pilotlight_core::session::SignInOptions;
use pilotlight_test_browser::{Browser, ServerKind};

use crate::support::{ANY, App, NEW, World, assert_rejected, error_of, five_minutes, subject_of};

#[tokio::test]
async fn new_keys_of_oidc_provider_are_fetched() {
    new_keys(ServerKind::OidcProvider).await;
}

#[tokio::test]
async fn new_keys_of_django_are_fetched() {
    new_keys(ServerKind::Django).await;
}

/// A server that forgot everything answers with a well-formed `invalid_grant`: the session has ended. The next session
/// is signed with a key that the app, which was running all the time, does not know.
async fn new_keys(kind: ServerKind) {
    let mut world = World::start(kind, five_minutes()).await;
    let App { session, tap } = world.signed_in().await;
    world.server.restart().await.unwrap();
    session.access_token(ANY).await.unwrap();
    assert_rejected(error_of(session.access_token(NEW).await));

    let reason = ReauthenticationReason::RefreshTokenRejected;
    assert_eq!(session.state(), Some(SessionState::ReauthenticationRequired { reason }));

    world.browser = Browser::new(world.server.credentials()).unwrap();
    let app = App { session, tap };
    let callback = world.callback(&app, SignInOptions::default()).await;
    let App { session, tap } = app;
    let exchanges = tap.count(&world.endpoints.token);
    subject_of(session.complete_sign_in(&callback).await.ok());
    assert_eq!(tap.count(&world.endpoints.keys), 2);
    assert_eq!(
        tap.count(&world.endpoints.token),
        exchanges + 1,
        "a code can be exchanged once"
    );
    session.access_token(NEW).await.unwrap();
    assert_eq!(tap.count(&world.endpoints.keys), 2);
}
