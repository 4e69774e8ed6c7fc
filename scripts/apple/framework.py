#!/usr/bin/env python3
"""Makes the dynamic form of the library: a framework and its dSYM.

    framework.py link TARGET ARCHIVE SOURCES TOOLS BINARY DWARF    links the archive, and takes the lines out of it
    framework.py bundle KIND BINARY SOURCES VERSION FOLDER         writes FOLDER/PilotlightFFI.framework
    framework.py symbols DWARF VERSION FOLDER                      writes FOLDER/PilotlightFFI.framework.dSYM

SOURCES is the folder with the generated Swift: the functions that it calls are exported, and no others. TOOLS is the
folder of apple-toolchain.sh. Off a Mac, the linker is LLVM's, and the stubs of stubs.py replace the SDK.
"""

import os
import pathlib
import plistlib
import shutil
import subprocess
import sys
import tempfile

import link
import platforms
import stubs

TOOLCHAIN = pathlib.Path(__file__).resolve().parent.parent / "apple-toolchain.sh"
NAME = "PilotlightFFI"
IDENTIFIER = "pilotlight.PilotlightFFI"
# The declaration of a framework's module (Clang: "Modules").
MODULE_MAP = f"""framework module {NAME} {{
    header "{NAME}.h"
    export *
}}
"""


def install_name(kind):
    """An app searches its own frameworks, and an extension those of its app, with the rpaths that Xcode gives both."""
    return f"@rpath/{NAME}.framework/{'Versions/A/' if kind in platforms.VERSIONED else ''}{NAME}"


# --- Linking -----------------------------------------------------------------------------------------------------------
def link_binary(target, archive, sources, tools, binary, dwarf):
    """Removes every symbol of the core except the exported ones, so that it cannot collide with another library in the app."""
    kind = platforms.kind_of(target)
    called, _ = link.roots(sources)
    with tempfile.TemporaryDirectory() as made:
        scratch = pathlib.Path(made)
        exports = scratch / "exports"
        exports.write_text("\n".join(sorted(called)) + "\n", encoding="ascii")
        make = with_xcode if on_mac() else with_stubs
        run([*make(target, kind, tools, scratch), "-o", binary, archive, *options(kind, archive, exports, called)])
    # By its name only, which is valid in every folder.
    run([TOOLCHAIN, "tool", "dsymutil", "--flat", "--oso-prepend-path", archive.parent, binary, "-o", dwarf])
    run([TOOLCHAIN, "tool", "strip", "-S", "-x", binary])


def options(kind, archive, exports, called):
    words = ["-install_name", install_name(kind), "-dead_strip", "-exported_symbols_list", exports, "-oso_prefix", f"{archive.parent}/"]
    words += ["-application_extension", "-compatibility_version", "1", "-current_version", "1"]
    for symbol in sorted(called):
        words += ["-u", symbol]
    return [part for word in words for part in ("-Xlinker", word)] if on_mac() else words


def on_mac():
    """As scripts/lib.sh sees it."""
    return said("uname", "-s") == "Darwin"


def with_xcode(target, kind, *_):
    words = ["xcrun", "--sdk", platforms.KINDS[kind].sdk, "clang", "-target", platforms.triple(kind, platforms.architecture_of(target)), "-dynamiclib"]
    if kind == "maccatalyst":
        words += ["-iframework", f"{sdk_path(kind)}/System/iOSSupport/System/Library/Frameworks"]
    for library in stubs.libraries_of(kind):
        words += ["-framework", library] if library not in stubs.LIBRARIES else [f"-l{library[3:]}"]
    return words


def with_stubs(target, kind, tools, scratch):
    its = platforms.KINDS[kind]
    system = stubs.write(scratch / "system", kind, stubs.listed(its.platform), tools, whole_system=True)
    return [TOOLCHAIN, "tool", "ld64.lld", "-dylib", "-arch", platforms.architecture_of(target), "-platform_version", its.linker,
            platforms.minimum_of(kind), its.sdk_version, "-x", *system]


def sdk_path(kind):
    return said("xcrun", "--sdk", platforms.KINDS[kind].sdk, "--show-sdk-path")


