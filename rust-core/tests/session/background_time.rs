//! iOS kills a process that is suspended while it holds a lock in a shared folder, so no process takes one without
//! background time.

use std::fs::File;
use std::path::Path;

use pilotlight_core::ffi::{CoreSession, RetryReason, SessionError, SessionStorage};
use pilotlight_core::session::SignInOptions;
use pilotlight_identity_server::{Endpoint, Fault};

use crate::sharing::{app_and_extension, assert_no_token_was_spent_twice};
use crate::world::{ADA, GRACE, World, assert_renews, cached, forced, public};

/// How often another user's session renews before the test concludes that this one has sent nothing.
const TURNS: u64 = 5;

/// Waits as long as a renewal takes that does not have to wait. It renews another session, because the same session's
/// lock would stop this one too.
async fn time_for_a_renewal(world: &World) {
    let other = world.session_named(world.configuration(), "other");
    world.sign_in(&other, GRACE).await;
    for _ in 0..TURNS {
        assert_renews(&other).await;
    }
}

fn has_no_time(error: &SessionError) -> bool {
    matches!(
        error,
        SessionError::RetryLater {
            reason: RetryReason::NoBackgroundTime,
            ..
        }
    )
}

/// Between two attempts, or while it waits for its turn, a renewal must not keep the lock into a suspension.
#[tokio::test]
async fn a_process_that_is_about_to_be_suspended_takes_no_lock() {
    let (world, app, extension, _folder) = app_and_extension().await;
    world.control().fault(Endpoint::Token, Fault::hold());
    let renewing = tokio::spawn({
        let extension = extension.clone();
        async move { extension.access_token(forced()).await }
    });
    world.control().wait_for_held(Endpoint::Token, 1).await;
    let waiting = tokio::spawn({
        let app = app.clone();
        async move { app.access_token(forced()).await }
    });
    app.prepare_for_suspension();
    world.control().release(Endpoint::Token);
    renewing.await.unwrap().unwrap();
    assert!(has_no_time(&public(waiting.await.unwrap())));
    assert!(has_no_time(&public(app.access_token(forced()).await)));
    assert_renews(&extension).await;
    app.resume();
    assert_renews(&app).await;
    assert_no_token_was_spent_twice(&world);
}

/// iOS grants time on another thread, a moment after the request.
#[tokio::test]
async fn a_process_that_has_asked_for_time_takes_the_lock_when_it_is_granted() {
    let (world, app, extension, _folder) = app_and_extension().await;
    app.await_background_time();
    let waiting = tokio::spawn({
        let app = app.clone();
        async move { app.access_token(forced()).await }
    });
    time_for_a_renewal(&world).await;
    assert_renews(&extension).await;
    let (asked, renewed) = (world.refresh_grants(), cached(&extension));
    assert!(!waiting.is_finished());
    app.resume();
    let token = waiting.await.unwrap().unwrap();
    assert_eq!((asked, world.refresh_grants()), (TURNS + 1, TURNS + 2));
    assert_ne!(Some(token.expose()), renewed.as_deref());
    assert_no_token_was_spent_twice(&world);
}

/// A background refresh or a silent push for which there is no time.
#[tokio::test]
async fn a_process_that_is_refused_time_sends_nothing_and_renews_when_it_is_in_front() {
    let (world, app, _extension, _folder) = app_and_extension().await;
    app.await_background_time();
    let waiting = tokio::spawn({
        let app = app.clone();
        async move { app.access_token(forced()).await }
    });
    time_for_a_renewal(&world).await;
    app.prepare_for_suspension();
    assert!(has_no_time(&public(waiting.await.unwrap())));
    assert_eq!(world.refresh_grants(), TURNS);
    app.resume();
    assert_renews(&app).await;
}

async fn signed_in(world: &World, storage: SessionStorage) -> std::sync::Arc<CoreSession> {
    let name = "default".to_owned();
    let session = CoreSession::new(world.configuration(), storage, name, false, None, None).unwrap();
    let request = session.begin_sign_in(SignInOptions::default()).await.unwrap();
    let callback = world.server.authorize(&request.url, ADA).await.unwrap();
    session.complete_sign_in(callback).await.unwrap();
    session
}

fn held_locks(folder: &Path) -> usize {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let locks = files.filter(|path| path.extension().is_some_and(|extension| extension == "lock"));
    locks
        .filter(|path| File::options().write(true).open(path).unwrap().try_lock().is_err())
        .count()
}

/// As in Swift if iOS refuses at once: the answer comes before the call.
#[tokio::test]
async fn a_call_that_begins_when_there_is_no_time_takes_no_lock() {
    let world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session").to_str().unwrap().to_owned();
    let session = signed_in(&world, SessionStorage::File { path }).await;
    session.postpone_process_lock();
    session.release_process_lock();
    let error = session.access_token(0, true, false).await.unwrap_err();
    assert!(has_no_time(&error), "{error:?}");
    assert_eq!((held_locks(folder.path()), world.refresh_grants()), (0, 0));

    world.control().fault(Endpoint::Token, Fault::hold());
    session.allow_process_lock();
    let renewing = tokio::spawn({
        let session = session.clone();
        async move { session.access_token(0, true, false).await }
    });
    world.control().wait_for_held(Endpoint::Token, 1).await;
    assert_eq!(held_locks(folder.path()), 1);
    session.release_process_lock();
    assert_eq!(held_locks(folder.path()), 0);
    world.control().release(Endpoint::Token);
    renewing.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_session_that_no_other_process_has_is_renewed_without_any_time() {
    let world = World::new().await;
    let session = signed_in(&world, SessionStorage::Memory).await;
    session.postpone_process_lock();
    session.release_process_lock();
    session.access_token(0, true, false).await.unwrap();
    assert_eq!(world.refresh_grants(), 1);
}
