#!/usr/bin/env bash
# Rust, C and object-file tools for the targets in apple/platforms.py, on a Mac or on Debian.
#
#   scripts/apple-toolchain.sh setup [TARGET…]         makes sure that they are there, with what these targets need
#   scripts/apple-toolchain.sh cargo TARGET VERB ARGS… `cargo VERB --target TARGET ARGS` with the right compilers;
#                                                      its output folder is apple/ in cargo's target folder
#   scripts/apple-toolchain.sh tool NAME ARGS…         lipo, nm, otool, strip, size, ar, dsymutil, rustc, ld64.lld (LLVM's off a Mac)
#   scripts/apple-toolchain.sh sdk TARGET              the folder that serves as the target's SDK
#   scripts/apple-toolchain.sh size-flags TARGET       rustc's flags for a smaller library, one a line
#                                                      (with PILOTLIGHT_COMPACT_UNWIND=no without the flag of docs/adr/0015)
#   scripts/apple-toolchain.sh roots                   the folders of this machine that hold the tools, one a line
#
# On a Mac: rustup's targets and Xcode's tools; for a target without a precompiled standard library (visionOS, tvOS), rustup's
# sources of the standard library. On Debian: clang, lld and the LLVM tools of bookworm-security, unpacked into the cache, with the
# open-source Darwin headers from the PyPI package `ziglang` instead of an SDK (no Apple SDK is involved). Rust is rustup's if it has
# the target, otherwise Debian's rustc-web, which builds the standard library from its own sources. Nothing is installed on the
# machine.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

tools=$cache/apple
platforms=$checkout/scripts/apple/platforms.py
tools_key="$apple_tools_version rust-$apple_rust_version llvm-$apple_llvm_version ziglang-$apple_ziglang_version"