def sdk_version(kind):
    return said("xcrun", "--sdk", platforms.KINDS[kind].sdk, "--show-sdk-version") if on_mac() else platforms.KINDS[kind].sdk_version


def said(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def run(command):
    # The members of the archive have no modification times, and neither does their list.
    subprocess.run([str(word) for word in command], check=True, env=os.environ | {"ZERO_AR_DATE": "1"})


# --- The bundles -------------------------------------------------------------------------------------------------------
def information(kind, version, sdk):
    """Info.plist: the keys that installation and validation of an app require in a framework (Apple: "Information Property List")."""
    its, minimum = platforms.KINDS[kind], platforms.minimum_of(kind)
    plist = {
        "CFBundleDevelopmentRegion": "en",
        "CFBundleExecutable": NAME,
        "CFBundleIdentifier": IDENTIFIER,
        "CFBundleInfoDictionaryVersion": "6.0",
        "CFBundleName": NAME,
        "CFBundlePackageType": "FMWK",
        "CFBundleShortVersionString": version.split("-")[0],
        "CFBundleSupportedPlatforms": [its.bundle],
        "CFBundleVersion": version.split("-")[0],
        "DTPlatformName": its.sdk,
        "DTPlatformVersion": sdk,
        "DTSDKName": f"{its.sdk}{sdk}",
    }
    if its.families:
        plist["UIDeviceFamily"] = list(its.families)
    if kind in platforms.VERSIONED:
        plist["LSMinimumSystemVersion"] = platforms.minimum("macos")
    else:
        plist["MinimumOSVersion"] = minimum
    return plist


def write_bundle(kind, binary, sources, version, folder):
    bundle = folder / f"{NAME}.framework"
    inside, resources = bundle, bundle
    if kind in platforms.VERSIONED:
        inside = bundle / "Versions" / "A"
        resources = inside / "Resources"
    for place in (inside / "Headers", inside / "Modules", resources):
        place.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(binary, inside / NAME)
    (inside / NAME).chmod(0o755)
    shutil.copyfile(sources / NAME / f"{NAME}.h", inside / "Headers" / f"{NAME}.h")
    (inside / "Modules" / "module.modulemap").write_text(MODULE_MAP, encoding="ascii")
    # Xcode looks for the framework's own manifest, and SwiftPM for the target's; both contain the same.
    shutil.copyfile(sources / "Pilotlight" / "PrivacyInfo.xcprivacy", resources / "PrivacyInfo.xcprivacy")
    (resources / "Info.plist").write_bytes(plistlib.dumps(information(kind, version, sdk_version(kind))))
    if kind in platforms.VERSIONED:
        (bundle / "Versions" / "Current").symlink_to("A")
        for name in ("Headers", "Modules", "Resources", NAME):
            (bundle / name).symlink_to(f"Versions/Current/{name}")


def write_symbols(dwarf, version, folder):
    contents = folder / f"{NAME}.framework.dSYM" / "Contents"
    place = contents / "Resources" / "DWARF"
    place.mkdir(parents=True)
    shutil.copyfile(dwarf, place / NAME)
    (contents / "Info.plist").write_bytes(plistlib.dumps({
        "CFBundleDevelopmentRegion": "English",
        "CFBundleIdentifier": f"com.apple.xcode.dsym.{IDENTIFIER}",
        "CFBundleInfoDictionaryVersion": "6.0",
        "CFBundlePackageType": "dSYM",
        "CFBundleShortVersionString": version.split("-")[0],
        "CFBundleSignature": "????",
        "CFBundleVersion": version.split("-")[0],
    }))


def main():
    verb, rest = sys.argv[1], sys.argv[2:]
    try:
        if verb == "link":
            link_binary(rest[0], *(pathlib.Path(name).absolute() for name in rest[1:]))
        elif verb == "bundle":
            write_bundle(rest[0], pathlib.Path(rest[1]), pathlib.Path(rest[2]), rest[3], pathlib.Path(rest[4]))
        elif verb == "symbols":
            write_symbols(pathlib.Path(rest[0]), rest[1], pathlib.Path(rest[2]))
        else:
            sys.exit(__doc__)
    except subprocess.CalledProcessError as error:
        sys.exit(f"{' '.join(error.cmd[:3])} failed")


if __name__ == "__main__":
    main()
