"""Replaces Apple's SDK in a link: a text-based stub for each library that the core may need, with exactly the names in
needed-symbols.txt. libSystem's names come from the package with the open-source headers; all of them are included if a link is not for
iOS, or only produces what is checked later. A missing symbol is a link error."""

import pathlib
import re

import platforms

HERE = pathlib.Path(__file__).resolve().parent
NEEDED = HERE / "needed-symbols.txt"
NEEDED_HEAD = """# What the core, linked and dead-stripped, needs of the system: library and symbol; behind it the platform where it is not iOS.
# A new line is a decision: is the symbol public, how old is it, does the App Store ask for a reason?
# scripts/check-apple.sh --accept writes this file.
"""
FRAMEWORKS = ("CFNetwork", "CoreFoundation", "LocalAuthentication", "Security")
# Every app links these; the rest are frameworks.
LIBRARIES = {"libSystem": "/usr/lib/libSystem.B.dylib", "libobjc": "/usr/lib/libobjc.A.dylib"}
# A symbol that the linker itself needs on platforms without chained fixups.
OF_LINKER = "dyld_stub_binder"
# The framework of a class that is looked up by name at run time, which works only if something has loaded the framework. tvOS
# has none.
FOUND_BY_NAME = "LocalAuthentication"


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


def read_needed(text, platform="ios"):
    """{symbol: library} of needed-symbols.txt: the symbols for iOS, and the additional ones for that platform."""
    lines = (line.split() for line in text.splitlines() if line and not line.startswith("#"))
    return {symbol: library for library, symbol, *only in lines if not only or platform in only}


def read_extra(text, platform):
    """The symbols that the platform needs and iOS does not."""
    return set(read_needed(text, platform)) - set(read_needed(text))


def listed(platform="ios"):
    return read_needed(NEEDED.read_text(encoding="ascii"), platform)


def write_needed(found):
    """`found` is {platform: symbols}. The entries of other platforms do not change."""
    before = NEEDED.read_text(encoding="ascii")
    common = found.get("ios", set(read_needed(before)))
    only = {}
    for platform in platforms.PLATFORMS:
        for symbol in found.get(platform, read_extra(before, platform)) - common:
            only.setdefault(symbol, []).append(platform)
    lines = [f"{library_of(symbol)} {symbol}" for symbol in common]
    lines += [" ".join([library_of(symbol), symbol, *names]) for symbol, names in only.items()]
    NEEDED.write_text(NEEDED_HEAD + "\n".join(sorted(lines)) + "\n", encoding="ascii")


def compare_needed(found, wanted, required=None):
    """A sentence for each symbol that only one side has. `found` is a set, `wanted` the result of read_needed; all of `required`
    (by default `wanted`) must be needed."""
    for symbol in sorted(found - set(wanted)):
        yield f"{symbol} of {library_of(symbol)} is newly needed and is not in {NEEDED.name}"
    for symbol in sorted(set(wanted if required is None else required) - found):
        yield f"{symbol} is in {NEEDED.name} and no longer needed"


def install_name(library, kind):
    """The path in the system: frameworks of macOS have versions."""
    if library in LIBRARIES:
        return LIBRARIES[library]
    version = "Versions/A/" if kind in platforms.VERSIONED else ""
    return f"/System/Library/Frameworks/{library}.framework/{version}{library}"


def libraries_of(kind):
    """All libraries for which there are stubs."""
    return [*LIBRARIES, *(name for name in FRAMEWORKS if kind not in ("tvos", "tvos-simulator") or name != FOUND_BY_NAME)]


# 128-bit arithmetic, which processors lack: libSystem exports it (libcompiler_rt), and compilers call it implicitly.
COMPILER_HELPERS = {f"___{name}ti3" for name in ("ashl", "ashr", "lshr", "mul", "div", "mod", "udiv", "umod")}


def without_helpers(symbols):
    """Without the compiler's helpers. An app's link finds them in our library; rustc's link of a framework, in the system."""
    return symbols - COMPILER_HELPERS


def system_names(tools):
    """What libSystem exports."""
    text = (tools / "ziglang/lib/libc/darwin/libSystem.tbd").read_text(encoding="utf-8")
    names = set()
    for group in re.finditer(r"\b(?:symbols|weak-symbols|thread-local-symbols):\s*\[(.*?)\]", text, re.S):
        names |= {name.strip().strip("'\"") for name in group[1].split(",")}
    return names


def of_system(symbols, tools):
    """Those that libSystem has."""
    real = system_names(tools)
    return {symbol for symbol in symbols if library_of(symbol) == "libSystem" and symbol in real}


def write(folder, kind, needed, tools, whole_system=False):
    """Writes the stubs; `needed` is the result of read_needed. Returns the linker's arguments."""
    here = [target for target, its in platforms.TARGETS.items() if its == kind]
    on = ", ".join(f"{platforms.architecture_of(target)}-{platforms.KINDS[kind].stub}" for target in here)
    real = system_names(tools)
    arguments = ["-L", folder, "-F", folder]
    for library in libraries_of(kind):
        names = {symbol for symbol, owner in needed.items() if owner == library}
        if library == "libSystem":
            # A listed name that libSystem does not have stays undefined, which the link reports.
            names = real if whole_system else names & real
            names = names | {OF_LINKER}
        lines = ["--- !tapi-tbd", "tbd-version: 4", f"targets: [ {on} ]", f"install-name: '{install_name(library, kind)}'", "exports:",
                 f"  - targets: [ {on} ]", "    symbols: [ %s ]" % ", ".join(f"'{name}'" for name in sorted(names)), "...", ""]
        place = folder if library in LIBRARIES else folder / f"{library}.framework"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{library}.tbd").write_text("\n".join(lines), encoding="ascii")
        arguments += [f"-l{library[3:]}"] if library in LIBRARIES else ["-framework", library]
    return arguments
