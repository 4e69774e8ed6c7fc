#!/usr/bin/env bash
# Takes the screenshots of the sample for docs/screenshots, in a simulator on a Mac: each state and each screen, light and
# dark, and some of them with the largest type size and in German. Nothing is drawn by hand, and a failed run keeps no
# pictures.
#
#   scripts/screenshots.sh [SIMULATOR-NAME]
#
# This script has not run yet: there was no Mac to try it on.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=prerequisites.sh
. "$checkout/scripts/prerequisites.sh"
# shellcheck source=apple/simulator.sh
. "$checkout/scripts/apple/simulator.sh"

pictures=$checkout/docs/screenshots
settling=${PILOTLIGHT_SETTLING:-3} # seconds until the screen has settled

# picture SIMULATOR FILE LANGUAGE STATE [SCREEN]
picture() {
    local simulator=$1 file=$2 language=$3 state=$4
    shift 4
    step "$(basename "$file" .png)"
    start_sample "$simulator" -AppleLanguages "($language)" -stub "$state" ${1:+-screen "$1"}
    sleep "$settling"
    xcrun simctl io "$simulator" screenshot --type=png "$file" 2>/dev/null ||
        die "no picture of $state could be taken" "xcrun simctl io $simulator screenshot picture.png"
}

# keep_looks SIMULATOR: restores the simulator's appearance after the pictures were taken.
keep_looks() {
    local appearance content_size
    appearance=$(xcrun simctl ui "$1" appearance) || die "the simulator does not tell how it looks" "xcrun simctl ui $1 appearance"
    content_size=$(xcrun simctl ui "$1" content_size) || die "the simulator does not tell its type size" "xcrun simctl ui $1 content_size"
    at_exit "xcrun simctl ui '$1' appearance '$appearance'"
    at_exit "xcrun simctl ui '$1' content_size '$content_size'"
    at_exit "xcrun simctl status_bar '$1' clear"
}

# look SIMULATOR WHAT VALUE
look() { xcrun simctl ui "$1" "$2" "$3" || die "the simulator takes no $2 $3" "xcrun simctl ui $1 $2 $3"; }

take_pictures() {
    local simulator=$1 folder=$2 appearance state screen
    # Every picture shows the same time in its status bar.
    xcrun simctl status_bar "$simulator" override --time 9:41 --batteryState charged --batteryLevel 100 ||
        die "the simulator's clock cannot be set" "xcrun simctl status_bar $simulator clear"
    look "$simulator" content_size large
    for appearance in light dark; do
        look "$simulator" appearance "$appearance"
        for state in "${sample_states[@]}"; do
            # This state never settles.
            if [ "$state" != loading ]; then picture "$simulator" "$folder/$state-$appearance.png" en "$state"; fi
        done
        for screen in "${sample_screens[@]}"; do picture "$simulator" "$folder/$screen-$appearance.png" en home "$screen"; done
        picture "$simulator" "$folder/metadata-waiting-$appearance.png" en waiting metadata
    done
    look "$simulator" appearance light
    picture "$simulator" "$folder/home-german.png" de home
    look "$simulator" content_size accessibility-extra-large
    picture "$simulator" "$folder/home-large-type.png" en home
    picture "$simulator" "$folder/metadata-large-type.png" en waiting metadata
}

main() {
    local simulator work
    require_mac
    prerequisites rust python apple
    temp_dir work
    need_xcframework
    simulator=$(choose_simulator "${1:-}")
    boot_simulator "$simulator"
    step "building the app (some minutes the first time)"
    build_sample "$simulator" build
    install_sample "$simulator"
    keep_looks "$simulator"
    take_pictures "$simulator" "$work"
    mkdir -p "$pictures"
    mv "$work"/*.png "$pictures/"
    good "the pictures are in docs/screenshots"
}

main "$@"
finish
