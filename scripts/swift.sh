#!/usr/bin/env bash
# Runs Swift for this project, with the same paths, files and loopback network as outside.
#
#   scripts/swift.sh setup                 makes sure that there is a Swift; says which one
#   scripts/swift.sh build|test|run|… ARGS `swift build ARGS` and so on; also `package`, `format`, `--version`
#   scripts/swift.sh exec PROGRAM ARGS…    any program in that environment: one that was built here, docc, plutil …
#   scripts/swift.sh --suite SUITE …       as above, always with the Swift of that Debian suite
#
# If `swift` is on PATH (Xcode on a Mac, swift.org's on Linux), it is used. On a Debian machine without it, Debian's Swift is
# used, in a root folder in the cache that is entered by chroot; nothing is installed on the machine.
#
# build, test and run get `--scratch-path` in cargo's target folder and treat warnings as errors. For a program inside, the
# variables in `forwarded` below are set as outside, and the checkout, the cache, the target folder, the home folder, the
# temporary folder and the current folder have the same paths.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

suite=$swift_suite suite_wanted=''
forwarded='^(PILOTLIGHT_[A-Z0-9_]*|[AT]SAN_OPTIONS|LLVM_PROFILE_FILE|RUST_BACKTRACE|RUST_LOG|LANG|TERM|TMPDIR|TZ|NO_COLOR|CI)='

# --- The Debian root ---------------------------------------------------------------------------------------------------
make_swift_root() {
    local root=$1 update='apt-get update' headers=libstdc++-14-dev
    step "Swift: making Debian $suite with swiftlang (about 3 minutes and 3 GB, once)"
    # sid renews its list of packages daily and lets it expire within days, but a slow mirror can be older. The list is
    # signed nevertheless.
    if [ "$suite" = sid ]; then update='apt-get -o Acquire::Check-Valid-Until=false update' headers=libstdc++-15-dev; fi
    require_tool unshare "apt-get install util-linux"
    have wget || apt_install wget # debootstrap downloads with it
    local bootstrap=$cache/debootstrap
    made_once "$bootstrap" 2 unpack_debootstrap
    have gpgv || apt_install gpgv # it checks the signatures
    local log=$cache/swift-$suite.log
    say "    its log: $log"
    {
        DEBOOTSTRAP_DIR=$bootstrap/usr/share/debootstrap "$bootstrap/usr/sbin/debootstrap" \
            --force-check-gpg --keyring="$bootstrap/usr/share/keyrings/debian-archive-keyring.gpg" \
            --variant=minbase --include=ca-certificates "$suite" "$root" &&
            printf '127.0.0.1 localhost\n::1 localhost\n' >"$root/etc/hosts" &&
            enter "$root" / sh -c "$update && apt-get install -y --no-install-recommends \
                swiftlang libc6-dev $headers && apt-get clean" &&
            enter "$root" / swift --version
    } </dev/null >"$log" 2>&1 || {
        tail -n 20 "$log" >&2
        die "the Swift root could not be made; the end of $log is above"
    }
}

