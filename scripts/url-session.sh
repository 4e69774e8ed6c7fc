#!/usr/bin/env bash
# The Rust tests of HTTP and of sessions with every request through URLSession, in a Swift program over the app's own code for
# `transport: .urlSession`: what holds for the core's HTTP client must hold for it too.
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
            # In the place of this script, so that it ends when the tests do.
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
    # The whole workspace, so that nothing is built again that the rust lane has built. The tests of `http` and `tls` by their names:
    # the rest of the adapters have no network.
    cargo test --workspace --locked --no-fail-fast --test adapters -- http tls
    cargo test --workspace --locked --no-fail-fast --test session
}

main "$@"
finish
