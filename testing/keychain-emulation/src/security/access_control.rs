//! `SecAccessControl`: a class and a flag, as an object that the calls recognise.

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::sync::Mutex;

use core_foundation::base::{CFType, TCFType};
use core_foundation::error::CFErrorRef;
use core_foundation::string::CFString;
use core_foundation_sys::base::{CFAllocatorRef, CFIndex, CFOptionFlags, CFTypeRef};
use core_foundation_sys::dictionary::CFDictionaryRef;
use core_foundation_sys::string::CFStringRef;

use super::status::PARAM;
use crate::references::given;

/// The contents of an access control.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protection {
    /// Its class: the name of the constant.
    pub class: String,
    /// `SecAccessControlCreateFlags`.
    pub flags: usize,
}

/// Every access control that was ever made, by name. Reference counts are kept elsewhere.
static MADE: Mutex<BTreeMap<String, Protection>> = Mutex::new(BTreeMap::new());

pub(super) fn find(name: &str) -> Option<Protection> {
    MADE.lock().unwrap().get(name).cloned()
}

const USER_PRESENCE: usize = 1 << 0;
const BIOMETRY_ANY: usize = 1 << 1;
const BIOMETRY_CURRENT_SET: usize = 1 << 3;

unsafe extern "C" {
    fn CFErrorCreate(
        allocator: CFAllocatorRef,
        domain: CFStringRef,
        code: CFIndex,
        info: CFDictionaryRef,
    ) -> CFErrorRef;
}

/// # Safety
/// As documented by Apple: `protection` is a valid object, `error` is null or a place for one reference.
#[unsafe(no_mangle)]
unsafe extern "C" fn SecAccessControlCreateWithFlags(
    _allocator: CFAllocatorRef,
    protection: CFTypeRef,
    flags: CFOptionFlags,
    error: *mut CFErrorRef,
) -> *mut c_void {
    // SAFETY: valid by contract, and by the Get Rule retained.
    let class = unsafe { CFType::wrap_under_get_rule(protection) };
    let class = class.downcast_into::<CFString>().map(|class| class.to_string());
    let class = class.filter(|class| class.starts_with("kSecAttrAccessible") && !class.contains("Always"));
    let known = [USER_PRESENCE, BIOMETRY_ANY, BIOMETRY_CURRENT_SET].contains(&flags);
    let Some(class) = class.filter(|_| known) else {
        let domain = CFString::new("NSOSStatusErrorDomain");
        if !error.is_null() {
            // SAFETY: a place for one reference, which is the caller's from now on (Create Rule).
            unsafe {
                *error = CFErrorCreate(
                    std::ptr::null(),
                    domain.as_concrete_TypeRef(),
                    PARAM as CFIndex,
                    std::ptr::null(),
                )
            };
        }
        return std::ptr::null_mut();
    };
    let mut made = MADE.lock().unwrap();
    let name = format!("SecAccessControl {}", made.len());
    made.insert(name.clone(), Protection { class, flags });
    given(CFString::new(&name).into_CFType()).cast_mut()
}
