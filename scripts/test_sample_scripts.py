"""Walks through run-sample.sh and screenshots.sh where there is no Mac: every tool of Apple's is a pretended one.

That shows what the scripts say and do, step by step, and what they say when a step fails. How Xcode and a simulator answer it does
not show; only a Mac does.
"""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent
COPIED = ["scripts/lib.sh", "scripts/run-sample.sh", "scripts/screenshots.sh", "scripts/apple/simulator.sh"]
SAMPLE = CHECKOUT / "ios-sample" / "SampleKit" / "Sources" / "SampleKit" / "App"
DEVICES = {"devices": {
    "com.apple.CoreSimulator.SimRuntime.iOS-16-4": [{"name": "iPhone 14", "udid": "OLD", "state": "Booted"}],
    "com.apple.CoreSimulator.SimRuntime.iOS-17-5": [{"name": "iPhone 15", "udid": "A", "state": "Shutdown"}],
    "com.apple.CoreSimulator.SimRuntime.iOS-18-2": [
        {"name": "iPhone 16", "udid": "B", "state": "Shutdown"}, {"name": "iPad Air", "udid": "C", "state": "Shutdown"}],
    "com.apple.CoreSimulator.SimRuntime.watchOS-11-0": [{"name": "iPhone Watch", "udid": "W", "state": "Booted"}],
}}
# Writes down how it was called; fails when the call has what PRETEND_FAULT says.
TOOL = """#!/usr/bin/env bash
name=$(basename "$0")
printf '%s\\n' "$name $*" >>"$PRETEND_CALLS"
case "$name $*" in *"${PRETEND_FAULT:-nothing of this}"*) echo "error: $name was told to fail" >&2; exit 1 ;; esac
"""
ANSWERS = {
    "uname": "echo Darwin",
    "open": "",
    "xcodebuild": "echo \"manifests: ${PILOTLIGHT_CORE_LIBRARY_DIR-none} ${PILOTLIGHT_MANIFEST_AS_APPLE-none}\" >>\"$PRETEND_CALLS\"; echo \"** SUCCEEDED **\"; echo \"     Executed 9 tests, with 0 failures (0 unexpected) in 1.0 seconds\"",
    "xcrun": """case "$*" in
*"list devices"*) cat "$PRETEND_DEVICES" ;;
*" appearance") echo dark ;;
*" content_size") echo medium ;;
*" screenshot "*) echo picture >"${@: -1}" ;;
esac""",
    # Builds a server that says where it listens, and serves until it is asked to end.
    "cargo": """mkdir -p "$CARGO_TARGET_DIR/debug"
cat >"$CARGO_TARGET_DIR/debug/identity-server" <<'END'
#!/usr/bin/env bash
echo "server $*" >>"$PRETEND_CALLS"
if [ -n "${PRETEND_NO_SERVER:-}" ]; then echo "no port is free" >&2; exit 1; fi
echo "listening: http://127.0.0.1:4711/"
if [ -n "${PRETEND_SHORT_SERVER:-}" ]; then
    until grep -q 'simctl launch' "$PRETEND_CALLS"; do sleep 0.05; done
    exit
fi
trap 'echo "server ended" >>"$PRETEND_CALLS"; exit' TERM
while :; do sleep 0.05; done
END
chmod +x "$CARGO_TARGET_DIR/debug/identity-server\"""",
}
FRAMEWORK = """mkdir -p "$(dirname "$0")/../bindings/Pilotlight/PilotlightFFI.xcframework"
touch "$(dirname "$0")/../bindings/Pilotlight/PilotlightFFI.xcframework/Info.plist\""""


