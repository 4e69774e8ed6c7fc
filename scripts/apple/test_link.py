"""Proves that the link, the list of symbols, the budget and the audits catch the faults that they are for."""

import contextlib
import io
import pathlib
import subprocess
import sys
import tempfile
import unittest

import archive
import audit
import fixtures
import link
import sizes
import stubs

TOOLCHAIN = pathlib.Path(__file__).resolve().parent.parent / "apple-toolchain.sh"
LISTED = {"_SecItemAdd": "Security", "_malloc": "libSystem", "_objc_release": "libobjc"}


def quiet(function, *arguments):
    """What a generator of faults gives, without what it prints."""
    with contextlib.redirect_stdout(io.StringIO()):
        return list(function(*arguments))


class Temporary(unittest.TestCase):
    def setUp(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.folder = pathlib.Path(made.name)


@unittest.skipIf(sys.platform == "darwin", "Xcode's linker has other options")
class StrictLink(Temporary):
    def said(self, source):
        """What the strict link says of a function with this C source."""
        file, library = self.folder / "f.c", self.folder / "f.o"
        file.write_text(source, encoding="ascii")
        subprocess.run([TOOLCHAIN, "tool", "clang", "-target", "arm64-apple-ios15.0", "-c", file, "-o", library], check=True)
        tools = pathlib.Path(subprocess.run([TOOLCHAIN, "roots"], check=True, capture_output=True, text=True).stdout.strip())
        strict = stubs.write(self.folder / "stubs", "ios", dict(LISTED, _invented="libSystem"), tools)
        return link.link([library], "arm64", "ios", {"_f"}, strict, self.folder / "f.dylib")

    def test_listed_symbols(self):
        self.assertEqual(self.said("void *malloc(unsigned long); int SecItemAdd(void); int f(void) { malloc(1); return SecItemAdd(); }"), "")

    def test_what_libsystem_has_is_not_listed_for_other_platforms(self):
        tools = pathlib.Path(subprocess.run([TOOLCHAIN, "roots"], check=True, capture_output=True, text=True).stdout.strip())
        self.assertEqual(stubs.of_system({"_confstr", "_invented", "_SecItemAdd"}, tools), {"_confstr"})
        arguments = stubs.write(self.folder / "whole", "macos", LISTED, tools, whole_system=True)
        file = self.folder / "f.c"
        for name, right in (("confstr", True), ("SecItemAdd", True), ("SecItemExport", False), ("invented", False)):
            file.write_text(f"int {name}(void); int f(void) {{ return {name}(); }}", encoding="ascii")
            subprocess.run([TOOLCHAIN, "tool", "clang", "-w", "-target", "arm64-apple-macos12.0", "-c", file, "-o", self.folder / "f.o"], check=True)
            said = link.link([self.folder / "f.o"], "arm64", "macos", {"_f"}, arguments, self.folder / "f.dylib")
            self.assertEqual(said == "", right, (name, said))

    def test_an_unknown_symbol(self):
        self.assertIn("_SecItemExport", self.said("int SecItemExport(void); int f(void) { return SecItemExport(); }"))

    def test_a_listed_symbol_that_the_system_does_not_have(self):
        self.assertIn("_invented", self.said("int invented(void); int f(void) { return invented(); }"))

    def test_what_nothing_calls_needs_nothing(self):
        self.assertEqual(self.said("int unknown(void); int g(void) { return unknown(); } int f(void) { return 1; }"), "")

    def test_a_function_that_is_not_there(self):
        self.assertIn("_f", self.said("int g(void) { return 1; }"))


@unittest.skipIf(sys.platform == "darwin", "Xcode's linker has other options")
class PersonalityRoutines(Temporary):
    FUNCTION = """.globl _f
_f: .cfi_startproc
.cfi_personality 155, {routine}
.cfi_def_cfa_offset 16
ret
.cfi_endproc
.subsections_via_symbols
"""
    OF_RUST = ".globl _rust_eh_personality\n_rust_eh_personality: ret\n"

    def said(self, source, prepare=lambda data: data):
        """What the link says of a library with this code, beside code of C++, Objective-C and Rust."""
        file, part, library = self.folder / "f.s", self.folder / "f.o", self.folder / "f.a"
        file.write_text(source, encoding="ascii")
        subprocess.run([TOOLCHAIN, "tool", "clang", "-target", "arm64-apple-ios15.0", "-femit-compact-unwind-non-canonical",
                        "-c", file, "-o", part], check=True)
        subprocess.run([TOOLCHAIN, "tool", "ar", "--format=darwin", "rcs", library, part], check=True)
        library.write_bytes(prepare(library.read_bytes()))
        objects, root = link.neighbours(self.folder, "arm64", "ios")
        return link.link([library], "arm64", "ios", {root, "_f"}, ["-undefined", "dynamic_lookup", *objects], self.folder / "f.dylib")

    def test_a_routine_of_its_own_is_one_too_many(self):
        self.assertIn("too many personalities (4)", self.said(self.FUNCTION.format(routine="_another")))

    def test_the_routine_of_rust_gives_way_to_that_of_another_library(self):
        source = self.OF_RUST + self.FUNCTION.format(routine="_rust_eh_personality")
        self.assertIn("duplicate symbol: _rust_eh_personality", self.said(source))
        self.assertEqual(self.said(source, archive.anonymous), "")


@unittest.skipIf(sys.platform == "darwin", "Xcode's linker has other options")
class AnotherRustLibrary(Temporary):
    """A library in assembly in place of the core: it has what the standard library and ring define, and calls it."""

    SOURCE = """.globl _uniffi_pilotlight_core_f
_uniffi_pilotlight_core_f: bl __RNvNtCs2a_3std9panicking11EMPTY_PANIC
bl _ring_core_0_17_14__p256_mul
.cfi_startproc
.cfi_personality 155, _rust_eh_personality
.cfi_def_cfa_offset 16
ret
.cfi_endproc
.globl __RNvNtCs2a_3std9panicking11EMPTY_PANIC
__RNvNtCs2a_3std9panicking11EMPTY_PANIC: ret
.globl _rust_eh_personality
_rust_eh_personality: ret
.subsections_via_symbols
"""
    RING = ".globl _ring_core_0_17_14__p256_mul\n_ring_core_0_17_14__p256_mul: ret\n"

    def library(self, prepare):
        parts = []
        for name, source in (("core", self.SOURCE), ("ring", self.RING)):
            file, part = self.folder / f"{name}.s", self.folder / f"{name}.o"
            file.write_text(source, encoding="ascii")
            subprocess.run([TOOLCHAIN, "tool", "clang", "-target", "arm64-apple-ios15.0", "-femit-compact-unwind-non-canonical",
                            "-c", file, "-o", part], check=True)
            parts.append(part)
        library = self.folder / "libcore.a"
        library.unlink(missing_ok=True)
        subprocess.run([TOOLCHAIN, "tool", "ar", "--format=darwin", "rcs", library, *parts], check=True)
        library.write_bytes(prepare(library.read_bytes()))
        return link.Slice(self.folder, "ios", "arm64", library, library.read_bytes(), self.folder)

    def said(self, prepare):
        one = self.library(prepare)
        self.assertEqual(one.link({"_uniffi_pilotlight_core_f"}, set()), [])
        return one.linked_with_another_crate(self.folder)

    def test_two_of_the_same_toolchain_link_when_each_name_is_ours_or_weak(self):
        said = self.said(lambda data: data)
        for name in ("EMPTY_PANIC", "_ring_core_0_17_14__p256_mul"):
            self.assertRegex(said, f"duplicate symbol: .*{name}")
        self.assertEqual(self.said(archive.anonymous), "")

    def test_each_renaming_is_needed(self):
        prefixes, common = archive.PREFIXES, archive.COMMON
        self.addCleanup(lambda: (setattr(archive, "PREFIXES", prefixes), setattr(archive, "COMMON", common)))
        for i, name in enumerate(("EMPTY_PANIC", "p256_mul")):
            archive.PREFIXES = prefixes[:i] + prefixes[i + 1:]
            self.assertRegex(self.said(archive.anonymous), f"duplicate symbol: .*{name}")
        archive.PREFIXES, archive.COMMON = prefixes, set()
        self.library(archive.anonymous)
        self.assertIn("_rust_eh_personality is neither weak", "".join(archive.collisions(self.folder / "libcore.a")))

    def test_a_name_that_another_library_may_have(self):
        self.library(lambda data: data)
        found = "\n".join(archive.collisions(self.folder / "libcore.a"))
        for name in ("EMPTY_PANIC", "_rust_eh_personality", "p256_mul"):
            self.assertIn(name, found)
        self.assertNotIn("uniffi", found)
        self.library(archive.anonymous)
        self.assertEqual(list(archive.collisions(self.folder / "libcore.a")), [])


class Lists(Temporary):
    def test_needed_symbols(self):
        self.assertEqual(list(stubs.compare_needed(set(LISTED), LISTED)), [])
        self.assertIn("_SecItemExport of Security is newly needed", "".join(stubs.compare_needed({*LISTED, "_SecItemExport"}, LISTED)))
        self.assertIn("_malloc is in", "".join(stubs.compare_needed({"_SecItemAdd"}, LISTED)))

    def test_what_the_compiler_calls(self):
        self.assertEqual(stubs.without_helpers({"___ashlti3", "___umodti3", "_malloc", "___error"}), {"_malloc", "___error"})

    def test_what_one_platform_needs(self):
        text = "# words\nSecurity _SecItemAdd\nlibSystem _fstat macos catalyst\n"
        both = {"_SecItemAdd": "Security", "_fstat": "libSystem"}
        self.assertEqual((stubs.read_needed(text), stubs.read_needed(text, "tvos")), ({"_SecItemAdd": "Security"},) * 2)
        self.assertEqual((stubs.read_needed(text, "catalyst"), stubs.read_extra(text, "catalyst")), (both, {"_fstat"}))
        # Another platform may not need a symbol that iOS needs; symbols listed for that platform must be needed.
        self.assertEqual(list(stubs.compare_needed({"_fstat"}, both, {"_fstat"})), [])
        self.assertIn("_fstat is in", "".join(stubs.compare_needed({"_SecItemAdd"}, both, {"_fstat"})))

    def test_the_budget(self):
        self.assertEqual(quiet(sizes.compare, 1_010_000, 1_000_000), [])
        self.assertIn("1010001 bytes", "".join(quiet(sizes.compare, 1_010_001, 1_000_000)))

    def test_crates_of_symbols(self):
        for symbol, crate in (
            ("__RNvNtCs2a_6rustls4conn3new", "rustls"),
            ("__RNvMs_NtCsabc_15pilotlight_core7sessionNtB4_7Session3new", "pilotlight_core"),
            ("__ZN4core3fmt5write17h0123456789abcdefE", "core"),
            ("_pilotring_0_17_14__p256_mul", "ring (C and assembly)"),
            ("_PLNvNtCs2a_3std9panicking11EMPTY_PANIC", "std"),
            ("_uniffi_pilotlight_core_fn_free_session", "pilotlight_core"),
        ):
            self.assertEqual(sizes.crate_of(symbol), crate, symbol)


    def test_layers_of_symbols(self):
        for symbol, layer in (
            ("__RNvMs_NtCsabc_15pilotlight_core7sessionNtB4_7Session3new", "session"),
            ("__RINvNtCs1_4core3ptr13drop_in_placeNtNtCsabc_15pilotlight_core7storage8envelopeE", "storage"),
            ("__RNvNtCs2a_6rustls4conn3new", None),
        ):
            self.assertEqual(sizes.layer_of(symbol), layer, symbol)


class Audits(Temporary):
    def test_a_planted_text(self):
        fixtures.write_package(self.folder / "Pilotlight", undefined=["_planted_marker"])
        self.assertEqual(list(audit.leaks(self.folder, ["/home/somebody"])), [])
        self.assertIn("holds 'planted_marker'", "".join(audit.leaks(self.folder, ["planted_marker"])))
        self.assertNotEqual(list(audit.leaks(self.folder, [""])), [])
        self.assertNotEqual(list(audit.leaks(self.folder / "nothing", ["x"])), [])

    def privacy(self, name, **changes):
        return "".join(quiet(audit.privacy_faults, fixtures.write_package(self.folder / name, **changes)))

    def test_required_reasons(self):
        self.assertEqual(self.privacy("right", undefined=["_fstat"]), "")
        self.assertEqual(self.privacy("inode", undefined=["_fstat$INODE64"]), "")
        self.assertIn("FileTimestamp is declared and not used", self.privacy("unused"))
        self.assertIn("SystemBootTime is not declared and is used: _mach_absolute_time", self.privacy("boot", undefined=["_fstat", "_mach_absolute_time"]))
        self.assertIn("systemUptime in Session.swift", self.privacy("swift", undefined=["_fstat"], swift="ProcessInfo.processInfo.systemUptime\n"))
        self.assertEqual(self.privacy("words", undefined=["_fstat"], swift="// not systemUptime\n"), "")

    def test_the_privacy_manifest_itself(self):
        package = fixtures.write_package(self.folder / "Pilotlight", undefined=["_fstat"])
        manifest = package / "Sources/Pilotlight/PrivacyInfo.xcprivacy"
        fixtures.edit_plist(manifest, lambda plist: plist["NSPrivacyAccessedAPITypes"][0].update(NSPrivacyAccessedAPITypeReasons=[]))
        self.assertIn("gives no reason", "".join(quiet(audit.privacy_faults, package)))
        manifest.rename(package / "PrivacyInfo.xcprivacy")
        self.assertIn("not one in Sources/Pilotlight", "".join(quiet(audit.privacy_faults, package)))

    def test_the_privacy_manifest_of_a_framework(self):
        package = fixtures.write_package(self.folder / "Pilotlight", undefined=["_fstat"], dynamic=True)
        self.assertEqual(quiet(audit.privacy_faults, package), [])
        (package / "PilotlightFFI.xcframework/ios-arm64/PilotlightFFI.framework/PrivacyInfo.xcprivacy").write_bytes(b"other")
        self.assertIn("is another than that of the sources", "".join(quiet(audit.privacy_faults, package)))
        package = fixtures.write_package(self.folder / "unused", dynamic=True)
        self.assertIn("FileTimestamp is declared and not used", "".join(quiet(audit.privacy_faults, package)))

    def test_the_package_manifest(self):
        def described(**changes):
            core = {"name": "PilotlightCore", "type": "library", "target_dependencies": ["PilotlightFFI"]}
            app = {"name": "Pilotlight", "type": "library", "resources": [{"path": "/a/PrivacyInfo.xcprivacy"}]}
            whole = {"targets": [{"name": "PilotlightFFI", "type": "binary"}, core, app],
                     "platforms": [{"name": "ios", "version": "15.0"}], "products": [{"name": "Pilotlight"}]}
            return "".join(audit.manifest_faults({**whole, **changes}, ["ios"], ["PrivacyInfo.xcprivacy"]))

        self.assertEqual(described(), "")
        self.assertIn("PilotlightFFI is of type system-target", described(targets=[{"name": "PilotlightFFI", "type": "system-target"}]))
        self.assertIn("not ['PrivacyInfo.xcprivacy']", described(targets=[]))
        self.assertIn("the manifest is for {'ios': '16.0'}", described(platforms=[{"name": "ios", "version": "16.0"}]))
        more = [{"name": "ios", "version": "15.0"}, {"name": "macos", "version": "12.0"}]
        self.assertIn("the library for {'ios': '15.0'}", described(platforms=more), "nothing is inside for a Mac")
        self.assertIn("not Pilotlight alone", described(products=[]))

    def test_the_frameworks_of_a_manifest(self):
        manifest = self.folder / "Package.swift"
        by_name = "LocalAuthentication"
        for linked, right in (({"Security", by_name}, True), ({"Security"}, False), ({by_name, "Foundation"}, False)):
            text = ", ".join(f'.linkedFramework("{framework}")' for framework in sorted(linked))
            manifest.write_text(f"[{text}]", encoding="utf-8")
            self.assertEqual(list(audit.framework_faults(manifest, LISTED)) == [], right, linked)


if __name__ == "__main__":
    unittest.main()
