#!/usr/bin/env python3
"""Converts the measurements of scripts/compare.sh into the figures of a table.

    compared.py TIMES LOCK             the rows, as JSON: of several runs of a pair, that with the middle ratio; versions from LOCK
    compared.py --write ROWS FIGURES   puts the rows into the figures of docs/performance.md
    compared.py --print ROWS           the table, for a terminal
"""

import json
import pathlib
import re
import sys

import tables

TASKS = {"RS256": "an ID token, RS256", "ES256": "an ID token, ES256", "renewal": "a renewal over loopback"}
# The part of the task that a library does, by its name in testing/compare.
DOES = {
    ("RS256", "ring"): "the signature alone",
    ("ES256", "ring"): "the signature alone",
    ("renewal", "reqwest"): "the request alone",
    ("renewal", "oauth2"): "reads the answer; does not look at the ID token",
    ("renewal", "openidconnect"): "verifies the new ID token; stores nothing",
}


def versions(lock):
    """For each crate, its newest version in the lock file."""
    found = {}
    for name, version in re.findall(r'^name = "([^"]+)"\nversion = "([^"]+)"$', lock, re.MULTILINE):
        found[name] = max(found.get(name, "0"), version, key=lambda text: [int(part) for part in re.split(r"[.+-]", text) if part.isdigit()])
    return found


def rows(times, lock):
    """One row for each pair, in the order of the first run."""
    runs = {}
    for line in times.splitlines():
        run = json.loads(line)
        runs.setdefault((run["task"], run["library"]), []).append(run)
    known = versions(lock)
    return [row(task, library, taken, known) for (task, library), taken in runs.items()]


def row(task, library, taken, known):
    ordered = sorted(taken, key=lambda run: run["pilotlight"] / run["other"])
    middle = ordered[len(ordered) // 2]
    crate, _, backend = library.partition("/")
    version = f"{crate} {known[crate]}"
    if backend:
        version += f" ({backend})"
    return {
        "task": task,
        "what": TASKS[task],
        "library": version,
        "does": DOES.get((task, library), "signature and claims"),
        "pilotlight": rounded(middle["pilotlight"]),
        "other": rounded(middle["other"]),
        "unit": "µs",
        "ratio": round(middle["other"] / middle["pilotlight"], 2),
        "runs": len(taken),
    }


def rounded(microseconds):
    """Rounded to three digits, because more are noise."""
    return float(f"{microseconds:.3g}")


def main(arguments):
    if arguments[:1] == ["--print"] and len(arguments) == 2:
        print(tables.compared(json.loads(pathlib.Path(arguments[1]).read_text(encoding="utf-8"))))
    elif arguments[:1] == ["--write"] and len(arguments) == 3:
        figures = json.loads(pathlib.Path(arguments[2]).read_text(encoding="utf-8"))
        figures["rust_libraries"] = json.loads(pathlib.Path(arguments[1]).read_text(encoding="utf-8"))
        pathlib.Path(arguments[2]).write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    elif len(arguments) == 2 and not arguments[0].startswith("-"):
        times, lock = (pathlib.Path(name).read_text(encoding="utf-8") for name in arguments)
        print(json.dumps(rows(times, lock), indent=1, ensure_ascii=False))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
