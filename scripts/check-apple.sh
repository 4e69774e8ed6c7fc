#!/usr/bin/env bash
# Builds the package that apps use and checks it, on Debian or on a Mac, without Xcode.
#
#   scripts/check-apple.sh                 all checks; exit 1 if any failed
#   scripts/check-apple.sh --quick         the same, with only this machine's simulator
#   scripts/check-apple.sh --built         the same, of the package that scripts/build-xcframework.sh left in build/; builds nothing
#   scripts/check-apple.sh --swift         only: the checkout's Swift compiles for iOS, and with the oldest supported Swift
#                                          (half a minute; builds no Rust)
#   scripts/check-apple.sh --dynamic       the framework of build-xcframework.sh --dynamic instead (also with --quick)
#   scripts/check-apple.sh --platforms macos,catalyst,visionos,tvos [--dynamic]
#                                          only: the package that build-xcframework.sh makes for these is correct; their Swift is not compiled
#   scripts/check-apple.sh --targets A,B [--dynamic]
#                                          the same for these Rust targets alone: a platform has up to three, and each takes minutes
#   scripts/check-apple.sh --url-session   only: the device slice of build-xcframework.sh --transport url-session links within its size
#   scripts/check-apple.sh --swift-size    only: the Swift above the core is within scripts/apple/size-budget-swift.txt
#   scripts/check-apple.sh --reproducible [--targets A,B]
#                                          only: two builds from two folders give the same zip (slow: two builds without caches)
#   scripts/check-apple.sh --prove         only: each check catches the fault that it is for (seconds; builds nothing)
#   scripts/check-apple.sh --accept        rewrites the list of needed symbols and the size budget, from the last check's build
#   scripts/check-apple.sh --accept-swift-size
#                                          rewrites the size budget of the Swift code
#
# It builds into cargo's target folder. build/ and the XCFramework beside bindings/Pilotlight, which people use in their Xcode projects,
# do not change.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=prerequisites.sh
. "$checkout/scripts/prerequisites.sh"

apple=$checkout/scripts/apple
sources=$checkout/bindings/Pilotlight/Sources
output=$target_dir/apple-check
targets=("$ios_device_target" "${ios_simulator_targets[@]}")
simulator_architectures=arm64_x86_64
mode=all dynamic='' platforms='' chosen_targets=''
passed=0 failed=0 begun=()

# All files to be checked are in the output folder.
choose_output() {
    package=$output/$app_module
    xcframework=$package/$ffi_module.xcframework
    local simulator=$xcframework/ios-$simulator_architectures-simulator
    library=lib$core_library.a
    binary=$simulator/$library
    module_map=$simulator/Headers/$ffi_module/module.modulemap
    if [ -n "$dynamic" ]; then
        library=$ffi_module.framework
        binary=$simulator/$library/$ffi_module
        module_map=$simulator/$library/Modules/module.modulemap
    fi
}

# The simulator of this machine or, on Debian, the one for which Debian's Swift compiles.
choose_own_simulator() {
    simulator_architectures=x86_64
    targets=("$ios_device_target" x86_64-apple-ios)
    if on_mac && [ "$(uname -m)" = arm64 ]; then
        simulator_architectures=arm64
        targets=("$ios_device_target" aarch64-apple-ios-sim)
    fi
}

report() {
    local what=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
        echo "ok $what"
    else
        failed=$((failed + 1))
        echo "FAILED $what"
    fi
}

# begin LOG COMMAND…: runs a check that needs no build products beside the build of the Rust library, whose last step uses one processor.
begin() {
    local log=$1
    shift
    ("$@") >"$log" 2>&1 &
    begun+=("$!")
}

# ended NUMBER LOG: the result of a check that `begin` started.
ended() {
    local status=0
    wait "${begun[$1]}" || status=$?
    cat "$2"
    return "$status"
}

tools_folder() { "$checkout/scripts/apple-toolchain.sh" roots; }

check_slices() { python3 -B "$apple/xcframework.py" check "$xcframework" "$ffi_module" "$sources" "$library" "${targets[@]}"; }

check_url_session_size() {
    python3 -B "$apple/link.py" size "$xcframework" "$sources" "$(tools_folder)" "$apple/size-budget-url-session.txt"
}

check_link() { python3 -B "$apple/link.py" check "$xcframework" "$sources" "$(tools_folder)"; }

