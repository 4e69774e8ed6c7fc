//! What one renewal costs beyond its request: [`SessionManager::access_token`] against a server with rotation on
//! loopback, beside the same POST through bare reqwest with the same settings, in one run.
//!
//! `cargo bench -p pilotlight-core --bench refresh`. The goal is a ratio of at most 1.1; it is printed last.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark tells by printing, and fails loudly"
)]

use std::hint::black_box;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use pilotlight_core::adapters::http::HttpLimits;
use pilotlight_core::adapters::memory_store::MemoryStore;
use pilotlight_core::adapters::off_thread::BlockingStore;
use pilotlight_core::adapters::tls;
use pilotlight_core::model::configuration::Configuration;
use pilotlight_core::model::profile::Profile;
use pilotlight_core::model::secret::SecretBytes;
use pilotlight_core::session::{SessionManager, SignInOptions, TokenOptions};
use pilotlight_core::storage::envelope::StoredItem;
use pilotlight_identity_server::{IdentityServer, Options};
use reqwest::{Client, redirect, retry};
use serde_json::{Value, json};
use support::{Comparison, configuration, item, runtime, session};
use tokio::runtime::Handle;
use url::form_urlencoded;

mod support;

const NEW: TokenOptions = TokenOptions {
    min_ttl: Duration::ZERO,
    force_refresh: true,
    allow_expired: false,
};
const ROUNDS: usize = 501;

fn refresh(criterion: &mut Criterion) {
    let (server_runtime, runtime) = (runtime(), runtime());
    let server = server_runtime
        .block_on(IdentityServer::start(Options::default()))
        .unwrap();
    let configuration = configuration(server.domain());
    let handle = runtime.handle();
    // Both take turns in a task of the core's runtime, where an app's calls end up.
    let (ours, _) = runtime.block_on(sign_in(&server, &configuration, handle));
    let (_, refresh_token) = runtime.block_on(sign_in(&server, &configuration, handle));
    let bare = Bare::new(&server, refresh_token);

    let mut group = criterion.benchmark_group("refresh");
    group.bench_function("session", |bencher| {
        bencher.iter_custom(|times| run(handle, renewals(ours.clone(), times)));
    });
    group.bench_function("bare request", |bencher| {
        bencher.iter_custom(|times| run(handle, bare.clone().renewals(times)));
    });
    group.finish();
    run(handle, compare(ours, bare)).print("a renewal beside its request", 1);

    let (small, _) = runtime.block_on(sign_in(&server, &configuration, handle));
    let large = runtime.block_on(with_large_profile(&server, &configuration, handle));
    run(handle, compare_profiles(large.clone(), small))
        .print("a renewal with a profile of 256 KB beside one with none", 1);
    print_cached_profile(&large);
}

async fn compare_profiles(large: SessionManager, small: SessionManager) -> Comparison {
    let mut comparison = Comparison::default();
    for _ in 0..ROUNDS {
        comparison.add(renewals(large.clone(), 1).await, renewals(small.clone(), 1).await);
    }
    comparison
}

/// A session that was signed in by an earlier process, and got a profile then.
async fn with_large_profile(
    server: &IdentityServer,
    configuration: &Configuration,
    runtime: &Handle,
) -> SessionManager {
    let store = Arc::new(MemoryStore::new());
    sign_in_to(server, configuration, runtime, &store).await;
    let stored = store.read(&item(configuration)).unwrap().unwrap();
    let mut stored = StoredItem::decode(&stored).unwrap().into_session().unwrap();
    let claims: Vec<_> = (0..2048)
        .map(|index| json!({ "id": index, "text": "t".repeat(110) }))
        .collect();
    let claims = json!({ "sub": stored.subject, "https://example.com/claims": claims });
    let profile = Profile::from_claims(claims.as_object().cloned().unwrap(), stored.credentials.received_at).unwrap();
    stored.profile = Some(Arc::new(profile));
    let bytes = StoredItem::Session(Box::new(stored)).encode().unwrap();
    assert!(bytes.expose().len() > 256 * 1024);
    BlockingStore::write(store.as_ref(), &item(configuration), &bytes).unwrap();
    let session = session(configuration, store, runtime);
    session.restore().await.unwrap();
    session
}

