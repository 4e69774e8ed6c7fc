"""Proves that the judgement of the string catalogues catches the faults that it is for."""

import json
import pathlib
import tempfile
import unittest

import string_catalog

VIEW = 'Text("Hello")  // "Not words"\nImage(systemName: "flame")\nText("Say \\"hi\\"")\n'
GERMAN = {"Hello": "Hallo", 'Say "hi"': "Sag „hi“"}


class Checking(unittest.TestCase):
    def said(self, view=VIEW, german=GERMAN, more=None):
        with tempfile.TemporaryDirectory() as made:
            folder = pathlib.Path(made) / "App"
            folder.mkdir()
            (folder / "View.swift").write_text(view, encoding="utf-8")
            strings = {text: {"localizations": {"de": {"stringUnit": {"state": "translated" if value else "new", "value": value}}}}
                       for text, value in german.items()}
            (folder / "Localizable.xcstrings").write_text(json.dumps({"sourceLanguage": "en", "strings": strings}), encoding="utf-8")
            files = []
            if more is not None:
                files = [pathlib.Path(made) / "Words.swift"]
                files[0].write_text(more, encoding="utf-8")
            return "\n".join(string_catalog.faults(folder, files))

    def test_a_whole_catalogue(self):
        self.assertEqual(self.said(), "")

    def test_what_is_missing(self):
        self.assertIn("'Bye' is not in the catalogue", self.said(VIEW + 'Text("Bye")'))
        self.assertIn("Words.swift: 'Bye' is not", self.said(more='"Bye"'))

    def test_what_is_too_much(self):
        self.assertIn("'Bye' is used nowhere", self.said(german=GERMAN | {"Bye": "Tschüs"}))

    def test_what_is_not_translated(self):
        self.assertIn("'Hello' has no translation to de", self.said(german=GERMAN | {"Hello": ""}))
        self.assertIn("no other language", self.said("", {}))

    def test_a_value_inside_words(self):
        self.assertIn("a value in", self.said(VIEW + 'Text("Hello \\(name)")'))
        self.assertEqual(self.said(more='"Try again in \\(seconds) seconds."'), "")


if __name__ == "__main__":
    unittest.main()
