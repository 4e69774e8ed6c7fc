//! The configuration and storage that the tests of this folder open sessions with.

use super::storage::KeychainStorage;
use crate::adapters::keychain::KeychainAccessibility;
use crate::model::configuration::{Provider, SessionConfiguration};

/// A configuration for Auth0 with only what is required.
pub(super) fn configuration() -> SessionConfiguration {
    SessionConfiguration::new(
        Provider::Auth0 {
            domain: "tenant.example.com".to_owned(),
        },
        "client",
        "com.example.app://callback",
        &["openid"],
    )
}

/// The Keychain with the defaults of the Swift package.
pub(super) fn keychain(service: &str) -> KeychainStorage {
    KeychainStorage {
        service: service.to_owned(),
        access_group: None,
        accessibility: KeychainAccessibility::AfterFirstUnlockThisDeviceOnly,
        synchronizable: false,
        access_control: None,
        lock_path: None,
        installation_marker_path: None,
    }
}
