//! The Keychain as a store: what is asked of it, in which order, and which of its answers are believed.
//!
//! The calls themselves are behind [`KeychainItems`], so that everything in here runs against a simulated Keychain too:
//! one that is locked, that has other processes in it, that is not found before the first unlock.

mod options;
mod status;
#[cfg(target_vendor = "apple")]
mod system;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub use self::options::{AccessConstraint, AccessControl, Accessibility, KeychainOptions};
pub use self::status::KeychainStatus;
use super::off_thread::BlockingStore;
use crate::ports::StoreError;
use crate::secret::SecretBytes;

/// One generic password's coordinates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ItemQuery<'a> {
    /// `kSecAttrService`
    pub service: &'a str,
    /// `kSecAttrAccount`
    pub account: &'a str,
    /// `kSecAttrAccessGroup`
    pub access_group: Option<&'a str>,
}

/// The four calls of Keychain Services, each exactly once and with the status as it is.
pub trait KeychainItems: Send + Sync + fmt::Debug {
    /// `SecItemCopyMatching` for the data.
    fn copy(&self, item: ItemQuery<'_>) -> Result<SecretBytes, KeychainStatus>;
    /// `SecItemAdd`.
    fn add(&self, item: ItemQuery<'_>, value: &SecretBytes, class: Accessibility) -> Result<(), KeychainStatus>;
    /// `SecItemUpdate` of data and class.
    fn update(&self, item: ItemQuery<'_>, value: &SecretBytes, class: Accessibility) -> Result<(), KeychainStatus>;
    /// `SecItemDelete`.
    fn delete(&self, item: ItemQuery<'_>) -> Result<(), KeychainStatus>;
    /// `SecItemCopyMatching` for the accounts of all items of that service; asks the user nothing.
    fn accounts(&self, service: &str, access_group: Option<&str>) -> Result<Vec<String>, KeychainStatus>;
}

/// The Keychain of this device. Does no I/O yet.
///
/// # Errors
/// An explanation for the app's developer: of options that Keychain Services cannot fulfil, or on hosts without it.
pub fn open(options: KeychainOptions) -> Result<Arc<dyn BlockingStore>, String> {
    options.validate()?;
    #[cfg(target_vendor = "apple")]
    {
        Ok(Arc::new(KeychainStore::new(system::SystemKeychain, options)))
    }
    #[cfg(not(target_vendor = "apple"))]
    {
        let KeychainOptions { service, .. } = options;
        Err(format!(
            "this host has no Keychain for the service {service}; use a file or memory as storage"
        ))
    }
}

/// [`BlockingStore`] in the Keychain. All operations block, on the system's Keychain process.
///
/// # Which "not found" is believed
/// Between a restart and the first unlock iOS may already start an app ("prewarming", a push, a background refresh),
/// and in that time the Keychain has been seen to answer `errSecItemNotFound` for items that are there. Believing it
/// would sign the user out. So before the first "not found" is believed, this process must have read (or, the first
/// time ever, added) a probe item of a class that is readable from the first unlock on. It has a service of its own,
/// holds nothing secret, and stays in the Keychain; there it can fail to be found only before the first unlock, and
/// then adding it fails too. After the first unlock, "not found" is true until the device restarts, which ends the
/// process: one probe is enough. The answer that raised the doubt is asked for again, for the device may have been
/// unlocked in between.
#[derive(Debug)]
pub struct KeychainStore<K> {
    items: K,
    options: KeychainOptions,
    probe_service: String,
    has_been_unlocked: AtomicBool,
}

/// The probe's account and its content.
const PROBE: &str = "readable";
/// Readable from the first unlock on, whatever the class of the sessions, and not restored to another device.
const PROBE_CLASS: Accessibility = Accessibility::AfterFirstUnlockThisDeviceOnly;
/// How often another process may add or remove the item just when this one updates or adds it.
const WRITE_ATTEMPTS: usize = 3;

impl<K: KeychainItems> KeychainStore<K> {
    /// The store over `items`.
    pub fn new(items: K, options: KeychainOptions) -> Self {
        let probe_service = format!("{}.readability-probe", options.service);
        Self {
            items,
            options,
            probe_service,
            has_been_unlocked: AtomicBool::new(false),
        }
    }

    fn item<'a>(&'a self, account: &'a str) -> ItemQuery<'a> {
        ItemQuery {
            service: &self.options.service,
            account,
            access_group: self.options.access_group.as_deref(),
        }
    }

    /// Runs `operation`; `None` when it is certain that the item does not exist.
    fn with_certainty<T>(&self, operation: impl Fn() -> Result<T, KeychainStatus>) -> Result<Option<T>, StoreError> {
        let mut outcome = operation();
        if is_not_found(&outcome) && !self.has_been_unlocked.load(Ordering::Relaxed) {
            self.probe()?;
            outcome = operation();
        }
        if is_not_found(&outcome) {
            Ok(None)
        } else {
            Ok(outcome.map(Some)?)
        }
    }

    /// Proves that the device has been unlocked since it was started.
    fn probe(&self) -> Result<(), StoreError> {
        let probe = ItemQuery {
            service: &self.probe_service,
            ..self.item(PROBE)
        };
        let read = || self.items.copy(probe).map(drop);
        let mut outcome = read();
        if is_not_found(&outcome) {
            let content = SecretBytes::new(PROBE.as_bytes().to_vec());
            outcome = self.items.add(probe, &content, PROBE_CLASS);
            if outcome == Err(KeychainStatus::DUPLICATE_ITEM) {
                // Either another process has added it this moment, or it was there and could not be found.
                outcome = read();
            }
        }
        if is_not_found(&outcome) {
            return Err(StoreError::Locked);
        }
        outcome?;
        self.has_been_unlocked.store(true, Ordering::Relaxed);
        Ok(())
    }
}

impl<K: KeychainItems> BlockingStore for KeychainStore<K> {
    fn read(&self, name: &str) -> Result<Option<SecretBytes>, StoreError> {
        self.with_certainty(|| self.items.copy(self.item(name)))
    }

    /// Updates first, because that is one atomic step, and nearly every write replaces something. Deleting and adding
    /// would lose the session in a crash between the two.
    fn write(&self, name: &str, value: &SecretBytes) -> Result<(), StoreError> {
        let (item, class) = (self.item(name), self.options.accessibility);
        for _ in 0..WRITE_ATTEMPTS {
            match self.items.update(item, value, class) {
                Err(KeychainStatus::ITEM_NOT_FOUND) => {}
                outcome => return Ok(outcome?),
            }
            match self.items.add(item, value, class) {
                Err(KeychainStatus::DUPLICATE_ITEM) => {}
                outcome => return Ok(outcome?),
            }
        }
        // "Not there" and "there already" in turn: a device before its first unlock, or a very busy other process.
        self.probe()?;
        Err(KeychainStatus::DUPLICATE_ITEM.into())
    }

    fn delete(&self, name: &str) -> Result<(), StoreError> {
        self.with_certainty(|| self.items.delete(self.item(name))).map(drop)
    }

    fn names(&self) -> Result<Vec<String>, StoreError> {
        let KeychainOptions {
            service, access_group, ..
        } = &self.options;
        let names = self.with_certainty(|| self.items.accounts(service, access_group.as_deref()))?;
        Ok(names.unwrap_or_default())
    }
}

fn is_not_found<T>(outcome: &Result<T, KeychainStatus>) -> bool {
    matches!(outcome, Err(KeychainStatus::ITEM_NOT_FOUND))
}
