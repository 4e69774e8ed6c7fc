//! The store: what is stored follows what is in memory, and memory follows what other processes store.
//!
//! **Promises.** Nobody's item is lost: every write compares what it replaces, damaged items are kept aside, and what
//! could not be written is written at the next chance. One process renews at a time. **Needs** the context, the store's
//! port and the lock between processes.
//!
//! - `item`: the session's item, and what is kept aside of it.
//! - `reader`: what is stored is taken into memory.
//! - `writer`: what is in memory is written.
//! - `process_lock`: the lock between processes; `background_time`: whether this one may hold it.
//! - `session_store`: all of that for the other parts.

mod background_time;
mod item;
mod process_lock;
mod reader;
mod session_store;
mod writer;

pub(super) use session_store::SessionStore;
