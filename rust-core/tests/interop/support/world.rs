//! Server, user, device and app.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use pilotlight_core::adapters::file_store::FileStore;
use pilotlight_core::adapters::foreign_keychain::NoKeychainItems;
use pilotlight_core::adapters::off_thread::{BlockingStore as _, OffThread};
use pilotlight_core::adapters::proof_keys::SoftwareKeys;
use pilotlight_core::adapters::system::{SilentLog, SystemRandomness, TokioSpawner};
use pilotlight_core::model::configuration::{Configuration, Provider, SessionConfiguration};
use pilotlight_core::model::credentials::Credentials;
use pilotlight_core::model::secret::Secret;
use pilotlight_core::model::state::SessionState;
use pilotlight_core::session::{Dependencies, SessionManager, Sharing, SignInOptions};
use pilotlight_core::storage::envelope::{StoredItem, StoredSession};
use pilotlight_test_browser::{Browser, InteropServer, ServerKind, ServerOptions};
use tempfile::TempDir;
use tokio::runtime::Handle;
use url::Url;

use super::by_hand::discover;
use super::clock::MovableClock;
use super::tap::Tap;

pub(crate) const REDIRECT_URI: &str = "com.example.pilotlight://callback";
const SESSION_NAME: &str = "main";

/// A running server, its user's browser, and a device with the app's files and a clock.
pub(crate) struct World {
    pub(crate) server: InteropServer,
    pub(crate) endpoints: Endpoints,
    pub(crate) browser: Browser,
    folder: TempDir,
    clock: Arc<MovableClock>,
}

/// The endpoints in the server's discovery document.
pub(crate) struct Endpoints {
    pub(crate) token: Url,
    pub(crate) keys: Url,
    pub(crate) userinfo: Url,
}

/// One launch of the app: a separate process as far as memory is concerned.
pub(crate) struct App {
    pub(crate) session: SessionManager,
    pub(crate) tap: Arc<Tap>,
}

impl World {
    pub(crate) async fn start(kind: ServerKind, options: ServerOptions) -> Self {
        let server = InteropServer::start(kind, options)
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        Self {
            endpoints: discover(server.issuer()).await,
            browser: Browser::new(server.credentials()).unwrap(),
            folder: tempfile::tempdir().unwrap(),
            clock: Arc::new(MovableClock::default()),
            server,
        }
    }

    /// Like [`World::start`], but returns `None`, with a message on standard error, if the server does not run on this
    /// machine. `scripts/test.sh` reports that too.
    #[allow(clippy::print_stderr)] // a test that looks at nothing says so
    pub(crate) async fn start_where_it_runs(kind: ServerKind, options: ServerOptions) -> Option<Self> {
        if let Some(reason) = kind.unavailable().unwrap() {
            eprintln!("skipped: {reason}");
            return None;
        }
        Some(Self::start(kind, options).await)
    }

    /// The app's configuration. It asks for consent, because oidc-provider gives no refresh token otherwise.
    pub(crate) fn configuration(&self) -> SessionConfiguration {
        SessionConfiguration {
            authorize_parameters: HashMap::from([("prompt".to_owned(), "consent".to_owned())]),
            ..SessionConfiguration::new(
                Provider::OpenIdConnect {
                    issuer: self.server.issuer().to_owned(),
                },
                self.server.client_id(),
                REDIRECT_URI,
                &["openid", "profile", "email", "address", "offline_access"],
            )
        }
    }

    /// Starts the app with the file that an earlier launch left.
    pub(crate) fn launch(&self) -> App {
        self.launch_with(self.configuration())
    }

    pub(crate) fn launch_with(&self, configuration: SessionConfiguration) -> App {
        let tap = Arc::new(Tap::default());
        let dependencies = Dependencies {
            store: Arc::new(OffThread::new(Arc::new(self.file()), Handle::current())),
            foreign_items: Arc::new(NoKeychainItems),
            proof_keys: Arc::new(SoftwareKeys),
            sharing: Sharing::Alone,
            transport: tap.clone(),
            clock: self.clock.clone(),
            randomness: Arc::new(SystemRandomness),
            spawner: Arc::new(TokioSpawner::new(Handle::current())),
            log: Arc::new(SilentLog),
        };
        let configuration = Configuration::parse(configuration).unwrap();
        let session = SessionManager::new(configuration, SESSION_NAME, dependencies).unwrap();
        App { session, tap }
    }

    /// A launch with a user who has just signed in.
    pub(crate) async fn signed_in(&self) -> App {
        let app = self.launch();
        self.sign_in(&app).await;
        app
    }

    pub(crate) async fn sign_in(&self, app: &App) -> SessionState {
        let callback = self.callback(app, SignInOptions::default()).await;
        app.session.complete_sign_in(&callback).await.unwrap()
    }

    /// Begins a sign-in and has the user complete it. Returns the callback URL.
    pub(crate) async fn callback(&self, app: &App, options: SignInOptions) -> String {
        let begun = app.session.begin_sign_in(options).await.unwrap();
        self.browser.sign_in(&begun.url, REDIRECT_URI).await.unwrap()
    }

    /// Advances the device's clock; the server's clock does not change.
    pub(crate) fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// The current contents of the file.
    pub(crate) fn stored(&self) -> Option<StoredSession> {
        let item = Configuration::parse(self.configuration())
            .unwrap()
            .item_name(SESSION_NAME);
        let bytes = self.file().read(&item).unwrap()?;
        StoredItem::decode(&bytes).unwrap().into_session()
    }

    pub(crate) fn stored_tokens(&self) -> Credentials {
        self.stored().unwrap().credentials
    }

    pub(crate) fn stored_refresh_token(&self) -> Secret {
        self.stored_tokens().refresh_token.unwrap()
    }

    fn file(&self) -> FileStore {
        FileStore::new(self.folder.path().join("session.json"))
    }
}
