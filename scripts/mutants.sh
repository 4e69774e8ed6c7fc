#!/usr/bin/env bash
# Mutations of the core (cargo-mutants): each function of machine, session, protocol, jose and storage is changed in one place, and the
# tests of the core, the simulation and the model must notice. What was caught: docs/reliability.md.
#
#   scripts/mutants.sh                       all: days on two cores
#   scripts/mutants.sh --shard K/N           one part of N, K from 0 on: every Nth mutation
#   scripts/mutants.sh --file GLOB …         only these files, such as 'rust-core/src/session/tokens/*.rs'
#   scripts/mutants.sh --changed             only what differs from the branch main
#   scripts/mutants.sh --list …              the mutations, without a run
#   scripts/mutants.sh --summary             what the runs so far have found, and the survivors
#
# Each mutation is built in a copy of the checkout. Results are in cargo's target folder, mutants.out; exit 2 when one survived.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$checkout"

tool=$cache/tools/cargo-mutants
results=$target_dir/mutants.out

install_cargo_mutants() {
    step "building cargo-mutants $cargo_mutants_version (some minutes, once)"
    CARGO_TARGET_DIR=$1/target cargo install --quiet --locked --debug --version "$cargo_mutants_version" --root "$1" cargo-mutants &&
        rm -rf "$1/target" && "$1/bin/cargo-mutants" mutants --version >/dev/null
}

# All runs together: a mutation that was tried again counts once.
summary() {
    local kept=$target_dir/mutants-found name
    for name in caught missed timeout unviable; do
        printf '%6d %s\n' "$( (cat "$kept/$name" 2>/dev/null || true) | grep -c . || true)" "$name"
    done
    say "caught, with those that came to no end, of those that could be built:"
    python3 -c '
import pathlib, sys
lines = lambda name: {line for line in (pathlib.Path(sys.argv[1]) / name).read_text().splitlines()} if (pathlib.Path(sys.argv[1]) / name).exists() else set()
caught, missed = len(lines("caught") | lines("timeout")), len(lines("missed"))
print(f"{100 * caught / (caught + missed):.1f} %" if caught + missed else "nothing was run yet")' "$kept"
    if [ -s "$kept/missed" ]; then cat "$kept/missed"; fi
}

# keep: the results of this run are added to those of earlier ones, so that shards make one sum.
keep() {
    local kept=$target_dir/mutants-found name
    mkdir -p "$kept"
    for name in caught missed timeout unviable; do
        cat "$results/$name.txt" >>"$kept/$name" 2>/dev/null || true
        if [ -f "$kept/$name" ]; then sort -u -o "$kept/$name" "$kept/$name"; fi
    done
}

main() {
    local arguments=() list=no difference='' status=0
    while [ $# -gt 0 ]; do
        case $1 in
            --shard)
                [[ ${2:-} =~ ^[0-9]+/[1-9][0-9]*$ ]] || die "--shard needs K/N, such as 0/50"
                arguments+=(--shard "$2" --sharding round-robin)
                shift
                ;;
            --file)
                arguments+=(--file "${2:?--file needs a pattern}")
                shift
                ;;
            --changed)
                temp_dir difference
                git diff main -- rust-core/src >"$difference/changes"
                arguments+=(--in-diff "$difference/changes")
                ;;
            --list) list=yes ;;
            --summary)
                summary
                return
                ;;
            --help)
                usage
                return
                ;;
            *) die "unknown argument: $1" "scripts/mutants.sh --help" ;;
        esac
        shift
    done
    require_tool cargo "install Rust with rustup"
    require_tool python3 "apt-get install python3"
    made_once "$tool" "$cargo_mutants_version" install_cargo_mutants || die "cargo-mutants $cargo_mutants_version could not be built"
    arguments+=(--package "$core_crate" --no-shuffle)
    if [ $list = yes ]; then
        "$tool/bin/cargo-mutants" mutants "${arguments[@]}" --list
        return
    fi
    # Enough for a mutation: the lanes walk more.
    export PILOTLIGHT_SIMULATION_SEEDS=${PILOTLIGHT_SIMULATION_SEEDS:-500} PILOTLIGHT_MODEL_STATES=${PILOTLIGHT_MODEL_STATES:-60000}
    export CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_TEST_DEBUG=0
    unset CARGO_TARGET_DIR
    "$tool/bin/cargo-mutants" mutants "${arguments[@]}" --output "$target_dir" --colors never || status=$?
    # 2: survivors; 3: some came to no end. Both are results.
    case $status in 0 | 2 | 3) keep ;; *) die "cargo-mutants failed (exit $status)" "read $results/log" ;; esac
    summary
    [ $status != 2 ] || exit 2
}

main "$@"
finish
