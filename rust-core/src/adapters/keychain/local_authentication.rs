//! `LAContext`, the context in which the user is authenticated: the only Objective-C interface in this folder.
#![allow(unsafe_code, reason = "LocalAuthentication is an Objective-C interface")]

use std::fmt;

use core_foundation::base::{CFType, CFTypeRef, TCFType};
use core_foundation::string::CFString;
use objc2::msg_send;
use objc2::rc::Retained;
use objc2::runtime::{AnyClass, AnyObject};

use super::options::KeychainAccessControl;

// For programs that cargo links itself on a Mac. Apps link the framework through their package's manifest. tvOS has
// none.
#[cfg_attr(not(target_os = "tvos"), link(name = "LocalAuthentication", kind = "framework"))]
unsafe extern "C" {}

/// An `LAContext` with the prompt, and with reuse of a device unlock. It is invalidated when it is dropped.
pub(crate) struct AuthenticationContext(Retained<AnyObject>);

// SAFETY: an LAContext is not bound to a thread: its reference count is atomic, and its replies come on its own queue.
// Here only one thread at a time uses it, under the lock of `KeptAuthentication`.
unsafe impl Send for AuthenticationContext {}

impl AuthenticationContext {
    /// Whether the process has loaded the framework LocalAuthentication. The class is looked up by name, so that apps
    /// without access control need not link the framework.
    pub(crate) fn is_available() -> bool {
        class().is_some()
    }

    pub(crate) fn new(control: &KeychainAccessControl) -> Option<Self> {
        let prompt = CFString::new(&control.prompt);
        // A CFString is an NSString (toll-free bridging).
        let reason: *const AnyObject = prompt.as_concrete_TypeRef().cast();
        let reuse = f64::from(control.reuse_seconds);
        // SAFETY: `new` returns a retained object of the class or nil, which becomes `None`.
        let context: Option<Retained<AnyObject>> = unsafe { msg_send![class()?, new] };
        let context = context?;
        // SAFETY: `localizedReason` is a copied NSString property (iOS 11.0, macOS 10.13); `reason` is alive.
        let () = unsafe { msg_send![&*context, setLocalizedReason: reason] };
        // SAFETY: this is an NSTimeInterval property (iOS 9.0, macOS 10.12), which is a double.
        let () = unsafe { msg_send![&*context, setTouchIDAuthenticationAllowableReuseDuration: reuse] };
        Some(Self(context))
    }

    /// For a dictionary, which retains its values like any object.
    pub(crate) fn to_type(&self) -> CFType {
        let reference: CFTypeRef = Retained::as_ptr(&self.0).cast();
        // SAFETY: CFRetain and CFRelease accept every Objective-C object; this one is alive, and is retained by the Get
        // Rule.
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
