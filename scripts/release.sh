#!/usr/bin/env bash
# Prepares a release of the Swift package: checks the checkout, builds, and writes the files to be published. It publishes
# nothing, tags nothing and changes nothing outside build/.
#
#   scripts/release.sh VERSION --url-base URL    builds (scripts/build-xcframework.sh) and checks (scripts/check-apple.sh)
#   scripts/release.sh VERSION … --dry-run       everything except the build: uses what is in build/; never publish the result
#
#   VERSION           1.2.3 or 1.2.3-rc.1: the same in Cargo.toml and as "## VERSION - YYYY-MM-DD" in CHANGELOG.md
#   --url-base URL    the zip will be at URL/VERSION/PilotlightFFI.xcframework.zip; also PILOTLIGHT_RELEASE_URL_BASE. The
#                     form for GitHub is https://github.com/OWNER/REPOSITORY/releases/download with your own names.
#
#   build/release/Package.swift                     for the root of the repository: it names the zip by URL and checksum
#   build/release/PilotlightFFI.xcframework.zip     for the URL (and .sha256)
#   build/release/PilotlightFFI.cdx.json            its bill of materials, to publish beside the zip: the crates in it, with versions,
#                                                   checksums and licences (CycloneDX 1.5, by cargo-cyclonedx)
#   build/release/notes.md                          the changelog's entry, commit, checksum and how to build the same zip
#   build/release/symbols/                          to symbolicate crash reports of this release: keep them
#
# If a check fails, there is no build/release.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$checkout"

