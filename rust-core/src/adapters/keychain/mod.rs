//! The Keychain as a store: which calls are made in which order, and which of their results are trusted.
//!
//! The calls themselves are behind [`KeychainItems`], so that all of this also runs against a simulated Keychain: one
//! that is locked, that other processes use, or that does not find its items before the first unlock.

mod authentication;
mod calls;
#[cfg(target_vendor = "apple")]
mod constants;
#[cfg(target_vendor = "apple")]
mod content;
#[cfg(target_vendor = "apple")]
mod local_authentication;
mod options;
mod own_group;
mod status;
#[cfg(target_vendor = "apple")]
mod system;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub use self::authentication::KeptAuthentication;
pub use self::calls::{Content, Copies, ItemQuery, KeychainItems};
pub use self::options::{KeychainAccessConstraint, KeychainAccessControl, KeychainAccessibility, KeychainOptions};
use self::own_group::{OwnGroup, PROBE, probe_content};
pub use self::status::KeychainStatus;
use super::off_thread::BlockingStore;
use crate::model::secret::{Fingerprint, SecretBytes};
use crate::model::sorted::sorted;
use crate::ports::StoreError;

/// The Keychain of this device. Does no I/O yet.
///
/// # Errors
/// An explanation for the app's developer: the options are not possible with Keychain Services, or this host has none.
pub fn open(options: KeychainOptions) -> Result<Arc<dyn BlockingStore>, String> {
    options.validate()?;
    #[cfg(target_vendor = "apple")]
    {
        if options.access_control.is_some() && !local_authentication::AuthenticationContext::is_available() {
            return Err(if cfg!(target_os = "tvos") {
                "tvOS does not support access control".to_owned()
            } else {
                "access control needs the framework LocalAuthentication: link it with the app (-framework \
                 LocalAuthentication)"
                    .to_owned()
            });
        }
        let keychain = system::SystemKeychain::new(options.access_control.clone());
        Ok(Arc::new(KeychainStore::of_this_process(keychain, options)))
    }
    #[cfg(not(target_vendor = "apple"))]
    {
        let KeychainOptions { service, .. } = options;
        Err(format!(
            "this host has no Keychain for the service {service}; use a file or memory as storage"
        ))
    }
}

/// A [`BlockingStore`] in the Keychain. All operations block: on the system's Keychain process, and with access control
/// until the user has responded.
///
/// # Which "not found" is trusted
/// Between a restart and the first unlock, iOS may already start an app ("prewarming", a push, a background refresh).
/// In that time the Keychain has been seen to answer `errSecItemNotFound` for items that exist. Trusting this answer
/// would sign the user out. Therefore, before this process trusts the first "not found", it must have read (or, the
/// very first time, added) a probe item of a class that is readable from the first unlock on. The probe has its own
/// service, contains nothing secret, and stays in the Keychain. The system can fail to find it only before the first
/// unlock, and then adding it fails too. After the first unlock, "not found" is true until the device restarts, which
/// ends the process, so one probe is enough. The call that answered "not found" is then repeated, because the device
/// may have been unlocked in between.
///
/// # The app's own group
/// A query without an access group searches all groups of the app, including those that it shares with other apps,
/// which could put an item in the session's place. Therefore, if the options name no group, every query names the app's
/// own group. The probe reveals it: the system reports where it put an item.
///
/// # Items behind access control
/// They are in no list, because since iOS 15 reading even their attributes requires the user. Therefore each has a
/// companion of the same name in another service, without access control and with nothing secret in it. It is needed
/// only for [`BlockingStore::names`]. It is made after the item was written, and removed after the item.
///
/// # Two copies of an item
/// A synchronizable item and one that is not are two items, even if everything else is the same. Two exist if iCloud
/// Keychain brings one from another device next to this device's. The copy that the options ask for is read first; the
/// other is removed after a write.
#[derive(Debug)]
pub struct KeychainStore<K> {
    items: K,
    options: KeychainOptions,
    probe_service: String,
    guarded_service: String,
    own_group: Arc<OwnGroup>,
    has_been_unlocked: AtomicBool,
}

