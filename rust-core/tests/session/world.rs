//! One small world per test: an identity server, a store, clocks and a log under the test's control.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use pilotlight_core::adapters::http::HttpLimits;
use pilotlight_core::adapters::system::{SystemRandomness, TokioSpawner};
use pilotlight_core::ffi::{RetryReason, SessionError};
use pilotlight_core::model::configuration::{Configuration, Provider, SessionConfiguration};
use pilotlight_core::model::secret::Secret;
use pilotlight_core::model::state::SessionState;
use pilotlight_core::model::time::Timestamp;
use pilotlight_core::ports::{Clock, StoreError, Transport};
use pilotlight_core::session::{Dependencies, SessionManager, Sharing, SignInOptions, TokenOptions};
use pilotlight_identity_server::{Control, Endpoint, Fault, IdentityServer, Options};
use serde_json::Value;

use crate::captured_log::CapturedLog;
use crate::dpop::keys::ScriptedKeys;
use crate::import::ForeignKeychainScript;
use crate::movable_clock::{ImpatientSpawner, MovableClock};
pub(crate) use crate::scripted_store::ScriptedStore;
use crate::transport::transport_with;

pub(crate) const ADA: &str = "ada@example.com";
pub(crate) const GRACE: &str = "grace@example.com";
pub(crate) const REDIRECT_URI: &str = "com.example.pilotlight://callback";

/// Much longer than anything takes, even on a busy machine.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Returns when `condition` holds.
pub(crate) async fn until(what: &str, condition: impl Fn() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(LONGEST_WAIT, waiting).await;
    assert!(waited.is_ok(), "not within {LONGEST_WAIT:?}: {what}");
}

