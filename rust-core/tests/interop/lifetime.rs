//! A session from its sign-in to its sign-out, at every server, with restarts of the app in between.

use std::time::Duration;

use pilotlight_core::ffi::{SessionError, SignInReason};
use pilotlight_core::machine::error::Error;
use pilotlight_core::model::secret::Secret;
use pilotlight_core::model::state::SessionState;
use pilotlight_core::session::{SignInOptions, SignOutOutcome};
use pilotlight_test_browser::{Browser, ServerKind};

use crate::support::{
    ANY, App, LIFETIME, REDIRECT_URI, World, claims_of, error_of, five_minutes, parameter, present_refresh_token,
    subject_of, userinfo_status,
};

/// The differences between the servers.
struct Ways {
    subject: &'static str,
    renewal_repeats_nonce: bool,
    /// Whether a renewal brings a new refresh token.
    rotates: bool,
    /// The status of userinfo for the access token that a renewal has replaced.
    replaced_access_token: u16,
    sign_out: SignOutOutcome,
    /// The status of the token endpoint for the refresh token after the sign-out.
    refresh_token_after_sign_out: u16,
}

#[tokio::test]
async fn a_session_lives_at_oidc_provider() {
    let ways = Ways {
        subject: "ada-1815",
        renewal_repeats_nonce: true,
        rotates: true,
        replaced_access_token: 200,
        sign_out: SignOutOutcome::Revoked,
        refresh_token_after_sign_out: 400,
    };
    whole_life(ServerKind::OidcProvider, ways).await;
}

/// Its discovery document names no revocation endpoint: the refresh token stays valid, and the app is informed of that.
#[tokio::test]
async fn a_session_lives_at_django() {
    let ways = Ways {
        subject: "1",
        renewal_repeats_nonce: false,
        rotates: true,
        replaced_access_token: 401,
        sign_out: SignOutOutcome::RevocationNotOffered,
        refresh_token_after_sign_out: 200,
    };
    whole_life(ServerKind::Django, ways).await;
}

/// It has no revocation either, and its refresh tokens are valid for 30 days, even after a sign-out.
#[tokio::test]
async fn a_session_lives_at_lemonldap() {
    let ways = Ways {
        subject: "ada-1815",
        renewal_repeats_nonce: false,
        rotates: false,
        replaced_access_token: 200,
        sign_out: SignOutOutcome::RevocationNotOffered,
        refresh_token_after_sign_out: 200,
    };
    whole_life(ServerKind::LemonLdap, ways).await;
}

async fn whole_life(kind: ServerKind, ways: Ways) {
    let Some(world) = World::start_where_it_runs(kind, five_minutes()).await else {
        return;
    };
    signs_in(&world, &ways).await;
    let first = restarts_without_the_network(&world, &ways).await;
    renews(&world, &ways, &first).await;
    signs_out(&world, &ways).await;
}

async fn signs_in(world: &World, ways: &Ways) {
    let App { session, tap } = world.launch();
    assert_eq!(session.state(), None, "nothing was read yet");
    assert_eq!(session.restore().await.unwrap(), SessionState::SignedOut);
    assert!(matches!(
        error_of(session.access_token(ANY).await),
        SessionError::SignIn {
            reason: SignInReason::SignedOut,
            ..
        }
    ));
    assert_eq!(tap.total(), 0);

    let begun = session.begin_sign_in(SignInOptions::default()).await.unwrap();
    assert_eq!(begun.callback_scheme, "com.example.pilotlight");
    let asked = |name: &str| parameter(&begun.url, name);
    assert_eq!(asked("code_challenge_method").as_deref(), Some("S256"));
    assert_eq!(
        asked("scope").as_deref(),
        Some("openid profile email address offline_access")
    );
    let callback = world.browser.sign_in(&begun.url, REDIRECT_URI).await.unwrap();
    assert_eq!(parameter(&callback, "state"), asked("state"));
    let state = session.complete_sign_in(&callback).await.unwrap();

    let stored = world.stored().unwrap();
    let expires_at = stored.credentials.received_at.plus(300);
    let subject = ways.subject.to_owned();
    assert_eq!(state, SessionState::SignedIn { subject, expires_at });
    assert_eq!(stored.nonce.map(|nonce| nonce.expose().to_owned()), asked("nonce"));
    assert_eq!(stored.issuer, world.server.issuer());
    assert_eq!(
        (tap.count(&world.endpoints.token), tap.count(&world.endpoints.keys)),
        (1, 1)
    );
    assert_eq!(tap.total(), 3, "discovery, keys and token");
}

