//! The fuzz targets of `rust-core/fuzz` on the stable compiler: the committed corpus, and mutations of it from a seed.
//! They are part of every test run; libFuzzer, which measures coverage, searches longer (`scripts/fuzz.sh`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod mutations;
#[allow(unreachable_pub, reason = "its own crate for libFuzzer")]
#[path = "../../fuzz/src/lib.rs"]
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use mutations::Mutator;

const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

/// The number of mutations for each corpus entry; more on request.
fn mutations_each() -> usize {
    let asked = std::env::var("PILOTLIGHT_FUZZ_MUTATIONS");
    asked.ok().and_then(|number| number.parse().ok()).unwrap_or(200)
}

fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
        .into_iter()
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect()
}

fn run(target: targets::Target, input: &[u8], what: &str) {
    // The failed assertion is already on stderr; the input that caused it is needed next.
    assert!(
        catch_unwind(AssertUnwindSafe(|| target(input))).is_ok(),
        "{what}:\n{}\nas bytes: {input:?}",
        String::from_utf8_lossy(input)
    );
}

#[test]
fn every_target_holds_for_its_corpus_and_for_mutations_of_it() {
    for (name, target) in targets::TARGETS {
        let corpus = corpus(name);
        assert!(corpus.len() >= 8, "{name} has a corpus of {}", corpus.len());
        let inputs: Vec<&[u8]> = corpus.iter().map(|(_, input)| input.as_slice()).collect();
        for (number, (path, input)) in corpus.iter().enumerate() {
            run(target, input, &format!("{}", path.display()));
            let mut mutator = Mutator::new(SEED.wrapping_add(number as u64));
            for round in 0..mutations_each() {
                let mutant = mutator.mutant_of(input, &inputs);
                run(target, &mutant, &format!("mutation {round} of {}", path.display()));
            }
        }
    }
}

/// A target without a corpus would not be tried, and one without a libFuzzer program would be tried only here.
#[test]
fn corpora_and_programs_are_those_of_the_targets() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let names = |below: &str| {
        let entries = std::fs::read_dir(folder.join(below)).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| {
                entry
                    .unwrap()
                    .path()
                    .file_stem()
                    .unwrap()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    };
    let mut targets = targets::TARGETS.map(|(name, _)| name.to_owned()).to_vec();
    targets.sort();
    assert_eq!(names("corpus"), targets);
    assert_eq!(names("fuzz_targets"), targets);
}
