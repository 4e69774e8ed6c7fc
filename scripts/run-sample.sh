#!/usr/bin/env bash
# Runs the sample app in a simulator, on a Mac, with a local identity server for signing in.
#
#   scripts/run-sample.sh                     builds what is needed, opens the app, and serves until Ctrl-C
#   scripts/run-sample.sh --test              runs the Keychain tests and the UI tests instead
#   scripts/run-sample.sh --stub STATE        shows one state, without a server: loading, welcome, expired, locked, home,
#                                             empty, factor, offline, waiting, migrated, misconfigured, broken
#   scripts/run-sample.sh --stub STATE --screen NAME
#                                             the same with a screen open: profile, metadata, request, inspector, settings
#   scripts/run-sample.sh --simulator NAME    which simulator, for example "iPhone 16"
#
# Sign in as ada@example.com with the password "correct horse".
# This script has not run yet: there was no Mac to try it on.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=prerequisites.sh
. "$checkout/scripts/prerequisites.sh"
# shellcheck source=apple/simulator.sh
. "$checkout/scripts/apple/simulator.sh"

mode=run
stub=''
screen=''
simulator_name=''
issuer=''
server=''
token_lifetime=120 # seconds; short, so that you can watch the countdown on the home screen

parse_arguments() {
    while [ $# -gt 0 ]; do
        case $1 in
            --help | -h) usage && finish ;;
            --test) mode=tests ;;
            --stub)
                mode=stub
                stub=${2:-}
                [ -n "$stub" ] || die "--stub needs a state" "scripts/run-sample.sh --help"
                shift
                ;;
            --screen)
                screen=${2:-}
                [ -n "$screen" ] || die "--screen needs a name" "scripts/run-sample.sh --help"
                shift
                ;;
            --simulator)
                simulator_name=${2:-}
                [ -n "$simulator_name" ] || die "--simulator needs a name" "xcrun simctl list devices available"
                shift
                ;;
            *) die "unknown argument: $1" "scripts/run-sample.sh --help" ;;
        esac
        shift
    done
    [ -z "$stub" ] || one_of "$stub" "${sample_states[@]}" || die "there is no state $stub" "any of: ${sample_states[*]}"
    [ -z "$screen" ] || one_of "$screen" "${sample_screens[@]}" || die "there is no screen $screen" "any of: ${sample_screens[*]}"
    [ -z "$screen" ] || [ "$mode" = stub ] || die "--screen goes with --stub" "scripts/run-sample.sh --help"
}

# In the simulator, 127.0.0.1 is the Mac. The issuer's URL is stored in `issuer`.
start_issuer() {
    local work
    temp_dir work
    step "building the identity server"
    build_workspace
    start_process server "$work/server.log" "$PILOTLIGHT_IDENTITY_SERVER" --ttl-access "$token_lifetime"
    issuer=$(wait_for_line "$server" "$work/server.log" '^listening: ' 20) ||
        die "the identity server did not start" "$PILOTLIGHT_IDENTITY_SERVER --ttl-access $token_lifetime"
    issuer=${issuer#listening: }
    step "the identity server: $issuer"
}

run_app() {
    step "building the app (some minutes the first time)"
    build_sample "$1" build
    install_sample "$1"
    step "opening the app"
    open -a Simulator --args -CurrentDeviceUDID "$1" || die "the Simulator does not open" "open -a Simulator"
    if [ "$mode" = stub ]; then
        if [ -n "$screen" ]; then start_sample "$1" -stub "$stub" -screen "$screen"; else start_sample "$1" -stub "$stub"; fi
        good "the app shows the state $stub"
        return
    fi
    start_sample "$1" -domain "$issuer" -client-id native-app -redirect-uri com.example.pilotlight://callback
    good "sign in as ada@example.com with the password 'correct horse'; Ctrl-C ends the server"
    # Until the user ends the script. If the server ends by itself, that is reported at once.
    wait "$server" || true
    die "the identity server has ended; the app goes on without it" "scripts/run-sample.sh"
}

# xcodebuild passes on variables that begin with TEST_RUNNER_, without that prefix.
run_tests() {
    step "running the tests of the Keychain and of the screens (some minutes)"
    export TEST_RUNNER_PILOTLIGHT_ISSUER=$issuer
    build_sample "$1" test
    grep -E '^[[:space:]]*(Executed|Test Suite .(All tests|Selected tests))' "$target_dir/sample.log" | tail -n 4 || true
    good "the tests passed"
}

main() {
    local simulator
    parse_arguments "$@"
    require_mac
    prerequisites rust python apple
    need_xcframework
    simulator=$(choose_simulator "$simulator_name")
    boot_simulator "$simulator"
    if [ "$mode" != stub ]; then start_issuer; fi
    if [ "$mode" = tests ]; then run_tests "$simulator"; else run_app "$simulator"; fi
}

main "$@"
finish
