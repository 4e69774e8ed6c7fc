//! Signing out: always on the device, and at the issuer if possible.

use pilotlight_core::ffi::{SessionError, SignInReason};
use pilotlight_core::model::state::SessionState;
use pilotlight_core::session::SignOutOutcome;
use pilotlight_identity_server::{Endpoint, Fault};
use serde_json::json;

use crate::reports::{events, states};
use crate::world::{World, at_least, cached, disk_full, public};

#[tokio::test]
async fn signing_out_forgets_here_and_revokes_there() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let mut states = states(&session);
    assert_eq!(session.sign_out().await, SignOutOutcome::Revoked);
    assert_eq!(session.state(), Some(SessionState::SignedOut));
    assert!(matches!(states.recv().await, Some(SessionState::SignedIn { .. })));
    assert_eq!(states.recv().await, Some(SessionState::SignedOut));
    assert!(cached(&session).is_none() && world.store.items().is_empty());
    assert_eq!(world.control().counters().families_revoked, 1);
    let error = public(session.access_token(at_least(0)).await);
    assert!(matches!(
        error,
        SessionError::SignIn {
            reason: SignInReason::SignedOut,
            ..
        }
    ));
    assert_eq!(session.sign_out().await, SignOutOutcome::NothingToRevoke);
}

#[tokio::test]
async fn an_issuer_that_cannot_be_reached_does_not_keep_the_user_signed_in() {
    let world = World::new().await.impatient();
    for fault in [
        Fault::status(503),
        Fault::reset(),
        Fault::html(200),
        Fault::stall(),
        Fault::status(400),
    ] {
        let session = world.signed_in().await;
        world.control().fault(Endpoint::Revoke, fault.clone());
        let outcome = session.sign_out().await;
        assert_eq!(session.state(), Some(SessionState::SignedOut));
        assert!(cached(&session).is_none() && session.cached_profile().is_none());
        let answered = fault == Fault::html(200);
        let expected = if answered {
            SignOutOutcome::Revoked
        } else {
            SignOutOutcome::RevocationPending
        };
        assert_eq!(outcome, expected, "{fault:?}");
        assert_eq!(world.store.items().is_empty(), answered);
    }
}

#[tokio::test]
async fn an_issuer_without_revocation_is_not_asked() {
    let world = World::new().await;
    world.control().fault(
        Endpoint::Discovery,
        Fault::answer_without(&["revocation_endpoint"]).for_ever(),
    );
    let session = world.session_with(world.oidc_configuration());
    world.sign_in(&session, crate::world::ADA).await;
    assert_eq!(session.sign_out().await, SignOutOutcome::RevocationNotOffered);
    assert_eq!(world.control().seen(Endpoint::Revoke), 0);
}

#[tokio::test]
async fn a_sign_out_can_be_the_first_call() {
    let world = World::new().await;
    drop(world.signed_in().await);
    assert_eq!(world.session().sign_out().await, SignOutOutcome::Revoked);
    assert!(world.store.items().is_empty());
}

#[tokio::test]
async fn an_item_that_cannot_be_deleted_now_is_deleted_at_the_next_chance() {
    let world = World::new().await;
    let session = world.signed_in().await;
    world.store.fail_writes(Some(disk_full()));
    assert_eq!(session.sign_out().await, SignOutOutcome::Revoked);
    assert_eq!(session.state(), Some(SessionState::SignedOut));
    world.store.fail_writes(None);
    assert_eq!(session.restore().await, Ok(SessionState::SignedOut));
    assert!(world.store.items().is_empty());
}

/// Its token cannot be revoked, but the user is signed out.
#[tokio::test]
async fn a_sign_out_deletes_an_item_that_cannot_be_read_now() {
    let world = World::new().await;
    drop(world.signed_in().await);
    world.store.fail_reads(Some(disk_full()));
    assert_eq!(world.session().sign_out().await, SignOutOutcome::NothingToRevoke);
    assert!(world.store.items().is_empty());
}

#[tokio::test]
async fn a_sign_out_clears_what_could_not_be_read() {
    let world = World::new().await;
    drop(world.signed_in().await);
    let (name, _) = world.store.items().pop_first().unwrap();
    world.store.put(&name, json!({"version": 1}).to_string().as_bytes());
    let session = world.session();
    let mut events = events(&session);
    assert_eq!(session.sign_out().await, SignOutOutcome::NothingToRevoke);
    assert!(world.store.items().is_empty());
    assert!(events.announced().is_empty(), "nobody was signed in");
}
