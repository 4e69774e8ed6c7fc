//! The cost of one renewal beyond its request: [`SessionManager::access_token`] against a server with rotation on
//! loopback, beside the same POST through bare reqwest with the same settings, in one run.
//!
//! `cargo bench -p pilotlight-core --bench refresh`. The goal is a ratio of at most 1.07; it is printed last.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark tells by printing, and fails loudly"
)]

use std::hint::black_box;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use criterion::{Criterion, criterion_group, criterion_main};
use pilotlight_core::adapters::memory_store::MemoryStore;
use pilotlight_core::adapters::off_thread::BlockingStore;
use pilotlight_core::model::configuration::Configuration;
use pilotlight_core::model::profile::Profile;
use pilotlight_core::session::SessionManager;
use pilotlight_core::storage::envelope::StoredItem;
use pilotlight_identity_server::{IdentityServer, Options};
use serde_json::json;
use support::renewals::{Bare, renewals, sign_in, sign_in_to};
use support::{Comparison, configuration, item, runtime, session};
use tokio::runtime::Handle;

mod support;

const ROUNDS: usize = 501;

fn refresh(criterion: &mut Criterion) {
    let (server_runtime, runtime) = (runtime(), runtime());
    let server = server_runtime
        .block_on(IdentityServer::start(Options::default()))
        .unwrap();
    let configuration = configuration(server.domain());
    let handle = runtime.handle();
    // Both alternate in a task of the core's runtime, where an app's calls run too.
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

/// A session that an earlier process signed in, and for which it fetched a profile.
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

criterion_group!(benches, refresh);
criterion_main!(benches);
