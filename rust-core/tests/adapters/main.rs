//! The adapters with real sockets, files and threads, and a simulated Keychain.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

mod app_transport;
mod file_lock;
mod file_store;
mod file_store_processes;
mod foreign_keychain;
mod fresh_installation;
mod http;
mod http_failures;
mod keychain;
mod keychain_changes;
mod keychain_groups;
mod keychain_options;
mod off_thread;
mod proxies;
mod stores;
mod support;
mod system;
mod tls;
#[path = "../transport/mod.rs"]
mod transport;
