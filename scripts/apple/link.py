#!/usr/bin/env python3
"""Links each slice as an app does, without unused code, and checks the needed symbols and the size of the result.

    link.py check XCFRAMEWORK SOURCES TOOLS         against needed-symbols.txt and size-budget.txt, beside C++, Objective-C and
                                                    Rust (docs/adr/0015), and as prologues.py reads it
    link.py size XCFRAMEWORK SOURCES TOOLS FILE     only its size, against the budget in FILE
    link.py accept XCFRAMEWORK SOURCES TOOLS        writes both anew; read the difference before you commit it

SOURCES is the folder with the generated Swift: an app keeps the functions that it calls. TOOLS is the folder of
apple-toolchain.sh. A framework is already linked; the check links against it. No Apple SDK is used: the stubs of stubs.py
replace it.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

import archive
import macho
import platforms
import prologues
import sizes
import stubs

HERE = pathlib.Path(__file__).resolve().parent
BUDGET = HERE / "size-budget.txt"
# Other code in an app: functions with personality routines of other languages, and another library written in Rust. They call
# each other, so that none is stripped.
NEIGHBOURS = {
    "neighbour.cpp": """struct Cleaned { ~Cleaned(); };
Cleaned::~Cleaned() {}
extern "C" void neighbour_in_objc(void);
extern "C" void neighbour_in_cpp(void) { Cleaned one; neighbour_in_objc(); }
""",
    "neighbour.m": """void neighbour_in_rust(void);
void neighbour_in_objc(void) { @try { neighbour_in_rust(); } @catch (id thrown) {} }
""",
    "neighbour.s": """.globl _rust_eh_personality
