#!/usr/bin/env bash
# Compiles Swift for the iOS simulator, on a Mac or on Debian, in Swift 6 mode with warnings as errors.
#
#   scripts/apple-swift.sh setup                             makes sure that the compiler is there; says which one
#   scripts/apple-swift.sh swiftc MINIMUM-IOS ARGS…          the compiler
#   scripts/apple-swift.sh link MINIMUM-IOS OUTPUT FILE…     a dynamic library of these objects and archives
#   scripts/apple-swift.sh symbols MINIMUM-IOS ARGS…         the symbol graph of a compiled module, for DocC
#   scripts/apple-swift.sh objc-swift MINIMUM-IOS ARGS…      the compiler's frontend, for Swift that is visible to Objective-C
#   scripts/apple-swift.sh objc MINIMUM-IOS ARGS…            checks Objective-C
#
# On a Mac: Xcode's compiler and linker, and Apple's SDK. This half has not run yet.
#
# On Debian, without an Apple SDK: the compiler of a newer Debian (scripts/swift.sh). The standard library, Observation and
# FoundationEssentials are open source and contain the availability of Apple's platforms; they are re-targeted to iOS. The
# other frameworks are the stubs in testing/apple-stubs. The output cannot run. The linker leaves symbols undefined that are in
# no file, because Swift's own library is not there. Swift that is visible to Objective-C is compiled separately, with an
# Objective-C half of Foundation.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

architecture=x86_64
if on_mac; then architecture=$(uname -m); fi
# In the Swift root, so that it is deleted together with the Swift from which it was made.
library=$cache/$ios_swift_suite/ios-library
library_key="$ios_swift_library_version ios-$(minimum_ios)"
installed=/usr/libexec/swift/lib/swift # inside the root
stubs=$target_dir/apple-swift/stubs
stub_sources=$checkout/testing/apple-stubs
stub_modules=(CoreFoundation Foundation Combine CoreImage os Security CryptoKit LocalAuthentication XCTest UIKit AuthenticationServices SwiftUI WidgetKit) # a module may import those before it

# The same with the Objective-C runtime, of which Linux's standard library has nothing.
objc_library=$cache/$ios_swift_suite/ios-objc-library
objc_library_key="$library_key objc-1"
objc_stubs=$target_dir/apple-swift/objc-stubs
objc_stub_modules=(ObjectiveC CoreFoundation Foundation Combine CoreImage os Security CryptoKit LocalAuthentication UIKit AuthenticationServices SwiftUI)
objc_c_modules=(ObjectiveC Foundation)

triple() { printf '%s-apple-ios%s-simulator\n' "$architecture" "$1"; }

debian() { "$checkout/scripts/swift.sh" --suite "$ios_swift_suite" exec "$@"; }

# --- The standard library and the stubs --------------------------------------------------------------------------------
make_library() {
    local into=$1 name
    step "Swift for iOS: re-targeting the standard library (seconds, once)"
    require_tool python3 "apt-get install python3"
    debian swift --version 2>/dev/null | sed -n 's/^Swift version \([0-9.]*\).*/\1/p' >"$into/version"
    for name in shims clang host pm apinotes; do ln -s "$installed/$name" "$into/$name"; done
    mkdir "$into/iphonesimulator"
    retarget_all "$into" || fail_with_version "$into" "the standard library cannot be re-targeted to iOS"
}

retarget_all() {
    retarget library "$cache/$ios_swift_suite$installed/linux" "$1" &&
        debian swift-synthesize-interface -module-name FoundationEssentials -target x86_64-pc-linux-gnu \
            -resource-dir "$installed" -I "$installed/linux" -o "$1/printed" &&
        retarget essentials "$1/printed" "$1"
}

retarget() { python3 -B "$checkout/scripts/apple/swift_interfaces.py" "$1" "$2" "$3/iphonesimulator" "$(triple "$(minimum_ios)")"; }

