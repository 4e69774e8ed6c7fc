//! The rules of a session, as a pure state machine: no lock, no async, no clock, no channel.
//!
//! [`Machine`] is a value. [`Machine::apply`] takes an [`Input`] (the issuer answered, the store was read, the user
//! signed out), changes the machine, and returns an [`Outcome`] that says what has to be done: announce, write, revoke,
//! renew. One table, in [`table`], says which rule an input follows in which phase; docs/session-machine.md shows it
//! with a diagram.
//!
//! A rule that changes stored state counts a change ([`Stored::revision`]). The store follows: the caller writes what
//! [`Stored::unsaved`] returns and reports the result as an input.

mod announcements;
mod cooldown;
pub mod error;
pub mod event;
pub mod input;
mod lease;
mod ledger;
mod lifetime;
pub mod outcome;
mod phase;
mod provenance;
mod publishing;
mod refusals;
pub mod refused_tokens;
pub mod retry;
mod revocations;
mod rules;
mod state;
mod stored;
pub mod table;
mod tokens;

pub(crate) use cooldown::would_be_answered_alike;
pub use cooldown::{Attempt, Cooldown, RenewalKind};
pub use lease::Lease;
pub use ledger::Revision;
pub use outcome::{Effect, Outcome, RenewalInput, Verdict};
pub use phase::{Generation, PhaseKind};
pub use publishing::{Observers, apply_observed};
pub use state::Machine;
pub use stored::{Stored, Unsaved};
pub use table::{Input, TRANSITIONS};
pub use tokens::Tokens;
