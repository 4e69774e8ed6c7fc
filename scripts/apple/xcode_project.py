#!/usr/bin/env python3
"""Checks a handwritten Xcode project without Xcode. Prints each fault and exits 1.

    xcode_project.py FOLDER.xcodeproj

With a dangling identifier, Xcode itself does not open the project, or drops the parts that it does not understand.
xcode_products.py checks the products; scripts/check-apple.sh checks that the code compiles.
"""

import pathlib
import plistlib
import re
import sys
import xml.etree.ElementTree as ElementTree
from xml.parsers.expat import ExpatError

import openstep
import xcode_products

OBJECT_VERSION = "77"  # the first with folders that follow the disk
IDENTIFIER = re.compile(r"[0-9A-F]{24}")
TARGET = {"PBXNativeTarget"}
PHASES = {"PBXCopyFilesBuildPhase", "PBXFrameworksBuildPhase", "PBXResourcesBuildPhase", "PBXSourcesBuildPhase"}
FOLDER = {"PBXFileSystemSynchronizedRootGroup"}
PACKAGE = {"XCLocalSwiftPackageReference"}
PRODUCT = {"XCSwiftPackageProductDependency"}
CHILDREN = {"PBXFileReference", "PBXGroup"} | FOLDER
# The references in objects of each kind, and the kinds that they must have. This project has no objects of other kinds.
REFERENCES = {
    "PBXBuildFile": {"fileRef": {"PBXFileReference"}, "productRef": PRODUCT},
    "PBXContainerItemProxy": {"containerPortal": {"PBXProject"}, "remoteGlobalIDString": TARGET},
    "PBXFileReference": {},
    "PBXFileSystemSynchronizedRootGroup": {},
    "PBXGroup": {"children": CHILDREN},
    "PBXNativeTarget": {
        "buildConfigurationList": {"XCConfigurationList"}, "buildPhases": PHASES, "dependencies": {"PBXTargetDependency"},
        "fileSystemSynchronizedGroups": FOLDER, "packageProductDependencies": PRODUCT, "productReference": {"PBXFileReference"},
    },
    "PBXProject": {
        "buildConfigurationList": {"XCConfigurationList"}, "mainGroup": {"PBXGroup"}, "packageReferences": PACKAGE,
        "productRefGroup": {"PBXGroup"}, "targets": TARGET,
    },
    "PBXTargetDependency": {"target": TARGET, "targetProxy": {"PBXContainerItemProxy"}},
    "XCBuildConfiguration": {},
    "XCConfigurationList": {"buildConfigurations": {"XCBuildConfiguration"}},
    "XCLocalSwiftPackageReference": {},
    "XCSwiftPackageProductDependency": {"package": PACKAGE},
} | {phase: {"files": {"PBXBuildFile"}} for phase in PHASES}
# With these the Keychain works in the simulator; without a signature each of its calls fails with -34018.
SIMULATOR_SIGNING = {"CODE_SIGN_IDENTITY": "-", "CODE_SIGNING_REQUIRED": "NO", "CODE_SIGNING_ALLOWED": "YES"}


def as_list(value):
    return value if isinstance(value, list) else [] if value is None else [value]


def identifiers(value):
    """Every identifier in a value, including keys."""
    if isinstance(value, dict):
        return [found for pair in value.items() for part in pair for found in identifiers(part)]
    if isinstance(value, list):
        return [found for part in value for found in identifiers(part)]
    return [value] if IDENTIFIER.fullmatch(value) else []


class Project:
    """A project file that was read successfully."""

    def __init__(self, folder):
        self.folder = folder
        self.root = folder.parent  # what paths are relative to
        whole = openstep.parse((folder / "project.pbxproj").read_text(encoding="utf-8"))
        self.version, self.objects, self.first = whole.get("objectVersion"), whole["objects"], whole.get("rootObject")

    def of(self, kind):
        return [(name, found) for name, found in self.objects.items() if found.get("isa") == kind]

    def settings(self, list_name):
        """(name, settings) of each configuration of a list."""
        for name in self.objects[list_name]["buildConfigurations"]:
            yield self.objects[name]["name"], self.objects[name]["buildSettings"]

    def targets(self):
        return {found["name"]: (name, found) for name, found in self.of("PBXNativeTarget")}

    def product_file(self, target):
        return self.objects[target["productReference"]]["path"]


