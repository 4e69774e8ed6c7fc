//! Promise 1, between processes: what one process has yet to tidy up never touches a sign-in that another made meanwhile.
//! The cases were found by the simulation (`tests/simulation`).

use std::sync::Arc;

use pilotlight_core::adapters::file_lock::FileLock;
use pilotlight_core::session::{SessionManager, Sharing, SignOutOutcome};
use pilotlight_core::state::SessionState;
use pilotlight_identity_server::{Endpoint, Fault};
use tempfile::TempDir;
use tokio::runtime::Handle;

use crate::world::{ADA, World, assert_renews, disk_full, forced, is_signed_in};

async fn app_and_extension() -> (World, SessionManager, SessionManager, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new().await;
    let lock = FileLock::new(folder.path().join("session"), Handle::current());
    world.sharing = Sharing::Processes(Arc::new(lock));
    let app = world.signed_in().await;
    let extension = world.session();
    extension.restore().await.unwrap();
    (world, app, extension, folder)
}

#[tokio::test]
async fn a_sign_out_that_could_not_be_stored_leaves_a_newer_sign_in_alone() {
    let (world, app, extension, _folder) = app_and_extension().await;
    world.store.fail_writes(Some(disk_full()));
    assert_eq!(app.sign_out().await, SignOutOutcome::Revoked);
    world.store.fail_writes(None);
    world.sign_in(&extension, ADA).await;
    app.restore().await.unwrap();
    assert!(is_signed_in(&app), "it takes over what the other process has");
    assert_renews(&extension).await;
    assert_renews(&app).await;
}

#[tokio::test]
async fn a_sign_out_that_could_not_be_stored_is_stored_later() {
    let (world, app, _extension, _folder) = app_and_extension().await;
    world.store.fail_writes(Some(disk_full()));
    assert_eq!(app.sign_out().await, SignOutOutcome::Revoked);
    assert!(world.stored().is_some());
    world.store.fail_writes(None);
    app.restore().await.unwrap();
    assert_eq!(app.state(), Some(SessionState::SignedOut));
    assert!(world.stored().is_none());
}

#[tokio::test]
async fn a_revocation_that_is_done_later_leaves_a_newer_sign_in_alone() {
    let (world, app, extension, _folder) = app_and_extension().await;
    world.control().fault(Endpoint::Revoke, Fault::status(503).for_ever());
    assert_eq!(app.sign_out().await, SignOutOutcome::RevocationPending);
    world.control().clear_faults(Endpoint::Revoke);

    // The extension tells the issuer, and cannot write down that it did.
    world.store.fail_writes(Some(disk_full()));
    let (revoked, writes) = (world.control().counters().families_revoked, world.store.counts().1);
    extension.restore().await.unwrap();
    world.store.wait_for_write(writes).await;
    assert_eq!(world.control().counters().families_revoked, revoked + 1);

    world.store.fail_writes(None);
    world.sign_in(&app, ADA).await;
    extension.restore().await.unwrap();
    assert!(
        world.stored().unwrap().get("credentials").is_some(),
        "the new session is there"
    );
    assert!(is_signed_in(&extension));
    assert_renews(&app).await;
}

#[tokio::test]
async fn an_older_session_does_not_come_back_when_a_newer_one_was_never_stored() {
    let (world, app, _extension, _folder) = app_and_extension().await;
    world.store.fail_writes(Some(disk_full()));
    let callback = world.callback(&app, ADA).await;
    app.complete_sign_in(&callback).await.unwrap_err();
    assert!(is_signed_in(&app));
    app.sign_out().await;
    world.store.fail_writes(None);
    app.restore().await.unwrap();
    assert_eq!(app.state(), Some(SessionState::SignedOut));
    assert!(world.stored().is_none());
}

#[tokio::test]
async fn a_profile_is_fetched_though_another_process_signed_in_meanwhile() {
    let (world, app, extension, _folder) = app_and_extension().await;
    world.sign_in(&app, ADA).await;
    world.clock.advance(86_400);
    // Its token is too old, so it looks, and finds another session of the same user.
    assert_eq!(extension.profile(true).await.unwrap().email.as_deref(), Some(ADA));
}

#[tokio::test]
async fn nobody_hears_of_a_renewal_before_it_is_stored() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let mut states = session.subscribe();
    states.try_recv().unwrap();
    world.clock.advance(86_400);
    let gate = world.store.gate.lock().await;
    let writes = world.store.counts().1;
    let renewing = tokio::spawn({
        let session = session.clone();
        async move { session.access_token(forced()).await }
    });
    world.store.wait_for_write(writes).await;
    // Another caller, who would tell.
    let asking = tokio::spawn({
        let session = session.clone();
        async move { session.restore().await }
    });
    asking.await.unwrap().unwrap();
    drop(session.subscribe());
    assert!(states.try_recv().is_err(), "nothing yet");
    drop(gate);
    renewing.await.unwrap().unwrap();
    assert!(matches!(states.try_recv(), Ok(SessionState::SignedIn { .. })));
}
