#!/usr/bin/env python3
"""Checks the sample's string catalogues: they contain every text of a screen, in every language, and nothing else.

    string_catalog.py FOLDER [SWIFT-FILE…]     FOLDER/Localizable.xcstrings, for the Swift in FOLDER and in these files

A literal that begins with a capital letter counts as a text of a screen; identifiers and symbol names begin with a lower-case
letter. A text with an interpolated value has no key that could be looked up, so the sample has none.
"""

import json
import pathlib
import re
import sys

LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
COMMENT = re.compile(r"^\s*//.*$|\s//\s.*$", re.MULTILINE)
# Texts that a screen shows untranslated.
NAMES = {"Ada Lovelace"}


def words(file):
    """The literals in a Swift file that are texts of a screen."""
    found = LITERAL.findall(COMMENT.sub("", file.read_text(encoding="utf-8")))
    return {text.replace('\\"', '"') for text in found if text[:1].isupper() and text not in NAMES}


def faults(folder, more=()):
    """A sentence for each fault."""
    catalogue = json.loads((folder / "Localizable.xcstrings").read_text(encoding="utf-8"))
    strings, source = catalogue["strings"], catalogue["sourceLanguage"]
    languages = {language for entry in strings.values() for language in entry.get("localizations", {})} - {source}
    if not languages:
        yield "the catalogue has no other language"
    used = {}
    for file in [*sorted(folder.rglob("*.swift")), *more]:
        for text in words(file):
            used.setdefault(text, file.name)
    for text, where in sorted(used.items()):
        if "\\(" in text:
            if where not in {file.name for file in more}:
                yield f"{where}: a value in {text!r}: it has no key that could be looked up"
        elif text not in strings:
            yield f"{where}: {text!r} is not in the catalogue"
    for text, entry in sorted(strings.items()):
        if text not in used:
            yield f"{text!r} is used nowhere"
        for language in sorted(languages):
            unit = entry.get("localizations", {}).get(language, {}).get("stringUnit", {})
            if unit.get("state") != "translated" or not unit.get("value"):
                yield f"{text!r} has no translation to {language}"


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    found = list(faults(pathlib.Path(sys.argv[1]), [pathlib.Path(name) for name in sys.argv[2:]]))
    for fault in found:
        print(fault)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
