//! Tokens that nobody will use are revoked, and a sign-out beats a sign-in that has not ended.

use pilotlight_core::machine::error::Error;
use pilotlight_core::model::state::SessionState;
use pilotlight_identity_server::{Endpoint, Fault, IdTokenFault};
use serde_json::json;

use crate::world::{ADA, GRACE, World, assert_renews, disk_full, until};

#[tokio::test]
async fn a_sign_out_cancels_a_sign_in_whose_end_waits_for_the_store() {
    let world = World::new().await;
    let session = world.signed_in().await;
    world.store.fail_writes(Some(disk_full()));
    session.profile(true).await.unwrap();
    world.store.fail_writes(None);
    // The profile waits to be written; the sign-in's end tries that first.
    let callback = world.callback(&session, GRACE).await;
    let gate = world.store.gate.lock().await;
    let writes = world.store.counts().1;
    let completing = tokio::spawn({
        let session = session.clone();
        async move { session.complete_sign_in(&callback).await }
    });
    world.store.wait_for_write(writes).await;
    let signing_out = tokio::spawn({
        let session = session.clone();
        async move { session.sign_out().await }
    });
    until("signed out", || session.state() == Some(SessionState::SignedOut)).await;
    drop(gate);
    assert_eq!(completing.await.unwrap(), Err(Error::SignInCancelled));
    signing_out.await.unwrap();
    assert_eq!(session.state(), Some(SessionState::SignedOut));
    assert!(world.store.items().is_empty());
    assert_eq!(
        world.control().counters().families_revoked,
        2,
        "neither user's token lives on"
    );
}

#[tokio::test]
async fn the_refresh_token_of_a_sign_in_that_is_refused_is_revoked() {
    for fault in [
        Fault::id_token(IdTokenFault::new().claim("nonce", json!("another"))),
        Fault::id_token(IdTokenFault::new().claim("aud", json!("another"))),
        Fault::answer_without(&["id_token"]),
        Fault::answer_without(&["access_token"]),
    ] {
        let world = World::new().await;
        let session = world.session();
        let callback = world.callback(&session, ADA).await;
        world.control().fault(Endpoint::Token, fault.clone());
        session.complete_sign_in(&callback).await.unwrap_err();
        assert_eq!(world.control().counters().families_revoked, 1, "{fault:?}");
    }
}

#[tokio::test]
async fn the_refresh_token_of_another_user_whom_a_sign_in_replaces_is_revoked() {
    let world = World::new().await;
    let session = world.signed_in().await;
    world.sign_in(&session, GRACE).await;
    until("revoked", || world.control().counters().families_revoked == 1).await;
    assert_renews(&session).await;
    // The same user's is not: some issuers delete the grant along with it.
    world.sign_in(&session, GRACE).await;
    assert_renews(&session).await;
    assert_eq!(world.control().seen(Endpoint::Revoke), 1);
}
