#!/usr/bin/env bash
# Builds the documentation of the Swift module with DocC: guides and reference, including iOS-only symbols. Every warning
# is an error, such as a broken link to a symbol. Needs no network once Swift is installed, and builds no Rust.
#
#   scripts/docs.sh                    into build/docs, to be served by any web server at its root
#   scripts/docs.sh --open             the same, then serves it on this machine and opens a browser
#   scripts/docs.sh --base-path NAME   to be served below /NAME
#
# The symbols come from compiling for iOS (scripts/apple-swift.sh), on Debian against the stubs in testing/apple-stubs.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

apple_swift=$checkout/scripts/apple-swift.sh
sources=$checkout/bindings/Pilotlight/Sources
catalogue=$sources/$app_module/$app_module.docc
output=$checkout/build/docs
base=
open=

parse_arguments() {
    while [ $# -gt 0 ]; do
        case $1 in
            --help | -h) usage && finish ;;
            --open) open=yes ;;
            --base-path)
                [ -n "${2:-}" ] || die "--base-path needs a name"
                base=$2
                shift
                ;;
            *) die "unknown argument: $1" "scripts/docs.sh --help" ;;
        esac
        shift
    done
    [ -z "$open" ] || [ -z "$base" ] || die "--open serves at the root: leave --base-path out"
}

# compile MODULE INTO: the module and its documentation comments, with only the API that extensions may use.
compile() {
    "$apple_swift" swiftc "$(minimum_ios)" -emit-module -wmo -parse-as-library -application-extension -module-name "$1" \
        -package-name pilotlight -Xcc -fmodule-map-file="$sources/$ffi_module/module.modulemap" -I "$2" \
        -emit-module-path "$2/$1.swiftmodule" "$sources/$1"/*.swift
}

extract_symbols() {
    compile "$swift_module" "$1"
    compile "$app_module" "$1"
    "$apple_swift" symbols "$(minimum_ios)" -module-name "$app_module" -I "$1" \
        -Xcc -fmodule-map-file="$sources/$ffi_module/module.modulemap" -minimum-access-level public \
        -skip-synthesized-members -skip-inherited-docs -output-dir "$2"
}

convert() {
    local docc=(docc) hosting=()
    if on_mac; then docc=(xcrun docc); fi
    if [ -n "$base" ]; then hosting=(--hosting-base-path "$base"); fi
    "$checkout/scripts/swift.sh" exec "${docc[@]}" convert "$catalogue" --additional-symbol-graph-dir "$1" --output-path "$2" \
        --fallback-display-name "$app_module" --fallback-bundle-identifier "$app_module" \
        --warnings-as-errors ${hosting[@]+"${hosting[@]}"}
}

# DocC has no page at the root.
write_root_page() {
    local start=${base:+/$base}/documentation/pilotlight/
    cat >"$1/index.html" <<PAGE
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>$app_module</title>
<meta http-equiv="refresh" content="0; url=$start">
<link rel="canonical" href="$start">
<p><a href="$start">$app_module</a></p>
</html>
PAGE
}

serve() {
    local port=8000
    while ! python3 -c "import socket; socket.socket().bind(('127.0.0.1', $port))" 2>/dev/null; do port=$((port + 1)); done
    say "http://127.0.0.1:$port/ (Control-C ends it)"
    if have open; then (sleep 1 && open "http://127.0.0.1:$port/") & fi
    if have xdg-open; then (sleep 1 && xdg-open "http://127.0.0.1:$port/") & fi
    python3 -m http.server --bind 127.0.0.1 --directory "$output" "$port"
}

main() {
    local scratch
    parse_arguments "$@"
    require_tool python3 "apt-get install python3, or xcode-select --install on a Mac"
    temp_dir scratch
    mkdir -p "$scratch/modules" "$scratch/symbols" "$(dirname "$output")"
    step "documentation of $app_module"
    extract_symbols "$scratch/modules" "$scratch/symbols"
    convert "$scratch/symbols" "$scratch/docs" || die "the documentation has mistakes; they are above"
    write_root_page "$scratch/docs"
    python3 -B "$checkout/scripts/links.py" pages "$scratch/docs" "$base" || die "the documentation has links to nothing; they are above"
    python3 -B "$checkout/scripts/doc_pages.py" "$scratch/docs" ||
        die "symbols lack a summary or a topic group; they are above" "groups are in $catalogue/Types, and in Pilotlight.md there"
    rm -rf "$output"
    mv "$scratch/docs" "$output"
    good "$(find "$output/data" -name '*.json' | wc -l | tr -d ' ') pages: $output"
    if [ -n "$open" ]; then serve; fi
}

main "$@"
finish
