//! How the options arrive in the Keychain.

use pilotlight_core::adapters::keychain::{
    KeychainAccessConstraint, KeychainAccessibility, KeychainOptions, KeychainStatus, KeychainStore,
};
use pilotlight_core::adapters::off_thread::BlockingStore;
use pilotlight_core::ports::StoreError;
use pilotlight_keychain_emulation::security::{Function, GROUPS, Item, Lock, Protection, Stored, with};
use pilotlight_keychain_emulation::{calls, open};

use crate::{asking, bytes, options, synchronizable};

/// An item as made by other code, or by another version of the app.
fn item_of(options: &KeychainOptions, stored: Stored) -> Item {
    Item {
        service: options.service.clone(),
        account: "session".to_owned(),
        group: GROUPS[0].to_owned(),
        synchronizable: false,
        protection: Protection {
            class: "kSecAttrAccessibleAfterFirstUnlock".to_owned(),
            flags: 0,
        },
        description: None,
        generic: None,
        stored,
        lost: false,
    }
}

#[test]
fn each_class_is_the_constant_of_its_name_when_an_item_is_made_and_when_it_is_changed() {
    let options = options();
    for accessibility in [
        KeychainAccessibility::WhenUnlocked,
        KeychainAccessibility::AfterFirstUnlock,
        KeychainAccessibility::Always,
        KeychainAccessibility::WhenPasscodeSetThisDeviceOnly,
        KeychainAccessibility::WhenUnlockedThisDeviceOnly,
        KeychainAccessibility::AfterFirstUnlockThisDeviceOnly,
        KeychainAccessibility::AlwaysThisDeviceOnly,
    ] {
        let store = open(KeychainOptions {
            accessibility,
            ..options.clone()
        });
        let expected = Protection {
            class: format!("kSecAttrAccessible{accessibility:?}"),
            flags: 0,
        };
        for name in ["session".to_owned(), format!("{accessibility:?}")] {
            store.write(&name, &bytes("tokens")).unwrap();
            let items = with(&options.service, |device| device.items(&name));
            assert_eq!(items.len(), 1);
            assert_eq!(items[0].protection, expected, "{name}");
        }
    }
}

#[test]
fn each_constraint_is_its_flag_over_the_class() {
    for (constraint, flags) in [
        (KeychainAccessConstraint::UserPresence, 1 << 0),
        (KeychainAccessConstraint::BiometryAny, 1 << 1),
        (KeychainAccessConstraint::BiometryCurrentSet, 1 << 3),
    ] {
        let options = asking(constraint, 0);
        open(options.clone()).write("session", &bytes("tokens")).unwrap();
        let items = with(&options.service, |device| device.items("session"));
        let expected = Protection {
            class: "kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly".to_owned(),
            flags,
        };
        assert_eq!(items[0].protection, expected);
    }
}

#[test]
fn an_item_is_in_the_group_that_was_chosen_or_in_the_apps_first() {
    let options = options();
    let shared = KeychainOptions {
        access_group: Some(GROUPS[1].to_owned()),
        ..options.clone()
    };
    open(shared.clone()).write("session", &bytes("shared")).unwrap();
    // Without a group, the store uses the app's own, and ignores items that others put elsewhere.
    let own = open(options.clone());
    assert_eq!(own.read("session"), Ok(None));
    assert_eq!(own.names(), Ok(Vec::new()));
    own.write("session", &bytes("own")).unwrap();
    own.delete("other").unwrap();
    assert_eq!(own.read("session"), Ok(Some(bytes("own"))));
    assert_eq!(open(shared.clone()).read("session"), Ok(Some(bytes("shared"))));
    let groups = |account: &str| {
        with(&options.service, |device| device.items(account))
            .into_iter()
            .map(|item| item.group)
    };
    assert!(groups("session").eq([GROUPS[1].to_owned(), GROUPS[0].to_owned()]));
    own.delete("session").unwrap();
    assert_eq!(open(shared).read("session"), Ok(Some(bytes("shared"))));
    // Items of other libraries are searched in all groups.
    let all = KeychainOptions {
        all_groups: true,
        ..options
    };
    assert_eq!(open(all).read("session"), Ok(Some(bytes("shared"))));
}

/// Each store has a new process: these dictionaries show what it learns about the group.
#[test]
fn the_apps_own_group_is_learned_from_what_the_system_says_of_an_item() {
    let options = options();
    let process = || KeychainStore::new(calls(None), options.clone());
    assert_eq!(process().read("session"), Ok(None));
    process().write("session", &bytes("own")).unwrap();
    with(&options.service, |device| {
        let planted = Item {
            group: GROUPS[1].to_owned(),
            ..item_of(&options, Stored::Data(b"planted".to_vec()))
        };
        let probe = device.items("readable").remove(0);
        device.items.insert(0, planted);
        device.items.insert(
            0,
            Item {
                group: GROUPS[1].to_owned(),
                ..probe
            },
        );
    });
    for _ in 0..2 {
        assert_eq!(process().read("session"), Ok(Some(bytes("own"))));
        assert_eq!(process().names(), Ok(vec!["session".to_owned()]));
    }
    let left = with(&options.service, |device| device.items("own-group-0"));
    assert_eq!(left, []);
    process().delete("session").unwrap();
    assert_eq!(process().read("session"), Ok(None));
    let left = with(&options.service, |device| device.items("session"));
    assert!(left.iter().map(|item| item.group.as_str()).eq([GROUPS[1]]));
}

