//! Pilotlight's core: it keeps an app's user signed in.
//!
//! # The map
//! Each folder knows only those above it:
//!
//! - [`crypto`]: hashes and signatures, by the operating system on Apple systems, by `ring` elsewhere.
//! - [`model`]: what a session is made of. Plain data and its own rules.
//! - [`jose`]: JWS, JWK, key sets, and what an ID token must say.
//! - [`protocol`]: one file for each endpoint: the request, and how its answer is read.
//! - [`storage`]: the stored form of a session, and readers of what other libraries stored.
//! - [`machine`]: the session's rules.
//! - [`ports`]: what the session needs of the world, as traits.
//! - [`session`]: [`session::SessionManager`] runs the machine: store, network, tasks. It composes parts, each with a
//!   state that no other part sees. They know ports, never adapters, so that the whole of it runs in a simulated world exactly as it
//!   runs in an app.
//! - [`adapters`]: one outside thing each: HTTP and TLS, the Keychain, files, the system's clock.
//! - [`ffi`]: composes all of it for Swift: one-line exports, the one error conversion, the runtime.
//!
//! The first six are pure: no I/O, no clock, no randomness, no runtime. Inside a folder no two files import each other
//! in a circle. No type has its methods in more than two files: what more files extend is not one part with a state of
//! its own. `scripts/check-layout.py` checks these rules.

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
