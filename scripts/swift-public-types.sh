#!/usr/bin/env bash
# Checks that the test of printed values knows every public type, found in the module's symbol graph, and that no
# documented declaration shows the generated module or an `isolation:` argument.
#
#   scripts/swift-public-types.sh      needs the package built: scripts/swift.sh build --package-path bindings/Pilotlight
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

package=$checkout/bindings/Pilotlight
table=$package/Tests/PilotlightTests/PrintingTests.swift

main() {
    local scratch modules triple sdk=()
    require_tool python3 "apt-get install python3, or xcode-select --install on a Mac"
    temp_dir scratch
    modules=$(swift_modules "$package")
    triple=$("$checkout/scripts/swift.sh" exec swift -print-target-info |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["target"]["triple"])')
    if on_mac; then sdk=(-sdk "$(xcrun --show-sdk-path)"); fi
    "$checkout/scripts/swift.sh" exec swift symbolgraph-extract -module-name "$app_module" -target "$triple" ${sdk[@]+"${sdk[@]}"} \
        -I "$modules" -I "$package/Sources/$ffi_module" -minimum-access-level public \
        -skip-synthesized-members -output-dir "$scratch"
    python3 -B "$checkout/scripts/public_types.py" "$table" "$scratch"/*.symbols.json
}

main "$@"
finish
