//! The session: the one place that changes anything.
//!
//! [`SessionManager`] is a handle. It composes parts (`parts`), each with its own state that no other part sees. A
//! part is given what it needs when it is made, and knows only those above it:
//!
//! - `metering`: what the session does, counted and measured.
//! - `alarm`: when something is to be announced though nobody asks.
//! - `replaced_tokens`: bound access tokens that a caller may still be about to send.
//! - `context`: what every part is given: configuration, session machine, clock, log, random numbers, tasks.
//! - `store`: what is stored follows what is in memory, and memory follows what other processes store.
//! - `issuer`: endpoints, keys, the server's clock, the one way to the network, and the check of what the issuer signed.
//! - `revocations`: tokens that are to be revoked at the issuer, and those that wait for that.
//! - `legacy_base`: whether the endpoints of older Auth0 tenants may be used, and where they are.
//! - `tokens`: from memory, or renewed.
//! - `profile`: the user's profile.
//! - `metadata`: the user object and the metadata, with the changes that wait.
//! - `import_record`: whether there is anything to import any more.
//! - `sign_in`: with the browser, or with a password.
//! - `migration`: the import of other libraries' sessions.
//! - `browser_sign_out`: the browser's sign-out at the issuer.
//! - `sign_out`: here always, at the issuer as soon as it can be reached.
//! - `legacy`: what older Auth0 tenants have instead.
//!
//! Two rules keep it right under concurrency. A lock on the state in memory is never held across an `await`. Every
//! answer carries the *generation* it was asked in: a sign-out or a new sign-in raises the generation, and an answer of
//! an older one is dropped.

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
