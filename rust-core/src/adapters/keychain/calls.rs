//! The calls of Keychain Services that the store uses, in the store's terms.

use std::fmt;

use super::options::{KeychainAccessConstraint, KeychainAccessibility};
use super::status::KeychainStatus;
use crate::model::secret::{Fingerprint, SecretBytes};

/// The attributes that identify one generic password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ItemQuery<'a> {
    /// `kSecAttrService`
    pub service: &'a str,
    /// `kSecAttrAccount`
    pub account: &'a str,
    /// `kSecAttrAccessGroup`
    pub access_group: Option<&'a str>,
    /// `kSecAttrGeneric`: if set, only an item with this value is found.
    pub value: Option<Fingerprint>,
}

/// `kSecAttrSynchronizable` of a query. It is part of what identifies an item: two items may otherwise be identical,
/// one of this device and one from iCloud Keychain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copies {
    /// Only the synchronizable copy, or only the other one.
    Only {
        /// Which one.
        synchronizable: bool,
    },
    /// `kSecAttrSynchronizableAny`: both.
    Any,
}

/// What a write sets.
#[derive(Clone, Copy, Debug)]
pub struct Content<'a> {
    /// `kSecValueData`, and its fingerprint in `kSecAttrGeneric`.
    pub value: &'a SecretBytes,
    /// `kSecAttrAccessible`, or the protection class of the access control.
    pub accessibility: KeychainAccessibility,
    /// The flag of `kSecAttrAccessControl`.
    pub constraint: Option<KeychainAccessConstraint>,
    /// `kSecAttrSynchronizable`
    pub synchronizable: bool,
}

/// The calls of Keychain Services. Each is made exactly once and returns the system's status.
pub trait KeychainItems: Send + Sync + fmt::Debug {
    /// `SecItemCopyMatching` for the data.
    fn copy(&self, item: ItemQuery<'_>, copies: Copies) -> Result<SecretBytes, KeychainStatus>;
    /// `SecItemCopyMatching` for the accounts of all items of that service that are not behind access control: since
    /// iOS 15, reading even their attributes requires the user (Security-60157, `SecDbKeychainItem.m`). Never asks the
    /// user.
    fn accounts(&self, service: &str, access_group: Option<&str>) -> Result<Vec<String>, KeychainStatus>;
    /// `SecItemAdd`.
    fn add(&self, item: ItemQuery<'_>, content: Content<'_>) -> Result<(), KeychainStatus>;
    /// The same without an access group, with `kSecReturnAttributes`: returns the group that the system put the item
    /// into.
    fn add_to_own_group(&self, item: ItemQuery<'_>, content: Content<'_>) -> Result<String, KeychainStatus>;
    /// `SecItemCopyMatching` for the access groups of all items with these attributes and this class that are not
    /// behind access control and not synchronizable. Never asks the user.
    fn groups(&self, item: ItemQuery<'_>, class: KeychainAccessibility) -> Result<Vec<String>, KeychainStatus>;
    /// `SecItemUpdate` of everything in `content`, in one step.
    fn update(&self, item: ItemQuery<'_>, copies: Copies, content: Content<'_>) -> Result<(), KeychainStatus>;
    /// `SecItemDelete` of every item of that service that Pilotlight wrote, by class, service and `kSecAttrDescription`
    /// and without an account. Therefore it also finds items behind access control, which are in no list. Never asks
    /// the user.
    fn delete_all(&self, service: &str, access_group: Option<&str>) -> Result<(), KeychainStatus>;
    /// `SecItemDelete`.
    fn delete(&self, item: ItemQuery<'_>, copies: Copies) -> Result<(), KeychainStatus>;
    /// `SecCopyErrorMessageString`: Apple's description of a status.
    fn message(&self, status: KeychainStatus) -> Option<String>;
}
