#!/usr/bin/env bash
# Runs every test and check of the project, in lanes. It sets up what it needs, on a Mac and on a fresh Debian machine as root.
#
#   scripts/test.sh                all lanes; exit 1 if any failed
#   scripts/test.sh --only LANE    only this one; can be repeated
#   scripts/test.sh --at-once N    N lanes at a time (default 2); a lane's output is shown when it has ended (with 1: as it runs)
#   scripts/test.sh --thorough     all lanes, with the slow parts: the arm64 simulator's slice, Swift under
#                                  ThreadSanitizer, and the proofs that checks find mistakes
#   scripts/test.sh --list         the lanes
#
# A lane that cannot run here fails and says what is missing. A lane that does not end within 35 minutes is stopped and fails.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=prerequisites.sh
. "$checkout/scripts/prerequisites.sh"
cd "$checkout"

thorough=
proofs_elsewhere= # said to one lane about the others
lane_minutes=35
lane_process=
at_once=2
lanes=(style rust model keychain swift demo interop apple)
# The lanes begin in this order: the long ones first. Those that build in the same cargo folder (target/debug: rust, style, swift,
# interop, keychain) do not begin together, because they wait for each other's lock.
order=(rust model apple style swift interop demo keychain)

about() {
    case $1 in
        style) echo "format, lints, generated code, layout, dependencies, words (scripts/check.sh)" ;;
        rust) echo "the Rust crates against the project's own identity server" ;;
        model) echo "the session machine in every order of two processes' steps, with faults (rust-core/tests/model)" ;;
        keychain) echo "the Keychain adapter over emulated calls (scripts/keychain-emulation.sh)" ;;
        swift) echo "the Swift packages over the Rust core: ${swift_packages[*]}" ;;
        demo) echo "the demo's story, each step checked (scripts/demo.sh), and kills while it renews (scripts/kill-test.sh)" ;;
        interop) echo "the Rust core against third-party identity servers" ;;
        apple) echo "the XCFramework: slices, link, size, privacy, manifests (scripts/check-apple.sh)" ;;
    esac
}

# The proofs of the Apple checks are in the lane apple too.
lane_style() { scripts/check.sh ${proofs_elsewhere:+--without apple-proof}; }

# Runs to the end, so that one failure does not hide another.
lane_rust() { cargo test --workspace --locked --no-fail-fast; }

# Some minutes on two cores. With PILOTLIGHT_MODEL_STATES=all, every state within the bounds is explored.
lane_model() { scripts/model.sh; }

lane_keychain() {
    scripts/keychain-emulation.sh
    if [ -n "$thorough" ]; then scripts/keychain-emulation.sh --prove; fi
}

lane_swift() {
    local package
    scripts/swift.sh setup
    build_workspace
    # Stale bindings would end each test process with a checksum mismatch.
    scripts/generate-bindings.sh --check
    for package in "${swift_packages[@]}"; do
        [ -f "$package/Package.swift" ] || die "the Swift package $package does not exist"
        step "swift: $package"
        scripts/swift.sh build --package-path "$package" --build-tests
        scripts/swift.sh test --package-path "$package"
    done
    step "swift: the Rust tests of HTTP and of sessions, with every request through URLSession"
    scripts/url-session.sh
    if [ -n "$thorough" ]; then
        step "swift: tokens in memory under ThreadSanitizer"
        scripts/swift.sh test --package-path bindings/Pilotlight --sanitize=thread --filter 'Token(Race|Callers|Cache)Tests'
    fi
    step "swift: beside modules that have the same names"
    scripts/swift-neighbours.sh
    step "swift: every public type is in the test of what is printed"
    scripts/swift-public-types.sh
}

lane_demo() {
    scripts/demo.sh
    scripts/kill-test.sh --rounds 10
    echo "2 passed, 0 failed"
}

lane_interop() {
    [ -x testing/interop/serve.sh ] || die "testing/interop/serve.sh does not exist"
    [ -f rust-core/tests/interop.rs ] || [ -f rust-core/tests/interop/main.rs ] ||
        die "the core has no interop tests: rust-core/tests/interop.rs"
    local reason
    reason=$(testing/interop/serve.sh --why-not lemonldap)
    if [ -n "$reason" ]; then said_skipped "lemonldap: $reason"; fi
    testing/interop/serve.sh --setup
    # The whole workspace, so that nothing is built again that the lane rust has already built.
    cargo test --workspace --locked --no-fail-fast --test interop
}

lane_apple() {
    scripts/apple-toolchain.sh setup
    local quick=--quick
    if [ -n "$thorough" ]; then quick=''; fi
    # The second run links what the first has built.
    scripts/check-apple.sh ${quick:+"$quick"} && scripts/check-apple.sh --dynamic ${quick:+"$quick"}
}

# Tools that a lane needs and that no script installs.
needs() {
    echo rust python
    case $1 in
        style) echo rust-tools pip swift apple ;;
        keychain) if ! on_mac; then echo swift; fi ;;
        swift) echo swift ;;
        demo) echo swift curl node ;;
        interop) echo node venv ;;
        apple) echo swift apple pip ;;
    esac
}

