"""Proves that the compilation for iOS and the link with a slice catch the faults that they are for.

The right programs are in swift-proof/. Each proof spoils one in one place; what comes must name that fault and no other.
"""

import contextlib
import io
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import fixtures
import swift_ios

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = HERE / "swift-proof"
ON_MAC = sys.platform == "darwin"
HEADER = "int uniffi_proof_one(void);\nint uniffi_proof_two(void);\n"
MINIMUM = {"Core": "15.0", "Library": "15.0", "App": "17.0"}

# (what is wrong, the text to replace, what by, what the compiler says of it)
LIBRARY = (
    ("an API of a later iOS", "if #available(iOS 17.4, macOS 14.4, *)", "if url.isFileURL", "is only available in iOS 17.4 or newer"),
    ("a check for too old an iOS", "iOS 17.4, macOS", "iOS 17.0, macOS", "is only available in iOS 17.4 or newer"),
    ("a later API of the standard library", "sleep(nanoseconds: 1)", "sleep(for: .seconds(1))", "is only available in iOS 16.0 or newer"),
    ("Observation before iOS 17", "@available(iOS 17, macOS 14, *)", "", "is only available in iOS 17.0 or newer"),
    ("a data race", "await Task { @MainActor in }.value", "Task { @MainActor in counter.add() }", "risks causing data races"),
    ("a capture that is not Sendable", "await Task { @MainActor in }.value",
     "let add: @Sendable () -> Void = { counter.add() }; add()", "with non-Sendable type 'Counter'"),
    ("a lock over an await", "    counter.add()\n", "    let lock = NSLock()\n    lock.lock()\n    counter.add()\n", "unavailable from asynchronous contexts"),
    ("a path without return", "            return 0\n", "", "missing return in instance method"),
    ("a wrong type for iOS alone", '"ios"', "1", "cannot convert value of type 'Int' to specified type 'String'"),
    ("a warning", "    counter.add()\n", "    counter.add()\n    let unused = 1\n", "'unused' was never used"),
    ("a label that Apple's API does not have", "callbackURLScheme:", "callbackScheme:", "incorrect argument label"),
    ("a method that a protocol asks for", "func presentationAnchor", "func anchor", "does not conform to protocol"),
)
# The stubs are stricter here than Apple's SDK.
STRICTER = (
    ("the main actor's state in the sheet's closure", "callbackURLScheme: \"example\") { callback, _ in\n",
     "callbackURLScheme: \"example\") { callback, _ in\n self.shown = nil\n", "main actor-isolated property 'shown' can not be mutated"),
    ("the main actor's closure for the sheet", "completionHandler: { callback, _ in finish(callback) })",
     "completionHandler: { @MainActor callback, _ in finish(callback) })", "loses global actor 'MainActor'"),
)
APP = (
    ("a modifier that is not there", "navigationTitle", "navigationTitel", "has no member 'navigationTitel'"),
    ("a binding for a value", ".disabled(model.isBusy)", ".disabled($model.isBusy)", "to expected argument type 'Bool'"),
    ("a value for a binding", "text: $model.address", "text: model.address", "to expected argument type 'Binding<String>'"),
    ("a model off the main actor", "@MainActor @Observable", "@Observable", "risks causing data races"),
    ("a model that cannot be observed", "@MainActor @Observable", "@MainActor", "must be an object that conforms to Observable"),
    ("a text for a view", 'else { Text("Idle") }', 'else { "Idle" }', "requires that 'String' conform to 'View'"),
    ("a case that a later iOS may add", '        @unknown default: "unknown"\n', "", "may have additional unknown values"),
    ("an app without a scene", "WindowGroup { RowsView(model: model) }", "RowsView(model: model)", "conform to 'Scene'"),
)


