#!/usr/bin/env python3
"""Compares the public types in a symbol graph with the table of a test.

    public_types.py TEST.swift SYMBOLS.json...
"""

import json
import pathlib
import re
import sys

TYPES = {"swift.struct", "swift.enum", "swift.class"}


def faults(test, graphs):
    """A sentence for each fault."""
    known = set(re.findall(r'^ *(?:table\[)?"([A-Z][\w.]*)"\]?(?::| =) ', test, re.MULTILINE))
    found = set()
    for graph in graphs:
        for symbol in graph["symbols"]:
            name = ".".join(symbol["pathComponents"])
            # An extension's graph names the other module's types.
            if symbol["kind"]["identifier"] in TYPES and graph["module"]["name"] == "Pilotlight":
                found.add(name)
            declaration = "".join(part["spelling"] for part in symbol.get("declarationFragments", []))
            for word in ("PilotlightCore", "isolation:", "Ffi", "Uniffi"):
                if word in declaration:
                    yield f"{name} shows {word}: {declaration}"
    if not found:
        yield "the symbol graph has no types"
    for name in sorted(found - known):
        yield f"the public type {name} is not in the test of what is printed"
    for name in sorted(known - found):
        yield f"{name} is in the test and is no public type"


def main():
    test, *graphs = sys.argv[1:]
    said = list(faults(pathlib.Path(test).read_text(), [json.loads(pathlib.Path(graph).read_text()) for graph in graphs]))
    print("\n".join(said) or "ok every public type is in the test of what is printed")
    sys.exit(1 if said else 0)


if __name__ == "__main__":
    main()
