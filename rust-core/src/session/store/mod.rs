//! The store: writes memory's changes to the store, and merges what other processes store into memory.
//!
//! **Promises.** Nobody's item is lost: every write compares what it replaces, damaged items are kept aside, and a
//! failed write is repeated at the next opportunity, or later by itself. One process renews at a time. **Needs** the
//! context, the store's port and the process lock.
//!
//! - `item`: the session's item, and the damaged items kept aside.
//! - `reader`: reads the store into memory.
//! - `writer`: writes memory to the store.
//! - `process_lock`: the lock between processes; `background_time`: whether this process may hold it.
//! - `session_store`: the interface of all of these for the other parts.

mod background_time;
mod encoder;
mod item;
mod process_lock;
mod reader;
mod repetition;
mod session_store;
mod writer;

pub(super) use session_store::SessionStore;
