"""Runs demo, test, build and the checks for Apple platforms from the state of a new Mac: a new checkout, empty caches, Rust without a
target for iOS, and no program that macOS does not have. Apple's tools are fakes (pretended_mac.py)."""

import functools
import os
import pathlib
import plistlib
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import pretended_mac
from pretended_mac import CHECKOUT

sys.path.insert(0, str(CHECKOUT / "scripts" / "apple"))
import dylibs  # noqa: E402 the folder is named above
import fixtures  # noqa: E402
import platforms  # noqa: E402

DEVICE, SIMULATORS = "aarch64-apple-ios", ["aarch64-apple-ios-sim", "x86_64-apple-ios"]
# The load command with which rustup's precompiled standard library names its minimum system (LC_VERSION_MIN_IPHONEOS,
# LC_VERSION_MIN_MACOSX).
OLD_COMMANDS = {"aarch64-apple-ios": 0x25, "x86_64-apple-ios": 0x25, "x86_64-apple-darwin": 0x24}


@functools.lru_cache(maxsize=None)
def archives_of_every_target():
    made = {}
    for target, kind in platforms.TARGETS.items():
        what = platforms.architecture_of(target), kind, platforms.minimum_of(kind)
        # With the symbols that the privacy manifest declares, and with a compiler helper from rustup's standard library.
        objects = [fixtures.make_object(*what), fixtures.make_object(*what, undefined=["_fstat"])]
        if target in OLD_COMMANDS:
            objects.append(fixtures.make_object(*what[:2], "10.12", old_command=OLD_COMMANDS[target]))
        made[target] = fixtures.make_archive(objects)
    return made


class FreshMac(pretended_mac.Mac):
    made = None

    def copy(self):
        """A copy of one repository with all files of this checkout: creating it for each test would take longer than most tests."""
        subprocess.run(["cp", "-R", "-p", self.repository(), self.checkout], check=True)

    @classmethod
    def repository(cls):
        if not FreshMac.made:
            FreshMac.made = tempfile.TemporaryDirectory()
            folder = pathlib.Path(FreshMac.made.name) / "checkout"
            names = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=CHECKOUT, check=True, capture_output=True,
                                   text=True).stdout.split("\0")
            for name in sorted({name for name in names if name and (CHECKOUT / name).is_file()}):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(CHECKOUT / name, folder / name)
            for words in (["init", "--quiet"], ["add", "--all"]):
                subprocess.run(["git", *words], cwd=folder, check=True, env={"PATH": os.environ["PATH"], "HOME": FreshMac.made.name})
        return pathlib.Path(FreshMac.made.name) / "checkout"

    def setUp(self):
        super().setUp()
        archives = self.folder / "archives"
        archives.mkdir()
        for target, content in archives_of_every_target().items():
            (archives / target).write_bytes(content)

    def assertPasses(self, script, *words, **environment):
        code, said = self.run_script(script, *words, **environment)
        self.assertEqual(code, 0, said)
        self.assertNotIn("command not found", said)
        return said

    def slices(self, framework):
        plist = plistlib.loads((framework / "Info.plist").read_bytes())
        return {one["LibraryIdentifier"]: one["SupportedArchitectures"] for one in plist["AvailableLibraries"]}

    manifest = property(lambda self: (self.checkout / "build/Pilotlight/Package.swift").read_text(encoding="utf-8"))
    beside = property(lambda self: self.checkout / "bindings/Pilotlight/PilotlightFFI.xcframework")


