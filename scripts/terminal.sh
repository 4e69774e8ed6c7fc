#!/usr/bin/env bash
# Builds the terminal sample, then runs it with the given arguments. Progress goes to stderr.
#
#   scripts/terminal.sh --domain tenant.eu.auth0.com --client-id … sign-in
#   scripts/terminal.sh --help
#
# PILOTLIGHT_BUILT=1 means that everything is built already, for scripts that call this one many times.
set -euo pipefail
# shellcheck disable=SC2034 # lib.sh reads it: the program answers --help
own_help=yes
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

package=$checkout/ios-sample/SampleKit
log=$target_dir/terminal-build.log

build() {
    [ -f "$package/Package.swift" ] || die "the Swift package ios-sample/SampleKit does not exist"
    "$checkout/scripts/swift.sh" setup >&2
    step "building the Rust core"
    build_workspace >&2
    step "building the terminal sample"
    "$checkout/scripts/swift.sh" build --package-path "$package" --product "$terminal_product" >"$log" 2>&1 || {
        cat "$log" >&2
        die "the terminal sample does not build"
    }
}

main() {
    local products
    if [ -z "${PILOTLIGHT_BUILT:-}" ]; then build; fi
    products=$(swift_products "$package")
    exec "$checkout/scripts/swift.sh" exec "$products/$terminal_product" "$@"
}

main "$@"
finish
