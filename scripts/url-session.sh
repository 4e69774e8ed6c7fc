#!/usr/bin/env bash
# Runs the Rust tests of HTTP and of sessions with every request through URLSession, in a Swift program that contains the app's code
# for `transport: .urlSession`. The tests for the core's HTTP client must pass with it too.
#
#   scripts/url-session.sh           builds the program, and runs the tests over it
#   scripts/url-session.sh --serve   only the program, which the tests start: requests on standard input, outcomes on standard output
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

package=bindings/Pilotlight
program=pilotlight-transport

main() {
    local products
    case ${1:-} in
        --serve)
            # Replaces this script, so that the program ends when the tests do.
            products=$(swift_products "$package")
            exec "$checkout/scripts/swift.sh" exec "$products/$program"
            ;;
        '') ;;
        *) die "unknown argument: $1" "scripts/url-session.sh [--serve]" ;;
    esac
    cd "$checkout"
    scripts/swift.sh build --package-path "$package" --product "$program"
    printf '#!/bin/sh\nexec "%s" --serve\n' "$checkout/scripts/url-session.sh" >"$target_dir/$program"
    chmod +x "$target_dir/$program"
    export PILOTLIGHT_TEST_TRANSPORT=$target_dir/$program
    # The whole workspace, so that nothing is built again that the lane rust has already built. Only the tests `http` and `tls` are
    # named: the other adapters do not use the network.
    cargo test --workspace --locked --no-fail-fast --test adapters -- http tls
    cargo test --workspace --locked --no-fail-fast --test session
}

main "$@"
finish