# The folders of this machine, and the names of the user and the machine if they are long enough not to match by chance.
check_strings() {
    local texts=("$checkout" "$target_dir" "$cache" "${CARGO_HOME:-$HOME/.cargo}" /Users/ registry/src/) text
    for text in "$HOME/" "${TMPDIR:-/tmp}/"; do
        if [ ${#text} -gt 4 ]; then texts+=("$text"); fi
    done
    python3 -B "$apple/audit.py" strings "$package" "${texts[@]}"
}

check_privacy() { python3 -B "$apple/audit.py" privacy "$package"; }

check_manifest() {
    "$checkout/scripts/swift.sh" package --package-path "$package" describe --type json |
        python3 -B "$apple/audit.py" manifest "$(join_by_comma "${targets[@]}")" PrivacyInfo.xcprivacy
}

# The part of the project's own manifest that Linux does not use by itself; the sample builds with it.
check_own_manifest() {
    local folder=$1/own-manifest
    mkdir "$folder"
    cp -R "$checkout/bindings/Pilotlight/"{Package.swift,Sources,Tests} "$folder/"
    cp -R "$xcframework" "$folder/"
    PILOTLIGHT_MANIFEST_AS_APPLE=1 "$checkout/scripts/swift.sh" package --package-path "$folder" describe --type json |
        python3 -B "$apple/audit.py" manifest "$ios_device_target,aarch64-apple-darwin" PrivacyInfo.xcprivacy
}

check_frameworks() { python3 -B "$apple/audit.py" frameworks "$package/Package.swift" "$checkout/bindings/Pilotlight/Package.swift"; }

# The minimum iOS of the app; its package may not need a later one (xcode_project.py).
sample_minimum_ios() { sed -n 's/.*IPHONEOS_DEPLOYMENT_TARGET = \([0-9.]*\);/\1/p' "$checkout/ios-sample/PilotlightSample.xcodeproj/project.pbxproj" | sort -u; }

# check_swift MODULE-MAP SOURCES: compiles the generated and the handwritten modules in SOURCES, and on top of them the code of README and
# guides, and the sample app with its widget and its tests. TerminalKit is for terminals only.
check_swift() {
    local sample=$checkout/ios-sample guides=$target_dir/guide-code minimum folder guide_modules=()
    minimum=$(sample_minimum_ios)
    rm -rf "$guides" "$guides.objc"
    python3 -B "$checkout/scripts/guide_code.py" "$guides"
    for folder in "$guides"/*; do
        # The tutorial's app is new: it is written as the sample is.
        case $folder in */Tutorial*) guide_modules+=("${folder##*/}=$folder@$minimum") ;; *) guide_modules+=("${folder##*/}=$folder@$(minimum_ios)") ;; esac
    done
    python3 -B "$apple/swift_ios.py" compile "$1" \
        "$swift_module=$2/$swift_module@$(minimum_ios)" "$app_module=$2/$app_module@$(minimum_ios)" \
        "${guide_modules[@]}" \
        "SampleKit=$sample/SampleKit/Sources/SampleKit@$minimum" \
        "MainActorApp=$apple/swift-proof/MainActorApp@$minimum" "QuickStartApp=$sample/QuickStart@$minimum" \
        "PilotlightSample=$sample/App@$minimum" "PilotlightWidget=$sample/Widget@$minimum" \
        "PilotlightSampleTests=$sample/AppTests,$sample/TestSupport@$minimum" \
        "PilotlightSampleUITests=$sample/AppUITests,$sample/TestSupport@$minimum"
}

# swift_size size|accept: the two modules of the package.
swift_size() {
    local minimum
    minimum=$(minimum_ios)
    python3 -B "$apple/swift_ios.py" "$1" "$sources/$ffi_module/module.modulemap" "$apple/size-budget-swift.txt" \
        "$swift_module=$sources/$swift_module@$minimum" "$app_module=$sources/$app_module@$minimum"
}

# check_objective_c MODULE-MAP SOURCES: the Objective-C interface of the library, and the Objective-C of the guides and the sample.
check_objective_c() {
    python3 -B "$apple/swift_ios.py" objc "$1" "$2" "$(minimum_ios)" "$checkout/testing/apple-stubs/ObjectiveC" \
        "$target_dir/guide-code.objc" "$checkout/ios-sample/App/ObjectiveC"
}

