//! The sessions that are open in this process. Opening one again gives the same: two that renewed side by side would
//! present one refresh token twice, and an issuer that rotates ends the session for that.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use super::error::SessionError;
use super::redirect_uris::RedirectUris;
use super::store_identity::StoreIdentity;
use crate::machine::error::Error;
use crate::model::configuration::{Configuration, SessionConfiguration};
use crate::ports::{Log, LogLevel};
use crate::session::{Dependencies, SessionManager, WeakSessionManager};

/// What makes two sessions the same one: the stored item, whatever else their configurations say. One that only looks
/// has no renewals that could meet another's, and is a separate session.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Identity {
    store: StoreIdentity,
    item_name: String,
    read_only: bool,
}

#[derive(Debug)]
struct OpenSession {
    manager: WeakSessionManager,
    /// As of the first opening, whose settings count.
    configuration: SessionConfiguration,
    /// The name of its HTTP client.
    network: &'static str,
}

/// Opening one takes no longer when many are open.
#[derive(Debug, Default)]
struct OpenSessions {
    by_identity: HashMap<Identity, OpenSession>,
    redirect_uris: RedirectUris,
    /// How many may be opened before the closed ones are removed.
    opened_until_sweep: usize,
}

static OPEN: LazyLock<Mutex<OpenSessions>> = LazyLock::new(Mutex::default);

/// The least number of sessions between two looks at all of them.
const LEAST_BETWEEN_SWEEPS: usize = 16;

impl OpenSessions {
    fn add(&mut self, identity: Identity, manager: &SessionManager, session: OpenSession) {
        if self.opened_until_sweep == 0 {
            self.by_identity
                .retain(|_, session| session.manager.upgrade().is_some());
            self.redirect_uris.forget_closed();
            self.opened_until_sweep = self.by_identity.len().max(LEAST_BETWEEN_SWEEPS);
        }
        self.opened_until_sweep -= 1;
        self.redirect_uris.add(manager);
        self.by_identity.insert(identity, session);
    }
}

/// What is asked for.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) configuration: SessionConfiguration,
    /// `None`: a store that nobody else can open.
    pub(super) store: Option<StoreIdentity>,
    pub(super) name: String,
    pub(super) read_only: bool,
    /// The name of the HTTP client.
    pub(super) network: &'static str,
}

/// The open session over the same stored item, or a new one with what `dependencies` makes. Where the configuration of
/// an open one differs, the caller's `log` says so.
pub(super) fn open_or_join(
    opening: Opening,
    log: &Arc<dyn Log>,
    dependencies: impl FnOnce() -> Result<Dependencies, SessionError>,
) -> Result<SessionManager, SessionError> {
    let Opening {
        configuration,
        store,
        name,
        read_only,
        network,
    } = opening;
    let checked = Configuration::parse(configuration.clone())?;
    let Some(store) = store else {
        return Ok(SessionManager::new(checked, &name, dependencies()?)?);
    };
    let identity = Identity {
        store,
        item_name: checked.item_name(&name),
        read_only,
    };
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(same) = open.by_identity.get(&identity)
        && let Some(manager) = same.manager.upgrade()
    {
        if same.network != network {
            return Err(another_network(same.network, network).into());
        }
        if same.configuration != configuration {
            log.log(
                LogLevel::Warning,
                "this session is open already with another configuration, which stays in force until it is closed; what \
                 differs from sign-in to sign-in belongs in the sign-in's options",
            );
        }
        return Ok(manager);
    }
    let manager = SessionManager::new(checked, &name, dependencies()?)?;
    let session = OpenSession {
        manager: manager.downgrade(),
        configuration,
        network,
    };
    open.add(identity, &manager, session);
    Ok(manager)
}

/// Not the first one's, as with other settings: requests would leave a VPN, or miss a pinned certificate, without a word.
fn another_network(open: &str, wanted: &str) -> Error {
    Error::Configuration {
        field: "transport",
        problem: format!(
            "differs: this session is open already in this process and its requests go through {open}, not through \
             {wanted}; give each Session with this configuration, storage and name the same transport"
        ),
    }
}

