#!/usr/bin/env python3
"""Finds gaps in documentation built by DocC: symbols without a summary, and symbols that no topic group names.

    doc_pages.py FOLDER

Prints one line for each gap; exit 1 if there are any. A group that DocC generated ("Structures", "Instance Methods") means that
the page's own groups leave symbols out. A page with few symbols needs no groups.
"""

import json
import pathlib
import sys

FEW = 8
# Groups of members that come from protocols of the standard library, and the cases of an enumeration.
MADE = {"Default Implementations", "Operators", "Enumeration Cases", "Subscripts"}


def gaps(folder):
    for data in sorted((folder / "data/documentation").rglob("*.json")):
        page = json.loads(data.read_text(encoding="utf-8"))
        name = data.relative_to(folder / "data/documentation").with_suffix("")
        if page.get("metadata", {}).get("role") == "collectionGroup":
            continue
        if not page.get("abstract"):
            yield f"{name}: no summary"
        sections = page.get("topicSections", [])
        made = [section for section in sections if section.get("generated") and section.get("title") not in MADE]
        if all(section.get("generated") for section in sections) and sum(len(section["identifiers"]) for section in made) <= FEW:
            continue
        for section in made:
            names = ", ".join(identifier.rsplit("/", 1)[-1] for identifier in section["identifiers"])
            yield f"{name}: in no topic group ({section['title']}): {names}"


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    found = list(gaps(pathlib.Path(sys.argv[1])))
    for gap in found:
        print(gap)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
