"""Checks the products of an Xcode project without building them: icons, bundle names, entitlement groups, embedded code and localised texts.

Each fault would be an error of a build, of an installation or of the first launch. None of them is visible in the project's
graph, which xcode_project.py checks first.
"""

import json
import plistlib
import struct
from xml.parsers.expat import ExpatError

APPLICATION, EXTENSION, UNIT_TEST, UI_TEST = (
    f"com.apple.product-type.{kind}" for kind in ("application", "app-extension", "bundle.unit-test", "bundle.ui-testing"))
PLUG_INS = "13"  # dstSubfolderSpec: where the system looks for an app's extensions
SIDE = 1024
# The values that the app's code looks up, and the entitlement that must contain them.
SHARED_PLACES = {"PilotlightAccessGroup": "keychain-access-groups", "PilotlightAppGroup": "com.apple.security.application-groups"}

# Apple, "Describing use of required reason API": the app's own defaults, and those that it shares in an app group.
DEFAULTS = {"UserDefaults.standard": "CA92.1", "UserDefaults(suiteName:": "1C8F.1"}


def folders(project, target):
    return [project.root / project.objects[name]["path"] for name in target.get("fileSystemSynchronizedGroups", [])]


def configurations(project, target):
    """(where, settings) of each configuration of a target."""
    for configuration, settings in project.settings(target["buildConfigurationList"]):
        yield f"{target['name']} ({configuration})", settings


def property_list(project, settings, key):
    """The file that a setting names, or nothing if it cannot be read, which xcode_project.py reports."""
    try:
        return plistlib.loads((project.root / settings[key]).read_bytes())
    except (KeyError, OSError, ValueError, ExpatError):
        return {}


def png_fault(path):
    """The faults of an icon image: App Store Connect refuses transparency and any other size."""
    try:
        head = path.read_bytes()[:33]
    except OSError:
        return "is not there"
    if head[:8] != b"\x89PNG\r\n\x1a\n" or head[12:16] != b"IHDR":
        return "is no PNG"
    width, height, _, kind = struct.unpack(">IIBB", head[16:26])
    if (width, height) != (SIDE, SIDE):
        return f"has {width} × {height} pixels, not {SIDE} × {SIDE}"
    return "has transparency" if kind in (4, 6) else None


def asset_faults(project, target):
    """Checks that the icon and the colour in the settings are in a catalogue, with images for each appearance."""
    for where, settings in configurations(project, target):
        for key, kind in (("ASSETCATALOG_COMPILER_APPICON_NAME", "appiconset"), ("ASSETCATALOG_COMPILER_GLOBAL_ACCENT_COLOR_NAME", "colorset")):
            name = settings.get(key)
            if name is None:
                if kind == "appiconset" and target["productType"] == APPLICATION:
                    yield f"{where} has no icon"
                continue
            found = [path for folder in folders(project, target) for path in folder.rglob(f"{name}.{kind}/Contents.json")]
            if not found:
                yield f"{where}: {key}: there is no {name}.{kind}"
            for path in found if kind == "appiconset" else []:
                yield from icon_faults(where, path)


def icon_faults(where, contents):
    looks = set()
    for image in json.loads(contents.read_text(encoding="utf-8"))["images"]:
        looks.update(appearance["value"] for appearance in image.get("appearances", []))
        if "filename" not in image:
            yield f"{where}: an icon of {contents.parent.name} has no image"
            continue
        fault = png_fault(contents.parent / image["filename"])
        if fault:
            yield f"{where}: the icon {image['filename']} {fault}"
    for look in sorted({"dark", "tinted"} - looks):
        yield f"{where}: {contents.parent.name} has no {look} icon"


def language_faults(project, target):
    """Checks that the system's prompts are in every language of the app, and that the project lists those languages."""
    regions = set(project.objects[project.first]["knownRegions"])
    spoken, said = set(), {}
    for folder in folders(project, target):
        for path in folder.rglob("*.xcstrings"):
            catalogue = json.loads(path.read_text(encoding="utf-8"))
            for text, entry in catalogue["strings"].items():
                units = {language: found["stringUnit"]["value"] for language, found in entry.get("localizations", {}).items()}
                spoken |= set(units) | {catalogue["sourceLanguage"]}
                if path.stem == "InfoPlist":
                    said[text] = units
    for language in sorted(spoken - regions):
        yield f"{target['name']} speaks {language}, which is not among knownRegions"
    for where, settings in configurations(project, target):
        for key, text in property_list(project, settings, "INFOPLIST_FILE").items():
            if not key.endswith("UsageDescription"):
                continue
            for language in sorted(spoken):
                if not said.get(key, {}).get(language):
                    yield f"{where}: InfoPlist.xcstrings does not say {key} in {language}"
            if said.get(key, {}).get(project.objects[project.first]["developmentRegion"], text) != text:
                yield f"{where}: InfoPlist.xcstrings says {key} otherwise than the Info.plist"


