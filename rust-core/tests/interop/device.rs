//! Signing in on another device (RFC 8628) at a real provider, with the user at its pages.

use std::collections::HashMap;

use pilotlight_core::model::state::SessionState;
use pilotlight_core::session::TokenOptions;
use pilotlight_test_browser::{BrowserError, ServerKind};

use crate::support::{REDIRECT_URI, World, five_minutes};

#[tokio::test]
async fn the_user_goes_through_the_providers_pages_and_the_session_is_here() {
    let world = World::start(ServerKind::OidcProvider, five_minutes()).await;
    let app = world.launch();
    // As in the browser: without this, the provider gives no refresh token.
    let consent = HashMap::from([("prompt".to_owned(), "consent".to_owned())]);
    let begun = app.session.begin_device_sign_in(consent).await.unwrap();
    let page = begun.verification_uri_complete.clone().unwrap();
    let on_the_other_device = async {
        // Its last page is only for the user to read and leads nowhere.
        match world.browser.sign_in(&page, REDIRECT_URI).await {
            Err(BrowserError::NoForm { page, .. }) => assert!(page.contains("Success"), "{page}"),
            other => panic!("{other:?}"),
        }
    };
    let (state, ()) = tokio::join!(app.session.complete_device_sign_in(begun.attempt), on_the_other_device);
    assert!(matches!(state.unwrap(), SessionState::SignedIn { .. }));
    let forced = TokenOptions {
        force_refresh: true,
        ..TokenOptions::default()
    };
    app.session.access_token(forced).await.unwrap();
    assert!(app.session.profile(true).await.is_ok());
}