class Demo(FreshMac):
    def test_the_whole_story(self):
        self.whole_story()

    def test_the_same_where_swiftpm_builds_into_another_folder(self):
        self.whole_story(PRETEND_SWIFTPM="6.4")

    def whole_story(self, **environment):
        said = self.assertPasses("demo.sh", **environment)
        self.assertInOrder(said, "before: signed_out", "after: signed_in", "access token: another one", "email: ada@example.com",
                           "first_name: John", "exit code: 10", "at the issuer: revoked", "all 7 steps as they should be")
        calls = self.calls()
        self.assertInOrder(calls, "cargo build --quiet --workspace --locked", "swift build --scratch-path", "server --ttl-access 8", "server ended")
        self.assertNotIn("xcodebuild", calls)
        self.assertFalse(list(self.folder.glob("pilotlight.*")))

    def test_swift_that_does_not_build_ends_it(self):
        code, said = self.run_script("demo.sh", PRETEND_FAULT="swift build")
        self.assertNotEqual(code, 0)
        self.assertIn("the terminal sample does not build", said)
        self.assertNotIn("before:", said)

    def test_a_script_that_bash_cannot_read_ends_it(self):
        script = self.checkout / "scripts" / "swift.sh"
        text = script.read_text(encoding="utf-8")
        script.write_text(text.replace("setup() {", "setup() { if true; then ((; fi", 1), encoding="utf-8")
        code, said = self.run_script("demo.sh")
        self.assertNotEqual(code, 0)
        self.assertIn("syntax error", said)