#[cfg(test)]
#[cfg(feature = "http-client")]
mod tests {
    use std::cell::Cell;
    use std::collections::HashMap;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::adapters::foreign_keychain::NoKeychainItems;
    use crate::adapters::http::HttpTransport;
    use crate::adapters::memory_store::MemoryStore;
    use crate::adapters::proof_keys::SoftwareKeys;
    use crate::adapters::system::{SilentLog, SystemClock, SystemRandomness, TokioSpawner};
    use crate::ffi::{KeychainAccessibility, KeychainStorage, SessionStorage};
    use crate::model::configuration::Provider;
    use crate::model::proof_key::TokenBinding;
    use crate::session::{Sharing, SignInOptions};

    fn configuration() -> SessionConfiguration {
        SessionConfiguration {
            provider: Provider::Auth0 {
                domain: "tenant.example.com".to_owned(),
            },
            client_id: "client".to_owned(),
            redirect_uri: "com.example.app://callback".to_owned(),
            scopes: vec!["openid".to_owned()],
            audience: None,
            resources: Vec::new(),
            authorize_parameters: HashMap::new(),
            token_parameters: HashMap::new(),
            headers: HashMap::new(),
            header_origins: Vec::new(),
            leeway_seconds: 60,
            metadata_by_id_token: false,
            pushes_authorization_requests: false,
            dpop: TokenBinding::Off,
            lifetime: Default::default(),
            legacy: false,
        }
    }

    fn keychain(service: &str) -> KeychainStorage {
        KeychainStorage {
            service: service.to_owned(),
            access_group: None,
            accessibility: KeychainAccessibility::AfterFirstUnlockThisDeviceOnly,
            synchronizable: false,
            access_control: None,
            lock_path: None,
            installation_marker_path: None,
        }
    }

    fn dependencies() -> Dependencies {
        Dependencies {
            store: Arc::new(MemoryStore::default()),
            sharing: Sharing::Alone,
            foreign_items: Arc::new(NoKeychainItems),
            proof_keys: Arc::new(SoftwareKeys),
            transport: Arc::new(HttpTransport::new()),
            clock: Arc::new(SystemClock),
            randomness: Arc::new(SystemRandomness),
            spawner: Arc::new(TokioSpawner::new(tokio::runtime::Handle::current())),
            log: Arc::new(SilentLog),
        }
    }

    /// How many managers there are for one session in the test's own service and each of `others`.
    fn managers(service: &str, others: Vec<(SessionConfiguration, KeychainStorage)>) -> usize {
        let made = Cell::new(0);
        let log: Arc<dyn Log> = Arc::new(SilentLog);
        let open = |(configuration, options): (SessionConfiguration, KeychainStorage)| {
            let opening = Opening {
                configuration,
                store: SessionStorage::Keychain { options }.identity(),
                name: "default".to_owned(),
                read_only: false,
                network: "a client",
            };
            let make = || {
                made.set(made.get() + 1);
                Ok(dependencies())
            };
            open_or_join(opening, &log, make).unwrap()
        };
        let first = open((configuration(), keychain(service)));
        let held: Vec<_> = others.into_iter().map(open).collect();
        drop((first, held));
        made.get()
    }

    #[tokio::test]
    async fn one_stored_item_has_one_manager_whatever_else_the_configurations_say() {
        let mut written: Vec<_> = std::iter::repeat_with(configuration).take(8).collect();
        written[0].redirect_uri = "com.example.app://other".to_owned();
        written[1].scopes.push("email".to_owned());
        written[2].audience = Some("https://api.example.com/".to_owned());
        written[3].authorize_parameters = HashMap::from([("ui_locales".to_owned(), "de".to_owned())]);
        written[4].headers = HashMap::from([("x-app".to_owned(), "1".to_owned())]);
        written[5].leeway_seconds = 10;
        written[6].provider = Provider::Auth0 {
            domain: "https://TENANT.example.com/".to_owned(),
        };
        written[7].provider = Provider::OpenIdConnect {
            issuer: "https://tenant.example.com/".to_owned(),
        };
        let service = "one-manager";
        let mut others: Vec<_> = written
            .into_iter()
            .map(|written| (written, keychain(service)))
            .collect();
        let mut stored = keychain(service);
        stored.accessibility = KeychainAccessibility::WhenUnlocked;
        stored.lock_path = Some("/tmp/lock".to_owned());
        others.push((configuration(), stored));
        assert_eq!(managers(service, others), 1);
    }