# Compiled like frameworks, so that a `switch` over their enumerations also needs a case for later versions.
make_stubs() {
    local into=$1 module
    step "Swift for iOS: compiling the stubs (with the standard library, the first time: under a minute)"
    for module in "${stub_modules[@]}"; do
        debian_swiftc "$(minimum_ios)" "$into" -emit-module -parse-as-library -enable-library-evolution -module-name "$module" \
            -emit-module-path "$into/$module.swiftmodule" "$stub_sources/$module"/*.swift ||
            fail_with_version "$library" "the stub of $module does not compile"
    done
}

stubs_key() {
    printf '%s ' "$library_key" "${stub_modules[*]}"
    declare -f make_stubs | sha256sum # not on a Mac
    (cd "$stub_sources" && sha256sum ./*/*.swift ./*/*.h ./*/module.modulemap | sha256sum) # not on a Mac
}

# The compiler takes the declaration of the pointer to NSError from the standard library.
make_objc_library() {
    local into=$1 name
    for name in shims clang host pm apinotes; do ln -s "$installed/$name" "$into/$name"; done
    cp -R "$library/version" "$library/iphonesimulator" "$into/"
    printf '%s\n' '@frozen public struct AutoreleasingUnsafeMutablePointer<Pointee> {' \
        '  public let _rawValue: Builtin.RawPointer' '}' >>"$into/iphonesimulator/Swift.swiftmodule/x86_64-apple-ios-simulator.swiftinterface"
    [ -s "$into/version" ]
}

