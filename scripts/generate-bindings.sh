#!/usr/bin/env bash
# Generates the Swift bindings from the core's own library, with the generator of the same UniFFI version.
#
#   scripts/generate-bindings.sh           writes them into bindings/Pilotlight/Sources
#   scripts/generate-bindings.sh --check   changes nothing; fails with a diff if the existing bindings differ from the generator's output
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

sources=$checkout/bindings/Pilotlight/Sources
generated=("$swift_module/$swift_module.swift" "$ffi_module/$ffi_module.h" "$ffi_module/module.modulemap")

generate() {
    local out=$1
    build_workspace
    # The generator looks for the core's uniffi.toml through cargo, from inside the workspace.
    cd "$checkout"
    "$target_dir/debug/pilotlight-uniffi-bindgen" --swift-sources --headers --modulemap \
        --module-name "$ffi_module" --modulemap-filename module.modulemap "$(core_shared_library)" "$out/raw"
    mkdir -p "$out/$swift_module" "$out/$ffi_module"
    # No spaces at line ends, and exactly one newline at the end.
    tidy "$out/raw/$swift_module.swift" >"$out/$swift_module/$swift_module.swift"
    tidy "$out/raw/$ffi_module.h" >"$out/$ffi_module/$ffi_module.h"
    cat "$checkout/bindings/uniffi-bindgen/src/direct.h" >>"$out/$ffi_module/$ffi_module.h"
    # `use "Darwin"` and similar lines break Xcode 26 and have no meaning elsewhere.
    tidy "$out/raw/module.modulemap" | sed '/^ *use "/d' >"$out/$ffi_module/module.modulemap"
    rm -r "$out/raw"
}

tidy() { sed -e 's/[[:blank:]]*$//' "$1" | awk 'NF { for (; blank > 0; blank--) print ""; print; next } { blank++ }'; }

main() {
    local out file drift=0
    temp_dir out
    generate "$out"
    case ${1:-} in
        --check)
            for file in "${generated[@]}"; do
                diff -u --label "$file in the checkout" --label "$file as generated" \
                    "$sources/$file" "$out/$file" || drift=1
            done
            [ "$drift" = 0 ] || die "the generated bindings are not up to date" "scripts/generate-bindings.sh, and commit what changed"
            ;;
        '')
            for file in "${generated[@]}"; do
                mkdir -p "$(dirname "$sources/$file")"
                cmp -s "$out/$file" "$sources/$file" || cp "$out/$file" "$sources/$file"
                say "bindings/Pilotlight/Sources/$file"
            done
            ;;
        *) die "unknown argument: $1" "scripts/generate-bindings.sh [--check]" ;;
    esac
}

main "$@"
finish
