//! What happens to the secret when its user signs out, or another user signs in.

use pilotlight_core::ffi::SessionError;
use pilotlight_core::model::state::SessionState;
use pilotlight_core::session::SignOutOutcome;
use pilotlight_identity_server::{Endpoint, Fault};
use serde_json::Value;

use super::{external, first, signed_in_by, stored_secret, world, world_with};
use crate::world::{ADA, GRACE, World, assert_renews, forced, public, until};

async fn no_revocation_waits(world: &World) {
    until("the store is empty", || world.store.items().is_empty()).await;
}

#[tokio::test]
async fn a_sign_out_revokes_it_too_and_with_it_the_other_apps() {
    let (world, session) = world().await;
    let sso = session.device_sso().await.unwrap();
    let second = signed_in_by(&world, sso.clone()).await;
    assert_eq!(session.sign_out().await, SignOutOutcome::Revoked);
    let counters = world.control().counters();
    assert_eq!((counters.families_revoked, counters.device_secrets_revoked), (1, 1));
    assert_eq!(world.control().seen(Endpoint::Revoke), 2);
    assert!(world.store.items().keys().all(|name| name.contains("sibling-app")));
    // At Okta, everything issued for the secret ends with it.
    let ended = public(second.access_token(forced()).await);
    assert!(matches!(ended, SessionError::SignIn { .. }), "{ended:?}");
    let refused = public(second.sign_in_by_exchange(external(sso)).await);
    assert!(
        matches!(&refused, SessionError::RestartSignIn { code, .. } if code == "invalid_grant"),
        "{refused:?}"
    );
}

/// The tokens in the store that wait to be revoked, each with its kind.
fn waiting(world: &World) -> Vec<(String, Option<String>)> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let stored = world.stored().unwrap();
    let waiting = stored["revocations"].as_array().unwrap().iter();
    waiting
        .map(|token| (text(&token["refresh_token"]).unwrap(), text(&token["kind"])))
        .collect()
}

#[tokio::test]
async fn without_a_network_both_wait_and_the_next_launch_revokes_them() {
    let (world, session) = world().await;
    let (refresh_token, secret) = (world.stored_refresh_token(), stored_secret(&world).unwrap());
    world.control().go_offline().await.unwrap();
    assert_eq!(session.sign_out().await, SignOutOutcome::RevocationPending);
    world.control().go_online().await.unwrap();
    let both = [(refresh_token, None), (secret, Some("device_secret".to_owned()))];
    assert_eq!(waiting(&world), both);
    drop(session);
    let restarted = world.session_with(first(&world));
    assert_eq!(restarted.restore().await, Ok(SessionState::SignedOut));
    no_revocation_waits(&world).await;
    let counters = world.control().counters();
    assert_eq!((counters.families_revoked, counters.device_secrets_revoked), (1, 1));
}

/// After a transient failure with the first one, the others are not tried.
#[tokio::test]
async fn an_issuer_that_cannot_answer_now_is_asked_for_none_of_the_others() {
    let (world, session) = world().await;
    world.control().fault(Endpoint::Revoke, Fault::status(503).for_ever());
    assert_eq!(session.sign_out().await, SignOutOutcome::RevocationPending);
    assert_eq!(world.control().seen(Endpoint::Revoke), 1);
    assert_eq!(waiting(&world).len(), 2);
}

#[tokio::test]
async fn where_the_process_ends_between_the_two_the_other_one_waits() {
    let (world, session) = world().await;
    let secret = stored_secret(&world).unwrap();
    world.control().fault(Endpoint::Revoke, Fault::status(503).skip(1));
    assert_eq!(session.sign_out().await, SignOutOutcome::RevocationPending);
    assert_eq!(waiting(&world), [(secret, Some("device_secret".to_owned()))]);
    drop(session);
    world.session_with(first(&world)).restore().await.unwrap();
    no_revocation_waits(&world).await;
    assert_eq!(world.control().counters().device_secrets_revoked, 1);
}

#[tokio::test]
async fn an_issuer_that_refuses_one_of_them_is_asked_for_the_other() {
    let (world, session) = world().await;
    let refused = Fault::oauth_error(400, "unsupported_token_type", "");
    world.control().fault(Endpoint::Revoke, refused.clone());
    assert_eq!(session.sign_out().await, SignOutOutcome::RevocationRefused);
    assert_eq!(world.control().counters().device_secrets_revoked, 1);
    assert!(world.store.items().is_empty());

    world.sign_in(&session, ADA).await;
    world.control().fault(Endpoint::Revoke, refused.skip(1));
    assert_eq!(session.sign_out().await, SignOutOutcome::RevocationRefused);
    assert!(world.store.items().is_empty());
}

#[tokio::test]
async fn another_user_revokes_it_and_the_same_one_does_not() {
    let (world, session) = world().await;
    world.sign_in(&session, ADA).await;
    assert_eq!(world.control().seen(Endpoint::Revoke), 0);
    world.sign_in(&session, GRACE).await;
    world.control().wait_for_requests(Endpoint::Revoke, 2).await;
    until("both are revoked", || {
        let counters = world.control().counters();
        (counters.families_revoked, counters.device_secrets_revoked) == (1, 1)
    })
    .await;
    assert!(session.device_sso().await.is_ok(), "Grace's");
    assert_renews(&session).await;
}

#[tokio::test]
async fn what_a_late_answer_brings_after_the_sign_out_is_revoked() {
    let (world, session) = world_with(|settings| settings.device_secret_rotation = true).await;
    world.control().fault(Endpoint::Token, Fault::hold().after_processing());
    let sign_out = async {
        world.control().wait_for_held(Endpoint::Token, 1).await;
        // The server does not know the secret that it has replaced.
        assert_eq!(session.sign_out().await, SignOutOutcome::Revoked);
        assert_eq!(world.control().counters().device_secrets_revoked, 0);
        world.control().release(Endpoint::Token);
    };
    let (renewed, ()) = tokio::join!(session.access_token(forced()), sign_out);
    assert!(renewed.is_err());
    assert_eq!(world.control().counters().device_secrets_revoked, 1);
    assert!(world.store.items().is_empty());
}
