//! What a write sets, as Keychain Services takes it.
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
    /// The key for an item's class (Security framework, iOS 4.0, macOS 10.9); security-framework-sys has only its
    /// values.
    static kSecAttrAccessible: CFStringRef;
    /// The key for bytes of the app's own, by which an item can be found (Security framework, iOS 2.0, macOS 10.6).
    static kSecAttrGeneric: CFStringRef;
}

pub(super) type Pairs = Vec<(CFString, CFType)>;

/// Value, protection and synchronisation.
///
/// # Errors
/// When the system cannot make the access control, with its own number.
pub(super) fn pairs_of(content: Content<'_>) -> Result<Pairs, KeychainStatus> {
    let class = class_of(content.accessibility);
    // One or the other: an access control has the class in it.
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

/// What kind of item it is: it tells Pilotlight's items from others in the same service. On a Mac the user sees it.
pub(super) fn kind_pair() -> (CFString, CFType) {
    (
        constant!(kSecAttrDescription),
        CFString::new("Pilotlight session").into_CFType(),
    )
}

/// What marks an item that has this value, and finds it.
pub(super) fn fingerprint_pair(value: Fingerprint) -> (CFString, CFType) {
    (
        constant!(kSecAttrGeneric),
        CFData::from_buffer(value.as_bytes()).into_CFType(),
    )
}

/// The class, which finds an item too.
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
    // SAFETY: `class` is a valid string during the call; `error` is a valid place for one reference.
    let control =
        unsafe { SecAccessControlCreateWithFlags(kCFAllocatorDefault, class.as_CFTypeRef(), flags, &mut error) };
    if !control.is_null() {
        // SAFETY: not null, and by the Create Rule ours to release, exactly once: on drop.
        return Ok(unsafe { CFType::wrap_under_create_rule(control as CFTypeRef) });
    }
    if error.is_null() {
        return Err(KeychainStatus::UNIMPLEMENTED);
    }
    // SAFETY: not null, and ours to release, exactly once: on drop.
    let error = unsafe { CFError::wrap_under_create_rule(error) };
    Err(KeychainStatus(
        i32::try_from(error.code()).unwrap_or(KeychainStatus::UNIMPLEMENTED.0),
    ))
}
