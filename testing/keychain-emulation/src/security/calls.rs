//! The four functions on items, and the one on messages.

use std::ffi::c_void;

use core_foundation::array::CFArray;
use core_foundation::base::{CFType, TCFType};
use core_foundation::data::CFData;
use core_foundation::dictionary::CFDictionary;
use core_foundation::string::CFString;
use core_foundation_sys::base::CFTypeRef;
use core_foundation_sys::dictionary::CFDictionaryRef;
use core_foundation_sys::string::CFStringRef;

use super::arguments::{Arguments, Role};
use super::device::{Device, with};
use super::function::Function;
use super::items::{Item, Stored, check_group};
use super::status::{DUPLICATE, INTERACTION_NOT_ALLOWED, NOT_FOUND, PARAM};
use crate::references::given;

/// Handles one call: reads its arguments, records it, fails it if the test says so, and executes it.
///
/// # Safety
/// `query` is null or a valid dictionary.
unsafe fn call(
    function: Function,
    query: CFDictionaryRef,
    act: impl FnOnce(&mut Device, &Arguments) -> Result<(), i32>,
) -> i32 {
    // SAFETY: valid by contract.
    let arguments = match unsafe { Arguments::read(query, Role::Query(function)) } {
        Ok(arguments) => arguments,
        Err(status) => return status,
    };
    let service = arguments.text("kSecAttrService").unwrap_or_default();
    // The probe and the companions belong to the store that creates them.
    let device = [".readability-probe", ".guarded-sessions"]
        .iter()
        .find_map(|suffix| service.strip_suffix(suffix))
        .unwrap_or(service);
    let outcome = with(device, |device| {
        device.calls.push(function);
        let failure = (!device.failures.is_empty()).then(|| device.failures.remove(0));
        if let Some(status) = failure.flatten() {
            return Err(status);
        }
        check_group(&arguments)?;
        act(device, &arguments)
    });
    outcome.err().unwrap_or(0)
}

/// # Safety
/// As documented by Apple: `query` is a dictionary, `result` is null or a place for one reference.
#[unsafe(no_mangle)]
unsafe extern "C" fn SecItemCopyMatching(query: CFDictionaryRef, result: *mut CFTypeRef) -> i32 {
    let act = |device: &mut Device, query: &Arguments| {
        let wants = (query.boolean("kSecReturnData"), query.boolean("kSecReturnAttributes"));
        let wants_data = match (wants, query.has("kSecMatchLimit")) {
            ((Some(true), None), false) => true,
            ((None, Some(true)), true) => false,
            // Apple allows more, but the adapter uses nothing else.
            _ => return Err(PARAM),
        };
        let shown = |item: &&Item| item.matches(query) && device.shows(item);
        let found: Vec<_> = device.items.iter().filter(shown).cloned().collect();
        // From Security-60157 on (iOS 15), the attributes of items behind access control are encrypted too. The user
        // may not be asked here, so such items are skipped, or the call fails (SecDbKeychainItem.m, SecItemDb.c).
        let found = if wants_data {
            found
        } else {
            let (open, guarded): (Vec<_>, Vec<_>) = found.into_iter().partition(|item| item.protection.flags == 0);
            if !guarded.is_empty() && !query.has("kSecUseAuthenticationUI") {
                return Err(INTERACTION_NOT_ALLOWED);
            }
            open
        };
        let first = found.first().ok_or(NOT_FOUND)?;
        let answer = if wants_data {
            device.unlocks(&first.protection.class)?;
            device.authenticate(first, query)?;
            data_of(first)
        } else {
            Some(list_of(&found))
        };
        if let Some(answer) = answer.filter(|_| !result.is_null()) {
            // SAFETY: a place for one reference, which is the caller's from now on (Create Rule).
            unsafe { *result = given(answer) };
        }
        Ok(())
    };
    // SAFETY: a dictionary by contract.
    unsafe { call(Function::CopyMatching, query, act) }
}

fn data_of(item: &Item) -> Option<CFType> {
    match &item.stored {
        Stored::Data(data) => Some(CFData::from_buffer(data).into_CFType()),
        Stored::Nothing => None,
        Stored::Text(text) => Some(CFString::new(text).into_CFType()),
    }
}

