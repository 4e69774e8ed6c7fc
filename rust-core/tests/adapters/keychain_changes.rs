//! Options that change between two versions of an app, with sessions of the older version in the Keychain.

use pilotlight_core::adapters::keychain::{
    KeychainAccessConstraint, KeychainAccessControl, KeychainAccessibility, KeychainOptions, KeychainStatus,
    KeychainStore,
};
use pilotlight_core::adapters::off_thread::BlockingStore;
use pilotlight_core::model::secret::Fingerprint;
use pilotlight_core::ports::StoreError;

use crate::support::fake_keychain::{COMPANIONS, FakeKeychain, Key, OWN_GROUP};
use crate::support::{bytes, keychain_options as default_options};

fn store_on(keychain: &FakeKeychain, options: &KeychainOptions) -> KeychainStore<FakeKeychain> {
    KeychainStore::new(keychain.clone(), options.clone())
}

/// In the app's own group by name, so that only the calls of the operation itself are made.
fn keychain_options() -> KeychainOptions {
    KeychainOptions {
        access_group: Some(OWN_GROUP.to_owned()),
        ..default_options()
    }
}

fn synchronizable() -> KeychainOptions {
    KeychainOptions {
        accessibility: KeychainAccessibility::AfterFirstUnlock,
        synchronizable: true,
        ..keychain_options()
    }
}

fn asking(constraint: KeychainAccessConstraint) -> KeychainOptions {
    KeychainOptions {
        access_control: Some(KeychainAccessControl {
            constraint,
            prompt: "Continue as Ada".to_owned(),
            reuse_seconds: 60,
        }),
        ..keychain_options()
    }
}

/// Every set of options that an app could have.
fn versions() -> Vec<KeychainOptions> {
    let strict = KeychainOptions {
        accessibility: KeychainAccessibility::WhenPasscodeSetThisDeviceOnly,
        ..keychain_options()
    };
    vec![
        keychain_options(),
        strict,
        synchronizable(),
        asking(KeychainAccessConstraint::UserPresence),
        asking(KeychainAccessConstraint::BiometryCurrentSet),
    ]
}

fn key(synchronizable: bool) -> Key {
    Key {
        service: "org.example".to_owned(),
        account: "session".to_owned(),
        access_group: None,
        synchronizable,
    }
}

#[test]
fn any_version_reads_and_lists_what_any_other_wrote() {
    for old in versions() {
        for new in versions() {
            let keychain = FakeKeychain::default();
            store_on(&keychain, &old).write("session", &bytes("tokens")).unwrap();
            let store = store_on(&keychain, &new);
            assert_eq!(store.read("session"), Ok(Some(bytes("tokens"))), "{old:?} -> {new:?}");
            assert_eq!(store.names(), Ok(vec!["session".to_owned()]));
        }
    }
}

#[test]
fn the_next_write_gives_the_item_everything_that_the_options_say_in_one_call() {
    for old in versions() {
        for new in versions() {
            let keychain = FakeKeychain::default();
            store_on(&keychain, &old).write("session", &bytes("old")).unwrap();
            keychain.calls();
            store_on(&keychain, &new).write("session", &bytes("new")).unwrap();
            let mut calls = keychain.calls();
            // An item that got an access control gets its companion.
            calls.retain(|call| !call.contains(COMPANIONS));
            assert_eq!(calls, ["update org.example/session"], "{old:?} -> {new:?}");
            let (key, item) = keychain.item("session").unwrap();
            assert_eq!(item.value, bytes("new"));
            assert_eq!(item.accessibility, new.accessibility);
            assert_eq!(item.constraint, new.access_control.map(|control| control.constraint));
            assert_eq!(key.synchronizable, new.synchronizable);
        }
    }
}

#[test]
fn a_change_that_fails_at_any_call_loses_nothing() {
    for old in versions() {
        for new in versions() {
            for nth in 1..=4 {
                let keychain = FakeKeychain::default();
                store_on(&keychain, &old).write("session", &bytes("old")).unwrap();
                let store = store_on(&keychain, &new);
                keychain.fail_nth(nth, KeychainStatus(-36));
                let written = store.write("session", &bytes("new"));
                keychain.fail_no_more();
                let expected = if written.is_ok() { "new" } else { "old" };
                // Also for the old version, if the update of the app is withdrawn.
                for options in [&old, &new] {
                    let read = store_on(&keychain, options).read("session");
                    assert_eq!(read, Ok(Some(bytes(expected))), "{old:?} -> {new:?} at {nth}");
                }
            }
        }
    }
}

#[test]
fn sign_out_removes_every_copy() {
    for options in versions() {
        let keychain = FakeKeychain::default();
        keychain.put(key(false), "this device's");
        keychain.put(key(true), "another device's");
        let store = store_on(&keychain, &options);
        store.delete("session").unwrap();
        assert_eq!(store.read("session"), Ok(None));
        assert!(keychain.items("session").is_empty());
    }
}