# With Swift 6.0, if scripts/swift.sh has it; on a Mac, Xcode has its own version.
check_oldest_swift() { python3 -B "$apple/swift_oldest.py"; }

check_swift_link() {
    python3 -B "$apple/swift_ios.py" link "$module_map" "$binary" \
        "$package/Sources/$swift_module" "$(minimum_ios)"
}

check_zip() {
    local zip=$package/../$ffi_module.xcframework.zip
    python3 -B "$apple/xcframework.py" zip "$xcframework" "$1/$ffi_module.xcframework.zip" &&
        cmp "$1/$ffi_module.xcframework.zip" "$zip" &&
        cmp "$1/$ffi_module.xcframework.zip.sha256" "$zip.sha256"
}

# Each file is a separate process; as many run at once as there are processors. The slow ones begin first.
check_proofs() {
    (
        cd "$apple"
        { printf '%s\n' test_sample_swift.py test_swift_ios.py && ls test_*.py; } | awk '!seen[$0]++ { sub(/\.py$/, ""); print }' |
            xargs -n 1 -P "$(getconf _NPROCESSORS_ONLN)" python3 -B -m unittest --quiet 2>&1
    )
}

# From the files that git tracks, in folders of different depth, with separate cargo output; the name of one folder is a planted text.
check_reproducible() {
    local scratch=$1 marker=pilotlight-planted-folder folder sums=()
    # Packed once, because the checkout may change during the first build.
    (cd "$checkout" && git ls-files -z | tar -c --null -T - -f "$scratch/checkout.tar") || return 1
    for folder in "$scratch/one" "$scratch/$marker/another/one"; do
        mkdir -p "$folder"
        tar -x -f "$scratch/checkout.tar" -C "$folder" || return 1
        CARGO_TARGET_DIR=$folder/target "$folder/scripts/build-xcframework.sh" ${chosen_targets:+--targets "$chosen_targets"} || return 1
        sums+=("$(cut -d ' ' -f 1 "$folder/build/$ffi_module.xcframework.zip.sha256")")
        rm -rf "$folder/target"
    done
    echo "${sums[@]}"
    python3 -B "$apple/audit.py" strings "$folder/build/$app_module" "$marker" && [ "${sums[0]}" = "${sums[1]}" ]
}

join_by_comma() { local IFS=,; echo "$*"; }

parse_arguments() {
    while [ $# -gt 0 ]; do
        case $1 in
            --help | -h) usage && finish ;;
            --dynamic) dynamic=yes ;;
            --platforms)
                [ -n "${2:-}" ] || die "--platforms needs a list" "scripts/check-apple.sh --platforms macos,catalyst,visionos,tvos"
                mode=--platforms platforms=$2
                shift
                ;;
            --targets)
                [ -n "${2:-}" ] || die "--targets needs a list" "scripts/check-apple.sh --targets aarch64-apple-darwin,aarch64-apple-ios-macabi"
                [ "$mode" = --reproducible ] || mode=--platforms
                chosen_targets=$2
                shift
                ;;
            *) mode=$1 ;;
        esac
        shift
    done
}

# Which targets are built, and where.
choose_targets() {
    local known target
    # Checked here, because the output of checks is shown only if they fail.
    if [ "$mode" = --quick ]; then
        mode=all
        choose_own_simulator
    fi
    if [ -n "$platforms" ]; then
        known=$(python3 -B "$apple/platforms.py" targets "$platforms") || die "no such platforms: $platforms" "scripts/check-apple.sh --help"
        targets=()
        while IFS= read -r target; do targets+=("$target"); done <<<"$known"
    elif [ -n "$chosen_targets" ]; then
        IFS=, read -r -a targets <<<"$chosen_targets"
        python3 -B "$apple/platforms.py" kinds "${targets[@]}" >/dev/null || die "no such targets: $chosen_targets" "scripts/check-apple.sh --help"
    fi
    if [ "$mode" = --platforms ]; then output+=-platforms; fi
    if [ -n "$dynamic" ]; then output+=-dynamic; fi
    if [ "$mode" = --built ]; then output=$checkout/build; fi
    choose_output
}

build_package() {
    "$checkout/scripts/build-xcframework.sh" ${dynamic:+--dynamic} --output "$output" --targets "$(join_by_comma "${targets[@]}")"
}

