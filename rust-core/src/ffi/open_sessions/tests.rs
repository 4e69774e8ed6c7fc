use std::cell::Cell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::adapters::foreign_keychain::NoKeychainItems;
use crate::adapters::http::HttpTransport;
use crate::adapters::memory_store::MemoryStore;
use crate::adapters::proof_keys::SoftwareKeys;
use crate::adapters::system::{SilentLog, SystemClock, SystemRandomness, TokioSpawner};
use crate::ffi::examples::{configuration, keychain};
use crate::ffi::{KeychainAccessibility, KeychainStorage};
use crate::model::configuration::Provider;
use crate::session::{Sharing, SignInOptions};

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

fn opening(configuration: SessionConfiguration, options: KeychainStorage) -> Opening {
    Opening {
        configuration,
        storage: SessionStorage::Keychain { options },
        name: "default".to_owned(),
        read_only: false,
        network: "a client",
    }
}

/// The number of different managers for one session in the test's own service and each of `others`.
fn managers(service: &str, others: Vec<(SessionConfiguration, KeychainStorage)>) -> usize {
    let log: Arc<dyn Log> = Arc::new(SilentLog);
    let mut different: Vec<SessionManager> = Vec::new();
    for (configuration, options) in std::iter::once((configuration(), keychain(service))).chain(others) {
        let opened = open_or_join(opening(configuration, options), &log, || Ok(dependencies())).unwrap();
        if !different
            .iter()
            .any(|known| WeakSessionManager::of(known).is_of(&opened))
        {
            different.push(opened);
        }
    }
    different.len()
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

/// The case of screens that still show a session whose settings the user has just changed.
#[tokio::test]
async fn the_settings_of_the_last_opening_count_for_every_handle() {
    let openings = Openings::default();
    let open = |scope: &str, accessibility| {
        let written = SessionConfiguration {
            scopes: vec!["openid".to_owned(), scope.to_owned()],
            ..configuration()
        };
        let mut options = keychain("settings");
        options.accessibility = accessibility;
        openings.open(written, options)
    };
    let scopes = async |session: &SessionManager| {
        let url = session.begin_sign_in(SignInOptions::default()).await.unwrap().url;
        url.split('&')
            .find(|part| part.starts_with("scope="))
            .unwrap()
            .to_owned()
    };
    let class = KeychainAccessibility::AfterFirstUnlockThisDeviceOnly;
    let first = open("email", class);
    let same = open("email", class);
    assert_eq!(openings.warnings(), 0);
    assert_eq!(openings.made.get(), 1, "nothing is made anew for the same settings");
    let last = open("profile", class);
    assert_eq!(openings.warnings(), 1);
    for handle in [&first, &same, &last] {
        assert_eq!(scopes(handle).await, "scope=openid+profile");
    }
    open("profile", KeychainAccessibility::WhenUnlocked);
    assert_eq!(
        (openings.warnings(), openings.made.get()),
        (2, 3),
        "options of the store count too"
    );
    open("email", class);
    assert_eq!(scopes(&first).await, "scope=openid+email", "also those of before");
}

#[tokio::test]
async fn a_configuration_that_is_only_written_otherwise_is_the_same() {
    let openings = Openings::default();
    let mut written: Vec<_> = std::iter::repeat_with(configuration).take(3).collect();
    written[1].provider = Provider::Auth0 {
        domain: "https://TENANT.example.com/".to_owned(),
    };
    written[2].scopes.push("openid".to_owned());
    let open = |written| openings.open(written, keychain("written-otherwise"));
    let opened: Vec<_> = written.into_iter().map(open).collect();
    assert_eq!((opened.len(), openings.made.get(), openings.warnings()), (3, 1, 0));
}

/// Opens sessions one after the other. Counts how often dependencies were made, and collects the warnings.
#[derive(Default)]
struct Openings {
    log: Arc<Warnings>,
    made: Cell<usize>,
}

impl Openings {
    fn open(&self, configuration: SessionConfiguration, options: KeychainStorage) -> SessionManager {
        let log: Arc<dyn Log> = self.log.clone();
        let make = || {
            self.made.set(self.made.get() + 1);
            Ok(dependencies())
        };
        open_or_join(opening(configuration, options), &log, make).unwrap()
    }

    fn warnings(&self) -> usize {
        self.log.0.load(Ordering::Relaxed)
    }
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

/// A session at this tenant. Sessions of one test share a redirect URI; two tests, which run at the same time, use
/// different ones.
fn at(domain: &str, name: &str) -> (SessionManager, Arc<Warnings>) {
    let warnings = Arc::new(Warnings::default());
    let configuration = SessionConfiguration {
        provider: Provider::Auth0 {
            domain: domain.to_owned(),
        },
        redirect_uri: match domain {
            "many.example.com" => "com.example.many://callback".to_owned(),
            _ => "com.example.mix-up://callback".to_owned(),
        },
        ..configuration()
    };
    let opening = Opening {
        name: name.to_owned(),
        ..opening(configuration, keychain("mix-up"))
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
        .in_order
        .iter()
        .filter(|session| session.identity.item_name.contains("many.example.com"));
    assert!(kept.count() < 100);
}

#[tokio::test]
async fn a_second_handle_with_another_http_client_is_an_error_that_names_both() {
    let log: Arc<dyn Log> = Arc::new(SilentLog);
    let open = |network, read_only| {
        let opening = Opening {
            read_only,
            network,
            ..opening(configuration(), keychain("two-clients"))
        };
        open_or_join(opening, &log, || Ok(dependencies()))
    };
    let first = open("one client", false).unwrap();
    open("one client", false).unwrap();
    // A read-only session is a separate session.
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
