//! Promise 1: a session ends only when the user signs out or the issuer refuses the current refresh token.

use pilotlight_core::ffi::{RetryReason, SessionError, SignInReason};
use pilotlight_core::model::state::{ReauthenticationReason, SessionState};
use pilotlight_identity_server::{DeadRefreshToken, Fault, Options};
use serde_json::json;

use crate::reports::states;
use crate::world::{World, assert_renews, assert_unexpected, at_least, forced, is_signed_in, public};

#[tokio::test]
async fn no_trouble_on_the_way_ends_a_session() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let troubles = [
        ("500", Fault::status(500)),
        ("502 with a page", Fault::html(502)),
        ("503", Fault::status(503).header("retry-after", "7")),
        (
            "503 in OAuth's words",
            Fault::oauth_error(503, "temporarily_unavailable", ""),
        ),
        (
            "500 that says invalid_grant",
            Fault::oauth_error(500, "invalid_grant", "Unknown or invalid refresh token."),
        ),
        (
            "404 that says invalid_grant",
            Fault::oauth_error(404, "invalid_grant", ""),
        ),
        ("429", Fault::status(429)),
        (
            "429 that says invalid_grant",
            Fault::oauth_error(429, "invalid_grant", ""),
        ),
        ("400 empty", Fault::status(400)),
        ("401 empty", Fault::status(401)),
        ("403 empty", Fault::status(403)),
        ("400 of a CDN", Fault::html(400)),
        ("403 of a firewall", Fault::html(403)),
        ("a captive portal's 200", Fault::html(200)),
        (
            "a captive portal's redirect",
            Fault::redirect("http://127.0.0.1:1/login"),
        ),
        ("garbage", Fault::garbage_json()),
        ("an empty object", Fault::json(200, &json!({}))),
        ("a list", Fault::json(200, &json!([]))),
        ("a string that says so", Fault::json(400, &json!("invalid_grant"))),
        (
            "an error that is no text",
            Fault::json(400, &json!({"error": {"code": "invalid_grant"}})),
        ),
        ("an unknown code", Fault::oauth_error(400, "made_up", "")),
        ("invalid_request", Fault::oauth_error(400, "invalid_request", "")),
        ("invalid_scope", Fault::oauth_error(400, "invalid_scope", "")),
        ("invalid_client", Fault::oauth_error(401, "invalid_client", "")),
        (
            "unauthorized_client",
            Fault::oauth_error(403, "unauthorized_client", ""),
        ),
        (
            "access_denied by a rule",
            Fault::oauth_error(403, "access_denied", "You are not allowed here."),
        ),
        (
            "mfa_required",
            Fault::oauth_error(403, "mfa_required", "Multifactor authentication required"),
        ),
        ("more than is read", Fault::huge_body(2 * 1024 * 1024)),
        ("a reset before", Fault::reset()),
    ];
    for (name, trouble) in troubles {
        let stored = world.stored();
        let error = world.renewal_that_meets(trouble, &session).await;
        assert!(
            !matches!(
                error,
                SessionError::SignIn {
                    reason: SignInReason::RefreshTokenRejected,
                    ..
                }
            ),
            "{name}: {error:?}"
        );
        assert!(is_signed_in(&session), "{name}");
        assert_eq!(world.stored(), stored, "{name}");
        assert_renews(&session).await;
    }
    assert_eq!(world.control().counters().families_killed, 0);
}

#[tokio::test]
async fn a_server_that_is_away_or_silent_ends_no_session() {
    let world = World::new().await.impatient();
    let session = world.signed_in().await;
    let network = |error| {
        matches!(
            error,
            SessionError::RetryLater {
                reason: RetryReason::Network,
                ..
            }
        )
    };
    assert!(network(world.renewal_that_meets(Fault::stall(), &session).await));
    world.control().go_offline().await.unwrap();
    assert!(network(public(session.access_token(forced()).await)));
    let restarted = world.session();
    assert!(matches!(restarted.restore().await, Ok(SessionState::SignedIn { .. })));
    world.control().go_online().await.unwrap();
    assert_renews(&restarted).await;
}

#[tokio::test]
async fn the_issuers_refusal_of_the_current_refresh_token_ends_it() {
    for refusal in [
        DeadRefreshToken::InvalidGrant403,
        DeadRefreshToken::InvalidGrant400,
        DeadRefreshToken::AccessDenied403,
    ] {
        let world = World::with(Options::default().with(|s| s.dead_refresh_token = refusal)).await;
        let session = world.signed_in().await;
        let mut states = states(&session);
        assert!(matches!(states.recv().await, Some(SessionState::SignedIn { .. })));
        world.control().revoke_user(crate::world::ADA);
        let rejected = |error| {
            matches!(
                error,
                SessionError::SignIn {
                    reason: SignInReason::RefreshTokenRejected,
                    ..
                }
            )
        };
        assert!(rejected(public(session.access_token(forced()).await)), "{refusal:?}");
        let ended = SessionState::ReauthenticationRequired {
            reason: ReauthenticationReason::RefreshTokenRejected,
        };
        assert_eq!(states.recv().await, Some(ended.clone()));

        let credentials = world.stored().unwrap()["credentials"].clone();
        for token in ["access_token", "refresh_token", "id_token"] {
            assert!(credentials.get(token).is_none(), "{token} stays after the end");
        }
        let restarted = world.session();
        assert_eq!(restarted.restore().await, Ok(ended));
        assert!(rejected(public(restarted.access_token(at_least(0)).await)));
        assert_eq!(world.refresh_grants(), 1, "a dead session asks nobody");
        world.sign_in(&restarted, crate::world::ADA).await;
        assert_renews(&restarted).await;
    }
}

/// An empty 400 says nothing about the refresh token, even from an issuer that means exactly that.
#[tokio::test]
async fn an_empty_400_is_not_a_refusal() {
    let world = World::with(Options::default().with(|s| s.dead_refresh_token = DeadRefreshToken::Empty400)).await;
    let session = world.signed_in().await;
    world.control().revoke_user(crate::world::ADA);
    let error = public(session.access_token(forced()).await);
    assert_unexpected(&error);
    assert!(is_signed_in(&session));
}