/// The access token after a restart.
async fn restarts_without_the_network(world: &World, ways: &Ways) -> Secret {
    let App { session, tap } = world.launch();
    assert_eq!(subject_of(session.restore().await.ok()), ways.subject);
    let token = session.access_token(ANY).await.unwrap();
    assert_eq!(
        session.with_cached_access_token(Duration::ZERO, |cached| cached == token.expose()),
        Some(true)
    );
    assert_eq!(Some(&token), world.stored_tokens().access_token.as_ref());
    assert_eq!(tap.total(), 0);
    assert_eq!(userinfo_status(world, &token).await, 200);
    token
}

async fn renews(world: &World, ways: &Ways, first: &Secret) {
    let App { session, tap } = world.launch();
    session.restore().await.unwrap();
    let before = world.stored().unwrap();
    world.advance(LIFETIME);
    assert_eq!(
        session.with_cached_access_token(Duration::ZERO, |_| ()),
        None,
        "it expired"
    );
    assert!(session.has_valid_session(Duration::ZERO), "and can be renewed");
    assert_eq!(subject_of(session.state()), ways.subject);

    let second = session.access_token(ANY).await.unwrap();
    assert_ne!(second, *first);
    assert_eq!(tap.count(&world.endpoints.token), 1);
    let after = world.stored().unwrap();
    assert_eq!(after.credentials.access_token.as_ref(), Some(&second));
    let rotated = after.credentials.refresh_token != before.credentials.refresh_token;
    assert_eq!(rotated, ways.rotates);
    assert!(after.credentials.refresh_token.is_some());
    assert_eq!(after.nonce, before.nonce, "the sign-in's, for renewals to come");
    let claims = claims_of(after.credentials.id_token.unwrap().expose());
    let nonce = after.nonce.filter(|_| ways.renewal_repeats_nonce);
    assert_eq!(claims["nonce"].as_str(), nonce.as_ref().map(Secret::expose));
    assert_eq!(claims["sub"], ways.subject);
    assert_eq!(userinfo_status(world, first).await, ways.replaced_access_token);
    assert_eq!(userinfo_status(world, &second).await, 200);
    assert_eq!(session.access_token(ANY).await.unwrap(), second, "from memory");
    assert_eq!(tap.count(&world.endpoints.token), 1);
}

async fn signs_out(world: &World, ways: &Ways) {
    let App { session, .. } = world.launch();
    session.restore().await.unwrap();
    let refresh_token = world.stored_refresh_token();
    assert_eq!(session.sign_out().await, ways.sign_out);
    assert_eq!(session.state(), Some(SessionState::SignedOut));
    assert_eq!(world.stored(), None);
    assert_eq!(session.access_token(ANY).await, Err(Error::NoSession));
    let (status, _) = present_refresh_token(world, &refresh_token).await;
    assert_eq!(status, ways.refresh_token_after_sign_out);
    assert_eq!(world.launch().session.restore().await.unwrap(), SessionState::SignedOut);
    assert_eq!(session.sign_out().await, SignOutOutcome::NothingToRevoke);
}

/// The user returns with another browser on the same device.
#[tokio::test]
async fn a_user_who_signed_out_signs_in_again_and_gets_a_session_of_its_own() {
    let mut world = World::start(ServerKind::OidcProvider, five_minutes()).await;
    let app = world.signed_in().await;
    let (first, refresh_token) = (
        app.session.access_token(ANY).await.unwrap(),
        world.stored_refresh_token(),
    );
    app.session.sign_out().await;
    world.browser = Browser::new(world.server.credentials()).unwrap();
    assert_eq!(subject_of(Some(world.sign_in(&app).await)), "ada-1815");
    assert_ne!(app.session.access_token(ANY).await.unwrap(), first);
    assert_ne!(world.stored_refresh_token(), refresh_token);
}
