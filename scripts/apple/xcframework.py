#!/usr/bin/env python3
"""Writes, packs and checks an XCFramework of static libraries.

    xcframework.py describe XCFRAMEWORK LIBRARY            writes its Info.plist
    xcframework.py zip XCFRAMEWORK ZIP                     packs it, and writes ZIP.sha256
    xcframework.py check XCFRAMEWORK MODULE MINIMUM-IOS RUST-TARGET…

An XCFramework is a folder with an Info.plist and a folder for each platform, named in it. Nothing in it tells who made it.
"""

import hashlib
import pathlib
import plistlib
import re
import sys
import zipfile

import macho

ENTRY_KEYS = {
    "LibraryIdentifier", "LibraryPath", "BinaryPath", "HeadersPath", "SupportedArchitectures", "SupportedPlatform",
    "SupportedPlatformVariant",
}


def slice_of(target):
    """(platform of the objects, architecture) of a Rust target."""
    architecture = {"aarch64": "arm64"}.get(target.split("-")[0], target.split("-")[0])
    simulator = target.endswith("-sim") or target.startswith("x86_64-")
    return ("ios-simulator" if simulator else "ios"), architecture


def identifier(platform, architectures):
    return "-".join(["ios", "_".join(sorted(architectures))] + (["simulator"] if platform == "ios-simulator" else []))


def entry(folder, library):
    architectures = sorted({found.architecture for _, found in macho.objects(folder / library)})
    made = {
        "BinaryPath": library,
        "HeadersPath": "Headers",
        "LibraryIdentifier": folder.name,
        "LibraryPath": library,
        "SupportedArchitectures": architectures,
        "SupportedPlatform": "ios",
    }
    if folder.name.endswith("-simulator"):
        made["SupportedPlatformVariant"] = "simulator"
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
    """The same folder gives the same bytes: sorted names, one moment, one mode."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for file in sorted(path for path in xcframework.rglob("*") if path.is_file()):
            name = zipfile.ZipInfo(str(file.relative_to(xcframework.parent)), (1980, 1, 1, 0, 0, 0))
            name.compress_type, name.create_system, name.external_attr = zipfile.ZIP_DEFLATED, 3, 0o100644 << 16
            archive.writestr(name, file.read_bytes(), compresslevel=9)
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    pathlib.Path(f"{target}.sha256").write_text(f"{digest}  {target.name}\n", encoding="ascii")


def check(xcframework, module, minimum, targets):
    """A sentence for each fault."""
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
        yield from check_entry(xcframework, found[0], platform, architectures, module, minimum)
    names = {identifier(platform, architectures) for platform, architectures in wanted.items()}
    strangers = {path.name for path in xcframework.iterdir()} - names - {"Info.plist"}
    strangers |= {str(one.get("LibraryIdentifier")) for one in entries} - names
    if strangers:
        yield f"{xcframework.name}: not expected here: {', '.join(sorted(strangers))}"


def check_entry(xcframework, one, platform, architectures, module, minimum):
    name = one["LibraryIdentifier"]
    if set(one) - {"SupportedPlatformVariant"} != ENTRY_KEYS - {"SupportedPlatformVariant"}:
        yield f"{name}: the keys are {sorted(one)}"
        return
    if one["SupportedPlatform"] != "ios" or one.get("SupportedPlatformVariant") != ("simulator" if platform == "ios-simulator" else None):
        yield f"{name}: says {one['SupportedPlatform']} {one.get('SupportedPlatformVariant')}, is {platform}"
    if set(one["SupportedArchitectures"]) != architectures:
        yield f"{name}: Info.plist says {one['SupportedArchitectures']}, not {sorted(architectures)}"
    library = one["LibraryPath"]
    if library != one["BinaryPath"] or not re.fullmatch(r"lib\w+\.a", library):
        yield f"{name}: {library} is no bare static library (a static framework gets embedded and fails the App Store's validation)"
    if not (xcframework / name / library).is_file():
        yield f"{name}: {library} is missing"
        return
    yield from check_headers(xcframework / name, one["HeadersPath"], library, module)
    yield from check_objects(xcframework / name / library, platform, architectures, minimum)


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


def check_objects(library, platform, architectures, minimum):
    """Every object says which platform and version it is for: linkers take a device's object for a simulator without a word."""
    place = f"{library.parent.name}/{library.name}"
    limit = tuple(map(int, minimum.split(".")))
    found, newest = set(), (0,)
    for name, one in macho.objects(library):
        found.add(one.architecture)
        if one.platform != platform:
            yield f"{place}({name}, {one.architecture}): is for {one.platform}, not {platform}"
        version = tuple(map(int, (one.minimum or "0").split(".")))
        newest = max(newest, version)
        if version > limit or version == (0,):
            yield f"{place}({name}, {one.architecture}): needs iOS {one.minimum}, not {minimum}"
    if newest < limit:
        yield f"{place}: no object is for iOS {minimum}"
    if found != architectures:
        yield f"{place}: holds {sorted(found)}, not {sorted(architectures)}"


def main():
    verb, folder, rest = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
    if verb == "describe":
        describe(folder, *rest)
    elif verb == "zip":
        pack(folder, pathlib.Path(rest[0]))
    elif verb == "check":
        faults = list(check(folder, rest[0], rest[1], rest[2:]))
        for fault in faults:
            print(fault)
        sys.exit(1 if faults else 0)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
