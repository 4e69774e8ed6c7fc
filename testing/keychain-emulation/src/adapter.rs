//! The adapter's own files, inside the same modules as in the core; only `LAContext` is replaced.
#![allow(unreachable_pub, reason = "the files belong to another crate")]

// Generated: one `#[path] mod` for each file.
include!(concat!(env!("OUT_DIR"), "/adapter.rs"));

pub(crate) mod authentication {
    pub(crate) use pilotlight_core::adapters::keychain::KeptAuthentication;
}

pub(crate) mod calls {
    pub(crate) use pilotlight_core::adapters::keychain::{Content, Copies, ItemQuery, KeychainItems};
}

pub(crate) mod options {
    pub(crate) use pilotlight_core::adapters::keychain::{
        KeychainAccessConstraint, KeychainAccessControl, KeychainAccessibility,
    };
}

pub(crate) mod status {
    pub(crate) use pilotlight_core::adapters::keychain::KeychainStatus;
}

pub(crate) mod local_authentication {
    use core_foundation::base::{CFType, TCFType};
    use core_foundation::string::CFString;

    use super::options::KeychainAccessControl;
    use crate::security;

    /// Replaces `LAContext`, which is Objective-C, with an object that the emulated calls recognise.
    #[derive(Debug)]
    pub(crate) struct AuthenticationContext(CFString);

    // SAFETY: CoreFoundation counts references atomically, and the text never changes.
    unsafe impl Send for AuthenticationContext {}

    impl AuthenticationContext {
        #[allow(clippy::unnecessary_wraps, reason = "on Apple systems the class may be missing")]
        pub(crate) fn new(control: &KeychainAccessControl) -> Option<Self> {
            let name = security::new_context(&control.prompt, control.reuse_seconds);
            Some(Self(CFString::new(&name)))
        }

        pub(crate) fn to_type(&self) -> CFType {
            self.0.as_CFType()
        }
    }

    impl Drop for AuthenticationContext {
        fn drop(&mut self) {
            security::invalidate_context(&self.0.to_string());
        }
    }
}
