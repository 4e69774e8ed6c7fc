//! What the tests of this folder open sessions with.

use std::collections::HashMap;

use super::storage::KeychainStorage;
use crate::adapters::keychain::KeychainAccessibility;
use crate::model::configuration::{Provider, SessionConfiguration};
use crate::model::proof_key::TokenBinding;

/// Auth0's, with nothing but what is needed.
pub(super) fn configuration() -> SessionConfiguration {
    SessionConfiguration {
        provider: Provider::Auth0 {
            domain: "tenant.example.com".to_owned(),
        },
        client_id: "client".to_owned(),
        redirect_uri: "com.example.app://callback".to_owned(),
        scopes: vec!["openid".to_owned()],
        audience: None,
        resources: Vec::new(),
        authorize_parameters: HashMap::new(),
        token_parameters: HashMap::new(),
        headers: HashMap::new(),
        header_origins: Vec::new(),
        leeway_seconds: 60,
        metadata_by_id_token: false,
        pushes_authorization_requests: false,
        dpop: TokenBinding::Off,
        lifetime: Default::default(),
        legacy: false,
    }
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
