#!/usr/bin/env python3
"""Writes, packs and checks an XCFramework of static libraries, or of frameworks.

    xcframework.py describe XCFRAMEWORK LIBRARY            writes its Info.plist; LIBRARY is lib….a or ….framework
    xcframework.py zip XCFRAMEWORK ZIP                     packs it, and writes ZIP.sha256
    xcframework.py check XCFRAMEWORK MODULE SOURCES LIBRARY RUST-TARGET…

An XCFramework is a folder with an Info.plist and a folder for each kind of platforms.py that the plist names. Nothing in it identifies
its builder. SOURCES is the folder with the generated Swift, which determines what a framework exports.
"""

import hashlib
import os
import pathlib
import plistlib
import re
import sys
import zipfile

import framework_rules
import link
import macho
import platforms

ENTRY_KEYS = {"LibraryIdentifier", "LibraryPath", "BinaryPath", "SupportedArchitectures", "SupportedPlatform"}
# A framework has its headers inside, and its symbols beside it.
HEADERS, SYMBOLS = {"HeadersPath": "Headers"}, {"DebugSymbolsPath": "dSYMs"}
LINKED = {b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf"}


def slice_of(target):
    """(kind, architecture) of a Rust target."""
    return platforms.kind_of(target), platforms.architecture_of(target)


identifier = platforms.identifier


def kind_of_folder(name):
    """The kind that a folder's name says."""
    parts = name.split("-")
    return next(kind for kind, its in platforms.KINDS.items() if (its.supported, its.variant) == (parts[0], (parts[2:] or [None])[0]))


def entry(folder, library):
    kind, binary, more = kind_of_folder(folder.name), library, HEADERS
    if library.endswith(".framework"):
        name = library[:-len(".framework")]
        binary = f"{library}/Versions/A/{name}" if kind in platforms.VERSIONED else f"{library}/{name}"
        more = SYMBOLS
    made = {
        "BinaryPath": binary,
        "LibraryIdentifier": folder.name,
        "LibraryPath": library,
        "SupportedArchitectures": sorted({link.architecture_of(data) for data in macho.slices((folder / binary).read_bytes())}),
        "SupportedPlatform": platforms.KINDS[kind].supported,
        **more,
    }
    if platforms.KINDS[kind].variant:
        made["SupportedPlatformVariant"] = platforms.KINDS[kind].variant
    return made


def describe(xcframework, library):
    folders = sorted(folder for folder in xcframework.iterdir() if folder.is_dir())
    plist = {
        "AvailableLibraries": [entry(folder, library) for folder in folders],
        "CFBundlePackageType": "XFWK",
        "XCFrameworkFormatVersion": "1.0",
    }
    (xcframework / "Info.plist").write_bytes(plistlib.dumps(plist))


def pack(xcframework, target):
    """The same folder gives the same bytes: sorted names, one timestamp, and modes by the kind of file."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for file in sorted(path for path in xcframework.rglob("*") if path.is_file() or path.is_symlink()):
            data, mode = (os.readlink(file).encode(), 0o120755) if file.is_symlink() else (file.read_bytes(), 0o100644)
            if mode == 0o100644 and not file.suffix and data[:4] in LINKED:
                mode = 0o100755
            name = zipfile.ZipInfo(str(file.relative_to(xcframework.parent)), (1980, 1, 1, 0, 0, 0))
            name.compress_type, name.create_system, name.external_attr = zipfile.ZIP_DEFLATED, 3, mode << 16
            archive.writestr(name, data, compresslevel=9)
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    pathlib.Path(f"{target}.sha256").write_text(f"{digest}  {target.name}\n", encoding="ascii")


def check(xcframework, module, targets, library, exported=frozenset()):
    """A sentence for each fault. `exported` are the symbols that a framework exports to Swift."""
    wanted = {}
    for target in targets:
        platform, architecture = slice_of(target)
        wanted.setdefault(platform, set()).add(architecture)
    plist = plistlib.loads((xcframework / "Info.plist").read_bytes())
    if set(plist) != {"AvailableLibraries", "CFBundlePackageType", "XCFrameworkFormatVersion"}:
        yield f"Info.plist: its keys are {sorted(plist)}"
    if (plist.get("CFBundlePackageType"), plist.get("XCFrameworkFormatVersion")) != ("XFWK", "1.0"):
        yield "Info.plist: CFBundlePackageType must be XFWK and XCFrameworkFormatVersion 1.0"
    entries = plist.get("AvailableLibraries", [])
    for platform, architectures in wanted.items():
        name = identifier(platform, architectures)
        found = [one for one in entries if one.get("LibraryIdentifier") == name]
        if len(found) != 1:
            yield f"Info.plist: {len(found)} entries for {name}"
            continue
        yield from check_entry(xcframework, found[0], platform, architectures, module, library, exported)
    names = {identifier(platform, architectures) for platform, architectures in wanted.items()}
    strangers = {path.name for path in xcframework.iterdir()} - names - {"Info.plist"}
    strangers |= {str(one.get("LibraryIdentifier")) for one in entries} - names
    if strangers:
        yield f"{xcframework.name}: not expected here: {', '.join(sorted(strangers))}"


def check_entry(xcframework, one, kind, architectures, module, library, exported):
    name, its, is_framework = one["LibraryIdentifier"], platforms.KINDS[kind], library.endswith(".framework")
    more = SYMBOLS if is_framework else HEADERS
    if set(one) - {"SupportedPlatformVariant"} != ENTRY_KEYS | set(more):
        yield f"{name}: the keys are {sorted(one)}"
        return
    if one["SupportedPlatform"] != its.supported or one.get("SupportedPlatformVariant") != its.variant:
        yield f"{name}: says {one['SupportedPlatform']} {one.get('SupportedPlatformVariant')}, is {kind}"
    if set(one["SupportedArchitectures"]) != architectures:
        yield f"{name}: Info.plist says {one['SupportedArchitectures']}, not {sorted(architectures)}"
    if one["LibraryPath"] != library:
        yield f"{name}: the library is {one['LibraryPath']}, not {library}"
        return
    for key, path in more.items():
        if one[key] != path:
            yield f"{name}: {key} is {one[key]}, not {path}"
    if not is_framework and (library != one["BinaryPath"] or not re.fullmatch(r"lib\w+\.a", library)):
        yield f"{name}: {library} is no bare static library (a static framework gets embedded and fails the App Store's validation)"
    if not (xcframework / name / one["BinaryPath"]).is_file():
        yield f"{name}: {one['BinaryPath']} is missing"
        return
    if is_framework:
        if one["BinaryPath"] != entry(xcframework / name, library)["BinaryPath"]:
            yield f"{name}: BinaryPath is {one['BinaryPath']}"
        yield from framework_rules.faults(xcframework / name, kind, architectures, module, exported)
        return
    yield from check_headers(xcframework / name, one["HeadersPath"], library, module)
    yield from check_objects(xcframework / name / library, kind, architectures)


def check_headers(folder, headers, library, module):
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    wanted = {library, f"{headers}/{module}/module.modulemap", f"{headers}/{module}/{module}.h"}
    if files != wanted:
        yield f"{folder.name}: has {sorted(files)}, not {sorted(wanted)}: the headers' folder is named like the module"
        return
    text = (folder / headers / module / "module.modulemap").read_text(encoding="utf-8")
    if not re.match(rf"\s*module {module} \{{\s*header \"{module}\.h\"", text):
        yield f"{folder.name}: the module map does not declare a plain module {module} with {module}.h"
    for word in (r"\bframework\s+module\b", r"^\s*use\b"):
        if re.search(word, text, re.M):
            yield f"{folder.name}: the module map has {word}"


def check_objects(library, platform, architectures):
    """Checks that every object names its platform and version: linkers silently accept a device's object for a simulator."""
    place = f"{library.parent.name}/{library.name}"
    minimum = platforms.minimum_of(platform)
    system = platforms.PLATFORMS[platforms.KINDS[platform].platform][2]
    limit = tuple(map(int, minimum.split(".")))
    found, newest = set(), (0,)
    for name, one in macho.objects(library):
        found.add(one.architecture)
        if one.platform != platform:
            yield f"{place}({name}, {one.architecture}): is for {one.platform}, not {platform}"
        version = tuple(map(int, (one.minimum or "0").split(".")))
        newest = max(newest, version)
        if version > limit or version == (0,):
            yield f"{place}({name}, {one.architecture}): needs {system} {one.minimum}, not {minimum}"
    if newest < limit:
        yield f"{place}: no object is for {system} {minimum}"
    if found != architectures:
        yield f"{place}: holds {sorted(found)}, not {sorted(architectures)}"


def main():
    verb, folder, rest = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
    if verb == "describe":
        describe(folder, *rest)
    elif verb == "zip":
        pack(folder, pathlib.Path(rest[0]))
    elif verb == "check":
        exported, _ = link.roots(pathlib.Path(rest[1]))
        faults = list(check(folder, rest[0], rest[3:], rest[2], exported))
        for fault in faults:
            print(fault)
        sys.exit(1 if faults else 0)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
