//! Where Swift wants the session kept, and the store that makes it so.

use std::sync::Arc;

use super::error::SessionError;
use super::runtime::RUNTIME;
use crate::adapters::file_lock::FileLock;
use crate::adapters::file_store;
use crate::adapters::fresh_installation::FreshInstallation;
use crate::adapters::keychain::{self, KeychainAccessControl, KeychainAccessibility, KeychainOptions};
use crate::adapters::memory_store::MemoryStore;
use crate::adapters::off_thread::{BlockingStore, OffThread};
use crate::machine::error::Error;
use crate::model::configuration::is_item_name;
use crate::ports::{ProcessLock, SecretStore};

/// Where the session is kept.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum SessionStorage {
    /// The Keychain of an Apple platform.
    Keychain {
        /// Where in the Keychain, and who may read it when.
        options: KeychainStorage,
    },
    /// A file that only its owner can read, replaced atomically. It is not encrypted: for development on hosts without
    /// a Keychain, and refused on iOS. Processes that use the same file renew one at a time.
    File {
        /// The file; its folder is made where it is missing.
        path: String,
    },
    /// This process's memory: gone at its end.
    Memory,
}

/// Where in the Keychain the session is, and who may read it when. All of it but `service` and `access_group` may change
/// between two versions of an app: an item is found as it is and takes on what is new with its next write.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct KeychainStorage {
    /// `kSecAttrService` of the items, usually the app's bundle identifier.
    pub service: String,
    /// `kSecAttrAccessGroup`: a group of the app's entitlements, to share the session with extensions.
    pub access_group: Option<String>,
    /// When the items can be read.
    pub accessibility: KeychainAccessibility,
    /// `kSecAttrSynchronizable`: on all the user's devices through iCloud Keychain. Only for issuers that do not rotate
    /// refresh tokens: the others take the second device for a thief. Needs a class that may leave the device.
    pub synchronizable: bool,
    /// Ask for the user before the session is read or written.
    pub access_control: Option<KeychainAccessControl>,
    /// Where the app and its extensions lock the session while one of them renews it: a path in the container of
    /// their app group, the same for all. Nil: this process counts as the only one. Empty: the app group is not there,
    /// which is a mistake in the configuration.
    pub lock_path: Option<String>,
    /// Keychain items outlive the app's removal. With the path of a file that does not, the sessions that a removed
    /// installation left are deleted before the first use in a new one; nil keeps them.
    pub installation_marker_path: Option<String>,
}

impl SessionStorage {
    pub(super) fn open(&self) -> Result<Arc<dyn SecretStore>, SessionError> {
        let store: Arc<dyn BlockingStore> = match self {
            Self::Memory => return Ok(Arc::new(MemoryStore::default())),
            Self::File { path } => file_store::open(path).map_err(wrong)?,
            Self::Keychain { options } => options.open()?,
        };
        Ok(Arc::new(OffThread::new(store, RUNTIME)))
    }

    /// What puts the processes in order that use this store, if there can be several.
    pub(super) fn lock(&self) -> Option<Arc<dyn ProcessLock>> {
        let path = match self {
            Self::Memory => None,
            Self::File { path } => Some(path),
            Self::Keychain { options } => options.lock_path.as_ref(),
        };
        path.map(|path| Arc::new(FileLock::new(path, RUNTIME)) as Arc<dyn ProcessLock>)
    }
}

impl KeychainStorage {
    fn open(&self) -> Result<Arc<dyn BlockingStore>, Error> {
        let has_empty_path = [&self.lock_path, &self.installation_marker_path]
            .into_iter()
            .any(|path| path.as_ref().is_some_and(String::is_empty));
        if has_empty_path {
            return Err(wrong(
                "names an app group that this process has no container for: add it to the entitlements of the app and of \
                 each extension (App Groups)"
                    .to_owned(),
            ));
        }
        let store = keychain::open(self.to_options()).map_err(|problem| wrong(format!("cannot be used: {problem}")))?;
        Ok(match &self.installation_marker_path {
            Some(marker) => Arc::new(FreshInstallation::new(store, marker, is_item_name)),
            None => store,
        })
    }

    fn to_options(&self) -> KeychainOptions {
        KeychainOptions {
            service: self.service.clone(),
            access_group: self.access_group.clone(),
            all_groups: false,
            accessibility: self.accessibility,
            synchronizable: self.synchronizable,
            access_control: self.access_control.clone(),
        }
    }
}

fn wrong(problem: String) -> Error {
    Error::Configuration {
        field: "storage",
        problem,
    }
}