class Proof(unittest.TestCase):
    def setUp(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.folder = pathlib.Path(made.name)
        self.slice = self.folder / "slice"
        self.module_map = self.slice / "Headers" / fixtures.MODULE / "module.modulemap"

    def copy(self, program, old="", new=""):
        """The program's folder, with the one place that reads `old` replaced."""
        to, places = self.folder / program, 0
        to.mkdir(exist_ok=True)
        for file in sorted((PROGRAMS / program).glob("*.swift")):
            text = file.read_text(encoding="utf-8")
            places += text.count(old) if old else 0
            (to / file.name).write_text(text.replace(old, new) if old else text, encoding="utf-8")
        self.assertEqual(places, 1 if old else 0, f"the places in {program} that read {old!r}")
        return to

    def said(self, program, old="", new="", **changes):
        """What the compiler says of a program that is copied, and spoilt by `old` and `new`, or by another slice."""
        self.write_slice(b"", **changes)
        modules = [(program, [self.copy(program, old, new)], MINIMUM[program])]
        with contextlib.redirect_stdout(io.StringIO()):
            return swift_ios.compile_modules(self.module_map, modules, self.folder)

    def write_slice(self, library, **changes):
        shutil.rmtree(self.slice, ignore_errors=True)
        fixtures.write_slice(self.slice, library, **changes)
        for header in self.slice.glob("Headers/*/*.h"):
            header.write_text(HEADER, encoding="utf-8")

    def library(self, defined):
        architecture = platform.machine() if ON_MAC else "x86_64"
        code, compiled = self.folder / "library.c", self.folder / "library.o"
        code.write_text("".join(f"int uniffi_proof_{name}(void) {{ return 1; }}\n" for name in defined), encoding="ascii")
        subprocess.run([HERE.parent / "apple-toolchain.sh", "tool", "clang", "-target",
                        f"{architecture}-apple-ios15.0-simulator", "-c", code, "-o", compiled], check=True)
        return fixtures.make_archive([compiled.read_bytes()])

    def assertCaught(self, program, faults):
        for name, old, new, sentence in faults:
            with self.subTest(name):
                errors = "\n".join(re.findall(r"error: .*", self.said(program, old, new)))
                # Swift 6.0 says "non-sendable", later ones "non-Sendable".
                self.assertIn(sentence.lower(), errors.lower())


class Compiling(Proof):
    def test_the_right_programs(self):
        for program in MINIMUM:
            self.assertEqual(self.said(program), "", program)

    def test_a_library(self):
        self.assertCaught("Library", LIBRARY)

    @unittest.skipIf(ON_MAC, "Apple's SDK takes these")
    def test_what_traps_only_when_it_runs(self):
        self.assertCaught("Library", STRICTER)

    def test_an_app(self):
        self.assertCaught("App", APP)

    def test_the_same_later_api_is_right_where_the_minimum_is_later(self):
        library = self.copy("Library", "sleep(nanoseconds: 1)", "sleep(for: .seconds(1))")
        with contextlib.redirect_stdout(io.StringIO()):
            self.write_slice(b"")
            self.assertEqual(swift_ios.compile_modules(self.module_map, [("Library", [library], "16.0")], self.folder), "")

    def test_headers_that_xcode_would_not_find(self):
        unknown = "cannot find 'uniffi_proof_one' in scope"
        self.assertRegex(self.said("Core", headers="Other"), "module map file .* not found")
        self.assertIn(unknown, self.said("Core", module_map=fixtures.MODULE_MAP.replace(fixtures.MODULE, "Other", 1)))

    def test_a_folder_without_swift(self):
        with self.assertRaisesRegex(SystemExit, "no Swift file"):
            swift_ios.sources(self.folder)


class Weighing(Proof):
    def weight(self, old="", new=""):
        self.write_slice(b"")
        found, said = swift_ios.object_sizes(self.module_map, [("Core", [self.copy("Core", old, new)], "15.0")], self.folder)
        self.assertEqual(said, "")
        return found

    def faults(self, found, budgets):
        with contextlib.redirect_stdout(io.StringIO()):
            return list(swift_ios.compare_budgets(found, swift_ios.read_budgets(budgets)))

    def test_a_module_that_grew_is_named(self):
        found = self.weight()
        budget = swift_ios.BUDGET_HEAD + f"Core {found['Core']}\n"
        self.assertEqual(self.faults(found, budget), [])
        larger = self.weight("import", "public func grown(_ text: String) -> String { text + String(repeating: text, count: 7) + \"grown\" }\nimport")
        self.assertGreater(larger["Core"], found["Core"])
        self.assertEqual(len(self.faults(larger, budget)), 1)

    def test_a_module_without_a_budget(self):
        self.assertEqual(len(self.faults({"Core": 1}, swift_ios.BUDGET_HEAD)), 1)

    def test_what_does_not_compile(self):
        self.write_slice(b"")
        _, said = swift_ios.object_sizes(self.module_map, [("Core", [self.copy("Core", "import", "imports")], "15.0")], self.folder)
        self.assertIn("Core, for iOS 15.0", said)


@unittest.skipIf(ON_MAC, "Xcode's compiler runs as it is")
class Root(unittest.TestCase):
    def test_a_program_cannot_change_the_devices_of_the_machine(self):
        # The compiler, which is root there, deletes its output file when it fails: /dev/null, where it was given that.
        planted = pathlib.Path("/dev/pilotlight-planted")
        self.addCleanup(planted.unlink, missing_ok=True)
        done = subprocess.run([HERE.parent / "swift.sh", "--suite", "sid", "exec", "touch", planted], capture_output=True, text=True, check=False)
        self.assertIn("Read-only file system", done.stderr)
        self.assertFalse(planted.exists())


class Linking(Proof):
    def faults(self, defined, program="Core"):
        self.write_slice(self.library(defined))
        arguments = self.module_map, self.slice / fixtures.LIBRARY, self.copy(program), "15.0", self.folder
        with contextlib.redirect_stdout(io.StringIO()):
            return "\n".join(swift_ios.link_faults(*arguments))

    def test_a_library_with_each_function(self):
        self.assertEqual(self.faults(("two", "one", "three")), "")

    def test_a_library_without_one(self):
        missing = self.faults(("one",))
        self.assertIn("uniffi_proof_two", missing)
        self.assertNotIn("uniffi_proof_one", missing)

    def test_swift_that_calls_nothing(self):
        self.assertIn("calls nothing of the library", self.faults(("one",), "Library"))


if __name__ == "__main__":
    unittest.main()