class Scripts(unittest.TestCase):
    def setUp(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.folder = pathlib.Path(made.name).resolve()
        self.checkout, self.calls_file = self.folder / "checkout", self.folder / "calls"
        for name in COPIED:
            (self.checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, self.checkout / name)
        for folder in ("rust-core/src", "bindings/Pilotlight/Sources/PilotlightFFI", "docs/screenshots"):
            (self.checkout / folder).mkdir(parents=True)
        (self.checkout / "Cargo.lock").touch()
        (self.folder / "devices.json").write_text(json.dumps(DEVICES), encoding="utf-8")
        for name, answer in ANSWERS.items():
            self.tool(self.folder / "bin" / name, answer)
        self.tool(self.checkout / "scripts" / "build-xcframework.sh", FRAMEWORK)
        self.environment = {name: text for name, text in os.environ.items() if not name.startswith(("PILOTLIGHT_", "PRETEND_"))}
        self.environment |= {
            "PATH": f"{self.folder}/bin:{os.environ['PATH']}", "PRETEND_CALLS": str(self.calls_file), "NO_COLOR": "1",
            "PRETEND_DEVICES": str(self.folder / "devices.json"), "CARGO_TARGET_DIR": str(self.folder / "target"),
            "TMPDIR": str(self.folder), "PILOTLIGHT_SETTLING": "0",
        }

    def tool(self, path, answer):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{TOOL}{answer}\n", encoding="utf-8")
        path.chmod(0o755)

    def begin(self, script, *words, **environment):
        return subprocess.Popen([f"scripts/{script}", *words], cwd=self.checkout, env=self.environment | environment, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def run_script(self, script, *words, **environment):
        done = self.begin(script, *words, **environment)
        said, _ = done.communicate(timeout=60)
        return done.returncode, said

    def calls(self):
        return self.calls_file.read_text(encoding="utf-8") if self.calls_file.exists() else ""

    def assertInOrder(self, text, *parts):
        at = 0
        for part in parts:
            found = text.find(part, at)
            self.assertGreaterEqual(found, 0, f"{part!r} does not come there in:\n{text}")
            at = found + len(part)

    def assertFails(self, script, words, sentence, help_, **environment):
        code, said = self.run_script(script, *words, **environment)
        self.assertNotEqual(code, 0, said)
        self.assertRegex(said, f"error: .*{sentence}")
        self.assertIn("to help it: ", said)
        self.assertIn(help_, said.split("to help it: ")[-1])
        self.assertFalse(list(self.folder.glob("pilotlight.*")), "a temporary folder is left")
        return said


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
                           "--domain http://127.0.0.1:4711/ --client-id native-app")
        # With the core's folder for hosts in the environment, the packages would not be built for iOS.
        self.assertIn("manifests: none 1\n", calls)
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=30)
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
            ("xcrun --sdk", "Xcode with the iOS SDK is needed", "xcode-select"),
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
                    self.assertIn("error: xcodebuild was told to fail", said)
                self.assertEqual(self.calls().count("server --ttl"), self.calls().count("server ended"))

    def test_failing_tests_are_shown(self):
        said = self.assertFails("run-sample.sh", ["--test"], "xcodebuild test failed", "sample.log", PRETEND_FAULT="YES test")
        self.assertNotIn("the tests passed", said)

    def test_a_server_that_does_not_start_or_ends_by_itself(self):
        self.assertIn("no port is free", self.assertFails(
            "run-sample.sh", [], "the identity server did not start", "--ttl-access", PRETEND_NO_SERVER="1"))
        self.assertFails("run-sample.sh", [], "the identity server has ended", "scripts/run-sample.sh", PRETEND_SHORT_SERVER="1")

    def test_arguments_that_are_wrong(self):
        for words, sentence, help_ in (
            (["--stub"], "--stub needs a state", "--help"), (["--stub", "gone"], "there is no state gone", "moved-in"),
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
            source = (SAMPLE / file).read_text(encoding="utf-8").split(f"enum {enum}")[1].split("init?")[0]
            cases = [raw or case for case, raw in re.findall(r"case (\w+)(?: = \"([^\"]+)\")?", source)]
            self.assertEqual(re.search(rf"{name}=\((.*)\)", text)[1].split(), cases)
            usage = self.run_script("run-sample.sh", "--help")[1]
            for case in cases:
                self.assertRegex(usage, rf"\b{case}\b")


class Pictures(Scripts):
    def test_pictures_of_everything(self):
        code, said = self.run_script("screenshots.sh")
        self.assertEqual(code, 0, said)
        pictures = {path.stem for path in (self.checkout / "docs/screenshots").glob("*.png")}
        self.assertEqual(len(pictures), 35)
        self.assertLessEqual({"home-dark", "moved-in-light", "metadata-light", "settings-dark", "metadata-waiting-light",
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
