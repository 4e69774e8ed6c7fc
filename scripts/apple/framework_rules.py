"""The rules for a framework in an XCFramework: a linked library in a bundle, with a dSYM beside it. Each rule has its mutation in
test_framework.py."""

import plistlib
import re

import dylibs
import framework
import macho
import platforms
import stubs

NAME = framework.NAME
SIGNED = {"macos", "maccatalyst", "ios-simulator", "tvos-simulator", "xros-simulator"}


def faults(folder, kind, architectures, module, exported):
    """A sentence for each fault of the slice in `folder`. `exported` are the symbols that Swift calls."""
    bundle = folder / f"{NAME}.framework"
    inside = bundle / "Versions" / "A" if kind in platforms.VERSIONED else bundle
    yield from layout_faults(folder, bundle, kind)
    if not (inside / NAME).is_file():
        yield f"{folder.name}: {NAME} is missing"
        return
    yield from module_faults(folder.name, inside, module)
    yield from information_faults(folder.name, bundle, kind)
    found = dylibs.read_all(inside / NAME)
    for one in found:
        yield from (f"{folder.name} {one.what.architecture}: {fault}" for fault in dylib_faults(one, kind, exported))
    if {one.what.architecture for one in found} != architectures:
        yield f"{folder.name}: holds {sorted(one.what.architecture for one in found)}, not {sorted(architectures)}"
    yield from symbol_faults(folder, found)


def layout_faults(folder, bundle, kind):
    """Checks that there are exactly these files. On a Mac, the top level has links to the current version."""
    top, resources = "", ""
    if kind in platforms.VERSIONED:
        top, resources = "Versions/A/", "Versions/A/Resources/"
    wanted = {f"{top}{NAME}", f"{top}Headers/{NAME}.h", f"{top}Modules/module.modulemap", f"{resources}Info.plist",
              f"{resources}PrivacyInfo.xcprivacy"}
    links = {}
    if kind in platforms.VERSIONED:
        links = {"Versions/Current": "A", **{name: f"Versions/Current/{name}" for name in ("Headers", "Modules", "Resources", NAME)}}
    paths = list(bundle.rglob("*"))
    files = {str(path.relative_to(bundle)) for path in paths if path.is_file() and not path.is_symlink()}
    linked = {str(path.relative_to(bundle)): str(path.readlink()) for path in paths if path.is_symlink()}
    if files != wanted:
        yield f"{folder.name}: the framework has {sorted(files)}, not {sorted(wanted)}"
    if linked != links:
        yield f"{folder.name}: the framework links {linked}, not {links}"
    if others := {path.name for path in folder.iterdir()} - {bundle.name, "dSYMs"}:
        yield f"{folder.name}: there is more than a framework and its symbols: {sorted(others)}"


def module_faults(name, inside, module):
    path = inside / "Modules" / "module.modulemap"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    if not re.match(rf'framework module {module} \{{\s*header "{module}\.h"\s*export \*\s*\}}\s*$', text):
        yield f"{name}: the module map does not declare a framework module {module} with {module}.h"


def information_faults(name, bundle, kind):
    path = bundle / ("Versions/A/Resources" if kind in platforms.VERSIONED else "") / "Info.plist"
    plist = plistlib.loads(path.read_bytes()) if path.is_file() else {}
    version = plist.get("CFBundleShortVersionString", "")
    sdk = plist.get("DTPlatformVersion", "")
    wanted = framework.information(kind, version, sdk)
    for key in sorted(set(plist) | set(wanted)):
        if plist.get(key) != wanted.get(key):
            yield f"{name}: {key} in the framework's Info.plist is {plist.get(key)!r}, not {wanted.get(key)!r}"
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        yield f"{name}: the framework's version is {version!r}"
    if not re.fullmatch(r"\d+\.\d+(\.\d+)?", sdk):
        yield f"{name}: DTPlatformVersion in the framework's Info.plist is {sdk!r}"


def dylib_faults(one, kind, exported):
    what, minimum = one.what, platforms.minimum_of(kind)
    if one.kind != dylibs.MH_DYLIB:
        yield "it is no dynamic library"
    if what.platform != kind:
        yield f"is for {what.platform}, not {kind}"
    if what.minimum != minimum:
        yield f"needs {what.minimum}, not {minimum}"
    if one.install_name != framework.install_name(kind):
        yield f"its install name is {one.install_name}, not {framework.install_name(kind)}"
    if one.searched:
        yield f"it searches {one.searched}, which are folders of a machine or of somebody's app"
    known = {stubs.install_name(library, kind) for library in stubs.libraries_of(kind)}
    if strangers := set(one.loads) - known:
        yield f"it loads {sorted(strangers)}"
    if stubs.LIBRARIES["libSystem"] not in one.loads:
        yield "it does not load libSystem"
    if missing := exported - what.defined:
        yield f"it does not export {sorted(missing)}, which Swift calls"
    if more := what.defined - exported:
        yield f"it exports {sorted(more)}, which Swift does not call"
    for flag, words in ((dylibs.MH_TWOLEVEL, "its symbols are searched in every library"),
                        (dylibs.MH_APP_EXTENSION_SAFE, "it is not marked as safe for app extensions")):
        if not one.flags & flag:
            yield words
    if one.stabs:
        yield f"{one.stabs} of its symbols are a debugger's"
    if not one.uuid:
        yield "it has no UUID, by which a crash report finds its symbols"
    # Xcode signs embedded frameworks. Simulators and Macs load no unsigned arm64 code.
    if kind in SIGNED and what.architecture == "arm64" and not one.signed:
        yield "it is not signed, not even ad hoc"


def symbol_faults(folder, found):
    """Checks that the dSYM belongs to these libraries and has their line tables."""
    place = folder / "dSYMs" / f"{NAME}.framework.dSYM" / "Contents"
    if not (place / "Resources" / "DWARF" / NAME).is_file() or not (place / "Info.plist").is_file():
        yield f"{folder.name}: there is no dSYM"
        return
    files = {str(path.relative_to(place.parent)) for path in (folder / "dSYMs").rglob("*") if path.is_file()}
    if files != {"Contents/Info.plist", f"Contents/Resources/DWARF/{NAME}"}:
        yield f"{folder.name}: the dSYM has {sorted(files)}"
    if plistlib.loads((place / "Info.plist").read_bytes()).get("CFBundlePackageType") != "dSYM":
        yield f"{folder.name}: CFBundlePackageType of the dSYM must be dSYM"
    symbols = [(dylibs.read(data), dict((name, body) for name, _, body in macho.section_contents(data)))
               for data in macho.slices((place / "Resources" / "DWARF" / NAME).read_bytes())]
    if sorted(one.uuid for one, _ in symbols) != sorted(one.uuid for one in found):
        yield f"{folder.name}: the dSYM is of another library"
    for one, sections in symbols:
        if one.kind != dylibs.MH_DSYM or not sections.get("__debug_line"):
            yield f"{folder.name}: the dSYM has no lines for {one.what.architecture}"