/// An item that is readable before the first unlock hides the app's own from a list, so it proves nothing.
#[test]
fn a_planted_probe_of_another_class_is_no_proof_before_the_first_unlock() {
    let options = options();
    let process = || KeychainStore::new(calls(None), options.clone());
    process().write("session", &bytes("own")).unwrap();
    with(&options.service, |device| {
        let probe = device.items("readable").remove(0);
        device.put(Item {
            group: GROUPS[1].to_owned(),
            protection: Protection {
                class: "kSecAttrAccessibleAlways".to_owned(),
                flags: 0,
            },
            ..probe
        });
        device.answers_add_first = true;
        device.lock = Lock::NeverUnlockedAndLying;
    });
    let prewarmed = process();
    assert_eq!(prewarmed.read("session"), Err(StoreError::Locked));
    with(&options.service, |device| device.lock = Lock::Locked);
    assert_eq!(prewarmed.read("session"), Ok(Some(bytes("own"))));
}

#[test]
fn an_item_moves_to_icloud_and_back_in_one_call() {
    let local = options();
    let shared = KeychainOptions {
        service: local.service.clone(),
        ..synchronizable()
    };
    open(local.clone()).write("session", &bytes("1")).unwrap();
    for (options, value) in [(&shared, "2"), (&local, "3"), (&shared, "4")] {
        with(&local.service, |device| device.take_counts());
        open(options.clone()).write("session", &bytes(value)).unwrap();
        let counts = with(&local.service, |device| device.take_counts());
        assert_eq!(counts, [(Function::Update, 1)].into());
        let items = with(&local.service, |device| device.items("session"));
        assert_eq!(items.len(), 1);
        assert_eq!(items[0].synchronizable, options.synchronizable);
        assert_eq!(items[0].stored, Stored::Data(value.into()));
    }
}

#[test]
fn a_copy_from_another_device_beside_this_ones_goes_with_the_next_write() {
    let options = options();
    open(options.clone()).write("session", &bytes("ours")).unwrap();
    with(&options.service, |device| {
        device.put(Item {
            synchronizable: true,
            ..item_of(&options, Stored::Data(b"theirs".to_vec()))
        });
    });
    let store = open(options.clone());
    assert_eq!(store.read("session"), Ok(Some(bytes("ours"))));
    assert_eq!(store.names(), Ok(vec!["session".to_owned()]));
    store.write("session", &bytes("new")).unwrap();
    let items = with(&options.service, |device| device.items("session"));
    assert_eq!(items.len(), 1);
    assert_eq!(
        (items[0].synchronizable, &items[0].stored),
        (false, &Stored::Data(b"new".to_vec()))
    );
}

#[test]
fn what_other_code_left_is_empty_or_an_error_and_never_a_crash() {
    let options = options();
    with(&options.service, |device| {
        device.put(item_of(&options, Stored::Nothing))
    });
    let store = open(options.clone());
    assert_eq!(store.read("session"), Ok(Some(bytes(""))));
    // It was made without an account, which a list shows as the empty one.
    assert_eq!(store.names(), Ok(vec![String::new()]));

    let options = crate::options();
    with(&options.service, |device| {
        device.put(item_of(&options, Stored::Text("planted".to_owned())))
    });
    let error = open(options).read("session").unwrap_err();
    let expected = KeychainStatus::DECODE.explain(|| None);
    assert_eq!(error, expected);
}

#[test]
fn a_device_that_was_never_unlocked_is_locked_and_an_unlocked_one_has_everything() {
    let options = options();
    let store = open(options.clone());
    assert_eq!(store.read("session"), Ok(None));
    store.write("session", &bytes("tokens")).unwrap();
    for lock in [Lock::NeverUnlocked, Lock::NeverUnlockedAndLying] {
        with(&options.service, |device| device.lock = lock);
        let restarted = open(options.clone());
        assert_eq!(restarted.read("session"), Err(StoreError::Locked), "{lock:?}");
        assert_eq!(
            restarted.write("session", &bytes("new")),
            Err(StoreError::Locked),
            "{lock:?}"
        );
        assert_eq!(restarted.read("other"), Err(StoreError::Locked), "{lock:?}");
        with(&options.service, |device| device.lock = Lock::Locked);
        assert_eq!(restarted.read("session"), Ok(Some(bytes("tokens"))));
        assert_eq!(restarted.names(), Ok(vec!["session".to_owned()]));
    }
}
