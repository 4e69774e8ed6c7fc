//! The keys that tokens are bound to (DPoP, RFC 9449): where they come from, and which storage they exclude.

use std::sync::Arc;

use super::runtime::RUNTIME;
use super::storage::SessionStorage;
use crate::adapters::proof_keys::{AppProofKeys, OfTheApp};
use crate::machine::error::Error;
use crate::model::configuration::SessionConfiguration;
use crate::model::proof_key::TokenBinding;
use crate::ports::ProofKeys;

/// The key that a session's tokens are bound to.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct BoundKey {
    /// The key's thumbprint (RFC 7638), as in the tokens (`cnf.jkt`). Not secret.
    pub thumbprint: String,
    /// Whether the key is in hardware, from which it cannot be extracted.
    pub in_hardware: bool,
}

/// The app's keys. If it has none, keys in software; on Apple systems none, because there the app always provides its
/// own.
pub(super) fn proof_keys(of_the_app: Option<Arc<dyn AppProofKeys>>) -> Arc<dyn ProofKeys> {
    match of_the_app {
        Some(keys) => Arc::new(OfTheApp::new(keys, RUNTIME)),
        #[cfg(not(target_vendor = "apple"))]
        None => Arc::new(crate::adapters::proof_keys::SoftwareKeys),
        #[cfg(target_vendor = "apple")]
        None => Arc::new(crate::adapters::proof_keys::NoKeys),
    }
}

/// A key in hardware belongs to one device.
///
/// # Errors
/// [`Error::Configuration`] for a session that is on several devices.
pub(super) fn check_storage(configuration: &SessionConfiguration, storage: &SessionStorage) -> Result<(), Error> {
    let is_on_many_devices = matches!(storage, SessionStorage::Keychain { options } if options.synchronizable);
    if is_on_many_devices && configuration.dpop != TokenBinding::Off {
        return Err(Error::Configuration {
            field: "dpop",
            problem: "binds the tokens to this device, and the storage is synchronizable: choose one of the two"
                .to_owned(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ffi::examples::{configuration, keychain};
    use crate::ffi::{KeychainAccessibility, KeychainStorage};

    #[test]
    fn a_session_that_is_on_several_devices_is_not_bound_to_one() {
        let configuration = |dpop| SessionConfiguration {
            dpop,
            ..configuration()
        };
        let storage = |synchronizable| SessionStorage::Keychain {
            options: KeychainStorage {
                accessibility: KeychainAccessibility::AfterFirstUnlock,
                synchronizable,
                ..keychain("service")
            },
        };
        let is_accepted = |dpop, synchronizable| check_storage(&configuration(dpop), &storage(synchronizable)).is_ok();
        assert!(is_accepted(TokenBinding::Off, true) && is_accepted(TokenBinding::Required, false));
        assert!(!is_accepted(TokenBinding::Required, true) && !is_accepted(TokenBinding::WhenOffered, true));
    }
}
