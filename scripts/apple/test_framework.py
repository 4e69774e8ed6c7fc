"""Proves that the checks of the dynamic form catch the faults that they are for, and that a framework links as it should."""

import pathlib
import plistlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import dylibs
import fixtures
import framework
import link
import macho
import platforms
import xcframework

NAME = framework.NAME
TOOLCHAIN = framework.TOOLCHAIN


class Rules(unittest.TestCase):
    def setUp(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.folder = pathlib.Path(made.name) / f"{NAME}.xcframework"

    def make(self, targets=("aarch64-apple-ios",), **changes):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.targets = targets
        self.folder.mkdir()
        return fixtures.write_frameworks(self.folder, targets, **changes)

    def faults(self):
        return list(xcframework.check(self.folder, NAME, self.targets, f"{NAME}.framework", {"_f"}))

    def assert_fault(self, words):
        found = self.faults()
        self.assertTrue(any(words in fault for fault in found), (words, found))

    def test_a_right_one_passes_on_each_platform(self):
        for platform in platforms.PLATFORMS:
            self.make(platforms.targets_of([platform]))
            self.assertEqual(self.faults(), [], platform)

    def test_the_library(self):
        for changes, words in (
            ({"platform": "ios-simulator"}, "is for ios-simulator, not ios"),
            ({"minimum": "16.0"}, "needs 16.0, not 15.0"),
            ({"file": 1}, "no dynamic library"),
            ({"install_name": f"/usr/lib/{NAME}"}, f"its install name is /usr/lib/{NAME}"),
            ({"rpaths": ["/opt/lib"]}, "it searches ['/opt/lib']"),
            ({"loads": ["/usr/lib/libSystem.B.dylib", "/usr/lib/libsqlite3.dylib"]}, "it loads ['/usr/lib/libsqlite3.dylib']"),
            ({"loads": []}, "does not load libSystem"),
            ({"exported": ()}, "does not export ['_f']"),
            ({"exported": ("_f", "_rust_eh_personality")}, "it exports ['_rust_eh_personality'], which Swift does not call"),
            ({"flags": dylibs.MH_TWOLEVEL}, "not marked as safe for app extensions"),
            ({"flags": dylibs.MH_APP_EXTENSION_SAFE}, "searched in every library"),
            ({"stabs": 2}, "2 of its symbols are a debugger's"),
            ({"uuid": b""}, "it has no UUID"),
            ({"uuid": b"another library."}, "the dSYM is of another library"),
        ):
            self.make(**changes)
            self.assert_fault(words)

    def test_what_needs_a_signature(self):
        for target, wanted in (("aarch64-apple-ios", False), ("aarch64-apple-ios-sim", True), ("aarch64-apple-darwin", True), ("x86_64-apple-darwin", False)):
            self.make([target], signed=False)
            self.assertEqual(any("not even ad hoc" in fault for fault in self.faults()), wanted, target)

    def test_the_property_list(self):
        for key, value in (("CFBundlePackageType", "BNDL"), ("CFBundleExecutable", "Core"), ("MinimumOSVersion", "16.0"), ("MinimumOSVersion", None),
                           ("CFBundleSupportedPlatforms", ["iPhoneSimulator"]), ("DTPlatformName", "iphonesimulator"), ("UIDeviceFamily", [1]),
                           ("CFBundleShortVersionString", "1.0-beta"), ("LSMinimumSystemVersion", "12.0"), ("DTPlatformVersion", "")):
            self.make()
            path = self.folder / "ios-arm64" / f"{NAME}.framework" / "Info.plist"
            fixtures.edit_plist(path, lambda plist, key=key, value=value: plist.pop(key) if value is None else plist.update({key: value}))
            self.assertNotEqual(self.faults(), [], (key, value))
            self.assertIn("the framework's", "".join(self.faults()), (key, value))

    def test_the_property_list_of_the_xcframework(self):
        for key, value, words in (("DebugSymbolsPath", None, "the keys are"), ("DebugSymbolsPath", "Symbols", "DebugSymbolsPath is Symbols"),
                                  ("LibraryPath", "libcore.a", "the library is libcore.a"), ("HeadersPath", "Headers", "the keys are")):
            self.make()
            fixtures.edit_plist(self.folder / "Info.plist", lambda plist, key=key, value=value: (
                plist["AvailableLibraries"][0].pop(key) if value is None else plist["AvailableLibraries"][0].update({key: value})))
            self.assert_fault(words)

    def test_the_files(self):
        bundle = self.folder / "ios-arm64" / f"{NAME}.framework"
        for name, words in (("PrivacyInfo.xcprivacy", "the framework has"), ("Modules/module.modulemap", "does not declare a framework module"),
                            (f"Headers/{NAME}.h", "the framework has"), ("Info.plist", "CFBundleExecutable"), (NAME, "is missing")):
            self.make()
            (bundle / name).unlink()
            self.assert_fault(words)
        self.make()
        (bundle / "Modules" / "module.modulemap").write_text(fixtures.MODULE_MAP, encoding="ascii")
        self.assert_fault("does not declare a framework module")
        self.make()
        (bundle.parent / "libcore.a").write_bytes(b"")
        self.assert_fault("more than a framework")

    def test_the_versions_of_a_framework_for_macs(self):
        for spoil in (lambda bundle: (bundle / "Versions" / "Current").unlink(), lambda bundle: shutil.copy(bundle / NAME, bundle / "Versions" / "B")):
            self.make(["aarch64-apple-darwin"])
            spoil(self.folder / "macos-arm64" / f"{NAME}.framework")
            self.assertNotEqual(self.faults(), [])

    def test_the_symbols(self):
        place = self.folder / "ios-arm64" / "dSYMs" / f"{NAME}.framework.dSYM" / "Contents"
        self.make()
        shutil.rmtree(place)
        self.assert_fault("there is no dSYM")
        self.make()
        (place / "Resources" / "DWARF" / NAME).write_bytes(fixtures.make_dylib("ios", "arm64", file=dylibs.MH_DSYM))
        self.assert_fault("no lines for arm64")
        self.make()
        (place / "Resources" / "Relocations").write_text("/folder", encoding="ascii")
        self.assert_fault("the dSYM has")


@unittest.skipIf(sys.platform == "darwin", "Xcode's linker has other options")
class Linking(unittest.TestCase):
    """A library of C in place of the core, linked as the core is."""

    SOURCE = "int hidden(void) { return 1; } int uniffi_f(void) { return hidden(); } int uniffi_unused(void) { return 2; }\n"

    def setUp(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.folder = pathlib.Path(made.name)
        for name, text in (("FFI/f.h", "int uniffi_f(void);\nint uniffi_unused(void);\n"), ("Core/f.swift", "uniffi_f()\n")):
            (self.folder / name).parent.mkdir()
            (self.folder / name).write_text(text, encoding="ascii")
        self.tools = pathlib.Path(subprocess.run([TOOLCHAIN, "roots"], check=True, capture_output=True, text=True).stdout.strip())

    def linked(self, target, source=SOURCE, folder="."):
        kind, place = platforms.kind_of(target), self.folder / folder
        place.mkdir(exist_ok=True)
        (place / "f.c").write_text(source, encoding="ascii")
        clang = [TOOLCHAIN, "tool", "clang", "-target", platforms.triple(kind, platforms.architecture_of(target)), "-gline-tables-only", "-O1", "-fno-inline",
                 f"-ffile-prefix-map={place}=/f", "-c", place / "f.c", "-o", place / "f.o"]
        subprocess.run([str(word) for word in clang], check=True)
        subprocess.run([TOOLCHAIN, "tool", "ar", "--format=darwin", "rcsD", place / "f.a", place / "f.o"], check=True)
        framework.link_binary(target, place / "f.a", self.folder, self.tools, place / "binary", place / "dwarf")
        return (place / "binary").read_bytes(), (place / "dwarf").read_bytes()

    def test_what_swift_calls_is_exported_and_lines_are_kept_beside_it(self):
        for target in ("aarch64-apple-ios", "aarch64-apple-ios-sim", "x86_64-apple-ios", "aarch64-apple-darwin", "aarch64-apple-ios-macabi", "aarch64-apple-tvos",
                       "aarch64-apple-visionos", "aarch64-apple-visionos-sim"):
            binary, dwarf = self.linked(target)
            one, kind = dylibs.read(binary), platforms.kind_of(target)
            self.assertEqual((one.what.defined, one.what.platform, one.install_name), ({"_uniffi_f"}, kind, framework.install_name(kind)))
            self.assertEqual((one.stabs, one.uuid), (0, dylibs.read(dwarf).uuid))
            self.assertTrue(dict((name, body) for name, _, body in macho.section_contents(dwarf)).get("__debug_line"), target)
            self.assertNotIn(str(self.folder).encode(), binary + dwarf)

    def test_the_folder_makes_no_difference(self):
        self.assertEqual(self.linked("aarch64-apple-ios", folder="a"), self.linked("aarch64-apple-ios", folder="another"))

    def test_what_the_system_does_not_have_is_an_error(self):
        with self.assertRaises(subprocess.CalledProcessError):
            self.linked("aarch64-apple-ios", "int unknown(void); int uniffi_f(void) { return unknown(); }\n")

    def test_an_app_links_against_it_and_has_the_same_symbols_itself(self):
        """As with a second Rust library: what is hidden in the framework meets nothing."""
        binary, _ = self.linked("aarch64-apple-ios")
        bundle = self.folder / f"{NAME}.framework"
        bundle.mkdir()
        (bundle / NAME).write_bytes(binary)
        (self.folder / "app.c").write_text("int uniffi_f(void); int hidden(void) { return 3; } int app(void) { return hidden() + uniffi_f(); }\n", encoding="ascii")
        subprocess.run([TOOLCHAIN, "tool", "clang", "-target", "arm64-apple-ios15.0", "-c", self.folder / "app.c", "-o", self.folder / "app.o"], check=True)
        said = link.link([self.folder / "app.o", "-F", self.folder, "-framework", NAME], "arm64", "ios", {"_app"}, [], self.folder / "app")
        self.assertEqual(said, "")


if __name__ == "__main__":
    unittest.main()
