//! The sessions that are open in this process. Opening one again gives the same: two that renewed side by side would
//! present one refresh token twice, and an issuer that rotates ends the session for that.

use std::sync::{Arc, Mutex, PoisonError};

use super::error::SessionError;
use super::store_identity::StoreIdentity;
use crate::model::configuration::{Configuration, SessionConfiguration};
use crate::ports::{Log, LogLevel};
use crate::session::{Dependencies, SessionManager, WeakSessionManager};

/// What makes two sessions the same one: the stored item, whatever else their configurations say. One that only looks
/// has no renewals that could meet another's, and is a session of its own.
#[derive(Debug, PartialEq, Eq)]
struct Identity {
    store: StoreIdentity,
    item_name: String,
    read_only: bool,
}

#[derive(Debug)]
struct OpenSession {
    identity: Identity,
    manager: WeakSessionManager,
    /// As of the first opening, whose settings count.
    configuration: SessionConfiguration,
}

static OPEN: Mutex<Vec<OpenSession>> = Mutex::new(Vec::new());

/// What is asked for.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) configuration: SessionConfiguration,
    /// `None`: a store that nobody else can open.
    pub(super) store: Option<StoreIdentity>,
    pub(super) name: String,
    pub(super) read_only: bool,
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
    open.retain(|session| session.manager.upgrade().is_some());
    if let Some(same) = open.iter().find(|session| session.identity == identity)
        && let Some(manager) = same.manager.upgrade()
    {
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
    for other in open.iter().filter_map(|session| session.manager.upgrade()) {
        manager.meet(&other);
    }
    open.push(OpenSession {
        identity,
        manager: manager.downgrade(),
        configuration,
    });
    Ok(manager)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::collections::HashMap;

    use super::*;
    use crate::adapters::foreign_keychain::NoKeychainItems;
    use crate::adapters::http::HttpTransport;
    use crate::adapters::memory_store::MemoryStore;
    use crate::adapters::system::{SilentLog, SystemClock, SystemRandomness, TokioSpawner};
    use crate::ffi::{KeychainAccessibility, KeychainStorage, SessionStorage};
    use crate::model::configuration::Provider;
    use crate::session::Sharing;

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
