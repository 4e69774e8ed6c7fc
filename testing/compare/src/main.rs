//! The core beside the libraries that a Rust program could use instead. Each pair alternates in one run.
//!
//! `scripts/compare.sh` runs this for every pair and writes the table in docs/performance.md. Each pair has a separate
//! process, because `jsonwebtoken` allows one cryptographic backend per process.
//!
//! ```text
//! pilotlight-compare --list        every pair, as arguments
//! pilotlight-compare TASK LIBRARY  one pair: a line of JSON with both medians in microseconds
//! ```

use std::env::args;
use std::process::ExitCode;

use bench_support::Comparison;
use serde_json::json;

mod id_token;
mod renewal;

#[allow(dead_code, reason = "shared with the benchmarks and tests, which need more of it")]
#[path = "../../../rust-core/benches/support/mod.rs"]
mod bench_support;

#[allow(dead_code, reason = "shared with the benchmarks and tests, which need more of it")]
#[path = "../../../rust-core/tests/id_token/support.rs"]
mod keys;

/// Measures one pair; the number is how many calls each measured time covers.
type Pair = fn(&str, &str) -> (Comparison, u32);

const PAIRS: [(&str, &[&str], Pair); 3] = [
    ("RS256", &id_token::LIBRARIES, id_token::compare),
    ("ES256", &id_token::LIBRARIES, id_token::compare),
    ("renewal", &renewal::LIBRARIES, renewal::compare),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--list"] => {
            for (task, libraries, _) in PAIRS {
                libraries.iter().for_each(|library| println!("{task} {library}"));
            }
        }
        [task, library] => {
            let known = PAIRS
                .iter()
                .find(|(name, libraries, _)| name == task && libraries.contains(library));
            let Some((_, _, compare)) = known else {
                return refused();
            };
            let (comparison, calls) = compare(task, library);
            let (pilotlight, other) = comparison.medians(calls);
            println!(
                "{}",
                json!({"task": task, "library": library, "pilotlight": pilotlight, "other": other})
            );
        }
        _ => return refused(),
    }
    ExitCode::SUCCESS
}

fn refused() -> ExitCode {
    eprintln!("usage: pilotlight-compare --list | pilotlight-compare TASK LIBRARY");
    ExitCode::from(2)
}
