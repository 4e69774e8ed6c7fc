//! Migration: another library's session becomes this one, once, without a new sign-in.
//!
//! **Promises.** *Order:* the old items are read, the session is written in one step, then it is published; the old items
//! stay until the app discards them. A kill before the write leaves everything as it was; one after it leaves a session
//! like any other. *Once:* the old items outlive a sign-out, and must not bring back who has signed out. The stored
//! session says that it was imported, in the same write; and before such a session is left, by a sign-out or for a new
//! sign-in, an item is written that says so from then on (`import_record`). It holds nothing else. The same is done when an
//! import was tried in this process and a user then signs in or out.
//!
//! **Needs** the context, the store, the issuer, its verifier, the pending sign-in and what other libraries stored.
//!
//! - `source`: where the old session is.
//! - `old_items`: what the old items hold.
//! - `user`: whose session it is.
//! - `importer`: the import.

mod importer;
mod old_items;
mod source;
mod user;

pub use source::{ImportOutcome, ImportSource};

pub(super) use importer::Importer;
pub(super) use old_items::OldItems;
