//! Sign-ins that the user or the server ends, and their state afterwards.

use std::collections::HashMap;

use pilotlight_core::ffi::SessionError;
use pilotlight_core::model::configuration::Provider;
use pilotlight_core::model::state::SessionState;
use pilotlight_core::session::SignInOptions;
use pilotlight_test_browser::{Browser, BrowserError, Credentials, ServerKind};

use crate::support::{
    ANY, REDIRECT_URI, World, assert_restart, cancel_at_oidc_provider, error_of, five_minutes, subject_of,
};

#[tokio::test]
async fn a_wrong_password_leads_to_no_callback_and_the_app_gives_up() {
    for kind in [ServerKind::OidcProvider, ServerKind::Django] {
        let world = World::start(kind, five_minutes()).await;
        let stranger = Browser::new(Credentials {
            password: "wrong".to_owned(),
            ..world.server.credentials()
        })
        .unwrap();
        let app = world.launch();
        let begun = app.session.begin_sign_in(SignInOptions::default()).await.unwrap();
        let refused = stranger.sign_in(&begun.url, REDIRECT_URI).await;
        assert!(
            matches!(refused, Err(BrowserError::CredentialsRefused { .. })),
            "{refused:?}"
        );
        app.session.cancel_sign_in();
        // The user completes the sign-in in another window after all.
        let late = world.browser.sign_in(&begun.url, REDIRECT_URI).await.unwrap();
        assert_eq!(
            error_of(app.session.complete_sign_in(&late).await),
            SessionError::SignInCancelled
        );
        assert_eq!(world.stored(), None);
        subject_of(Some(world.sign_in(&app).await));
    }
}

#[tokio::test]
async fn a_user_who_presses_cancel_is_distinguished_and_keeps_the_session_of_before() {
    let world = World::start(ServerKind::OidcProvider, five_minutes()).await;
    let app = world.signed_in().await;
    let (token, stored) = (app.session.access_token(ANY).await.unwrap(), world.stored());
    let begun = app.session.begin_sign_in(SignInOptions::default()).await.unwrap();
    let callback = cancel_at_oidc_provider(&begun.url).await;
    assert!(callback.contains("error=access_denied"), "{callback}");
    assert_restart(error_of(app.session.complete_sign_in(&callback).await), "access_denied");
    assert_restart(
        error_of(app.session.complete_sign_in(&callback).await),
        "no_sign_in_in_progress",
    );
    assert_eq!(app.session.access_token(ANY).await.unwrap(), token);
    assert_eq!(world.stored(), stored);
}

#[tokio::test]
async fn a_silent_sign_in_without_a_session_at_the_server_is_refused() {
    let world = World::start(ServerKind::OidcProvider, five_minutes()).await;
    let app = world.launch();
    let silent = SignInOptions {
        parameters: HashMap::from([("prompt".to_owned(), "none".to_owned())]),
        ..SignInOptions::default()
    };
    let callback = world.callback(&app, silent).await;
    assert_restart(
        error_of(app.session.complete_sign_in(&callback).await),
        "login_required",
    );
    assert_eq!(world.stored(), None);
}

#[tokio::test]
async fn an_unknown_scope_is_a_mistake_in_the_configuration() {
    let world = World::start(ServerKind::Django, five_minutes()).await;
    let mut configuration = world.configuration();
    configuration.scopes.push("read:everything".to_owned());
    let app = world.launch_with(configuration);
    let callback = world.callback(&app, SignInOptions::default()).await;
    let refused = error_of(app.session.complete_sign_in(&callback).await);
    assert!(
        matches!(&refused, SessionError::FixConfiguration { field, message } if field == "scopes" && message.contains("invalid_scope")),
        "{refused:?}"
    );
}

#[tokio::test]
async fn the_time_of_the_authentication_is_asked_for_and_kept() {
    let world = World::start(ServerKind::OidcProvider, five_minutes()).await;
    let app = world.launch();
    let recent = SignInOptions {
        login_hint: Some("ada@example.com".to_owned()),
        max_age_seconds: Some(600),
        ..SignInOptions::default()
    };
    let callback = world.callback(&app, recent).await;
    app.session.complete_sign_in(&callback).await.unwrap();
    let stored = world.stored().unwrap();
    let age = stored
        .credentials
        .received_at
        .seconds_since(stored.authenticated_at.unwrap());
    assert!((-60..660).contains(&age), "{age} s");
}

#[tokio::test]
async fn redirect_uris_on_loopback_and_https_work() {
    for kind in [ServerKind::OidcProvider, ServerKind::Django] {
        let world = World::start(kind, five_minutes()).await;
        for redirect_uri in ["http://127.0.0.1:49152/callback", "https://app.example.com/callback"] {
            let mut configuration = world.configuration();
            configuration.redirect_uri = redirect_uri.to_owned();
            let session = world.launch_with(configuration).session;
            let begun = session.begin_sign_in(SignInOptions::default()).await.unwrap();
            let callback = world.browser.sign_in(&begun.url, redirect_uri).await.unwrap();
            let state = session.complete_sign_in(&callback).await.unwrap();
            assert!(matches!(state, SessionState::SignedIn { .. }), "{kind:?}: {state:?}");
        }
    }
}

#[tokio::test]
async fn a_wrong_issuer_is_a_mistake_in_the_configuration() {
    for kind in [ServerKind::OidcProvider, ServerKind::Django] {
        let world = World::start(kind, five_minutes()).await;
        let mut configuration = world.configuration();
        configuration.provider = Provider::OpenIdConnect {
            issuer: format!("{}/elsewhere", world.server.issuer()),
        };
        let app = world.launch_with(configuration);
        let wrong = error_of(app.session.begin_sign_in(SignInOptions::default()).await);
        assert!(
            matches!(&wrong, SessionError::FixConfiguration { field, .. } if field == "issuer"),
            "{kind:?}: {wrong:?}"
        );
    }
}

#[tokio::test]
async fn a_pushed_authorization_request_signs_in() {
    let world = World::start(ServerKind::OidcProvider, five_minutes()).await;
    let mut configuration = world.configuration();
    configuration.pushes_authorization_requests = true;
    let app = world.launch_with(configuration);
    let begun = app.session.begin_sign_in(SignInOptions::default()).await.unwrap();
    assert!(begun.url.contains("request_uri=") && !begun.url.contains("code_challenge"));
    let callback = world.browser.sign_in(&begun.url, REDIRECT_URI).await.unwrap();
    app.session.complete_sign_in(&callback).await.unwrap();
    let mut wrong = world.configuration();
    wrong.pushes_authorization_requests = true;
    wrong.redirect_uri = "com.example.pilotlight://elsewhere".to_owned();
    let refused = error_of(
        world
            .launch_with(wrong)
            .session
            .begin_sign_in(SignInOptions::default())
            .await,
    );
    assert_restart(refused, "invalid_request");
}