/// The content of a companion.
const COMPANION: &str = "guarded";
/// The constraint under which an item does not survive changes of the enrolled fingers or faces.
const BOUND: Option<KeychainAccessConstraint> = Some(KeychainAccessConstraint::BiometryCurrentSet);
/// How many attempts a write makes if another process adds or removes the item at the same moment.
const WRITE_ATTEMPTS: usize = 3;

impl<K: KeychainItems> KeychainStore<K> {
    /// The same for the Keychain that the system gives to this process. The stores of the process share what they learn
    /// about the app's own group.
    pub fn of_this_process(items: K, options: KeychainOptions) -> Self {
        Self {
            own_group: OwnGroup::of_this_process(),
            ..Self::new(items, options)
        }
    }

    /// The store over `items`. The options must be valid.
    pub fn new(items: K, options: KeychainOptions) -> Self {
        let probe_service = format!("{}.readability-probe", options.service);
        let guarded_service = format!("{}.guarded-sessions", options.service);
        Self {
            items,
            options,
            probe_service,
            guarded_service,
            own_group: Arc::default(),
            has_been_unlocked: AtomicBool::new(false),
        }
    }

    fn item<'a>(&'a self, account: &'a str) -> Result<ItemQuery<'a>, StoreError> {
        Ok(ItemQuery {
            service: &self.options.service,
            account,
            access_group: self.group()?,
            value: None,
        })
    }

    /// The group that every query names: an item in another group is not this store's.
    fn group(&self) -> Result<Option<&str>, StoreError> {
        if self.options.access_group.is_some() || self.options.all_groups {
            return Ok(self.options.access_group.as_deref());
        }
        match self.own_group.get(&self.items, &self.probe_service) {
            Err(KeychainStatus::ITEM_NOT_FOUND) => Err(StoreError::Locked),
            outcome => self.explained(outcome).map(Some),
        }
    }

