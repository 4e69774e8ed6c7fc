//! `LAContext`, the one thing here that is Objective-C: the context in which the user is asked.
#![allow(unsafe_code, reason = "LocalAuthentication is an Objective-C interface")]

use std::fmt;

use core_foundation::base::{CFType, CFTypeRef, TCFType};
use core_foundation::string::CFString;
use objc2::msg_send;
use objc2::rc::Retained;
use objc2::runtime::{AnyClass, AnyObject};

use super::options::KeychainAccessControl;

// For what cargo links itself on a Mac. Apps link the framework by their package's manifest. tvOS has none.
#[cfg_attr(not(target_os = "tvos"), link(name = "LocalAuthentication", kind = "framework"))]
unsafe extern "C" {}

/// An `LAContext` with the prompt and the reuse of a device unlock. It is invalidated when it is dropped.
pub(crate) struct AuthenticationContext(Retained<AnyObject>);

// SAFETY: an LAContext belongs to no thread: its reference count is atomic and its answers come on its own queue.
// Only one thread at a time has it here, under the lock of `KeptAuthentication`.
unsafe impl Send for AuthenticationContext {}

impl AuthenticationContext {
    /// Whether the process has loaded the framework LocalAuthentication: it is looked up by name, so that apps without
    /// access control need not link it.
    pub(crate) fn is_available() -> bool {
        class().is_some()
    }

    pub(crate) fn new(control: &KeychainAccessControl) -> Option<Self> {
        let prompt = CFString::new(&control.prompt);
        // A CFString is an NSString (toll-free bridging).
        let reason: *const AnyObject = prompt.as_concrete_TypeRef().cast();
        let reuse = f64::from(control.reuse_seconds);
        // SAFETY: `new` gives a retained object of the class or nil, which becomes `None`.
        let context: Option<Retained<AnyObject>> = unsafe { msg_send![class()?, new] };
        let context = context?;
        // SAFETY: `localizedReason` is a copied NSString property (iOS 11.0, macOS 10.13); `reason` is alive.
        let () = unsafe { msg_send![&*context, setLocalizedReason: reason] };
        // SAFETY: it is an NSTimeInterval property (iOS 9.0, macOS 10.12), which is a double.
        let () = unsafe { msg_send![&*context, setTouchIDAuthenticationAllowableReuseDuration: reuse] };
        Some(Self(context))
    }

    /// For a dictionary, whose values are retained as any object is.
    pub(crate) fn to_type(&self) -> CFType {
        let reference: CFTypeRef = Retained::as_ptr(&self.0).cast();
        // SAFETY: CFRetain and CFRelease take every Objective-C object; it is alive and by the Get Rule retained.
        unsafe { CFType::wrap_under_get_rule(reference) }
    }
}

fn class() -> Option<&'static AnyClass> {
    AnyClass::get(c"LAContext")
}

impl fmt::Debug for AuthenticationContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthenticationContext")
    }
}