fn print_cached_profile(session: &SessionManager) {
    const CALLS: u32 = 1000;
    let (mut comparison, plain) = (Comparison::default(), Mutex::new(session.cached_profile()));
    for _ in 0..ROUNDS {
        let start = Instant::now();
        (0..CALLS).for_each(|_| drop(black_box(session.cached_profile())));
        let ours = start.elapsed();
        let start = Instant::now();
        (0..CALLS).for_each(|_| drop(black_box(plain.lock().unwrap().clone())));
        comparison.add(ours, start.elapsed());
    }
    comparison.print("the cached profile of 256 KB beside a Mutex<Arc>", CALLS);
}

fn run<T: Send + 'static>(runtime: &Handle, work: impl Future<Output = T> + Send + 'static) -> T {
    runtime.block_on(runtime.spawn(work)).unwrap()
}

async fn compare(ours: SessionManager, bare: Bare) -> Comparison {
    let mut comparison = Comparison::default();
    for _ in 0..ROUNDS {
        comparison.add(renewals(ours.clone(), 1).await, bare.clone().renewals(1).await);
    }
    comparison
}

async fn renewals(session: SessionManager, times: u64) -> Duration {
    let start = Instant::now();
    for _ in 0..times {
        session.access_token(NEW).await.unwrap();
    }
    start.elapsed()
}

/// A session, and the refresh token that it holds.
async fn sign_in(server: &IdentityServer, configuration: &Configuration, runtime: &Handle) -> (SessionManager, String) {
    let store = Arc::new(MemoryStore::new());
    let session = sign_in_to(server, configuration, runtime, &store).await;
    let stored: SecretBytes = store.read(&item(configuration)).unwrap().unwrap();
    let tokens = StoredItem::decode(&stored).unwrap().into_session().unwrap().credentials;
    (session, tokens.refresh_token.unwrap().expose().to_owned())
}

async fn sign_in_to(
    server: &IdentityServer,
    configuration: &Configuration,
    runtime: &Handle,
    store: &Arc<MemoryStore>,
) -> SessionManager {
    let session = session(configuration, store.clone(), runtime);
    let begun = session.begin_sign_in(SignInOptions::default()).await.unwrap();
    let callback = server.authorize(&begun.url, "ada@example.com").await.unwrap();
    session.complete_sign_in(&callback).await.unwrap();
    session
}

/// The same request without a session around it.
#[derive(Clone)]
struct Bare {
    client: Client,
    endpoint: String,
    refresh_token: Arc<Mutex<String>>,
}

impl Bare {
    fn new(server: &IdentityServer, refresh_token: String) -> Self {
        let limits = HttpLimits::default();
        let client = Client::builder()
            .tls_backend_preconfigured(tls::client_config().unwrap())
            .http1_only()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .referer(false)
            .retry(retry::never())
            .user_agent("Pilotlight/0.1.0")
            .connect_timeout(limits.connect)
            .timeout(limits.total)
            .pool_idle_timeout(limits.idle);
        Self {
            client: client.build().unwrap(),
            endpoint: format!("{}oauth/token", server.issuer()),
            refresh_token: Arc::new(refresh_token.into()),
        }
    }

    /// The time from the form to the last byte of the answer. That the next refresh token is found in it does not
    /// count: bare reqwest reads no JSON.
    async fn renewals(self, times: u64) -> Duration {
        let mut taken = Duration::ZERO;
        for _ in 0..times {
            let refresh_token = self.refresh_token.lock().unwrap().clone();
            let start = Instant::now();
            let form = form_urlencoded::Serializer::new(String::new())
                .append_pair("grant_type", "refresh_token")
                .append_pair("client_id", "native-app")
                .append_pair("refresh_token", &refresh_token)
                .finish();
            let request = self
                .client
                .post(&self.endpoint)
                .header("content-type", "application/x-www-form-urlencoded")
                .header("accept", "application/json")
                .body(form);
            let body = request
                .send()
                .await
                .unwrap()
                .error_for_status()
                .unwrap()
                .bytes()
                .await
                .unwrap();
            taken += start.elapsed();
            let answer: Value = serde_json::from_slice(&body).unwrap();
            *self.refresh_token.lock().unwrap() = answer["refresh_token"].as_str().unwrap().to_owned();
        }
        taken
    }
}

criterion_group!(benches, refresh);
criterion_main!(benches);
