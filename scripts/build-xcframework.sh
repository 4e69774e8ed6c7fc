#!/usr/bin/env bash
# Makes what an iOS app takes: build/Pilotlight, a Swift package with the XCFramework, the sources and the privacy
# manifest, to be dragged into Xcode or named as a local package.
#
#   scripts/build-xcframework.sh                    every target, as it ships
#   scripts/build-xcframework.sh --debug            quick to build and to step through, with the paths of this machine; never to ship
#   scripts/build-xcframework.sh --targets A,B      only these Rust targets, for work on one device or simulator
#   scripts/build-xcframework.sh --transport url-session
#                                                   smaller, without its own HTTP client and TLS: all requests go through URLSession
#   scripts/build-xcframework.sh --output FOLDER    instead of build/
#
#   build/Pilotlight/                               the package
#   build/PilotlightFFI.xcframework.zip (.sha256)   the XCFramework alone, for a release's binaryTarget(url:checksum:)
#   build/symbols/TARGET/                           the archives with line tables, to read crash reports with
#
# On a Mac it uses rustup's targets and Xcode; on Debian scripts/apple-toolchain.sh gets what it takes, and no Apple SDK is
# needed. The same commit and the same tools give the same zip to the byte, in whatever folder the checkout lies.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=prerequisites.sh
. "$checkout/scripts/prerequisites.sh"

toolchain=$checkout/scripts/apple-toolchain.sh
apple=$checkout/scripts/apple
library=lib$core_library.a
output=$checkout/build
profile=release
targets=("$ios_device_target" "${ios_simulator_targets[@]}")
features=()

parse_arguments() {
    local known=" ${targets[*]} " target
    while [ $# -gt 0 ]; do
        case $1 in
            --help | -h) usage && finish ;;
            --debug) profile=dev ;;
            --targets)
                IFS=, read -r -a targets <<<"${2:-}"
                [ ${#targets[@]} -gt 0 ] || die "--targets needs a list" "--targets$known"
                for target in "${targets[@]}"; do
                    case $known in *" $target "*) ;; *) die "no such target: $target" "--targets with any of:$known" ;; esac
                done
                shift
                ;;
            --transport)
                case ${2:-} in
                    core) features=() ;;
                    url-session) features=(--no-default-features) ;;
                    *) die "no such transport: ${2:-}" "--transport core|url-session" ;;
                esac
                shift
                ;;
            --output)
                [ -n "${2:-}" ] || die "--output needs a folder"
                case $2 in /*) output=$2 ;; *) output=$PWD/$2 ;; esac
                shift
                ;;
            *) die "unknown argument: $1" "scripts/build-xcframework.sh --help" ;;
        esac
        shift
    done
}

# --- The archives ------------------------------------------------------------------------------------------------------
# remappings: FROM=TO lines. No folder of the building machine may reach the archive: that would tell about the machine and
# change the checksum. Only a debugger needs them: a debug build keeps them. A later line wins over an earlier one, so an inner folder comes after an outer one.
remappings() {
    local cargo_home=${CARGO_HOME:-$HOME/.cargo} folder sysroot
    if [ "$profile" = dev ]; then return; fi
    printf '%s\n' "$HOME=/home" "$checkout=/pilotlight" "$target_dir=/target" "$cargo_home=/cargo"
    "$toolchain" roots | sed 's,$,=/tools,'
    # Named after the registry's address, which is a matter of the machine's configuration.
    for folder in "$cargo_home"/registry/src/*/; do
        if [ -d "$folder" ]; then printf '%s\n' "${folder%/}=/cargo/registry"; fi
    done
    sysroot=$("$toolchain" tool rustc --print sysroot)
    printf '%s\n' "$sysroot=/rust" "$sysroot/lib/rustlib/src/rust=/rust/source"
    if folder=$(cd "$sysroot/lib/rustlib/src/rust" 2>/dev/null && pwd -P); then printf '%s\n' "$folder=/rust/source"; fi
}

compile() {
    local target=$1 line flags=() c_flags='' rust_flags=''
    while IFS= read -r line; do
        rust_flags+="\"--remap-path-prefix=$line\","
        c_flags+=" $(printf '%q' "-ffile-prefix-map=$line")"
    done < <(remappings)
    while IFS= read -r line; do rust_flags+="\"$line\","; done < <("$toolchain" size-flags "$target")
    flags=(--config "build.rustflags=[$rust_flags]")
    # Line tables for crash reports: they cost nothing in the app, because what ships is stripped of them.
    if [ "$profile" = release ]; then flags+=(--config 'profile.release.debug="line-tables-only"'); fi
    unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS
    (
        cd "$checkout"
        export CC_SHELL_ESCAPED_FLAGS=1 ZERO_AR_DATE=1 "CFLAGS_${target//-/_}=$c_flags"
        "$toolchain" cargo "$target" rustc --quiet --locked --lib --package "$core_crate" --profile "$profile" \
            --crate-type staticlib "${features[@]+"${features[@]}"}" "${flags[@]}"
    ) || die "$core_crate does not build for $target"
}

