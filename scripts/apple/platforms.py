#!/usr/bin/env python3
"""The platforms that a package can support, and their names in Rust, linkers, XCFrameworks, property lists and SwiftPM.

    platforms.py targets PLATFORM,…         the Rust targets of scripts/build-xcframework.sh --platforms, one a line
    platforms.py kinds TARGET…              the kinds of slices that they make, one a line
    platforms.py of TARGET                  KIND ARCHITECTURE SDK VARIABLE=MINIMUM of a Rust target
    platforms.py identifier TARGET…         the folder in an XCFramework of a slice made of these
    platforms.py manifest FILE TARGET…      writes into a Package.swift the platforms that are inside

A kind is what one slice is for: a platform's devices, its simulators, or Mac Catalyst.
"""

import pathlib
import re
import sys
from typing import NamedTuple, Optional

CARGO = pathlib.Path(__file__).resolve().parent.parent.parent / ".cargo" / "config.toml"


class Kind(NamedTuple):
    platform: str  # of --platforms
    supported: str  # SupportedPlatform in an XCFramework
    variant: Optional[str]  # SupportedPlatformVariant
    linker: str  # the value for -platform_version
    stub: str  # its name in a text-based stub
    triple: str  # {} is the minimum
    sdk: str  # of xcrun --sdk
    bundle: str  # in CFBundleSupportedPlatforms
    families: tuple  # UIDeviceFamily
    sdk_version: str  # the SDK version recorded by a link without an SDK


# By the names that macho.py gives to LC_BUILD_VERSION's numbers.
KINDS = {
    "ios": Kind("ios", "ios", None, "ios", "ios", "apple-ios{}", "iphoneos", "iPhoneOS", (1, 2), "18.0"),
    "ios-simulator": Kind("ios", "ios", "simulator", "ios-simulator", "ios-simulator", "apple-ios{}-simulator", "iphonesimulator",
                          "iPhoneSimulator", (1, 2), "18.0"),
    "macos": Kind("macos", "macos", None, "macos", "macos", "apple-macos{}", "macosx", "MacOSX", (), "15.0"),
    "maccatalyst": Kind("catalyst", "ios", "maccatalyst", "mac-catalyst", "maccatalyst", "apple-ios{}-macabi", "macosx", "MacOSX", (2, 6), "18.0"),
    "xros": Kind("visionos", "xros", None, "xros", "xros", "apple-xros{}", "xros", "XROS", (7,), "2.0"),
    "xros-simulator": Kind("visionos", "xros", "simulator", "xros-simulator", "xros-simulator", "apple-xros{}-simulator", "xrsimulator",
                           "XRSimulator", (7,), "2.0"),
    "tvos": Kind("tvos", "tvos", None, "tvos", "tvos", "apple-tvos{}", "appletvos", "AppleTVOS", (3,), "18.0"),
    "tvos-simulator": Kind("tvos", "tvos", "simulator", "tvos-simulator", "tvos-simulator", "apple-tvos{}-simulator", "appletvsimulator",
                           "AppleTVSimulator", (3,), "18.0"),
}
# On Macs, a framework is a folder of versions (Apple: "Placing content in a bundle").
VERSIONED = {"macos", "maccatalyst"}
TARGETS = {
    "aarch64-apple-ios": "ios", "aarch64-apple-ios-sim": "ios-simulator", "x86_64-apple-ios": "ios-simulator",
    "aarch64-apple-darwin": "macos", "x86_64-apple-darwin": "macos",
    "aarch64-apple-ios-macabi": "maccatalyst", "x86_64-apple-ios-macabi": "maccatalyst",
    "aarch64-apple-visionos": "xros", "aarch64-apple-visionos-sim": "xros-simulator",
    "aarch64-apple-tvos": "tvos", "aarch64-apple-tvos-sim": "tvos-simulator", "x86_64-apple-tvos": "tvos-simulator",
}
# In the order of --platforms: the variable with the minimum version, the name in `swift package describe`, and the enumeration case.
PLATFORMS = {
    "ios": ("IPHONEOS_DEPLOYMENT_TARGET", "ios", "iOS"),
    "macos": ("MACOSX_DEPLOYMENT_TARGET", "macos", "macOS"),
    "catalyst": ("IPHONEOS_DEPLOYMENT_TARGET", "maccatalyst", "macCatalyst"),
    "visionos": ("XROS_DEPLOYMENT_TARGET", "visionos", "visionOS"),
    "tvos": ("TVOS_DEPLOYMENT_TARGET", "tvos", "tvOS"),
}


class Unknown(Exception):
    """A name that is not in the tables."""


def targets_of(platforms):
    for platform in platforms:
        if platform not in PLATFORMS:
            raise Unknown(f"no such platform: {platform} (there are {', '.join(PLATFORMS)})")
    return [target for target, kind in TARGETS.items() if KINDS[kind].platform in platforms]


def kind_of(target):
    if target not in TARGETS:
        raise Unknown(f"no such target: {target} (there are {', '.join(TARGETS)})")
    return TARGETS[target]


def architecture_of(target):
    first = target.split("-")[0]
    return {"aarch64": "arm64"}.get(first, first)


def platforms_of(targets):
    """In the tables' order."""
    found = {KINDS[kind_of(target)].platform for target in targets}
    return [platform for platform in PLATFORMS if platform in found]


def minimum(platform):
    """The minimum version from .cargo/config.toml, where Rust and the C compiler of dependencies read it."""
    variable = PLATFORMS[platform][0]
    return re.search(rf'^{variable} *= *"(.*)"$', CARGO.read_text(encoding="utf-8"), re.M)[1]


def minimum_of(kind):
    return minimum(KINDS[kind].platform)


def triple(kind, architecture):
    return f"{architecture}-{KINDS[kind].triple.format(minimum_of(kind))}"


def identifier(kind, architectures):
    return "-".join(filter(None, [KINDS[kind].supported, "_".join(sorted(architectures)), KINDS[kind].variant]))


def manifest_platforms(platforms):
    """The value of `platforms:` in a manifest."""
    cases = (f".{PLATFORMS[platform][2]}(.v{minimum(platform).split('.')[0]})" for platform in platforms)
    return f"[{', '.join(cases)}]"


def write_manifest(path, platforms):
    text = path.read_text(encoding="utf-8")
    changed, count = re.subn(r"^    platforms: \[[^\]]*\]", f"    platforms: {manifest_platforms(platforms)}", text, flags=re.M)
    if count != 1:
        raise Unknown(f"{path} does not say `platforms:` once")
    path.write_text(changed, encoding="utf-8")


def main():
    verb, rest = sys.argv[1], sys.argv[2:]
    try:
        if verb == "targets":
            print("\n".join(targets_of(rest[0].split(","))))
        elif verb == "kinds":
            print("\n".join(dict.fromkeys(kind_of(target) for target in rest)))
        elif verb == "of":
            kind = kind_of(rest[0])
            variable = PLATFORMS[KINDS[kind].platform][0]
            print(kind, architecture_of(rest[0]), KINDS[kind].sdk, f"{variable}={minimum_of(kind)}")
        elif verb == "identifier":
            print(identifier(kind_of(rest[0]), [architecture_of(target) for target in rest]))
        elif verb == "manifest":
            write_manifest(pathlib.Path(rest[0]), platforms_of(rest[1:]))
        else:
            sys.exit(__doc__)
    except Unknown as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