make_objc_stubs() {
    local into=$1 module
    step "Swift for iOS: compiling the stubs for Objective-C (with the standard library, the first time: a minute)"
    for module in "${objc_stub_modules[@]}"; do
        debian_objc_swift "$(minimum_ios)" "$into" -emit-module -parse-as-library -experimental-skip-all-function-bodies \
            -module-name "$module" -emit-module-path "$into/$module.swiftmodule" "$stub_sources/$module"/*.swift ||
            fail_with_version "$library" "the stub of $module does not compile for Objective-C"
    done
}

setup_objc() {
    if on_mac; then return; fi
    made_once "$objc_library" "$objc_library_key" make_objc_library
    made_once "$objc_stubs" "$(stubs_key) $objc_library_key ${objc_stub_modules[*]}" make_objc_stubs
}

# One day sid will have another version of Swift; this error then explains the failure.
fail_with_version() {
    local version
    version=$(cat "$1/version")
    if [ "$version" = "$ios_swift_version" ]; then die "$2"; fi
    die "$2: Debian $ios_swift_suite has Swift $version, and this was made for $ios_swift_version" \
        "adapt scripts/apple/swift_interfaces.py and raise ios_swift_version in scripts/lib.sh"
}

setup() {
    if on_mac; then
        xcrun --sdk iphonesimulator --show-sdk-path >/dev/null 2>&1 ||
            die "Xcode with the iOS SDK is needed" "install Xcode, then xcode-select -s /Applications/Xcode.app"
        return
    fi
    "$checkout/scripts/swift.sh" --suite "$ios_swift_suite" setup
    made_once "$library" "$library_key" make_library
    made_once "$stubs" "$(stubs_key)" make_stubs
}

say_which() {
    local version
    if on_mac; then
        version=$(xcrun --sdk iphonesimulator swiftc --version 2>/dev/null | sed -n 1p)
    else
        version="$(cat "$library/version") of Debian $ios_swift_suite"
        case $version in "$ios_swift_version "*) ;; *) version+=" (tried with $ios_swift_version only)" ;; esac
    fi
    say "Swift for iOS: $version"
}

# --- Using them --------------------------------------------------------------------------------------------------------
# The compiler's clang uses no headers of this machine.
debian_swiftc() {
    local minimum=$1 stubs=$2
    shift 2
    debian swiftc -target "$(triple "$minimum")" -resource-dir "$library" -module-cache-path "$library/modules" -I "$stubs" \
        -plugin-path "$installed/host/plugins" -Xfrontend -disable-objc-interop -Xcc -ffreestanding \
        -swift-version 6 -warnings-as-errors "$@"
}

run_swiftc() {
    local minimum=$1 developer
    shift
    if on_mac; then
        # XCTest is beside the SDK.
        developer=$(xcrun --sdk iphonesimulator --show-sdk-platform-path)/Developer
        xcrun --sdk iphonesimulator swiftc -target "$(triple "$minimum")" -swift-version 6 -warnings-as-errors \
            -F "$developer/Library/Frameworks" -I "$developer/usr/lib" "$@"
    else
        debian_swiftc "$minimum" "$stubs" "$@"
    fi
}

# The frontend, because the driver would go on to generate code, for which there is no Objective-C half.
debian_objc_swift() {
    local minimum=$1 stubs=$2 module maps=()
    shift 2
    for module in "${objc_c_modules[@]}"; do maps+=(-Xcc "-fmodule-map-file=$stub_sources/$module/module.modulemap"); done
    debian swiftc -frontend -target "$(triple "$minimum")" -resource-dir "$objc_library" -module-cache-path "$objc_library/modules" \
        -I "$stubs" -plugin-path "$installed/host/plugins" -enable-objc-interop -Xcc -ffreestanding "${maps[@]}" \
        -swift-version 6 -warnings-as-errors "$@"
}

run_objc_swift() {
    local minimum=$1
    shift
    setup_objc
    if on_mac; then
        xcrun --sdk iphonesimulator swiftc -frontend -target "$(triple "$minimum")" \
            -sdk "$(xcrun --sdk iphonesimulator --show-sdk-path)" -swift-version 6 -warnings-as-errors "$@"
    else
        debian_objc_swift "$minimum" "$objc_stubs" "$@"
    fi
}

run_objc() {
    local minimum=$1 clang=()
    shift
    if on_mac; then
        clang=(xcrun --sdk iphonesimulator clang -isysroot "$(xcrun --sdk iphonesimulator --show-sdk-path)")
    else
        clang=("$checkout/scripts/apple-toolchain.sh" tool clang -isysroot "$("$checkout/scripts/apple-toolchain.sh" sdk x86_64-apple-ios)" -I "$stub_sources")
    fi
    "${clang[@]}" -target "$(triple "$minimum")" -fsyntax-only -fobjc-arc -fmodules -Wall -Wextra -Wno-unused-parameter -Werror "$@"
}

run_symbols() {
    local minimum=$1
    shift
    if on_mac; then
        xcrun swift-symbolgraph-extract -target "$(triple "$minimum")" -sdk "$(xcrun --sdk iphonesimulator --show-sdk-path)" "$@"
    else
        debian swift symbolgraph-extract -target "$(triple "$minimum")" -resource-dir "$library" -I "$stubs" -Xcc -ffreestanding "$@"
    fi
}

run_link() {
    local minimum=$1 output=$2
    shift 2
    if on_mac; then
        xcrun --sdk iphonesimulator swiftc -target "$(triple "$minimum")" -emit-library -o "$output" "$@" \
            -framework Security -framework CoreFoundation -framework CFNetwork
    else
        "$checkout/scripts/apple-toolchain.sh" tool ld64.lld -dylib -arch "$architecture" -undefined dynamic_lookup \
            -platform_version ios-simulator "$minimum" 18.0 -o "$output" "$@"
    fi
}

main() {
    local verb=${1:-}
    [ -n "$verb" ] || die "which command?" "scripts/apple-swift.sh setup|swiftc|link|symbols|objc-swift|objc"
    shift
    setup
    case $verb in
        setup) say_which ;;
        swiftc) run_swiftc "$@" ;;
        link) run_link "$@" ;;
        symbols) run_symbols "$@" ;;
        objc-swift) run_objc_swift "$@" ;;
        objc) run_objc "$@" ;;
        *) die "unknown command: $verb" "scripts/apple-swift.sh setup|swiftc|link|symbols|objc-swift|objc" ;;
    esac
}

main "$@"
finish
