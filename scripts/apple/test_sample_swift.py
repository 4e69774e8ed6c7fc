"""Proves that the compilation of the sample for iOS catches mistakes in it, and in the library's own code for the browser sheet.

Each proof spoils a copy of the real sources in one place; what the compiler says must name that fault.
"""

import contextlib
import io
import pathlib
import re
import shutil
import sys
import tempfile
import unittest

import swift_ios
import swift_oldest

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
LIBRARY, SAMPLE = CHECKOUT / "bindings" / "Pilotlight" / "Sources", CHECKOUT / "ios-sample"
MODULE_MAP = LIBRARY / "PilotlightFFI" / "module.modulemap"
ON_MAC = sys.platform == "darwin"
# In the order in which they import each other.
MODULES = {
    "PilotlightCore": ([LIBRARY / "PilotlightCore"], "15.0"),
    "Pilotlight": ([LIBRARY / "Pilotlight"], "15.0"),
    "SampleKit": ([SAMPLE / "SampleKit" / "Sources" / "SampleKit"], "17.0"),
    "PilotlightSample": ([SAMPLE / "App"], "17.0"),
    "PilotlightWidget": ([SAMPLE / "Widget"], "17.0"),
    "PilotlightSampleTests": ([SAMPLE / "AppTests", SAMPLE / "TestSupport"], "17.0"),
    "PilotlightSampleUITests": ([SAMPLE / "AppUITests", SAMPLE / "TestSupport"], "17.0"),
}
IMPORTED = list(MODULES)[:3]

