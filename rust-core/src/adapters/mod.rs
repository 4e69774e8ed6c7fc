//! One outside thing each: the network, the Keychain, files, the system's clocks and random numbers.
//!
//! Adapters implement the traits of [`crate::ports`] and know nothing of sessions.

mod autorelease;
mod blocking;
pub mod file_lock;
pub mod file_store;
pub mod foreign_keychain;
pub mod fresh_installation;
pub mod http;
mod io_error;
pub mod keychain;
pub mod memory_store;
pub mod off_thread;
pub mod proxy;
mod regular_file;
pub mod system;
pub mod tls;
mod transport_error;