    #[derive(Debug, Default)]
    struct Warnings(AtomicUsize);

    impl Log for Warnings {
        fn log(&self, level: LogLevel, _: &str) {
            if level == LogLevel::Warning {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// A session at this tenant. Those of one test have one redirect URI, and those of two tests, which run at the same
    /// time, two.
    fn at(domain: &str, name: &str) -> (SessionManager, Arc<Warnings>) {
        let warnings = Arc::new(Warnings::default());
        let opening = Opening {
            configuration: SessionConfiguration {
                provider: Provider::Auth0 {
                    domain: domain.to_owned(),
                },
                redirect_uri: match domain {
                    "many.example.com" => "com.example.many://callback".to_owned(),
                    _ => "com.example.mix-up://callback".to_owned(),
                },
                ..configuration()
            },
            store: SessionStorage::Keychain {
                options: keychain("mix-up"),
            }
            .identity(),
            name: name.to_owned(),
            read_only: false,
            network: "a client",
        };
        let log: Arc<dyn Log> = warnings.clone();
        let make = || {
            Ok(Dependencies {
                log: log.clone(),
                ..dependencies()
            })
        };
        (open_or_join(opening, &log, make).unwrap(), warnings)
    }

    async fn is_warned((session, warnings): &(SessionManager, Arc<Warnings>)) -> bool {
        session.begin_sign_in(SignInOptions::default()).await.unwrap();
        warnings.0.swap(0, Ordering::Relaxed) > 0
    }

    #[tokio::test]
    async fn open_sessions_at_two_issuers_with_one_redirect_uri_meet() {
        let (closed, first) = (at("one.example.com", "a"), at("one.example.com", "b"));
        drop(closed);
        assert!(!is_warned(&first).await);
        let second = at("two.example.com", "a");
        assert!(is_warned(&first).await && is_warned(&second).await);
        let third = at("two.example.com", "b");
        assert!(is_warned(&third).await);
        drop((second, third));
        drop(first);
        let alone = at("one.example.com", "c");
        assert!(!is_warned(&alone).await);
        let (fourth, fifth) = (at("one.example.com", "d"), at("two.example.com", "c"));
        assert!(is_warned(&alone).await && is_warned(&fourth).await && is_warned(&fifth).await);
    }

    #[tokio::test]
    async fn what_was_closed_is_forgotten() {
        for name in 0..1000 {
            drop(at("many.example.com", &name.to_string()));
        }
        let open = OPEN.lock().unwrap();
        let kept = open
            .by_identity
            .keys()
            .filter(|identity| identity.item_name.contains("many.example.com"));
        assert!(kept.count() < 100);
    }

    #[tokio::test]
    async fn a_second_handle_with_another_http_client_is_an_error_that_names_both() {
        let log: Arc<dyn Log> = Arc::new(SilentLog);
        let open = |network, read_only| {
            let opening = Opening {
                configuration: configuration(),
                store: SessionStorage::Keychain {
                    options: keychain("two-clients"),
                }
                .identity(),
                name: "default".to_owned(),
                read_only,
                network,
            };
            open_or_join(opening, &log, || Ok(dependencies()))
        };
        let first = open("one client", false).unwrap();
        open("one client", false).unwrap();
        // What only looks is a separate session.
        open("another client", true).unwrap();
        let SessionError::FixConfiguration { field, message } = open("another client", false).unwrap_err() else {
            panic!("another error");
        };
        assert_eq!(field, "transport");
        assert!(
            message.contains("one client") && message.contains("another client"),
            "{message}"
        );
        drop(first);
        open("another client", false).unwrap();
    }

    #[tokio::test]
    async fn another_client_issuer_service_or_group_is_another_session() {
        let mut others = vec![(configuration(), keychain("another-service"))];
        let mut group = keychain("separate");
        group.access_group = Some("TEAM.group".to_owned());
        others.push((configuration(), group));
        let mut client = configuration();
        client.client_id = "another".to_owned();
        others.push((client, keychain("separate")));
        let mut issuer = configuration();
        issuer.provider = Provider::Auth0 {
            domain: "other.example.com".to_owned(),
        };
        others.push((issuer, keychain("separate")));
        assert_eq!(managers("separate", others), 5);
    }
}
