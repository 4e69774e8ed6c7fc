#!/usr/bin/env python3
"""The Swift code of README.md and of the guides, as sources that compile.

    guide_code.py FOLDER    writes FOLDER/QuickStart (the README's) and FOLDER/GuideCode (the guides', a namespace for each guide)

scripts/check-apple.sh compiles both for iOS. The code of "Migrate" is compiled by a test of the Swift package instead, with
declarations of the other libraries beside it.
"""

import pathlib
import re
import sys

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent
GUIDES = CHECKOUT / "bindings/Pilotlight/Sources/Pilotlight/Pilotlight.docc"
COMPILED_ELSEWHERE = {"Migrate.md"}


def blocks(text):
    return re.findall(r"^```swift\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    quick_start = blocks((CHECKOUT / "README.md").read_text(encoding="utf-8"))
    if len(quick_start) != 1 or len(quick_start[0].splitlines()) > 45:
        sys.exit("README.md has one block of Swift, of at most 45 lines: the quick start")
    write(folder / "QuickStart/QuickStart.swift", quick_start[0])
    for guide in sorted(GUIDES.rglob("*.md")):
        found = blocks(guide.read_text(encoding="utf-8"))
        if found and guide.name not in COMPILED_ELSEWHERE:
            code = "\n".join(found)
            write(folder / f"GuideCode/{guide.stem}.swift", f"import Foundation\nimport Pilotlight\nimport SwiftUI\n\nenum {guide.stem}Guide {{\n{code}}}\n")


if __name__ == "__main__":
    main()
