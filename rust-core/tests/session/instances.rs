//! Several handles to one session in one process, as Swift opens them.

use std::sync::Arc;

use pilotlight_core::ffi::{CoreSession, SessionStorage};
use pilotlight_core::session::SignInOptions;
use pilotlight_core::state::SessionState;

use crate::world::{ADA, World};

fn open(world: &World, storage: &SessionStorage) -> Arc<CoreSession> {
    CoreSession::new(
        world.configuration(),
        storage.clone(),
        "default".to_owned(),
        false,
        None,
        None,
    )
    .unwrap()
}

async fn sign_in(world: &World, session: &CoreSession) {
    let request = session.begin_sign_in(SignInOptions::default()).await.unwrap();
    let callback = world.server.authorize(&request.url, ADA).await.unwrap();
    session.complete_sign_in(callback).await.unwrap();
}

fn file() -> (tempfile::TempDir, SessionStorage) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session").to_str().unwrap().to_owned();
    (folder, SessionStorage::File { path })
}

#[tokio::test]
async fn two_handles_of_one_session_share_one_renewal() {
    let world = World::new().await;
    let (_folder, storage) = file();
    let (first, second) = (open(&world, &storage), open(&world, &storage));
    sign_in(&world, &first).await;
    assert_eq!(second.state(), first.state());
    let (one, other) = tokio::join!(first.access_token(0, true, false), second.access_token(0, true, false));
    assert_eq!(one.unwrap(), other.unwrap());
    let counters = world.control().counters();
    assert_eq!(
        (counters.refresh_grants, counters.spent_refresh_tokens_presented),
        (1, 0)
    );
    second.access_token(0, true, false).await.unwrap();
    assert_eq!(first.cached_access_token(0), second.cached_access_token(0));
}

#[tokio::test]
async fn a_session_is_open_as_long_as_somebody_holds_it() {
    let world = World::new().await;
    let (_folder, storage) = file();
    let first = open(&world, &storage);
    sign_in(&world, &first).await;
    drop(first);
    let later = open(&world, &storage);
    assert_eq!(later.state(), None, "read anew");
    assert!(matches!(later.restore().await, Ok(SessionState::SignedIn { .. })));
}

#[tokio::test]
async fn another_name_another_file_or_memory_is_another_session() {
    let world = World::new().await;
    let (_folder, storage) = file();
    let (_other_folder, other_storage) = file();
    let session = open(&world, &storage);
    sign_in(&world, &session).await;
    let named = CoreSession::new(world.configuration(), storage, "work".to_owned(), false, None, None).unwrap();
    for other in [
        named,
        open(&world, &other_storage),
        open(&world, &SessionStorage::Memory),
    ] {
        assert_eq!(other.restore().await, Ok(SessionState::SignedOut));
    }
    let in_memory = open(&world, &SessionStorage::Memory);
    sign_in(&world, &in_memory).await;
    assert_eq!(
        open(&world, &SessionStorage::Memory).restore().await,
        Ok(SessionState::SignedOut)
    );
}
