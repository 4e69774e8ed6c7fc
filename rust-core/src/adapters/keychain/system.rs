//! The four calls of Keychain Services: dictionaries in, status out.
//!
//! Direct calls, because security-framework's password functions cannot say what is needed here: they set no
//! accessibility, add before they update, and leave the item's old class in place when they do update.
#![allow(unsafe_code, reason = "Keychain Services is a C interface")]

use std::ptr;

use core_foundation::array::CFArray;
use core_foundation::base::{CFType, CFTypeRef, TCFType};
use core_foundation::boolean::CFBoolean;
use core_foundation::data::CFData;
use core_foundation::dictionary::CFDictionary;
use core_foundation::string::{CFString, CFStringRef};
use security_framework_sys::access_control as class;
use security_framework_sys::item::{
    kSecAttrAccessGroup, kSecAttrAccount, kSecAttrService, kSecClass, kSecClassGenericPassword, kSecMatchLimit,
    kSecMatchLimitAll, kSecReturnAttributes, kSecReturnData, kSecUseAuthenticationUI, kSecUseAuthenticationUISkip,
    kSecUseDataProtectionKeychain, kSecValueData,
};
use security_framework_sys::keychain_item::{SecItemAdd, SecItemCopyMatching, SecItemDelete, SecItemUpdate};

use super::{Accessibility, ItemQuery, KeychainItems, KeychainStatus};
use crate::secret::SecretBytes;

unsafe extern "C" {
    /// The key for an item's class (Security framework, iOS 4.0, macOS 10.9); security-framework-sys has only its
    /// values.
    static kSecAttrAccessible: CFStringRef;
}

/// A key or value that is an exported constant of the Security framework.
macro_rules! constant {
    ($name:expr) => {{
        // SAFETY: the system initialises these constants before any code of the process runs and never changes them;
        // each is a valid CFString for the life of the process, and by the Get Rule has to be retained.
        unsafe { CFString::wrap_under_get_rule($name) }
    }};
}

/// The Keychain that the system gives to this process.
#[derive(Debug)]
pub(crate) struct SystemKeychain;

impl KeychainItems for SystemKeychain {
    fn copy(&self, item: ItemQuery<'_>) -> Result<SecretBytes, KeychainStatus> {
        let mut query = pairs(item);
        query.push((constant!(kSecReturnData), CFBoolean::true_value().into_CFType()));
        let query = CFDictionary::from_CFType_pairs(&query);
        let mut found: CFTypeRef = ptr::null();
        // SAFETY: `query` is a valid dictionary during the call; `found` is a valid place for one reference.
        KeychainStatus::check(unsafe { SecItemCopyMatching(query.as_concrete_TypeRef(), &mut found) })?;
        if found.is_null() {
            // An item without data, which other code may have made.
            return Ok(SecretBytes::new(Vec::new()));
        }
        // SAFETY: not null, and by the Create Rule ("Copy" in the name) ours to release, exactly once: on drop.
        let found = unsafe { CFType::wrap_under_create_rule(found) };
        let data = found.downcast_into::<CFData>().ok_or(KeychainStatus::DECODE)?;
        Ok(SecretBytes::new(data.bytes().to_vec()))
    }

    fn add(&self, item: ItemQuery<'_>, value: &SecretBytes, class: Accessibility) -> Result<(), KeychainStatus> {
        let mut attributes = pairs(item);
        attributes.extend(content(value, class));
        let attributes = CFDictionary::from_CFType_pairs(&attributes);
        // SAFETY: `attributes` is a valid dictionary during the call; a null result means that none is wanted.
        KeychainStatus::check(unsafe { SecItemAdd(attributes.as_concrete_TypeRef(), ptr::null_mut()) })
    }

    fn update(&self, item: ItemQuery<'_>, value: &SecretBytes, class: Accessibility) -> Result<(), KeychainStatus> {
        let query = CFDictionary::from_CFType_pairs(&pairs(item));
        let changes = CFDictionary::from_CFType_pairs(&content(value, class));
        // SAFETY: both are valid dictionaries during the call.
        KeychainStatus::check(unsafe { SecItemUpdate(query.as_concrete_TypeRef(), changes.as_concrete_TypeRef()) })
    }

    fn delete(&self, item: ItemQuery<'_>) -> Result<(), KeychainStatus> {
        let query = CFDictionary::from_CFType_pairs(&pairs(item));
        // SAFETY: `query` is a valid dictionary during the call.
        KeychainStatus::check(unsafe { SecItemDelete(query.as_concrete_TypeRef()) })
    }

