#!/usr/bin/env python3
"""Generates documents from measured figures: the tables in docs/performance.md and docs/reliability.md, the plots in
docs/figures, and the diagrams of the guides.

    figures.py           writes them
    figures.py --check   reports those that differ from the figures; exit 1 if there are any

The figures are in docs/figures/*.json. A table is in its document between `<!-- figures: NAME -->` and `<!-- /figures -->`. Numbers that can be
counted in the checkout (fuzz targets, inputs of the corpus) or that are in a source file (steps of the model) are in the text between `<!-- count:
NAME -->` and `<!-- /count -->`.
"""

import json
import pathlib
import re
import sys

import charts
import diagrams
import tables

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent.parent
FIGURES = CHECKOUT / "docs/figures"
CATALOGUE = CHECKOUT / "bindings/Pilotlight/Sources/Pilotlight/Pilotlight.docc"


def counts(checkout):
    """For each name, the current number in the checkout."""
    fuzz = checkout / "rust-core/fuzz"
    targets = sorted((fuzz / "fuzz_targets").glob("*.rs"))
    inputs = [file for file in (fuzz / "corpus").rglob("*") if file.is_file()]
    steps = number(checkout / "scripts/model.sh", r"PILOTLIGHT_MODEL_STATES:-(\d+)")
    random_steps = steps // number(checkout / "rust-core/tests/model/check.rs", r"STATES_PER_RANDOM_STEP: usize = (\d+)")
    return {"fuzz-targets": f"{len(targets)}", "fuzz-corpus": f"{len(inputs)}",
            "model-steps": f"{steps:,}", "model-random-steps": f"{random_steps:,}"}


def number(file, pattern):
    """The number in a source file."""
    return int(re.search(pattern, file.read_text(encoding="utf-8"))[1])


def filled(text, name_of_document, found, counted):
    """The document with current tables and counts. A place without a table is a fault, and so is a table without a place."""
    used = set()

    def put(match):
        name = match[2]
        if name not in found:
            raise SystemExit(f"{name_of_document} has a place for the table {name}, and there is none")
        used.add(name)
        return f"{match[1]}\n{found[name]}\n{match[4]}"

    text = re.sub(r"(<!-- figures: ([a-z-]+) -->)\n(.*?)(<!-- /figures -->)", put, text, flags=re.DOTALL)
    unused = set(found) - used
    if unused:
        raise SystemExit(f"{name_of_document} has no place for the table {', '.join(sorted(unused))}")

    def put_count(match):
        if match[2] not in counted:
            raise SystemExit(f"{name_of_document} counts {match[2]}, which nothing counts")
        return f"{match[1]}{counted[match[2]]}{match[3]}"

    return re.sub(r"(<!-- count: ([a-z-]+) -->).*?(<!-- /count -->)", put_count, text)


def expected(checkout):
    """Every file that is generated from the figures: path and text."""
    made = {}
    for name, lists, plots in (("performance", tables.performance, charts.performance), ("reliability", tables.reliability, charts.reliability)):
        figures = json.loads((checkout / f"docs/figures/{name}.json").read_text(encoding="utf-8"))
        document = checkout / f"docs/{name}.md"
        made[document] = filled(document.read_text(encoding="utf-8"), document.name, lists(figures), counts(checkout))
        for file, drawing in plots(figures).items():
            made[checkout / "docs/figures" / file] = str(drawing)
    resources = checkout / CATALOGUE.relative_to(CHECKOUT) / "Resources"
    for file, drawing in diagrams.all_diagrams().items():
        made[resources / file] = str(drawing)
    return made


def main():
    made, stale = expected(CHECKOUT), []
    for path, text in made.items():
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(path.relative_to(CHECKOUT))
        if sys.argv[1:] != ["--check"]:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    for drawing in sorted(FIGURES.glob("*.svg")):
        if drawing not in made:
            raise SystemExit(f"{drawing.relative_to(CHECKOUT)} is drawn from nothing: remove it")
    if sys.argv[1:] == ["--check"] and stale:
        for path in stale:
            print(f"{path} is not what the figures say: scripts/figures/figures.py")
        sys.exit(1)
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
