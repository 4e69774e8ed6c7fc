"""Runs run-sample.sh and screenshots.sh on the simulated Mac, step by step, and checks their messages when a step fails."""

import re
import signal
import sys
import unittest

import pretended_mac
from pretended_mac import CHECKOUT

sys.path.append(str(CHECKOUT / "scripts" / "apple"))
import test_sample_swift as proofs  # noqa: E402

SAMPLE = CHECKOUT / "ios-sample" / "SampleKit" / "Sources" / "SampleKit" / "App"
FRAMEWORK = """mkdir -p "$(dirname "$0")/../bindings/Pilotlight/PilotlightFFI.xcframework/ios-${PRETEND_SLICE:-arm64_x86_64}-simulator"
touch "$(dirname "$0")/../bindings/Pilotlight/PilotlightFFI.xcframework/Info.plist\""""


class Scripts(pretended_mac.Mac):
    copied = ["scripts/lib.sh", "scripts/prerequisites.sh", "scripts/run-sample.sh", "scripts/screenshots.sh", "scripts/apple/simulator.sh"]

    def setUp(self):
        super().setUp()
        for folder in ("rust-core/src", "bindings/Pilotlight/Sources/PilotlightFFI", "docs/screenshots"):
            (self.checkout / folder).mkdir(parents=True)
        (self.checkout / "Cargo.lock").touch()
        self.tool(self.checkout / "scripts" / "build-xcframework.sh", FRAMEWORK)


class Running(Scripts):
    def test_each_step_is_said_and_ctrl_c_ends_the_server(self):
        running = self.begin("run-sample.sh")
        said = ""
        while "Ctrl-C ends the server" not in said:
            line = running.stdout.readline()
            self.assertTrue(line, f"it ended after:\n{said}")
            said += line
        self.assertInOrder(said, "building the XCFramework", "booting the simulator B", "building the identity server",
                           "the identity server: http://127.0.0.1:4711/", "building the app", "installing the app", "opening the app",
                           "sign in as ada@example.com")
        calls = self.calls()
        self.assertInOrder(calls, "xcrun --sdk iphonesimulator", "bootstatus B -b", "server --ttl-access 120",
                           "xcodebuild -project", "id=B CODE_SIGN_IDENTITY=- CODE_SIGNING_REQUIRED=NO CODE_SIGNING_ALLOWED=YES build",
                           "simctl install B", "open -a Simulator", "simctl launch --terminate-running-process B com.example.pilotlight.sample "
                           "-domain http://127.0.0.1:4711/ -client-id native-app")
        # With the core's folder for hosts in the environment, the packages would not be built for iOS.
        self.assertIn("manifests: none 1\n", calls)
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=120)
        self.assertEqual(running.returncode, 130)
        self.assertIn("server ended", self.calls())
        self.assertFalse(list(self.folder.glob("pilotlight.*")))

    def test_what_is_there_is_not_built_again(self):
        for _ in range(2):
            code, said = self.run_script("run-sample.sh", "--stub", "offline", "--simulator", "iPhone 15")
            self.assertEqual(code, 0, said)
        self.assertIn("the XCFramework is there", said)
        self.assertEqual(self.calls().count("build-xcframework.sh"), 1)
        self.assertNotIn("server", self.calls())
        self.assertIn("simctl launch --terminate-running-process A com.example.pilotlight.sample -stub offline\n", self.calls())

    def test_an_xcframework_without_the_slice_that_is_needed_is_built_again(self):
        for made, builds in (("x86_64", 1), ("arm64", 2), ("arm64", 2)):
            code, said = self.run_script("run-sample.sh", "--stub", "home", PRETEND_SLICE=made)
            self.assertEqual(code, 0, said)
            self.assertEqual(self.calls().count("build-xcframework.sh"), builds, made)

    def test_an_xcframework_that_is_older_than_many_files_is_built_again(self):
        self.run_script("run-sample.sh", "--stub", "home")
        # More than a pipe holds, as after the checkout of another commit.
        for number in range(5000):
            (self.checkout / "rust-core" / "src" / f"{number}.rs").touch()
        code, said = self.run_script("run-sample.sh", "--stub", "home")
        self.assertEqual(code, 0, said)
        self.assertEqual(self.calls().count("build-xcframework.sh"), 2)

    def test_a_screen_of_a_state(self):
        code, said = self.run_script("run-sample.sh", "--stub", "waiting", "--screen", "metadata")
        self.assertEqual(code, 0, said)
        self.assertIn("-stub waiting -screen metadata\n", self.calls())

    def test_the_tests(self):
        code, said = self.run_script("run-sample.sh", "--test")
        self.assertEqual(code, 0, said)
        self.assertInOrder(said, "running the tests", "Executed 9 tests", "the tests passed")
        self.assertInOrder(self.calls(), "CODE_SIGNING_ALLOWED=YES test\n", "server ended")
        self.assertNotIn("simctl launch", self.calls())

    def test_what_fails_is_named_with_what_to_do(self):
        for fault, sentence, help_ in (
            ("build-xcframework.sh", "the XCFramework could not be built", "scripts/build-xcframework.sh"),
            ("bootstatus", "the simulator does not boot", "simctl erase B"),
            ("cargo build", "the Rust workspace does not build", "cargo build"),
            ("xcodebuild", "xcodebuild build failed", "sample.log"),
            ("simctl install", "the app cannot be installed", "simctl erase B"),
            ("open -a", "the Simulator does not open", "open -a Simulator"),
            ("simctl launch", "the app does not start", "simctl launch --console"),
        ):
            with self.subTest(fault):
                said = self.assertFails("run-sample.sh", [], sentence, help_, PRETEND_FAULT=fault)
                if fault == "xcodebuild":
                    self.assertIn("error: xcodebuild was made to fail", said)
                self.assertEqual(self.calls().count("server --ttl"), self.calls().count("server ended"))

    def test_what_is_missing_is_reported_at_once_before_anything_runs(self):
        for name in ("cargo", "rustup"):
            (self.bin / name).unlink()
        self.tool(self.bin / "xcrun", "exit 1")
        for script in ("run-sample.sh", "screenshots.sh"):
            with self.subTest(script):
                code, said = self.run_script(script)
                self.assertEqual(code, 1, said)
                for line in ("Xcode with the iOS SDK: install Xcode", 'Rust (cargo): brew install rustup && export PATH="$(brew --prefix rustup)/bin:$PATH"'):
                    self.assertEqual(said.count(f"  {line}"), 1, said)
                self.assertNotIn("==>", said)
                self.assertNotIn("build-xcframework", self.calls())

    def test_failing_tests_are_shown(self):
        said = self.assertFails("run-sample.sh", ["--test"], "xcodebuild test failed", "sample.log", PRETEND_FAULT="YES test")
        self.assertNotIn("the tests passed", said)

    def test_a_server_that_does_not_start_or_ends_by_itself(self):
        self.assertIn("no port is free", self.assertFails(
            "run-sample.sh", [], "the identity server did not start", "--ttl-access", PRETEND_NO_SERVER="1"))
        self.assertFails("run-sample.sh", [], "the identity server has ended", "scripts/run-sample.sh", PRETEND_SHORT_SERVER="1")

    def test_arguments_that_are_wrong(self):
        for words, sentence, help_ in (
            (["--stub"], "--stub needs a state", "--help"), (["--stub", "gone"], "there is no state gone", "migrated"),
            (["--stub", "home", "--screen", "gone"], "there is no screen gone", "inspector"),
            (["--screen", "profile"], "--screen goes with --stub", "--help"), (["--nonsense"], "unknown argument", "--help"),
            (["--simulator", "iPhone 14"], "no such simulator of iOS 17", "list devices"),
        ):
            with self.subTest(words):
                self.assertFails("run-sample.sh", words, sentence, help_)

    def test_elsewhere_than_on_a_mac(self):
        self.tool(self.folder / "bin" / "uname", "echo Linux")
        for script in ("run-sample.sh", "screenshots.sh"):
            with self.subTest(script):
                self.assertFails(script, [], "needs a Mac", "check-apple.sh --swift")

    def test_the_states_and_screens_are_those_of_the_app(self):
        text = (CHECKOUT / "scripts/apple/simulator.sh").read_text(encoding="utf-8")
        for name, file, enum in (("sample_states", "StubState.swift", "StubState"), ("sample_screens", "Place.swift", "Place")):
            source = (SAMPLE / file).read_text(encoding="utf-8").split(f"enum {enum}")[1]
            cases = re.search(r"case ([\w, ]+)", source)[1].strip().split(", ")
            self.assertEqual(re.search(rf"{name}=\((.*)\)", text)[1].split(), cases)
            usage = self.run_script("run-sample.sh", "--help")[1]
            for case in cases:
                self.assertRegex(usage, rf"\b{case}\b")


