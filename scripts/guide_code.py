#!/usr/bin/env python3
"""Extracts the Swift code of README.md and of the guides as sources that compile.

    guide_code.py --check   the code in docs/*.md matches the files that it names (`<!-- from: PATH -->` before a block)
    guide_code.py FOLDER    writes FOLDER/QuickStart (the README's), FOLDER/GuideCode (the guides', a namespace for each guide),
                            FOLDER/TutorialN for each step of the tutorial, and FOLDER.objc/GUIDE.m for the Objective-C of a guide

scripts/check-apple.sh compiles each of these folders for iOS. The Swift code of "Migrate" is compiled by a test of the Swift package instead,
together with declarations of the other libraries.
"""

import pathlib
import re
import sys

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent
GUIDES = CHECKOUT / "bindings/Pilotlight/Sources/Pilotlight/Pilotlight.docc"
COMPILED_ELSEWHERE = {"Migrate.md"}
# Declarations of libraries that the guides import, one file for each.
LIBRARIES = CHECKOUT / "scripts/apple/guide-libraries"


def blocks(text, language="swift"):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


def with_imports_first(code):
    """The modules that the code imports, and the code without its import lines, because a namespace cannot contain imports."""
    return re.findall(r"^import (\w+)\n", code, flags=re.MULTILINE), re.sub(r"^import \w+\n", "", code, flags=re.MULTILINE)


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def shown_faults(checkout):
    """A sentence for each block that does not occur in the file that it names."""
    for document in sorted((checkout / "docs").glob("*.md")):
        text = document.read_text(encoding="utf-8")
        for path, code in re.findall(r"^<!-- from: (\S+) -->\n```\w*\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE):
            source = checkout / path
            if not source.exists() or code not in source.read_text(encoding="utf-8"):
                yield f"{document.name}: this is not in {path}:\n{code}"


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if sys.argv[1] == "--check":
        faults = list(shown_faults(CHECKOUT))
        for fault in faults:
            print(fault)
        sys.exit(1 if faults else 0)
    folder = pathlib.Path(sys.argv[1])
    quick_start = blocks((CHECKOUT / "README.md").read_text(encoding="utf-8"))
    if len(quick_start) != 1 or len(quick_start[0].splitlines()) > 45:
        sys.exit("README.md has one block of Swift, of at most 45 lines: the quick start")
    write(folder / "QuickStart/QuickStart.swift", quick_start[0])
    for number, step in enumerate(sorted(GUIDES.rglob("*.swift")), start=1):
        write(folder / f"Tutorial{number}/{step.name}", step.read_text(encoding="utf-8"))
    for guide in sorted(GUIDES.rglob("*.md")):
        found = blocks(guide.read_text(encoding="utf-8"), "objc")
        if found:
            write(folder.with_suffix(".objc") / f"{guide.stem}.m", "\n".join(['#import "OtherLibraries.h"\n@import Pilotlight;\n', *found]))
        found = blocks(guide.read_text(encoding="utf-8"))
        if found and guide.name not in COMPILED_ELSEWHERE:
            modules, code = with_imports_first("\n".join(found))
            declared = {module for module in modules if (LIBRARIES / f"{module}.swift").exists()}
            for module in declared:
                write(folder / f"GuideCode/{module}.swift", (LIBRARIES / f"{module}.swift").read_text(encoding="utf-8"))
            imports = "".join(f"import {module}\n" for module in ["Foundation", "Pilotlight", "SwiftUI", *(set(modules) - declared)])
            write(folder / f"GuideCode/{guide.stem}.swift", f"{imports}\nenum {guide.stem}Guide {{\n{code}}}\n")


if __name__ == "__main__":
    main()
