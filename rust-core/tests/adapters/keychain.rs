//! The Keychain adapter over a simulated Keychain: its calls, their order, and which results it trusts.

use pilotlight_core::adapters::keychain::{
    self, KeychainAccessibility, KeychainOptions, KeychainStatus, KeychainStore,
};
use pilotlight_core::adapters::off_thread::BlockingStore;
use pilotlight_core::ports::StoreError;

use crate::support::fake_keychain::{Device, FakeKeychain, Interference};
use crate::support::{bytes, keychain_options};

const PROBE: &str = "org.example.readability-probe/readable";

fn options() -> KeychainOptions {
    KeychainOptions {
        access_group: Some("TEAM.org.example".to_owned()),
        ..keychain_options()
    }
}

/// A new process on the device.
fn store_on(keychain: &FakeKeychain) -> KeychainStore<FakeKeychain> {
    KeychainStore::new(keychain.clone(), options())
}

/// A Keychain that contains a session, on a device that has just been restarted.
fn signed_in_and_restarted(device: Device) -> FakeKeychain {
    let keychain = FakeKeychain::default();
    let store = store_on(&keychain);
    // As in reality: at the first launch the app looks for a session, and at sign-in it stores one.
    assert_eq!(store.read("session"), Ok(None));
    store.write("session", &bytes("tokens")).unwrap();
    keychain.set_device(device);
    keychain.calls();
    keychain
}

#[test]
fn an_item_has_its_name_as_account_and_the_chosen_service_group_and_class() {
    let keychain = FakeKeychain::default();
    store_on(&keychain).write("session", &bytes("tokens")).unwrap();
    let (key, item) = keychain.item("session").unwrap();
    assert_eq!(item.value, bytes("tokens"));
    assert_eq!(
        item.accessibility,
        KeychainAccessibility::AfterFirstUnlockThisDeviceOnly
    );
    assert_eq!(item.constraint, None);
    assert_eq!(key.service, "org.example");
    assert_eq!(key.access_group.as_deref(), Some("TEAM.org.example"));
    assert!(!key.synchronizable);
}

#[test]
fn a_write_updates_and_adds_only_what_is_not_there() {
    let keychain = FakeKeychain::default();
    let store = store_on(&keychain);
    store.write("session", &bytes("1")).unwrap();
    store.write("session", &bytes("2")).unwrap();
    assert_eq!(
        keychain.calls(),
        [
            "update org.example/session",
            "add org.example/session",
            "update org.example/session"
        ]
    );
}

#[test]
fn an_item_that_another_process_adds_in_between_is_updated() {
    let keychain = FakeKeychain::default();
    keychain.interfere([Interference::Add("session", "theirs")]);
    store_on(&keychain).write("session", &bytes("ours")).unwrap();
    assert_eq!(keychain.item("session").unwrap().1.value, bytes("ours"));
}

#[test]
fn a_write_gives_up_on_a_process_that_adds_and_removes_without_end() {
    use Interference::{Add, Remove};
    let keychain = FakeKeychain::default();
    keychain.interfere((0..100).flat_map(|_| [Add("session", "theirs"), Remove("session")]));
    let error = store_on(&keychain).write("session", &bytes("ours")).unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::Failed {
                status: Some(-25299),
                ..
            }
        ),
        "{error:?}"
    );
    // An item that may be the other app's session is not removed to make room.
    let calls = keychain.calls();
    assert!(!calls.iter().any(|call| call.starts_with("delete")), "{calls:?}");
}

#[test]
fn a_locked_device_is_locked_for_every_operation() {
    for device in [Device::NotYetUnlocked, Device::NotYetUnlockedAndLying] {
        let keychain = signed_in_and_restarted(device);
        let store = store_on(&keychain);
        assert_eq!(store.read("session"), Err(StoreError::Locked), "{device:?}");
        assert_eq!(
            store.write("session", &bytes("new")),
            Err(StoreError::Locked),
            "{device:?}"
        );
        keychain.set_device(Device::Unlocked);
        assert_eq!(store.read("session"), Ok(Some(bytes("tokens"))), "{device:?}");
    }
}

#[test]
fn sign_out_before_the_first_unlock_is_never_taken_for_done() {
    let keychain = signed_in_and_restarted(Device::NotYetUnlockedAndLying);
    let store = store_on(&keychain);
    assert_eq!(store.delete("session"), Err(StoreError::Locked));
    keychain.set_device(Device::Unlocked);
    assert_eq!(store.delete("session"), Ok(()));
    assert!(keychain.item("session").is_none());
}

#[test]
fn nothing_is_missing_for_sure_before_the_first_unlock_even_on_a_new_device() {
    for device in [Device::NotYetUnlocked, Device::NotYetUnlockedAndLying] {
        let keychain = FakeKeychain::default();
        keychain.set_device(device);
        let store = store_on(&keychain);
        assert_eq!(store.read("session"), Err(StoreError::Locked), "{device:?}");
        keychain.set_device(Device::Unlocked);
        assert_eq!(store.read("session"), Ok(None), "{device:?}");
    }
}

#[test]
fn an_unlock_between_the_doubtful_answer_and_the_probe_hides_nothing() {
    let keychain = signed_in_and_restarted(Device::NotYetUnlockedAndLying);
    keychain.interfere([Interference::Nothing, Interference::Unlock]);
    assert_eq!(store_on(&keychain).read("session"), Ok(Some(bytes("tokens"))));
}

