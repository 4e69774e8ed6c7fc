//! RP-Initiated Logout at a real provider.

use pilotlight_core::protocol::logout::LogoutOptions;
use pilotlight_core::session::SignInOptions;

use pilotlight_test_browser::ServerKind;

use crate::support::{World, five_minutes};

const SIGNED_OUT: &str = "com.example.pilotlight://logged-out";

/// Signs in, then out of the browser with these options. Returns whether the provider then still has a session for the
/// user.
async fn is_known_after_logout(options: LogoutOptions) -> bool {
    let world = World::start(ServerKind::OidcProvider, five_minutes()).await;
    let app = world.launch();
    world.sign_in(&app).await;
    app.session.sign_out().await;
    let url = app.session.logout_url(&options).await.unwrap();
    let returned = world.browser.sign_in(&url, SIGNED_OUT).await.unwrap();
    app.session.complete_logout(&returned).unwrap();
    let silent = SignInOptions {
        parameters: [("prompt".to_owned(), "none".to_owned())].into(),
        ..SignInOptions::default()
    };
    let callback = world.callback(&app, silent).await;
    app.session.complete_sign_in(&callback).await.is_ok()
}

fn returning() -> LogoutOptions {
    LogoutOptions {
        return_to: Some(SIGNED_OUT.to_owned()),
        ..LogoutOptions::default()
    }
}

#[tokio::test]
async fn the_browser_is_signed_out_and_its_state_comes_back() {
    assert!(!is_known_after_logout(returning()).await);
}

#[tokio::test]
async fn the_id_token_of_the_ended_session_is_accepted_as_a_hint() {
    let hinting = LogoutOptions {
        sends_id_token_hint: true,
        logout_hint: Some("ada@example.com".to_owned()),
        ..returning()
    };
    assert!(!is_known_after_logout(hinting).await);
}
