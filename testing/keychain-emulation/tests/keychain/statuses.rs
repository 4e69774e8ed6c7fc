//! Statuses as the adapter reports them.

use pilotlight_core::adapters::keychain::{
    Content, ItemQuery, KeychainAccessConstraint, KeychainAccessibility, KeychainItems, KeychainStatus,
};
use pilotlight_core::adapters::off_thread::BlockingStore;
use pilotlight_core::ports::StoreError;
use pilotlight_keychain_emulation::security::with;
use pilotlight_keychain_emulation::{calls, open};

use crate::{bytes, options};

#[test]
fn an_unknown_status_comes_with_the_systems_words() {
    let options = options();
    let store = open(options.clone());
    for (status, words) in [
        (-12345, "the Keychain answered -12345: Emulated words for -12345."),
        (
            -77_777,
            "the Keychain answered -77777; `security error -77777` on a Mac explains it",
        ),
    ] {
        with(&options.service, |device| device.fail_nth(1, status));
        let expected = StoreError::Failed {
            explanation: words.to_owned(),
            status: Some(status),
        };
        assert_eq!(store.read("session"), Err(expected));
    }
}

#[test]
fn an_access_control_that_the_system_refuses_keeps_its_number() {
    let options = options();
    let item = ItemQuery {
        service: &options.service,
        account: "session",
        access_group: None,
        value: None,
    };
    let content = Content {
        value: &bytes("tokens"),
        accessibility: KeychainAccessibility::Always,
        constraint: Some(KeychainAccessConstraint::BiometryAny),
        synchronizable: false,
    };
    assert_eq!(calls(None).add(item, content), Err(KeychainStatus(-50)));
    assert!(with(&options.service, |device| device.calls.is_empty()));
}

#[test]
fn a_group_that_is_not_among_the_entitlements_is_refused_with_its_cause() {
    let mut options = options();
    options.access_group = Some("org.example.shared".to_owned());
    let store = open(options);
    for error in [
        store.read("session").map(drop),
        store.write("session", &bytes("tokens")),
        store.delete("session"),
        store.names().map(drop),
    ] {
        assert!(
            matches!(
                &error,
                Err(StoreError::NotPermitted { explanation, status: Some(-34018) }) if explanation.contains("team identifier")
            ),
            "{error:?}"
        );
    }
}
