#!/usr/bin/env bash
# Builds the package that apps use: build/Pilotlight, a Swift package with the XCFramework, the sources and the privacy manifest, to be dragged into Xcode or
# added as a local package.
#
#   scripts/build-xcframework.sh                    every target for iOS, as shipped
#   scripts/build-xcframework.sh --platforms ios,macos,catalyst,visionos,tvos
#                                                   for these platforms and no others
#   scripts/build-xcframework.sh --dynamic          a framework that an app and its extensions share, instead of a static library
#   scripts/build-xcframework.sh --debug            quick to build and to step through; contains paths of this machine; never ship it
#   scripts/build-xcframework.sh --targets A,B      only these Rust targets, for work on one device or simulator
#   scripts/build-xcframework.sh --transport url-session
#                                                   smaller, without its own HTTP client and TLS: all requests go through URLSession
#   scripts/build-xcframework.sh --output FOLDER    instead of build/
#
#   build/Pilotlight/                               the package
#   build/PilotlightFFI.xcframework.zip (.sha256)   the XCFramework alone, for a release's binaryTarget(url:checksum:)
#   build/symbols/TARGET/                           the archives with line tables, to symbolicate crash reports
#
# A framework's line tables are in the XCFramework too, as a dSYM, which Xcode puts into an app's archive.
#
# On a Mac it uses rustup's targets and Xcode. On Debian, scripts/apple-toolchain.sh installs the tools into the cache, and no Apple SDK is needed. The same
# commit and the same tools give the same zip, byte for byte, in whatever folder the checkout is.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=prerequisites.sh
. "$checkout/scripts/prerequisites.sh"

toolchain=$checkout/scripts/apple-toolchain.sh
apple=$checkout/scripts/apple
archive=lib$core_library.a
library=$archive
output=$checkout/build
profile=release
chosen_platforms=ios
chosen_targets=''
targets=()
dynamic=''
features=()

platforms() { python3 -B "$apple/platforms.py" "$@"; }

parse_arguments() {
    while [ $# -gt 0 ]; do
        case $1 in
            --help | -h) usage && finish ;;
            --debug) profile=dev ;;
            --platforms)
                [ -n "${2:-}" ] || die "--platforms needs a list" "--platforms ios,macos,catalyst,visionos,tvos"
                chosen_platforms=$2
                shift
                ;;
            --targets)
                [ -n "${2:-}" ] || die "--targets needs a list" "scripts/apple/platforms.py targets $chosen_platforms names them"
                chosen_targets=$2
                shift
                ;;
            --dynamic)
                dynamic=yes
                library=$ffi_module.framework
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

# Which Rust targets: --targets, or all of --platforms.
choose_targets() {
    local target known
    if [ -n "$chosen_targets" ]; then
        known=$(platforms targets ios,macos,catalyst,visionos,tvos)
        IFS=, read -r -a targets <<<"$chosen_targets"
        for target in "${targets[@]}"; do
            grep -qx -- "$target" <<<"$known" || die "no such target: $target" "--targets with any of: $(printf '%s\n' "$known" | paste -s -d ' ' -)"
        done
        return
    fi
    known=$(platforms targets "$chosen_platforms") || die "no such platforms: $chosen_platforms" "--platforms with any of: ios,macos,catalyst,visionos,tvos"
    while IFS= read -r target; do targets+=("$target"); done <<<"$known"
}

# --- The archives ------------------------------------------------------------------------------------------------------
# remappings: FROM=TO lines. No folder of the building machine may appear in the archive: that would disclose details of the machine and change the checksum.
# Only a debugger needs the folders, so a debug build keeps them. A later line takes precedence over an earlier one, so an inner folder comes after an outer
# one.
remappings() {
    local cargo_home=${CARGO_HOME:-$HOME/.cargo} folder sysroot
    if [ "$profile" = dev ]; then return; fi
    printf '%s\n' "$HOME=/home" "$checkout=/pilotlight" "$target_dir=/target" "$cargo_home=/cargo"
    "$toolchain" roots | sed 's,$,=/tools,'
    # Its name comes from the registry's address, which depends on the machine's configuration.
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
    # Line tables for crash reports. They add nothing to the app, because they are stripped from the shipped library.
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
    local target=$1 start=$SECONDS folder=$profile built symbols=$staging/symbols/$1 slice=$staging/slices/$1
    if [ "$profile" = dev ]; then folder=debug; fi
    step "$target ($profile)"
    compile "$target"
    built=$target_dir/apple/$target/$folder/$archive
    mkdir -p "$symbols" "$slice"
    python3 -B "$apple/archive.py" anonymous "$built" "$symbols/$archive"
    if [ -n "$dynamic" ]; then
        python3 -B "$apple/framework.py" link "$target" "$symbols/$archive" "$sources" "$("$toolchain" roots)" \
            "$slice/$ffi_module" "$slice/$ffi_module.dwarf" || die "$core_crate does not link for $target"
        say "    $(wc -c <"$slice/$ffi_module" | tr -d ' ') bytes, $(elapsed_since "$start") s"
        return
    fi
    cp "$symbols/$archive" "$slice/$archive"
    if [ "$profile" = release ]; then "$toolchain" tool strip -S "$slice/$archive"; fi
    say "    $(wc -c <"$slice/$archive" | tr -d ' ') bytes, $(elapsed_since "$start") s"
}

