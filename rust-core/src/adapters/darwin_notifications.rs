//! Darwin notifications: names without content that any process on the device can post and observe (Apple:
//! "CFNotificationCenterGetDarwinNotifyCenter").
#![allow(unsafe_code, reason = "CFNotificationCenter is a C interface")]

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::ptr;
use std::sync::{Mutex, PoisonError};

use core_foundation::base::{Boolean, CFIndex, TCFType};
use core_foundation::dictionary::CFDictionaryRef;
use core_foundation::string::{CFString, CFStringRef};

use super::store_changes::{Observing, Reaction, StoreChanges};

type Center = *mut c_void;
type Callback = extern "C" fn(Center, observer: *mut c_void, CFStringRef, *const c_void, CFDictionaryRef);

/// `CFNotificationSuspensionBehaviorDeliverImmediately`, which this center always assumes.
const DELIVER_IMMEDIATELY: CFIndex = 4;

unsafe extern "C" {
    fn CFNotificationCenterGetDarwinNotifyCenter() -> Center;
    fn CFNotificationCenterPostNotification(
        center: Center,
        name: CFStringRef,
        object: *const c_void,
        user_info: CFDictionaryRef,
        deliver_immediately: Boolean,
    );
    fn CFNotificationCenterAddObserver(
        center: Center,
        observer: *const c_void,
        callback: Callback,
        name: CFStringRef,
        object: *const c_void,
        suspension_behavior: CFIndex,
    );
    fn CFNotificationCenterRemoveObserver(
        center: Center,
        observer: *const c_void,
        name: CFStringRef,
        object: *const c_void,
    );
}

/// The reactions by number. The system gets only the number, so a notification that arrives while its observer ends
/// finds nothing here.
static REACTIONS: Mutex<(usize, BTreeMap<usize, Reaction>)> = Mutex::new((0, BTreeMap::new()));

/// The notifications of one name.
#[derive(Debug)]
pub(crate) struct DarwinNotifications(String);

impl DarwinNotifications {
    pub(crate) fn new(name: String) -> Self {
        Self(name)
    }
}

impl StoreChanges for DarwinNotifications {
    fn post(&self) {
        let name = CFString::new(&self.0);
        // SAFETY: the name is alive during the call; object and user info have to be null for this center.
        unsafe {
            let (center, name) = (CFNotificationCenterGetDarwinNotifyCenter(), name.as_concrete_TypeRef());
            CFNotificationCenterPostNotification(center, name, ptr::null(), ptr::null(), 1);
        }
    }

    /// Calls `react` on the main thread's run loop, which apps and extensions have.
    fn observe(&self, react: Reaction) -> Box<dyn Observing> {
        let number = {
            let mut reactions = REACTIONS.lock().unwrap_or_else(PoisonError::into_inner);
            reactions.0 += 1;
            let number = reactions.0;
            reactions.1.insert(number, react);
            number
        };
        let name = CFString::new(&self.0);
        // SAFETY: the name is alive during the call, and the observer is a number that is never dereferenced.
        unsafe {
            CFNotificationCenterAddObserver(
                CFNotificationCenterGetDarwinNotifyCenter(),
                ptr::without_provenance(number),
                heard,
                name.as_concrete_TypeRef(),
                ptr::null(),
                DELIVER_IMMEDIATELY,
            );
        }
        Box::new(Observer {
            number,
            name: self.0.clone(),
        })
    }
}

#[derive(Debug)]
struct Observer {
    number: usize,
    name: String,
}

impl Observing for Observer {}

impl Drop for Observer {
    fn drop(&mut self) {
        let name = CFString::new(&self.name);
        // SAFETY: as when it was added.
        unsafe {
            CFNotificationCenterRemoveObserver(
                CFNotificationCenterGetDarwinNotifyCenter(),
                ptr::without_provenance(self.number),
                name.as_concrete_TypeRef(),
                ptr::null(),
            );
        }
        let mut reactions = REACTIONS.lock().unwrap_or_else(PoisonError::into_inner);
        reactions.1.remove(&self.number);
    }
}

extern "C" fn heard(_: Center, observer: *mut c_void, _: CFStringRef, _: *const c_void, _: CFDictionaryRef) {
    // The lock is released before the call: the reaction may itself end an observer.
    let reaction = {
        let reactions = REACTIONS.lock().unwrap_or_else(PoisonError::into_inner);
        reactions.1.get(&observer.addr()).cloned()
    };
    if let Some(react) = reaction {
        react();
    }
}
