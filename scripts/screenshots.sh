#!/usr/bin/env bash
# Takes the pictures of the sample's states into docs/screenshots, in a simulator on a Mac: each state light and dark, and
# the home screen with the largest type. Nothing is drawn by hand, and nothing is kept of a run that failed.
#
#   scripts/screenshots.sh [SIMULATOR-NAME]
#
# This has not run yet: it was written where there is no Mac.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=apple/simulator.sh
. "$checkout/scripts/apple/simulator.sh"

pictures=$checkout/docs/screenshots
states=(welcome expired locked home empty offline misconfigured broken)
settling=3 # seconds until the screen stands still

# picture SIMULATOR FILE STATE
picture() {
    start_sample "$1" -AppleLanguages "(en)" -stub "$3"
    sleep "$settling"
    xcrun simctl io "$1" screenshot --type=png "$2" 2>/dev/null || die "no picture of $3 could be taken"
}

main() {
    local simulator work look state
    case ${1:-} in --help | -h) usage && exit ;; esac
    require_mac
    temp_dir work
    need_xcframework
    simulator=$(choose_simulator "${1:-}")
    boot_simulator "$simulator"
    step "building the app"
    build_sample "$simulator" build
    install_sample "$simulator"
    # The clock of every picture's edge says the same.
    xcrun simctl status_bar "$simulator" override --time 9:41 --batteryState charged --batteryLevel 100
    at_exit "xcrun simctl status_bar '$simulator' clear"
    at_exit "xcrun simctl ui '$simulator' appearance light"
    at_exit "xcrun simctl ui '$simulator' content_size medium"
    for look in light dark; do
        xcrun simctl ui "$simulator" appearance "$look"
        for state in "${states[@]}"; do
            step "$state, $look"
            picture "$simulator" "$work/$state-$look.png" "$state"
        done
    done
    step "home, large type"
    xcrun simctl ui "$simulator" appearance light
    xcrun simctl ui "$simulator" content_size accessibility-extra-large
    picture "$simulator" "$work/home-large-type.png" home
    mkdir -p "$pictures"
    mv "$work"/*.png "$pictures/"
    good "the pictures are in docs/screenshots"
}

main "$@"
