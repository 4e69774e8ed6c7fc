#!/usr/bin/env bash
# Mutations of the core (cargo-mutants): each function of machine, session, protocol, jose and storage is changed in one place, and the tests of the core,
# the simulation and the model must notice. Results: docs/reliability.md.
#
#   scripts/mutants.sh                       all that have not been tried yet
#   scripts/mutants.sh --sample N            N random ones, in proportion to the size of each layer; --layer NAME and --file GLOB restrict them
#   scripts/mutants.sh --shard K/N           one random part of N, K from 0 on
#   scripts/mutants.sh --changed             only those in code that differs from the branch main
#   scripts/mutants.sh --again               those that survived, after tests were added
#   scripts/mutants.sh --alone …             each in a separate build, by cargo-mutants: slow
#   scripts/mutants.sh --jobs N …            N at a time (1)
#   scripts/mutants.sh --list …              the mutations, without a run
#   scripts/mutants.sh --summary             what the runs so far have found, by layer, and the survivors
#   scripts/mutants.sh --figures             writes that into docs/figures/reliability.json
#
# All mutations are compiled into one build of a copy of the checkout, and an environment variable switches one on. Mutations that rustc refuses are
# removed first. Each test runs once without a mutation, to see which functions it reaches. A mutation is tried with the tests that reach its function, a
# few at a time, until one fails (twice if it took long). Code that cannot be switched (constants, `const fn`, `-> impl`) is tried separately, last.
# Results are kept in mutants.json in cargo's target folder as long as the function's text stays the same; a run may be ended at any time. Exit 2 if a
# mutation survived. PILOTLIGHT_MUTANTS_TIMEOUT limits the seconds that the tests may take for a mutation that is tried separately (300).
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$checkout"

install_cargo_mutants() {
    step "building cargo-mutants $cargo_mutants_version (some minutes, once)"
    CARGO_TARGET_DIR=$1/target cargo install --quiet --locked --debug --version "$cargo_mutants_version" --root "$1" cargo-mutants &&
        rm -rf "$1/target" && "$1/bin/cargo-mutants" mutants --version >/dev/null
}

main() {
    local tool=$cache/tools/cargo-mutants
    case " $* " in
        *" --help "*)
            usage
            return
            ;;
    esac
    require_tool cargo "install Rust with rustup"
    require_tool git "apt-get install git"
    require_tool python3 "apt-get install python3"
    made_once "$tool" "$cargo_mutants_version" install_cargo_mutants || die "cargo-mutants $cargo_mutants_version could not be built"
    mkdir -p "$target_dir"
    python3 scripts/mutants.py --tool "$tool/bin/cargo-mutants" --target "$target_dir" "$@"
}

main "$@"
finish
