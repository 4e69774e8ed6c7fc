//! The calls of Keychain Services: dictionaries in, status out.
//!
//! Direct calls, because security-framework's password functions are not sufficient: they set no accessibility, add
//! before they update, and keep the item's old class when they update.
#![allow(unsafe_code, reason = "Keychain Services is a C interface")]

use std::ptr;
use std::time::Duration;

use core_foundation::array::CFArray;
use core_foundation::base::{CFIndex, CFRange, CFType, CFTypeRef, TCFType};
use core_foundation::boolean::CFBoolean;
use core_foundation::data::CFData;
use core_foundation::dictionary::CFDictionary;
use core_foundation::string::{CFString, CFStringGetBytes, CFStringRef, kCFStringEncodingUTF8};
use security_framework_sys::base::SecCopyErrorMessageString;
use security_framework_sys::item::{
    kSecAttrAccessGroup, kSecAttrAccount, kSecAttrService, kSecAttrSynchronizable, kSecAttrSynchronizableAny,
    kSecClass, kSecClassGenericPassword, kSecMatchLimit, kSecMatchLimitAll, kSecReturnAttributes, kSecReturnData,
    kSecUseAuthenticationContext, kSecUseAuthenticationUI, kSecUseAuthenticationUISkip, kSecUseDataProtectionKeychain,
};
use security_framework_sys::keychain_item::{SecItemAdd, SecItemCopyMatching, SecItemDelete, SecItemUpdate};

use super::authentication::KeptAuthentication;
use super::calls::{Content, Copies, ItemQuery, KeychainItems};
use super::constants::constant;
use super::content::{Pairs, class_pair, fingerprint_pair, kind_pair, pairs_of};
use super::local_authentication::AuthenticationContext;
use super::options::{KeychainAccessControl, KeychainAccessibility};
use super::status::KeychainStatus;
use crate::adapters::system::SystemClock;
use crate::model::secret::SecretBytes;
use crate::ports::Clock;

/// The Keychain that the system gives to this process.
#[derive(Debug)]
pub(crate) struct SystemKeychain {
    /// For items that require the user.
    authentication: Option<(KeychainAccessControl, KeptAuthentication<AuthenticationContext>)>,
}

impl SystemKeychain {
    /// A Keychain whose reads and updates ask the user as `access_control` says.
    pub(crate) fn new(access_control: Option<KeychainAccessControl>) -> Self {
        let authentication = access_control.map(|control| {
            let good_for = Duration::from_secs(control.reuse_seconds.into());
            (control, KeptAuthentication::new(good_for))
        });
        Self { authentication }
    }

    /// Runs `call` with `query`; with access control, in the context in which the user is authenticated.
    fn asking<T>(
        &self,
        mut query: Pairs,
        call: impl FnOnce(&CFDictionary<CFString, CFType>) -> Result<T, KeychainStatus>,
    ) -> Result<T, KeychainStatus> {
        let Some((control, kept)) = &self.authentication else {
            return call(&dictionary(&query));
        };
        let make = || AuthenticationContext::new(control).ok_or(KeychainStatus::UNIMPLEMENTED);
        kept.run(
            || SystemClock.now(),
            make,
            |context| {
                query.push((constant!(kSecUseAuthenticationContext), context.to_type()));
                call(&dictionary(&query))
            },
        )
    }
}

impl KeychainItems for SystemKeychain {
    fn copy(&self, item: ItemQuery<'_>, copies: Copies) -> Result<SecretBytes, KeychainStatus> {
        let mut query = query_for(item, copies);
        query.push((constant!(kSecReturnData), CFBoolean::true_value().into_CFType()));
        self.asking(query, |query| {
            let Some(found) = copy_matching(query)? else {
                // An item without data, which other code may have made.
                return Ok(SecretBytes::new(Vec::new()));
            };
            let data = found.downcast_into::<CFData>().ok_or(KeychainStatus::DECODE)?;
            Ok(SecretBytes::new(data.bytes().to_vec()))
        })
    }

    fn accounts(&self, service: &str, access_group: Option<&str>) -> Result<Vec<String>, KeychainStatus> {
        let mut query = common(service, access_group);
        query.push(which(Copies::Any));
        // An item that other code made may have no account, which counts as an empty one.
        let account = |attributes: &CFDictionary| {
            // SAFETY: see `constant!`.
            let name = unsafe { kSecAttrAccount };
            Ok(attribute(attributes, name)?.unwrap_or_default())
        };
        list(query, account)
    }

