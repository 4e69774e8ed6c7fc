//! Importing happens once: after a sign-out, the old item signs nobody in again, at whatever moment a kill occurs.

use std::sync::Arc;

use pilotlight_core::adapters::file_lock::FileLock;
use pilotlight_core::ffi::SessionError;
use pilotlight_core::model::state::SessionState;
use pilotlight_core::session::{ImportOutcome, ImportSource, Sharing, SignOutOutcome};
use pilotlight_identity_server::{Endpoint, Fault};
use serde_json::json;
use tokio::runtime::Handle;

use super::{
    SUBJECT, assert_imported, credentials_manager, keep_with_credentials_manager, lock, old_tokens,
    world_with_credentials_manager,
};
use crate::world::{ADA, GRACE, World, assert_renews, disk_full, public, until};

#[tokio::test]
async fn after_a_sign_out_the_old_item_brings_nobody_back() {
    let (world, _) = world_with_credentials_manager().await;
    let session = world.session();
    assert_imported(&session.import_session(credentials_manager()).await.unwrap());
    session.sign_out().await;
    for session in [session, world.session()] {
        assert_eq!(
            session.import_session(credentials_manager()).await.unwrap(),
            ImportOutcome::Closed
        );
        assert_eq!(session.state(), Some(SessionState::SignedOut));
    }
    assert_eq!(world.stored(), None);
}

/// Nobody has to read the existing item before the first renewal is written.
#[tokio::test]
async fn what_was_imported_is_known_to_be_in_the_store() {
    let (world, _) = world_with_credentials_manager().await;
    let session = world.session();
    assert_imported(&session.import_session(credentials_manager()).await.unwrap());
    let (reads, _) = world.store.counts();
    assert_renews(&session).await;
    assert_eq!(world.store.counts().0, reads);
}

/// A kill right after the session was stored: the mark that importing is over was not written yet.
#[tokio::test]
async fn a_kill_after_the_session_was_stored_does_not_bring_it_back_later() {
    let (world, _) = world_with_credentials_manager().await;
    assert_imported(&world.session().import_session(credentials_manager()).await.unwrap());
    let marker = world
        .store
        .items()
        .into_keys()
        .find(|name| name.ends_with("|imported"))
        .unwrap();
    world.store.remove(&marker);
    // The app imports only if nobody is signed in, so this launch does not import.
    let next = world.session();
    assert!(matches!(next.restore().await.unwrap(), SessionState::SignedIn { .. }));
    next.sign_out().await;
    let last = world.session();
    assert_eq!(
        last.import_session(credentials_manager()).await.unwrap(),
        ImportOutcome::Closed
    );
}

/// Another user's sign-out has not reached the issuer yet.
#[tokio::test]
async fn nor_does_one_lose_what_waits_to_be_revoked() {
    let (world, _) = world_with_credentials_manager().await;
    let session = world.session();
    world.sign_in(&session, GRACE).await;
    world.control().fault(Endpoint::Revoke, Fault::status(503).for_ever());
    assert_eq!(session.sign_out().await, SignOutOutcome::RevocationPending);
    let revocations = world.stored().unwrap()["revocations"].clone();
    let gate = world.store.gate.lock().await;
    let (_, writes) = world.store.counts();
    let importing = tokio::spawn({
        let session = session.clone();
        async move { session.import_session(credentials_manager()).await.unwrap() }
    });
    world.store.wait_for_write(writes).await;
    // No write but that of the session.
    let gate = world.store.let_one_through(gate).await;
    let stored = world.stored().unwrap();
    assert_eq!(
        (&stored["subject"], &stored["revocations"]),
        (&json!(SUBJECT), &revocations)
    );
    drop(gate);
    assert_imported(&importing.await.unwrap());
    world.control().clear_faults(Endpoint::Revoke);
    drop(session);
    let next = world.session();
    next.restore().await.unwrap();
    until("she is signed out at the issuer", || {
        world.control().counters().families_revoked == 1
    })
    .await;
    assert_renews(&next).await;
}

/// The same if the sign-out is a launch's first action, and if a new sign-in replaces the session.
#[tokio::test]
async fn nor_when_the_next_launch_signs_out_or_in_at_once() {
    for (looks, signs_in) in [(false, false), (true, true), (false, true)] {
        let (world, _) = world_with_credentials_manager().await;
        assert_imported(&world.session().import_session(credentials_manager()).await.unwrap());
        let names = world.store.items().into_keys();
        for name in names.filter(|name| name.ends_with("|imported")) {
            world.store.remove(&name);
        }
        let next = world.session();
        if looks {
            next.restore().await.unwrap();
        }
        if signs_in {
            world.sign_in(&next, ADA).await;
        }
        next.sign_out().await;
        let last = world.session();
        assert_eq!(
            last.import_session(credentials_manager()).await.unwrap(),
            ImportOutcome::Closed,
            "{looks} {signs_in}"
        );
    }
}

