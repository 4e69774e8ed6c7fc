//! A session to measure, and the comparison of two ways of doing the same.
#![allow(dead_code, reason = "each benchmark uses a part of it")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use pilotlight_core::adapters::foreign_keychain::NoKeychainItems;
use pilotlight_core::adapters::http::HttpTransport;
use pilotlight_core::adapters::proof_keys::SoftwareKeys;
use pilotlight_core::adapters::system::{SilentLog, SystemClock, SystemRandomness, TokioSpawner};
use pilotlight_core::model::configuration::{Configuration, Provider, SessionConfiguration};
use pilotlight_core::model::credentials::Credentials;
use pilotlight_core::model::profile::Profile;
use pilotlight_core::model::secret::Secret;
use pilotlight_core::model::secret_members::SecretMembers;
use pilotlight_core::ports::{Clock as _, SecretStore};
use pilotlight_core::session::{Dependencies, SessionManager, Sharing};
use pilotlight_core::storage::envelope::{CURRENT_VERSION, StoredSession};
use serde_json::json;
use tokio::runtime::{Builder, Handle, Runtime};

pub(crate) mod renewals;

const SESSION_NAME: &str = "main";

/// Like the core's own runtime in an app: one worker.
pub(crate) fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
}

pub(crate) fn configuration(domain: &str) -> Configuration {
    Configuration::parse(written_configuration(domain)).unwrap()
}

pub(crate) fn written_configuration(domain: &str) -> SessionConfiguration {
    SessionConfiguration::new(
        Provider::Auth0 {
            domain: domain.to_owned(),
        },
        "native-app",
        "com.example.pilotlight://callback",
        &["openid", "profile", "email", "offline_access"],
    )
}

/// A session over `store`, put together as in an app.
pub(crate) fn session(configuration: &Configuration, store: Arc<dyn SecretStore>, runtime: &Handle) -> SessionManager {
    let dependencies = Dependencies {
        store,
        foreign_items: Arc::new(NoKeychainItems),
        proof_keys: Arc::new(SoftwareKeys),
        sharing: Sharing::Alone,
        transport: Arc::new(HttpTransport::new()),
        clock: Arc::new(SystemClock),
        randomness: Arc::new(SystemRandomness),
        spawner: Arc::new(TokioSpawner::new(runtime.clone())),
        log: Arc::new(SilentLog),
    };
    SessionManager::new(configuration.clone(), SESSION_NAME, dependencies).unwrap()
}

pub(crate) fn item(configuration: &Configuration) -> String {
    configuration.item_name(SESSION_NAME)
}

/// A session as Auth0 issues it for an API: 4 KB, with JWTs as tokens and a profile.
pub(crate) fn stored_session() -> StoredSession {
    let jwt = |bytes: usize| {
        Some(Secret::new(format!(
            "{}.{}.{}",
            "h".repeat(80),
            "c".repeat(bytes - 424),
            "s".repeat(342)
        )))
    };
    let claims = json!({
        "sub": "auth0|5f7c8ec7c33c6c004bbafe82", "name": "Ada Lovelace", "given_name": "Ada", "family_name": "Lovelace",
        "nickname": "ada", "email": "ada@example.com", "email_verified": true, "locale": "en-GB",
        "picture": "https://s.gravatar.com/avatar/5a9b1c6d7e8f90123456789abcdef012?s=480&r=pg&d=retro",
        "updated_at": "2026-02-03T04:05:06.789Z", "https://example.com/roles": ["analyst", "author", "reviewer"],
        "https://example.com/tenant": {"id": "t_0123456789", "plan": "team", "seats": 12},
    });
    let now = SystemClock.now().wall;
    let Some(profile) = Profile::from_claims(claims.as_object().cloned().unwrap(), now) else {
        panic!("no profile")
    };
    StoredSession {
        version: CURRENT_VERSION,
        issuer: "https://tenant.eu.auth0.com/".to_owned(),
        client_id: "native-app".to_owned(),
        subject: profile.subject.clone(),
        credentials: Credentials {
            access_token: jwt(1350),
            refresh_token: Some(Secret::new("v1.".to_owned() + &"r".repeat(61))),
            id_token: jwt(1520),
            scope: Some("openid profile email offline_access read:messages write:messages".to_owned()),
            received_at: now,
            lifetime_seconds: 86_400,
            lives_by_id_token: false,
            unchecked: false,
            proof_key: None,
            is_bound: false,
        },
        sign_in_id: Some(Secret::new("s".repeat(43))),
        nonce: Some(Secret::new("n".repeat(43))),
        authenticated_at: Some(now),
        lifetime: None,
        profile: Some(Arc::new(profile)),
        device_secret: None,
        whole_scope: None,
        ended: None,
        sequence: 0,
        profile_sequence: 0,
        audience_tokens: Vec::new(),
        imported: false,
        pending_updates: Vec::new(),
        revocations: Vec::new(),
        resources: Vec::new(),
        discovery: None,
        proof_nonces: Default::default(),
        unknown: SecretMembers::default(),
    }
}

/// The times of two ways of doing the same, measured alternately, so that a busy machine slows both equally.
#[derive(Default)]
pub(crate) struct Comparison {
    ours: Vec<Duration>,
    plain: Vec<Duration>,
}

impl Comparison {
    pub(crate) fn add(&mut self, ours: Duration, plain: Duration) {
        self.ours.push(ours);
        self.plain.push(plain);
    }

    /// Prints both medians, each for one of the `calls` calls per measurement, and their ratio.
    pub(crate) fn print(self, what: &str, calls: u32) {
        let (ours, plain) = self.medians(calls);
        println!("{what}: {ours:.3} µs beside {plain:.3} µs, {:.3} times", ours / plain);
    }

    /// Both medians in microseconds, each for one of the `calls` calls per measurement.
    pub(crate) fn medians(mut self, calls: u32) -> (f64, f64) {
        let median = |times: &mut Vec<Duration>| {
            times.sort_unstable();
            times[times.len() / 2].as_secs_f64() / f64::from(calls) * 1e6
        };
        (median(&mut self.ours), median(&mut self.plain))
    }
}

/// Compares two blocking ways, in rounds of `calls` calls each, and prints the result.
pub(crate) fn compare<A, B>(what: &str, calls: u32, ours: impl FnMut() -> A, plain: impl FnMut() -> B) {
    in_turns(calls, ours, plain).print(what, calls);
}

/// Two blocking ways, in rounds of `calls` calls each.
pub(crate) fn in_turns<A, B>(calls: u32, mut ours: impl FnMut() -> A, mut plain: impl FnMut() -> B) -> Comparison {
    const ROUNDS: usize = 501;
    let mut comparison = Comparison::default();
    for _ in 0..ROUNDS {
        comparison.add(
            time(|| (0..calls).for_each(|_| drop(std::hint::black_box(ours())))),
            time(|| (0..calls).for_each(|_| drop(std::hint::black_box(plain())))),
        );
    }
    comparison
}

fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}
