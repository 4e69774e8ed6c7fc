"""Proves that each broken link is found, and a good one is not."""

import json
import pathlib
import tempfile
import unittest

import links


class Folder(unittest.TestCase):
    def setUp(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.folder = pathlib.Path(made.name)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


class MarkdownTest(Folder):
    def faults(self, text):
        self.write("docs/other.md", "# Other\n\n## What it adds (`size`)\n")
        self.write("README.md", text)
        return list(links.markdown_faults(self.folder, ["README.md", "docs/other.md"]))

    def test_good_links(self):
        self.assertEqual(self.faults("[a](docs/other.md) [b](docs/other.md#what-it-adds-size) [c](https://example.com/x) [d](docs)\n"), [])

    def test_a_file_that_is_not_there(self):
        self.assertEqual(self.faults("[a](docs/gone.md)"), ["README.md: docs/gone.md is not there"])

    def test_a_heading_that_is_not_there(self):
        self.assertEqual(self.faults("[a](docs/other.md#gone)"), ["README.md: docs/other.md#gone: no such heading"])

    def test_a_picture_that_is_not_there(self):
        self.assertEqual(self.faults('<img src="docs/gone.svg">'), ["README.md: docs/gone.svg is not there"])

    def test_code_has_no_links(self):
        self.assertEqual(self.faults("```swift\n[x](y)\n```\n`[x](y)`\n"), [])

    def test_the_projects_own_documents(self):
        self.assertEqual(list(links.markdown_faults(links.CHECKOUT, links.markdown_files(links.CHECKOUT))), [])


class PagesTest(Folder):
    def build(self, url="/documentation/module/type", base=""):
        below = f"/{base}" if base else ""
        for page in ("documentation/module", "documentation/module/type"):
            self.write(f"{page}/index.html", f'<script src="{below}/js/app.js"></script>')
            self.write(f"data/{page}.json", json.dumps({"references": {"doc://x": {"url": url}}}))
        self.write("index.html", f'<a href="{below}/documentation/module/">module</a>')
        self.write("js/app.js", "")
        self.write("images/a.svg", "")
        return list(links.page_faults(self.folder, base))

    def test_good_links(self):
        self.assertEqual(self.build(), [])
        self.assertEqual(self.build(base="name"), [])
        self.assertEqual(self.build(url="/images/a.svg"), [])
        self.assertEqual(self.build(url="https://example.com/"), [])

    def test_a_page_that_is_not_there(self):
        self.assertIn("data/documentation/module.json: /documentation/module/gone is not there", self.build(url="/documentation/module/gone"))

    def test_a_picture_that_is_not_there(self):
        self.assertIn("data/documentation/module.json: /images/gone.svg is not there", self.build(url="/images/gone.svg"))

    def test_a_chapter_has_no_page(self):
        self.build()
        page = {"hierarchy": {"modules": [{"reference": "doc://x/chapter"}]}, "references": {"doc://x/chapter": {"url": "/tutorials/chapter"}}}
        self.write("data/tutorials/table.json", json.dumps(page))
        self.assertEqual(list(links.page_faults(self.folder, "")), [])

    def test_a_page_that_forgets_the_base(self):
        self.build(base="name")
        self.write("index.html", '<a href="/documentation/module/">module</a>')
        self.assertEqual(list(links.page_faults(self.folder, "name")), ["index.html: /documentation/module/ is not below /name/"])

    def test_nothing_built(self):
        self.assertEqual(len(list(links.page_faults(self.folder, ""))), 1)


if __name__ == "__main__":
    unittest.main()
