"""Proves that the judgement of what the Xcode project would build catches the faults that it is for."""

import shutil

import app_icon
import test_xcode_project
from test_xcode_project import PBXPROJ

ICONS = "App/Assets.xcassets/AppIcon.appiconset"
CATALOGUE, PLIST, WIDGET_PLIST = "App/InfoPlist.xcstrings", "Config/App-Info.plist", "Config/Widget-Info.plist"
PRIVACY = "App/PrivacyInfo.xcprivacy"

# (what is wrong, the file, the pattern to replace, what by, what is said of it)
SPOILT = (
    ("no icon", PBXPROJ, r"ASSETCATALOG_COMPILER_APPICON_NAME = AppIcon;", "", r"PilotlightSample \(Debug\) has no icon"),
    ("an icon that is not there", PBXPROJ, r"APPICON_NAME = AppIcon;", "APPICON_NAME = Icon;", "there is no Icon.appiconset"),
    ("an icon without an image", f"{ICONS}/Contents.json", r'"filename": "AppIcon.png", ', "", "an icon of AppIcon.appiconset has no image"),
    ("an image that is not there", f"{ICONS}/Contents.json", r"AppIcon-Dark.png", "AppIcon-Night.png", "the icon AppIcon-Night.png is not there"),
    ("no icon for a dark home screen", f"{ICONS}/Contents.json", r'"value": "dark"', '"value": "light"', "AppIcon.appiconset has no dark icon"),
    ("a colour that is not there", PBXPROJ, r"ACCENT_COLOR_NAME = AccentColor;", "ACCENT_COLOR_NAME = Blue;", "there is no Blue.colorset"),
    ("a question to the user in one language", CATALOGUE, r'"value" : "Mit Face ID[^"]*"', '"value" : ""', "does not say NSFaceIDUsageDescription in de"),
    ("a question that the Info.plist puts otherwise", PLIST, r"Face ID unlocks", "Face ID guards", "NSFaceIDUsageDescription otherwise than the Info.plist"),
    ("a question of which no catalogue knows", PLIST, r"NSFaceIDUsageDescription", "NSCameraUsageDescription", "does not say NSCameraUsageDescription in en"),
    ("a language that Xcode does not know", PBXPROJ, r"(knownRegions = \([^)]*)\bde,", r"\1", "speaks de, which is not among knownRegions"),
    ("an access group of nobody's", PLIST, r"\.shared<", ".common<", "PilotlightAccessGroup .*common is not among the entitlements"),
    ("an app group of nobody's", WIDGET_PLIST, r"group\.\$", "groups.$", r"PilotlightWidget \(Debug\): PilotlightAppGroup .* is not among"),
    ("defaults without a reason", PRIVACY, "CA92.1</string>", "C56D.1</string>", r"PilotlightSample calls UserDefaults\.standard, and .* reason CA92\.1"),
    ("a question of App Store Connect's without an answer", PLIST, "ITSAppUsesNonExemptEncryption", "ITSAppUsesEncryption", r"PilotlightSample \(Debug\): .* ITSAppUsesNonExemptEncryption"),
    ("an Info.plist without the rest", PBXPROJ, r"GENERATE_INFOPLIST_FILE = YES;", "GENERATE_INFOPLIST_FILE = NO;", "has no identifier and no version"),
    ("an extension among the frameworks", PBXPROJ, r"dstSubfolderSpec = 13;", "dstSubfolderSpec = 10;", "no app embeds PilotlightWidget where"),
    ("an extension that is not built first", PBXPROJ, r"(target = )[0-9A-F]{24} /\* PilotlightWidget \*/", None, "does not depend on PilotlightWidget, which it embeds"),
    ("an extension under its own name", PBXPROJ, r'"\$\(PILOTLIGHT_BUNDLE_ID\)\.widget"', "com.example.widget", "does not begin with that of PilotlightSample"),
    ("packages linked into the tests too", PBXPROJ, r"(name = PilotlightSampleTests;\s+packageProductDependencies = \()", r"\1 B17E00000000000000000001, ", "links packages that the app it runs in has already"),
    ("tests of an extension", PBXPROJ, r"TestTargetID = [0-9A-F]{24}", "TestTargetID = B17E0000000000000000000C", "PilotlightSampleTests: TestTargetID is no app"),
    ("an older language mode", PBXPROJ, r"SWIFT_VERSION = 6.0;", "SWIFT_VERSION = 5.0;", "Debug: SWIFT_VERSION is 5.0, not 6.0"),
    ("symbols that the tests do not see", PBXPROJ, r"ENABLE_TESTABILITY = YES;", "ENABLE_TESTABILITY = NO;", "without ENABLE_TESTABILITY PilotlightSampleTests"),
)


class Checking(test_xcode_project.OfACopy):
    def test_spoilt_products(self):
        self.assertCaught(SPOILT)

    def test_images_that_are_no_icons(self):
        icon = self.sample / ICONS / "AppIcon.png"
        right = icon.read_bytes()
        for spoilt, sentence in ((b"GIF89a" + right, "is no PNG"), (right[:25] + b"\6" + right[26:], "has transparency"),
                                 (right[:16] + b"\0\0\0\x78" + right[20:], "has 120 × 1024 pixels")):
            with self.subTest(sentence):
                icon.write_bytes(spoilt)
                self.assertIn(sentence, self.said())

    def test_two_files_of_one_name(self):
        shutil.copy(self.sample / "TestSupport" / "TestIssuer.swift", self.sample / "AppTests" / "TestIssuer.swift")
        self.assertIn("PilotlightSampleTests has two files of the name TestIssuer.swift", self.said())


class Drawing(test_xcode_project.OfACopy):
    def test_the_icons_are_those_that_the_script_draws(self):
        name, look = next(iter(app_icon.LOOKS.items()))
        drawn = self.sample / "drawn.png"
        drawn.write_bytes(app_icon.png(app_icon.drawn(look)))
        self.assertEqual(pixels(drawn), pixels(self.sample / ICONS / name))


def pixels(path):
    """An image's rows; how well they were compressed is a matter of the machine."""
    data, found = path.read_bytes(), b""
    at = 8
    while at < len(data):
        length = int.from_bytes(data[at:at + 4], "big")
        if data[at + 4:at + 8] == b"IDAT":
            found += data[at + 8:at + 8 + length]
        at += length + 12
    return app_icon.zlib.decompress(found)
