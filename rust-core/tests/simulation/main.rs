//! The session under a seeded scheduler, in a world with faults: crashes between any two effects, lost answers, a store
//! that refuses, clocks that jump, suspended processes. `rules` has the rules that must hold nevertheless, and
//! `profile` the kinds of runs. A failed seed prints its trace, and has the same result again:
//!
//!     scripts/simulate.sh --seed 4711
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests"
)]

mod answers;
mod fate;
mod figures;
mod network;
mod ports;
mod process;
mod profile;
mod random;
mod rules;
mod run;
mod scheduler;
mod server;
mod store;
mod verdicts;
mod world;

use std::time::Instant;

use crate::profile::profile_of;
use crate::run::{run, run_all};

/// The number of seeds in `scripts/test.sh`.
const SEEDS: u64 = 2000;

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is not a number: {text}")),
    )
}

#[test]
fn nobody_is_signed_out_by_accident() {
    if let Some(seed) = number("PILOTLIGHT_SIMULATION_SEED") {
        return replay(seed);
    }
    let seeds = number("PILOTLIGHT_SIMULATION_SEEDS").unwrap_or(SEEDS);
    let first = number("PILOTLIGHT_SIMULATION_FIRST_SEED").unwrap_or(0);
    let began = Instant::now();
    let keeps_going = std::env::var_os("PILOTLIGHT_SIMULATION_KEEP_GOING").is_some();
    let (figures, failed) = run_all(first, seeds, keeps_going);
    if keeps_going {
        for (seed, violation) in &failed {
            eprintln!("seed {seed} ({}): {violation}", profile_of(*seed).name);
        }
        eprintln!("{} of {} seeds failed", failed.len(), figures.runs);
    }
    if let Some(seed) = failed.keys().next() {
        replay(*seed);
        panic!("seed {seed} failed in company and not alone");
    }
    eprintln!("{figures}\n{:>14.1}  seconds", began.elapsed().as_secs_f64());
}

/// Prints the whole trace of one seed, which fails in the same way again.
fn replay(seed: u64) {
    let outcome = run(seed, true);
    for line in &outcome.trace {
        eprintln!("{line}");
    }
    let profile = profile_of(seed).name;
    match outcome.violation {
        Some(violation) => {
            panic!("seed {seed} ({profile}): {violation}\n  to see it again: scripts/simulate.sh --seed {seed}")
        }
        None => eprintln!("seed {seed} ({profile}): no mistake\n{}", outcome.figures),
    }
}

#[test]
fn a_seed_gives_the_same_run_again() {
    for seed in 0..28 {
        let (first, second) = (run(seed, true), run(seed, true));
        assert!(first.trace.len() > 100, "seed {seed}");
        assert_eq!(first.trace, second.trace, "seed {seed}");
    }
}