def structure_faults(project):
    """Checks the graph of objects. If there is no fault, the other checks can follow every identifier."""
    if project.version != OBJECT_VERSION:
        yield f"objectVersion is {project.version}, not {OBJECT_VERSION}"
    if project.objects.get(project.first, {}).get("isa") != "PBXProject":
        yield f"rootObject {project.first} is no PBXProject"
    for name, found in project.objects.items():
        kind = found.get("isa")
        if kind not in REFERENCES:
            yield f"{name} has the unknown isa {kind}"
            continue
        for other in identifiers({key: value for key, value in found.items() if key != "isa"}):
            if other not in project.objects:
                yield f"{kind} {name} names {other}, which is not there"
        for key, kinds in REFERENCES[kind].items():
            for other in as_list(found.get(key)):
                if other in project.objects and project.objects[other].get("isa") not in kinds:
                    yield f"{kind} {name}: {key} {other} is a {project.objects[other].get('isa')}"
    reached, waiting = set(), [project.first]
    while waiting:
        name = waiting.pop()
        if name in project.objects and name not in reached:
            reached.add(name)
            waiting += identifiers(project.objects[name])
    for name in sorted(set(project.objects) - reached):
        yield f"{project.objects[name].get('isa')} {name} is named by nothing"


def group_faults(project, name, folder):
    """Checks that the contents of the groups are on the disk; a product does not exist before it is built."""
    found = project.objects[name]
    if found.get("sourceTree") == "BUILT_PRODUCTS_DIR":
        return
    path = folder / found["path"] if "path" in found else folder
    if not path.exists():
        yield f"{path.relative_to(project.root)} is not there"
    for child in found.get("children", []):
        yield from group_faults(project, child, path)


def package_faults(project):
    for _, reference in project.of("XCLocalSwiftPackageReference"):
        manifest = project.root / reference["relativePath"] / "Package.swift"
        if not manifest.is_file():
            yield f"the package {reference['relativePath']} has no Package.swift"
            continue
        text = manifest.read_text(encoding="utf-8")
        minimum = re.search(r"\.iOS\(\.v(\d+)\)", text)
        for configuration, settings in project.settings(project.objects[project.first]["buildConfigurationList"]):
            if minimum and int(minimum[1]) > float(settings.get("IPHONEOS_DEPLOYMENT_TARGET", 0)):
                yield f"the package {reference['relativePath']} needs iOS {minimum[1]}, and {configuration} is for an older one"
        for _, product in project.of("XCSwiftPackageProductDependency"):
            if project.objects[product["package"]] is reference and f'.library(name: "{product["productName"]}"' not in text:
                yield f"the package {reference['relativePath']} has no library {product['productName']}"


def plist(project, path):
    """A property list that a setting names, and what is wrong with it."""
    try:
        return plistlib.loads((project.root / path).read_bytes()), None
    except FileNotFoundError:
        return {}, f"{path} is not there"
    except (plistlib.InvalidFileException, ValueError, ExpatError) as error:
        return {}, f"{path} is no property list: {error}"


def target_faults(project, name, target):
    folders = [project.root / project.objects[folder]["path"] for folder in target.get("fileSystemSynchronizedGroups", [])]
    if not any(list(folder.rglob("*.swift")) for folder in folders):
        yield f"{name} has no Swift file"
    for configuration, settings in project.settings(target["buildConfigurationList"]):
        where = f"{name} ({configuration})"
        for key in ("INFOPLIST_FILE", "CODE_SIGN_ENTITLEMENTS"):
            if key not in settings:
                continue
            fault = plist(project, settings[key])[1]
            if fault:
                yield f"{where}: {key}: {fault}"
            if any((project.root / settings[key]).is_relative_to(folder) for folder in folders):
                yield f"{where}: {key} lies in a folder whose files are all put into the product"
        if "PRODUCT_BUNDLE_IDENTIFIER" not in settings:
            yield f"{where} has no PRODUCT_BUNDLE_IDENTIFIER"
        yield from host_faults(project, where, target, settings)