_rust_eh_personality: ret
.globl _neighbour_in_rust
_neighbour_in_rust: .cfi_startproc
.cfi_personality 155, _rust_eh_personality
.cfi_def_cfa_offset 16
ret
.cfi_endproc
.subsections_via_symbols
""",
}


def roots(sources):
    """The symbols that the Swift code calls, and all that the header declares."""
    (header,) = sources.glob("*FFI/*.h")
    declared = set(re.findall(r"\b((?:uniffi|ffi|pilotlight)_\w+)\s*\(", header.read_text(encoding="utf-8")))
    # The generated Swift code, and the functions that the handwritten code calls without UniFFI.
    called = {word for swift in sources.glob("*/*.swift") for word in re.findall(r"\w+", swift.read_text(encoding="utf-8"))}
    return {f"_{name}" for name in declared & called}, {f"_{name}" for name in declared}


def neighbours(folder, architecture, kind):
    """Objects of C++, Objective-C and Rust, and the function that keeps them from being stripped."""
    for name, source in NEIGHBOURS.items():
        (folder / name).write_text(source, encoding="ascii")
        command = [HERE.parent / "apple-toolchain.sh", "tool", "clang", "-target", platforms.triple(kind, architecture),
                   "-femit-compact-unwind-non-canonical", "-c", folder / name, "-o", folder / f"{name}.o"]
        subprocess.run([str(word) for word in command], check=True)
    return [folder / f"{name}.o" for name in NEIGHBOURS], "_neighbour_in_cpp"


def link(libraries, architecture, kind, called, extra, output):
    """Runs the linker; returns its output if it failed."""
    exports, its = output.with_suffix(".exports"), platforms.KINDS[kind]
    exports.write_text("\n".join(sorted(called)) + "\n", encoding="ascii")
    command = [HERE.parent / "apple-toolchain.sh", "tool", "ld64.lld", "-dylib", "-arch", architecture, "-platform_version",
               its.linker, platforms.minimum_of(kind), its.sdk_version, "-dead_strip", "-x", "-exported_symbols_list", exports, *libraries,
               "-o", output]
    for symbol in sorted(called):
        command += ["-u", symbol]
    done = subprocess.run([str(word) for word in command + extra], capture_output=True, text=True, check=False)
    return done.stderr if done.returncode else ""


class Slice:
    """One architecture of a package for one platform: a static library, which is linked here as in an app, or a framework,
    which is already linked."""

    def __init__(self, folder, kind, architecture, file, data, scratch):
        self.kind, self.architecture, self.file, self.data = kind, architecture, file, data
        self.name = f"{kind} {architecture}"
        self.dylib, self.map = scratch / f"{kind}-{architecture}.dylib", scratch / f"{kind}-{architecture}.map"
        self.is_static = file.suffix == ".a"
        self.platform = platforms.KINDS[kind].platform
        self.folder = folder

    def defined(self):
        if not self.is_static:
            return macho.read_object(self.data).defined
        return {name for _, one in macho.objects(self.file) if one.architecture == self.architecture for name in one.defined}

    def link(self, called, declared):
        """A sentence for each fault. Afterwards `dylib` exists, linked with undefined symbols allowed."""
        missing = declared - self.defined() if self.is_static else set()
        faults = [f"{self.name}: the header declares {symbol} and the library lacks it" for symbol in sorted(missing)]
        self.called = called - missing
        if self.is_static:
            said = self.linked([self.file], ["-undefined", "dynamic_lookup", "-map", self.map], self.dylib)
            return faults + ([f"{self.name}: {said}"] if said else [])
        self.dylib.write_bytes(self.data)
        return faults

    def linked(self, files, extra, output, more=()):
        return link(files, self.architecture, self.kind, self.called | set(more), extra, output)

    def check(self, scratch, tools):
        """A sentence for each fault of a link without undefined symbols, and of one beside other languages."""
        here = scratch / self.kind
        system = stubs.write(here, self.kind, stubs.listed(self.platform), tools, whole_system=self.platform != "ios")
        # A framework is linked as in an app: the app's own code calls it.
        files = [self.file] if self.is_static else ["-F", self.file_of_framework().parent, "-framework", self.file.name]
        faults = self.errors("strict link", self.linked(files, system, scratch / "strict.dylib"))
        objects, root = neighbours(scratch, self.architecture, self.kind)
        extra = ["-undefined", "dynamic_lookup", *objects]
        faults += self.errors("beside C++, Objective-C and Rust", self.linked(files, extra, scratch / "neighbours.dylib", [root]))
        if self.is_static:
            faults += self.errors("beside another Rust library", self.linked_with_another_crate(scratch))
            faults += [f"{self.name}: {fault}" for fault in archive.collisions(self.file)]
        if self.is_static and self.architecture == "arm64":
            faults += [f"{self.name}: {fault}" for fault in prologues.faults(self.dylib.read_bytes(), self.map.read_text(encoding="latin1"))]
        return faults

    def linked_with_another_crate(self, scratch):
        """Both with all their contents, and both called."""
        another = scratch / "another.a"
        another.write_bytes(archive.of_another_crate(self.data))
        others = {name for _, one in macho.objects(another) for name in one.defined if name.startswith(("_others_", "_somebodys__"))}
        both = ["-undefined", "dynamic_lookup", "--error-limit=0", "-force_load", self.thin(scratch), "-force_load", another]
        return self.linked([], both, scratch / "both.dylib", others)

    def thin(self, scratch):
        path = scratch / "thin.a"
        path.write_bytes(self.data)
        return path

    def file_of_framework(self):
        return next(parent for parent in self.file.parents if parent.suffix == ".framework")

    def errors(self, where, said):
        return [f"{self.name}, {where}: {line}" for line in said.splitlines() if "error" in line]


def slices(xcframework, scratch):
    """All slices of an XCFramework."""
    for folder in sorted(path for path in xcframework.iterdir() if path.is_dir()):
        for kind, its in platforms.KINDS.items():
            described = folder.name.split("-")
            if described[0] != its.supported or (described[2:] or [None])[0] != its.variant:
                continue
            for file in (*folder.glob("*.a"), *folder.glob("*.framework")):
                binary = (file / file.stem).resolve() if file.suffix == ".framework" else file
                for data in macho.slices(binary.read_bytes()):
                    yield Slice(folder, kind, architecture_of(data), binary, data, scratch)


def architecture_of(data):
    """The size of a thin library, static or linked."""
    body = next(macho.members(data)).body if data[:8] == b"!<arch>\n" else data
    return macho.read_object(body).architecture


def main():
    verb, xcframework, sources, tools = sys.argv[1], *map(pathlib.Path, sys.argv[2:5])
    faults, found, weights = [], {}, {}
    called, declared = roots(sources)
    with tempfile.TemporaryDirectory() as made:
        scratch = pathlib.Path(made)
        for one in slices(xcframework, scratch):
            faults += one.link(called, declared)
            if not one.dylib.is_file():
                continue
            linked = macho.read_object(one.dylib.read_bytes())
            linked.undefined.discard(stubs.OF_LINKER)
            # The needed symbols of libSystem are listed for iOS. On other platforms they only have to exist.
            known = set() if one.platform == "ios" else stubs.of_system(linked.undefined, tools)
            needed = linked.undefined if one.is_static else stubs.without_helpers(linked.undefined)
            found.setdefault(one.platform, set()).update(needed - known)
            weights[one.name] = sizes.weight(linked)
            print(f"{one.name}: {weights[one.name]} bytes linked, {len(linked.undefined)} symbols of the system needed")
            if verb == "check":
                faults += one.check(scratch, tools)
            if one.name == "ios arm64" and one.is_static:
                sizes.print_table(one.map.read_text(encoding="latin1"))
    if verb == "accept":
        stubs.write_needed(found)
        if "ios arm64" in weights:
            sizes.write_budget(BUDGET, weights["ios arm64"])
    else:
        if verb == "check":
            faults += [fault for platform, names in found.items() for fault in needed_faults(platform, names)]
        budget = pathlib.Path(sys.argv[5]) if verb == "size" else BUDGET
        if verb == "size" or "ios arm64" in weights:
            faults += sizes.compare(weights.get("ios arm64", 0), sizes.read_budget(budget))
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)


def needed_faults(platform, names):
    """Another platform may need fewer symbols than iOS."""
    required = None if platform == "ios" else stubs.read_extra(stubs.NEEDED.read_text(encoding="ascii"), platform)
    return (f"{platform}: {fault}" for fault in stubs.compare_needed(names, stubs.listed(platform), required))


if __name__ == "__main__":
    main()
