//! Where Swift wants the session kept, and how the store is opened.

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
        /// Where in the Keychain the items are, and when they can be read and by whom.
        options: KeychainStorage,
    },
    /// A file that only its owner can read, replaced atomically. It is not encrypted: it is for development on hosts
    /// without a Keychain, and is refused on iOS. Processes that use the same file renew one at a time.
    File {
        /// The path of the file; its folder is created if it is missing.
        path: String,
    },
    /// The memory of this process; lost when the process ends.
    Memory,
}

/// Where in the Keychain the session is, and when it can be read and by whom. All of these except `service` and
/// `access_group` may change between two versions of an app: an item is found as it is and gets the new attributes with
/// its next write.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct KeychainStorage {
    /// `kSecAttrService` of the items, usually the app's bundle identifier.
    pub service: String,
    /// `kSecAttrAccessGroup`: a group in the app's entitlements, to share the session with extensions.
    pub access_group: Option<String>,
    /// When the items can be read.
    pub accessibility: KeychainAccessibility,
    /// `kSecAttrSynchronizable`: on all of the user's devices through iCloud Keychain. Only for issuers that do not
    /// rotate refresh tokens: others take the second device for a thief. Needs an accessibility class that may leave
    /// the device.
    pub synchronizable: bool,
    /// Requires the user to authenticate before the session is read or written.
    pub access_control: Option<KeychainAccessControl>,
    /// The path of the lock that the app and its extensions take while one of them renews the session: in the container
    /// of their app group, and the same for all. Nil: no other process shares the session. Empty: the app group does
    /// not exist, which is a mistake in the configuration.
    pub lock_path: Option<String>,
    /// The path of a file that is deleted with the app. Keychain items are not: with this path, the sessions that a
    /// removed installation left are deleted before the first use in a new installation. Nil keeps them.
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

    /// The lock for the processes that use this store, if there can be several.
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
