//! What every store promises, checked on each of them.

use std::sync::Arc;

use pilotlight_core::adapters::file_store::FileStore;
use pilotlight_core::adapters::keychain::{Accessibility, KeychainOptions, KeychainStore};
use pilotlight_core::adapters::memory_store::MemoryStore;
use pilotlight_core::adapters::off_thread::{BlockingStore, OffThread};
use pilotlight_core::ports::SecretStore;
use tokio::runtime::Handle;

use crate::support::bytes;
use crate::support::fake_keychain::FakeKeychain;

type Blocking = Arc<dyn BlockingStore>;

fn off_thread(store: &Blocking) -> OffThread<dyn BlockingStore> {
    OffThread::new(Arc::clone(store), Handle::current())
}

async fn what_was_written_is_read_at_once(store: Blocking) {
    let store = off_thread(&store);
    assert_eq!(store.read("session").await, Ok(None));
    store.write("session", bytes("tokens")).await.unwrap();
    assert_eq!(store.read("session").await, Ok(Some(bytes("tokens"))));
}

async fn a_write_replaces_the_whole_item(store: Blocking) {
    let store = off_thread(&store);
    for value in ["a long first value", "short", ""] {
        store.write("session", bytes(value)).await.unwrap();
        assert_eq!(store.read("session").await, Ok(Some(bytes(value))));
    }
}

async fn a_deleted_item_is_gone_and_deleting_nothing_succeeds(store: Blocking) {
    let store = off_thread(&store);
    store.delete("session").await.unwrap();
    store.write("session", bytes("tokens")).await.unwrap();
    store.delete("session").await.unwrap();
    assert_eq!(store.read("session").await, Ok(None));
    store.delete("session").await.unwrap();
    store.write("session", bytes("again")).await.unwrap();
    assert_eq!(store.read("session").await, Ok(Some(bytes("again"))));
}

async fn any_bytes_are_kept(store: Blocking) {
    let store = off_thread(&store);
    let every_byte: Vec<u8> = (0..=255).collect();
    let large: Vec<u8> = (0..65_536_u32)
        .map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    for value in [every_byte, large, vec![0], Vec::new()] {
        store.write("session", bytes(value.clone())).await.unwrap();
        assert_eq!(store.read("session").await, Ok(Some(bytes(value))));
    }
}

async fn any_text_is_a_name_of_its_own(store: Blocking) {
    let store = off_thread(&store);
    let composed_and_decomposed = ["\u{e9}", "e\u{301}"];
    let names = [
        "",
        " ",
        "session",
        "Session",
        "../session",
        "a/b\\c",
        "\"quoted\"\n",
        "\u{0}",
        "日本語",
        "👩‍👩‍👧",
    ];
    let names: Vec<_> = names.into_iter().chain(composed_and_decomposed).collect();
    for name in &names {
        store.write(name, bytes(format!("value of {name}"))).await.unwrap();
    }
    for name in &names {
        assert_eq!(
            store.read(name).await,
            Ok(Some(bytes(format!("value of {name}")))),
            "{name:?}"
        );
    }
}

async fn items_do_not_touch_each_other(store: Blocking) {
    let store = off_thread(&store);
    store.write("one", bytes("1")).await.unwrap();
    store.write("two", bytes("2")).await.unwrap();
    store.write("one", bytes("one")).await.unwrap();
    store.delete("three").await.unwrap();
    assert_eq!(store.read("two").await, Ok(Some(bytes("2"))));
    store.delete("one").await.unwrap();
    assert_eq!(store.read("two").await, Ok(Some(bytes("2"))));
}

/// Each thread has an item of its own and all share one; readers must see whole values only.
async fn eight_threads_lose_nothing(store: Blocking) {
    std::thread::scope(|scope| {
        for thread in 0..8_u8 {
            let store = &store;
            scope.spawn(move || {
                let own = format!("item {thread}");
                for round in 0..25_u8 {
                    store.write(&own, &bytes([thread, round])).unwrap();
                    store.write("shared", &bytes(vec![thread; 500])).unwrap();
                    assert_eq!(store.read(&own), Ok(Some(bytes([thread, round]))));
                    let shared = store.read("shared").unwrap().unwrap();
                    assert!(shared.expose().iter().all(|byte| *byte == shared.expose()[0]));
                    assert_eq!(shared.expose().len(), 500);
                }
            });
        }
    });
    for thread in 0..8_u8 {
        assert_eq!(store.read(&format!("item {thread}")), Ok(Some(bytes([thread, 24]))));
    }
}

async fn debug_shows_no_value(store: Blocking) {
    store.write("session", &bytes("planted")).unwrap();
    let shown = format!("{store:?} {:?}", off_thread(&store));
    assert!(!shown.contains("planted"), "{shown}");
}

/// Runs the promises on the store that `$make` makes; its second half is kept until the test has ended.
macro_rules! promises {
    ($kind:ident: $make:expr) => {
        mod $kind {
            use super::*;

            promises!(@each $make;
                what_was_written_is_read_at_once a_write_replaces_the_whole_item
                a_deleted_item_is_gone_and_deleting_nothing_succeeds any_bytes_are_kept
                any_text_is_a_name_of_its_own items_do_not_touch_each_other eight_threads_lose_nothing
                debug_shows_no_value);
        }
    };
    (@each $make:expr; $($promise:ident)*) => {
        $(#[tokio::test]
        async fn $promise() {
            let (store, _kept) = $make;
            super::$promise(Arc::new(store)).await;
        })*
    };
}

promises!(memory: (MemoryStore::new(), ()));
promises!(file: {
    let folder = tempfile::tempdir().unwrap();
    (FileStore::new(folder.path().join("store.json")), folder)
});
promises!(keychain: (KeychainStore::new(FakeKeychain::default(), keychain_options()), ()));

fn keychain_options() -> KeychainOptions {
    KeychainOptions {
        service: "org.example".to_owned(),
        access_group: None,
        accessibility: Accessibility::default(),
        synchronizable: false,
        access_control: None,
    }
}
