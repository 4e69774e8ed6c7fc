#!/usr/bin/env python3
"""Checks the sample's UI tests where they cannot run: the elements that they look for on a screen exist.

    ui_tests.py APP-FOLDER TESTS-FOLDER [SWIFT-FILE…]     the app's views, the UI tests, and files with more words of screens

An identifier in a test must be one that a view sets, and a text that it looks for must be a text of a screen.
"""

import pathlib
import re
import sys

import string_catalog

# app.buttons["sign-in"], app.button("sign-out"), "identifier == %@", "waiting.cancel"
ASKED = re.compile(r'(?:\b(?:buttons|textFields|switches|staticTexts)\[|\bbutton\(|"identifier == %@", )"([^"]+)"')
# Data of the user in the SDK's preview, and data that the tests enter.
DATA = {"Ada", "Ada Lovelace", "Italy", "UK"}


def given(app):
    """What matches the identifiers that views give: a value in one stands for anything. A text that is nothing but a value names nothing."""
    found = [text for file in sorted(app.rglob("*.swift")) for text in string_catalog.LITERAL.findall(file.read_text(encoding="utf-8"))]
    patterns = {re.sub(r"\\\\\\\(.*?\\\)", ".+", re.escape(text)) for text in found if not text[:1].isupper()}
    return [re.compile(pattern) for pattern in patterns if pattern.replace(".+", "")]


def faults(app, tests, more=()):
    """A sentence for each fault."""
    patterns = given(app)
    said = {text for file in [*app.rglob("*.swift"), *more] for text in string_catalog.words(file)} | DATA
    for file in sorted(tests.rglob("*.swift")):
        text = file.read_text(encoding="utf-8")
        asked = set(ASKED.findall(text))
        for name in sorted(name for name in asked if not name[:1].isupper()):
            if not any(pattern.fullmatch(name) for pattern in patterns):
                yield f"{file.name}: no view has the identifier {name!r}"
        for words in sorted(string_catalog.words(file) | {name for name in asked if name[:1].isupper()}):
            if words in said or "\\(" in words or re.fullmatch(r"[A-Z]+", words):
                continue
            yield f"{file.name}: no screen says {words!r}"


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    app, tests, *more = (pathlib.Path(name) for name in sys.argv[1:])
    found = list(faults(app, tests, more))
    for fault in found:
        print(fault)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
