//! Where Swift wants the session kept, and the store that makes it so.

use std::path::PathBuf;
use std::sync::Arc;

use super::error::SessionError;
use super::runtime::runtime;
use crate::adapters::file_lock::FileLock;
use crate::adapters::file_store::FileStore;
use crate::adapters::keychain::{self, Accessibility, KeychainOptions};
use crate::adapters::memory_store::MemoryStore;
use crate::adapters::off_thread::OffThread;
use crate::error::Error;
use crate::ports::{ProcessLock, SecretStore};

/// Where the session is kept.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum SessionStorage {
    /// The Keychain of an Apple platform.
    Keychain {
        /// `kSecAttrService` of the item, usually the app's bundle identifier.
        service: String,
        /// `kSecAttrAccessGroup`: a group of the app's entitlements, to share the session with extensions.
        access_group: Option<String>,
        /// When the item can be read.
        accessibility: KeychainAccessibility,
        /// Where the app and its extensions lock the session while one of them renews it: a path in the container of
        /// their app group, the same for all. Without one, this process counts as the only one.
        lock_path: Option<String>,
    },
    /// A file that only its owner can read, replaced atomically. It is not encrypted: for development on hosts without
    /// a Keychain.
    File {
        /// The file; its folder is made where it is missing.
        path: String,
    },
    /// This process's memory: gone at its end.
    Memory,
}

/// When a Keychain item can be read (Apple: "Restricting keychain item accessibility").
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum KeychainAccessibility {
    /// From the first unlock after a start on, also in the background; never leaves this device. The default.
    AfterFirstUnlockThisDeviceOnly,
    /// The same, and goes along in encrypted backups to a new device.
    AfterFirstUnlock,
    /// Only while the device is unlocked: renewal in the background fails on a locked device. Never leaves this device.
    WhenUnlockedThisDeviceOnly,
    /// The same, and goes along in encrypted backups.
    WhenUnlocked,
    /// Only while unlocked, and only while a passcode is set: removing the passcode deletes the item.
    WhenPasscodeSetThisDeviceOnly,
}

impl SessionStorage {
    pub(super) fn open(&self) -> Result<Arc<dyn SecretStore>, SessionError> {
        let handle = runtime().clone();
        Ok(match self {
            Self::Memory => Arc::new(MemoryStore::default()),
            Self::File { path } => Arc::new(OffThread::new(Arc::new(FileStore::new(PathBuf::from(path))), handle)),
            Self::Keychain {
                service,
                access_group,
                accessibility,
                lock_path: _,
            } => {
                let options = KeychainOptions {
                    service: service.clone(),
                    access_group: access_group.clone(),
                    accessibility: (*accessibility).into(),
                    synchronizable: false,
                    access_control: None,
                };
                let store = keychain::open(options).map_err(|problem| Error::Configuration {
                    field: "storage",
                    problem,
                })?;
                Arc::new(OffThread::new(store, handle))
            }
        })
    }
}

impl SessionStorage {
    /// What puts the processes in order that use this store, if there can be several.
    pub(super) fn lock(&self) -> Option<Arc<dyn ProcessLock>> {
        let path = match self {
            Self::Memory => None,
            Self::File { path } => Some(path),
            Self::Keychain { lock_path, .. } => lock_path.as_ref(),
        };
        path.map(|path| Arc::new(FileLock::new(path, runtime().clone())) as Arc<dyn ProcessLock>)
    }
}

impl From<KeychainAccessibility> for Accessibility {
    fn from(accessibility: KeychainAccessibility) -> Self {
        match accessibility {
            KeychainAccessibility::AfterFirstUnlockThisDeviceOnly => Self::AfterFirstUnlockThisDeviceOnly,
            KeychainAccessibility::AfterFirstUnlock => Self::AfterFirstUnlock,
            KeychainAccessibility::WhenUnlockedThisDeviceOnly => Self::WhenUnlockedThisDeviceOnly,
            KeychainAccessibility::WhenUnlocked => Self::WhenUnlocked,
            KeychainAccessibility::WhenPasscodeSetThisDeviceOnly => Self::WhenPasscodeSetThisDeviceOnly,
        }
    }
}