def host_faults(project, where, target, settings):
    """The app that a test target runs in."""
    names, kind = project.targets(), target["productType"].rsplit(".", 1)[-1]
    if kind == "unit-test":
        hosts = [name for name, (_, other) in names.items()
                 if settings.get("TEST_HOST", "").startswith(f"$(BUILT_PRODUCTS_DIR)/{project.product_file(other)}/")]
        if not hosts or settings.get("BUNDLE_LOADER") != "$(TEST_HOST)":
            yield f"{where}: TEST_HOST is no app of this project, or BUNDLE_LOADER is another"
    elif kind == "ui-testing" and settings.get("TEST_TARGET_NAME") not in names:
        yield f"{where}: TEST_TARGET_NAME is no target"


def signing_faults(project):
    root = project.objects[project.first]
    for configuration, settings in project.settings(root["buildConfigurationList"]):
        for key, value in SIMULATOR_SIGNING.items():
            if settings.get(f"{key}[sdk=iphonesimulator*]") != value:
                yield f"{configuration}: {key} for the simulator has to be {value}: the Keychain needs a signature"
    shared = None
    for name, (_, target) in project.targets().items():
        for _, settings in project.settings(target["buildConfigurationList"]):
            if "CODE_SIGN_ENTITLEMENTS" not in settings:
                continue
            entitlements = plist(project, settings["CODE_SIGN_ENTITLEMENTS"])[0]
            groups = {key: set(entitlements.get(key, [])) for key in ("keychain-access-groups", "com.apple.security.application-groups")}
            shared = groups if shared is None else {key: shared[key] & groups[key] for key in groups}
        if shared is not None and not all(shared.values()):
            yield f"{name} shares no access group or no app group with the others"


def scheme_faults(project):
    schemes = sorted((project.folder / "xcshareddata" / "xcschemes").glob("*.xcscheme"))
    if not schemes:
        yield "there is no shared scheme"
    for scheme in schemes:
        try:
            root = ElementTree.parse(scheme).getroot()
        except ElementTree.ParseError as error:
            yield f"{scheme.name}: {error}"
            continue
        by_identifier, tested = {name: found for name, found in project.of("PBXNativeTarget")}, set()
        for reference in root.iter("BuildableReference"):
            name = reference.get("BlueprintIdentifier")
            target = by_identifier.get(name)
            if target is None:
                yield f"{scheme.name} names the target {name}, which is not there"
                continue
            expected = {"BlueprintName": target["name"], "BuildableName": project.product_file(target),
                        "ReferencedContainer": f"container:{project.folder.name}"}
            for key, value in expected.items():
                if reference.get(key) != value:
                    yield f"{scheme.name}: {key} of {name} is {reference.get(key)}, not {value}"
        for reference in root.iterfind("./TestAction/Testables/TestableReference/BuildableReference"):
            tested.add(reference.get("BlueprintIdentifier"))
        for name, target in by_identifier.items():
            if target["productType"].rsplit(".", 1)[-1] in ("unit-test", "ui-testing") and name not in tested:
                yield f"{scheme.name} does not run {target['name']}"


def faults(folder):
    """A sentence for each fault."""
    try:
        project = Project(folder)
    except (openstep.Malformed, KeyError, OSError) as error:
        return [f"project.pbxproj cannot be read: {error}"]
    found = list(structure_faults(project))
    if found:  # the rest follows the identifiers
        return found
    found += group_faults(project, project.objects[project.first]["mainGroup"], project.root)
    found += package_faults(project)
    for name, (_, target) in project.targets().items():
        found += target_faults(project, name, target)
    return found + list(signing_faults(project)) + list(scheme_faults(project)) + list(xcode_products.faults(project))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    found = faults(pathlib.Path(sys.argv[1]).resolve())
    for fault in found:
        print(fault)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
