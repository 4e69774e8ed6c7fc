#!/usr/bin/env python3
"""Checks the finished package for contents that must not be in it, and for contents that must.

    audit.py strings FOLDER TEXT…           no file holds one of the texts (read as bytes; archives and all)
    audit.py privacy PACKAGE                the privacy manifest declares exactly the required-reason API that is used
    audit.py manifest TARGET,… RESOURCE…    `swift package describe --type json` on stdin is the package that it should be, for
                                            exactly the platforms of these Rust targets
    audit.py frameworks MANIFEST…           each links exactly the frameworks that needed-symbols.txt names, and those of classes found by name
"""

import json
import pathlib
import plistlib
import re
import sys

import macho
import platforms
import stubs

# Apple, "Describing use of required reason API": the functions of each category that C and Rust can call.
CATEGORIES = {
    "NSPrivacyAccessedAPICategoryFileTimestamp": {
        "_stat", "_fstat", "_lstat", "_fstatat", "_getattrlist", "_getattrlistbulk", "_fgetattrlist", "_getattrlistat",
    },
    "NSPrivacyAccessedAPICategorySystemBootTime": {"_mach_absolute_time"},
    "NSPrivacyAccessedAPICategoryDiskSpace": {"_statfs", "_statvfs", "_fstatfs", "_fstatvfs"},
}
# … and of Swift.
SWIFT_WORDS = {
    "NSPrivacyAccessedAPICategoryFileTimestamp": r"\b(creationDate|modificationDate|contentModificationDateKey|creationDateKey)\b",
    "NSPrivacyAccessedAPICategorySystemBootTime": r"\b(systemUptime|mach_absolute_time)\b",
    "NSPrivacyAccessedAPICategoryDiskSpace": r"\b(volume\w*CapacityKey|systemFreeSize|systemSize)\b",
    "NSPrivacyAccessedAPICategoryUserDefaults": r"\b(UserDefaults|AppStorage)\b",
    "NSPrivacyAccessedAPICategoryActiveKeyboards": r"\bactiveInputModes\b",
}
MANIFEST_KEYS = {"NSPrivacyTracking", "NSPrivacyTrackingDomains", "NSPrivacyCollectedDataTypes", "NSPrivacyAccessedAPITypes"}


def leaks(folder, texts):
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    if not files or not all(texts):
        yield f"nothing to look through in {folder}, or an empty text to look for"
    for path in files:
        data = path.read_bytes()
        for text in texts:
            at = data.find(text.encode())
            if at >= 0:
                around = re.sub(rb"[^ -~]", b".", data[max(0, at - 40):at + 80]).decode("ascii")
                yield f"{path.relative_to(folder.parent)} holds {text!r}: {around}"


def used_categories(package):
    """{category: names} that the libraries and the Swift sources use."""
    used = {}
    linked = [path.resolve() / path.stem for path in package.rglob("*.framework")]
    objects = [one for library in sorted(package.rglob("*.a")) for _, one in macho.objects(library)]
    objects += [macho.read_object(data) for path in linked for data in macho.slices(path.read_bytes())]
    for one in objects:
        for category, names in CATEGORIES.items():
            if found := {symbol for symbol in one.undefined if symbol.split("$")[0] in names}:
                used.setdefault(category, set()).update(found)
    for source in sorted((package / "Sources").rglob("*.swift")):
        text = re.sub(r"//.*", "", source.read_text(encoding="utf-8"))
        for category, words in SWIFT_WORDS.items():
            if found := re.search(words, text):
                used.setdefault(category, set()).add(f"{found[0]} in {source.name}")
    return used


def privacy_faults(package):
    sources = package / "Sources"
    manifests = sorted(sources.rglob("*.xcprivacy"))
    if [str(path.relative_to(sources)) for path in manifests] != ["Pilotlight/PrivacyInfo.xcprivacy"]:
        yield f"the privacy manifests are {manifests}, not one in Sources/Pilotlight"
        return
    for other in package.glob("*.xcframework/**/*.xcprivacy"):
        if other.read_bytes() != manifests[0].read_bytes():
            yield f"{other.relative_to(package)} is another than that of the sources"
    manifest = plistlib.loads(manifests[0].read_bytes())
    if set(manifest) != MANIFEST_KEYS:
        yield f"the privacy manifest's keys are {sorted(manifest)}"
    declared = set()
    for one in manifest.get("NSPrivacyAccessedAPITypes", []):
        declared.add(one.get("NSPrivacyAccessedAPIType"))
        reasons = one.get("NSPrivacyAccessedAPITypeReasons")
        if not reasons or not all(re.fullmatch(r"[0-9A-F]{4}\.1", reason) for reason in reasons):
            yield f"the privacy manifest gives no reason for {one.get('NSPrivacyAccessedAPIType')}"
    used = used_categories(package)
    for category in sorted(set(used) - declared):
        yield f"{category} is not declared and is used: {', '.join(sorted(used[category]))}"
    for category in sorted(declared - set(used), key=str):
        yield f"{category} is declared and not used"
    print("required-reason API:", {category.split("Category")[-1]: sorted(names) for category, names in used.items()})


def manifest_faults(described, names, wanted):
    """`names` are the platforms that are inside."""
    targets = {target["name"]: target for target in described.get("targets", [])}
    kinds = {name: target.get("type") for name, target in targets.items()}
    for name, kind in (("Pilotlight", "library"), ("PilotlightCore", "library"), ("PilotlightFFI", "binary")):
        if kinds.get(name) != kind:
            yield f"the target {name} is of type {kinds.get(name)}, not {kind}"
    if targets.get("PilotlightCore", {}).get("target_dependencies") != ["PilotlightFFI"]:
        yield "PilotlightCore does not depend on PilotlightFFI alone"
    resources = [one.get("path", "").rsplit("/", 1)[-1] for one in targets.get("Pilotlight", {}).get("resources", [])]
    if resources != wanted:
        yield f"the resources of Pilotlight are {resources}, not {wanted}"
    versions = {one["name"]: one["version"] for one in described.get("platforms", [])}
    inside = {platforms.PLATFORMS[name][1]: platforms.minimum(name) for name in names}
    if versions != inside:
        yield f"the manifest is for {versions}, the library for {inside}"
    if [product["name"] for product in described.get("products", [])] != ["Pilotlight"]:
        yield "the product is not Pilotlight alone"


def framework_faults(manifest, needed):
    """`needed` is what stubs.read_needed gives."""
    linked = set(re.findall(r'\.linkedFramework\("(\w+)"', manifest.read_text(encoding="utf-8")))
    wanted = set(needed.values()) - set(stubs.LIBRARIES) | {stubs.FOUND_BY_NAME}
    if linked != wanted:
        yield f"{manifest} links {sorted(linked)}, and the library needs {sorted(wanted)}"


def main():
    verb, rest = sys.argv[1], sys.argv[2:]
    if verb == "strings":
        faults = list(leaks(pathlib.Path(rest[0]), rest[1:]))
    elif verb == "privacy":
        faults = list(privacy_faults(pathlib.Path(rest[0])))
    elif verb == "manifest":
        faults = list(manifest_faults(json.load(sys.stdin), platforms.platforms_of(rest[0].split(",")), rest[1:]))
    elif verb == "frameworks":
        faults = [fault for name in rest for fault in framework_faults(pathlib.Path(name), stubs.listed())]
    else:
        sys.exit(__doc__)
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