# --- The XCFramework ---------------------------------------------------------------------------------------------------
# together NAME OUTPUT TARGET…: that file of all targets, combined into one.
together() {
    local name=$1 into=$2 target files=()
    shift 2
    for target in "$@"; do files+=("$staging/slices/$target/$name"); done
    if [ $# = 1 ]; then cp "${files[0]}" "$into"; else "$toolchain" tool lipo -create "${files[@]}" -output "$into"; fi
}

# The module map is in a folder with the name of its module. A flat one collides with that of any other library in the same app, and under another name Xcode
# 26.4 no longer finds it.
add_static_library() {
    local folder=$1 headers=$1/Headers/$ffi_module
    shift
    mkdir -p "$headers"
    together "$archive" "$folder/$archive" "$@"
    cp "$sources/$ffi_module/$ffi_module.h" "$sources/$ffi_module/module.modulemap" "$headers/"
}

add_framework() {
    local folder=$1 kind=$2 version
    shift 2
    version=$(sed -n '/^\[workspace\.package\]/,/^\[/s/^version *= *"\(.*\)"$/\1/p' "$checkout/Cargo.toml")
    mkdir -p "$folder"
    together "$ffi_module" "$staging/slices/$kind" "$@"
    together "$ffi_module.dwarf" "$staging/slices/$kind.dwarf" "$@"
    python3 -B "$apple/framework.py" bundle "$kind" "$staging/slices/$kind" "$sources" "$version" "$folder"
    python3 -B "$apple/framework.py" symbols "$staging/slices/$kind.dwarf" "$version" "$folder/dSYMs"
}

assemble_xcframework() {
    local kind target identifier group kinds
    step "$ffi_module.xcframework"
    kinds=$(platforms kinds "${targets[@]}")
    for kind in $kinds; do
        group=()
        for target in "${targets[@]}"; do
            if [ "$(platforms kinds "$target")" = "$kind" ]; then group+=("$target"); fi
        done
        identifier=$(platforms identifier "${group[@]}")
        if [ -n "$dynamic" ]; then
            add_framework "$xcframework/$identifier" "$kind" "${group[@]}"
        else
            add_static_library "$xcframework/$identifier" "${group[@]}"
        fi
        say "    $kind: $identifier"
    done
    python3 -B "$apple/xcframework.py" describe "$xcframework" "$library"
}

# --- The package -------------------------------------------------------------------------------------------------------
assemble_package() {
    local module paper
    step "the Swift package"
    for module in "$swift_module" "$app_module"; do
        mkdir -p "$package/Sources"
        cp -R "$sources/$module" "$package/Sources/$module"
    done
    cp "$apple/Package.swift" "$package/"
    platforms manifest "$package/Package.swift" "${targets[@]}"
    for paper in LICENSE-MIT LICENSE-APACHE; do cp "$checkout/$paper" "$package/"; done
    find "$package" -name .DS_Store -delete
    python3 "$apple/xcframework.py" zip "$xcframework" "$staging/$ffi_module.xcframework.zip"
}

# Moves whole folders at once, so that a failed build keeps the results of the last one. The project's own package, which the sample uses, looks for the
# XCFramework beside its manifest; a package may not reach outside its folder.
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
    choose_targets
    sources=$checkout/bindings/Pilotlight/Sources
    mkdir -p "$output"
    staging=$output/.making.$$
    at_exit "rm -rf '$staging'"
    package=$staging/$app_module
    xcframework=$package/$ffi_module.xcframework
    "$toolchain" setup "${targets[@]}"
    # So that the registry's folders exist and `remappings` can name them.
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
