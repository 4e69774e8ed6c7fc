//! Promise 3: no refresh token is spent while its successor cannot be stored.

use std::sync::Arc;

use pilotlight_core::adapters::file_lock::FileLock;
use pilotlight_core::ffi::SessionError;
use pilotlight_core::ports::StoreError;
use pilotlight_core::session::{RefreshOptions, Sharing};
use pilotlight_identity_server::Options;

use crate::audiences;
use crate::world::{ADA, World, assert_renews, at_least, cached, disk_full, forced, is_signed_in, public};

fn in_trouble() -> [StoreError; 2] {
    [StoreError::Locked, disk_full()]
}

/// The process is taken away before the trouble is over; the next one finds a session that can be renewed.
async fn assert_survives(world: &World) {
    world.store.fail_reads(None);
    world.store.fail_writes(None);
    let restarted = world.session();
    restarted.restore().await.unwrap();
    assert_renews(&restarted).await;
    assert_eq!(world.control().counters().spent_refresh_tokens_presented, 0);
}

#[tokio::test]
async fn a_store_that_cannot_be_written_is_found_out_before_the_refresh_token_is_sent() {
    for trouble in in_trouble() {
        for reads_fail_too in [false, true] {
            let world = World::with(Options::default().with(|s| s.access_token_lifetime = 3600)).await;
            let session = world.signed_in().await;
            world.store.fail_reads(reads_fail_too.then(|| trouble.clone()));
            world.store.fail_writes(Some(trouble.clone()));
            world.clock.advance(3601);
            let error = public(session.access_token(at_least(0)).await);
            assert_eq!(
                matches!(error, SessionError::WaitForUnlock { .. }),
                trouble == StoreError::Locked,
                "{error:?}"
            );
            assert_eq!(world.refresh_grants(), 0, "{trouble:?}");
            assert!(is_signed_in(&session));
            drop(session);
            assert_survives(&world).await;
        }
    }
}

#[tokio::test]
async fn the_same_where_other_processes_use_the_store() {
    for trouble in in_trouble() {
        let mut world = World::new().await;
        let folder = tempfile::tempdir().unwrap();
        let lock = FileLock::new(folder.path().join("lock"), tokio::runtime::Handle::current());
        world.sharing = Sharing::Processes(Arc::new(lock));
        let session = world.signed_in().await;
        world.store.fail_writes(Some(trouble));
        assert!(session.access_token(forced()).await.is_err());
        assert_eq!(world.refresh_grants(), 0);
        drop(session);
        assert_survives(&world).await;
    }
}

/// A full disk can be read.
#[tokio::test]
async fn the_token_of_another_process_serves_though_nothing_can_be_written() {
    let mut world = World::with(Options::default().with(|s| s.access_token_lifetime = 3600)).await;
    let folder = tempfile::tempdir().unwrap();
    let lock = FileLock::new(folder.path().join("lock"), tokio::runtime::Handle::current());
    world.sharing = Sharing::Processes(Arc::new(lock));
    let session = world.signed_in().await;
    let other = world.session();
    other.restore().await.unwrap();
    world.clock.advance(3601);
    let renewed = other.access_token(at_least(0)).await.unwrap();
    world.store.fail_writes(Some(disk_full()));
    assert_eq!(session.access_token(at_least(0)).await.unwrap(), renewed);
    assert_eq!(world.refresh_grants(), 1);
}

#[tokio::test]
async fn the_same_for_a_further_audience_and_for_a_renewal_with_scopes() {
    let world = audiences::world().await;
    let session = world.signed_in().await;
    world.store.fail_writes(Some(StoreError::Locked));
    assert!(session.access_token_for(&audiences::api(), at_least(0)).await.is_err());
    let narrow = RefreshOptions {
        scopes: vec!["openid".to_owned()],
        parameters: Vec::new(),
    };
    assert!(session.refresh(narrow).await.is_err());
    assert_eq!(world.refresh_grants(), 0);
    assert_survives(&world).await;
}

/// What waits to be written is the proof, and another process's writing in between is no obstacle.
#[tokio::test]
async fn the_trouble_over_the_next_call_renews() {
    let world = World::new().await;
    let session = world.signed_in().await;
    world.store.fail_writes(Some(disk_full()));
    session.profile(true).await.unwrap();
    assert!(session.access_token(forced()).await.is_err());
    assert_eq!(world.refresh_grants(), 0);
    world.store.fail_writes(None);
    assert_renews(&session).await;
    assert_eq!(world.stored().unwrap()["profile"]["email"], crate::world::ADA);
}

/// The trouble begins when the request is on its way: the tokens are in memory until the store takes them.
#[tokio::test]
async fn what_was_proved_and_fails_all_the_same_is_written_at_the_next_chance() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let renewal = session.access_token(forced());
    let outcome = world.while_the_store_begins_to_fail(StoreError::Locked, renewal).await;
    assert!(matches!(public(outcome), SessionError::WaitForUnlock { .. }));
    assert_eq!(cached(&session), None);
    // Nothing further is spent meanwhile.
    assert!(session.access_token(forced()).await.is_err());
    assert_eq!(world.refresh_grants(), 1);
    world.store.fail_writes(None);
    assert!(session.access_token(at_least(0)).await.is_ok());
    assert_survives(&world).await;
}

#[tokio::test]
async fn a_sign_in_is_stored_in_the_end_though_the_store_can_never_be_read() {
    let world = World::new().await;
    drop(world.signed_in().await);
    let session = world.session();
    let callback = world.callback(&session, ADA).await;
    world.store.fail_reads(Some(disk_full()));
    session.complete_sign_in(&callback).await.unwrap_err();
    let writes = world.store.counts().1;
    for _ in 0..3 {
        assert_eq!(world.store.counts().1, writes);
        session.access_token(at_least(0)).await.unwrap();
    }
    assert_eq!(world.store.counts().1, writes + 1);
    world.store.fail_reads(None);
    assert_renews(&world.session()).await;
}
