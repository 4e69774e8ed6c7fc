//! A store without an access group uses the app's own group. Items that other apps put into a group that they share
//! with it are not trusted, changed or removed.

use pilotlight_core::adapters::keychain::{
    KeychainAccessConstraint, KeychainAccessControl, KeychainOptions, KeychainStatus, KeychainStore,
};
use pilotlight_core::adapters::off_thread::BlockingStore;
use pilotlight_core::model::secret::Fingerprint;
use pilotlight_core::ports::StoreError;

use crate::support::fake_keychain::{Device, FakeKeychain, Key, OWN_GROUP};
use crate::support::{bytes, keychain_options};

const SHARED: &str = "TEAM.shared";
const PROBES: &str = "org.example.readability-probe";

fn planted(service: &str, account: &str) -> Key {
    Key {
        service: service.to_owned(),
        account: account.to_owned(),
        access_group: Some(SHARED.to_owned()),
        synchronizable: false,
    }
}

/// What another app of the team can do: put an item in place of the session, of the probe, and of the companion.
fn with_planted_items() -> FakeKeychain {
    let keychain = FakeKeychain::default();
    keychain.put(planted("org.example", "session"), "of an attacker");
    keychain.put_probe(planted(PROBES, "readable"));
    keychain.put(planted("org.example.guarded-sessions", "session"), "guarded");
    keychain
}

fn store_on(keychain: &FakeKeychain) -> KeychainStore<FakeKeychain> {
    KeychainStore::new(keychain.clone(), keychain_options())
}

fn assert_left_alone(keychain: &FakeKeychain) {
    let items = keychain.items("session");
    let (_, item) = items.iter().find(|(key, _)| key.access_group.is_some()).unwrap();
    assert_eq!(item.value, bytes("of an attacker"));
}

#[test]
fn an_item_that_is_planted_in_a_shared_group_is_nobodys_session() {
    let keychain = with_planted_items();
    // In the very first process, in the second, and in one that finds a session.
    for _ in 0..2 {
        let store = store_on(&keychain);
        assert_eq!(store.read("session"), Ok(None));
        assert_eq!(store.names(), Ok(Vec::new()));
        assert_eq!(
            store.swap("session", Some(Fingerprint::of(&bytes("of an attacker"))), None),
            Ok(false)
        );
        assert_eq!(store.delete("session"), Ok(()));
        assert_left_alone(&keychain);
    }
    let store = store_on(&keychain);
    store.write("session", &bytes("ours")).unwrap();
    assert_left_alone(&keychain);
    for store in [store, store_on(&keychain)] {
        assert_eq!(store.read("session"), Ok(Some(bytes("ours"))));
        assert_eq!(store.names(), Ok(vec!["session".to_owned()]));
        assert_eq!(
            store.swap("session", Some(Fingerprint::of(&bytes("ours"))), Some(&bytes("newer"))),
            Ok(true)
        );
        store.write("session", &bytes("ours")).unwrap();
        assert_left_alone(&keychain);
    }
    store_on(&keychain).delete_unlisted().unwrap();
    assert_left_alone(&keychain);
}

#[test]
fn nor_is_one_behind_access_control() {
    let keychain = with_planted_items();
    let options = KeychainOptions {
        access_control: Some(KeychainAccessControl {
            constraint: KeychainAccessConstraint::UserPresence,
            prompt: "Continue as Ada".to_owned(),
            reuse_seconds: 0,
        }),
        ..keychain_options()
    };
    let store = KeychainStore::new(keychain.clone(), options);
    assert_eq!(store.names(), Ok(Vec::new()));
    store.write("session", &bytes("ours")).unwrap();
    assert_eq!(store.names(), Ok(vec!["session".to_owned()]));
    store.delete("session").unwrap();
    assert_eq!(store.read("session"), Ok(None));
    assert_left_alone(&keychain);
}

