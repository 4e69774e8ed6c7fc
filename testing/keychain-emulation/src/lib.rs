//! Runs the core's Keychain adapter, file for file, on Linux: Keychain Services is emulated, CoreFoundation is real.
//! The README of this crate says what that proves and what it does not.
#![cfg(feature = "foundation")]
#![allow(
    unsafe_code,
    clippy::unwrap_used,
    clippy::panic,
    missing_debug_implementations,
    reason = "a C interface, for tests, in which a mistake ends the process"
)]

mod adapter;
mod common_crypto;
mod constants;
/// `rust-core/src/crypto` as it is on Apple systems.
pub mod crypto {
    include!(concat!(env!("OUT_DIR"), "/crypto.rs"));
}
pub mod keys;
pub mod network;
pub mod notifications;
pub mod ownership;
mod proxies;
mod references;
pub mod security;

/// The core's files name `objc2` for its autorelease pools, of which there are none here.
extern crate self as objc2;
#[doc(hidden)]
pub mod rc {
    /// Runs `work`.
    pub fn autoreleasepool<T>(work: impl FnOnce(()) -> T) -> T {
        work(())
    }
}

/// The modules that the adapter's files refer to as parts of their crate.
pub mod adapters {
    pub(crate) use pilotlight_core::adapters::system;

    pub(crate) mod autorelease {
        pub(crate) fn in_pool<T>(work: impl FnOnce() -> T) -> T {
            work()
        }
    }

    /// `rust-core/src/adapters/tls` as it is on Apple systems, without the evaluation of certificates.
    pub mod tls {
        include!(concat!(env!("OUT_DIR"), "/tls.rs"));
        pub use system_provider::provider;
    }
}
mod ports {
    pub(crate) use pilotlight_core::ports::Clock;
}
mod model {
    pub(crate) use pilotlight_core::model::secret;
}

use pilotlight_core::adapters::keychain::{KeychainAccessControl, KeychainItems, KeychainOptions, KeychainStore};
use pilotlight_core::adapters::off_thread::BlockingStore;

/// The store as in an app on an Apple device, with valid options.
///
/// # Panics
/// If the options are not valid.
pub fn open(options: KeychainOptions) -> impl BlockingStore {
    options.validate().unwrap();
    KeychainStore::of_this_process(calls(options.access_control.clone()), options)
}

/// Only the adapter's calls.
pub fn calls(access_control: Option<KeychainAccessControl>) -> impl KeychainItems {
    adapter::system::SystemKeychain::new(access_control)
}
