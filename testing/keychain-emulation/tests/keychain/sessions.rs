//! What a session costs, in calls of the Keychain.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use pilotlight_core::adapters::http::HttpTransport;
use pilotlight_core::adapters::keychain::KeychainOptions;
use pilotlight_core::adapters::system::{SilentLog, SystemClock, SystemRandomness, TokioSpawner};
use pilotlight_core::configuration::{Configuration, Provider, SessionConfiguration};
use pilotlight_core::session::{Environment, SessionManager, Sharing, SignInOptions, TokenOptions};
use pilotlight_core::state::SessionState;
use pilotlight_identity_server::{IdentityServer, Options};
use pilotlight_keychain_emulation::open;
use pilotlight_keychain_emulation::security::Function::{self, Add, CopyMatching, Update};
use pilotlight_keychain_emulation::security::{Lock, with};
use pilotlight_store_contract::off_thread;

use crate::options;

/// A start of the app.
fn session(server: &IdentityServer, options: &KeychainOptions) -> SessionManager {
    let configuration = SessionConfiguration {
        provider: Provider::Auth0 {
            domain: server.domain().to_owned(),
        },
        client_id: "native-app".to_owned(),
        redirect_uri: "com.example.pilotlight://callback".to_owned(),
        scopes: ["openid", "profile", "email", "offline_access"]
            .map(str::to_owned)
            .to_vec(),
        audience: None,
        authorize_parameters: HashMap::new(),
        token_parameters: HashMap::new(),
        headers: HashMap::new(),
        leeway_seconds: 60,
    };
    let environment = Environment {
        store: off_thread(open(options.clone())),
        sharing: Sharing::Alone,
        transport: Arc::new(HttpTransport::new()),
        clock: Arc::new(SystemClock),
        randomness: Arc::new(SystemRandomness),
        spawner: Arc::new(TokioSpawner::new(tokio::runtime::Handle::current())),
        log: Arc::new(SilentLog),
    };
    SessionManager::new(Configuration::parse(configuration).unwrap(), "default", environment).unwrap()
}

fn counts(options: &KeychainOptions) -> BTreeMap<Function, usize> {
    with(&options.service, |device| device.take_counts())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_read_at_restore_none_for_a_valid_token_and_one_write_for_each_renewal() {
    let server = IdentityServer::start(Options::default()).await.unwrap();
    let options = options();
    let first = session(&server, &options);
    assert_eq!(first.restore().await.unwrap(), SessionState::SignedOut);
    // Either copy of the session, the probe that proves that a "not found" is true, made this once, and both copies again.
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

    for _ in 0..3 {
        let forced = TokenOptions {
            force_refresh: true,
            ..TokenOptions::default()
        };
        restarted.access_token(forced).await.unwrap();
        assert_eq!(counts(&options), [(Update, 1)].into());
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