class Building(FreshMac):
    def test_the_package(self):
        self.assertPasses("build-xcframework.sh")
        framework = self.checkout / "build/Pilotlight/PilotlightFFI.xcframework"
        whole = {"ios-arm64": ["arm64"], "ios-arm64_x86_64-simulator": ["arm64", "x86_64"]}
        self.assertEqual((self.slices(framework), self.slices(self.beside)), (whole, whole))
        calls = self.calls()
        for target in [DEVICE, *SIMULATORS]:
            self.assertInOrder(calls, f"rustup target add {target}", "cargo fetch", f"cargo rustc --target {target}")
        self.assertInOrder(calls, "xcrun strip -S", "xcrun lipo -create")
        self.assertIn("--remap-path-prefix", calls)
        self.assertNotIn("bootstrap: 1", calls)
        self.assertIn("platforms: [.iOS(.v15)]", self.manifest)

    def test_a_package_for_each_platform(self):
        self.assertPasses("build-xcframework.sh", "--platforms", "ios,macos,catalyst,visionos,tvos")
        framework = self.checkout / "build/Pilotlight/PilotlightFFI.xcframework"
        both = ["arm64", "x86_64"]
        self.assertEqual(self.slices(framework), {
            "ios-arm64": ["arm64"], "ios-arm64_x86_64-simulator": both, "macos-arm64_x86_64": both, "ios-arm64_x86_64-maccatalyst": both,
            "xros-arm64": ["arm64"], "xros-arm64-simulator": ["arm64"], "tvos-arm64": ["arm64"], "tvos-arm64_x86_64-simulator": both})
        self.assertIn("platforms: [.iOS(.v15), .macOS(.v12), .macCatalyst(.v15), .visionOS(.v1), .tvOS(.v17)]", self.manifest)
        calls = self.calls()
        # Rust has a precompiled standard library for a Mac, and sources for what has none.
        self.assertInOrder(calls, "rustup target add aarch64-apple-visionos", "rustup component add rust-src", "cargo fetch")
        self.assertEqual(calls.count("rustup component add rust-src"), 1)
        self.assertInOrder(calls, "cargo rustc --target aarch64-apple-darwin --quiet", "bootstrap: no",
                           "cargo rustc --target aarch64-apple-visionos -Zbuild-std=std,panic_abort,panic_unwind", "bootstrap: 1")

    def test_a_platform_that_is_none(self):
        self.assertFails("build-xcframework.sh", ["--platforms", "ios,watchos"], "no such platforms", "ios,macos,catalyst,visionos,tvos")
        self.assertNotIn("cargo rustc", self.calls())

    def test_a_rust_that_knows_no_other_targets(self):
        (self.bin / "rustup").unlink()
        for script in ("build-xcframework.sh", "check-apple.sh"):
            with self.subTest(script):
                code, said = self.run_script(script)
                self.assertEqual(code, 1, said)
                self.assertIn('  rustup: brew install rustup && export PATH="$(brew --prefix rustup)/bin:$PATH" && rustup default stable', said)
        self.assertNotIn("cargo", self.calls())

    def test_what_is_measured_on_debian_alone(self):
        for mode in ("--url-session", "--accept", "--swift-size", "--accept-swift-size"):
            with self.subTest(mode):
                self.assertFails("check-apple.sh", [mode], f"{mode} measures what is built on Debian", "Debian 12")
        self.assertNotIn("cargo", self.calls())

    def test_a_framework(self):
        self.assertPasses("build-xcframework.sh", "--dynamic", "--platforms", "ios,macos")
        framework = self.checkout / "build/Pilotlight/PilotlightFFI.xcframework"
        self.assertEqual(set(self.slices(framework)), {"ios-arm64", "ios-arm64_x86_64-simulator", "macos-arm64_x86_64"})
        calls = self.calls()
        for target, triple, sdk in ((DEVICE, "arm64-apple-ios15.0", "iphoneos"), ("x86_64-apple-darwin", "x86_64-apple-macos12.0", "macosx")):
            self.assertInOrder(calls, f"cargo rustc --target {target}", f"xcrun --sdk {sdk} clang -target {triple} -dynamiclib", "-framework Security",
                               "-Xlinker -install_name -Xlinker @rpath/PilotlightFFI.framework/", "-Xlinker -application_extension",
                               "xcrun dsymutil --flat", "xcrun strip -S -x")
        bundle = framework / "macos-arm64_x86_64/PilotlightFFI.framework"
        self.assertEqual(os.readlink(bundle / "PilotlightFFI"), "Versions/Current/PilotlightFFI")
        self.assertEqual({one.what.architecture for one in dylibs.read_all(bundle / "PilotlightFFI")}, {"arm64", "x86_64"})
        plist = plistlib.loads((framework / "ios-arm64/PilotlightFFI.framework/Info.plist").read_bytes())
        self.assertEqual((plist["DTSDKName"], plist["MinimumOSVersion"]), ("iphoneos26.1", "15.0"))

    def test_the_checks_of_a_framework_and_of_other_platforms(self):
        self.assertRegex(self.assertPasses("check-apple.sh", "--dynamic", "--quick"), r"\n(\d+) passed, 0 failed\n")
        said = self.assertPasses("check-apple.sh", "--dynamic", "--platforms", "macos,catalyst,visionos,tvos")
        self.assertRegex(said, r"\n(\d+) passed, 0 failed\n")
        self.assertNotIn("compile for iOS", said)
        self.assertFalse(self.beside.exists())

    def test_the_checks_of_single_targets(self):
        self.assertRegex(self.assertPasses("check-apple.sh", "--targets", "aarch64-apple-visionos,aarch64-apple-darwin"), r"\n(\d+) passed, 0 failed\n")
        checked = self.folder / "target/apple-check-platforms/Pilotlight/PilotlightFFI.xcframework"
        self.assertEqual(set(self.slices(checked)), {"xros-arm64", "macos-arm64"})
        self.assertFails("check-apple.sh", ["--targets", "aarch64-apple-watchos"], "no such targets: aarch64-apple-watchos", "check-apple.sh --help")

    def test_two_builds_of_one_target_are_the_same(self):
        self.assertIn("ok two builds from two folders give the same zip", self.assertPasses("check-apple.sh", "--reproducible", "--targets", DEVICE))
        self.assertEqual(self.calls().count(f"cargo rustc --target {DEVICE} "), 2)
        self.assertNotIn(f"cargo rustc --target {SIMULATORS[0]}", self.calls())

    def test_a_debug_build_can_be_stepped_through(self):
        self.assertPasses("build-xcframework.sh", "--debug", "--targets", SIMULATORS[0])
        self.assertNotIn("remap-path-prefix", self.calls())
        self.assertIn("--profile dev", self.calls())
        self.assertNotIn("strip", self.calls())

    def test_the_checks_judge_a_package_of_their_own(self):
        self.assertPasses("build-xcframework.sh")
        folders = self.beside, self.checkout / "build"
        before = {path: path.stat().st_mtime_ns for folder in folders for path in folder.rglob("*")}
        self.calls_file.unlink()
        self.assertRegex(self.assertPasses("check-apple.sh", "--quick"), r"\n(\d+) passed, 0 failed\n")
        checked = self.folder / "target/apple-check/Pilotlight/PilotlightFFI.xcframework"
        self.assertEqual(set(self.slices(checked)), {"ios-arm64", "ios-arm64-simulator"})
        self.assertNotIn("rustc --target x86_64-apple-ios ", self.calls())
        # Files that somebody may use in an Xcode project.
        self.assertEqual(before, {path: path.stat().st_mtime_ns for folder in folders for path in folder.rglob("*")})

    def test_the_checks_on_a_mac_with_an_intel_processor(self):
        self.tool(self.bin / "uname", 'case "$*" in -m) echo x86_64 ;; *) echo Darwin ;; esac')
        self.run_script("check-apple.sh", "--quick")
        checked = self.folder / "target/apple-check/Pilotlight/PilotlightFFI.xcframework"
        self.assertEqual(set(self.slices(checked)), {"ios-arm64", "ios-x86_64-simulator"})


