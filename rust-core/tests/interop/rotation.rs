//! Refresh token rotation: reuse, and answers that never arrive (RFC 9700 2.2.2 and 4.14).

use std::time::Duration;

use pilotlight_core::model::state::{ReauthenticationReason, SessionState};
use pilotlight_test_browser::{ServerKind, ServerOptions};
use serde_json::{Value, json};

use crate::support::{
    ANY, App, NEW, World, assert_rejected, error_of, five_minutes, present_refresh_token, subject_of, userinfo_status,
};

const ENDED: SessionState = SessionState::ReauthenticationRequired {
    reason: ReauthenticationReason::RefreshTokenRejected,
};

#[tokio::test]
async fn a_stolen_refresh_token_ends_the_session_at_oidc_provider() {
    a_stolen_refresh_token(ServerKind::OidcProvider).await;
}

#[tokio::test]
async fn a_stolen_refresh_token_ends_the_session_at_django() {
    a_stolen_refresh_token(ServerKind::Django).await;
}

/// Somebody presents a used refresh token: the server ends the family, and the next renewal is refused.
async fn a_stolen_refresh_token(kind: ServerKind) {
    let world = World::start(kind, five_minutes()).await;
    let App { session, tap } = world.signed_in().await;
    let stolen = world.stored_refresh_token();
    session.access_token(NEW).await.unwrap();
    assert_eq!(present_refresh_token(&world, &stolen).await, (400, refusal(kind)));
    let still_unaware = session.access_token(ANY).await;
    assert!(
        still_unaware.is_ok(),
        "a token in memory costs no request: {still_unaware:?}"
    );

    assert_rejected(error_of(session.access_token(NEW).await));
    assert_eq!(session.state(), Some(ENDED));
    assert_eq!(session.with_cached_access_token(Duration::ZERO, |_| ()), None);
    let stored = world.stored_tokens();
    assert_eq!(
        (stored.access_token, stored.refresh_token, stored.id_token),
        (None, None, None)
    );

    let asked = tap.count(&world.endpoints.token);
    assert_rejected(error_of(session.access_token(ANY).await));
    assert_eq!(tap.count(&world.endpoints.token), asked, "it is known already");
    let restarted = world.launch();
    assert_eq!(restarted.session.restore().await.unwrap(), ENDED);
    assert_rejected(error_of(restarted.session.access_token(ANY).await));
    assert_eq!(restarted.tap.total(), 0);

    world.sign_in(&restarted).await;
    subject_of(restarted.session.state());
    restarted.session.access_token(NEW).await.unwrap();
}

/// The server renewed, but the answer was lost, and the app has only the used refresh token. When it is sent again at
/// once, the server says that it was used.
#[tokio::test]
async fn a_lost_answer_without_an_overlap_ends_the_session() {
    for kind in [ServerKind::OidcProvider, ServerKind::Django] {
        let world = World::start(kind, five_minutes()).await;
        let App { session, tap } = world.signed_in().await;
        tap.lose_next_answer();
        assert_rejected(error_of(session.access_token(NEW).await));
        assert_eq!(
            tap.count(&world.endpoints.token),
            3,
            "the code, the renewal, and once again"
        );
        assert_eq!(session.state(), Some(ENDED), "{kind:?}");
    }
}

/// oidc-provider issues new tokens again; django-oauth-toolkit repeats the lost answer.
#[tokio::test]
async fn a_lost_answer_is_made_up_for_in_the_overlap() {
    for kind in [ServerKind::OidcProvider, ServerKind::Django] {
        let options = ServerOptions {
            leeway: Some(600),
            ..five_minutes()
        };
        let world = World::start(kind, options).await;
        let App { session, tap } = world.signed_in().await;
        let used = world.stored_refresh_token();
        tap.lose_next_answer();
        let token = session.access_token(NEW).await.unwrap();
        assert_eq!(
            tap.count(&world.endpoints.token),
            3,
            "the code, the renewal, and once again"
        );
        assert_ne!(world.stored_refresh_token(), used);
        assert_eq!(userinfo_status(&world, &token).await, 200, "{kind:?}");
        let next = session.access_token(NEW).await.unwrap();
        assert_eq!(userinfo_status(&world, &next).await, 200, "{kind:?}");
    }
}

fn refusal(kind: ServerKind) -> Value {
    match kind {
        ServerKind::OidcProvider => {
            json!({"error": "invalid_grant", "error_description": "grant request is invalid"})
        }
        ServerKind::Django => json!({"error": "invalid_grant"}),
        ServerKind::LemonLdap => json!({"error": "invalid_request"}),
    }
}
