//! The options of a renewal, and sessions that cannot be renewed.

use std::collections::HashMap;
use std::time::Duration;

use pilotlight_core::ffi::{SessionError, SignInReason};
use pilotlight_core::model::state::{ReauthenticationReason, SessionState};
use pilotlight_core::session::{RefreshOptions, SignOutOutcome, TokenOptions};
use pilotlight_test_browser::{ServerKind, ServerOptions};

use crate::support::{ANY, App, LIFETIME, NEW, World, error_of, five_minutes, subject_of, userinfo_status};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_callers_at_oidc_provider_cost_one_renewal() {
    a_hundred_callers(ServerKind::OidcProvider).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_callers_at_django_cost_one_renewal() {
    a_hundred_callers(ServerKind::Django).await;
}

/// Both servers would end the family if a second renewal presented the same refresh token.
async fn a_hundred_callers(kind: ServerKind) {
    let world = World::start(kind, five_minutes()).await;
    let App { session, tap } = world.signed_in().await;
    world.advance(LIFETIME);
    let callers: Vec<_> = (0..100)
        .map(|_| {
            let session = session.clone();
            tokio::spawn(async move { session.access_token(ANY).await.unwrap() })
        })
        .collect();
    let mut tokens = Vec::new();
    for caller in callers {
        tokens.push(caller.await.unwrap());
    }
    assert!(tokens.iter().all(|token| *token == tokens[0]));
    assert_eq!(
        tap.count(&world.endpoints.token),
        2,
        "the code's exchange and one renewal"
    );
    assert_eq!(userinfo_status(&world, &tokens[0]).await, 200);
    session.access_token(NEW).await.unwrap();
}

#[tokio::test]
async fn scopes_can_be_narrowed_and_not_widened() {
    for kind in [ServerKind::OidcProvider, ServerKind::Django] {
        let world = World::start(kind, five_minutes()).await;
        let App { session, .. } = world.signed_in().await;
        let ask = async |scope: &str| {
            let scopes = vec!["openid".to_owned(), scope.to_owned()];
            session
                .refresh(RefreshOptions::parse(scopes, HashMap::new()).unwrap())
                .await
        };
        let narrow = ask("email").await.unwrap();
        assert_eq!(userinfo_status(&world, &narrow).await, 200);
        let refused = error_of(ask("phone").await);
        assert!(
            matches!(&refused, SessionError::FixConfiguration { field, .. } if field == "scopes"),
            "{kind:?}: {refused:?}"
        );
        assert!(matches!(session.state(), Some(SessionState::SignedIn { .. })));
        session.access_token(NEW).await.unwrap();
    }
}

#[tokio::test]
async fn a_token_that_lives_shorter_than_asked_for_is_the_callers_mistake() {
    let world = World::start(ServerKind::OidcProvider, five_minutes()).await;
    let App { session, tap } = world.signed_in().await;
    let options = TokenOptions {
        min_ttl: LIFETIME + Duration::from_secs(1),
        force_refresh: false,
        allow_expired: false,
    };
    let refused = error_of(session.access_token(options).await);
    assert!(
        matches!(&refused, SessionError::FixArgument { argument, .. } if argument == "min_ttl"),
        "{refused:?}"
    );
    // The issuer's tokens may have a longer lifetime by now, so it is asked, but only once.
    assert_eq!(
        tap.count(&world.endpoints.token),
        2,
        "the code's exchange and one renewal"
    );
}

/// oidc-provider drops `offline_access` if the request has no `prompt=consent`.
#[tokio::test]
async fn a_session_without_a_refresh_token_lasts_as_long_as_its_access_token() {
    let world = World::start(ServerKind::OidcProvider, five_minutes()).await;
    let mut configuration = world.configuration();
    configuration.authorize_parameters.clear();
    let app = world.launch_with(configuration.clone());
    world.sign_in(&app).await;
    assert_eq!(world.stored_tokens().refresh_token, None);
    assert_eq!(
        world.stored_tokens().scope.as_deref(),
        Some("openid profile email address")
    );
    app.session.access_token(ANY).await.unwrap();

    world.advance(LIFETIME);
    let reason = ReauthenticationReason::NoRefreshToken;
    assert_eq!(
        app.session.state(),
        Some(SessionState::ReauthenticationRequired { reason })
    );
    let needed = error_of(app.session.access_token(ANY).await);
    assert!(
        matches!(
            needed,
            SessionError::SignIn {
                reason: SignInReason::NoRefreshToken,
                ..
            }
        ),
        "{needed:?}"
    );
    let restarted = world.launch_with(configuration).session;
    assert_eq!(
        restarted.restore().await.unwrap(),
        SessionState::ReauthenticationRequired { reason }
    );
    assert_eq!(restarted.sign_out().await, SignOutOutcome::NothingToRevoke);
}

#[tokio::test]
async fn without_rotation_the_refresh_token_is_kept() {
    for kind in [ServerKind::OidcProvider, ServerKind::Django] {
        let options = ServerOptions {
            no_rotation: true,
            ..five_minutes()
        };
        let world = World::start(kind, options).await;
        let App { session, .. } = world.signed_in().await;
        let refresh_token = world.stored_refresh_token();
        for _ in 0..3 {
            session.access_token(NEW).await.unwrap();
            assert_eq!(world.stored_refresh_token(), refresh_token, "{kind:?}");
        }
        subject_of(session.state());
    }
}
