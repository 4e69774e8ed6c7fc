//! What the store asks of Keychain Services: four calls, in the store's words.

use std::fmt;

use super::options::{KeychainAccessConstraint, KeychainAccessibility};
use super::status::KeychainStatus;
use crate::model::secret::{Fingerprint, SecretBytes};

/// One generic password's coordinates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ItemQuery<'a> {
    /// `kSecAttrService`
    pub service: &'a str,
    /// `kSecAttrAccount`
    pub account: &'a str,
    /// `kSecAttrAccessGroup`
    pub access_group: Option<&'a str>,
    /// `kSecAttrGeneric`: only an item whose value is this one.
    pub value: Option<Fingerprint>,
}

/// `kSecAttrSynchronizable` of a query. It belongs to what identifies an item: there may be two with the same
/// coordinates, one of this device and one that came through iCloud Keychain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copies {
    /// The one that is, or is not, synchronizable.
    Only {
        /// Which.
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
    /// `kSecAttrAccessible`, or the protection of the access control.
    pub accessibility: KeychainAccessibility,
    /// The flag of `kSecAttrAccessControl`.
    pub constraint: Option<KeychainAccessConstraint>,
    /// `kSecAttrSynchronizable`
    pub synchronizable: bool,
}

/// The calls of Keychain Services, each exactly once and with the status as it is.
pub trait KeychainItems: Send + Sync + fmt::Debug {
    /// `SecItemCopyMatching` for the data.
    fn copy(&self, item: ItemQuery<'_>, copies: Copies) -> Result<SecretBytes, KeychainStatus>;
    /// `SecItemCopyMatching` for the accounts of all items of that service that are not behind access control: reading
    /// attributes of those needs the user too, from iOS 15 on (Security-60157, `SecDbKeychainItem.m`). Asks nobody.
    fn accounts(&self, service: &str, access_group: Option<&str>) -> Result<Vec<String>, KeychainStatus>;
    /// `SecItemAdd`.
    fn add(&self, item: ItemQuery<'_>, content: Content<'_>) -> Result<(), KeychainStatus>;
    /// The same without an access group, with `kSecReturnAttributes`: gives the group that the system put it into.
    fn add_to_own_group(&self, item: ItemQuery<'_>, content: Content<'_>) -> Result<String, KeychainStatus>;
    /// `SecItemCopyMatching` for the access groups of all items of those coordinates and that class which are not behind
    /// access control and not synchronizable. Asks nobody.
    fn groups(&self, item: ItemQuery<'_>, class: KeychainAccessibility) -> Result<Vec<String>, KeychainStatus>;
    /// `SecItemUpdate` of everything in `content`, in one step.
    fn update(&self, item: ItemQuery<'_>, copies: Copies, content: Content<'_>) -> Result<(), KeychainStatus>;
    /// `SecItemDelete` of every item of that service that Pilotlight wrote, by class, service and `kSecAttrDescription`
    /// and without an account: so it finds also those behind access control, which no list has. Asks the user nothing.
    fn delete_all(&self, service: &str, access_group: Option<&str>) -> Result<(), KeychainStatus>;
    /// `SecItemDelete`.
    fn delete(&self, item: ItemQuery<'_>, copies: Copies) -> Result<(), KeychainStatus>;
    /// `SecCopyErrorMessageString`: Apple's words for a status.
    fn message(&self, status: KeychainStatus) -> Option<String>;
}
