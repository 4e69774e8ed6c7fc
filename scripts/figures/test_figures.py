"""The documents and pictures are what the figures say, and a difference is found."""

import json
import pathlib
import re
import shutil
import tempfile
import unittest
import xml.dom.minidom

import compared
import diagrams
import figures


class FiguresTest(unittest.TestCase):
    def copy(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        checkout = pathlib.Path(made.name)
        for folder in ("docs", "rust-core/fuzz", "rust-core/tests/model"):
            shutil.copytree(figures.CHECKOUT / folder, checkout / folder)
        (checkout / "scripts").mkdir()
        shutil.copy(figures.CHECKOUT / "scripts/model.sh", checkout / "scripts/model.sh")
        return checkout

    def stale(self, checkout):
        return {path.name for path, text in figures.expected(checkout).items() if path.suffix != ".svg" or path.parent.name == "figures"
                if not path.exists() or path.read_text(encoding="utf-8") != text}

    def test_the_documents_are_what_the_figures_say(self):
        self.assertEqual(self.stale(figures.CHECKOUT), set())

    def test_a_figure_typed_into_a_document_is_found(self):
        checkout = self.copy()
        document = checkout / "docs/performance.md"
        typed, count = re.subn(r"\| [\d.]+ µs \|", "| 1234 µs |", document.read_text(encoding="utf-8"), count=1)
        self.assertEqual(count, 1)
        document.write_text(typed, encoding="utf-8")
        self.assertEqual(self.stale(checkout), {"performance.md"})

    def test_another_measurement_changes_table_and_plot(self):
        checkout = self.copy()
        measured = checkout / "docs/figures/reliability.json"
        measured.write_text(re.sub(r'"crashes": \d+', '"crashes": 1', measured.read_text(encoding="utf-8")), encoding="utf-8")
        self.assertEqual(self.stale(checkout), {"reliability.md", "simulation.svg"})

    def test_one_more_fuzz_target_is_counted(self):
        checkout = self.copy()
        (checkout / "rust-core/fuzz/fuzz_targets/another.rs").write_text("", encoding="utf-8")
        self.assertEqual(self.stale(checkout), {"reliability.md"})

    def test_another_number_of_the_models_steps_is_found(self):
        checkout = self.copy()
        script = checkout / "scripts/model.sh"
        script.write_text(re.sub(r"(PILOTLIGHT_MODEL_STATES:-)\d+", r"\g<1>5000", script.read_text(encoding="utf-8")), encoding="utf-8")
        self.assertEqual(self.stale(checkout), {"reliability.md"})

    def test_of_several_runs_the_middle_one_counts(self):
        runs = [("RS256", "jsonwebtoken/aws_lc_rs", 10, other) for other in (30, 20, 50)] + [("renewal", "oauth2", 1000, 900)]
        times = "\n".join(json.dumps(dict(zip(("task", "library", "pilotlight", "other"), run))) for run in runs)
        lock = '[[package]]\nname = "jsonwebtoken"\nversion = "9.10.0"\n\n[[package]]\nname = "jsonwebtoken"\nversion = "11.1.0"\n\n' \
               '[[package]]\nname = "oauth2"\nversion = "5.0.0"\n'
        first, second = compared.rows(times, lock)
        self.assertEqual((first["library"], first["other"], first["ratio"], first["runs"]), ("jsonwebtoken 11.1.0 (aws_lc_rs)", 30, 3.0, 3))
        self.assertEqual((second["library"], second["ratio"]), ("oauth2 5.0.0", 0.9))

    def test_a_table_without_a_place_is_a_fault(self):
        with self.assertRaises(SystemExit):
            figures.filled("no table here", "document", {"rust": "| |"}, {})

    def test_every_picture_is_xml_and_has_words_for_screen_readers(self):
        drawings = [text for path, text in figures.expected(figures.CHECKOUT).items() if path.suffix == ".svg"]
        self.assertGreaterEqual(len(drawings), 9 + len(diagrams.all_diagrams()))
        for text in drawings:
            root = xml.dom.minidom.parseString(text).documentElement
            self.assertTrue(root.getElementsByTagName("title")[0].firstChild.data)
            self.assertTrue(root.getElementsByTagName("desc")[0].firstChild.data)
            self.assertIn("prefers-color-scheme: dark", text)


if __name__ == "__main__":
    unittest.main()
