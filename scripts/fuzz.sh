#!/usr/bin/env bash
# Fuzzing with libFuzzer, which measures the code that an input reaches: callback URLs, answers, keys, ID tokens, stored items.
#
#   scripts/fuzz.sh                      every target for 10 seconds
#   scripts/fuzz.sh TARGET…              only these
#   scripts/fuzz.sh --seconds N …        N seconds each
#   scripts/fuzz.sh --list               the targets
#
# It begins with the committed corpus (rust-core/fuzz/corpus) and the inputs that earlier runs found (in cargo's target
# folder). An input that breaks a promise, takes more than 10 seconds or needs more than 2 GB ends the run with exit 1. The
# input is kept, and the command that repeats it is printed. The tests run the same targets for a shorter time, without
# libFuzzer: rust-core/tests/fuzz.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

fuzz=$checkout/rust-core/fuzz
found=$target_dir/fuzz-found

install_cargo_fuzz() {
    step "installing cargo-fuzz $cargo_fuzz_version (about a minute, once)"
    CARGO_TARGET_DIR=$1/build cargo install --quiet --locked --version "$cargo_fuzz_version" --root "$1" cargo-fuzz &&
        rm -rf "$1/build" && "$1/bin/cargo-fuzz" fuzz --version >/dev/null
}

targets() { sed -n 's/^name = "\([a-z_]*\)"$/\1/p' "$fuzz/Cargo.toml"; }

# Every rustc contains the sanitizers, but without this variable only nightly versions accept the flags. `--release`, because
# otherwise cargo-fuzz insists on assertions in every crate, against the profile in rust-core/fuzz/Cargo.toml.
cargo_fuzz() { (cd "$fuzz" && RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$target_dir/fuzz "$tool/bin/cargo-fuzz" fuzz "$@"); }

run_target() {
    local target=$1 log=$work/$1.log status=0
    mkdir -p "$found/$target" "$found/artifacts"
    say "$target: $seconds s"
    cargo_fuzz run --release --fuzz-dir "$fuzz" "$target" "$found/$target" "$fuzz/corpus/$target" -- \
        -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 \
        -artifact_prefix="$found/artifacts/$target-" >"$log" 2>&1 || status=$?
    if [ "$status" != 0 ]; then
        tail -n 40 "$log" >&2
        bad "$target: the input is in $found/artifacts"
        return 1
    fi
    # The last line that reports progress: "#123 DONE cov: 12 ft: 34 corp: 5/6b …".
    awk -v target="$target" '
        / cov: / { for (i = 1; i < NF; i++) if ($i == "cov:") cov = $(i + 1) }
        /stat::number_of_executed_units/ { units = $2 }
        /stat::slowest_unit_time_sec/ { slowest = $2 }
        /stat::peak_rss_mb/ { memory = $2 }
        END { printf "| %s | %d | %d | %d | %d |\n", target, units, cov, slowest, memory }' "$log"
}

main() {
    local seconds=10 chosen=() target failed=0 work='' tool=$cache/tools/cargo-fuzz
    while [ $# -gt 0 ]; do
        case $1 in
            --list) targets && return ;;
            --seconds)
                [[ ${2:-} =~ ^[0-9]{1,9}$ ]] || die "--seconds needs a number"
                seconds=$2
                shift
                ;;
            -h | --help) usage && return ;;
            *)
                targets | grep -x -F -- "$1" >/dev/null || die "no such target: $1" "scripts/fuzz.sh --list"
                chosen+=("$1")
                ;;
        esac
        shift
    done
    require_tool cargo "install Rust with rustup"
    require_tool c++ "apt-get install g++"
    made_once "$tool" "$cargo_fuzz_version" install_cargo_fuzz
    if [ ${#chosen[@]} = 0 ]; then
        while IFS= read -r target; do chosen+=("$target"); done < <(targets)
    fi
    temp_dir work
    step "building the targets (some minutes the first time)"
    cargo_fuzz build --release --fuzz-dir "$fuzz" >"$work/build.log" 2>&1 || {
        cat "$work/build.log" >&2
        die "the fuzz targets do not build"
    }
    printf '| target | inputs | edges reached | slowest input (s) | memory (MB) |\n| --- | ---: | ---: | ---: | ---: |\n'
    for target in "${chosen[@]}"; do run_target "$target" || failed=1; done
    [ "$failed" = 0 ] || die "an input broke a promise"
    good "no input broke a promise, in $SECONDS s"
}

main "$@"
finish