main() {
    local scratch
    parse_arguments "$@"
    case $mode in
        all | --quick | --platforms | --reproducible | --url-session) prerequisites rust python swift apple ;;
        *) prerequisites python swift apple ;;
    esac
    # The budgets are for Debian's compilers and LLVM's linker.
    if on_mac; then
        case $mode in --url-session | --accept | --swift-size | --accept-swift-size) die "$mode measures what is built on Debian" "run it on Debian 12" ;; esac
    fi
    temp_dir scratch
    choose_targets
    if [ "$mode" = --accept ]; then
        [ -d "$xcframework" ] || die "nothing was built to accept" "scripts/check-apple.sh --quick"
    fi
    case $mode in all | --built | --swift | --swift-size | --accept-swift-size | --prove) "$checkout/scripts/apple-swift.sh" setup ;; esac
    case $mode in
        all)
            # Checks that do not depend on the form run only with the static one.
            if [ -z "$dynamic" ]; then
                begin "$scratch/proofs" check_proofs
                if ! on_mac; then begin "$scratch/oldest" check_oldest_swift; fi
            fi
            report "the package builds" build_package
            if [ -z "$dynamic" ]; then
                report "each check catches its fault" ended 0 "$scratch/proofs"
                if ! on_mac; then report "library and sample compile with the oldest Swift" ended 1 "$scratch/oldest"; fi
            fi
            ;;
        --built)
            [ -d "$xcframework" ] || die "build/$app_module is not there" "scripts/build-xcframework.sh"
            report "each check catches its fault" check_proofs
            if ! on_mac; then report "library and sample compile with the oldest Swift" check_oldest_swift; fi
            ;;
        --platforms) report "the package builds" build_package ;;
        --reproducible) report "two builds from two folders give the same zip" check_reproducible "$scratch" ;;
        --url-session)
            output+=-url-session
            choose_output
            report "the package without its own HTTP client builds" "$checkout/scripts/build-xcframework.sh" --transport url-session \
                --output "$output" --targets "$ios_device_target"
            report "its slice links within the budget" check_url_session_size
            ;;
        --swift)
            report "the Swift of the checkout compiles for iOS" check_swift "$sources/$ffi_module/module.modulemap" "$sources"
            report "Objective-C compiles over what it sees of the library" check_objective_c "$sources/$ffi_module/module.modulemap" "$sources"
            if ! on_mac; then report "library and sample compile with the oldest Swift" check_oldest_swift; fi
            ;;
        --swift-size) report "the Swift above the core is within its budget" swift_size size ;;
        --accept-swift-size)
            swift_size accept
            return
            ;;
        --prove) report "each check catches its fault" check_proofs ;;
        --accept)
            python3 -B "$apple/link.py" accept "$xcframework" "$sources" "$(tools_folder)"
            return
            ;;
        *) die "unknown argument: $mode" "scripts/check-apple.sh --help" ;;
    esac
    case $mode in
        all | --built | --platforms)
            report "slices, objects, headers and Info.plist are as they should be" check_slices
            # Not on a Mac, where Xcode's own linker checks it against the SDK.
            if ! on_mac; then report "each slice links strictly, within the budget, and needs only what is listed" check_link; fi
            report "no folder of this machine is in the package" check_strings
            report "the privacy manifest declares what is used" check_privacy
            report "the zip is made from the XCFramework alone" check_zip "$scratch"
            report "SwiftPM reads the package's manifest" check_manifest
            ;;
    esac
    case $mode in
        all | --built)
            # The rest of the Swift code is the same in both forms.
            if [ -z "$dynamic" ]; then
                report "generated, handwritten and sample Swift compile for iOS" check_swift "$module_map" "$package/Sources"
                report "Objective-C compiles over what it sees of the library" check_objective_c "$module_map" "$package/Sources"
                # Not on a Mac, whose compiler is different.
                if ! on_mac; then report "the Swift above the core is within its budget" swift_size size; fi
            fi
            report "the generated Swift finds each of its symbols in the slice" check_swift_link
            report "the manifests link the frameworks that are needed" check_frameworks
            report "SwiftPM reads the Apple half of bindings/Pilotlight's manifest" check_own_manifest "$scratch"
            ;;
    esac
    printf '%s passed, %s failed\n' "$passed" "$failed"
    [ "$failed" = 0 ]
}

main "$@"
finish
