//! Migration: imports another library's session, once, without a new sign-in.
//!
//! **Promises.** *Order:* the old items are read, the session is written in one step, then it is published. The old
//! items stay until the app discards them. If the process is killed before the write, nothing has changed; after the
//! write, the session is like any other. *Once:* the old items outlive a sign-out, and must not bring back a user who
//! has signed out. The stored session is marked as imported in the same write. Before such a session ends, by a
//! sign-out or by a new sign-in, an item is written that keeps this mark from then on (`import_record`); it contains
//! nothing else. The same item is written if a user signs in or out after an import was tried in this process, or after
//! one that had to renew and did not come to its end. *Sign-out:* it takes precedence over an import under way, whose
//! session is not stored, or no longer; tokens that the import renewed are revoked. *Callers:* an import runs to its end
//! even if nobody waits for it any more.
//!
//! **Needs** the context, the store, the issuer, its verifier, the revocations, the pending sign-in, the import's record
//! and the items of other libraries.
//!
//! - `source`: where the old session is.
//! - `old_items`: reads the old items.
//! - `user`: finds the session's user.
//! - `importer`: the import.

mod importer;
mod old_items;
mod source;
mod user;

pub use source::{ImportOutcome, ImportSource};

pub(super) use importer::Importer;
pub(super) use old_items::OldItems;