# (what is wrong, the module, the file, the text to replace, what by, what the compiler says of it)
SPOILT = (
    ("an error that leaves the main actor", "PilotlightSample", "WelcomeView.swift", "isEphemeral) { error = $0 }", "isEphemeral) { found in Task.detached { error = found } }",
     "main actor-isolated"),
    ("an action that may run on any thread", "PilotlightSample", "Banner.swift", "async -> Void)?\n    var dismiss: (@MainActor () -> Void)?",
     "async -> Void)?\n    var dismiss: (() -> Void)?", "data race"),
    ("a binding whose closures leave the main actor", "PilotlightSample", "MetadataView.swift", "text: $editor[text: name]",
     "text: Binding(get: { editor[text: name] }, set: { editor[text: name] = $0 })", "from a Sendable closure"),
    ("the app's start on any thread", "PilotlightSample", "Launch.swift", "@MainActor\nenum", "enum", "main actor-isolated"),
    ("a state without a screen", "PilotlightSample", "RootView.swift", "        case .locked: LockedView(model: model)\n", "", "must be exhaustive"),
    ("a notice without words", "PilotlightSample", "Banner.swift", "case .couldNotMigrate:", "case .couldNotMigrate(.ended):", "must be exhaustive"),
    ("an answer without a screen", "PilotlightSample", "RequestView.swift", "            case nil: if isSending { ProgressView() }\n", "", "must be exhaustive"),
    ("an event without words", "PilotlightSample", "StateWords.swift", "        case .profileChanged: Label(\"Profile Changed\", systemImage: \"person.text.rectangle\")\n", "", "must be exhaustive"),
    ("a place without a screen", "PilotlightSample", "RootView.swift", "            case .inspector: InspectorView(session: session.session, history: history)\n", "", "must be exhaustive"),
    ("a link to a place that is not there", "PilotlightSample", "HomeView.swift", "value: Place.request", "value: Place.requests", "has no member 'requests'"),
    ("a Keychain class without a name", "PilotlightSample", "SettingsView.swift", '        case .whenUnlocked: "When Unlocked"\n', "", "must be exhaustive"),
    ("a reason to sign in again without words", "PilotlightSample", "StateWords.swift", "        case .noRefreshToken:", "        case .refreshTokenRejected where false:", "must be exhaustive"),
    ("the browser's sign-out off the main actor", "PilotlightSample", "HomeView.swift", "Task { await model.signOut(ofBrowserBy: SystemWeb",
     "Task.detached { let sheet = SystemWebAuthenticator(); await model.signOut(ofBrowserBy: sheet) }\n_ = { (SystemWeb", "main actor-isolated"),
    ("an announcement on any thread", "PilotlightSample", "Banner.swift", "            UIAccessibility.post(notification: .announcement, argument: spoken)\n",
     "            Task.detached { [spoken] in UIAccessibility.post(notification: .announcement, argument: spoken) }\n", "main actor-isolated"),
    ("a change that waits and is taken for one that was made", "SampleKit", "MetadataEditor.swift", "            case .waiting: break\n", "", "must be exhaustive"),
    ("a step of the second factor without a screen", "PilotlightSample", "SecondFactorView.swift", '        case .approval: ProgressView("Approve it on your other device.")\n', "", "must be exhaustive"),
    ("a second factor that is not answered", "SampleKit", "SecondFactor.swift", "            case .recoveryCode: (step, answer) = (.code, MFAAnswer.recoveryCode)\n", "", "must be exhaustive"),
    ("a code for the other device that is shown off the main actor", "SampleKit", "AppModel.swift", "signIn in await show(signIn) }", "signIn in show(signIn) }", "not marked with 'await'"),
    ("a sheet's flag by value", "PilotlightSample", "RootView.swift", "isPresented: $isEditingSettings", "isPresented: isEditingSettings",
     "to expected type 'Binding<Bool>'"),
    ("an API that extensions may not use", "PilotlightWidget", "SessionWidget.swift", "import Pilotlight\n",
     "import Pilotlight\nimport UIKit\n@MainActor let everything = UIApplication.shared\n", "unavailable in application extensions"),
    ("the same in the library, which extensions take", "Pilotlight", "LifecycleObserver.swift", "import Foundation\n",
     "import Foundation\nimport UIKit\n@MainActor let everything = UIApplication.shared\n", "unavailable in application extensions"),
    ("the shared settings on any thread", "PilotlightWidget", "SessionWidget.swift", "    @MainActor\n", "", "main actor-isolated"),
    ("a model off the main actor", "SampleKit", "AppModel.swift", "@MainActor @Observable", "@Observable", "main actor-isolated"),
    ("a test that waits inside an assertion", "PilotlightSampleTests", "StoredSessionTests.swift", "XCTAssertEqual(state, .signedOut)\n        let outcome",
     "XCTAssertEqual(try await restored(), .signedOut)\n        let outcome", "in an autoclosure that does not support concurrency"),
    ("the screens of a UI test on any thread", "PilotlightSampleUITests", "StateTests.swift", "@MainActor\nfinal", "final", "main actor-isolated"),
)
# The stubs are stricter here than Apple's SDK: what follows would end the app when the sheet closes.
STRICTER = (
    ("the main actor's state in the sheet's answer", "Pilotlight", "SystemWebAuthenticator.swift", "{ @Sendable returned, error in\n",
     "{ @Sendable returned, error in\n _ = self.session(url, callback) { _, _ in }\n", "main actor-isolated instance method 'session"),
    ("a completion handler that is not Sendable", "Pilotlight", "SystemWebAuthenticator.swift", "completion: @escaping @Sendable (URL?",
     "completion: @escaping (URL?", "non-Sendable"),
    ("a completion handler of the main actor", "Pilotlight", "SystemWebAuthenticator.swift", "callbackURLScheme: scheme, completionHandler: completion",
     "callbackURLScheme: scheme, completionHandler: { @MainActor url, error in completion(url, error) }", "loses global actor 'MainActor'"),
)

# The same of what Objective-C sees: (what is wrong, the file, the text to replace, what by, what the compiler says of it)
OBJECTIVE_C = (
    ("a method that Objective-C does not see", "ProfileViewController.m", "signOutWithCompletion:", "signOutCompletion:", "no visible @interface"),
    ("a state without words", "ProfileViewController.m", "        case PLTSessionStateUnknown:\n", "", "enumeration value 'PLTSessionStateUnknown' not handled"),
    ("a name that Swift would choose for it", "PLTSession.swift", "    @objc(signInWithCompletion:)\n", "    @objc\n", "no visible @interface .* 'signInWithCompletion:'"),
    ("what Objective-C cannot have", "PLTSession.swift", "@objc(authorizeRequest:completion:)\n    #endif\n    public func authorized(\n        _ request: URLRequest,",
     "@objc(authorizeRequest:completion:)\n    #endif\n    public func authorized(\n        _ request: SessionJSON,", "cannot be represented in Objective-C"),
)

