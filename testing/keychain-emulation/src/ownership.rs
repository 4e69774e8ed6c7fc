//! Reference counting: records every reference that the adapter and the emulated calls get or give.
//!
//! The linker redirects their calls of CoreFoundation here first (`--wrap`). CoreFoundation's internal calls are not
//! seen, so the record contains exactly the references that this side owns under the Create Rule and the Get Rule.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::c_void;
use std::sync::Mutex;

use core_foundation_sys::array::{CFArrayCallBacks, CFArrayRef};
use core_foundation_sys::base::{Boolean, CFAllocatorRef, CFIndex, CFTypeRef};
use core_foundation_sys::data::CFDataRef;
use core_foundation_sys::dictionary::{CFDictionaryKeyCallBacks, CFDictionaryRef, CFDictionaryValueCallBacks};
use core_foundation_sys::error::CFErrorRef;
use core_foundation_sys::number::{CFNumberRef, CFNumberType};
use core_foundation_sys::runloop::{CFRunLoopSourceContext, CFRunLoopSourceRef};
use core_foundation_sys::string::{CFStringEncoding, CFStringRef};
use core_foundation_sys::url::CFURLRef;

/// The owned references, by object. Shared by the whole process, because a context may be dropped by another thread.
static OWNED: Mutex<BTreeMap<usize, i64>> = Mutex::new(BTreeMap::new());

thread_local! {
    /// The balance of the references that this thread took and gave, by object.
    static BALANCE: RefCell<BTreeMap<usize, i64>> = const { RefCell::new(BTreeMap::new()) };
}

/// How many references this thread owns more (or less) after `work` than before it: 0 if nothing was leaked and nothing
/// was released that is still in use. Objects that come and go do not count.
pub fn balance_of(work: impl FnOnce()) -> i64 {
    let before = BALANCE.take();
    work();
    let after = BALANCE.replace(before);
    after.values().sum()
}

fn took(object: *const c_void) {
    if !object.is_null() {
        *OWNED.lock().unwrap().entry(object as usize).or_default() += 1;
        BALANCE.with_borrow_mut(|balance| *balance.entry(object as usize).or_default() += 1);
    }
}

/// Gives a reference to the system, which never releases it.
pub(crate) fn disown(object: CFTypeRef) {
    gave(object);
}

/// Ends the process if this side does not own a reference, because it would release somebody else's, and the object
/// with it.
fn gave(object: *const c_void) {
    {
        let mut owned = OWNED.lock().unwrap();
        let count = owned.entry(object as usize).or_default();
        *count -= 1;
        assert!(*count >= 0, "CFRelease of a reference that this code does not own");
        if *count == 0 {
            owned.remove(&(object as usize));
        }
    }
    BALANCE.with_borrow_mut(|balance| *balance.entry(object as usize).or_default() -= 1);
}

macro_rules! counted {
    ($($real:ident as $wrap:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {
        unsafe extern "C" {
            $(fn $real($($argument: $type),*) -> $result;)*
        }
        $(#[unsafe(no_mangle)]
        unsafe extern "C" fn $wrap($($argument: $type),*) -> $result {
            // SAFETY: the arguments are the caller's, and the function is the one that it called.
            let object = unsafe { $real($($argument),*) };
            took(object as *const c_void);
            object
        })*
    };
}

counted! {
    __real_CFRetain as __wrap_CFRetain(object: CFTypeRef) -> CFTypeRef;
    __real_CFStringCreateWithBytes as __wrap_CFStringCreateWithBytes(allocator: CFAllocatorRef, bytes: *const u8,
        length: CFIndex, encoding: CFStringEncoding, external: Boolean) -> CFStringRef;
    __real_CFDataCreate as __wrap_CFDataCreate(allocator: CFAllocatorRef, bytes: *const u8, length: CFIndex) -> CFDataRef;
    __real_CFDictionaryCreate as __wrap_CFDictionaryCreate(allocator: CFAllocatorRef, keys: *const *const c_void,
        values: *const *const c_void, count: CFIndex, key_calls: *const CFDictionaryKeyCallBacks,
        value_calls: *const CFDictionaryValueCallBacks) -> CFDictionaryRef;
    __real_CFArrayCreate as __wrap_CFArrayCreate(allocator: CFAllocatorRef, values: *const *const c_void, count: CFIndex,
        calls: *const CFArrayCallBacks) -> CFArrayRef;
    __real_CFNumberCreate as __wrap_CFNumberCreate(allocator: CFAllocatorRef, kind: CFNumberType,
        value: *const c_void) -> CFNumberRef;
    __real_CFURLCreateWithBytes as __wrap_CFURLCreateWithBytes(allocator: CFAllocatorRef, bytes: *const u8, length: CFIndex,
        encoding: CFStringEncoding, base: CFURLRef) -> CFURLRef;
    __real_CFRunLoopSourceCreate as __wrap_CFRunLoopSourceCreate(allocator: CFAllocatorRef, order: CFIndex,
        context: *mut CFRunLoopSourceContext) -> CFRunLoopSourceRef;
    __real_CFErrorCreate as __wrap_CFErrorCreate(allocator: CFAllocatorRef, domain: CFStringRef, code: CFIndex,
        info: CFDictionaryRef) -> CFErrorRef;
}

unsafe extern "C" {
    fn __real_CFRelease(object: CFTypeRef);
}

#[unsafe(no_mangle)]
unsafe extern "C" fn __wrap_CFRelease(object: CFTypeRef) {
    gave(object);
    // SAFETY: the caller's argument, and a reference that this side owns.
    unsafe { __real_CFRelease(object) };
}
