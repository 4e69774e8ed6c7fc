//! The adapter as shipped, over real CoreFoundation dictionaries.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

mod contract;
mod dictionaries;
mod sessions;
mod statuses;
mod strictness;
mod user;

use std::sync::atomic::{AtomicUsize, Ordering};

use pilotlight_core::adapters::keychain::{
    KeychainAccessConstraint, KeychainAccessControl, KeychainAccessibility, KeychainOptions,
};
use pilotlight_core::model::secret::SecretBytes;

fn bytes(value: impl Into<Vec<u8>>) -> SecretBytes {
    SecretBytes::new(value.into())
}

/// A separate device for each caller, distinguished by the service.
fn options() -> KeychainOptions {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    KeychainOptions {
        service: format!("org.example.ä.{}", MADE.fetch_add(1, Ordering::SeqCst)),
        access_group: None,
        all_groups: false,
        accessibility: KeychainAccessibility::default(),
        synchronizable: false,
        access_control: None,
    }
}

fn synchronizable() -> KeychainOptions {
    KeychainOptions {
        accessibility: KeychainAccessibility::AfterFirstUnlock,
        synchronizable: true,
        ..options()
    }
}

fn asking(constraint: KeychainAccessConstraint, reuse_seconds: u32) -> KeychainOptions {
    KeychainOptions {
        access_control: Some(KeychainAccessControl {
            constraint,
            prompt: "Weiter als Ada 👩".to_owned(),
            reuse_seconds,
        }),
        ..options()
    }
}
