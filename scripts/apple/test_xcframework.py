"""Proves that the checks of the XCFramework catch the faults that they are for, and nothing else."""

import os
import pathlib
import shutil
import tempfile
import unittest
import zipfile

import archive
import fixtures
import macho
import xcframework
from fixtures import make_archive, make_object


class Checks(unittest.TestCase):
    def setUp(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.folder = pathlib.Path(made.name) / "PilotlightFFI.xcframework"

    def faults(self, targets=None):
        return list(xcframework.check(self.folder, fixtures.MODULE, targets or fixtures.TARGETS, fixtures.LIBRARY))

    def assert_fault(self, words):
        found = self.faults()
        self.assertTrue(any(words in fault for fault in found), (words, found))

    def test_a_right_one_passes(self):
        fixtures.write_xcframework(self.folder)
        self.assertEqual(self.faults(), [])

    def test_an_object_for_the_wrong_platform(self):
        for platform in ("ios-simulator", "macos", "maccatalyst", None):
            fixtures.write_xcframework(self.folder, device=[make_object(), make_object(platform=platform)])
            self.assert_fault(f"is for {platform}, not ios")
            shutil.rmtree(self.folder)

    def test_objects_of_a_standard_library_that_is_older_than_the_minimum(self):
        """The compiler's own helpers keep the version that rustup's standard library was built for."""
        for architecture, minimum, command, fault in (
            ("arm64", "10.0", 0x25, None),
            ("x86_64", "10.0", 0x25, "is for ios-simulator, not ios"),
            ("arm64", "10.0", 0x24, "is for macos, not ios"),
            ("arm64", "16.0", 0x25, "needs iOS 16.0, not 15.0"),
        ):
            helper = make_object(architecture, minimum=minimum, old_command=command)
            fixtures.write_xcframework(self.folder, device=[make_object(), helper])
            if fault is None:
                self.assertEqual(self.faults(), [])
            else:
                self.assert_fault(fault)
            shutil.rmtree(self.folder)

    def test_an_object_for_another_version(self):
        fixtures.write_xcframework(self.folder, device=[make_object(), make_object(minimum="16.4")])
        self.assert_fault("needs iOS 16.4, not 15.0")
        shutil.rmtree(self.folder)
        fixtures.write_xcframework(self.folder, device=[make_object(minimum="13.0")])
        self.assert_fault("no object is for iOS 15.0")

    def test_an_object_for_the_wrong_architecture(self):
        fixtures.write_xcframework(self.folder, device=[make_object(), make_object("x86_64")])
        self.assert_fault("holds ['arm64', 'x86_64'], not ['arm64']")

    def test_a_missing_slice(self):
        fixtures.write_xcframework(self.folder)
        shutil.rmtree(self.folder / "ios-arm64_x86_64-simulator")
        xcframework.describe(self.folder, fixtures.LIBRARY)
        self.assert_fault("0 entries for ios-arm64_x86_64-simulator")
        self.assertEqual(self.faults(["aarch64-apple-ios"]), [])

    def test_a_slice_too_many(self):
        fixtures.write_xcframework(self.folder)
        fixtures.write_slice(self.folder / "macos-arm64", make_archive([make_object(platform="macos")]))
        self.assert_fault("not expected here: macos-arm64")

    def test_the_folder_of_the_headers(self):
        for headers in ("Pilotlight", ".", "PilotlightFFI/include"):
            fixtures.write_xcframework(self.folder)
            shutil.rmtree(self.folder / "ios-arm64")
            fixtures.write_slice(self.folder / "ios-arm64", make_archive([make_object()]), headers=headers)
            self.assert_fault("the headers' folder is named like the module")
            shutil.rmtree(self.folder)

    def test_the_module_map(self):
        for text, words in (
            (fixtures.MODULE_MAP.replace("module Pil", "framework module Pil"), "framework"),
            (fixtures.MODULE_MAP.replace("    export", '    use "Darwin"\n    export'), "use"),
            (fixtures.MODULE_MAP.replace("PilotlightFFI {", "Other {"), "does not declare a plain module"),
        ):
            fixtures.write_xcframework(self.folder)
            shutil.rmtree(self.folder / "ios-arm64")
            fixtures.write_slice(self.folder / "ios-arm64", make_archive([make_object()]), module_map=text)
            self.assert_fault(words)
            shutil.rmtree(self.folder)

    def test_the_property_list(self):
        def spoil(key, value, within=None):
            def change(plist):
                place = plist if within is None else plist["AvailableLibraries"][within]
                if value is None:
                    del place[key]
                else:
                    place[key] = value
            return change

        for change, words in (
            (spoil("CFBundlePackageType", "FMWK"), "must be XFWK"),
            (spoil("XCFrameworkFormatVersion", None), "its keys are"),
            (spoil("HeadersPath", None, 0), "the keys are"),
            (spoil("SupportedPlatform", "macos", 0), "says macos"),
            (spoil("SupportedPlatformVariant", None, 1), "is ios-simulator"),
            (spoil("SupportedArchitectures", ["arm64"], 1), "Info.plist says ['arm64']"),
            (spoil("LibraryIdentifier", "ios-arm64", 1), "2 entries for ios-arm64"),
            (spoil("LibraryPath", "Core.framework", 0), "the library is Core.framework, not libcore.a"),
            (spoil("BinaryPath", "Core.framework/Core", 0), "no bare static library"),
            (spoil("HeadersPath", "include", 0), "HeadersPath is include, not Headers"),
        ):
            fixtures.write_xcframework(self.folder)
            fixtures.edit_plist(self.folder / "Info.plist", change)
            self.assert_fault(words)
            shutil.rmtree(self.folder)


class SameBytes(unittest.TestCase):
    def test_the_zip_does_not_depend_on_times_and_modes(self):
        packed = []
        for moment, mode in ((1, 0o600), (10**9, 0o755)):
            with tempfile.TemporaryDirectory() as made:
                folder = fixtures.write_xcframework(pathlib.Path(made) / "PilotlightFFI.xcframework")
                for path in folder.rglob("*"):
                    if path.is_file():
                        path.chmod(mode)
                    os.utime(path, (moment, moment))
                target = pathlib.Path(made) / "it.zip"
                xcframework.pack(folder, target)
                packed.append((target.read_bytes(), pathlib.Path(f"{target}.sha256").read_text(encoding="ascii")))
        self.assertEqual(*packed)

    def test_names_of_members_lose_their_hashes(self):
        one, other = (make_archive([make_object()], name) for name in ("0123456789abcdef-p256.o", "fedcba9876543210-p256.o"))
        self.assertNotEqual(one, other)
        self.assertEqual(archive.anonymous(one), archive.anonymous(other))
        (member,) = macho.members(archive.anonymous(one))
        self.assertEqual((member.name, member.body), ("p256.o", make_object()))
        self.assertEqual(archive.plain_name("core-01234567.core.0123456789abcdef-cgu.0.rcgu.o"), "core.o")

    def test_links_and_programs_keep_their_modes(self):
        with tempfile.TemporaryDirectory() as made:
            folder = fixtures.write_xcframework(pathlib.Path(made) / "PilotlightFFI.xcframework", dynamic=True, targets=["aarch64-apple-darwin"])
            xcframework.pack(folder, pathlib.Path(made) / "it.zip")
            with zipfile.ZipFile(pathlib.Path(made) / "it.zip") as packed:
                inside = "PilotlightFFI.xcframework/macos-arm64/PilotlightFFI.framework/"
                modes = {name: oct(packed.getinfo(inside + name).external_attr >> 16) for name in ("Headers", "Versions/A/PilotlightFFI", "Versions/A/Headers/PilotlightFFI.h")}
                self.assertEqual(list(modes.values()), ["0o120755", "0o100755", "0o100644"])
                self.assertEqual(packed.read(inside + "Versions/Current"), b"A")


if __name__ == "__main__":
    unittest.main()