class Proofs(unittest.TestCase):
    """They run minutes later, and a screen that changes may take away the place where one makes its mistake."""

    def assertPlace(self, name, folders, file, old):
        paths = [path for folder in folders for path in folder.rglob(file)]
        self.assertEqual([path.read_text(encoding="utf-8").count(old) for path in paths], [1], f"{name}: {old!r} in {file}")

    def test_each_mistake_still_finds_its_place(self):
        for name, module, file, old, *_ in proofs.SPOILT + proofs.STRICTER:
            self.assertPlace(name, proofs.MODULES[module][0], file, old)
        objective_c = [proofs.SAMPLE / "App" / "ObjectiveC", proofs.LIBRARY / "PilotlightCore", proofs.LIBRARY / "Pilotlight"]
        for name, file, old, *_ in proofs.OBJECTIVE_C:
            self.assertPlace(name, objective_c, file, old)
        self.assertPlace("a younger Swift", [proofs.SAMPLE / "App"], *proofs.YOUNGER[:2])


class Pictures(Scripts):
    def test_pictures_of_everything(self):
        code, said = self.run_script("screenshots.sh")
        self.assertEqual(code, 0, said)
        pictures = {path.stem for path in (self.checkout / "docs/screenshots").glob("*.png")}
        self.assertEqual(len(pictures), 37)
        self.assertLessEqual({"home-dark", "migrated-light", "metadata-light", "settings-dark", "metadata-waiting-light",
                              "home-large-type", "home-german"}, pictures)
        self.assertNotIn("loading-light", pictures)
        for picture in pictures:
            self.assertIn(f"==> {picture}\n", said)
        self.assertIn("-AppleLanguages (de) -stub home\n", self.calls())
        # The simulator looks as before.
        self.assertInOrder(self.calls(), "content_size accessibility-extra-large", "status_bar B clear", "content_size medium", "appearance dark")

    def test_nothing_is_kept_of_a_run_that_failed(self):
        for fault, sentence, help_ in (
            ("-stub broken", "the app does not start", "simctl launch"), ("screenshot --type", "no picture of welcome", "screenshot"),
            ("appearance light", "takes no appearance light", "appearance light"), ("status_bar B override", "clock cannot be set", "clear"),
        ):
            with self.subTest(fault):
                self.assertFails("screenshots.sh", [], sentence, help_, PRETEND_FAULT=fault)
                self.assertFalse(list((self.checkout / "docs/screenshots").glob("*.png")))


if __name__ == "__main__":
    unittest.main()
