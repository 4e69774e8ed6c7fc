//! Several handles to one session in one process, as Swift opens them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use pilotlight_core::ffi::{
    CoreSession, KeychainAccessibility, KeychainStorage, SessionError, SessionObserver, SessionStorage,
    stored_session_names,
};
use pilotlight_core::machine::event::SessionEvent;
use pilotlight_core::model::state::SessionState;
use pilotlight_core::session::{SignInOptions, SignOutOutcome};
use pilotlight_identity_server::{Endpoint, Fault};
use serde_json::json;

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
    world
        .control()
        .fault(Endpoint::Token, Fault::answer(json!({"expires_in": 0})));
    sign_in(&world, &first).await;
    assert_eq!(second.state(), first.state());
    // The second one waits for the same renewal, or finds its token.
    let (one, other) = tokio::join!(
        first.access_token(0, false, false),
        second.access_token(0, false, false)
    );
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

#[derive(Debug, Default)]
struct Listener(AtomicU32);

impl SessionObserver for Listener {
    fn state_changed(&self, _: SessionState) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn happened(&self, _: SessionEvent) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// An app that opens a handle for each screen: handles that are gone are not called or kept in memory.
#[tokio::test]
async fn an_observer_goes_with_its_handle() {
    let world = World::new().await;
    let (_folder, storage) = file();
    let observed = |observer: &Arc<Listener>| {
        let observer: Arc<dyn SessionObserver> = observer.clone();
        let name = "default".to_owned();
        CoreSession::new(
            world.configuration(),
            storage.clone(),
            name,
            false,
            Some(observer),
            None,
        )
        .unwrap()
    };
    let living = Arc::new(Listener::default());
    let first = observed(&living);
    sign_in(&world, &first).await;
    let gone: Vec<_> = std::iter::repeat_with(|| Arc::new(Listener::default()))
        .take(50)
        .collect();
    for listener in &gone {
        drop(observed(listener));
    }
    let freed = async {
        while gone.iter().any(|listener| Arc::strong_count(listener) > 1) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let freed = tokio::time::timeout(Duration::from_secs(20), freed).await;
    assert!(freed.is_ok(), "observers of handles that are gone are kept");
    let before: Vec<_> = gone.iter().map(|listener| listener.0.load(Ordering::SeqCst)).collect();
    let heard = living.0.load(Ordering::SeqCst);
    first.access_token(0, true, false).await.unwrap();
    first.sign_out().await.unwrap();
    while living.0.load(Ordering::SeqCst) < heard + 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let after: Vec<_> = gone.iter().map(|listener| listener.0.load(Ordering::SeqCst)).collect();
    assert_eq!(after, before, "called after their handles were gone");
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

#[tokio::test]
async fn sessions_of_one_app_are_listed_restored_and_removed_one_by_one() {
    let world = World::new().await;
    let (_folder, storage) = file();
    let named = |name: &str| {
        CoreSession::new(
            world.configuration(),
            storage.clone(),
            name.to_owned(),
            false,
            None,
            None,
        )
        .unwrap()
    };
    let names = || stored_session_names(world.configuration(), storage.clone());
    assert_eq!(names().await.unwrap(), Vec::<String>::new());
    for name in ["work", "home", "a|b", "\u{e9}"] {
        sign_in(&world, &named(name)).await;
    }
    let mut other = world.configuration();
    other.client_id = "another-app".to_owned();
    assert_eq!(
        stored_session_names(other, storage.clone()).await.unwrap(),
        Vec::<String>::new()
    );
    assert_eq!(names().await.unwrap(), ["a|b", "home", "work", "\u{e9}"]);

    assert_eq!(named("work").sign_out().await.unwrap(), SignOutOutcome::Revoked);
    assert_eq!(names().await.unwrap(), ["a|b", "home", "\u{e9}"]);
    for name in names().await.unwrap() {
        let session = named(&name);
        assert!(matches!(
            session.restore().await.unwrap(),
            SessionState::SignedIn { .. }
        ));
        session.access_token(0, true, false).await.unwrap();
    }
}

#[tokio::test]
async fn storage_that_cannot_be_is_a_matter_of_configuration() {
    let world = World::new().await;
    let keychain = |lock_path: Option<&str>| SessionStorage::Keychain {
        options: KeychainStorage {
            service: "com.example.app".to_owned(),
            access_group: None,
            accessibility: KeychainAccessibility::AfterFirstUnlockThisDeviceOnly,
            synchronizable: false,
            access_control: None,
            lock_path: lock_path.map(str::to_owned),
            installation_marker_path: None,
        },
    };
    for (storage, hint) in [(keychain(Some("")), "App Groups"), (keychain(None), "no Keychain")] {
        match CoreSession::new(world.configuration(), storage, "default".to_owned(), false, None, None) {
            Err(SessionError::FixConfiguration { field, message }) => {
                assert!(field == "storage" && message.contains(hint), "{message}");
            }
            other => panic!("{other:?}"),
        }
    }
}
