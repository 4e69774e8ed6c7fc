#!/usr/bin/env bash
# Kills the terminal sample with SIGKILL at random moments while it renews, and proves that this signs nobody out.
#
#   scripts/kill-test.sh               20 kills in each of nine campaigns
#   scripts/kill-test.sh --rounds N    N kills in each
#   scripts/kill-test.sh --seed S      repeats the plan with this seed; without it, a new seed is chosen and printed
#   scripts/kill-test.sh --only NAME   only one campaign: alone, pair, bound, limited or steppingup
#   scripts/kill-test.sh --overlap S   how many seconds a used refresh token is still accepted (default 30). With 0, sessions are
#                                      lost, as they must be, which shows that the test can fail
#
# The campaigns run at oidc-provider and at the project's identity server, both with rotation and an overlap: each with one process at a time, with two
# processes over one store, with tokens bound to a key (DPoP), and with a session that ends some seconds after its sign-in; at the identity server also while
# the user steps up for an API (RFC 9470). After each kill the store must decode. The next process must restore the session and renew it without the user, until
# its lifetime ends, and must not revert an authentication. Progress goes to stderr, figures to stdout. Exit 1 if a session, a store or a renewal was lost, or
# if a spent refresh token was presented after the overlap.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=prerequisites.sh
. "$checkout/scripts/prerequisites.sh"

rounds=20 seed='' overlap=30 only=''
command=()

# The program itself, without the scripts that start it: a kill has to hit the process that renews, and entering a root folder takes longer than a renewal.
find_terminal() {
    local program root=$cache/$swift_suite loader
    program=$(swift_products "$checkout/ios-sample/SampleKit")/$terminal_product
    [ -x "$program" ] || die "the terminal sample was not built: $program"
    if on_mac; then
        export DYLD_LIBRARY_PATH=$PILOTLIGHT_CORE_LIBRARY_DIR
        command=("$program")
    elif have swift; then
        export LD_LIBRARY_PATH=$PILOTLIGHT_CORE_LIBRARY_DIR
        command=("$program")
    else
        # Debian's Swift is in a separate root; the loader of that root finds its libraries.
        for loader in "$root"/lib64/ld-linux-*.so.* "$root"/lib/ld-linux-*.so.*; do
            if [ -x "$loader" ]; then break; fi
        done
        command=("$loader" --library-path "$(printf '%s:' "$PILOTLIGHT_CORE_LIBRARY_DIR" \
            "$root"/usr/libexec/swift/lib/swift/linux "$root"/usr/lib/*-linux-gnu)" "$program")
    fi
    "${command[@]}" --help >/dev/null || die "the terminal sample does not run by itself: ${command[*]}"
}

attack() {
    python3 -B "$checkout/scripts/kill_test.py" --rounds "$rounds" --seed "$seed" --only "$only" --folder "$work" \
        --browser "$target_dir/debug/test-browser" "$@" -- "${command[@]}"
}

attack_oidc_provider() {
    local server issuer
    start_process server "$work/oidc-provider.log" "$checkout/testing/interop/serve.sh" oidc-provider --leeway "$overlap"
    issuer=$(wait_for_line "$server" "$work/oidc-provider.log" '^issuer: ' 120) || die "oidc-provider did not start"
    attack --server oidc-provider --issuer "${issuer#issuer: }" --log "$work/oidc-provider.log"
}

attack_identity_server() {
    local server domain control
    start_process server "$work/identity-server.log" "$target_dir/debug/$identity_server_binary" --leeway "$overlap"
    domain=$(wait_for_line "$server" "$work/identity-server.log" '^listening: ' 20) || die "the identity server did not start"
    control=$(wait_for_line "$server" "$work/identity-server.log" '^control: ' 20) || die "no control port"
    attack --server identity-server --issuer "${domain#listening: }" --control "${control#control: }"
}

main() {
    local work='' failed=0
    while [ $# -gt 0 ]; do
        case $1 in
            --rounds | --seed | --overlap)
                [[ ${2:-} =~ ^[0-9]{1,9}$ ]] || die "$1 needs a number"
                printf -v "${1#--}" '%s' "$2"
                shift
                ;;
            --only)
                case ${2:-} in alone | pair | bound | limited | steppingup) only=$2 ;; *) die "--only needs the name of a campaign" ;; esac
                shift
                ;;
            -h | --help) usage && finish ;;
            *) die "unknown argument: $1" "scripts/kill-test.sh [--rounds N] [--seed S] [--only NAME] [--overlap S]" ;;
        esac
        shift
    done
    prerequisites rust python swift node
    seed=${seed:-$RANDOM$RANDOM}
    if [ -z "${PILOTLIGHT_BUILT:-}" ]; then
        "$checkout/scripts/terminal.sh" --help >/dev/null
        "$checkout/testing/interop/serve.sh" --setup oidc-provider
    fi
    find_terminal
    temp_dir work
    say "seed $seed"
    attack_oidc_provider || failed=1
    attack_identity_server || failed=1
    [ "$failed" = 0 ] || die "a kill did harm" "scripts/kill-test.sh --rounds $rounds --seed $seed"
    good "no kill did harm, in $SECONDS s"
}

main "$@"
finish
