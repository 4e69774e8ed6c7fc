#!/usr/bin/env python3
"""Prints the developer folder of one of the Xcodes on a Mac, for DEVELOPER_DIR.

    choose_xcode.py 16.4|newest|second [FOLDER]

`newest` and `second` are the two newest releases, whatever their version; betas do not count. FOLDER contains the Xcodes (default:
/Applications), with the version in each name, such as Xcode_16.4.app, as on the images of GitHub's runners.
"""

import pathlib
import re
import sys

NAME = re.compile(r"Xcode_(\d+(?:\.\d+)*)\.app")


def releases(folder):
    """{version: folder} without betas. Several names can stand for one Xcode: 26, 26.0, 26.0.0."""
    found = {}
    for place in folder.glob("Xcode_*.app"):
        name = NAME.fullmatch(place.name)
        # A link's target says whether it is a beta.
        if name and (target := NAME.fullmatch(place.resolve().name)):
            version = tuple(int(number) for number in target[1].split("."))
            found[version + (0,) * (3 - len(version))] = place.resolve()
    return found


def choose(which, folder):
    found = releases(folder)
    if which in ("newest", "second"):
        newest_first = sorted(found, reverse=True)
        place = 0 if which == "newest" else 1
        return found[newest_first[place]] if len(newest_first) > place else None
    wanted = tuple(int(number) for number in which.split("."))
    matching = [version for version in found if version[:len(wanted)] == wanted]
    return found[max(matching)] if matching else None


def main():
    folder = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else "/Applications")
    chosen = choose(sys.argv[1], folder)
    if chosen is None:
        there = ", ".join(place.name for place in releases(folder).values()) or "none"
        sys.exit(f"there is no Xcode {sys.argv[1]} in {folder}; there: {there}")
    print(chosen / "Contents/Developer")


if __name__ == "__main__":
    main()
