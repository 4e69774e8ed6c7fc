//! The exported constants of the Security framework that the adapter uses. Their content is their name.

use core_foundation::base::TCFType;
use core_foundation::string::CFString;
use core_foundation_sys::string::CFStringRef;

macro_rules! constants {
    ($($name:ident)*) => {
        $(#[unsafe(no_mangle)]
        #[allow(non_upper_case_globals, reason = "Apple's names")]
        static mut $name: CFStringRef = std::ptr::null();)*

        /// Before `main`, as the system's loader does it.
        extern "C" fn initialise() {
            $(
                let text = CFString::new(stringify!($name));
                // SAFETY: nothing else runs yet.
                unsafe { $name = text.as_concrete_TypeRef() };
                // There until the process ends, and nobody's to release.
                crate::ownership::disown(text.as_CFTypeRef());
                #[allow(clippy::mem_forget, reason = "a constant")]
                std::mem::forget(text);
            )*
        }
    };
}

constants! {
    kSecClass kSecClassGenericPassword
    kSecAttrService kSecAttrAccount kSecAttrAccessGroup kSecAttrSynchronizable kSecAttrSynchronizableAny
    kSecAttrAccessible kSecAttrAccessControl kSecAttrDescription kSecAttrGeneric kSecValueData
    kSecMatchLimit kSecMatchLimitAll kSecReturnData kSecReturnAttributes
    kSecUseDataProtectionKeychain kSecUseAuthenticationContext kSecUseAuthenticationUI kSecUseAuthenticationUISkip
    kSecAttrAccessibleWhenUnlocked kSecAttrAccessibleAfterFirstUnlock kSecAttrAccessibleAlways
    kSecAttrAccessibleWhenUnlockedThisDeviceOnly kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly
    kSecAttrAccessibleAlwaysThisDeviceOnly kSecAttrAccessibleWhenPasscodeSetThisDeviceOnly
}

#[used]
#[unsafe(link_section = ".init_array")]
static INITIALISE: extern "C" fn() = initialise;