class Testing(FreshMac):
    def test_each_lane(self):
        said = self.assertPasses("test.sh")
        for lane in ("style", "rust", "keychain", "swift", "demo", "interop", "apple"):
            self.assertRegex(said, rf"\n{lane} +\d+ s  passed")
        calls = self.calls()
        self.assertIn("swift test --scratch-path", calls)
        self.assertIn("cargo rustc --target", calls)
        self.assertEqual(calls.count("python3 -B -m unittest --quiet test_swift_ios\n"), 1, "the proofs of the Apple checks run once")
        self.assertIn("npm ci --ignore-scripts", calls)
        self.assertRegex(said, r"\ninterop +\d+ s  passed, SKIPPED: lemonldap\n")
        self.assertFalse(self.beside.exists())

    def test_the_lanes_with_swift_where_swiftpm_builds_into_another_folder(self):
        said = self.assertPasses("test.sh", "--only", "swift", "--only", "demo", PRETEND_SWIFTPM="6.4")
        self.assertRegex(said, r"\nswift +\d+ s  passed\ndemo +\d+ s  passed")

    def test_what_was_skipped_is_said_with_the_result_and_in_the_workflows_summary(self):
        self.tool(self.bin / "true-tool", 'case "$*" in *fetch*) echo "Could not resolve host"; exit 1 ;; esac')
        summary = self.folder / "summary.md"
        said = self.assertPasses("test.sh", "--only", "style", "--only", "rust", GITHUB_STEP_SUMMARY=str(summary))
        end = r"skipped in style: advisories: the advisory database .*\nstyle +\d+ s  passed, SKIPPED: advisories\nrust +\d+ s  passed\n"
        self.assertRegex(said, rf"{end}$")
        self.assertRegex(summary.read_text(encoding="utf-8"), rf"^<pre>\n{end}</pre>\n$")

    def test_what_is_missing_is_reported_once_before_anything_runs(self):
        for name in ("node", "npm", "rustfmt", "swift"):
            (self.bin / name).unlink()
        self.tool(self.bin / "xcrun", "exit 1")
        old = self.bin / "python3"
        old.write_text(old.read_text(encoding="utf-8").replace(
            'case "$*" in\n', 'case "$*" in\n*sys.version_info*) [ "${@: -1}" != 3.11 ]; exit ;;\n*platform*) echo 3.9.6; exit ;;\n', 1), encoding="utf-8")
        code, said = self.run_script("test.sh")
        self.assertEqual(code, 1, said)
        for line in ("Node.js 20.19 or newer: brew install node", "Python 3.11 or newer (python3 is 3.9.6): brew install python",
                     "rustfmt: rustup component add rustfmt clippy", "Swift: install Xcode from the App Store", "Xcode with the iOS SDK: install Xcode"):
            self.assertEqual(said.count(f"  {line}"), 1, said)
        self.assertNotIn("lane", said)
        self.assertNotIn("cargo", self.calls())

    def test_a_node_that_is_too_old(self):
        for version, fits in (("v18.19.0", False), ("v20.9.0", False), ("v20.19.0", True), ("v22.1.0", True)):
            self.tool(self.bin / "node", f"echo {version}")
            code, said = self.run_script("test.sh", "--only", "interop", PRETEND_FAULT="cargo test")
            self.assertEqual(f"node is {version}" in said, not fits, said)

    def test_a_lane_asks_for_no_more_than_it_needs(self):
        (self.bin / "node").unlink()
        self.assertPasses("test.sh", "--only", "rust")

    def test_the_lanes_may_open_more_files_than_a_macs_shell(self):
        self.lane("rust", "ulimit -S -n")
        for given, allowed in ((256, "4096"), (8192, "8192")):
            hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
            done = subprocess.run(["scripts/test.sh", "--only", "rust"], cwd=self.checkout, env=self.environment, text=True, capture_output=True,
                                  check=True, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (given, hard)))
            self.assertEqual(done.stdout.splitlines()[0], allowed)

    def test_a_lane_that_fails(self):
        code, said = self.run_script("test.sh", "--only", "swift", "--only", "rust", PRETEND_FAULT="swift test")
        self.assertEqual(code, 1)
        self.assertRegex(said, r"\nswift +\d+ s  FAILED\nrust +\d+ s  passed")

    def test_lanes_run_two_at_a_time_and_each_says_all_it_has_to_say_at_its_end(self):
        # Each waits until the other one has begun.
        for name, other in (("rust", "keychain"), ("keychain", "rust")):
            self.lane(name, f'touch "{self.folder}/{name}"; for i in $(seq 200); do [ -e "{self.folder}/{other}" ] && break; sleep 0.1; done; [ "$i" != 200 ]; '
                            f'echo "{name} one"; sleep 0.2; echo "{name} two"')
        said = self.assertPasses("test.sh", "--only", "keychain", "--only", "rust")
        for name in ("rust", "keychain"):
            self.assertIn(f"{name} one\n{name} two\n", said)
        self.assertRegex(said, r"\nkeychain +\d+ s  passed\nrust +\d+ s  passed\n$")
        said = self.assertPasses("test.sh", "--at-once", "1", "--only", "keychain", "--only", "rust")
        self.assertInOrder(said, "lane keychain", "keychain two", "lane rust", "rust two")

    def test_what_one_lane_builds_again_another_may_be_running(self):
        builds = {"identity-server": "cargo build", "pilotlight-terminal": "swift build --scratch-path {target}"}
        for program, build in builds.items():
            command = build.format(target=self.folder / "target").split()
            for built in range(2):
                subprocess.run([self.bin / command[0], *command[1:]], cwd=self.folder, env=self.environment, check=True, capture_output=True)
                path = next((self.folder / "target").rglob(program))
                if not built:
                    running = path.open("rb")
            with running:
                self.assertNotEqual(os.fstat(running.fileno()).st_ino, path.stat().st_ino, f"{program} was written over")

    def test_an_interrupt_ends_the_lanes(self):
        for name in ("rust", "keychain"):
            self.lane(name, f'trap \'touch "{self.folder}/{name}-ended"; exit 1\' TERM; touch "{self.folder}/{name}"; while :; do sleep 0.1; done')
        running = self.begin("test.sh", "--only", "keychain", "--only", "rust")
        for name in ("rust", "keychain", "rust-ended", "keychain-ended"):
            if name == "rust-ended":
                running.send_signal(signal.SIGINT)
            for _ in range(600):
                if (self.folder / name).exists():
                    break
                time.sleep(0.1)
            self.assertTrue((self.folder / name).exists(), name)
        running.communicate(timeout=600)
        self.assertEqual(running.returncode, 130)

    def test_how_many_at_once_is_a_number(self):
        for word in ("0", "two", ""):
            code, said = self.run_script("test.sh", "--at-once", word)
            self.assertEqual(code, 1)
            self.assertIn("--at-once needs a number", said)

    def lane(self, name, does):
        """Replaces that lane of test.sh."""
        script = self.checkout / "scripts" / "test.sh"
        text = script.read_text(encoding="utf-8")
        script.write_text(text.replace("\nneeds() {", f"\nlane_{name}() {{ {does}\n}}\nneeds() {{", 1), encoding="utf-8")


class Sample(FreshMac):
    def test_the_sample_with_the_package_that_is_really_built(self):
        said = self.assertPasses("run-sample.sh", "--test")
        self.assertInOrder(said, "building the XCFramework", "the tests passed")
        said = self.assertPasses("screenshots.sh")
        self.assertIn("the XCFramework is there", said)


if __name__ == "__main__":
    unittest.main()
