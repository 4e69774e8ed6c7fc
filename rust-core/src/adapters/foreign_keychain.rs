//! Keychain items of other libraries. They are read like Pilotlight's own, so that "not found" is trusted only after
//! the first unlock.

use std::fmt;
use std::sync::Arc;

use super::keychain::KeychainOptions;
use super::lazy_runtime::LazyRuntime;
use super::off_thread::{BlockingStore, OffThread};
use crate::model::secret::SecretBytes;
use crate::ports::{BoxFuture, KeychainItemReference, KeychainItems, SecretStore, StoreError};

/// Opens the items of one service, as [`super::keychain::open`] does.
pub type OpenService = Box<dyn Fn(KeychainOptions) -> Result<Arc<dyn BlockingStore>, String> + Send + Sync>;

/// [`KeychainItems`] in the Keychain. An item is found whatever class and synchronisation the other library gave it;
/// reading an item behind access control asks the user. Operations block a thread of the runtime. For each service that
/// is used, an item stays behind that shows whether the Keychain can be read: see
/// [`KeychainStore`](super::keychain::KeychainStore).
pub struct ForeignKeychain {
    open: OpenService,
    runtime: LazyRuntime,
}

impl ForeignKeychain {
    /// The items that `open` opens, on the blocking threads of `runtime`.
    pub fn new(open: OpenService, runtime: impl Into<LazyRuntime>) -> Self {
        let runtime = runtime.into();
        Self { open, runtime }
    }

    fn service(&self, item: &KeychainItemReference) -> Result<OffThread<dyn BlockingStore>, StoreError> {
        let options = KeychainOptions {
            service: item.service.clone(),
            access_group: item.access_group.clone(),
            all_groups: true,
            accessibility: super::keychain::KeychainAccessibility::default(),
            synchronizable: false,
            access_control: None,
        };
        match (self.open)(options) {
            Ok(store) => Ok(OffThread::new(store, self.runtime.clone())),
            Err(explanation) => Err(StoreError::Failed {
                explanation,
                status: None,
            }),
        }
    }
}

impl fmt::Debug for ForeignKeychain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ForeignKeychain")
    }
}

/// No items of other libraries: for tests and hosts without a Keychain.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoKeychainItems;

impl KeychainItems for NoKeychainItems {
    fn read<'a>(&'a self, _: &'a KeychainItemReference) -> BoxFuture<'a, Result<Option<SecretBytes>, StoreError>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    fn delete<'a>(&'a self, _: &'a KeychainItemReference) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

impl KeychainItems for ForeignKeychain {
    fn read<'a>(&'a self, item: &'a KeychainItemReference) -> BoxFuture<'a, Result<Option<SecretBytes>, StoreError>> {
        Box::pin(async move { self.service(item)?.read(&item.account).await })
    }

    fn delete<'a>(&'a self, item: &'a KeychainItemReference) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move { self.service(item)?.delete(&item.account).await })
    }
}
