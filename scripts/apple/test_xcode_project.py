"""Proves that the judgement of the Xcode project catches the faults that it is for.

Each proof spoils a copy of the project in one place; what comes must name that fault.
"""

import pathlib
import re
import shutil
import tempfile
import unittest

import openstep
import xcode_project

SAMPLE = pathlib.Path(__file__).resolve().parents[2] / "ios-sample"
PROJECT = "PilotlightSample.xcodeproj"
PBXPROJ = f"{PROJECT}/project.pbxproj"
SCHEME = f"{PROJECT}/xcshareddata/xcschemes/PilotlightSample.xcscheme"
NOBODY = "0123456789ABCDEF01234567"

# (what is wrong, the file, the pattern to replace, what by, what is said of it)
SPOILT = (
    ("a dangling identifier", PBXPROJ, r"(productRef = )[0-9A-F]{24}", rf"\g<1>{NOBODY}", f"names {NOBODY}, which is not there"),
    ("a dangling identifier in a list", PBXPROJ, r"(fileSystemSynchronizedGroups = \(\s+)[0-9A-F]{24}", rf"\g<1>{NOBODY}", f"names {NOBODY}"),
    ("a dangling identifier as a key", PBXPROJ, r"(TargetAttributes = \{\s+)[0-9A-F]{24}", rf"\g<1>{NOBODY}", f"names {NOBODY}"),
    ("an identifier of something else", PBXPROJ, r"(mainGroup = )[0-9A-F]{24} [^;]*", None, "mainGroup .* is a PBXNativeTarget"),
    ("an unknown isa", PBXPROJ, r"isa = PBXTargetDependency", "isa = PBXTargetDependancy", "unknown isa PBXTargetDependancy"),
    ("an object without isa", PBXPROJ, r"isa = PBXFrameworksBuildPhase;", "", "unknown isa None"),
    ("an object that nothing names", PBXPROJ, r"(\tobjects = \{\n)", rf"\g<1>{NOBODY} = {{ isa = PBXFileReference; path = x; }};\n", "is named by nothing"),
    ("an older format", PBXPROJ, r"objectVersion = 77", "objectVersion = 56", "objectVersion is 56"),
    ("no root", PBXPROJ, r"(rootObject = )[0-9A-F]{24}", rf"\g<1>{NOBODY}", "is no PBXProject"),
    ("a semicolon that is missing", PBXPROJ, r"archiveVersion = 1;", "archiveVersion = 1", "cannot be read: line"),
    ("a setting that is there twice", PBXPROJ, r"(SDKROOT = iphoneos;)", r"\1 \1", "'SDKROOT' is there twice"),
    ("a folder that is not there", PBXPROJ, r"path = Widget;", "path = Gadget;", "Gadget is not there"),
    ("a file of a group that is not there", PBXPROJ, r"path = README.md", "path = READYOU.md", "READYOU.md is not there"),
    ("an Info.plist that is not there", PBXPROJ, r'INFOPLIST_FILE = "Config/App-Info', 'INFOPLIST_FILE = "Config/None', "Config/None.plist is not there"),
    ("an Info.plist that is copied too", PBXPROJ, r'INFOPLIST_FILE = "Config/App-Info.plist"', 'INFOPLIST_FILE = "App/PrivacyInfo.xcprivacy"', "are all put into the product"),
    ("entitlements that are no property list", "Config/App.entitlements", r"</plist>", "", "is no property list"),
    ("no access group in common", "Config/Widget.entitlements", r"\.shared<", ".own<", "shares no access group"),
    ("no app group in common", "Config/Widget.entitlements", r"group\.\$", "group.other.$", "shares no access group or no app group"),
    ("a package elsewhere", PBXPROJ, r"relativePath = \S+;", "relativePath = ../nowhere;", "nowhere has no Package.swift"),
    ("a product that the package does not have", PBXPROJ, r"productName = SampleKit;", "productName = SampelKit;", "has no library SampelKit"),
    ("an iOS that is too old for the packages", PBXPROJ, r"IPHONEOS_DEPLOYMENT_TARGET = 17.0", "IPHONEOS_DEPLOYMENT_TARGET = 16.4", "SampleKit needs iOS 17"),
    ("no signature in the simulator", PBXPROJ, r'"CODE_SIGNING_ALLOWED\[sdk=iphonesimulator\*\]" = YES', '"CODE_SIGNING_ALLOWED[sdk=iphonesimulator*]" = NO', "the Keychain needs a signature"),
    ("tests in an app that is not there", PBXPROJ, r'TEST_HOST = "\$\(BUILT_PRODUCTS_DIR\)/Pilot', 'TEST_HOST = "$(BUILT_PRODUCTS_DIR)/Copilot', "TEST_HOST is no app"),
    ("UI tests of an app that is not there", PBXPROJ, r"TEST_TARGET_NAME = PilotlightSample;", "TEST_TARGET_NAME = Sample;", "TEST_TARGET_NAME is no target"),
    ("no bundle identifier", PBXPROJ, r"PRODUCT_BUNDLE_IDENTIFIER = [^;]*;", "", "has no PRODUCT_BUNDLE_IDENTIFIER"),
    ("a scheme for a target that is not there", SCHEME, r'BlueprintIdentifier = "[0-9A-F]{24}"', f'BlueprintIdentifier = "{NOBODY}"', f"names the target {NOBODY}"),
    ("a scheme with an old name", SCHEME, r'BlueprintName = "PilotlightSample"', 'BlueprintName = "Sample"', "BlueprintName of .* is Sample"),
    ("a scheme for another project", SCHEME, r"container:PilotlightSample", "container:Other", "ReferencedContainer of"),
    ("a scheme that is no XML", SCHEME, r"</Scheme>", "", "no element found"),
)