/// Each write of an import fails once, as if the process had been killed before it: the next launch imports, or has
/// already done so.
#[tokio::test]
async fn a_kill_before_any_step_leaves_the_user_signed_in_by_the_next_launch() {
    let (world, _) = world_with_credentials_manager().await;
    let first = world.session();
    world.store.fail_writes(Some(disk_full()));
    first.import_session(credentials_manager()).await.unwrap_err();
    drop(first);
    world.store.fail_writes(None);
    let next = world.session();
    assert_imported(&next.import_session(credentials_manager()).await.unwrap());
    assert_renews(&next).await;
    let last = world.session();
    assert_eq!(
        last.import_session(credentials_manager()).await.unwrap(),
        ImportOutcome::SessionExists
    );
    assert_renews(&last).await;
    assert_eq!(world.control().counters().spent_refresh_tokens_presented, 0);
}

/// What waits to be revoked after a sign-out is in the session's place.
#[tokio::test]
async fn an_import_replaces_an_item_that_the_store_cannot_compare() {
    let world = World::new().await;
    let tokens = old_tokens(&world).await;
    keep_with_credentials_manager(&world, &tokens);
    let session = world.session();
    world.sign_in(&session, GRACE).await;
    world.control().fault(Endpoint::Revoke, Fault::status(503).for_ever());
    session.sign_out().await;
    assert!(world.stored().is_some());
    let names = world.store.items().into_keys();
    for name in names.filter(|name| name.ends_with("|imported")) {
        world.store.remove(&name);
    }
    world.store.recognises_nothing(true);
    assert_imported(&world.session().import_session(credentials_manager()).await.unwrap());
    assert_eq!(world.stored().unwrap()["subject"], SUBJECT);
}

#[tokio::test]
async fn who_signed_in_by_hand_after_a_failed_import_and_out_again_stays_out() {
    let (world, _) = world_with_credentials_manager().await;
    let session = world.session();
    session.restore().await.unwrap();
    world.foreign.fail(Some(disk_full()));
    session.import_session(credentials_manager()).await.unwrap_err();
    world.foreign.fail(None);
    world.sign_in(&session, ADA).await;
    session.sign_out().await;
    let next = world.session();
    assert_eq!(
        next.import_session(credentials_manager()).await.unwrap(),
        ImportOutcome::Closed
    );
}

#[tokio::test]
async fn an_app_that_always_asks_writes_nothing_for_users_who_have_nothing_to_import() {
    let world = World::new().await;
    let session = world.session();
    assert_eq!(
        session.import_session(lock()).await.unwrap(),
        ImportOutcome::NothingFound
    );
    world.sign_in(&session, ADA).await;
    assert_eq!(world.store.items().len(), 1);
}

#[tokio::test]
async fn two_processes_import_one_session() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new().await;
    let file_lock = FileLock::new(folder.path().join("session"), Handle::current());
    world.sharing = Sharing::Processes(Arc::new(file_lock));
    let mut tokens = old_tokens(&world).await;
    // Without an ID token, the issuer is asked, by one process at a time.
    tokens.id_token = String::new();
    let source = ImportSource::TokenValues {
        access_token: None,
        refresh_token: Some(tokens.refresh_token),
        id_token: None,
        profile_archive: None,
    };
    let (app, extension) = (world.session(), world.session());
    world.control().fault(Endpoint::Token, Fault::hold());
    let first = {
        let (app, source) = (app.clone(), source.clone());
        tokio::spawn(async move { app.import_session(source).await })
    };
    world.control().wait_for_held(Endpoint::Token, 1).await;
    let second = {
        let extension = extension.clone();
        tokio::spawn(async move { extension.import_session(source).await })
    };
    world.control().release(Endpoint::Token);
    assert_imported(&first.await.unwrap().unwrap());
    assert_eq!(second.await.unwrap().unwrap(), ImportOutcome::SessionExists);
    assert_eq!(world.refresh_grants(), 1);
    assert_renews(&extension).await;
    assert_renews(&app).await;
    assert_eq!(world.control().counters().spent_refresh_tokens_presented, 0);
}

#[tokio::test]
async fn the_old_items_go_when_the_app_says_so_and_only_when_they_are_not_all_there_is() {
    let (world, tokens) = world_with_credentials_manager().await;
    for account in ["id_token", "refresh_token", "access_token", "profile", "of the app"] {
        world.foreign.put("Auth0", account, tokens.refresh_token.as_bytes());
    }
    let session = world.session();
    assert!(!session.discard_imported_session(credentials_manager()).await.unwrap());
    assert_eq!(world.foreign.left().len(), 6);
    assert_imported(&session.import_session(credentials_manager()).await.unwrap());
    assert!(session.discard_imported_session(credentials_manager()).await.unwrap());
    assert!(session.discard_imported_session(lock()).await.unwrap());
    assert_eq!(world.foreign.left(), ["Auth0/of the app"]);
    // Also after a sign-out, in another launch.
    world.foreign.put("Auth0", "id_token", b"left");
    session.sign_out().await;
    assert!(world.session().discard_imported_session(lock()).await.unwrap());
    assert_eq!(world.foreign.left(), ["Auth0/of the app"]);
    let error = public(
        session
            .discard_imported_session(ImportSource::ArchivedBytes { bytes: Vec::new() })
            .await,
    );
    assert!(
        matches!(&error, SessionError::FixArgument { argument, .. } if argument == "source"),
        "{error:?}"
    );
}
