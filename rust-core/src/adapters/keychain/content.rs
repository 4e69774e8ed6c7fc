//! The attributes that a write sets, in the form that Keychain Services requires.
#![allow(unsafe_code, reason = "Keychain Services is a C interface")]

use std::ptr;

use core_foundation::base::{CFOptionFlags, CFType, CFTypeRef, TCFType, kCFAllocatorDefault};
use core_foundation::boolean::CFBoolean;
use core_foundation::data::CFData;
use core_foundation::error::{CFError, CFErrorRef};
use core_foundation::string::{CFString, CFStringRef};
use security_framework_sys::access_control::{self as class, SecAccessControlCreateWithFlags};
use security_framework_sys::item::{kSecAttrAccessControl, kSecAttrDescription, kSecAttrSynchronizable, kSecValueData};

use super::calls::Content;
use super::constants::constant;
use super::options::{KeychainAccessConstraint, KeychainAccessibility};
use super::status::KeychainStatus;
use crate::model::secret::Fingerprint;

unsafe extern "C" {
    /// The key for an item's accessibility class (Security framework, iOS 4.0, macOS 10.9); security-framework-sys has
    /// only its values.
    static kSecAttrAccessible: CFStringRef;
    /// The key for app-defined bytes by which an item can be found (Security framework, iOS 2.0, macOS 10.6).
    static kSecAttrGeneric: CFStringRef;
}

pub(super) type Pairs = Vec<(CFString, CFType)>;

/// The attributes for value, protection and synchronisation.
///
/// # Errors
/// The system's error number if it cannot make the access control.
pub(super) fn pairs_of(content: Content<'_>) -> Result<Pairs, KeychainStatus> {
    let class = class_of(content.accessibility);
    // Only one of the two: an access control contains the class.
    let protection = match content.constraint {
        None => class_pair(content.accessibility),
        Some(constraint) => (constant!(kSecAttrAccessControl), access_control(&class, constraint)?),
    };
    let data = CFData::from_buffer(content.value.expose()).into_CFType();
    let synchronizable = CFBoolean::from(content.synchronizable).into_CFType();
    Ok(vec![
        (constant!(kSecValueData), data),
        fingerprint_pair(Fingerprint::of(content.value)),
        kind_pair(),
        protection,
        (constant!(kSecAttrSynchronizable), synchronizable),
    ])
}

/// The description that distinguishes Pilotlight's items from others of the same service. On a Mac the user sees it.
pub(super) fn kind_pair() -> (CFString, CFType) {
    (
        constant!(kSecAttrDescription),
        CFString::new("Pilotlight session").into_CFType(),
    )
}

/// The attribute that marks an item with this value, and finds it.
pub(super) fn fingerprint_pair(value: Fingerprint) -> (CFString, CFType) {
    (
        constant!(kSecAttrGeneric),
        CFData::from_buffer(value.as_bytes()).into_CFType(),
    )
}

/// The class, which can also be used in a query.
pub(super) fn class_pair(class: KeychainAccessibility) -> (CFString, CFType) {
    (constant!(kSecAttrAccessible), class_of(class).into_CFType())
}

fn class_of(accessibility: KeychainAccessibility) -> CFString {
    match accessibility {
        KeychainAccessibility::WhenUnlocked => constant!(class::kSecAttrAccessibleWhenUnlocked),
        KeychainAccessibility::AfterFirstUnlock => constant!(class::kSecAttrAccessibleAfterFirstUnlock),
        KeychainAccessibility::Always => constant!(class::kSecAttrAccessibleAlways),
        KeychainAccessibility::WhenPasscodeSetThisDeviceOnly => {
            constant!(class::kSecAttrAccessibleWhenPasscodeSetThisDeviceOnly)
        }
        KeychainAccessibility::WhenUnlockedThisDeviceOnly => {
            constant!(class::kSecAttrAccessibleWhenUnlockedThisDeviceOnly)
        }
        KeychainAccessibility::AfterFirstUnlockThisDeviceOnly => {
            constant!(class::kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly)
        }
        KeychainAccessibility::AlwaysThisDeviceOnly => constant!(class::kSecAttrAccessibleAlwaysThisDeviceOnly),
    }
}

fn access_control(class: &CFString, constraint: KeychainAccessConstraint) -> Result<CFType, KeychainStatus> {
    let flags: CFOptionFlags = match constraint {
        KeychainAccessConstraint::UserPresence => class::kSecAccessControlUserPresence,
        KeychainAccessConstraint::BiometryAny => class::kSecAccessControlBiometryAny,
        KeychainAccessConstraint::BiometryCurrentSet => class::kSecAccessControlBiometryCurrentSet,
    };
    let mut error: CFErrorRef = ptr::null_mut();
    // SAFETY: `class` is a valid string during the call; `error` is a valid pointer to one reference.
    let control =
        unsafe { SecAccessControlCreateWithFlags(kCFAllocatorDefault, class.as_CFTypeRef(), flags, &mut error) };
    if !control.is_null() {
        // SAFETY: not null, and by the Create Rule ours to release exactly once: on drop.
        return Ok(unsafe { CFType::wrap_under_create_rule(control as CFTypeRef) });
    }
    if error.is_null() {
        return Err(KeychainStatus::UNIMPLEMENTED);
    }
    // SAFETY: not null, and ours to release exactly once: on drop.
    let error = unsafe { CFError::wrap_under_create_rule(error) };
    Err(KeychainStatus(
        i32::try_from(error.code()).unwrap_or(KeychainStatus::UNIMPLEMENTED.0),
    ))
}