class OfACopy(unittest.TestCase):
    """A copy of the sample that each proof spoils."""

    def setUp(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.sample = pathlib.Path(made.name) / "ios-sample"
        shutil.copytree(SAMPLE, self.sample, ignore=shutil.ignore_patterns(".build", "Tests"))
        package = self.sample.parent / "bindings" / "Pilotlight" / "Package.swift"
        package.parent.mkdir(parents=True)
        shutil.copy(SAMPLE.parent / "bindings" / "Pilotlight" / "Package.swift", package)

    def said(self):
        return "\n".join(xcode_project.faults(self.sample / PROJECT))

    def assertCaught(self, faults):
        target = re.search(r"BlueprintIdentifier = \"(\w+)\"", (self.sample / SCHEME).read_text(encoding="utf-8"))[1]
        for name, file, pattern, by, sentence in faults:
            with self.subTest(name):
                path = self.sample / file
                right = path.read_text(encoding="utf-8")
                spoilt, places = re.subn(pattern, rf"\g<1>{target}" if by is None else by, right, count=1)
                self.assertEqual(places, 1, f"nothing in {file} reads {pattern}")
                path.write_text(spoilt, encoding="utf-8")
                said = self.said()
                path.write_text(right, encoding="utf-8")
                self.assertRegex(said, sentence)


class Checking(OfACopy):
    def test_the_project_as_it_is(self):
        self.assertEqual(self.said(), "")

    def test_spoilt_projects(self):
        self.assertCaught(SPOILT)

    def test_a_target_without_code(self):
        for file in (self.sample / "Widget").rglob("*.swift"):
            file.unlink()
        self.assertIn("PilotlightWidget has no Swift file", self.said())

    def test_no_scheme(self):
        (self.sample / SCHEME).unlink()
        self.assertIn("there is no shared scheme", self.said())

    def test_a_scheme_that_leaves_tests_out(self):
        path = self.sample / SCHEME
        path.write_text(re.sub(r"<Testables>.*</Testables>", "<Testables></Testables>", path.read_text(encoding="utf-8"), flags=re.DOTALL), encoding="utf-8")
        self.assertIn("does not run PilotlightSampleUITests", self.said())


class Reading(unittest.TestCase):
    def test_every_kind_of_value(self):
        self.assertEqual(openstep.parse('// head\n{ a = (1, "b \\"c\\" = ;", ); /* d */ "e[f=g*]" = {}; h = ../i; }'),
                         {"a": ["1", 'b "c" = ;'], "e[f=g*]": {}, "h": "../i"})

    def test_what_is_malformed(self):
        for text in ("{", "{ a = 1 }", "(1 2)", '"open', "{ a = 1; } b", "{ a = 1; a = 2; }", "<00>"):
            with self.subTest(text), self.assertRaises(openstep.Malformed):
                openstep.parse(text)


if __name__ == "__main__":
    unittest.main()
