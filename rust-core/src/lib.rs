//! Pilotlight's core: it keeps an app's user signed in.
//!
//! # The map
//! The modules are layers, and each knows only those to its left:
//!
//! ```text
//! pure vocabulary and rules  <-  provider  <-  ports  <-  session  <-  adapters, ffi
//! ```
//!
//! - **Pure**: [`audience`], [`configuration`], [`credentials`], [`envelope`], [`error`], [`event`], [`id_token`],
//!   [`message`], [`metadata`], [`metadata_queue`], [`pkce`], [`profile`], [`retry`], [`secret`], [`state`], [`time`].
//!   No I/O, no clock, no randomness, no runtime.
//! - [`import`]: sessions that other libraries stored, read. Pure as well; the session knows it.
//! - [`provider`]: what to send to an endpoint and how to read its answer. Pure as well; knows only the modules above.
//! - [`ports`]: the traits through which time, randomness, waiting, storage and the network reach the session.
//! - [`session`]: [`session::SessionManager`], the one place that changes anything. It knows ports, never adapters,
//!   so that the whole of it runs in a simulated world exactly as it runs in an app.
//! - [`adapters`]: one outside thing each: HTTP and TLS, the Keychain, files, the system's clock.
//! - [`ffi`]: composes all of it for Swift: one-line exports, the one error conversion, the runtime. Nobody knows it.
//!
//! `scripts/check.sh` checks this rule.

uniffi::setup_scaffolding!();

pub mod audience;
pub mod configuration;
pub mod credentials;
pub mod envelope;
pub mod error;
pub mod event;
pub mod id_token;
pub mod message;
pub mod metadata;
pub mod metadata_queue;
pub mod pkce;
pub mod profile;
pub mod retry;
pub mod secret;
mod sorted;
pub mod state;
pub mod time;

pub mod import;

pub mod provider;

pub mod ports;

pub mod session;

pub mod adapters;

pub mod ffi;
