#!/usr/bin/env bash
# Proves that `import Pilotlight` does not change the meaning of names from other modules: an app whose modules declare
# `UserProfile`, `Provider`, `Address`, `LogLevel`, `Audience`, `Metadata` and `JSONValue` compiles as before. An app with
# its own `Session` gets an ordinary ambiguity for `Session` only, which the module's name resolves.
#
#   scripts/swift-neighbours.sh        needs the package built: scripts/swift.sh build --package-path bindings/Pilotlight
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

package=$checkout/bindings/Pilotlight
neighbours=$package/Tests/Neighbours

swiftc() { "$checkout/scripts/swift.sh" exec swiftc -swift-version 6 -parse-as-library "$@" 2>&1; }

# app FOLDER FLAG…: prints the compiler's output for the app in that folder.
app() {
    local folder=$1
    shift
    swiftc -typecheck -I "$scratch" -I "$modules" \
        -Xcc "-fmodule-map-file=$package/Sources/$ffi_module/module.modulemap" "$@" "$neighbours/$folder"/*.swift
}

# compiles WHAT FOLDER FLAG…
compiles() {
    local what=$1 said
    shift
    said=$(app "$@") || die "$what does not compile:"$'\n'"$said"
    echo "ok $what compiles"
}

main() {
    local scratch modules module said errors
    temp_dir scratch
    modules=$(swift_modules "$package")
    for module in Models Logging Accounts; do
        swiftc -emit-module -module-name "$module" -o "$scratch/$module.swiftmodule" -I "$scratch" "$neighbours/$module"/*.swift
    done
    compiles "the app without Pilotlight" App
    compiles "the same app with Pilotlight" App -D WITH_PILOTLIGHT
    compiles "an app with a Session, without Pilotlight" AppWithSession -D UNNAMED
    compiles "the same app with Pilotlight, where Session is named with its module" AppWithSession -D WITH_PILOTLIGHT
    if said=$(app AppWithSession -D WITH_PILOTLIGHT -D UNNAMED); then
        die "Session without its module is one of the two without a word"
    fi
    errors=$(printf '%s\n' "$said" | sed -n 's/^.*: error: //p' | sort -u)
    [ "$errors" = "'Session' is ambiguous for type lookup in this context" ] ||
        die "not the ambiguity of Session alone:"$'\n'"$said"
    echo "ok Session without its module is an ambiguity: $errors"
}

main "$@"
finish