    fn content<'a>(&self, value: &'a SecretBytes) -> Content<'a> {
        Content {
            value,
            accessibility: self.options.accessibility,
            constraint: self.options.access_control.as_ref().map(|control| control.constraint),
            synchronizable: self.options.synchronizable,
        }
    }

    /// The copy that the options ask for.
    fn wanted(&self) -> Copies {
        Copies::Only {
            synchronizable: self.options.synchronizable,
        }
    }

    fn unwanted(&self) -> Copies {
        Copies::Only {
            synchronizable: !self.options.synchronizable,
        }
    }

    /// Runs `operation`; `None` if it is certain that the item does not exist.
    fn with_certainty<T>(&self, operation: impl Fn() -> Result<T, KeychainStatus>) -> Result<Option<T>, StoreError> {
        let mut outcome = operation();
        if is_not_found(&outcome) && !self.has_been_unlocked.load(Ordering::Relaxed) {
            self.probe()?;
            outcome = operation();
        }
        if is_not_found(&outcome) {
            Ok(None)
        } else {
            self.explained(outcome).map(Some)
        }
    }

    /// Proves that the device has been unlocked since it was started.
    fn probe(&self) -> Result<(), StoreError> {
        let probe = ItemQuery {
            service: &self.probe_service,
            ..self.item(PROBE)?
        };
        let copies = Copies::Only { synchronizable: false };
        let read = || self.items.copy(probe, copies).map(drop);
        let mut outcome = read();
        if is_not_found(&outcome) {
            let value = SecretBytes::new(PROBE.as_bytes().to_vec());
            outcome = self.items.add(probe, probe_content(&value));
            if outcome == Err(KeychainStatus::DUPLICATE_ITEM) {
                // Either another process has just added it, or it existed and could not be found.
                outcome = read();
            }
        }
        if is_not_found(&outcome) {
            return Err(StoreError::Locked);
        }
        self.explained(outcome)?;
        self.has_been_unlocked.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn companion<'a>(&'a self, account: &'a str) -> Result<ItemQuery<'a>, StoreError> {
        Ok(ItemQuery {
            service: &self.guarded_service,
            ..self.item(account)?
        })
    }

    /// Makes the companion of an item that was just written behind access control. A failure does not fail that write;
    /// the next write tries again.
    fn announce(&self, name: &str) {
        if self.options.access_control.is_none() {
            return;
        }
        let value = SecretBytes::new(COMPANION.as_bytes().to_vec());
        if let Ok(companion) = self.companion(name) {
            // Usually it exists already, but another process may have removed it in the meantime.
            let _ = self.items.add(companion, probe_content(&value));
        }
    }

    /// Called after the item was removed. If this fails, the list contains a stale name until that name is removed
    /// again.
    fn remove_companion(&self, name: &str) {
        if let Ok(companion) = self.companion(name) {
            let _ = self.items.delete(companion, Copies::Any);
        }
    }

    /// Replaces an item that can never be read again, because the fingers or faces that it was bound to are no longer
    /// enrolled. Nothing is lost with it, and otherwise the user could never sign in again.
    fn replace(&self, item: ItemQuery<'_>, content: Content<'_>) -> Result<(), StoreError> {
        let removed = self.items.delete(item, Copies::Any);
        if !is_not_found(&removed) {
            self.explained(removed)?;
        }
        self.explained(self.items.add(item, content))
    }

    /// Updates in one step. If there are two copies, they cannot become one, and the call changes nothing: then the
    /// wanted copy is updated, and the other one removed. [`KeychainStatus::DUPLICATE_ITEM`] if another process is
    /// changing them at the same time.
    fn update(&self, item: ItemQuery<'_>, content: Content<'_>) -> Result<(), KeychainStatus> {
        let outcome = self.items.update(item, Copies::Any, content);
        if outcome != Err(KeychainStatus::DUPLICATE_ITEM) {
            return outcome;
        }
        match self.items.update(item, self.wanted(), content) {
            Err(KeychainStatus::ITEM_NOT_FOUND) => Err(KeychainStatus::DUPLICATE_ITEM),
            outcome => outcome.inspect(|()| self.remove_unwanted_copy(item)),
        }
    }

    /// Removes the other copy of an item that was just written. The new value is durable and is what reads find, and
    /// the next write tries again to remove the old one. Therefore a failure here does not fail the write.
    fn remove_unwanted_copy(&self, item: ItemQuery<'_>) {
        let _ = self.items.delete(ItemQuery { value: None, ..item }, self.unwanted());
    }

    /// Updates first, because that is one atomic step, and nearly every write replaces something. Value, class, access
    /// control and synchronisation change together or not at all. Deleting and adding would lose the session if the
    /// process crashed between the two.
    fn update_or_add(&self, name: &str, value: &SecretBytes) -> Result<(), StoreError> {
        let (item, content) = (self.item(name)?, self.content(value));
        let mut hidden = false;
        for _ in 0..WRITE_ATTEMPTS {
            match self.update(item, content) {
                Err(KeychainStatus::ITEM_NOT_FOUND) => {}
                Err(KeychainStatus::DUPLICATE_ITEM) => continue,
                // The user was not recognised, or can no longer be: the item is bound to fingers or faces that are
                // gone. The new value is at least as recent, and will be bound to those that are enrolled now.
                Err(KeychainStatus::AUTH_FAILED) if content.constraint == BOUND => return self.replace(item, content),
                outcome => return self.explained(outcome),
            }
            match self.items.add(item, content) {
                Err(KeychainStatus::DUPLICATE_ITEM) => hidden = true,
                outcome => return self.explained(outcome),
            }
        }
        // "Not found" and "duplicate" in turn: the device is before its first unlock, or another process is very busy.
        self.probe()?;
        if hidden && self.options.access_control.is_some() {
            // Or the item is bound to fingers or faces that are gone, and is therefore no longer found.
            return self.replace(item, content);
        }
        self.explained(Err(KeychainStatus::DUPLICATE_ITEM))
    }

    fn explained<T>(&self, outcome: Result<T, KeychainStatus>) -> Result<T, StoreError> {
        outcome.map_err(|status| status.explain(|| self.items.message(status)))
    }
}

