#!/usr/bin/env python3
"""Links each slice as an app does, without the parts that nothing calls, and checks what the result needs and weighs.

    link.py check XCFRAMEWORK SOURCES TOOLS MINIMUM-IOS    against needed-symbols.txt and size-budget.txt, beside C++,
                                                           Objective-C and Rust (docs/adr/0015), and as prologues.py reads it
    link.py size XCFRAMEWORK SOURCES TOOLS MINIMUM-IOS FILE
                                                           only its size, against the budget in FILE
    link.py accept XCFRAMEWORK SOURCES TOOLS MINIMUM-IOS   writes both anew; read the difference before you commit it

SOURCES is the folder with the generated Swift: an app keeps what that calls. TOOLS is the folder of apple-toolchain.sh. No
Apple SDK is read: Security, CoreFoundation, CFNetwork and libobjc are stubs with exactly the committed names, and libSystem's names
come from the open-source headers' package.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

import macho
import prologues
import sizes

HERE = pathlib.Path(__file__).resolve().parent
NEEDED = HERE / "needed-symbols.txt"
BUDGET = HERE / "size-budget.txt"
INSTALL_NAMES = {
    "CFNetwork": "/System/Library/Frameworks/CFNetwork.framework/CFNetwork",
    "CoreFoundation": "/System/Library/Frameworks/CoreFoundation.framework/CoreFoundation",
    "Security": "/System/Library/Frameworks/Security.framework/Security",
    "libSystem": "/usr/lib/libSystem.B.dylib",
    "libobjc": "/usr/lib/libobjc.A.dylib",
}
# Every app links these; the rest are frameworks.
LIBRARIES = {"libSystem", "libobjc"}
# What an app has beside the core: code with a personality routine of another language, and another library written in Rust. They
# call each other, so that all stay.
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
NEEDED_HEAD = """# What the core, linked and dead-stripped, needs of the system: library and symbol. A new line is a decision: is the symbol
# public, how old is it, does the App Store ask for a reason? scripts/check-apple.sh --accept writes this file.
"""


def library_of(symbol):
    if re.match(r"_k?(Sec|SSL)[A-Z]", symbol):
        return "Security"
    if re.match(r"_(CFNetwork|kCFProxy)[A-Z]", symbol):
        return "CFNetwork"
    if re.match(r"_+k?CF[A-Z]", symbol):
        return "CoreFoundation"
    if re.match(r"_(objc|sel|class|object|method)_", symbol):
        return "libobjc"
    return "libSystem"


def read_needed(text):
    """{symbol: library} of needed-symbols.txt."""
    lines = (line.split() for line in text.splitlines() if line and not line.startswith("#"))
    return {symbol: library for library, symbol in lines}


def compare_needed(found, listed):
    """A sentence for each symbol that only one side has. `found` is a set, `listed` what read_needed gives."""
    for symbol in sorted(found - set(listed)):
        yield f"{symbol} of {library_of(symbol)} is newly needed and is not in {NEEDED.name}"
    for symbol in sorted(set(listed) - found):
        yield f"{symbol} is in {NEEDED.name} and no longer needed"


def roots(sources):
    """The symbols that the Swift calls, and all that the header declares."""
    (header,) = sources.glob("*FFI/*.h")
    declared = set(re.findall(r"\b((?:uniffi|ffi|pilotlight)_\w+)\s*\(", header.read_text(encoding="utf-8")))
    # The generated Swift, and what the handwritten calls without UniFFI.
    called = {word for swift in sources.glob("*/*.swift") for word in re.findall(r"\w+", swift.read_text(encoding="utf-8"))}
    return {f"_{name}" for name in declared & called}, {f"_{name}" for name in declared}


def system_names(tools):
    """What libSystem exports."""
    text = (tools / "ziglang/lib/libc/darwin/libSystem.tbd").read_text(encoding="utf-8")
    names = set()
    for group in re.finditer(r"\b(?:symbols|weak-symbols|thread-local-symbols):\s*\[(.*?)\]", text, re.S):
        names |= {name.strip().strip("'\"") for name in group[1].split(",")}
    return names


def write_stubs(folder, platform, listed, tools):
    on = {"ios": "arm64-ios", "ios-simulator": "arm64-ios-simulator, x86_64-ios-simulator"}[platform]
    real = system_names(tools)
    for library, install_name in INSTALL_NAMES.items():
        names = {symbol for symbol, owner in listed.items() if owner == library}
        if library == "libSystem":
            names &= real  # a listed name that libSystem does not have stays undefined, and the link says so
            names.add("dyld_stub_binder")  # the linker's own, where the platform has no chained fixups
        lines = ["--- !tapi-tbd", "tbd-version: 4", f"targets: [ {on} ]", f"install-name: '{install_name}'", "exports:",
                 f"  - targets: [ {on} ]", "    symbols: [ %s ]" % ", ".join(f"'{name}'" for name in sorted(names)), "...", ""]
        place = folder if library in LIBRARIES else folder / f"{library}.framework"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{library}.tbd").write_text("\n".join(lines), encoding="ascii")


def neighbours(folder, architecture, platform, minimum):
    """Objects of C++, Objective-C and Rust, and the function that keeps them."""
    target = f"{architecture}-apple-ios{minimum}" + ("-simulator" if platform == "ios-simulator" else "")
    for name, source in NEIGHBOURS.items():
        (folder / name).write_text(source, encoding="ascii")
        command = [HERE.parent / "apple-toolchain.sh", "tool", "clang", "-target", target, "-femit-compact-unwind-non-canonical",
                   "-c", folder / name, "-o", folder / f"{name}.o"]
        subprocess.run([str(word) for word in command], check=True)
    return [folder / f"{name}.o" for name in NEIGHBOURS], "_neighbour_in_cpp"


def link(library, architecture, platform, minimum, called, extra, output):
    """Runs the linker; gives what it said when it failed."""
    exports = output.with_suffix(".exports")
    exports.write_text("\n".join(sorted(called)) + "\n", encoding="ascii")
    command = [HERE.parent / "apple-toolchain.sh", "tool", "ld64.lld", "-dylib", "-arch", architecture, "-platform_version",
               platform, minimum, "18.0", "-dead_strip", "-x", "-exported_symbols_list", exports, library, "-o", output]
    for symbol in sorted(called):
        command += ["-u", symbol]
    done = subprocess.run([str(word) for word in command + extra], capture_output=True, text=True, check=False)
    return done.stderr if done.returncode else ""


def linked_slices(xcframework, sources, minimum, scratch):
    """(name, faults, dylib) of each slice, linked with everything undefined allowed."""
    called, declared = roots(sources)
    for folder in sorted(path for path in xcframework.iterdir() if path.is_dir()):
        platform = "ios-simulator" if folder.name.endswith("-simulator") else "ios"
        (library,) = folder.glob("*.a")
        defined = {}
        for _, one in macho.objects(library):
            defined.setdefault(one.architecture, set()).update(one.defined)
        for architecture, names in sorted(defined.items()):
            name = f"{platform} {architecture}"
            output = scratch / f"{platform}-{architecture}.dylib"
            missing = declared - names
            faults = [f"{name}: the header declares {symbol} and the library lacks it" for symbol in sorted(missing)]
            rest = [library, architecture, platform, minimum, called - missing]
            said = link(*rest, ["-undefined", "dynamic_lookup", "-map", output.with_suffix(".map")], output)
            yield name, rest, faults + ([f"{name}: {said}"] if said else []), output


def main():
    verb, xcframework, sources, tools, minimum = sys.argv[1], *map(pathlib.Path, sys.argv[2:5]), sys.argv[5]
    faults, found, weights = [], set(), {}
    listed = read_needed(NEEDED.read_text(encoding="ascii")) if NEEDED.is_file() else {}
    with tempfile.TemporaryDirectory() as made:
        scratch = pathlib.Path(made)
        for name, rest, wrong, dylib in linked_slices(xcframework, sources, minimum, scratch):
            faults += wrong
            if not dylib.is_file():
                continue
            one = macho.read_object(dylib.read_bytes())
            found |= one.undefined
            weights[name] = sizes.weight(one)
            print(f"{name}: {weights[name]} bytes linked, {len(one.undefined)} symbols of the system needed")
            if verb == "check":
                stubs = scratch / rest[2]
                write_stubs(stubs, rest[2], listed, tools)
                strict = ["-L", stubs, "-F", stubs, "-lSystem", "-lobjc", "-framework", "Security", "-framework", "CoreFoundation",
                          "-framework", "CFNetwork"]
                said = link(*rest, strict, scratch / "strict.dylib")
                faults += [f"{name}, strict link: {line}" for line in said.splitlines() if "error" in line]
                objects, root = neighbours(scratch, rest[1], rest[2], minimum)
                said = link(*rest[:4], rest[4] | {root}, ["-undefined", "dynamic_lookup", *objects], scratch / "neighbours.dylib")
                faults += [f"{name}, beside C++, Objective-C and Rust: {line}" for line in said.splitlines() if "error" in line]
                if rest[1] == "arm64":
                    link_map = dylib.with_suffix(".map").read_text(encoding="latin1")
                    faults += [f"{name}: {fault}" for fault in prologues.faults(dylib.read_bytes(), link_map)]
            if name == "ios arm64":
                sizes.print_table(dylib.with_suffix(".map").read_text(encoding="latin1"))
    if verb == "size":
        faults += sizes.compare(weights.get("ios arm64", 0), sizes.read_budget(pathlib.Path(sys.argv[6])))
    elif verb == "accept":
        lines = sorted(f"{library_of(symbol)} {symbol}" for symbol in found)
        NEEDED.write_text(NEEDED_HEAD + "\n".join(lines) + "\n", encoding="ascii")
        sizes.write_budget(BUDGET, weights["ios arm64"])
    else:
        faults += compare_needed(found, listed)
        faults += sizes.compare(weights.get("ios arm64", 0), sizes.read_budget(BUDGET))
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