    fn groups(&self, item: ItemQuery<'_>, class: KeychainAccessibility) -> Result<Vec<String>, KeychainStatus> {
        let mut query = query_for(item, Copies::Only { synchronizable: false });
        query.push(class_pair(class));
        list(query, group_of)
    }

    fn add(&self, item: ItemQuery<'_>, content: Content<'_>) -> Result<(), KeychainStatus> {
        let mut attributes = identity(item);
        attributes.extend(pairs_of(content)?);
        let attributes = dictionary(&attributes);
        // SAFETY: `attributes` is a valid dictionary during the call; a null result pointer means that no result is
        // wanted.
        KeychainStatus::check(unsafe { SecItemAdd(attributes.as_concrete_TypeRef(), ptr::null_mut()) })
    }

    fn add_to_own_group(&self, item: ItemQuery<'_>, content: Content<'_>) -> Result<String, KeychainStatus> {
        let mut attributes = identity(item);
        attributes.extend(pairs_of(content)?);
        attributes.push((constant!(kSecReturnAttributes), CFBoolean::true_value().into_CFType()));
        let attributes = dictionary(&attributes);
        let mut added: CFTypeRef = ptr::null();
        // SAFETY: `attributes` is a valid dictionary during the call; `added` is a valid pointer to one reference.
        KeychainStatus::check(unsafe { SecItemAdd(attributes.as_concrete_TypeRef(), &mut added) })?;
        let added = returned(added).ok_or(KeychainStatus::DECODE)?;
        group_of(&added.downcast_into::<CFDictionary>().ok_or(KeychainStatus::DECODE)?)
    }

    fn update(&self, item: ItemQuery<'_>, copies: Copies, content: Content<'_>) -> Result<(), KeychainStatus> {
        let changes = dictionary(&pairs_of(content)?);
        self.asking(query_for(item, copies), |query| {
            // SAFETY: both are valid dictionaries during the call.
            KeychainStatus::check(unsafe { SecItemUpdate(query.as_concrete_TypeRef(), changes.as_concrete_TypeRef()) })
        })
    }

    fn delete_all(&self, service: &str, access_group: Option<&str>) -> Result<(), KeychainStatus> {
        let mut query = common(service, access_group);
        query.push(which(Copies::Any));
        query.push(kind_pair());
        let query = dictionary(&query);
        // SAFETY: `query` is a valid dictionary during the call.
        KeychainStatus::check(unsafe { SecItemDelete(query.as_concrete_TypeRef()) })
    }

    /// Without a context: removing needs no consent, so the user is not asked.
    fn delete(&self, item: ItemQuery<'_>, copies: Copies) -> Result<(), KeychainStatus> {
        let query = dictionary(&query_for(item, copies));
        // SAFETY: `query` is a valid dictionary during the call.
        KeychainStatus::check(unsafe { SecItemDelete(query.as_concrete_TypeRef()) })
    }

    fn message(&self, status: KeychainStatus) -> Option<String> {
        // SAFETY: accepts any number; the second argument is reserved and has to be null.
        let message = unsafe { SecCopyErrorMessageString(status.0, ptr::null_mut()) };
        if message.is_null() {
            return None;
        }
        // SAFETY: not null, and by the Create Rule ("Copy" in the name) ours to release exactly once: on drop.
        Some(unsafe { CFString::wrap_under_create_rule(message) }.to_string())
    }
}

fn dictionary(pairs: &Pairs) -> CFDictionary<CFString, CFType> {
    CFDictionary::from_CFType_pairs(pairs)
}

/// `None` if something was found but nothing of it was returned.
fn copy_matching(query: &CFDictionary<CFString, CFType>) -> Result<Option<CFType>, KeychainStatus> {
    let mut found: CFTypeRef = ptr::null();
    // SAFETY: `query` is a valid dictionary during the call; `found` is a valid pointer to one reference.
    KeychainStatus::check(unsafe { SecItemCopyMatching(query.as_concrete_TypeRef(), &mut found) })?;
    Ok(returned(found))
}

/// The object that a call stored in a pointer that was null before.
fn returned(found: CFTypeRef) -> Option<CFType> {
    // SAFETY: not null, and by the Create Rule ("Copy" and "Add" in the names) ours to release exactly once: on drop.
    (!found.is_null()).then(|| unsafe { CFType::wrap_under_create_rule(found) })
}

