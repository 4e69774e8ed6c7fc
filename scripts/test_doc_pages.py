"""Proves that symbols without a summary or outside the topic groups are found, and complete pages are not."""

import json
import pathlib
import tempfile
import unittest

import doc_pages


def page(abstract=True, groups=()):
    sections = [{"title": title, "generated": made, "identifiers": [f"doc://x/{name}" for name in names]} for title, made, names in groups]
    return {"metadata": {"role": "symbol"}, "abstract": [{"type": "text", "text": "What it is."}] if abstract else [], "topicSections": sections}


class DocPagesTest(unittest.TestCase):
    def gaps(self, content):
        with tempfile.TemporaryDirectory() as made:
            folder = pathlib.Path(made)
            (folder / "data/documentation/module").mkdir(parents=True)
            (folder / "data/documentation/module/type.json").write_text(json.dumps(content), encoding="utf-8")
            return list(doc_pages.gaps(folder))

    def test_a_complete_page(self):
        self.assertEqual(self.gaps(page(groups=[("Creating", False, ["a"])])), [])

    def test_a_page_without_a_summary(self):
        self.assertEqual(self.gaps(page(abstract=False)), ["module/type: no summary"])

    def test_a_symbol_beside_the_groups(self):
        found = self.gaps(page(groups=[("Creating", False, ["a"]), ("Instance Methods", True, ["b()"])]))
        self.assertEqual(found, ["module/type: in no topic group (Instance Methods): b()"])

    def test_a_small_page_needs_no_groups_and_a_large_one_does(self):
        names = [f"m{number}" for number in range(doc_pages.FEW + 1)]
        self.assertEqual(self.gaps(page(groups=[("Instance Methods", True, names[1:])])), [])
        self.assertEqual(len(self.gaps(page(groups=[("Instance Methods", True, names)]))), 1)

    def test_what_a_protocol_brings_needs_no_group(self):
        self.assertEqual(self.gaps(page(groups=[("Creating", False, ["a"]), ("Default Implementations", True, ["b"])])), [])


if __name__ == "__main__":
    unittest.main()
