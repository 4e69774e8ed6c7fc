//! Options that Keychain Services cannot fulfil are refused before anything is read or written.

use pilotlight_core::adapters::keychain::{
    self, KeychainAccessConstraint, KeychainAccessControl, KeychainAccessibility, KeychainOptions,
};

use crate::support::keychain_options;

const THIS_DEVICE_ONLY: [KeychainAccessibility; 4] = [
    KeychainAccessibility::WhenPasscodeSetThisDeviceOnly,
    KeychainAccessibility::WhenUnlockedThisDeviceOnly,
    KeychainAccessibility::AfterFirstUnlockThisDeviceOnly,
    KeychainAccessibility::AlwaysThisDeviceOnly,
];
const OTHERS: [KeychainAccessibility; 3] = [
    KeychainAccessibility::WhenUnlocked,
    KeychainAccessibility::AfterFirstUnlock,
    KeychainAccessibility::Always,
];

fn asking(prompt: &str, reuse_seconds: u32) -> Option<KeychainAccessControl> {
    Some(KeychainAccessControl {
        constraint: KeychainAccessConstraint::UserPresence,
        prompt: prompt.to_owned(),
        reuse_seconds,
    })
}

#[track_caller]
fn assert_refused(options: &KeychainOptions, word: &str) {
    let explanation = options.validate().unwrap_err();
    assert!(explanation.contains(word), "{explanation}");
    assert_eq!(keychain::open(options.clone()).map(drop), Err(explanation));
}

#[test]
fn every_class_can_be_used_without_synchronisation() {
    for accessibility in THIS_DEVICE_ONLY.into_iter().chain(OTHERS) {
        let options = KeychainOptions {
            accessibility,
            ..keychain_options()
        };
        assert_eq!(options.validate(), Ok(()), "{accessibility:?}");
    }
}

#[test]
fn an_empty_service_is_refused() {
    let options = KeychainOptions {
        service: String::new(),
        ..keychain_options()
    };
    assert_refused(&options, "service");
}

#[test]
fn what_stays_on_this_device_is_not_synchronizable() {
    let synchronizable = |accessibility| KeychainOptions {
        accessibility,
        synchronizable: true,
        ..keychain_options()
    };
    for accessibility in THIS_DEVICE_ONLY {
        assert_refused(&synchronizable(accessibility), "ThisDeviceOnly");
    }
    for accessibility in OTHERS {
        assert_eq!(synchronizable(accessibility).validate(), Ok(()), "{accessibility:?}");
    }
}

#[test]
fn what_asks_the_user_is_not_synchronizable_and_never_always_readable() {
    let asking = |accessibility, synchronizable| KeychainOptions {
        accessibility,
        synchronizable,
        access_control: asking("Continue as Ada", 0),
        ..keychain_options()
    };
    assert_refused(&asking(KeychainAccessibility::AfterFirstUnlock, true), "access control");
    for accessibility in [
        KeychainAccessibility::Always,
        KeychainAccessibility::AlwaysThisDeviceOnly,
    ] {
        assert_refused(&asking(accessibility, false), "always readable");
    }
    for accessibility in [
        KeychainAccessibility::WhenUnlocked,
        KeychainAccessibility::AfterFirstUnlock,
        KeychainAccessibility::WhenPasscodeSetThisDeviceOnly,
        KeychainAccessibility::WhenUnlockedThisDeviceOnly,
        KeychainAccessibility::AfterFirstUnlockThisDeviceOnly,
    ] {
        assert_eq!(asking(accessibility, false).validate(), Ok(()), "{accessibility:?}");
    }
}

#[test]
fn a_prompt_is_needed_and_an_answer_is_good_for_five_minutes_at_most() {
    let options = |prompt, reuse_seconds| KeychainOptions {
        access_control: asking(prompt, reuse_seconds),
        ..keychain_options()
    };
    for prompt in ["", " \n"] {
        assert_refused(&options(prompt, 0), "prompt");
    }
    assert_refused(&options("Continue", 301), "300");
    for seconds in [0, 1, 300] {
        assert_eq!(options("Continue", seconds).validate(), Ok(()), "{seconds}");
    }
}
