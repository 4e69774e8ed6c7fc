//! The session through its public API, against the identity server over real sockets. Time is the test's own; a
//! "restart of the app" is a new session over the same store.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod audiences;
mod bad_input;
mod captured_log;
mod classification;
mod clocks;
mod configuration;
mod cooldowns;
mod discovery;
mod documented;
mod error_shapes;
mod events;
mod golden;
mod import;
mod instances;
mod late_answers;
mod legacy;
mod logout;
mod meddling;
mod metadata;
mod metadata_queue;
mod newer_sign_ins;
mod odd_answers;
mod quarantine;
mod refused_changes;
mod renewal;
mod replaced_tokens;
mod reports;
mod resources;
mod restore;
mod retrying;
mod revocation;
mod scripted_store;
mod secrets;
mod sharing;
mod short_lived;
mod sign_in;
mod sign_out;
mod stored_items;
mod storing;
mod survival;
mod trust;
mod unwritable_store;
mod wire_faults;
mod world;
