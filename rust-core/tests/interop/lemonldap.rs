//! Behaviour that only LemonLDAP::NG has. Its session from sign-in to sign-out is in `lifetime.rs`.

use pilotlight_core::ffi::{SessionError, SignInReason};
use pilotlight_core::model::state::{ReauthenticationReason, SessionState};
use pilotlight_core::protocol::logout::LogoutOptions;
use pilotlight_test_browser::{Browser, ServerKind, ServerOptions};

use crate::support::{
    ANY, App, LIFETIME, NEW, World, error_of, five_minutes, present_refresh_token, subject_of, userinfo_status,
};

const SIGNED_OUT: &str = "com.example.pilotlight://signed-out";

async fn lemonldap(options: ServerOptions) -> Option<World> {
    World::start_where_it_runs(ServerKind::LemonLdap, options).await
}

/// It silently drops `offline_access` if the request has no `prompt=consent` (OpenID Connect Core 11).
#[tokio::test]
async fn without_a_prompt_for_consent_there_is_no_refresh_token() {
    let Some(world) = lemonldap(five_minutes()).await else {
        return;
    };
    let mut configuration = world.configuration();
    configuration.authorize_parameters.clear();
    let app = world.launch_with(configuration);
    world.sign_in(&app).await;
    assert_eq!(world.stored_tokens().refresh_token, None);
    app.session.access_token(ANY).await.unwrap();
    world.advance(LIFETIME);
    let reason = ReauthenticationReason::NoRefreshToken;
    assert_eq!(
        app.session.state(),
        Some(SessionState::ReauthenticationRequired { reason })
    );
    // With it, the same user gets a refresh token and is asked only for consent.
    let asking = world.launch();
    world.sign_in(&asking).await;
    assert!(world.stored_tokens().refresh_token.is_some());
    asking.session.access_token(NEW).await.unwrap();
}

/// The profile is signed with a key that the discovery document announces, and has dates and flags as strings.
#[tokio::test]
async fn the_profile_comes_signed_and_in_its_own_spelling() {
    let signed = ServerOptions {
        userinfo_jwt: true,
        ..five_minutes()
    };
    for options in [signed, five_minutes()] {
        let Some(world) = lemonldap(options).await else {
            return;
        };
        let App { session, tap } = world.signed_in().await;
        let profile = session.profile(true).await.unwrap();
        assert_eq!(profile.subject, "ada-1815");
        assert_eq!(profile.name.as_deref(), Some("Ada Lovelace"));
        assert_eq!(profile.email.as_deref(), Some("ada@example.com"));
        assert_eq!(profile.email_verified, Some(true), "it is \"1\" there");
        assert_eq!(profile.updated_at.map(|time| time.0), Some(1_700_000_000));
        let address = profile.address.unwrap();
        assert_eq!(address.street_address.as_deref(), Some("12 St James’s Square"));
        assert_eq!(tap.count(&world.endpoints.userinfo), 1);
        assert_eq!(world.launch().session.restore().await.ok(), session.state());
    }
}

/// It answers a refresh token that it no longer knows with `invalid_request`, which says nothing about refresh tokens:
/// one such answer ends no session.
#[tokio::test]
async fn a_dead_refresh_token_is_answered_in_other_words_and_the_session_is_kept() {
    let Some(mut world) = lemonldap(five_minutes()).await else {
        return;
    };
    let App { session, .. } = world.signed_in().await;
    let before = world.stored_refresh_token();
    world.server.restart().await.unwrap();
    let (status, answer) = present_refresh_token(&world, &before).await;
    assert_eq!((status, &answer["error"]), (400, &"invalid_request".into()));

    let refused = error_of(session.access_token(NEW).await);
    assert!(refused.to_string().contains("invalid_request"), "{refused}");
    let ended = matches!(
        refused,
        SessionError::SignIn {
            reason: SignInReason::RefreshTokenRejected,
            ..
        }
    );
    assert!(!ended, "{refused:?}");
    assert_eq!(subject_of(session.state()), "ada-1815");
    assert_eq!(world.stored_refresh_token(), before);
    session.access_token(ANY).await.unwrap();
    // Signing in again helps, and works beside the stored session.
    let again = world.launch();
    world.sign_in(&again).await;
    assert_ne!(world.stored_refresh_token(), before);
    again.session.access_token(NEW).await.unwrap();
}

/// In a browser that has not just given consent: after a consent the portal forgets the return URL, and shows itself
/// instead.
#[tokio::test]
async fn signing_out_in_the_browser_ends_the_portals_session() {
    let Some(mut world) = lemonldap(five_minutes()).await else {
        return;
    };
    world.signed_in().await;
    world.browser = Browser::new(world.server.credentials()).unwrap();
    let mut configuration = world.configuration();
    configuration.authorize_parameters.clear();
    let app = world.launch_with(configuration);
    world.sign_in(&app).await;
    let token = app.session.access_token(ANY).await.unwrap();
    assert_eq!(userinfo_status(&world, &token).await, 200);

    app.session.sign_out().await;
    let options = LogoutOptions {
        return_to: Some(SIGNED_OUT.to_owned()),
        ..LogoutOptions::default()
    };
    let url = app.session.logout_url(&options).await.unwrap();
    let returned = world.browser.sign_in(&url, SIGNED_OUT).await.unwrap();
    app.session.complete_logout(&returned).unwrap();
    assert_eq!(
        userinfo_status(&world, &token).await,
        401,
        "a token lives as long as the portal's session"
    );
    assert_eq!(world.stored(), None);
}
