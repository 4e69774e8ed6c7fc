//! The emulated calls refuse what Apple's refuse; otherwise the other tests would prove little.

#![allow(unsafe_code, reason = "a C interface, called as the adapter does not")]

use std::ptr;

use core_foundation::base::{CFType, CFTypeRef, TCFType};
use core_foundation::boolean::CFBoolean;
use core_foundation::data::CFData;
use core_foundation::dictionary::CFDictionary;
use core_foundation::string::CFString;
use pilotlight_keychain_emulation as _;
use security_framework_sys::keychain_item::{SecItemAdd, SecItemCopyMatching, SecItemDelete, SecItemUpdate};

type Pairs = Vec<(&'static str, CFType)>;

fn text(value: &str) -> CFType {
    CFString::new(value).into_CFType()
}

fn yes() -> CFType {
    CFBoolean::true_value().into_CFType()
}

fn dictionary(pairs: &Pairs) -> CFDictionary<CFString, CFType> {
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(key, value)| (CFString::new(key), value.clone()))
        .collect();
    CFDictionary::from_CFType_pairs(&pairs)
}

fn identity(service: &str) -> Pairs {
    vec![
        ("kSecClass", text("kSecClassGenericPassword")),
        ("kSecAttrService", text(service)),
        ("kSecAttrAccount", text("session")),
        ("kSecUseDataProtectionKeychain", yes()),
    ]
}

fn with(mut pairs: Pairs, more: Pairs) -> Pairs {
    pairs.extend(more);
    pairs
}

fn add(pairs: &Pairs) -> i32 {
    // SAFETY: a valid dictionary.
    unsafe { SecItemAdd(dictionary(pairs).as_concrete_TypeRef(), ptr::null_mut()) }
}

fn copy(pairs: &Pairs) -> i32 {
    let mut found: CFTypeRef = ptr::null();
    // SAFETY: a valid dictionary, and a place for one reference.
    let status = unsafe { SecItemCopyMatching(dictionary(pairs).as_concrete_TypeRef(), &mut found) };
    if !found.is_null() {
        // SAFETY: by the Create Rule ours.
        drop(unsafe { CFType::wrap_under_create_rule(found) });
    }
    status
}

fn update(query: &Pairs, changes: &Pairs) -> i32 {
    // SAFETY: valid dictionaries.
    unsafe {
        SecItemUpdate(
            dictionary(query).as_concrete_TypeRef(),
            dictionary(changes).as_concrete_TypeRef(),
        )
    }
}

fn delete(query: &Pairs) -> i32 {
    // SAFETY: a valid dictionary.
    unsafe { SecItemDelete(dictionary(query).as_concrete_TypeRef()) }
}

fn data() -> (&'static str, CFType) {
    ("kSecValueData", CFData::from_buffer(b"tokens").into_CFType())
}

const PARAM: i32 = -50;

#[test]
fn the_least_that_is_right_is_accepted() {
    let query = identity("strict.least");
    assert_eq!(add(&with(query.clone(), vec![data()])), 0);
    assert_eq!(copy(&with(query.clone(), vec![("kSecReturnData", yes())])), 0);
    assert_eq!(update(&query, &vec![data()]), 0);
    assert_eq!(delete(&query), 0);
    assert_eq!(delete(&query), -25300);
}

#[test]
fn null_unknown_keys_and_keys_of_another_call_are_refused() {
    // SAFETY: null is what is tried.
    assert_eq!(unsafe { SecItemDelete(ptr::null()) }, PARAM);
    let query = identity("strict.keys");
    assert_eq!(
        delete(&with(query.clone(), vec![("kSecAttrServic", text("typo"))])),
        PARAM
    );
    assert_eq!(delete(&with(query.clone(), vec![data()])), PARAM);
    assert_eq!(
        copy(&with(query.clone(), vec![("kSecReturnData", yes()), data()])),
        PARAM
    );
    assert_eq!(copy(&query), PARAM, "nothing is asked for");
    assert_eq!(
        add(&with(query.clone(), vec![data(), ("kSecReturnData", yes())])),
        PARAM
    );
    assert_eq!(update(&query, &vec![("kSecAttrAccount", text("other"))]), PARAM);
    assert_eq!(update(&query, &Vec::new()), PARAM);
}

#[test]
fn a_missing_class_and_the_wrong_keychain_are_refused() {
    let mut query = identity("strict.class");
    let class = query.remove(0);
    assert_eq!(delete(&query), PARAM);
    query.insert(0, class);
    query.pop();
    assert_eq!(delete(&query), -99_001, "this one is the project's own rule");
}