# run_lane LANE FOLDER: writes into FOLDER the lane's result (result), its duration (seconds) and what it skipped (skipped).
run_lane() {
    local lane=$1 folder=$2 status=0 start=$SECONDS limit=()
    export PILOTLIGHT_SKIPPED=$folder/skipped
    : >"$PILOTLIGHT_SKIPPED"
    # The lane is not in the terminal's process group, so an interrupt does not reach it by itself.
    trap 'kill "$lane_process" 2>/dev/null; exit 130' INT TERM
    # A separate process, which can be ended, and in which `set -e` works.
    if have timeout; then limit=(timeout --kill-after=30s "${lane_minutes}m"); fi
    "${limit[@]+"${limit[@]}"}" scripts/test.sh ${thorough:+--thorough} ${proofs_elsewhere:+--proofs-elsewhere} --lane "$lane" &
    lane_process=$!
    wait "$lane_process" || status=$?
    case $status in
        0) status=passed ;;
        124 | 137) status="FAILED: did not end within $lane_minutes minutes" ;;
        *) status=FAILED ;;
    esac
    elapsed_since "$start" >"$folder/seconds"
    printf '%s' "$status" >"$folder/result"
}

# run_queue FOLDER LANE…: runs, one after the other, those lanes that no other queue has begun.
run_queue() {
    local results=$1 lane
    shift
    for lane in "$@"; do
        mkdir "$results/$lane" 2>/dev/null || continue
        say "$lane has begun: $(about "$lane")"
        run_lane "$lane" "$results/$lane" >"$results/$lane.log" 2>&1
    done
}

# run_beside FOLDER LANE…: runs several at once; the output of each is shown as soon as it has ended.
run_beside() {
    local results=$1 queues=() shown=' ' running lane number
    shift
    for ((number = 0; number < at_once; number++)); do
        run_queue "$results" "$@" &
        queues+=("$!")
    done
    trap 'kill "${queues[@]}" 2>/dev/null; wait; exit 130' INT TERM
    while [ "$shown" != " $* " ] && [ "$shown" != ended ]; do
        # Asked before the results are read, so that the results of the last lane are not missed.
        running=$(jobs -r -p)
        shown=' '
        for lane in "$@"; do
            if [ -e "$results/$lane/shown" ]; then
                shown+="$lane "
            elif [ -e "$results/$lane/result" ]; then
                step "lane $lane: $(about "$lane")"
                cat "$results/$lane.log"
                : >"$results/$lane/shown"
                shown+="$lane "
            fi
        done
        # A queue that was killed leaves lanes without a result.
        if [ -z "$running" ] && [ "$shown" != " $* " ]; then shown=ended; fi
        sleep 0.5
    done
    wait
}

# in_order LANE…: these lanes, in the order in which they begin.
in_order() {
    local lane
    for lane in "${order[@]}"; do
        case " $* " in *" $lane "*) printf '%s\n' "$lane" ;; esac
    done
}

# A Mac allows a shell 256 open files. The tests of sessions run one per processor at a time and have about ten files open each.
allow_open_files() {
    local now
    now=$(ulimit -S -n)
    if [ "$now" != unlimited ] && [ "$now" -lt 4096 ]; then ulimit -S -n 4096 2>/dev/null || say "open files: $now at most, and more are not allowed"; fi
}

run_lanes() {
    local lane status all=0 table='' skipped='' results ordered=()
    temp_dir results
    if [ "$at_once" -gt 1 ] && [ $# -gt 1 ]; then
        while IFS= read -r lane; do ordered+=("$lane"); done < <(in_order "$@")
        run_beside "$results" "${ordered[@]}"
    else
        for lane in "$@"; do
            mkdir "$results/$lane"
            step "lane $lane: $(about "$lane")"
            run_lane "$lane" "$results/$lane"
        done
    fi
    for lane in "$@"; do
        status=$(cat "$results/$lane/result" 2>/dev/null || echo "FAILED: it was ended")
        if [ "$status" != passed ]; then all=1; fi
        # If a lane skipped something, its line says so although it passed, and the reasons are above the table.
        if [ -s "$results/$lane/skipped" ]; then
            status+=", SKIPPED: $(cut -d : -f 1 "$results/$lane/skipped" | paste -s -d , -)"
            skipped+=$(sed "s/^/skipped in $lane: /" "$results/$lane/skipped")$'\n'
        fi
        table+=$(printf '%-10s %6s s  %s' "$lane" "$(cat "$results/$lane/seconds" 2>/dev/null || echo '?')" "$status")$'\n'
    done
    printf '\n%s%s' "$skipped" "$table"
    if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then printf '<pre>\n%s%s</pre>\n' "$skipped" "$table" >>"$GITHUB_STEP_SUMMARY"; fi
    return "$all"
}

main() {
    local chosen=() needed=() lane word
    while [ $# -gt 0 ]; do
        case $1 in
            --list)
                for lane in "${lanes[@]}"; do printf '%-10s %s\n' "$lane" "$(about "$lane")"; done
                return
                ;;
            --thorough) thorough=yes ;;
            --proofs-elsewhere) proofs_elsewhere=yes ;;
            --at-once)
                at_once=${2:-}
                [ -n "$at_once" ] && [ -z "${at_once//[0-9]/}" ] && [ "$at_once" != 0 ] || die "--at-once needs a number" "scripts/test.sh --at-once 1"
                shift
                ;;
            --lane)
                "lane_$2"
                return
                ;;
            --only)
                lane=${2:-}
                [ -n "$lane" ] && [ -n "$(about "$lane")" ] || die "no such lane: $lane" "scripts/test.sh --list"
                chosen+=("$lane")
                shift
                ;;
            *) die "unknown argument: $1" "scripts/test.sh [--thorough] [--at-once N] [--only LANE]… | --list" ;;
        esac
        shift
    done
    if [ ${#chosen[@]} = 0 ]; then chosen=("${lanes[@]}"); fi
    case " ${chosen[*]} " in *' apple '*) proofs_elsewhere=yes ;; esac
    for lane in "${chosen[@]}"; do
        for word in $(needs "$lane"); do needed+=("$word"); done
    done
    prerequisites "${needed[@]}"
    allow_open_files
    run_lanes "${chosen[@]}"
}

main "$@"
finish
