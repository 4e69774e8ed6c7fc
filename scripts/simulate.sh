#!/usr/bin/env bash
# Runs the session under a seeded scheduler, in a world with faults: rust-core/tests/simulation. What it proves:
# docs/reliability.md.
#
#   scripts/simulate.sh                    2,000 seeds, as in scripts/test.sh
#   scripts/simulate.sh --seeds N          N seeds; with --from S, beginning with S
#   scripts/simulate.sh --seed S           one seed, with its whole trace
#   scripts/simulate.sh --all-failures     continues after a failure, and lists every failed seed
#   scripts/simulate.sh --release …        an optimised build: worthwhile from about 20,000 seeds on
#   scripts/simulate.sh --mutations [NAME] cores with one mistake each: how many seeds it takes to catch it
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$checkout"

main() {
    local release=no mutations=no
    require_tool cargo "install Rust with rustup"
    while [ $# -gt 0 ]; do
        case $1 in
            --seeds) export PILOTLIGHT_SIMULATION_SEEDS=${2:?$1 needs a number} && shift ;;
            --from) export PILOTLIGHT_SIMULATION_FIRST_SEED=${2:?$1 needs a number} && shift ;;
            --seed) export PILOTLIGHT_SIMULATION_SEED=${2:?$1 needs a number} && shift ;;
            --all-failures) export PILOTLIGHT_SIMULATION_KEEP_GOING=1 ;;
            --release) release=yes ;;
            --mutations) mutations=yes ;;
            --help)
                usage
                return
                ;;
            -*) die "unknown argument: $1" "scripts/simulate.sh --help" ;;
            *) break ;;
        esac
        shift
    done
    if [ $mutations = yes ]; then
        require_tool python3 "apt-get install python3"
        exec python3 rust-core/tests/simulation/mutations.py "$@"
    fi
    [ $# = 0 ] || die "unknown argument: $1" "scripts/simulate.sh --help"
    local profile=()
    if [ $release = yes ]; then
        # Fast, not small; and separate from the release that ships.
        export CARGO_TARGET_DIR=$target_dir/simulation CARGO_PROFILE_RELEASE_OPT_LEVEL=3 CARGO_PROFILE_RELEASE_LTO=off \
            CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16
        profile=(--release)
    fi
    # The whole workspace, so that nothing is built again that the lane rust has already built.
    cargo test --workspace --locked "${profile[@]+"${profile[@]}"}" --test simulation -- \
        --nocapture nobody_is_signed_out_by_accident
}

main "$@"
finish