#[test]
fn after_the_first_unlock_a_session_is_there_also_on_a_locked_device() {
    let keychain = signed_in_and_restarted(Device::Locked);
    let store = store_on(&keychain);
    assert_eq!(store.read("session"), Ok(Some(bytes("tokens"))));
    assert_eq!(store.write("session", &bytes("refreshed")), Ok(()));
    assert_eq!(store.read("other"), Ok(None));
}

#[test]
fn a_class_that_needs_an_unlocked_device_is_locked_and_not_missing() {
    let keychain = FakeKeychain::default();
    let strict = KeychainOptions {
        accessibility: KeychainAccessibility::WhenUnlocked,
        ..options()
    };
    let store = KeychainStore::new(keychain.clone(), strict);
    store.write("session", &bytes("tokens")).unwrap();
    keychain.set_device(Device::Locked);
    assert_eq!(store.read("session"), Err(StoreError::Locked));
    assert_eq!(store.read("other"), Ok(None));
}

#[test]
fn an_item_that_was_found_costs_one_call_and_the_probe_is_made_once_in_a_process() {
    let keychain = signed_in_and_restarted(Device::Unlocked);
    let store = store_on(&keychain);
    store.read("session").unwrap();
    assert_eq!(keychain.calls(), ["copy org.example/session"]);

    store.read("other").unwrap();
    let probe = format!("copy {PROBE}");
    // It may be either copy, so it takes two calls to find that there is none.
    let missing = ["copy org.example/other"; 2];
    assert_eq!(keychain.calls(), [&missing[..], &[probe.as_str()], &missing].concat());
    store.read("other").unwrap();
    assert_eq!(keychain.calls(), missing);
    store.delete("other").unwrap();
    assert_eq!(
        keychain.calls(),
        ["delete org.example/other", "delete org.example.guarded-sessions/other"]
    );
}

#[test]
fn two_processes_may_add_the_probe_at_the_same_moment() {
    let keychain = FakeKeychain::default();
    use Interference::{Add, Nothing};
    // The item is looked for twice, then the probe.
    keychain.interfere([Nothing, Nothing, Add("readable", "theirs")]);
    assert_eq!(store_on(&keychain).read("session"), Ok(None));
}

#[test]
fn a_refusal_keeps_its_reason_and_changes_nothing() {
    let keychain = FakeKeychain::default();
    let store = store_on(&keychain);
    store.write("session", &bytes("tokens")).unwrap();
    let refuse = || keychain.fail_next(KeychainStatus::MISSING_ENTITLEMENT);
    refuse();
    let read = store.read("session").map(drop).unwrap_err();
    refuse();
    let write = store.write("session", &bytes("new")).unwrap_err();
    refuse();
    let delete = store.delete("session").unwrap_err();
    for error in [read, write, delete] {
        assert!(
            matches!(
                error,
                StoreError::NotPermitted {
                    status: Some(-34018),
                    ..
                }
            ),
            "{error:?}"
        );
    }
    assert_eq!(keychain.item("session").unwrap().1.value, bytes("tokens"));
}

#[test]
fn a_probe_that_fails_says_why() {
    let keychain = FakeKeychain::default();
    keychain.fail_next(KeychainStatus::ITEM_NOT_FOUND);
    keychain.fail_next(KeychainStatus::ITEM_NOT_FOUND);
    keychain.fail_next(KeychainStatus::MISSING_ENTITLEMENT);
    let error = store_on(&keychain).read("session").map(drop).unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::NotPermitted {
                status: Some(-34018),
                ..
            }
        ),
        "{error:?}"
    );
}

#[test]
fn a_status_without_a_name_is_explained_in_apples_words() {
    let keychain = FakeKeychain::default();
    keychain.fail_next(KeychainStatus(-12345));
    let error = store_on(&keychain).read("session").map(drop).unwrap_err();
    assert!(error.to_string().contains("Apple's words for -12345."), "{error}");
}

#[test]
fn an_empty_list_is_believed_only_after_the_probe() {
    for device in [Device::NotYetUnlocked, Device::NotYetUnlockedAndLying] {
        let keychain = FakeKeychain::default();
        keychain.set_device(device);
        let store = store_on(&keychain);
        assert_eq!(store.names(), Err(StoreError::Locked), "{device:?}");
        keychain.set_device(Device::Unlocked);
        assert_eq!(store.names(), Ok(Vec::new()), "{device:?}");
    }
    let keychain = signed_in_and_restarted(Device::NotYetUnlockedAndLying);
    let store = store_on(&keychain);
    assert_eq!(store.names(), Err(StoreError::Locked));
    keychain.set_device(Device::Unlocked);
    assert_eq!(store.names(), Ok(vec!["session".to_owned()]));
}

#[cfg(not(target_vendor = "apple"))]
#[test]
fn a_host_without_a_keychain_says_so() {
    let explanation = keychain::open(options()).unwrap_err();
    assert!(explanation.contains("no Keychain"), "{explanation}");
}

#[cfg(target_vendor = "apple")]
#[test]
fn the_keychain_opens_without_touching_it() {
    assert!(keychain::open(options()).is_ok());
}
