"""Proves that pages that a browser does not show, missing files and empty screenshots are found. The browser here is a script."""

import json
import pathlib
import tempfile
import unittest

import doc_pictures

# Loads the page and what it names, prints it, and "paints" as many colours as the page's text has.
BROWSER = """#!/usr/bin/env python3
import re, struct, sys, urllib.error, urllib.request, zlib
url = sys.argv[-1]
text = urllib.request.urlopen(url).read().decode()
for name in re.findall('src="(.*?)"', text):
    try:
        urllib.request.urlopen(urllib.parse.urljoin(url, name))
    except urllib.error.HTTPError:
        pass
for word in sys.argv:
    if word.startswith("--screenshot="):
        data = zlib.compress(text.encode() if "blank" not in text else b"0" * 99)
        open(word.split("=", 1)[1], "wb").write(b"\\x89PNG\\r\\n\\x1a\\n" + struct.pack(">I", len(data)) + b"IDAT" + data + b"0000")
if "--dump-dom" in sys.argv:
    print(text)
"""
TEXT = "The quick brown fox jumps over the lazy dog: 0123456789"


class DocPicturesTest(unittest.TestCase):
    def faults(self, body, page="documentation/module"):
        with tempfile.TemporaryDirectory() as made:
            folder = pathlib.Path(made)
            browser = folder / "browser"
            browser.write_text(BROWSER, encoding="utf-8")
            browser.chmod(0o755)
            for place, text in ("data/documentation/module.json", json.dumps({"metadata": {"title": "Module"}})), ("documentation/module/index.html", body):
                (folder / place).parent.mkdir(parents=True, exist_ok=True)
                (folder / place).write_text(text, encoding="utf-8")
            return list(doc_pictures.faults(str(browser), folder, folder, [page]))

    def test_a_page_that_is_shown(self):
        self.assertEqual(self.faults(f"<body><h1>Module</h1>{TEXT}</body>"), [])

    def test_a_page_that_does_not_come_to_its_title(self):
        [fault] = self.faults(f"<title>Module</title><body>{TEXT}</body>")
        self.assertIn('does not show "Module"', fault)

    def test_a_file_that_is_not_there(self):
        self.assertEqual(self.faults(f'<body><h1>Module</h1>{TEXT}<img src="/gone.svg"></body>'), ["not there: /gone.svg: 404"])

    def test_a_picture_of_nothing(self):
        self.assertEqual(self.faults(f"<body><h1>Module</h1>blank {TEXT}</body>"), ["documentation/module: the picture shows nothing"])

    def test_a_page_that_is_not_there(self):
        self.assertEqual(self.faults("", "documentation/other"), ["documentation/other: there is no such page"])


if __name__ == "__main__":
    unittest.main()
