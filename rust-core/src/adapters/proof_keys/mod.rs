//! Keys that tokens are bound to: the app's, which on Apple systems are in the Secure Enclave, or in software.

mod app;
mod none;
mod software;

pub use self::app::{AppProofKey, AppProofKeyError, AppProofKeys, OfTheApp};
pub use self::none::NoKeys;
pub use self::software::SoftwareKeys;