    fn accounts(&self, service: &str, access_group: Option<&str>) -> Result<Vec<String>, KeychainStatus> {
        let mut query = shared(service, access_group);
        query.push((constant!(kSecReturnAttributes), CFBoolean::true_value().into_CFType()));
        query.push((constant!(kSecMatchLimit), constant!(kSecMatchLimitAll).into_CFType()));
        // Attributes need no authentication, but an item whose attributes did would otherwise fail the whole list.
        query.push((
            constant!(kSecUseAuthenticationUI),
            constant!(kSecUseAuthenticationUISkip).into_CFType(),
        ));
        let query = CFDictionary::from_CFType_pairs(&query);
        let mut found: CFTypeRef = ptr::null();
        // SAFETY: `query` is a valid dictionary during the call; `found` is a valid place for one reference.
        KeychainStatus::check(unsafe { SecItemCopyMatching(query.as_concrete_TypeRef(), &mut found) })?;
        if found.is_null() {
            return Ok(Vec::new());
        }
        // SAFETY: not null, and by the Create Rule ("Copy" in the name) ours to release, exactly once: on drop.
        let found = unsafe { CFType::wrap_under_create_rule(found) };
        let found = found.downcast_into::<CFArray>().ok_or(KeychainStatus::DECODE)?;
        found.iter().map(|item| account_of(*item)).collect()
    }
}

type Pairs = Vec<(CFString, CFType)>;

/// What identifies the item. Class and data are no part of it, so that an item is found whatever class it has.
fn pairs(item: ItemQuery<'_>) -> Pairs {
    let mut pairs = shared(item.service, item.access_group);
    pairs.push((constant!(kSecAttrAccount), CFString::new(item.account).into_CFType()));
    pairs
}

/// What all items of a store have in common.
fn shared(service: &str, access_group: Option<&str>) -> Pairs {
    let text = |text: &str| CFString::new(text).into_CFType();
    let mut pairs = vec![
        (constant!(kSecClass), constant!(kSecClassGenericPassword).into_CFType()),
        (constant!(kSecAttrService), text(service)),
        // The only Keychain on iOS. On a Mac the other one knows neither classes nor access groups.
        (
            constant!(kSecUseDataProtectionKeychain),
            CFBoolean::true_value().into_CFType(),
        ),
    ];
    pairs.extend(access_group.map(|group| (constant!(kSecAttrAccessGroup), text(group))));
    pairs
}

/// The account among the attributes of one item of a list.
fn account_of(attributes: CFTypeRef) -> Result<String, KeychainStatus> {
    if attributes.is_null() {
        return Err(KeychainStatus::DECODE);
    }
    // SAFETY: not null, and alive while the array is, which outlives this call; by the Get Rule it is retained.
    let attributes = unsafe { CFType::wrap_under_get_rule(attributes) };
    let attributes = attributes
        .downcast_into::<CFDictionary>()
        .ok_or(KeychainStatus::DECODE)?;
    let key = constant!(kSecAttrAccount);
    // An item that other code made may have no account, which is the empty one.
    let Some(account) = attributes.find(key.as_CFTypeRef()) else {
        return Ok(String::new());
    };
    // SAFETY: the values of a dictionary of attributes are CFTypes, alive while it is; by the Get Rule it is retained.
    let account = unsafe { CFType::wrap_under_get_rule(*account) };
    let account = account.downcast_into::<CFString>().ok_or(KeychainStatus::DECODE)?;
    Ok(account.to_string())
}

/// What a write sets.
fn content(value: &SecretBytes, accessibility: Accessibility) -> Pairs {
    let class = match accessibility {
        Accessibility::WhenUnlocked => constant!(class::kSecAttrAccessibleWhenUnlocked),
        Accessibility::AfterFirstUnlock => constant!(class::kSecAttrAccessibleAfterFirstUnlock),
        Accessibility::Always => constant!(class::kSecAttrAccessibleAlways),
        Accessibility::WhenPasscodeSetThisDeviceOnly => {
            constant!(class::kSecAttrAccessibleWhenPasscodeSetThisDeviceOnly)
        }
        Accessibility::WhenUnlockedThisDeviceOnly => {
            constant!(class::kSecAttrAccessibleWhenUnlockedThisDeviceOnly)
        }
        Accessibility::AfterFirstUnlockThisDeviceOnly => {
            constant!(class::kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly)
        }
        Accessibility::AlwaysThisDeviceOnly => constant!(class::kSecAttrAccessibleAlwaysThisDeviceOnly),
    };
    vec![
        (
            constant!(kSecValueData),
            CFData::from_buffer(value.expose()).into_CFType(),
        ),
        (constant!(kSecAttrAccessible), class.into_CFType()),
    ]
}
