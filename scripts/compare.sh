#!/usr/bin/env bash
# Measures the core beside the libraries that a Rust program could use instead (openidconnect, oauth2, jsonwebtoken with each of its
# backends) and beside bare reqwest and ring: testing/compare. Each pair alternates in one run, so that a busy machine slows both
# equally.
#
#   scripts/compare.sh               every pair, as a table
#   scripts/compare.sh --runs N      N runs of each pair (default 3); the middle ratio counts
#   scripts/compare.sh --write       the same, and writes it into docs/figures/performance.json and docs/performance.md
#
# The first build takes some minutes, because aws-lc is compiled from C. Swift libraries are not fetched: docs/performance.md has
# their figures, with version, date and method.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$checkout"

crate=testing/compare

main() {
    local write=no runs=3 program results task library run
    while [ $# -gt 0 ]; do
        case $1 in
            --runs)
                [[ ${2:-} =~ ^[1-9][0-9]?$ ]] || die "--runs needs a number from 1 to 99"
                runs=$2
                shift
                ;;
            --write) write=yes ;;
            --help)
                usage
                return
                ;;
            *) die "unknown argument: $1" "scripts/compare.sh --help" ;;
        esac
        shift
    done
    require_tool cargo "install Rust with rustup"
    require_tool python3 "apt-get install python3"
    step "building $crate"
    CARGO_TARGET_DIR=$target_dir/compare cargo build --release --locked --quiet --manifest-path $crate/Cargo.toml
    program=$target_dir/compare/release/pilotlight-compare
    temp_dir results
    "$program" --list >"$results/pairs"
    while read -r task library; do
        for ((run = 1; run <= runs; run++)); do
            say "$task beside $library, run $run of $runs"
            "$program" "$task" "$library" >>"$results/times"
        done
    done <"$results/pairs"
    python3 -B scripts/figures/compared.py "$results/times" $crate/Cargo.lock >"$results/table.json"
    if [ $write = yes ]; then
        python3 -B scripts/figures/compared.py --write "$results/table.json" docs/figures/performance.json
        python3 -B scripts/figures/figures.py
        good "docs/performance.md has the table"
    fi
    python3 -B scripts/figures/compared.py --print "$results/table.json"
}

main "$@"
finish
