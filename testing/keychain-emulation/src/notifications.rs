//! Darwin notifications, emulated, and the adapter's own file that posts and receives them.
#![allow(unreachable_pub, reason = "the file belongs to another crate")]

include!(concat!(env!("OUT_DIR"), "/notifications.rs"));

pub(crate) mod store_changes {
    pub(crate) use pilotlight_core::adapters::store_changes::{Observing, Reaction, StoreChanges};
}

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::sync::Mutex;

use core_foundation::base::TCFType;
use core_foundation::string::CFString;
use core_foundation_sys::base::{Boolean, CFIndex};
use core_foundation_sys::dictionary::CFDictionaryRef;
use core_foundation_sys::string::CFStringRef;
use store_changes::StoreChanges;

type Callback = extern "C" fn(*mut c_void, *mut c_void, CFStringRef, *const c_void, CFDictionaryRef);

/// The observers: the observer, its callback and the name.
static OBSERVERS: Mutex<BTreeMap<usize, (Callback, String)>> = Mutex::new(BTreeMap::new());

/// The calls under `name`, as in an app on an Apple device.
pub fn open(name: &str) -> impl StoreChanges {
    darwin_notifications::DarwinNotifications::new(name.to_owned())
}

/// How many observers listen to `name`.
pub fn listeners(name: &str) -> usize {
    OBSERVERS.lock().unwrap().values().filter(|(_, of)| of == name).count()
}

/// Delivers a notification to an observer whose removal the system has not seen yet.
pub fn deliver_late(observer: usize, callback_of: &str) {
    let callback = OBSERVERS
        .lock()
        .unwrap()
        .values()
        .find_map(|(callback, of)| (of == callback_of).then_some(*callback));
    if let Some(callback) = callback {
        call(callback, observer, callback_of);
    }
}

fn call(callback: Callback, observer: usize, name: &str) {
    let name = CFString::new(name);
    let (nobody, nothing) = (std::ptr::null_mut(), std::ptr::null());
    callback(
        nobody,
        std::ptr::without_provenance_mut(observer),
        name.as_concrete_TypeRef(),
        nothing,
        std::ptr::null(),
    );
}

fn text(name: CFStringRef) -> String {
    assert!(!name.is_null(), "this center needs a name");
    // SAFETY: a string by contract, alive during the call.
    unsafe { CFString::wrap_under_get_rule(name) }.to_string()
}

#[unsafe(no_mangle)]
#[allow(non_snake_case, reason = "Apple's names")]
extern "C" fn CFNotificationCenterGetDarwinNotifyCenter() -> *mut c_void {
    std::ptr::without_provenance_mut(8)
}

#[unsafe(no_mangle)]
#[allow(non_snake_case, reason = "Apple's names")]
extern "C" fn CFNotificationCenterPostNotification(
    center: *mut c_void,
    name: CFStringRef,
    object: *const c_void,
    user_info: CFDictionaryRef,
    _deliver_immediately: Boolean,
) {
    assert!(center.addr() == 8 && object.is_null() && user_info.is_null());
    let name = text(name);
    let observers: Vec<_> = OBSERVERS
        .lock()
        .unwrap()
        .iter()
        .filter(|(_, (_, of))| *of == name)
        .map(|(observer, (callback, _))| (*observer, *callback))
        .collect();
    for (observer, callback) in observers {
        call(callback, observer, &name);
    }
}

#[unsafe(no_mangle)]
#[allow(non_snake_case, reason = "Apple's names")]
extern "C" fn CFNotificationCenterAddObserver(
    center: *mut c_void,
    observer: *const c_void,
    callback: Callback,
    name: CFStringRef,
    object: *const c_void,
    behavior: CFIndex,
) {
    assert!(center.addr() == 8 && object.is_null() && behavior == 4);
    OBSERVERS
        .lock()
        .unwrap()
        .insert(observer.addr(), (callback, text(name)));
}

#[unsafe(no_mangle)]
#[allow(non_snake_case, reason = "Apple's names")]
extern "C" fn CFNotificationCenterRemoveObserver(
    center: *mut c_void,
    observer: *const c_void,
    name: CFStringRef,
    object: *const c_void,
) {
    assert!(center.addr() == 8 && object.is_null());
    let (_, of) = OBSERVERS.lock().unwrap().remove(&observer.addr()).unwrap();
    assert_eq!(of, text(name), "removed under another name");
}