unpack_debootstrap() {
    local deb
    apt_download "$1/debs" debootstrap debian-archive-keyring
    for deb in "$1"/debs/*.deb; do dpkg -x "$deb" "$1"; done
    [ -s "$1/usr/share/keyrings/debian-archive-keyring.gpg" ]
}

# inside ROOT FOLDER COMMAND…: puts the command line that runs COMMAND in the root into `entering`. It leaves no mount
# behind, because the mounts belong to a separate namespace. It consists of one `exec` after the other, so that signals,
# stdin and the exit code are those of the command.
inside() {
    local root=$1 folder=$2
    shift 2
    local environment=(HOME="$HOME" PATH=/usr/libexec/swift/bin:/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive)
    local line
    while IFS= read -r line; do environment+=("$line"); done < <(env | grep -E "$forwarded" || true)
    if [ -d "$PILOTLIGHT_CORE_LIBRARY_DIR" ]; then environment+=(LD_LIBRARY_PATH="$PILOTLIGHT_CORE_LIBRARY_DIR"); fi
    # Shortest first, so that a folder inside another is bound after it.
    local shared=() place
    while IFS= read -r place; do shared+=("$place"); done < <(
        for place in "$HOME" "${TMPDIR:-/tmp}" /tmp "$cache" "$target_dir" "$checkout" "$folder"; do
            # With a parenthesis before the pattern: macOS's bash 3.2 ends `<(` at an unmatched `)`.
            case $place in (/ | /usr | /usr/* | /bin* | /lib* | /etc* | /dev* | /proc* | /sys*) continue ;; esac
            if [ -d "$place" ]; then printf '%s\n' "$place"; fi
        done | sort -u | awk '{ print length($0) "\t" $0 }' | sort -n | cut -f2-
    )
    # shellcheck disable=SC2016 # the inner shell expands these
    entering=(unshare --mount --propagation private -- /bin/bash -c '
        set -euo pipefail
        root=$1 folder=$2 count=$3; shift 3
        mount -t proc proc "$root/proc"
        mount --rbind /dev "$root/dev"
        # Devices work as before, but a program that replaces its output file cannot replace /dev/null for the whole machine.
        mount -o remount,bind,ro "$root/dev"
        for ((; count > 0; count--)); do mkdir -p "$root$1"; mount --bind "$1" "$root$1"; shift; done
        [ -d "$root$folder" ] || folder=/
        exec chroot "$root" /usr/bin/env -i -C "$folder" "$@"' \
        inside "$root" "$folder" "${#shared[@]}" "${shared[@]}" "${environment[@]}" "$@")
}

enter() {
    inside "$@"
    "${entering[@]}"
}

native_swift() { [ -z "$suite_wanted" ] && have swift; }

run_inside() {
    if native_swift; then
        case $(uname -s) in
            Darwin) export DYLD_LIBRARY_PATH=$PILOTLIGHT_CORE_LIBRARY_DIR ;;
            *) export LD_LIBRARY_PATH=$PILOTLIGHT_CORE_LIBRARY_DIR${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} ;;
        esac
        exec "$@"
    fi
    inside "$cache/$suite" "$PWD" "$@"
    exec "${entering[@]}"
}

# --- The commands ------------------------------------------------------------------------------------------------------
setup() {
    if native_swift; then
        say "Swift: $(swift --version 2>/dev/null | sed -n 1p)"
        return
    fi
    on_mac && die "swift is needed and is not on PATH, and Debian's does not run here" "install Xcode"
    is_root || die "entering Debian's Swift by chroot needs root" "use sudo, or install Swift and do without --suite"
    mkdir -p "$target_dir"
    made_once "$cache/$suite" "$suite $swift_root_version" make_swift_root
}

# The folder of the package that the arguments name.
package_folder() {
    local path=$PWD
    while [ $# -gt 0 ]; do
        case $1 in
            --package-path) path=$2 && shift ;;
            --package-path=*) path=${1#*=} ;;
        esac
        shift
    done
    (cd "$path" 2>/dev/null && pwd -P) || die "no such package folder: $path"
}

# The linker's own message for this would mislead the reader.
require_core() {
    on_mac || [ -f "$PILOTLIGHT_CORE_LIBRARY_DIR/lib$core_library.so" ] ||
        die "the Rust core is not built: no lib$core_library.so in $PILOTLIGHT_CORE_LIBRARY_DIR" "cargo build --workspace"
}

swift_build_flags() {
    printf '%s\n' --scratch-path "$(swift_scratch "$1")$2" -Xswiftc -warnings-as-errors
    # Debian's libswiftObservation.so lacks a symbol that nothing here uses.
    native_swift || printf '%s\n' -Xlinker --allow-shlib-undefined
}

# write_products FOLDER FLAG…: for swift_products of lib.sh.
write_products() {
    local scratch said
    scratch=$(swift_scratch "$1")
    shift
    said=$(run_inside swift build --show-bin-path "$@") || die "SwiftPM does not say where it builds" "swift build --show-bin-path $*"
    mkdir -p "$scratch"
    printf '%s\n' "${said##*$'\n'}" >"$scratch/products"
}

main() {
    if [ "${1:-}" = --suite ]; then
        suite=${2:-} suite_wanted=yes
        case $suite in trixie | sid) ;; *) die "no such suite: $suite" "scripts/swift.sh --suite trixie|sid …" ;; esac
        shift 2
    fi
    local verb=${1:-}
    [ -n "$verb" ] || die "which Swift command?" "scripts/swift.sh setup|build|test|run|package|format|exec …"
    shift
    setup
    case $verb in
        setup) ;;
        exec) run_inside "$@" ;;
        build | test | run)
            local flags=() folder line kind=''
            # A build with a sanitizer does not replace the normal one.
            case " $* " in *' --sanitize'*) kind=-sanitized ;; esac
            folder=$(package_folder "$@")
            require_core
            while IFS= read -r line; do flags+=("$line"); done < <(swift_build_flags "$folder" "$kind")
            # Code that uses Combine is built and tested on Linux too (bindings/Pilotlight/Package.swift).
            export PILOTLIGHT_COMBINE_STAND_IN=1
            if [ "$verb$kind" = build ]; then write_products "$folder" "${flags[@]}" "$@"; fi
            run_inside swift "$verb" "${flags[@]}" "$@"
            ;;
        *) run_inside swift "$verb" "$@" ;;
    esac
}

main "$@"
finish