version='' dry_run='' commit=''
url_base=${PILOTLIGHT_RELEASE_URL_BASE:-https://github.com/OWNER/REPOSITORY/releases/download}
built=$checkout/build
release=$built/release
zip=$ffi_module.xcframework.zip
bill=$ffi_module.cdx.json

parse_arguments() {
    while [ $# -gt 0 ]; do
        case $1 in
            --help | -h) usage && finish ;;
            --dry-run) dry_run=yes ;;
            --url-base)
                [ -n "${2:-}" ] || die "--url-base needs a URL" "scripts/release.sh --help"
                url_base=$2
                shift
                ;;
            -*) die "unknown argument: $1" "scripts/release.sh --help" ;;
            *)
                [ -z "$version" ] || die "one version, not two: $version and $1"
                version=$1
                ;;
        esac
        shift
    done
    [ -n "$version" ] || die "which version?" "scripts/release.sh --help"
    [[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]] ||
        die "$version is no version: SwiftPM takes 1.2.3 or 1.2.3-rc.1 (semver.org)"
    url_base=${url_base%/}
    case $url_base/ in
        */OWNER/* | */REPOSITORY/*) die "the URL of the zip is not known" "--url-base URL, or PILOTLIGHT_RELEASE_URL_BASE=URL" ;;
    esac
    # The URL is inserted unchanged into Swift code and into a sed command.
    [[ $url_base =~ ^https://[A-Za-z0-9._~:/%-]+$ ]] || die "not an https URL without a query: $url_base"
}

# --- The checkout ------------------------------------------------------------------------------------------------------
check_tree() {
    local changes
    changes=$(git status --porcelain)
    [ -z "$changes" ] || die "the checkout has changes that no commit holds:"$'\n'"$changes" "commit or remove them"
    [ -z "$commit" ] || [ "$(git rev-parse HEAD)" = "$commit" ] || die "another commit came while the release was made" "begin again"
    commit=$(git rev-parse HEAD)
}

check_tag() {
    local tagged
    tagged=$(git rev-parse --quiet --verify "refs/tags/$version^{commit}") || return 0
    [ "$tagged" = "$commit" ] || die "the tag $version is there already, on commit $tagged" "choose a new version: what was published stays"
}

cargo_version() { sed -n '/^\[workspace\.package\]/,/^\[/s/^version *= *"\(.*\)"$/\1/p' Cargo.toml; }
locked_version() { awk -v name="name = \"$core_crate\"" '$0 == name { getline; gsub(/version = |"/, ""); print }' Cargo.lock; }

check_versions() {
    local found
    found=$(cargo_version)
    [ "$found" = "$version" ] || die "Cargo.toml has the version $found, not $version" "change it below [workspace.package]"
    found=$(locked_version)
    [ "$found" = "$version" ] || die "Cargo.lock has $core_crate in version $found, not $version" "cargo update --workspace"
}

# changelog_entry HEADING: the text between this second-level heading, of which only the first word counts, and the next.
changelog_entry() {
    awk -v name="$1" '/^## / { inside = ($2 == name || $2 == "[" name "]"); next } inside' CHANGELOG.md |
        sed -e '/./,$!d'
}

check_changelog() {
    local heading
    # The newest release comes first. A heading for unreleased changes may come before it if it is empty.
    heading=$(grep '^## ' CHANGELOG.md | grep -v -E '^## \[?Unreleased\]?$' | sed -n 1p || true)
    [[ $heading =~ ^"## $version - "[0-9]{4}-[0-9]{2}-[0-9]{2}$ ]] ||
        die "the newest entry of CHANGELOG.md is \"$heading\"" "name it \"## $version - $(date -u +%Y-%m-%d)\""
    [ -n "$(changelog_entry "$version")" ] || die "the entry for $version in CHANGELOG.md is empty"
    [ -z "$(changelog_entry Unreleased)" ] ||
        die "CHANGELOG.md has changes under Unreleased, and they are in this release" "move them below \"$heading\""
}

# --- What was built ----------------------------------------------------------------------------------------------------
# A dry run uses the existing build, which may be of other sources.
check_sources() {
    local module
    for module in "$swift_module" "$app_module"; do
        diff -r -q -x .DS_Store "bindings/Pilotlight/Sources/$module" "$built/$app_module/Sources/$module" >&2 ||
            die "build/$app_module was made from other sources" "scripts/build-xcframework.sh"
    done
}

checksum_of() { python3 -c 'import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' "$1"; }

# --- What is published -------------------------------------------------------------------------------------------------
write_manifest() {
    sed -e "s|^let releasedURL = .*|let releasedURL = \"$2\"|" -e "s|^let releasedChecksum = .*|let releasedChecksum = \"$3\"|" Package.swift >"$1"
}

# Not optimised, because it runs for a second and would take minutes to optimise.
install_cargo_cyclonedx() {
    step "building cargo-cyclonedx $cargo_cyclonedx_version (one to two minutes, once)"
    CARGO_TARGET_DIR=$1/target cargo install --quiet --locked --debug --version "$cargo_cyclonedx_version" --root "$1" cargo-cyclonedx &&
        rm -rf "$1/target" && "$1/bin/cargo-cyclonedx" cyclonedx --version >/dev/null
}

write_bill() {
    local tool=$cache/tools/cargo-cyclonedx rust
    require_tool cargo "install Rust with rustup"
    made_once "$tool" "$cargo_cyclonedx_version" install_cargo_cyclonedx || die "cargo-cyclonedx $cargo_cyclonedx_version could not be built"
    scripts/apple-toolchain.sh setup
    rust=$(scripts/apple-toolchain.sh tool rustc --version | cut -d ' ' -f 2)
    python3 -B scripts/bill_of_materials.py "$1" --tool "$tool/bin/cargo-cyclonedx" --commit "$commit" --time "$(git log -1 --format=%ct "$commit")" \
        --url "$2" --sha256 "$3" --rust "$rust" || die "the bill of materials could not be written"
}

write_notes() {
    printf '%s\n\n### What this was made of\n' "$(changelog_entry "$version")"
    # shellcheck disable=SC2016 # Markdown's backticks
    printf 'Commit `%s`. `%s` has the SHA-256 `%s`; the same commit builds the same file (`scripts/build-xcframework.sh`).\n' \
        "$commit" "$zip" "$1"
    # shellcheck disable=SC2016
    printf '`%s` lists the crates in it (CycloneDX).\n' "$bill"
}

# Reads the manifest with SwiftPM, which does not fetch the zip for that.
check_manifest() {
    scripts/swift.sh package --package-path "$1" dump-package | python3 -c '
import json, sys
found = [(one["name"], one.get("url"), one.get("checksum")) for one in json.load(sys.stdin)["targets"] if one["type"] == "binary"]
if found != [tuple(sys.argv[1:])]: sys.exit(f"the binary targets of the manifest are {found}")' "$ffi_module" "$2" "$3" ||
        die "the manifest in $1 does not name the zip"
}

write_release() {
    local staging=$built/.releasing.$$ url=$1 checksum
    at_exit "rm -rf '$staging'"
    mkdir -p "$staging"
    cp "$built/$zip" "$built/$zip.sha256" "$staging/"
    checksum=$(checksum_of "$staging/$zip")
    [ "$(cut -d ' ' -f 1 "$staging/$zip.sha256")" = "$checksum" ] || die "build/$zip.sha256 is not of build/$zip" "scripts/build-xcframework.sh"
    write_manifest "$staging/Package.swift" "$url" "$checksum"
    check_manifest "$staging" "$url" "$checksum"
    write_bill "$staging/$bill" "$url" "$checksum"
    write_notes "$checksum" >"$staging/notes.md"
    cp -R "$built/symbols" "$staging/symbols"
    mv "$staging" "$release"
}

print_steps() {
    local url=$1
    cat <<END
Nothing was published. $app_module $version, commit $commit:

1. Every lane has passed on this commit, and nothing was skipped: scripts/test.sh
2. Commit the manifest that names the zip, and tag that commit, without pushing the tag as yet:
     cp $release/Package.swift Package.swift && git commit --message '$app_module $version' Package.swift
     git tag --annotate $version --message '$app_module $version'
3. Push them together with the release, which has the zip and its bill of materials: who adds the package by its address gets
   the newest tag, and needs the zip at once. On GitHub:
     git push origin HEAD $version && gh release create $version --verify-tag --title '$app_module $version' \\
       --notes-file $release/notes.md $release/$zip $release/$bill
4. See that others get the same; the second line says OK:
     curl --fail --location --output $zip $url
     shasum -a 256 --check $release/$zip.sha256
5. Keep $release/symbols with the release, to read crash reports with.
6. Here, for what comes next: a heading "## Unreleased" at the top of CHANGELOG.md. Package.swift goes on to name the last release.
END
}

main() {
    local url
    parse_arguments "$@"
    require_tool git "apt-get install git"
    require_tool python3 "apt-get install python3, or xcode-select --install on a Mac"
    url=$url_base/$version/$zip
    # First, so that nobody publishes an older release after this one was refused.
    rm -rf "$release"
    step "the checkout"
    check_tree
    check_tag
    check_versions
    check_changelog
    if [ -z "$dry_run" ]; then scripts/build-xcframework.sh; fi
    [ -f "$built/$zip" ] || die "build/$zip is not there" "scripts/build-xcframework.sh"
    scripts/check-apple.sh --built >&2 || die "what was built has faults; they are above"
    check_sources
    check_tree
    step "build/release"
    write_release "$url"
    good "done: $release"
    if [ -z "$dry_run" ]; then print_steps "$url"; else say "dry run: the zip was not built now, so do not publish it"; fi
}

main "$@"
finish
