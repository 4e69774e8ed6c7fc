//! The session: the only place that changes anything.
//!
//! [`SessionManager`] is a handle. It composes parts (`parts`), each with its own state that no other part sees. A part
//! receives what it needs when it is created, and knows only the parts above it:
//!
//! - `metering`: counts and measures what the session does.
//! - `alarm`: wakes when an event has to be announced although nobody makes a call.
//! - `replaced_tokens`: bound access tokens that a caller may still be about to send.
//! - `context`: what every part receives: configuration, session machine, clock, log, random numbers, tasks.
//! - `store`: writes memory's changes to the store, and merges what other processes store into memory.
//! - `issuer`: endpoints, keys, the server's clock, the only way to the network, and the check of what the issuer
//!   signed.
//! - `revocations`: revokes tokens at the issuer, and keeps those that wait for that.
//! - `legacy_base`: whether the endpoints of older Auth0 tenants may be used, and where they are.
//! - `tokens`: from memory, or renewed.
//! - `profile`: the user's profile.
//! - `metadata`: the user object and the metadata, with the queued changes.
//! - `import_record`: records whether there can still be anything to import.
//! - `sign_in`: with the browser, or in one of the other ways.
//! - `migration`: the import of other libraries' sessions.
//! - `browser_sign_out`: the browser's sign-out at the issuer.
//! - `sign_out`: locally at once, at the issuer as soon as it can be reached.
//! - `legacy`: the endpoints that only older Auth0 tenants have.
//!
//! Two rules keep the session correct under concurrency. A lock on the state in memory is never held across an `await`.
//! Every answer carries the *generation* in which it was requested: a sign-out or a new sign-in raises the generation,
//! and an answer from an older one is dropped.

mod alarm;
mod browser_sign_out;
mod context;
mod dependencies;
mod import_record;
mod issuer;
mod legacy;
mod legacy_base;
mod manager;
mod metadata;
mod metering;
mod migration;
mod numbered;
mod options;
mod parts;
mod profile;
mod replaced_tokens;
mod revocations;
mod shared_machine;
mod sign_in;
mod sign_out;
mod single_flight;
mod store;
mod tokens;
mod weak_manager;

pub use dependencies::{Dependencies, Sharing};
pub use legacy::DelegationOptions;
pub use manager::SessionManager;
pub use metering::{MeasuredResult, Measurement, Operation, SessionCounters};
pub use migration::{ImportOutcome, ImportSource};
pub use options::{
    DeviceSignInRequest, DroppedUpdate, FlushReport, RefreshOptions, SignInOptions, SignInRequest, SignOutOutcome,
    StepUpOptions, TokenOptions, UpdateOutcome,
};
pub use sign_in::{ExternalToken, PasswordSignIn};
pub use tokens::{DeviceSso, MfaAnswer, MfaOutcome, MfaPrompt, SessionTransfer};
pub use weak_manager::WeakSessionManager;