/// Reads something from the attributes of each item that `query` finds. Items behind access control are left out.
fn list(
    mut query: Pairs,
    read: impl Fn(&CFDictionary) -> Result<String, KeychainStatus>,
) -> Result<Vec<String>, KeychainStatus> {
    query.push((constant!(kSecReturnAttributes), CFBoolean::true_value().into_CFType()));
    query.push((constant!(kSecMatchLimit), constant!(kSecMatchLimitAll).into_CFType()));
    // Without this, such items would make the whole query fail.
    query.push((
        constant!(kSecUseAuthenticationUI),
        constant!(kSecUseAuthenticationUISkip).into_CFType(),
    ));
    let Some(found) = copy_matching(&dictionary(&query))? else {
        return Ok(Vec::new());
    };
    let found = found.downcast_into::<CFArray>().ok_or(KeychainStatus::DECODE)?;
    found.iter().map(|item| read(&attributes_of(*item)?)).collect()
}

/// The attributes that identify the item. Class and data are not among them, so that an item is found whatever class it
/// has.
fn query_for(item: ItemQuery<'_>, copies: Copies) -> Pairs {
    let mut pairs = identity(item);
    pairs.push(which(copies));
    pairs.extend(item.value.map(fingerprint_pair));
    pairs
}

fn identity(item: ItemQuery<'_>) -> Pairs {
    let mut pairs = common(item.service, item.access_group);
    pairs.push((constant!(kSecAttrAccount), CFString::new(item.account).into_CFType()));
    pairs
}

/// The attributes that all items of a store have in common.
fn common(service: &str, access_group: Option<&str>) -> Pairs {
    let text = |text: &str| CFString::new(text).into_CFType();
    let mut pairs = vec![
        (constant!(kSecClass), constant!(kSecClassGenericPassword).into_CFType()),
        (constant!(kSecAttrService), text(service)),
        // The only Keychain on iOS. On a Mac the other one supports neither classes nor access groups.
        (
            constant!(kSecUseDataProtectionKeychain),
            CFBoolean::true_value().into_CFType(),
        ),
    ];
    pairs.extend(access_group.map(|group| (constant!(kSecAttrAccessGroup), text(group))));
    pairs
}

fn which(copies: Copies) -> (CFString, CFType) {
    let value = match copies {
        Copies::Any => constant!(kSecAttrSynchronizableAny).into_CFType(),
        Copies::Only { synchronizable } => CFBoolean::from(synchronizable).into_CFType(),
    };
    (constant!(kSecAttrSynchronizable), value)
}

/// The attributes of one item of a list.
fn attributes_of(item: CFTypeRef) -> Result<CFDictionary, KeychainStatus> {
    if item.is_null() {
        return Err(KeychainStatus::DECODE);
    }
    // SAFETY: not null, and alive as long as the array, which outlives this call; by the Get Rule it is retained.
    let attributes = unsafe { CFType::wrap_under_get_rule(item) };
    attributes.downcast_into().ok_or(KeychainStatus::DECODE)
}

/// The text of one attribute; `None` if the item does not have it.
fn attribute(attributes: &CFDictionary, name: CFStringRef) -> Result<Option<String>, KeychainStatus> {
    let Some(value) = attributes.find(constant!(name).as_CFTypeRef()) else {
        return Ok(None);
    };
    // SAFETY: the values of a dictionary of attributes are CFTypes and live as long as it does; by the Get Rule it is
    // retained.
    let value = unsafe { CFType::wrap_under_get_rule(*value) };
    text_of(&value.downcast_into::<CFString>().ok_or(KeychainStatus::DECODE)?).map(Some)
}

fn group_of(attributes: &CFDictionary) -> Result<String, KeychainStatus> {
    // SAFETY: see `constant!`.
    let name = unsafe { kSecAttrAccessGroup };
    attribute(attributes, name)?.ok_or(KeychainStatus::DECODE)
}

/// The whole string: core-foundation's own conversion stops at a NUL.
fn text_of(string: &CFString) -> Result<String, KeychainStatus> {
    let length = string.char_len();
    // A UTF-16 unit takes at most three bytes in UTF-8.
    let mut bytes = vec![0; usize::try_from(length).unwrap_or_default() * 3];
    let capacity = CFIndex::try_from(bytes.len()).unwrap_or_default();
    let mut used = 0;
    // SAFETY: the range is that of the string, and `bytes` has room for `capacity` bytes.
    let converted = unsafe {
        let (range, encoding) = (CFRange::init(0, length), kCFStringEncodingUTF8);
        let (string, start) = (string.as_concrete_TypeRef(), bytes.as_mut_ptr());
        CFStringGetBytes(string, range, encoding, 0, false.into(), start, capacity, &mut used)
    };
    bytes.truncate(usize::try_from(used).unwrap_or_default());
    match String::from_utf8(bytes) {
        Ok(text) if converted == length => Ok(text),
        _ => Err(KeychainStatus::DECODE),
    }
}
