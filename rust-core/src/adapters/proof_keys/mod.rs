//! The keys that tokens are bound to: the app's, which on Apple systems are in the Secure Enclave, or keys in software.

mod app;
mod none;
#[cfg(any(target_os = "macos", not(target_vendor = "apple")))]
mod software;

pub use self::app::{AppProofKey, AppProofKeyError, AppProofKeys, OfTheApp};
pub use self::none::NoKeys;
#[cfg(any(target_os = "macos", not(target_vendor = "apple")))]
pub use self::software::SoftwareKeys;