#[test]
fn values_of_another_type_are_refused() {
    for (key, value) in [
        ("kSecAttrService", yes()),
        ("kSecAttrAccount", data().1),
        ("kSecAttrSynchronizable", text("true")),
        ("kSecAttrAccessGroup", yes()),
        ("kSecUseDataProtectionKeychain", text("true")),
        ("kSecReturnData", text("true")),
        ("kSecMatchLimit", text("kSecMatchLimitOn")),
        ("kSecUseAuthenticationContext", text("not a context")),
    ] {
        let query = identity("strict.types").into_iter().filter(|(other, _)| *other != key);
        let query = query.chain([(key, value), ("kSecReturnData", yes())]).collect();
        assert_eq!(copy(&query), PARAM, "{key}");
    }
    for (key, value) in [
        ("kSecValueData", text("tokens")),
        ("kSecAttrAccessible", yes()),
        ("kSecAttrAccessControl", text("kSecAttrAccessibleAfterFirstUnlock")),
    ] {
        assert_eq!(add(&with(identity("strict.types"), vec![(key, value)])), PARAM, "{key}");
    }
}

#[test]
fn a_class_beside_an_access_control_is_refused() {
    use core_foundation::base::kCFAllocatorDefault;
    use security_framework_sys::access_control as control;
    // SAFETY: valid constants; no error is asked for.
    let control = unsafe {
        control::SecAccessControlCreateWithFlags(
            kCFAllocatorDefault,
            control::kSecAttrAccessibleWhenUnlocked.cast(),
            control::kSecAccessControlUserPresence,
            ptr::null_mut(),
        )
    };
    // SAFETY: not null for these arguments, and by the Create Rule ours.
    let control = unsafe { CFType::wrap_under_create_rule(control as CFTypeRef) };
    let control = ("kSecAttrAccessControl", control);
    let class = ("kSecAttrAccessible", text("kSecAttrAccessibleWhenUnlocked"));
    let query = identity("strict.control");
    assert_eq!(add(&with(query.clone(), vec![data(), control.clone(), class])), PARAM);
    let synchronizable = ("kSecAttrSynchronizable", yes());
    assert_eq!(
        add(&with(query.clone(), vec![data(), control.clone(), synchronizable])),
        PARAM
    );
    assert_eq!(add(&with(query, vec![data(), control])), 0);
}

#[test]
fn what_stays_on_this_device_is_not_synchronizable() {
    let class = (
        "kSecAttrAccessible",
        text("kSecAttrAccessibleWhenUnlockedThisDeviceOnly"),
    );
    let synchronizable = ("kSecAttrSynchronizable", yes());
    let query = identity("strict.synchronizable");
    let both = vec![data(), class.clone(), synchronizable.clone()];
    assert_eq!(add(&with(query.clone(), both)), PARAM);
    // Nor in two steps.
    assert_eq!(add(&with(query.clone(), vec![data(), class])), 0);
    assert_eq!(update(&query, &vec![synchronizable]), PARAM);
}

#[test]
fn service_account_group_and_synchronisation_say_which_item_it_is() {
    let query = identity("strict.key");
    let class = ("kSecAttrAccessible", text("kSecAttrAccessibleWhenUnlocked"));
    let group = ("kSecAttrAccessGroup", text("TEAM.org.example.shared"));
    let synchronizable = ("kSecAttrSynchronizable", yes());
    let local = with(query.clone(), vec![data(), class]);
    assert_eq!(add(&local), 0);
    assert_eq!(add(&local), -25299);
    assert_eq!(add(&with(local.clone(), vec![group])), 0);
    assert_eq!(add(&with(local.clone(), vec![synchronizable.clone()])), 0);
    assert_eq!(add(&with(local, vec![synchronizable])), -25299);
    // Without the key, only the items of this device: one in each group.
    assert_eq!(delete(&query), 0);
    assert_eq!(delete(&query), -25300);
    let any = ("kSecAttrSynchronizable", text("kSecAttrSynchronizableAny"));
    assert_eq!(delete(&with(query, vec![any])), 0);
}

#[test]
fn a_group_outside_the_entitlements_is_refused() {
    let group = ("kSecAttrAccessGroup", text("TEAM.org.elsewhere"));
    assert_eq!(delete(&with(identity("strict.group"), vec![group])), -34018);
}
