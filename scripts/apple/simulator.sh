# shellcheck shell=bash disable=SC2034,SC2154 # the names of lib.sh, and names for the scripts that source this
# Shared functions of the scripts for the sample app: the XCFramework, a simulator, the app in it. Source this file after lib.sh,
# on a Mac. It has not run yet: there was no Mac to try it on.

sample=$checkout/ios-sample
sample_project=$sample/PilotlightSample.xcodeproj
sample_scheme=PilotlightSample
# The values of `-stub` and `-screen`: StubState.swift and Place.swift.
sample_states=(loading welcome expired locked home empty factor offline waiting migrated misconfigured broken)
sample_screens=(profile metadata request inspector settings)
sample_bundle=com.example.pilotlight.sample
sample_derived=$target_dir/sample
sample_app=$sample_derived/Build/Products/Debug-iphonesimulator/PilotlightSample.app
# Even without a team, the simulator requires a signature: without one, each Keychain call fails with -34018.
sample_signing=(CODE_SIGN_IDENTITY=- CODE_SIGNING_REQUIRED=NO CODE_SIGNING_ALLOWED=YES)

# one_of WORD WORD…: whether the first is among the others.
one_of() {
    local wanted=$1 word
    shift
    for word in "$@"; do
        if [ "$word" = "$wanted" ]; then return 0; fi
    done
    return 1
}

require_mac() {
    on_mac || die "the sample app needs a Mac with Xcode" \
        "elsewhere: scripts/check-apple.sh --swift compiles it for iOS, scripts/terminal.sh is the sample for a terminal"
}

# Whether an XCFramework contains the slice for the simulators of this Mac.
has_own_simulator() {
    local folder architecture
    architecture=$(uname -m)
    for folder in "$1"/ios-*-simulator; do
        case $(basename "$folder") in *"$architecture"[_-]*) return 0 ;; esac
    done
    return 1
}

# The package of bindings/Pilotlight takes the XCFramework from there. It is built if it is missing, lacks the needed slice, or is
# older than its sources.
need_xcframework() {
    local framework=$checkout/bindings/Pilotlight/$ffi_module.xcframework newer=''
    if [ -d "$framework" ] && ! has_own_simulator "$framework"; then
        step "the XCFramework has no slice for a simulator on $(uname -m)"
    elif [ -d "$framework" ]; then
        newer=$(find "$checkout/rust-core/src" "$checkout/Cargo.lock" "$checkout/bindings/Pilotlight/Sources/$ffi_module" \
            -newer "$framework/Info.plist" -type f | sed -n 1p)
        if [ -z "$newer" ]; then
            step "the XCFramework is there"
            return
        fi
    fi
    step "building the XCFramework (some minutes the first time)"
    "$checkout/scripts/build-xcframework.sh" || die "the XCFramework could not be built" "scripts/build-xcframework.sh"
}

# choose_simulator [NAME]: prints the identifier of that simulator, or of an iPhone of the newest iOS; a booted one first.
choose_simulator() {
    xcrun simctl list devices available --json | python3 -c '
import json, re, sys
wanted, found = sys.argv[1], []
for runtime, devices in json.load(sys.stdin)["devices"].items():
    version = re.search(r"iOS-(\d+)-(\d+)", runtime)
    if not version or int(version[1]) < 17: continue
    for device in devices:
        if device["name"] == wanted or (not wanted and device["name"].startswith("iPhone")):
            found.append((device["state"] == "Booted", int(version[1]), int(version[2]), device["name"], device["udid"]))
if not found: sys.exit(1)
print(max(found)[-1])' "${1:-}" || die "there is no such simulator of iOS 17 or newer" "xcrun simctl list devices available"
}

boot_simulator() {
    step "booting the simulator $1"
    xcrun simctl bootstatus "$1" -b >/dev/null || die "the simulator does not boot" "xcrun simctl erase $1"
}

# build_sample SIMULATOR ACTION…: runs xcodebuild, with its output in a file that is shown if it failed.
build_sample() {
    local simulator=$1 log=$target_dir/sample.log
    shift
    mkdir -p "$target_dir"
    # The manifests use the core for hosts if a variable names its folder, as lib.sh does; here they must be for Apple platforms.
    env -u PILOTLIGHT_CORE_LIBRARY_DIR PILOTLIGHT_MANIFEST_AS_APPLE=1 \
        xcodebuild -project "$sample_project" -scheme "$sample_scheme" -configuration Debug -derivedDataPath "$sample_derived" \
        -destination "platform=iOS Simulator,id=$simulator" "${sample_signing[@]}" "$@" >"$log" 2>&1 && return
    grep -E '(error|failed|XCTAssert)' "$log" | tail -n 40 >&2 || true
    die "xcodebuild $* failed" "less $log"
}

install_sample() {
    step "installing the app"
    xcrun simctl install "$1" "$sample_app" || die "the app cannot be installed in the simulator" "xcrun simctl erase $1"
}

# start_sample SIMULATOR ARGS…
start_sample() {
    local simulator=$1
    shift
    xcrun simctl launch --terminate-running-process "$simulator" "$sample_bundle" "$@" >/dev/null ||
        die "the app does not start" "xcrun simctl launch --console $simulator $sample_bundle"
}
