#!/usr/bin/env bash
# Tests the core's Keychain adapter on Linux: its own code and real CoreFoundation, over emulated calls of Keychain
# Services.
#
#   scripts/keychain-emulation.sh            runs the tests
#   scripts/keychain-emulation.sh test ARGS… the same; ARGS go to cargo test
#   scripts/keychain-emulation.sh --prove    proves that the tests find mistakes in the adapter; each mistake is made in a copy of it
#
# CoreFoundation comes from Swift's Foundation: that of the `swift` on PATH, otherwise that of Debian's Swift, which
# scripts/swift.sh sets up. For what this proves and what it does not, see testing/keychain-emulation/README.md.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$checkout"

# Finds CoreFoundation, and the command that starts a program linked with it.
find_foundation() {
    local root=$cache/$swift_suite loader multiarch triple runner
    if have swift; then
        PILOTLIGHT_FOUNDATION_DIR=$(swiftc -print-target-info | python3 -c 'import json, sys
print(json.load(sys.stdin)["paths"]["runtimeResourcePath"] + "/linux")')
        runner="env LD_LIBRARY_PATH=$PILOTLIGHT_FOUNDATION_DIR"
    else
        PILOTLIGHT_FOUNDATION_DIR=$root/usr/libexec/swift/lib/swift/linux
        loader=$(find "$root/usr/lib" -maxdepth 2 -name 'ld-linux-*.so.*' ! -type l | sed -n 1p)
        [ -n "$loader" ] || die "no loader in $root" "rm -r $root, and run this again"
        multiarch=$(dirname "$loader")
        # It also needs the C library of that root, which is newer than this machine's.
        runner="$loader --library-path $PILOTLIGHT_FOUNDATION_DIR:$multiarch"
    fi
    [ -f "$PILOTLIGHT_FOUNDATION_DIR/libFoundation.so" ] ||
        die "no libFoundation.so in $PILOTLIGHT_FOUNDATION_DIR" "install Swift with its Foundation for Linux"
    triple=$(rustc -vV | sed -n 's/^host: //p' | tr 'a-z-' 'A-Z_')
    export PILOTLIGHT_FOUNDATION_DIR
    export "CARGO_TARGET_${triple}_RUNNER=$runner"
}

main() {
    if on_mac; then
        say "Skipped: a Mac has the real Keychain, which the tests in the sample's app test."
        return
    fi
    require_tool cargo "install Rust with rustup"
    require_tool python3 "apt-get install python3"
    scripts/swift.sh setup
    find_foundation
    # The whole workspace, so that nothing is built again that the lane rust has already built.
    local run=(cargo test --workspace --locked --features "$keychain_emulation_crate/foundation" --test keychain --test ownership --test proxies --test notifications --test system_cryptography)
    case ${1:-} in
        '')
            # A mistake that can no longer be made proves nothing.
            python3 -B testing/keychain-emulation/proofs.py --check
            "${run[@]}" --no-fail-fast
            ;;
        --prove) python3 testing/keychain-emulation/proofs.py "${run[@]}" ;;
        test)
            shift
            "${run[@]}" "$@"
            ;;
        *) die "unknown argument: $1" "scripts/keychain-emulation.sh [test ARGS… | --prove]" ;;
    esac
}

main "$@"
finish
