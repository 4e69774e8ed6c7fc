"""Proves that security_tests.py finds unproven claims in SECURITY.md, by one change to the real document or to the tests that it names."""

import unittest

import security_tests
from security_tests import CHECKOUT, NAMED, faults, sources


class Changes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.text = (CHECKOUT / "SECURITY.md").read_text(encoding="utf-8")
        cls.files = sources()
        cls.contents = {path: (CHECKOUT / path).read_text(encoding="utf-8") for path in cls.files}

    def found(self, text=None, contents=None):
        contents = contents or self.contents
        return faults(text or self.text, list(contents), contents.__getitem__)

    def changed(self, old, new):
        self.assertIn(old, self.text)
        return self.found(self.text.replace(old, new, 1))

    def test_the_document_as_it_is(self):
        self.assertEqual(self.found(), [])
        self.assertGreater(len(NAMED.findall(self.text)), 60)

    def test_names_of_no_test(self):
        for old, new, said in (
            ("`survival::no_trouble_on_the_way_ends_a_session`", "`survival::no_trouble_ends_a_session`", "no such test in rust-core/tests/session/survival.rs"),
            ("`survival::no_trouble_on_the_way_ends_a_session`", "`no_such_file::no_trouble_on_the_way_ends_a_session`", "no such file"),
            ("`PrintingTests::nothingIsPrinted`", "`PrintingTests::table`", "no such test"),
            ("`session/requested_authentication::max_age_is_checked_in_the_id_token`", "`session/sign_in::begin`", "no such test"),
            # In the module of a test, and no test itself.
            ("`secrets::planted_secrets_are_nowhere_to_be_found`", "`secrets::assert_silence`", "no such test"),
        ):
            self.assertIn(said, " ".join(self.changed(old, new)), new)

    def test_every_test_that_is_renamed_or_switched_off(self):
        for place, name in dict.fromkeys(NAMED.findall(self.text)):
            with self.subTest(f"{place}::{name}"):
                contents = {path: text.replace(f" {name}(", f" {name}_of_before(") for path, text in self.contents.items() if f"/{path.with_suffix('')}".endswith(f"/{place}")}
                self.assertIn(f"{place}::{name}: no such test", " ".join(self.found(contents=contents)))
        attribute = "#[tokio::test]\nasync fn an_empty_400_is_not_a_refusal"
        path, = [path for path, text in self.contents.items() if attribute in text]
        name = "`survival::an_empty_400_is_not_a_refusal`"
        text = self.text.replace("`survival::no_trouble_on_the_way_ends_a_session`", name, 1)
        self.assertEqual(self.found(text), [])
        contents = self.contents | {path: self.contents[path].replace(attribute, attribute.replace("#[tokio::test]\n", ""))}
        self.assertIn("no such test", " ".join(self.found(text, contents)))

    def test_a_name_that_two_files_have(self):
        doubled = dict(self.contents)
        path, = [path for path in self.files if str(path).endswith("tests/session/survival.rs")]
        doubled[path.parent.parent / "other" / "survival.rs"] = doubled[path]
        self.assertIn("name more of the path", " ".join(self.found(contents=doubled)))

    def test_promises_attacks_and_controls_without_a_test(self):
        promise = self.text[self.text.index("6. A valid token costs"):self.text.index("7. No secret")]
        self.assertEqual(self.changed(promise, "6. A valid token costs nothing.\n"), ["a promise names no test: 6. A valid token costs nothing."])
        row = next(line for line in self.text.splitlines() if line.startswith("| **A crash report**"))
        self.assertIn("no test for the attack", " ".join(self.changed(row, row.rsplit("|", 2)[0] + "| by inspection |")))
        self.assertIn("no row about a crash report", self.changed(row + "\n", ""))
        control = next(line for line in self.text.splitlines() if line.startswith("| MASVS-AUTH-2:"))
        self.assertIn("neither test nor reason", " ".join(self.changed(control, control.rsplit("|", 2)[0] + "| it is so |")))
        self.assertEqual([one for one in self.changed(control + "\n", "")], ["no row, or more than one, for MASVS-AUTH-2"])
        self.assertEqual(len(security_tests.CONTROLS), 13)

    def test_a_document_without_its_sections(self):
        self.assertIn("fewer than twelve promises", " ".join(self.changed("## Promises", "## Hopes")))
        self.assertIn("no row about the network", self.changed("## Threat model", "## Thoughts"))


if __name__ == "__main__":
    unittest.main()