def place_faults(project, target):
    """Checks that the groups that the program reads from its Info.plist are in its entitlements."""
    for where, settings in configurations(project, target):
        entitlements = property_list(project, settings, "CODE_SIGN_ENTITLEMENTS")
        for key, value in property_list(project, settings, "INFOPLIST_FILE").items():
            if key in SHARED_PLACES and value not in entitlements.get(SHARED_PLACES[key], []):
                yield f"{where}: {key} {value} is not among the entitlements"
        if "INFOPLIST_FILE" in settings and settings.get("GENERATE_INFOPLIST_FILE") != "YES":
            yield f"{where}: without GENERATE_INFOPLIST_FILE its Info.plist has no identifier and no version"


def manifest_faults(project, target):
    """What App Store Connect asks about an app is answered, and its privacy manifest has the reasons of what its Swift calls."""
    if target["productType"] not in (APPLICATION, EXTENSION):
        return
    for where, settings in configurations(project, target):
        if target["productType"] == APPLICATION and "ITSAppUsesNonExemptEncryption" not in property_list(project, settings, "INFOPLIST_FILE"):
            yield f"{where}: its Info.plist does not say ITSAppUsesNonExemptEncryption"
    sources, declared = "", set()
    for folder in folders(project, target):
        sources += "".join(file.read_text(encoding="utf-8") for file in sorted(folder.rglob("*.swift")))
        for manifest in folder.rglob("*.xcprivacy"):
            for one in plistlib.loads(manifest.read_bytes()).get("NSPrivacyAccessedAPITypes", []):
                declared.update(one.get("NSPrivacyAccessedAPITypeReasons", []))
    for call, reason in DEFAULTS.items():
        if call in sources and reason not in declared:
            yield f"{target['name']} calls {call}, and its privacy manifest does not give the reason {reason}"


def embedding_faults(project):
    """Checks that each extension is in an app that depends on it, with an identifier that begins with the app's."""
    targets = project.targets()
    for name, (identifier, target) in targets.items():
        if target["productType"] != EXTENSION:
            continue
        hosts = [app for _, app in targets.values() if app["productType"] == APPLICATION and embeds(project, app, target)]
        if not hosts:
            yield f"no app embeds {name} where the system looks for extensions"
        for host in hosts:
            if identifier not in {project.objects[dependency].get("target") for dependency in host.get("dependencies", [])}:
                yield f"{host['name']} does not depend on {name}, which it embeds"
            names = [dict(project.settings(found["buildConfigurationList"])) for found in (host, target)]
            for configuration, settings in names[1].items():
                prefix = names[0].get(configuration, {}).get("PRODUCT_BUNDLE_IDENTIFIER", "")
                if not settings.get("PRODUCT_BUNDLE_IDENTIFIER", "").startswith(f"{prefix}."):
                    yield f"{name} ({configuration}): its bundle identifier does not begin with that of {host['name']}"


def embeds(project, app, extension):
    for phase in (project.objects[name] for name in app["buildPhases"]):
        files = [project.objects[name].get("fileRef") for name in phase["files"]]
        if phase["isa"] == "PBXCopyFilesBuildPhase" and phase["dstSubfolderSpec"] == PLUG_INS and extension["productReference"] in files:
            return True
    return False


def language_mode_faults(project):
    """Without this setting Xcode compiles in an older mode, in which a data race is not an error."""
    for configuration, settings in project.settings(project.objects[project.first]["buildConfigurationList"]):
        if settings.get("SWIFT_VERSION") != "6.0":
            yield f"{configuration}: SWIFT_VERSION is {settings.get('SWIFT_VERSION')}, not 6.0"


def test_faults(project, target):
    """Tests inside an app use the app's copy of the packages: if they were linked twice, there would be two of each class."""
    if target["productType"] in (UNIT_TEST, UI_TEST):
        identifier, _ = project.targets()[target["name"]]
        host = project.objects[project.first]["attributes"]["TargetAttributes"].get(identifier, {}).get("TestTargetID")
        if project.objects.get(host, {}).get("productType") != APPLICATION:
            yield f"{target['name']}: TestTargetID is no app"
    if target["productType"] != UNIT_TEST:
        return
    if target.get("packageProductDependencies"):
        yield f"{target['name']} links packages that the app it runs in has already"
    for configuration, settings in project.settings(project.objects[project.first]["buildConfigurationList"]):
        if configuration == "Debug" and settings.get("ENABLE_TESTABILITY") != "YES":
            yield f"{configuration}: without ENABLE_TESTABILITY {target['name']} does not find the symbols of its app"


def name_faults(project, target):
    """The compiler does not accept two files with the same name in a module."""
    seen = {}
    for folder in folders(project, target):
        for file in sorted(folder.rglob("*.swift")):
            if seen.setdefault(file.name, file) != file:
                yield f"{target['name']} has two files of the name {file.name}"


def faults(project):
    """A sentence for each fault of a project whose graph is complete."""
    for _, target in project.targets().values():
        for faults in (asset_faults, language_faults, place_faults, manifest_faults, test_faults, name_faults):
            yield from faults(project, target)
    yield from embedding_faults(project)
    yield from language_mode_faults(project)
