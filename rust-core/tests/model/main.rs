//! Model checking of the session machine: the real machine in two processes, a store that compares and swaps, and an
//! issuer that rotates refresh tokens, in every order of their steps and with every fault within the stated bounds. The
//! properties are the library's promises.
//!
//! `scripts/test.sh --only model` runs it and prints the number of states; docs/reliability.md has the figures.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests, which print how much they have looked at"
)]

mod action;
mod answers;
mod ask;
mod bounds;
mod changes;
mod check;
mod clock;
mod counterexample;
mod errors;
mod issuer;
mod process;
mod properties;
mod reader;
mod recovery;
mod renewal;
mod step_up;
mod store;
mod user;
mod walk;
mod world;
mod write;

use bounds::{Bounds, Rotation};
use check::{check, states_wanted};

/// Few faults: every order of two processes' steps, with a sign-in as another user and a sign-out at any moment.
#[test]
fn every_order_of_two_processes_keeps_the_promises() {
    for rotation in [Rotation::Strict, Rotation::Overlap] {
        check("orders", &Bounds::orders(rotation), states_wanted());
    }
}

/// Every fault at every step.
#[test]
fn every_fault_at_every_step_keeps_the_promises() {
    for rotation in [Rotation::Strict, Rotation::Overlap] {
        check("faults", &Bounds::faults(rotation), states_wanted());
    }
}

/// The wall clock is wrong or stops, and time passes.
#[test]
fn every_wrong_clock_keeps_the_promises() {
    for rotation in [Rotation::Strict, Rotation::Overlap] {
        check("clocks", &Bounds::clocks(rotation), states_wanted());
    }
}

/// Sessions end by their age, even if another process renews them, and after a restart.
#[test]
fn every_order_ends_a_session_that_may_not_last_longer() {
    check("lifetimes", &Bounds::lifetimes(Rotation::Strict), states_wanted());
}

/// Metadata changes wait in both processes, while users come and go.
#[test]
fn every_waiting_change_is_made_in_order_or_goes_with_its_user() {
    check("changes", &Bounds::changes(Rotation::Strict), states_wanted());
}

/// Copies of the access token are given out without asking the core, while anything happens to the session.
#[test]
fn every_copy_of_a_token_ends_with_what_the_core_would_give() {
    check("leases", &Bounds::leases(), states_wanted());
}

/// Requests with a refresh token that another process has spent meanwhile.
#[test]
fn every_refusal_of_a_spent_token_keeps_the_promises() {
    check("refusals", &Bounds::refusals(), states_wanted());
}

/// Either process binds the session to a key, and may be killed at any moment while it does so.
#[test]
fn every_binding_to_a_key_keeps_the_promises() {
    for rotation in [Rotation::Strict, Rotation::Overlap] {
        check("binding", &Bounds::binding(rotation), states_wanted());
    }
}

/// The user authenticates again in one process, while the other renews, signs out, or is killed.
#[test]
fn every_step_up_keeps_the_promises() {
    for rotation in [Rotation::Strict, Rotation::Overlap] {
        check("step-up", &Bounds::step_ups(rotation), states_wanted());
    }
}

/// Everything together. Long: `PILOTLIGHT_MODEL_STATES` sets the number of states.
#[test]
#[ignore = "long: scripts/model.sh --long"]
fn everything_together_keeps_the_promises() {
    check("everything", &Bounds::everything(Rotation::Strict), states_wanted());
}
