#!/usr/bin/env bash
# Builds the Swift module's reference with DocC, every warning an error: a link to a symbol that is not there, a parameter
# that no function has. Needs no network once Swift is there.
#
#   scripts/docs.sh                    into build/docs, to be served by any web server at its root
#   scripts/docs.sh --base-path NAME   to be served below /NAME
#
# It documents what this host's compiler sees: on Linux that leaves out SystemWebAuthenticator and signIn(from:).
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

swift=$checkout/scripts/swift.sh
package=$checkout/bindings/Pilotlight
catalogue=$package/Sources/$app_module/$app_module.docc
output=$checkout/build/docs
hosting=()

parse_arguments() {
    while [ $# -gt 0 ]; do
        case $1 in
            --help | -h) usage && exit ;;
            --base-path)
                [ -n "${2:-}" ] || die "--base-path needs a name"
                hosting=(--hosting-base-path "$2")
                shift
                ;;
            *) die "unknown argument: $1" "scripts/docs.sh --help" ;;
        esac
        shift
    done
}

extract_symbols() {
    local modules triple sdk=()
    # Nothing of the core is run or linked here, but the package's build asks for it.
    [ -f "$(core_shared_library)" ] || build_workspace
    "$swift" build --package-path "$package" --target "$app_module" >&2
    modules=$("$swift" build --package-path "$package" --show-bin-path)/Modules
    triple=$("$swift" exec swift -print-target-info |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["target"]["triple"])')
    if on_mac; then sdk=(-sdk "$(xcrun --show-sdk-path)"); fi
    "$swift" exec swift symbolgraph-extract -module-name "$app_module" -target "$triple" ${sdk[@]+"${sdk[@]}"} \
        -I "$modules" -I "$package/Sources/$ffi_module" -minimum-access-level public \
        -skip-synthesized-members -skip-inherited-docs -output-dir "$1"
}

convert() {
    local docc=(docc)
    if on_mac; then docc=(xcrun docc); fi
    "$swift" exec "${docc[@]}" convert "$catalogue" --additional-symbol-graph-dir "$1" --output-path "$2" \
        --fallback-display-name "$app_module" --fallback-bundle-identifier "$app_module" \
        --warnings-as-errors ${hosting[@]+"${hosting[@]}"}
}

main() {
    local scratch
    parse_arguments "$@"
    require_tool python3 "apt-get install python3, or xcode-select --install on a Mac"
    temp_dir scratch
    mkdir -p "$scratch/symbols" "$(dirname "$output")"
    step "documentation of $app_module"
    extract_symbols "$scratch/symbols"
    convert "$scratch/symbols" "$scratch/docs" || die "the documentation has faults; they are above"
    rm -rf "$output"
    mv "$scratch/docs" "$output"
    good "$(find "$output/data/documentation" -name '*.json' | wc -l | tr -d ' ') pages: $output"
}

main "$@"
