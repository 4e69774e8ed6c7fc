"""Proves that the judgement of the UI tests catches what would only fail on a Mac."""

import pathlib
import shutil
import tempfile
import unittest

import ui_tests

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
SAMPLE = CHECKOUT / "ios-sample"
MORE = [CHECKOUT / "bindings/Pilotlight/Sources/Pilotlight/SessionError+Localized.swift", SAMPLE / "SampleKit/Sources/SampleKit/Advice.swift"]

# (what is wrong, the file, the text to replace, what by, what is said of it)
SPOILT = (
    ("a button that got another identifier", "App/Parts/TokenSection.swift", '"token.renew"', '"token.refresh"', "no view has the identifier 'token.renew'"),
    ("a field that got another identifier", "App/Screens/MetadataView.swift", '"metadata.\\(name)"', '"form.\\(name)"', "no view has the identifier 'metadata.country'"),
    ("a list's buttons that got another identifier", "App/Parts/WaitingSection.swift", '"waiting.cancel"', '"waiting.undo"', "'waiting.cancel'"),
    ("a test that asks for another", "AppUITests/SessionFlowTests.swift", 'buttons["sign-in"].exists', 'buttons["log-in"].exists', "no view has the identifier 'log-in'"),
    ("a helper that asks for another", "AppUITests/SessionFlowTests.swift", 'button("sign-out")', 'button("log-out")', "'log-out'"),
    ("a dialogue's button in other words", "App/Screens/HomeView.swift", '"Sign Out Now"', '"Yes, Sign Out"', "no screen says 'Sign Out Now'"),
    ("a screen in other words", "App/Screens/RootView.swift", '"Reading your session…"', '"One moment…"', "no screen says 'Reading your session…'"),
    ("a state that is looked for in other words", "AppUITests/StateTests.swift", '"Please sign in again"', '"Sign in, please"', "no screen says 'Sign in, please'"),
)


class Checking(unittest.TestCase):
    def setUp(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.sample = pathlib.Path(made.name)
        for folder in ("App", "AppUITests"):
            shutil.copytree(SAMPLE / folder, self.sample / folder)

    def said(self):
        return "\n".join(ui_tests.faults(self.sample / "App", self.sample / "AppUITests", MORE))

    def test_the_tests_as_they_are(self):
        self.assertEqual(self.said(), "")

    def test_a_view_that_shows_a_bare_value_hides_no_fault(self):
        shutil.copytree(self.sample / "App", self.sample / "Bare/App")
        (self.sample / "Bare/App/Bare.swift").write_text('let text = "\\(value)" + "\\(one)\\(two)"', encoding="utf-8")
        (self.sample / "Tests").mkdir()
        (self.sample / "Tests/Tests.swift").write_text('app.buttons["nowhere"]', encoding="utf-8")
        said = list(ui_tests.faults(self.sample / "Bare/App", self.sample / "Tests"))
        self.assertEqual(said, ["Tests.swift: no view has the identifier 'nowhere'"])

    def test_spoilt_screens_and_tests(self):
        for name, file, old, new, sentence in SPOILT:
            with self.subTest(name):
                path = self.sample / file
                right = path.read_text(encoding="utf-8")
                self.assertIn(old, right)
                path.write_text(right.replace(old, new), encoding="utf-8")
                said = self.said()
                path.write_text(right, encoding="utf-8")
                self.assertIn(sentence, said)


if __name__ == "__main__":
    unittest.main()
