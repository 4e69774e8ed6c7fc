//! The cost of the access token in memory: [`SessionManager::with_cached_access_token`], including the copy that
//! crosses to Swift, beside cloning from a plain `Mutex<String>`.
//!
//! `cargo bench -p pilotlight-core --bench cached_token`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark tells by printing, and fails loudly"
)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use pilotlight_core::adapters::memory_store::MemoryStore;
use pilotlight_core::adapters::off_thread::BlockingStore as _;
use pilotlight_core::adapters::system::SystemClock;
use pilotlight_core::ports::Clock as _;
use pilotlight_core::storage::envelope::StoredItem;
use support::{compare, configuration, item, runtime, session, stored_session};

mod support;

const MIN_TTL: Duration = Duration::from_secs(60);

fn cached_token(criterion: &mut Criterion) {
    let runtime = runtime();
    let configuration = configuration("tenant.eu.auth0.com");
    let (store, stored) = (Arc::new(MemoryStore::new()), stored_session());
    store
        .write(
            &item(&configuration),
            &StoredItem::Session(Box::new(stored.clone())).encode().unwrap(),
        )
        .unwrap();
    let session = session(&configuration, store, runtime.handle());
    runtime.block_on(session.restore()).unwrap();
    let plain = Mutex::new(stored.credentials.access_token.unwrap().expose().to_owned());

    let cached = || session.with_cached_access_token(MIN_TTL, str::to_owned).unwrap();
    let cloned = || plain.lock().unwrap().clone();
    let clocks = || SystemClock.now();
    assert_eq!(cached(), cloned());

    let mut group = criterion.benchmark_group("cached token");
    group.bench_function("session", |bencher| bencher.iter(cached));
    group.bench_function("Mutex<String>", |bencher| bencher.iter(cloned));
    group.bench_function("both clocks", |bencher| bencher.iter(clocks));
    group.finish();
    compare("the cached token beside a clone from a mutex", 1000, cached, cloned);
    compare("the cached token beside reading both clocks", 1000, cached, clocks);
}

criterion_group!(benches, cached_token);
criterion_main!(benches);
