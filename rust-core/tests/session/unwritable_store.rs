//! Promise 2: no refresh token is spent while its successor cannot be stored.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use pilotlight_core::adapters::file_lock::FileLock;
use pilotlight_core::ffi::SessionError;
use pilotlight_core::model::state::SessionState;
use pilotlight_core::ports::StoreError;
use pilotlight_core::session::{RefreshOptions, SessionManager, Sharing};
use pilotlight_identity_server::{Endpoint, Fault, Options};

use crate::audiences;
use crate::sharing::{app_and_extension, assert_no_token_was_spent_twice};
use crate::world::{ADA, World, assert_renews, at_least, cached, disk_full, forced, is_signed_in, public, until};

fn in_trouble() -> [StoreError; 2] {
    [StoreError::Locked, disk_full()]
}

/// The process ends before the trouble is over; the next one finds a session that can be renewed.
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

/// A store on a full disk can be read.
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

/// The pending write is the proof, and another process's write in between does not prevent it.
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

/// The trouble begins when the request is in flight: the tokens stay in memory until the store takes them.
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

/// The next process would send the token that was spent.
#[tokio::test]
async fn a_write_that_fails_for_a_moment_is_repeated_before_another_process_renews() {
    let (world, app, extension, _folder) = app_and_extension().await;
    world.control().fault(Endpoint::Token, Fault::hold());
    let renewal = |session: &SessionManager| {
        let session = session.clone();
        tokio::spawn(async move { session.access_token(forced()).await.map(drop) })
    };
    let renewing = renewal(&app);
    world.control().wait_for_held(Endpoint::Token, 1).await;
    let others = renewal(&extension);
    world.store.fail_next_writes(3);
    world.control().release(Endpoint::Token);
    renewing.await.unwrap().unwrap();
    others.await.unwrap().unwrap();
    assert_eq!(world.refresh_grants(), 2);
    assert_no_token_was_spent_twice(&world);
}

/// Nobody calls, and another process is next.
#[tokio::test]
async fn tokens_that_could_not_be_stored_are_stored_once_the_trouble_is_over() {
    for trouble in in_trouble() {
        let (world, app, extension, _folder) = app_and_extension().await;
        let spent = world.stored_refresh_token();
        let renewal = app.access_token(forced());
        world
            .while_the_store_begins_to_fail(trouble, renewal)
            .await
            .unwrap_err();
        // In vain.
        let writes = world.store.counts().1;
        world.clock.advance(60);
        world.store.wait_for_write(writes).await;
        world.store.fail_writes(None);
        world.clock.advance(60);
        until("it is stored", || world.stored_refresh_token() != spent).await;
        assert_renews(&extension).await;
        assert!(is_signed_in(&app));
        assert_no_token_was_spent_twice(&world);
    }
}

#[tokio::test]
async fn the_same_where_the_last_handle_goes_meanwhile() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let spent = world.stored_refresh_token();
    let renewal = session.access_token(forced());
    world
        .while_the_store_begins_to_fail(disk_full(), renewal)
        .await
        .unwrap_err();
    drop(session);
    world.store.fail_writes(None);
    world.clock.advance(60);
    until("it is stored", || world.stored_refresh_token() != spent).await;
    assert_survives(&world).await;
}

#[tokio::test]
async fn a_sign_out_that_could_not_be_stored_is_stored_though_the_last_handle_goes() {
    let world = World::new().await;
    let session = world.signed_in().await;
    world.store.fail_writes(Some(disk_full()));
    session.sign_out().await;
    drop(session);
    world.store.fail_writes(None);
    world.clock.advance(60);
    until("it is stored", || world.stored().is_none()).await;
    assert_eq!(world.session().restore().await, Ok(SessionState::SignedOut));
}

/// A prompt that the user has dismissed does not come back by itself.
#[tokio::test]
async fn what_asks_the_user_is_not_repeated_unasked() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let writes = world.store.counts().1;
    world.store.fail_writes(Some(StoreError::AuthenticationCancelled));
    session.profile(true).await.unwrap();
    assert_eq!(world.store.counts().1, writes + 1);
    assert_eq!(world.alarms.load(Ordering::SeqCst), 0, "none waits for its time");
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
