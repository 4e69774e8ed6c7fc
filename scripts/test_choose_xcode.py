"""Proves that the right Xcode in a folder is chosen."""

import pathlib
import tempfile
import unittest

import choose_xcode


class Choosing(unittest.TestCase):
    def setUp(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.folder = pathlib.Path(made.name).resolve()

    def add(self, *names, **links):
        for name in names:
            (self.folder / f"Xcode_{name}.app").mkdir()
        for name, target in links.items():
            (self.folder / f"Xcode_{name[1:].replace('_', '.')}.app").symlink_to(f"Xcode_{target}.app")

    def chosen(self, which):
        chosen = choose_xcode.choose(which, self.folder)
        return chosen and chosen.name

    def test_the_newest_two_are_releases_of_whatever_version(self):
        self.add("16.4", "26.9", "26.10", "27.1_beta", v26_10_0="26.10", v27_1="27.1_beta")
        self.assertEqual(self.chosen("newest"), "Xcode_26.10.app")
        self.assertEqual(self.chosen("second"), "Xcode_26.9.app")

    def test_a_version_is_the_newest_of_it(self):
        self.add("16.0", "16.4", "26.0.1")
        self.assertEqual(self.chosen("16.0"), "Xcode_16.0.app")
        self.assertEqual(self.chosen("16"), "Xcode_16.4.app")
        self.assertEqual(self.chosen("26.0"), "Xcode_26.0.1.app")

    def test_what_is_not_there_is_not_chosen(self):
        self.add("16.4")
        self.assertEqual([self.chosen(which) for which in ("16.0", "second", "6.4")], [None] * 3)


if __name__ == "__main__":
    unittest.main()