/// Each process learns the group once, and only the very first process writes for that.
#[test]
fn the_group_is_learned_without_a_write_where_nothing_is_planted() {
    let keychain = FakeKeychain::default();
    let probe = format!("{PROBES}/readable");
    store_on(&keychain).write("session", &bytes("ours")).unwrap();
    assert_eq!(
        keychain.calls(),
        [
            format!("add {probe}"),
            "update org.example/session".to_owned(),
            "add org.example/session".to_owned()
        ]
    );
    let store = store_on(&keychain);
    let learning = [format!("add {probe}"), format!("groups {probe}")];
    store.read("session").unwrap();
    assert_eq!(
        keychain.calls(),
        [&learning[..], &["copy org.example/session".to_owned()]].concat()
    );
    store.read("session").unwrap();
    assert_eq!(keychain.calls(), ["copy org.example/session"]);
}

/// If something is planted beside the probe, an item is added and removed again.
#[test]
fn what_was_added_to_learn_the_group_is_removed_again() {
    let keychain = with_planted_items();
    store_on(&keychain).write("session", &bytes("ours")).unwrap();
    keychain.calls();
    let store = store_on(&keychain);
    assert_eq!(store.read("session"), Ok(Some(bytes("ours"))));
    let item = format!("{PROBES}/own-group-0");
    let calls = keychain.calls();
    assert!(
        calls.contains(&format!("add {item}")) && calls.contains(&format!("delete {item}")),
        "{calls:?}"
    );
    assert!(keychain.item("own-group-0").is_none());
    // An item that a killed process left, in whatever group, does no harm.
    for group in [None, Some(SHARED)] {
        keychain.put(
            Key {
                access_group: group.map(str::to_owned),
                ..planted(PROBES, "own-group-0")
            },
            "readable",
        );
        assert_eq!(store_on(&keychain).read("session"), Ok(Some(bytes("ours"))));
    }
}

/// Before the first unlock, only a planted item of an always readable class is visible.
#[test]
fn before_the_first_unlock_nothing_is_learned() {
    let keychain = with_planted_items();
    store_on(&keychain).write("session", &bytes("ours")).unwrap();
    keychain.put_always_readable(planted(PROBES, "readable"));
    for device in [Device::NotYetUnlocked, Device::NotYetUnlockedAndLying] {
        keychain.set_device(device);
        let store = store_on(&keychain);
        assert_eq!(store.read("session"), Err(StoreError::Locked), "{device:?}");
        assert_eq!(store.names(), Err(StoreError::Locked), "{device:?}");
        keychain.set_device(Device::Unlocked);
        assert_eq!(store.read("session"), Ok(Some(bytes("ours"))), "{device:?}");
    }
}

/// A test bundle without a host app, a simulator build that is not signed, a Mac app without entitlements.
#[test]
fn without_an_entitlement_every_call_says_so() {
    let keychain = FakeKeychain::default();
    let store = store_on(&keychain);
    let refused = |outcome: Result<(), StoreError>| {
        matches!(
            outcome,
            Err(StoreError::NotPermitted {
                status: Some(-34018),
                ..
            })
        )
    };
    let refuse = || keychain.fail_next(KeychainStatus::MISSING_ENTITLEMENT);
    refuse();
    assert!(refused(store.read("session").map(drop)));
    refuse();
    assert!(refused(store.write("session", &bytes("ours"))));
    refuse();
    assert!(refused(store.delete("session")));
    refuse();
    assert!(refused(store.names().map(drop)));
}

/// Another library's item is searched in all groups, as its documentation says.
#[test]
fn a_store_of_all_groups_finds_items_of_each() {
    let keychain = with_planted_items();
    let all = KeychainOptions {
        all_groups: true,
        ..keychain_options()
    };
    assert_eq!(
        KeychainStore::new(keychain.clone(), all).read("session"),
        Ok(Some(bytes("of an attacker")))
    );
    let own = KeychainOptions {
        access_group: Some(OWN_GROUP.to_owned()),
        ..keychain_options()
    };
    assert_eq!(KeychainStore::new(keychain, own).read("session"), Ok(None));
}