impl<K: KeychainItems> BlockingStore for KeychainStore<K> {
    /// Reads the wanted copy first. If there is none, reads the other one: before the first write after the option was
    /// changed, or on a device to which iCloud Keychain brought it.
    fn read(&self, name: &str) -> Result<Option<SecretBytes>, StoreError> {
        let item = self.item(name)?;
        self.with_certainty(|| match self.items.copy(item, self.wanted()) {
            // Any copy, because another process may be changing one into the other at this moment.
            Err(KeychainStatus::ITEM_NOT_FOUND) => self.items.copy(item, Copies::Any),
            outcome => outcome,
        })
    }

    fn write(&self, name: &str, value: &SecretBytes) -> Result<(), StoreError> {
        self.update_or_add(name, value)?;
        self.announce(name);
        Ok(())
    }

    fn delete(&self, name: &str) -> Result<(), StoreError> {
        let item = self.item(name)?;
        self.with_certainty(|| self.items.delete(item, Copies::Any))?;
        self.remove_companion(name);
        Ok(())
    }

    fn delete_unlisted(&self) -> Result<(), StoreError> {
        let group = self.group()?;
        for service in [&self.options.service, &self.guarded_service] {
            self.with_certainty(|| self.items.delete_all(service, group))?;
        }
        Ok(())
    }

    /// The Keychain compares: each item carries the fingerprint of its value, and a query with a fingerprint finds only
    /// that item. "Not found" needs no certainty here, because the caller reads again after a failed swap.
    fn swap(&self, name: &str, seen: Option<Fingerprint>, new: Option<&SecretBytes>) -> Result<bool, StoreError> {
        let item = ItemQuery {
            value: seen,
            ..self.item(name)?
        };
        let outcome = match (seen, new) {
            (Some(_), Some(value)) => self.update(item, self.content(value)),
            (Some(_), None) => {
                let outcome = self.items.delete(item, Copies::Any);
                outcome.inspect(|()| {
                    self.remove_unwanted_copy(item);
                    self.remove_companion(name);
                })
            }
            (None, Some(value)) => self.items.add(item, self.content(value)),
            (None, None) => return Ok(self.read(name)?.is_none()),
        };
        match outcome {
            Err(KeychainStatus::ITEM_NOT_FOUND | KeychainStatus::DUPLICATE_ITEM) => Ok(false),
            outcome => {
                self.explained(outcome)?;
                if new.is_some() {
                    self.announce(name);
                }
                Ok(true)
            }
        }
    }

    /// Before the first unlock a list may lack items without any sign of it.
    fn names(&self) -> Result<Vec<String>, StoreError> {
        if !self.has_been_unlocked.load(Ordering::Relaxed) {
            self.probe()?;
        }
        let (service, group) = (&self.options.service, self.group()?);
        let accounts = |service: &str| {
            let listed = self.with_certainty(|| self.items.accounts(service, group))?;
            Ok(listed.unwrap_or_default())
        };
        // Two copies of one item have the same name, and so do an item that was once behind access control and its
        // companion.
        Ok(sorted(
            accounts(service)?.into_iter().chain(accounts(&self.guarded_service)?),
        ))
    }
}

fn is_not_found<T>(outcome: &Result<T, KeychainStatus>) -> bool {
    matches!(outcome, Err(KeychainStatus::ITEM_NOT_FOUND))
}
