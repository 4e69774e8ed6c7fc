//! Each adapter connects to one thing outside: the network, the Keychain, files, the system's clocks and random
//! numbers.
//!
//! Adapters implement the traits of [`crate::ports`] and do not depend on sessions.

pub mod app_transport;
mod autorelease;
mod blocking;
#[cfg(target_vendor = "apple")]
mod darwin_notifications;
pub mod file_lock;
pub mod file_store;
pub mod foreign_keychain;
pub mod fresh_installation;
#[cfg(feature = "http-client")]
pub mod http;
mod http_limits;
mod io_error;
pub mod keychain;
pub mod lazy_runtime;
pub mod memory_store;
pub mod off_thread;
pub mod process_calls;
pub mod proof_keys;
pub mod proxy;
mod regular_file;
pub mod store_changes;
pub mod system;
#[cfg(feature = "http-client")]
pub mod tls;
#[cfg(feature = "http-client")]
mod transport_error;