fn list_of(items: &[Item]) -> CFType {
    let attributes: Vec<_> = items.iter().map(attributes_of).collect();
    CFArray::from_CFTypes(&attributes).into_CFType()
}

fn attributes_of(item: &Item) -> CFType {
    let text = |name: &'static str, value: &str| (CFString::new(name), CFString::new(value).into_CFType());
    let mut pairs = vec![
        text("kSecAttrService", &item.service),
        text("kSecAttrAccessGroup", &item.group),
    ];
    // As for an item that was created without one.
    if item.stored != Stored::Nothing {
        pairs.push(text("kSecAttrAccount", &item.account));
    }
    CFDictionary::from_CFType_pairs(&pairs).into_CFType()
}

/// # Safety
/// As documented by Apple.
#[unsafe(no_mangle)]
unsafe extern "C" fn SecItemAdd(attributes: CFDictionaryRef, result: *mut CFTypeRef) -> i32 {
    let act = |device: &mut Device, attributes: &Arguments| {
        // Apple allows more, but the adapter uses nothing else.
        if result.is_null() == (attributes.boolean("kSecReturnAttributes") == Some(true)) {
            return Err(PARAM);
        }
        let item = Item::new(attributes)?;
        let taken = device.items.iter().any(|other| other.is_same_as(&item));
        if taken && device.answers_add_first {
            return Err(DUPLICATE);
        }
        device.unlocks(&item.protection.class)?;
        if taken {
            return Err(DUPLICATE);
        }
        if !result.is_null() {
            // SAFETY: a place for one reference, which is the caller's from now on (Create Rule).
            unsafe { *result = given(attributes_of(&item)) };
        }
        device.items.push(item);
        Ok(())
    };
    // SAFETY: a dictionary by contract.
    unsafe { call(Function::Add, attributes, act) }
}

/// # Safety
/// As documented by Apple.
#[unsafe(no_mangle)]
unsafe extern "C" fn SecItemUpdate(query: CFDictionaryRef, changes: CFDictionaryRef) -> i32 {
    // SAFETY: a dictionary by contract.
    let changes = match unsafe { Arguments::read(changes, Role::Changes) } {
        Ok(changes) => changes,
        Err(status) => return status,
    };
    let act = |device: &mut Device, query: &Arguments| {
        let mut after = device.items.clone();
        let mut found = 0;
        for (index, item) in device.items.clone().iter().enumerate() {
            if !item.matches(query) || !device.shows(item) {
                continue;
            }
            found += 1;
            device.unlocks(&item.protection.class)?;
            device.authenticate(item, query)?;
            after[index].change(&changes)?;
            device.unlocks(&after[index].protection.class)?;
        }
        if found == 0 {
            return Err(NOT_FOUND);
        }
        let twice = |(index, item): (usize, &Item)| after[..index].iter().any(|other| other.is_same_as(item));
        if after.iter().enumerate().any(twice) {
            return Err(DUPLICATE);
        }
        device.items = after;
        Ok(())
    };
    // SAFETY: a dictionary by contract.
    unsafe { call(Function::Update, query, act) }
}

/// # Safety
/// As documented by Apple.
#[unsafe(no_mangle)]
unsafe extern "C" fn SecItemDelete(query: CFDictionaryRef) -> i32 {
    let act = |device: &mut Device, query: &Arguments| {
        let before = device.items.len();
        let kept = |device: &Device, item: &Item| !item.matches(query) || !(device.shows(item) || item.lost);
        let items = device.items.iter().filter(|item| kept(device, item)).cloned().collect();
        device.items = items;
        if device.items.len() == before {
            Err(NOT_FOUND)
        } else {
            Ok(())
        }
    };
    // SAFETY: a dictionary by contract.
    unsafe { call(Function::Delete, query, act) }
}

/// # Safety
/// As documented by Apple: the second argument is null.
#[unsafe(no_mangle)]
unsafe extern "C" fn SecCopyErrorMessageString(status: i32, reserved: *mut c_void) -> CFStringRef {
    assert!(reserved.is_null());
    // As for numbers for which Apple has no message.
    if status == -77_777 {
        return std::ptr::null();
    }
    given(CFString::new(&format!("Emulated words for {status}.")).into_CFType()).cast()
}