pub(crate) struct World {
    pub(crate) server: IdentityServer,
    pub(crate) store: Arc<ScriptedStore>,
    pub(crate) foreign: Arc<ForeignKeychainScript>,
    pub(crate) keys: Arc<ScriptedKeys>,
    pub(crate) sharing: Sharing,
    pub(crate) clock: Arc<MovableClock>,
    pub(crate) log: Arc<CapturedLog>,
    pub(crate) alarms: Arc<AtomicI64>,
    /// How long a request may take.
    longest_request: Duration,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Options::default()).await
    }

    /// For servers that never answer. Elsewhere, a busy machine must not look like one.
    pub(crate) fn impatient(self) -> Self {
        Self {
            longest_request: Duration::from_secs(2),
            ..self
        }
    }

    pub(crate) async fn with(options: Options) -> Self {
        let server = IdentityServer::start(options).await.unwrap();
        server.control().freeze_clock();
        Self {
            server,
            store: Arc::default(),
            foreign: Arc::default(),
            keys: Arc::default(),
            sharing: Sharing::Alone,
            clock: Arc::default(),
            log: Arc::default(),
            alarms: Arc::default(),
            longest_request: LONGEST_WAIT,
        }
    }

    pub(crate) fn control(&self) -> &Control {
        self.server.control()
    }

    /// An Auth0 configuration, with a refresh token and the Management API as audience.
    pub(crate) fn configuration(&self) -> SessionConfiguration {
        let scopes = [
            "openid",
            "profile",
            "email",
            "offline_access",
            "read:current_user",
            "update:current_user_metadata",
            "create:current_user_metadata",
        ];
        SessionConfiguration {
            audience: Some(self.server.management_audience()),
            ..SessionConfiguration::new(
                Provider::Auth0 {
                    domain: self.server.domain().to_owned(),
                },
                "native-app",
                REDIRECT_URI,
                &scopes,
            )
        }
    }

    /// The same issuer by discovery.
    pub(crate) fn oidc_configuration(&self) -> SessionConfiguration {
        let provider = Provider::OpenIdConnect {
            issuer: self.server.issuer().to_owned(),
        };
        SessionConfiguration {
            provider,
            ..self.configuration()
        }
    }

    /// A start of the app: a new session over the world's store.
    pub(crate) fn session(&self) -> SessionManager {
        self.session_with(self.configuration())
    }

    pub(crate) fn session_with(&self, configuration: SessionConfiguration) -> SessionManager {
        let limits = HttpLimits {
            connect: self.longest_request,
            total: self.longest_request,
            ..HttpLimits::default()
        };
        self.session_over(configuration, transport_with(limits))
    }

    pub(crate) fn session_over(
        &self,
        configuration: SessionConfiguration,
        transport: Arc<dyn Transport>,
    ) -> SessionManager {
        self.open(configuration, "default", transport)
    }

    pub(crate) fn session_named(&self, configuration: SessionConfiguration, name: &str) -> SessionManager {
        self.open(configuration, name, transport_with(HttpLimits::default()))
    }

    fn open(&self, configuration: SessionConfiguration, name: &str, transport: Arc<dyn Transport>) -> SessionManager {
        let dependencies = Dependencies {
            store: self.store.clone(),
            foreign_items: self.foreign.clone(),
            proof_keys: self.keys.clone(),
            sharing: self.sharing.clone(),
            transport,
            clock: self.clock.clone(),
            randomness: Arc::new(SystemRandomness),
            spawner: Arc::new(ImpatientSpawner {
                alarms: self.alarms.clone(),
                tokio: TokioSpawner::new(tokio::runtime::Handle::current()),
                clock: self.clock.clone(),
            }),
            log: self.log.clone(),
        };
        SessionManager::new(Configuration::parse(configuration).unwrap(), name, dependencies).unwrap()
    }

    pub(crate) async fn callback(&self, session: &SessionManager, email: &str) -> String {
        let request = session.begin_sign_in(SignInOptions::default()).await.unwrap();
        self.server.authorize(&request.url, email).await.unwrap()
    }

    pub(crate) async fn sign_in(&self, session: &SessionManager, email: &str) {
        let callback = self.callback(session, email).await;
        let state = session.complete_sign_in(&callback).await.unwrap();
        assert!(matches!(state, SessionState::SignedIn { .. }), "{state:?}");
    }

    pub(crate) async fn signed_in(&self) -> SessionManager {
        let session = self.session();
        self.sign_in(&session, ADA).await;
        session
    }

    /// The only item that the session keeps, as JSON.
    pub(crate) fn stored(&self) -> Option<Value> {
        let items = self.store.items();
        let mut sessions = items
            .iter()
            .filter(|(name, _)| !name.ends_with("|unreadable") && !name.ends_with("|imported"));
        let item = sessions.next().map(|(_, bytes)| serde_json::from_slice(bytes).unwrap());
        assert!(sessions.next().is_none(), "more than one item");
        item
    }

    /// Makes the stored session look as written by an earlier release: without the discovery document.
    pub(crate) fn forget_discovery(&self) {
        self.change_stored(|item| drop(item.as_object_mut().unwrap().remove("discovery")));
    }

    /// Changes the stored session.
    pub(crate) fn change_stored(&self, change: impl FnOnce(&mut Value)) {
        let mut item = self.stored().unwrap();
        change(&mut item);
        let name = self.store.items().into_keys().next().unwrap();
        self.store.put(&name, item.to_string().as_bytes());
    }

    pub(crate) fn stored_refresh_token(&self) -> String {
        self.stored().unwrap()["credentials"]["refresh_token"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// The error of a renewal that meets `fault` however often it tries. Afterwards the server works again and enough
    /// time has passed for the next attempt.
    pub(crate) async fn renewal_that_meets(&self, fault: Fault, session: &SessionManager) -> SessionError {
        self.control().fault(Endpoint::Token, fault.for_ever());
        let error = public(session.access_token(forced()).await);
        self.control().clear_faults(Endpoint::Token);
        self.cooldown();
        error
    }

    /// The result of `renewal` if the store works when the request is sent, and fails from then on.
    pub(crate) async fn while_the_store_begins_to_fail<T>(
        &self,
        error: StoreError,
        renewal: impl Future<Output = T>,
    ) -> T {
        self.control().fault(Endpoint::Token, Fault::hold());
        let failing = async {
            self.control().wait_for_held(Endpoint::Token, 1).await;
            self.store.fail_writes(Some(error));
            self.control().release(Endpoint::Token);
        };
        tokio::join!(renewal, failing).0
    }

    /// Advances the clock by the longest time that a session ever waits before it asks the issuer again.
    pub(crate) fn cooldown(&self) {
        self.clock.advance(25 * 3600);
    }

    /// The time of the device's wall clock.
    pub(crate) fn wall(&self) -> Timestamp {
        self.clock.now().wall
    }

    pub(crate) fn refresh_grants(&self) -> u64 {
        self.control().counters().refresh_grants
    }
}

pub(crate) fn forced() -> TokenOptions {
    TokenOptions {
        force_refresh: true,
        ..TokenOptions::default()
    }
}

pub(crate) fn at_least(seconds: u64) -> TokenOptions {
    TokenOptions {
        min_ttl: Duration::from_secs(seconds),
        ..TokenOptions::default()
    }
}

pub(crate) fn cached(session: &SessionManager) -> Option<String> {
    session.with_cached_access_token(Duration::ZERO, str::to_owned)
}

pub(crate) fn is_signed_in(session: &SessionManager) -> bool {
    matches!(session.state(), Some(SessionState::SignedIn { .. }))
}

/// The error as an app would see it.
pub(crate) fn public<T, E: Into<pilotlight_core::machine::error::Error>>(result: Result<T, E>) -> SessionError {
    match result {
        Ok(_) => panic!("an error was expected"),
        Err(error) => SessionError::from(error),
    }
}

/// The session continues; the answer is unknown to the protocol.
pub(crate) fn assert_unexpected(error: &SessionError) {
    assert!(
        matches!(
            error,
            SessionError::RetryLater {
                reason: RetryReason::UnexpectedAnswer,
                ..
            }
        ),
        "{error:?}"
    );
}

/// A renewal that succeeds, returns a new token, and leaves the session signed in.
pub(crate) async fn assert_renews(session: &SessionManager) -> Secret {
    let before = cached(session);
    let token = session.access_token(forced()).await.unwrap();
    assert_ne!(Some(token.expose()), before.as_deref());
    assert!(is_signed_in(session));
    token
}

/// A disk that is full.
pub(crate) fn disk_full() -> StoreError {
    StoreError::Failed {
        explanation: "no space left".to_owned(),
        status: Some(28),
    }
}