#[test]
fn of_two_copies_the_wanted_one_is_read_and_the_other_goes_with_the_next_write() {
    for (options, wanted) in [
        (keychain_options(), "this device's"),
        (synchronizable(), "another device's"),
    ] {
        let keychain = FakeKeychain::default();
        keychain.put(key(false), "this device's");
        keychain.put(key(true), "another device's");
        let store = store_on(&keychain, &options);
        assert_eq!(store.read("session"), Ok(Some(bytes(wanted))));
        assert_eq!(store.names(), Ok(vec!["session".to_owned()]));
        store.write("session", &bytes("new")).unwrap();
        let (key, item) = keychain.item("session").unwrap();
        assert_eq!((key.synchronizable, item.value), (options.synchronizable, bytes("new")));
    }
}

#[test]
fn two_copies_and_a_failure_at_any_call_leave_the_old_or_the_new_value() {
    for (options, wanted) in [
        (keychain_options(), "this device's"),
        (synchronizable(), "another device's"),
    ] {
        for nth in 1..=4 {
            let keychain = FakeKeychain::default();
            keychain.put(key(false), "this device's");
            keychain.put(key(true), "another device's");
            let store = store_on(&keychain, &options);
            keychain.fail_nth(nth, KeychainStatus(-36));
            let written = store.write("session", &bytes("new"));
            keychain.fail_no_more();
            let expected = if written.is_ok() { "new" } else { wanted };
            assert_eq!(
                store.read("session"),
                Ok(Some(bytes(expected))),
                "at {nth}: {written:?}"
            );
            store.write("session", &bytes("newer")).unwrap();
            assert_eq!(keychain.item("session").unwrap().1.value, bytes("newer"));
        }
    }
}

#[test]
fn after_the_fingers_changed_the_session_is_gone_and_a_new_one_can_be_stored() {
    let keychain = FakeKeychain::default();
    let options = asking(KeychainAccessConstraint::BiometryCurrentSet);
    store_on(&keychain, &options).write("session", &bytes("old")).unwrap();
    keychain.change_fingers();
    let store = store_on(&keychain, &options);
    assert_eq!(store.read("session"), Ok(None));
    store.write("session", &bytes("new")).unwrap();
    assert_eq!(store.read("session"), Ok(Some(bytes("new"))));
}

/// The result of updating such an item is not documented; the test above is for "not found".
#[test]
fn after_the_fingers_changed_a_new_session_can_be_stored_also_where_the_update_is_refused() {
    let keychain = FakeKeychain::default();
    let options = asking(KeychainAccessConstraint::BiometryCurrentSet);
    store_on(&keychain, &options).write("session", &bytes("old")).unwrap();
    let store = store_on(&keychain, &options);
    keychain.fail_nth(1, KeychainStatus::AUTH_FAILED);
    store.write("session", &bytes("new")).unwrap();
    assert_eq!(store.read("session"), Ok(Some(bytes("new"))));
    let (_, item) = keychain
        .items("session")
        .into_iter()
        .find(|(key, _)| key.service == options.service)
        .unwrap();
    assert_eq!(item.constraint, Some(KeychainAccessConstraint::BiometryCurrentSet));
}

/// From iOS 15 on, no list contains them.
#[test]
fn items_behind_access_control_are_listed_until_they_are_removed() {
    let keychain = FakeKeychain::default();
    let guarded = asking(KeychainAccessConstraint::UserPresence);
    let store = store_on(&keychain, &guarded);
    store.write("one", &bytes("tokens")).unwrap();
    assert_eq!(store.swap("two", None, Some(&bytes("tokens"))), Ok(true));
    assert_eq!(store.names(), Ok(vec!["one".to_owned(), "two".to_owned()]));
    let open = store_on(
        &keychain,
        &KeychainOptions {
            access_control: None,
            ..guarded
        },
    );
    assert_eq!(open.names(), Ok(vec!["one".to_owned(), "two".to_owned()]));
    open.write("one", &bytes("newer")).unwrap();
    open.write("three", &bytes("tokens")).unwrap();
    assert_eq!(store.names().unwrap().len(), 3, "each once");
    open.delete("one").unwrap();
    let seen = Fingerprint::of(&bytes("tokens"));
    assert_eq!(store.swap("two", Some(seen), None), Ok(true));
    assert_eq!(open.names(), Ok(vec!["three".to_owned()]));
}

#[test]
fn a_user_who_cancels_or_is_not_recognised_loses_nothing() {
    let keychain = FakeKeychain::default();
    let store = store_on(&keychain, &asking(KeychainAccessConstraint::BiometryAny));
    store.write("session", &bytes("tokens")).unwrap();
    keychain.fail_next(KeychainStatus::USER_CANCELED);
    assert_eq!(store.read("session"), Err(StoreError::AuthenticationCancelled));
    keychain.fail_next(KeychainStatus::AUTH_FAILED);
    let error = store.write("session", &bytes("new")).unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::AuthenticationFailed {
                status: Some(-25293),
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(store.read("session"), Ok(Some(bytes("tokens"))));
}