build_slice() {
    local target=$1 start=$SECONDS folder=$profile built
    if [ "$profile" = dev ]; then folder=debug; fi
    step "$target ($profile)"
    compile "$target"
    built=$target_dir/apple/$target/$folder/$library
    mkdir -p "$staging/symbols/$target" "$staging/slices/$target"
    python3 "$apple/archive.py" anonymous "$built" "$staging/symbols/$target/$library"
    cp "$staging/symbols/$target/$library" "$staging/slices/$target/$library"
    if [ "$profile" = release ]; then "$toolchain" tool strip -S "$staging/slices/$target/$library"; fi
    say "    $(wc -c <"$staging/slices/$target/$library" | tr -d ' ') bytes, $(elapsed_since "$start") s"
}

# --- The XCFramework ---------------------------------------------------------------------------------------------------
# The module map lies in a folder named like its module: a flat one collides with any other library's in the same app, and
# under another name Xcode 26.4 no longer finds it.
add_library() {
    local identifier=$1 slice=$2
    shift 2
    local folder=$xcframework/$identifier headers=$xcframework/$identifier/Headers/$ffi_module
    mkdir -p "$headers"
    if [ $# = 1 ]; then cp "$1" "$folder/$library"; else "$toolchain" tool lipo -create "$@" -output "$folder/$library"; fi
    cp "$sources/$ffi_module/$ffi_module.h" "$sources/$ffi_module/module.modulemap" "$headers/"
    say "    $slice: $identifier"
}

assemble_xcframework() {
    local target device=() simulator=() architectures=()
    step "$ffi_module.xcframework"
    for target in "${targets[@]}"; do
        if [ "$target" = "$ios_device_target" ]; then
            device=("$staging/slices/$target/$library")
        else
            simulator+=("$staging/slices/$target/$library")
            architectures+=("$(architecture_of "$target")")
        fi
    done
    if [ ${#device[@]} -gt 0 ]; then add_library ios-arm64 device "${device[@]}"; fi
    if [ ${#simulator[@]} -gt 0 ]; then
        add_library "ios-$(printf '%s\n' "${architectures[@]}" | sort | paste -s -d _ -)-simulator" simulator "${simulator[@]}"
    fi
    python3 "$apple/xcframework.py" describe "$xcframework" "$library"
}

architecture_of() { case $1 in aarch64-*) echo arm64 ;; *) echo "${1%%-*}" ;; esac; }

# --- The package -------------------------------------------------------------------------------------------------------
assemble_package() {
    local module paper
    step "the Swift package"
    for module in "$swift_module" "$app_module"; do
        mkdir -p "$package/Sources"
        cp -R "$sources/$module" "$package/Sources/$module"
    done
    cp "$apple/Package.swift" "$package/"
    for paper in LICENSE-MIT LICENSE-APACHE; do cp "$checkout/$paper" "$package/"; done
    find "$package" -name .DS_Store -delete
    python3 "$apple/xcframework.py" zip "$xcframework" "$staging/$ffi_module.xcframework.zip"
}

# Whole folders at once, so that a build that failed leaves what the last one made. The project's own package, which the
# sample uses, looks for the XCFramework beside its manifest; a package may not reach out of its folder.
install_outputs() {
    local name beside=$checkout/bindings/Pilotlight/$ffi_module.xcframework
    mkdir -p "$output"
    for name in "$app_module" symbols "$ffi_module.xcframework.zip" "$ffi_module.xcframework.zip.sha256"; do
        rm -rf "${output:?}/$name"
        mv "$staging/$name" "$output/$name"
    done
    if [ "$output" = "$checkout/build" ]; then
        rm -rf "$beside"
        cp -R "$output/$app_module/$ffi_module.xcframework" "$beside"
    fi
}

main() {
    local start=$SECONDS target
    parse_arguments "$@"
    prerequisites rust python apple
    sources=$checkout/bindings/Pilotlight/Sources
    mkdir -p "$output"
    staging=$output/.making.$$
    at_exit "rm -rf '$staging'"
    package=$staging/$app_module
    xcframework=$package/$ffi_module.xcframework
    "$toolchain" setup
    # So that the registry's folders are there to be named in `remappings`.
    (cd "$checkout" && cargo fetch --quiet --locked) || die "the dependencies cannot be had" "cargo fetch --locked"
    for target in "${targets[@]}"; do build_slice "$target"; done
    assemble_xcframework
    assemble_package
    install_outputs
    good "done in $(elapsed_since "$start") s: $output/$app_module"
    say "zip: $output/$ffi_module.xcframework.zip"
    say "checksum: $(cut -d ' ' -f 1 "$output/$ffi_module.xcframework.zip.sha256")"
}

main "$@"
finish