# --- Making the tools --------------------------------------------------------------------------------------------------
make_tools() {
    local into=$1 deb
    step "Apple tools: unpacking Debian's Rust, LLVM and the Darwin headers (under a minute and 1.3 GB, once)"
    require_tool dpkg "run this on Debian 12 or on a Mac"
    apt_download "$into/debs" \
        rustc-web cargo-web rust-web-src "libstd-rust-web-$apple_rust_version" libstd-rust-web-dev \
        "clang-$apple_llvm_version" "lld-$apple_llvm_version" "llvm-$apple_llvm_version" "libllvm$apple_llvm_version" \
        "libclang-cpp$apple_llvm_version" "libclang-common-$apple_llvm_version-dev" \
        libgit2-1.5 libhttp-parser2.9 libmbedcrypto7 libmbedtls14 libmbedx509-1
    for deb in "$into"/debs/*.deb; do dpkg -x "$deb" "$into/root"; done
    unpack_darwin_headers "$into"
    make_wrappers "$into/bin"
    rm -r "$into/debs"
    "$into/bin/rustc" --version >&2
    "$into/bin/clang" --version 2>&1 | sed -n 1p >&2
}

unpack_darwin_headers() {
    local into=$1
    require_tool python3 "apt-get install python3-pip"
    python3 -m pip download --quiet --no-deps --require-hashes --dest "$into/debs" -r "$checkout/scripts/requirements/ziglang.txt" ||
        die "the package ziglang $apple_ziglang_version could not be had, or is another than it was" \
            "python3 -m pip download --require-hashes -r scripts/requirements/ziglang.txt"
    python3 - "$into" <<'PYTHON'
import glob, sys, zipfile
into = sys.argv[1]
wheel = zipfile.ZipFile(glob.glob(into + "/debs/ziglang-*.whl")[0])
wanted = ("ziglang/lib/libc/include/any-darwin-any/", "ziglang/lib/libc/darwin/")
wheel.extractall(into, [name for name in wheel.namelist() if name.startswith(wanted)])
PYTHON
}

# Each program under its plain name. Only these programs use the unpacked libraries.
make_wrappers() {
    local bin=$1 program name
    mkdir -p "$bin"
    for program in rustc rustdoc cargo clang clang++ llvm-{ar,nm,lipo,otool,strip,size,objcopy,dwarfdump} ld64.lld; do
        name=$program
        case $program in rustc | rustdoc | cargo) ;; *) name=$program-$apple_llvm_version ;; esac
        cat >"$bin/$program" <<WRAPPER
#!/bin/sh
usr=\$(dirname "\$0")/../root/usr
LD_LIBRARY_PATH=\$usr/lib/x86_64-linux-gnu exec "\$usr/bin/$name" "\$@"
WRAPPER
        chmod +x "$bin/$program"
    done
}

# --- Using them --------------------------------------------------------------------------------------------------------
rustup_has() { have rustc && [ -d "$(rustc --print sysroot)/lib/rustlib/$1/lib" ]; }

# On a Mac. For some targets Rust has no precompiled standard library; cargo builds it from these sources.
need_target() {
    local target=$1 sources
    rustup_has "$target" && return
    rustup target add "$target" >&2 && return
    sources=$(rustc --print sysroot)/lib/rustlib/src/rust/library
    [ -d "$sources" ] || rustup component add rust-src >&2 ||
        die "rustc has no $target, nor the sources of its standard library" "rustup target add $target, or rustup component add rust-src"
}

setup() {
    local target
    if on_mac; then
        xcrun --sdk iphoneos --show-sdk-path >/dev/null 2>&1 || die "Xcode with the iOS SDK is needed" "install Xcode, then xcode-select -s /Applications/Xcode.app"
        require_tool cargo "install Rust with rustup"
        for target in "$@"; do need_target "$target"; done
        return
    fi
    case $(uname -sm) in 'Linux x86_64') ;; *) die "the Apple tools are for a Mac or for Debian on x86_64" ;; esac
    made_once "$tools" "$tools_key" make_tools
}

# The C compiler of build scripts accepts any folder as SDKROOT, but clang warns if its name does not match the target.
sdk_of() {
    local sdk folder
    sdk=$(python3 -B "$platforms" of "$1" | cut -d ' ' -f 3) || die "no such target: $1"
    if on_mac; then
        xcrun --sdk "$sdk" --show-sdk-path || die "Xcode has no SDK $sdk" "install the platform: Xcode > Settings > Components"
        return
    fi
    case $sdk in
        iphoneos) folder=$tools/iPhoneOS.sdk ;;
        iphonesimulator) folder=$tools/iPhoneSimulator.sdk ;;
        macosx) folder=$tools/MacOSX.sdk ;;
        appletvos) folder=$tools/AppleTVOS.sdk ;;
        appletvsimulator) folder=$tools/AppleTVSimulator.sdk ;;
        xros) folder=$tools/XROS.sdk ;;
        xrsimulator) folder=$tools/XRSimulator.sdk ;;
    esac
    mkdir -p "$folder/usr"
    # Two builds may run this at once.
    [ -e "$folder/usr/include" ] || ln -s ../../ziglang/lib/libc/include/any-darwin-any "$folder/usr/include" 2>/dev/null || [ -e "$folder/usr/include" ]
    printf '%s\n' "$folder"
}

run_cargo() {
    local target=$1 verb=$2 word standard_library=()
    shift 2
    export CARGO_TARGET_DIR=$target_dir/apple
    if on_mac; then
        if ! rustup_has "$target"; then
            standard_library=("-Zbuild-std=std,panic_abort,panic_unwind")
            export RUSTC_BOOTSTRAP=1
        fi
    else
        word=${target//-/_}
        export "CC_$word=$tools/bin/clang" "CXX_$word=$tools/bin/clang++" "AR_$word=$tools/bin/llvm-ar"
        SDKROOT=$(sdk_of "$target")
        export SDKROOT
        if ! rustup_has "$target"; then
            # A stable compiler needs this variable to be allowed to build its own standard library.
            standard_library=("-Zbuild-std=std,panic_abort,panic_unwind")
            export RUSTC_BOOTSTRAP=1 RUSTC="$tools/bin/rustc" RUSTDOC="$tools/bin/rustdoc" PATH="$tools/bin:$PATH"
            unset RUSTUP_TOOLCHAIN RUSTFLAGS CARGO_ENCODED_RUSTFLAGS RUSTC_WRAPPER
        fi
    fi
    exec cargo "$verb" --target "$target" ${standard_library[@]+"${standard_library[@]}"} "$@"
}

# The -Z flags are unstable, so they are used only with a compiler that is allowed to use them because it builds the standard
# library. They leave out file and line in the messages of panics, fields in Debug output, which a release never shows, and unwinding
# out of destructors (docs/adr/0018). Two further options of LLVM let functions share more code, including prologues:
# scripts/check-apple.sh checks which registers each function saves and restores.
size_flags() {
    if [ "${PILOTLIGHT_COMPACT_UNWIND:-yes}" = yes ]; then printf '%s\n' -Cllvm-args=-emit-compact-unwind-non-canonical; fi
    if ! on_mac && ! rustup_has "$1"; then
        printf '%s\n' -Zlocation-detail=none -Zfmt-debug=shallow -Zpanic-in-drop=abort -Cllvm-args=-machine-outliner-reruns=3
        case $1 in aarch64-*) printf '%s\n' -Cllvm-args=-homogeneous-prolog-epilog ;; esac
    fi
}

run_tool() {
    local name=$1
    shift
    # The compiler that run_cargo uses.
    if [ "$name" = rustc ] && { on_mac || rustup_has "$ios_device_target"; }; then exec rustc "$@"; fi
    if on_mac; then exec xcrun "$name" "$@"; fi
    if [ "$name" = rustc ]; then exec "$tools/bin/rustc" "$@"; fi
    case $name in ld64.lld | clang | dsymutil) ;; *) name=llvm-$name ;; esac
    name=$tools/root/usr/bin/$name-$apple_llvm_version
    [ -x "$name" ] || die "no such tool: $name"
    LD_LIBRARY_PATH=$tools/root/usr/lib/x86_64-linux-gnu exec "$name" "$@"
}

main() {
    local verb=${1:-}
    [ -n "$verb" ] || die "which command?" "scripts/apple-toolchain.sh setup|cargo|tool|sdk|roots"
    shift
    case $verb in
        setup) setup "$@" ;;
        cargo) setup "${1:-}" ;;
        *) setup ;;
    esac
    case $verb in
        setup) ;;
        cargo) run_cargo "$@" ;;
        tool) run_tool "$@" ;;
        sdk) sdk_of "$@" ;;
        size-flags) size_flags "$@" ;;
        roots) if on_mac; then xcode-select -p; else printf '%s\n' "$tools"; fi ;;
        *) die "unknown command: $verb" "scripts/apple-toolchain.sh setup|cargo|tool|sdk|size-flags|roots" ;;
    esac
}

main "$@"
finish
