# shellcheck shell=bash disable=SC2154 # the names of lib.sh
# Checks what must be on the machine before a script can begin. Everything missing is reported once, with the command that installs
# it. Source this file after lib.sh. The scripts install everything else themselves.
#
#   prerequisites WHAT…    any of: rust rust-tools python swift apple curl node pip venv
#
# Minimum versions: Node.js as oidc-provider needs it, Python as the scripts and Django need it.

oldest_node=20.19
oldest_python=3.9       # Xcode's
oldest_python_django=3.11
# Homebrew also has Rust itself, and therefore leaves its rustup out of PATH (its formula: "keg_only").
# shellcheck disable=SC2016 # the person's shell expands it
rustup_on_a_mac='brew install rustup && export PATH="$(brew --prefix rustup)/bin:$PATH" && rustup default stable, and that PATH in your shell'"'"'s profile too'

prerequisites() {
    local missing=() what said
    for what in "$@"; do
        said=$("missing_${what//-/_}")
        if [ -n "$said" ]; then missing+=("$said"); fi
    done
    if [ ${#missing[@]} = 0 ]; then return; fi
    bad "error: this machine lacks what has to be there before anything runs:"
    printf '%s\n' "${missing[@]}" | awk '!seen[$0]++ { print "  " $0 }' >&2
    exit 1
}

# lacks WHAT ON-A-MAC ELSEWHERE: prints the line that reports a missing tool.
lacks() {
    if on_mac; then printf '%s: %s\n' "$1" "$2"; else printf '%s: %s\n' "$1" "$3"; fi
}

missing_rust() {
    have cargo || lacks "Rust (cargo)" "$rustup_on_a_mac" "install rustup, then rustup default stable"
    if ! on_mac && ! have cc; then lacks "a C compiler" "xcode-select --install" "apt-get install gcc libc6-dev"; fi
}

missing_rust_tools() {
    local tool
    for tool in rustfmt clippy-driver; do
        have "$tool" || lacks "$tool" "rustup component add rustfmt clippy" "rustup component add rustfmt clippy"
    done
    have git || lacks git "xcode-select --install" "apt-get install git"
}

missing_python() { old_python "$oldest_python" "xcode-select --install" "apt-get install python3"; }

missing_venv() {
    old_python "$oldest_python_django" "brew install python" "apt-get install python3 python3-venv"
    if have python3 && ! python3 -c 'import ensurepip, venv' >/dev/null 2>&1; then
        lacks "Python's module venv" "brew install python" "apt-get install python3-venv"
    fi
}

missing_pip() {
    if have python3 && ! python3 -m pip --version >/dev/null 2>&1; then
        lacks "Python's module pip" "python3 -m ensurepip --user" "apt-get install python3-pip"
    fi
}

# old_python VERSION ON-A-MAC ELSEWHERE
old_python() {
    local found
    if ! have python3; then
        lacks "Python $1 or newer" "$2" "$3"
    elif ! python3 -c 'import sys; sys.exit(sys.version_info < tuple(map(int, sys.argv[1].split("."))))' "$1" >/dev/null 2>&1; then
        found=$(python3 -c 'import platform; print(platform.python_version())' 2>/dev/null || echo "none that runs")
        lacks "Python $1 or newer (python3 is $found)" "$2" "$3"
    fi
}

missing_node() {
    local found major minor
    if ! have node; then
        lacks "Node.js $oldest_node or newer" "brew install node" "apt-get install nodejs npm, where that is new enough; else from nodejs.org"
        return
    fi
    found=$(node --version)
    IFS=. read -r major minor _ <<<"${found#v}"
    if [ "$major" -lt "${oldest_node%%.*}" ] || { [ "$major" = "${oldest_node%%.*}" ] && [ "$minor" -lt "${oldest_node##*.}" ]; }; then
        lacks "Node.js $oldest_node or newer (node is $found)" "brew upgrade node || brew install node" "install it from nodejs.org"
    fi
    have npm || lacks npm "brew install node" "apt-get install npm"
}

missing_curl() { have curl || lacks curl "xcode-select --install" "apt-get install curl"; }

missing_swift() {
    if have swift; then return; fi
    if on_mac; then
        lacks Swift "install Xcode from the App Store" ""
    elif ! is_root || ! have apt-get; then
        lacks "Swift, or Debian and root, as whom scripts/swift.sh installs it" "" "install Swift from swift.org, or use sudo on Debian"
    elif ! have unshare; then
        lacks unshare "" "apt-get install util-linux"
    fi
}

missing_apple() {
    if on_mac; then
        xcrun --sdk iphonesimulator --show-sdk-path >/dev/null 2>&1 ||
            lacks "Xcode with the iOS SDK" "install Xcode from the App Store, then sudo xcode-select -s /Applications/Xcode.app && sudo xcodebuild -license accept" ""
        # A Rust without rustup cannot get targets for iOS.
        if have cargo && ! have rustup; then lacks "rustup" "$rustup_on_a_mac" ""; fi
    else
        case $(uname -sm) in
            'Linux x86_64') have dpkg || lacks "Debian's dpkg" "" "run this on Debian 12 or on a Mac" ;;
            *) lacks "a Mac, or Debian on x86_64" "" "the tools for iOS are for these" ;;
        esac
    fi
}
