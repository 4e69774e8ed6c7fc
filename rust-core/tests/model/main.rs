//! The session machine, checked whole: the real machine in two processes, a store that compares and swaps, and an issuer
//! that rotates refresh tokens, in every order of their steps and with every fault within the stated bounds. The properties
//! are the library's promises.
//!
//! `scripts/test.sh --only model` runs it and prints how many states there were; docs/reliability.md has the figures.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests, which print how much they have looked at"
)]

mod action;
mod check;
mod issuer;
mod process;
mod properties;
mod recovery;
mod renewal;
mod store;
mod user;
mod world;
mod write;

use check::{check, states_wanted};
use world::Bounds;

/// Few faults: every order of two processes' steps, with a sign-in as another user and a sign-out at any moment.
#[test]
fn every_order_of_two_processes_keeps_the_promises() {
    for overlap in [false, true] {
        check("orders", &Bounds::orders(overlap), states_wanted());
    }
}

/// Every fault at every step.
#[test]
fn every_fault_at_every_step_keeps_the_promises() {
    for overlap in [false, true] {
        check("faults", &Bounds::faults(overlap), states_wanted());
    }
}
