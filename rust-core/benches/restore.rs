//! The cost of reading a session at launch: [`SessionManager::restore`] from the file store, beside reading the same
//! session from a plain JSON file and parsing it.
//!
//! `cargo bench -p pilotlight-core --bench restore`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark tells by printing, and fails loudly"
)]

use std::fs;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use pilotlight_core::adapters::file_store::FileStore;
use pilotlight_core::adapters::off_thread::{BlockingStore as _, OffThread};
use pilotlight_core::model::state::SessionState;
use pilotlight_core::storage::envelope::StoredItem;
use serde_json::Value;
use support::{compare, configuration, item, runtime, session, stored_session};

mod support;

fn restore(criterion: &mut Criterion) {
    let (runtime, folder) = (runtime(), tempfile::tempdir().unwrap());
    let configuration = configuration("tenant.eu.auth0.com");
    let item = item(&configuration);
    let encoded = StoredItem::Session(Box::new(stored_session())).encode().unwrap();
    let store = Arc::new(FileStore::new(folder.path().join("session.json")));
    store.write(&item, &encoded).unwrap();
    let plain_file = folder.path().join("plain.json");
    fs::write(&plain_file, encoded.expose()).unwrap();
    println!("the session has {} bytes", encoded.expose().len());

    // A launch: nothing is in memory yet.
    let restore = || {
        let store = OffThread::new(Arc::clone(&store), runtime.handle().clone());
        let session = session(&configuration, Arc::new(store), runtime.handle());
        let state = runtime.block_on(session.restore()).unwrap();
        assert!(matches!(state, SessionState::SignedIn { .. }));
        session
    };
    let store_alone = || StoredItem::decode(&store.read(&item).unwrap().unwrap()).unwrap();
    let plain = || serde_json::from_slice::<Value>(&fs::read(&plain_file).unwrap()).unwrap();

    let mut group = criterion.benchmark_group("restore");
    group.bench_function("session", |bencher| bencher.iter(restore));
    group.bench_function("file store without the thread change", |bencher| {
        bencher.iter(store_alone)
    });
    group.bench_function("plain read and parse", |bencher| bencher.iter(plain));
    group.finish();
    compare("a restore beside a plain read and parse", 5, restore, plain);
    compare("the file store alone beside the same", 5, store_alone, plain);
}

criterion_group!(benches, restore);
criterion_main!(benches);
