//! Pilotlight's core: it keeps an app's user signed in.
//!
//! # The map
//! Each folder knows only those above it:
//!
//! - [`crypto`]: hashes and signatures, by the operating system on Apple systems, by `ring` elsewhere.
//! - [`model`]: what a session is made of. Plain data and the rules of that data.
//! - [`jose`]: JWS, JWK, key sets, and the validation of ID tokens.
//! - [`protocol`]: one file for each endpoint: the request, and how its answer is read.
//! - [`storage`]: the stored form of a session, and readers for the items of other libraries.
//! - [`machine`]: the session's rules.
//! - [`ports`]: what the session needs from the outside world, as traits.
//! - [`session`]: [`session::SessionManager`] runs the machine: store, network, tasks. It composes parts, each with a
//!   state that no other part sees. The parts know ports, never adapters, so that all of it runs in a simulated world
//!   exactly as in an app.
//! - [`adapters`]: each connects one outside system: HTTP and TLS, the Keychain, files, the system's clock.
//! - [`ffi`]: composes all of it for Swift: one-line exports, the only error conversion, the runtime.
//!
//! The first six are pure: no I/O, no clock, no randomness, no runtime. Inside a folder there are no circular imports.
//! No type has its methods in more than two files: if it needs more, it is not one part with a single state.
//! `scripts/check-layout.py` checks these rules.

uniffi::setup_scaffolding!();

pub mod crypto;

pub mod model;

pub mod jose;

pub mod protocol;

pub mod storage;

pub mod machine;

pub mod ports;

pub mod session;

pub mod adapters;

pub mod ffi;
