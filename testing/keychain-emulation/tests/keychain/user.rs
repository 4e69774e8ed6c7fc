//! How often the user is asked, and the effect of the answers.

use std::sync::Arc;

use pilotlight_core::adapters::fresh_installation::FreshInstallation;
use pilotlight_core::adapters::keychain::{KeychainAccessConstraint, KeychainOptions};
use pilotlight_core::adapters::off_thread::BlockingStore;
use pilotlight_core::model::configuration::is_item_name;
use pilotlight_core::ports::StoreError;
use pilotlight_keychain_emulation::open;
use pilotlight_keychain_emulation::security::{Answer, with};

use crate::{asking, bytes, options};

/// Stores a session in the Keychain; the user was not asked so far.
fn signed_in(options: &KeychainOptions) {
    open(options.clone()).write("session", &bytes("tokens")).unwrap();
    assert_eq!(prompts(options), []);
}

fn prompts(options: &KeychainOptions) -> Vec<(String, u32)> {
    with(&options.service, |device| std::mem::take(&mut device.prompts))
}

fn answer(options: &KeychainOptions, answers: impl IntoIterator<Item = Answer>) {
    with(&options.service, |device| {
        device.answers = answers.into_iter().collect()
    });
}

#[test]
fn reading_and_writing_within_the_window_asks_once_and_with_the_apps_words() {
    let options = asking(KeychainAccessConstraint::UserPresence, 300);
    signed_in(&options);
    let store = open(options.clone());
    assert_eq!(store.read("session"), Ok(Some(bytes("tokens"))));
    store.write("session", &bytes("new")).unwrap();
    assert_eq!(store.read("session"), Ok(Some(bytes("new"))));
    assert_eq!(prompts(&options), [("Weiter als Ada 👩".to_owned(), 300)]);
}

#[test]
fn without_a_window_each_operation_asks() {
    let options = asking(KeychainAccessConstraint::BiometryAny, 0);
    signed_in(&options);
    let store = open(options.clone());
    store.read("session").unwrap();
    store.write("session", &bytes("new")).unwrap();
    store.read("session").unwrap();
    assert_eq!(prompts(&options).len(), 3);
}

#[test]
fn eight_threads_that_read_at_once_ask_once() {
    let options = asking(KeychainAccessConstraint::UserPresence, 300);
    signed_in(&options);
    let store = open(options.clone());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(store.read("session"), Ok(Some(bytes("tokens")))));
        }
    });
    assert_eq!(prompts(&options).len(), 1);
}

#[test]
fn looking_for_what_is_not_there_listing_and_signing_out_ask_nobody() {
    let options = asking(KeychainAccessConstraint::UserPresence, 0);
    signed_in(&options);
    answer(&options, [Answer::Fails; 9]);
    let store = open(options.clone());
    assert_eq!(store.read("other"), Ok(None));
    assert_eq!(store.names(), Ok(vec!["session".to_owned()]));
    store.delete("session").unwrap();
    assert_eq!(store.names(), Ok(Vec::new()));
    assert_eq!(prompts(&options), []);
}

/// Even if its companion is gone, and without touching other items in the same service.
#[test]
fn what_a_removed_installation_left_behind_access_control_is_wiped() {
    let options = asking(KeychainAccessConstraint::UserPresence, 0);
    let name = "default|client|https://tenant.example.com/";
    open(options.clone()).write(name, &bytes("left")).unwrap();
    with(&options.service, |device| {
        device.items.retain(|item| !item.service.ends_with(".guarded-sessions"));
        let mut others = device.items.iter().find(|item| item.account == name).unwrap().clone();
        (others.account, others.description, others.protection.flags) = ("another library's".to_owned(), None, 0);
        device.items.push(others);
    });
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(open(options.clone()));
    let store = FreshInstallation::new(store, folder.path().join("installed"), is_item_name);
    assert_eq!(store.names(), Ok(vec!["another library's".to_owned()]));
    assert_eq!(with(&options.service, |device| device.items(name)).len(), 0);
    assert_eq!(prompts(&options), []);
}

#[test]
fn who_cancels_or_is_not_recognised_is_asked_again_and_loses_nothing() {
    let options = asking(KeychainAccessConstraint::UserPresence, 300);
    signed_in(&options);
    answer(
        &options,
        [Answer::Cancels, Answer::Fails, Answer::IsNotThere, Answer::Cancels],
    );
    let store = open(options.clone());
    assert_eq!(store.read("session"), Err(StoreError::AuthenticationCancelled));
    let error = store.read("session").unwrap_err();
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
    assert_eq!(store.read("session"), Err(StoreError::Locked));
    assert_eq!(
        store.write("session", &bytes("new")),
        Err(StoreError::AuthenticationCancelled)
    );
    assert_eq!(store.read("session"), Ok(Some(bytes("tokens"))));
    assert_eq!(prompts(&options).len(), 4);
}

#[test]
fn an_existing_session_gets_and_loses_access_control_in_one_step() {
    let plain = options();
    let asking = KeychainOptions {
        service: plain.service.clone(),
        ..asking(KeychainAccessConstraint::UserPresence, 0)
    };
    open(plain.clone()).write("session", &bytes("1")).unwrap();
    open(asking.clone()).write("session", &bytes("2")).unwrap();
    assert_eq!(prompts(&plain), []);
    assert_eq!(open(asking).read("session"), Ok(Some(bytes("2"))));
    assert_eq!(prompts(&plain).len(), 1);
    // The user agrees to the weaker protection; the prompt is the system's.
    open(plain.clone()).write("session", &bytes("3")).unwrap();
    assert_eq!(prompts(&plain), [(String::new(), 0)]);
    assert_eq!(open(plain.clone()).read("session"), Ok(Some(bytes("3"))));
    assert_eq!(prompts(&plain), []);
}

#[test]
fn a_session_that_is_bound_to_the_enrolled_fingers_is_gone_with_them_and_a_new_one_can_be_stored() {
    let options = asking(KeychainAccessConstraint::BiometryCurrentSet, 0);
    signed_in(&options);
    with(&options.service, |device| device.change_fingers());
    let store = open(options.clone());
    assert_eq!(store.read("session"), Ok(None));
    store.write("session", &bytes("new")).unwrap();
    assert_eq!(store.read("session"), Ok(Some(bytes("new"))));
}
