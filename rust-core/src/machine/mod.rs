//! The session's rules, as a state machine. Pure: no lock, no async, no clock, no channel.
//!
//! [`Machine`] is a value. [`Machine::apply`] takes an [`Input`] (the issuer answered, the store was read, the user
//! signed out), changes it, and says in an [`Outcome`] what has to be done: announce, write, revoke, renew. Which rule an
//! input follows in which phase is one table, in [`table`]; docs/session-machine.md shows it with a diagram.
//!
//! A rule that changes something that is stored counts a change ([`Stored::revision`]). The store follows: the caller
//! writes what [`Stored::unsaved`] gives and reports how it went.

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