# Code that only a newer Swift accepts: (the file, the text to replace, the replacement)
YOUNGER = ("HomeView.swift", "isOffline: isOffline(error)) {", "isOffline: isOffline(error),) {")


class Sample(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        made = tempfile.TemporaryDirectory()
        cls.addClassCleanup(made.cleanup)
        cls.scratch = pathlib.Path(made.name)
        for name in IMPORTED:
            said = cls.compiled(name, MODULES[name][0], MODULES[name][1])
            if said:
                raise AssertionError(said)

    @classmethod
    def compiled(cls, name, folders, minimum):
        with contextlib.redirect_stdout(io.StringIO()):
            return swift_ios.compile_modules(MODULE_MAP, [(name, folders, minimum)], cls.scratch)

    def spoilt(self, name, file, old, new):
        """What the compiler says of the module when `old` in the file is replaced."""
        folders, minimum = MODULES[name]
        with tempfile.TemporaryDirectory() as made:
            copies = []
            for folder in folders:
                copies.append(pathlib.Path(made) / folder.name)
                shutil.copytree(folder, copies[-1])
            [path] = [found for copy in copies for found in copy.rglob(file)]
            text = path.read_text(encoding="utf-8")
            self.assertEqual(text.count(old), 1, f"the places in {file} that read {old!r}")
            path.write_text(text.replace(old, new), encoding="utf-8")
            return "\n".join(re.findall(r"error: .*", self.compiled(name, copies, minimum)))

    def assertCaught(self, faults):
        for name, module, file, old, new, sentence in faults:
            with self.subTest(name):
                self.assertRegex(self.spoilt(module, file, old, new), sentence)

    def test_mistakes(self):
        self.assertCaught(SPOILT)

    @unittest.skipIf(ON_MAC, "Apple's SDK takes these")
    def test_what_traps_only_when_it_runs(self):
        self.assertCaught(STRICTER)

    def test_objective_c(self):
        with tempfile.TemporaryDirectory() as made:
            folder = pathlib.Path(made)
            shutil.copytree(SAMPLE / "App" / "ObjectiveC", folder / "ObjectiveC")
            for name in "PilotlightCore", "Pilotlight":
                shutil.copytree(LIBRARY / name, folder / name, ignore=shutil.ignore_patterns("*.docc"))
            for name, file, old, new, sentence in OBJECTIVE_C:
                with self.subTest(name):
                    [path] = folder.rglob(file)
                    text = path.read_text(encoding="utf-8")
                    self.assertEqual(text.count(old), 1, f"the places in {file} that read {old!r}")
                    path.write_text(text.replace(old, new), encoding="utf-8")
                    with contextlib.redirect_stdout(io.StringIO()), tempfile.TemporaryDirectory() as scratch:
                        said = swift_ios.objective_c_faults(
                            MODULE_MAP, folder, "15.0", CHECKOUT / "testing/apple-stubs/ObjectiveC", [folder / "ObjectiveC"], pathlib.Path(scratch))
                    path.write_text(text, encoding="utf-8")
                    self.assertRegex(said, sentence)

    @unittest.skipIf(ON_MAC, "Xcode has its own Swift")
    def test_what_only_a_younger_swift_takes(self):
        with tempfile.TemporaryDirectory() as made:
            for name, folders in swift_oldest.MODULES.items():
                self.assertEqual(swift_oldest.compile_module(name, folders, made), "")
            app = pathlib.Path(made) / "App"
            shutil.copytree(SAMPLE / "App", app)
            file, old, new = YOUNGER
            [view] = app.rglob(file)
            view.write_text(view.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
            self.assertIn("unexpected ',' separator", swift_oldest.compile_module("PilotlightSample", [app], made))

    def test_an_app_for_too_old_an_ios(self):
        said = self.compiled("PilotlightSample", MODULES["PilotlightSample"][0], "16.0")
        self.assertIn("iOS 17", said)


if __name__ == "__main__":
    unittest.main()
