//! The adapter releases everything that it gets under the Create Rule, and nothing that it gets under the Get Rule,
//! counted reference by reference. A release too many ends the process in any test; here nothing may be left over
//! either.
//!
//! scripts/keychain-emulation.sh proves that both mistakes are found, with adapters that make them.

use pilotlight_core::adapters::keychain::{
    KeychainAccessConstraint, KeychainAccessControl, KeychainAccessibility, KeychainOptions, KeychainStore,
};
use pilotlight_core::adapters::off_thread::BlockingStore;
use pilotlight_core::model::secret::{Fingerprint, SecretBytes};
use pilotlight_keychain_emulation::ownership::balance_of;
use pilotlight_keychain_emulation::security::with;
use pilotlight_keychain_emulation::{calls, open};

fn bytes(value: impl Into<Vec<u8>>) -> SecretBytes {
    SecretBytes::new(value.into())
}

fn versions(service: &str) -> Vec<KeychainOptions> {
    let plain = KeychainOptions {
        service: service.to_owned(),
        access_group: Some("TEAM.org.example.shared".to_owned()),
        all_groups: false,
        accessibility: KeychainAccessibility::AfterFirstUnlock,
        synchronizable: false,
        access_control: None,
    };
    let asking = |reuse_seconds| KeychainOptions {
        access_control: Some(KeychainAccessControl {
            constraint: KeychainAccessConstraint::UserPresence,
            prompt: "Continue as Ada".to_owned(),
            reuse_seconds,
        }),
        ..plain.clone()
    };
    let synchronizable = KeychainOptions {
        synchronizable: true,
        ..plain.clone()
    };
    let in_own_group = KeychainOptions {
        access_group: None,
        ..plain.clone()
    };
    vec![plain.clone(), synchronizable, asking(0), asking(300), in_own_group]
}

/// Every operation, with existing and missing items.
fn everything(options: &KeychainOptions) {
    // Each of these learns the group again, although a process normally learns it once.
    let process = KeychainStore::new(calls(options.access_control.clone()), options.clone());
    let _ = process.read("session");
    let store = open(options.clone());
    let _ = store.read("session");
    let _ = store.write("session", &bytes("added"));
    let _ = store.write("session", &bytes(vec![7; 65_536]));
    let _ = store.write("other", &bytes(""));
    let _ = store.read("session");
    let seen = Some(Fingerprint::of(&bytes(vec![7; 65_536])));
    for new in [Some(bytes("swapped")), Some(bytes("too late")), None] {
        let _ = store.swap("session", seen, new.as_ref());
        let _ = store.swap("session", None, new.as_ref());
    }
    let _ = store.names();
    let _ = store.delete("session");
    let _ = store.delete("session");
    let _ = store.delete("other");
    let _ = store.names();
}

#[test]
fn what_works_leaves_nothing_behind() {
    for options in versions("ownership.works") {
        // The second time must be like the first: nothing is kept for later.
        for _ in 0..2 {
            assert_eq!(balance_of(|| everything(&options)), 0, "{options:?}");
        }
    }
}

#[test]
fn what_fails_leaves_nothing_behind_whichever_call_it_is() {
    for options in versions("ownership.fails") {
        for status in [-50, -128, -25299, -25300, -25308, -12345] {
            for nth in 1..=12 {
                with(&options.service, |device| device.fail_nth(nth, status));
                assert_eq!(balance_of(|| everything(&options)), 0, "{status} at {nth}: {options:?}");
            }
        }
    }
}

#[test]
fn a_refused_access_control_leaves_nothing_behind() {
    use pilotlight_core::adapters::keychain::{Content, ItemQuery, KeychainItems};
    use pilotlight_keychain_emulation::calls;

    let refused = || {
        let item = ItemQuery {
            service: "ownership.refused",
            account: "session",
            access_group: None,
            value: None,
        };
        let content = Content {
            value: &bytes("tokens"),
            accessibility: KeychainAccessibility::Always,
            constraint: Some(KeychainAccessConstraint::UserPresence),
            synchronizable: false,
        };
        calls(None).add(item, content).unwrap_err();
    };
    assert_eq!(balance_of(refused), 0);
}

#[test]
fn data_of_another_type_leaves_nothing_behind() {
    use pilotlight_keychain_emulation::security::{GROUPS, Item, Protection, Stored};

    for stored in [Stored::Nothing, Stored::Text("not data".to_owned())] {
        let options = versions("ownership.types").remove(0);
        with(&options.service, |device| {
            device.put(Item {
                service: options.service.clone(),
                account: "session".to_owned(),
                group: GROUPS[1].to_owned(),
                synchronizable: false,
                protection: Protection {
                    class: "kSecAttrAccessibleAfterFirstUnlock".to_owned(),
                    flags: 0,
                },
                description: None,
                generic: None,
                stored,
                lost: false,
            });
        });
        let balance = balance_of(|| {
            let _ = open(options.clone()).read("session");
            everything(&options);
        });
        assert_eq!(balance, 0);
    }
}
