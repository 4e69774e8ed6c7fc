//! The cost of a session in Keychain calls.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use pilotlight_core::adapters::file_lock::FileLock;
use pilotlight_core::adapters::foreign_keychain::NoKeychainItems;
use pilotlight_core::adapters::http::HttpTransport;
use pilotlight_core::adapters::keychain::KeychainOptions;
use pilotlight_core::adapters::proof_keys::SoftwareKeys;
use pilotlight_core::adapters::system::{SilentLog, SystemClock, SystemRandomness, TokioSpawner};
use pilotlight_core::model::configuration::{Configuration, Provider, SessionConfiguration};
use pilotlight_core::model::state::SessionState;
use pilotlight_core::session::{Dependencies, SessionManager, Sharing, SignInOptions, TokenOptions};
use pilotlight_identity_server::{IdentityServer, Options};
use pilotlight_keychain_emulation::open;
use pilotlight_keychain_emulation::security::Function::{self, Add, CopyMatching, Update};
use pilotlight_keychain_emulation::security::{GROUPS, Lock, with};
use pilotlight_store_contract::off_thread;

use crate::options;

/// A start of the app.
fn session(server: &IdentityServer, options: &KeychainOptions) -> SessionManager {
    session_of(server, options, Sharing::Alone)
}

fn session_of(server: &IdentityServer, options: &KeychainOptions, sharing: Sharing) -> SessionManager {
    let configuration = SessionConfiguration::new(
        Provider::Auth0 {
            domain: server.domain().to_owned(),
        },
        "native-app",
        "com.example.pilotlight://callback",
        &["openid", "profile", "email", "offline_access"],
    );
    let dependencies = Dependencies {
        store: off_thread(open(options.clone())),
        foreign_items: Arc::new(NoKeychainItems),
        proof_keys: Arc::new(SoftwareKeys),
        sharing,
        transport: Arc::new(HttpTransport::new()),
        clock: Arc::new(SystemClock),
        randomness: Arc::new(SystemRandomness),
        spawner: Arc::new(TokioSpawner::new(tokio::runtime::Handle::current())),
        log: Arc::new(SilentLog),
    };
    SessionManager::new(Configuration::parse(configuration).unwrap(), "default", dependencies).unwrap()
}

fn forced() -> TokenOptions {
    TokenOptions {
        force_refresh: true,
        ..TokenOptions::default()
    }
}

fn counts(options: &KeychainOptions) -> BTreeMap<Function, usize> {
    with(&options.service, |device| device.take_counts())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_read_at_restore_none_for_a_valid_token_and_two_writes_for_each_renewal() {
    let server = IdentityServer::start(Options::default()).await.unwrap();
    let options = options();
    let first = session(&server, &options);
    assert_eq!(first.restore().await.unwrap(), SessionState::SignedOut);
    // Both copies of the session, the probe that proves that a "not found" is true, created this once, and both copies
    // again.
    assert_eq!(counts(&options), [(CopyMatching, 5), (Add, 1)].into());
    let request = first.begin_sign_in(SignInOptions::default()).await.unwrap();
    let callback = server.authorize(&request.url, "ada@example.com").await.unwrap();
    first.complete_sign_in(&callback).await.unwrap();
    assert_eq!(counts(&options), [(Update, 1), (Add, 1)].into());
    drop(first);

    let restarted = session(&server, &options);
    let state = restarted.restore().await.unwrap();
    assert!(matches!(state, SessionState::SignedIn { .. }), "{state:?}");
    assert_eq!(counts(&options), [(CopyMatching, 1)].into());

    for _ in 0..10 {
        let cached = restarted.with_cached_access_token(Duration::ZERO, str::to_owned);
        let token = restarted.access_token(TokenOptions::default()).await.unwrap();
        assert_eq!(cached.as_deref(), Some(token.expose()));
    }
    assert_eq!(counts(&options), [].into());

    // One write proves that the store is writable, one stores the tokens. A third follows if the ID token waits for the
    // issuer's keys, which a new process has yet to fetch.
    for writes in [3, 2, 2] {
        restarted.access_token(forced()).await.unwrap();
        assert_eq!(counts(&options), [(Update, writes)].into());
    }
    assert_eq!(server.control().counters().refresh_grants, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_was_renewed_before_the_device_restarted_is_there_after_the_first_unlock() {
    let server = IdentityServer::start(Options::default()).await.unwrap();
    let options = options();
    let first = session(&server, &options);
    let request = first.begin_sign_in(SignInOptions::default()).await.unwrap();
    let callback = server.authorize(&request.url, "ada@example.com").await.unwrap();
    first.complete_sign_in(&callback).await.unwrap();
    drop(first);

    with(&options.service, |device| device.lock = Lock::NeverUnlockedAndLying);
    let prewarmed = session(&server, &options);
    assert_eq!(prewarmed.restore().await.unwrap(), SessionState::Locked);
    with(&options.service, |device| device.lock = Lock::Locked);
    let state = prewarmed.restore().await.unwrap();
    assert!(matches!(state, SessionState::SignedIn { .. }), "{state:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn shared_with_an_extension_a_renewal_reads_at_most_twice_and_writes_at_most_three_times() {
    let server = IdentityServer::start(Options::default()).await.unwrap();
    let options = KeychainOptions {
        access_group: Some(GROUPS[1].to_owned()),
        ..options()
    };
    let folder = tempfile::tempdir().unwrap();
    let start = || {
        let lock = FileLock::new(folder.path().join("session"), tokio::runtime::Handle::current());
        session_of(&server, &options, Sharing::Processes(Arc::new(lock)))
    };
    let app = start();
    let request = app.begin_sign_in(SignInOptions::default()).await.unwrap();
    let callback = server.authorize(&request.url, "ada@example.com").await.unwrap();
    app.complete_sign_in(&callback).await.unwrap();
    let extension = start();
    extension.restore().await.unwrap();
    for process in [&extension, &app, &app, &extension] {
        counts(&options);
        process.access_token(forced()).await.unwrap();
        let counts = counts(&options);
        // Before it renews, and before it writes.
        assert!(matches!(counts.get(&CopyMatching), Some(1 | 2)), "{counts:?}");
        // No write if the other process's renewal served.
        assert!(matches!(counts.get(&Update), None | Some(2 | 3)), "{counts:?}");
        assert!(counts.len() <= 2, "{counts:?}");
    }
}
