//! Tokens that nobody will use are revoked, and a sign-out takes precedence over an unfinished sign-in.

use pilotlight_core::machine::error::Error;
use pilotlight_core::model::state::SessionState;
use pilotlight_core::session::{SessionManager, SignOutOutcome};
use pilotlight_identity_server::{Endpoint, Fault, IdTokenFault};
use serde_json::{Value, json};

use crate::sharing::shared_world;
use crate::world::{ADA, GRACE, World, assert_renews, disk_full, until};

#[tokio::test]
async fn a_sign_out_cancels_a_sign_in_whose_end_waits_for_the_store() {
    let world = World::new().await;
    let session = world.signed_in().await;
    world.store.fail_writes(Some(disk_full()));
    session.profile(true).await.unwrap();
    world.store.fail_writes(None);
    // The profile waits to be written; the end of the sign-in tries that first.
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
    // The same user's token is not revoked: some issuers delete the grant along with it.
    world.sign_in(&session, GRACE).await;
    assert_renews(&session).await;
    assert_eq!(world.control().seen(Endpoint::Revoke), 1);
}

/// Grace has signed in over Ada's session while no revocation could be sent. Returns Ada's refresh token.
async fn replaced_while_revocation_fails(world: &World) -> (SessionManager, String) {
    let session = world.signed_in().await;
    let replaced = world.stored_refresh_token();
    world.control().fault(Endpoint::Revoke, Fault::status(503).for_ever());
    world.sign_in(&session, GRACE).await;
    until("the issuer is asked", || world.control().seen(Endpoint::Revoke) == 1).await;
    (session, replaced)
}

fn waiting(world: &World) -> Vec<String> {
    let item = world.stored().unwrap();
    let revocations = item["revocations"].as_array().cloned().unwrap_or_default();
    let token = |waiting: &Value| waiting["refresh_token"].as_str().unwrap().to_owned();
    revocations.iter().map(token).collect()
}

async fn all_are_revoked(world: &World, families: u64) {
    until("revoked, and noted", || {
        world.control().counters().families_revoked == families
            && world.stored().is_none_or(|item| item.get("revocations").is_none())
    })
    .await;
}

#[tokio::test]
async fn one_that_cannot_be_revoked_waits_with_the_new_session() {
    let world = World::new().await;
    let (session, replaced) = replaced_while_revocation_fails(&world).await;
    assert_eq!(waiting(&world), [replaced]);
    drop(session);
    world.control().clear_faults(Endpoint::Revoke);
    let session = world.session();
    session.restore().await.unwrap();
    all_are_revoked(&world, 1).await;
    assert_renews(&session).await;
    assert_eq!(world.control().seen(Endpoint::Revoke), 2);
}

#[tokio::test]
async fn the_same_launch_tries_again_when_the_issuer_answers_but_not_a_moment_after() {
    let world = World::new().await;
    let (session, replaced) = replaced_while_revocation_fails(&world).await;
    for _ in 0..20 {
        session.restore().await.unwrap();
        session.profile(true).await.unwrap();
    }
    assert_eq!(world.control().seen(Endpoint::Revoke), 1);
    assert_eq!(waiting(&world), [replaced]);
    world.control().clear_faults(Endpoint::Revoke);
    world.clock.advance(31);
    session.profile(true).await.unwrap();
    all_are_revoked(&world, 1).await;
}

#[tokio::test]
async fn a_sign_out_of_the_new_user_leaves_both_to_be_revoked() {
    let world = World::new().await;
    let (session, _) = replaced_while_revocation_fails(&world).await;
    assert_eq!(session.sign_out().await, SignOutOutcome::RevocationPending);
    assert_eq!(waiting(&world).len(), 2);
    world.control().clear_faults(Endpoint::Revoke);
    world.session().restore().await.unwrap();
    all_are_revoked(&world, 2).await;
    assert!(world.store.items().is_empty());
}

#[tokio::test]
async fn a_sign_in_of_the_same_user_forgets_her_own_and_no_others() {
    let world = World::new().await;
    let (session, _) = replaced_while_revocation_fails(&world).await;
    let graces = world.stored_refresh_token();
    world.sign_in(&session, ADA).await;
    assert_eq!(waiting(&world), std::slice::from_ref(&graces));
    assert_eq!(session.sign_out().await, SignOutOutcome::RevocationPending);
    // Also after a sign-out: the user of each token is known.
    world.sign_in(&session, ADA).await;
    assert_eq!(waiting(&world), [graces]);
    world.control().clear_faults(Endpoint::Revoke);
    world.session().restore().await.unwrap();
    all_are_revoked(&world, 1).await;
    assert_renews(&session).await;
}

/// The extension does not know yet that a user is signed in.
#[tokio::test]
async fn another_processs_session_that_a_sign_in_writes_over_is_revoked_too() {
    let (world, _folder) = shared_world().await;
    let (app, extension) = (world.session(), world.session());
    extension.restore().await.unwrap();
    world.sign_in(&app, ADA).await;
    world.sign_in(&extension, GRACE).await;
    all_are_revoked(&world, 1).await;
    app.restore().await.unwrap();
    assert_renews(&app).await;
    assert_renews(&extension).await;
}

/// A token that one process has revoked does not come back with another process's write.
#[tokio::test]
async fn two_processes_agree_on_what_waits() {
    let (world, _folder) = shared_world().await;
    let (app, extension) = (world.session(), world.session());
    world.sign_in(&app, ADA).await;
    world.control().fault(Endpoint::Revoke, Fault::status(503).for_ever());
    world.sign_in(&app, GRACE).await;
    extension.restore().await.unwrap();
    // Wait until both have also seen the answer: their cooldowns begin then.
    let failures = || world.log.text().matches("could not be revoked").count();
    until("both have tried", || failures() == 2).await;
    assert_eq!(world.control().seen(Endpoint::Revoke), 2);
    world.control().clear_faults(Endpoint::Revoke);
    world.clock.advance(31);
    app.restore().await.unwrap();
    all_are_revoked(&world, 1).await;
    assert_renews(&extension).await;
    assert_eq!(waiting(&world), Vec::<String>::new());
    assert_renews(&app).await;
    assert_eq!(world.control().seen(Endpoint::Revoke), 3);
}
