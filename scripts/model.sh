#!/usr/bin/env bash
# Explores the session machine in every order of two processes' steps and faults: rust-core/tests/model. What it proves:
# docs/reliability.md.
#
#   scripts/model.sh                    as in the lane `model` of scripts/test.sh
#   scripts/model.sh --states N         N steps in each world; `all` explores each to its end
#   scripts/model.sh --long N           N steps in one world in which everything can happen
#   scripts/model.sh --mutations [NAME] machines with one mistake each: each must break a promise
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$checkout"

main() {
    local long=() states=${PILOTLIGHT_MODEL_STATES:-1600000} mutations=no
    require_tool cargo "install Rust with rustup"
    while [ $# -gt 0 ]; do
        case $1 in
            --states) states=${2:?$1 needs a number} && shift ;;
            --long) states=${2:?$1 needs a number} long=(--ignored everything) && shift ;;
            --mutations) mutations=yes ;;
            --help)
                usage
                return
                ;;
            -*) die "unknown argument: $1" "scripts/model.sh --help" ;;
            *) break ;;
        esac
        shift
    done
    if [ $mutations = yes ]; then
        require_tool python3 "apt-get install python3"
        exec python3 rust-core/tests/model/mutations.py "$@"
    fi
    [ $# = 0 ] || die "unknown argument: $1" "scripts/model.sh --help"
    # On a new checkout, the folder does not exist yet when this lane begins.
    mkdir -p "$target_dir"
    PILOTLIGHT_MODEL_STATES=$states cargo test --locked --package "$core_crate" --profile model --test model -- \
        --nocapture --test-threads=1 "${long[@]+"${long[@]}"}" | tee "$target_dir/model.log"
    awk '/ distinct states/ { for (i = 1; i < NF; i++) if ($(i + 1) == "distinct") sum += $i }
        END { printf "%d distinct states together\n", sum }' "$target_dir/model.log"
}

main "$@"
finish
