"""Runs mutations of the core, and records which ones the tests notice. Started by scripts/mutants.sh.

cargo-mutants lists the mutations. Nearly all of them are built at once (mutations_at_once.py). Mutations that cannot be built
together with others are tried by cargo-mutants, in the same copy of the checkout.
"""

import argparse
import collections
import concurrent.futures
import dataclasses
import fnmatch
import hashlib
import json
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import mutations_at_once

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent
LAYERS = ("machine", "protocol", "jose", "storage", "session")
# Enough for a mutation; the lanes walk further.
WALKS = {"PILOTLIGHT_SIMULATION_SEEDS": "500", "PILOTLIGHT_MODEL_STATES": "5000", "PILOTLIGHT_FUZZ_MUTATIONS": "50"}
# Optimising would take longer than it saves, and debug information is not needed.
BUILD = {"CARGO_PROFILE_DEV_DEBUG": "0", "CARGO_PROFILE_TEST_DEBUG": "0", "CARGO_INCREMENTAL": "1"}
# cargo-mutants' terms. "open": the tests that were run noticed nothing, and others have not been run yet.
TRIED = ("caught", "timeout", "missed", "unviable")
OUTCOMES = (*TRIED, "open")
# Seconds that the tests of one mutation may take at first, and later. A mutation that survives is tried with all tests at the end.
PATIENCE = (5.0, 40.0, math.inf)
# 95 % of a normal distribution are within this many standard deviations.
DEVIATIONS = 1.96


@dataclasses.dataclass(eq=False)
class Mutation:
    """One mutation, as cargo-mutants describes it: lines and columns count from 1."""

    name: str
    file: str
    # The span of the whole function; for a constant, only of the changed part.
    function: dict
    span: dict
    replacement: str
    # Identifies the mutation even if its function moves: a result stays valid while the text of the function is unchanged.
    key: str = ""

    @property
    def layer(self):
        """The layer: `rust-core/src/machine/state.rs` belongs to `machine`."""
        return self.file.split("/")[2]

    @property
    def line(self):
        return self.span["start"]["line"]

    @property
    def description(self):
        return self.name.split(": ", 1)[1]


def described(listed, text_of):
    """The mutations in cargo-mutants' list, with keys."""
    mutations = [Mutation(one["name"], one["file"], (one["function"] or one)["span"], one["span"], one["replacement"]) for one in listed]
    seen = collections.Counter()
    for mutation in mutations:
        text = mutations_at_once.Source(text_of(mutation.file), []).inside(mutation.function)
        what = f"{mutation.file}: {mutation.description} in {hashlib.sha256(text.encode()).hexdigest()[:8]}"
        seen[what] += 1
        mutation.key = f"{what} #{seen[what]}"
    return mutations


def in_random_order(mutations):
    """A random order that is the same on each machine. Each initial part has the same proportion of each layer as the whole."""
    ordered = []
    for layer in LAYERS:
        inside = sorted((mutation for mutation in mutations if mutation.layer == layer), key=lambda one: hashlib.sha256(one.key.encode()).digest())
        ordered += [((place + 0.5) / len(inside), layer, mutation) for place, mutation in enumerate(inside)]
    return [mutation for _, _, mutation in sorted(ordered, key=lambda one: one[:2])]


class Results:
    """The result of each tried mutation, in a file that grows."""

    def __init__(self, path):
        self.path = path
        self.known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}

    def add(self, outcomes):
        self.known.update(outcomes)
        text = json.dumps(dict(sorted(self.known.items())), indent=1, ensure_ascii=False)
        self.path.write_text(text + "\n", encoding="utf-8")

    def of(self, mutation):
        return self.known.get(mutation.key)

    def rows(self, every):
        """For docs/figures/reliability.json: one row for each layer. Mutations of code that no longer exists do not count."""
        rows = []
        for layer in LAYERS:
            mutations = [mutation for mutation in every if mutation.layer == layer]
            found = [self.of(mutation) for mutation in mutations if self.of(mutation)]
            rows.append({"layer": layer, "mutations": len(mutations), "tried": len(found), **{outcome: found.count(outcome) for outcome in OUTCOMES}})
        return rows

    def survivors(self, every, outcomes=("missed",)):
        return [mutation for mutation in every if self.of(mutation) in outcomes]


def share(row):
    """The percentage of mutations noticed among those that compile, and the 95 % confidence interval of the share of all (Wilson's,
    for the untried ones). None if there are none."""
    noticed = row["caught"] + row["timeout"]
    viable = noticed + row["missed"] + row["open"]
    if not viable:
        return None
    part = noticed / viable
    untried = 1 - row["tried"] / row["mutations"]
    square = DEVIATIONS**2 * untried
    middle = (part + square / 2 / viable) / (1 + square / viable)
    reach = math.sqrt(square * (part * (1 - part) / viable + square / 4 / viable**2)) / (1 + square / viable)
    return 100 * part, 100 * (middle - reach), 100 * (middle + reach)


class Copy:
    """A copy of the checkout, always in the same place, so that cargo rebuilds only what a mutation changes."""

    def __init__(self, target):
        self.path = target / "mutants/work"
        # Not the checkout's target folder: the crates have the same names, and cargo would confuse them.
        self.target = target / "mutants/target"
        self.target.mkdir(parents=True, exist_ok=True)

    def renew(self):
        listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=CHECKOUT, check=True, capture_output=True)
        names = {name for name in listed.stdout.decode().split("\0") if name and (CHECKOUT / name).is_file()}
        for file in [file for file in self.path.rglob("*") if file.is_file()]:
            if str(file.relative_to(self.path)) not in names:
                file.unlink()
        for name in sorted(names):
            content = (CHECKOUT / name).read_bytes()
            if name == "rust-core/Cargo.toml":
                # Tests need no C library, and linking it takes longer than the tests.
                content = content.replace(b'crate-type = ["lib", "staticlib", "cdylib"]', b'crate-type = ["lib"]')
            place = self.path / name
            # Only changed files get a new modification time, because cargo goes by it.
            if not place.is_file() or place.read_bytes() != content:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content)

    def environment(self):
        return {**WALKS, **os.environ, **BUILD, "CARGO_TARGET_DIR": str(self.target)}


class CargoMutants:
    def __init__(self, tool, copy, timeout):
        self.tool, self.copy, self.timeout = str(tool), copy, timeout

    def list(self, only_changed=False):
        command = [self.tool, "mutants", "--list", "--json", "--no-shuffle", "--package", "pilotlight-core"]
        with tempfile.NamedTemporaryFile() as changes:
            if only_changed:
                subprocess.run(["git", "diff", "main", "--", "rust-core/src"], cwd=CHECKOUT, check=True, stdout=changes)
                command += ["--in-diff", changes.name]
            done = subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True, text=True)
        texts = {}
        text_of = lambda file: texts.setdefault(file, (CHECKOUT / file).read_text(encoding="utf-8"))  # noqa: E731
        return described(json.loads(done.stdout), text_of)

    def as_change(self, file, line):
        """A diff that makes this line look newly added."""
        text = (self.copy.path / file).read_text(encoding="utf-8").splitlines()[line - 1]
        return f"--- a/{file}\n+++ b/{file}\n@@ -{line - 1},0 +{line},1 @@\n+{text}\n"

    def try_one(self, mutation):
        """The result with all tests."""
        command = [self.tool, "mutants", "--in-place", "--no-shuffle", "--package", "pilotlight-core", "--colors", "never"]
        command += ["--baseline", "skip", "--timeout", str(self.timeout), "--build-timeout", str(4 * self.timeout), "--output", str(self.copy.target)]
        command += [f"--re=^{re.escape(mutation.name)}$"]
        # When it deletes a field of a value, cargo-mutants 27.1 ignores the regular expression, but respects the changed lines.
        changes = self.copy.target / "mutants.diff"
        changes.write_text(self.as_change(mutation.file, mutation.line), encoding="utf-8")
        command += ["--in-diff", str(changes)]
        done = subprocess.run(command, cwd=self.copy.path, env=self.copy.environment(), stdout=sys.stderr)
        # 2: survivors; 3: some timed out. Both are results.
        if done.returncode not in (0, 2, 3):
            sys.exit(f"cargo-mutants failed (exit {done.returncode}): read {self.copy.target}/mutants.out/log")
        for outcome in TRIED:
            listed = self.copy.target / "mutants.out" / f"{outcome}.txt"
            if mutation.name in listed.read_text(encoding="utf-8").splitlines():
                return outcome
        sys.exit(f"cargo-mutants did not try {mutation.name}")


def chosen(arguments, every, results):
    """The mutations to be tried now."""
    mutations = [mutation for mutation in every if not arguments.layer or mutation.layer in arguments.layer]
    if arguments.file:
        mutations = [mutation for mutation in mutations if any(fnmatch.fnmatch(mutation.file, pattern) for pattern in arguments.file)]
    if arguments.shard:
        part, parts = map(int, arguments.shard.split("/"))
        mutations = in_random_order(mutations)[part::parts]
    wanted = ("missed",) if arguments.again else ("open", None)
    return [mutation for mutation in in_random_order(mutations) if results.of(mutation) in wanted][: arguments.sample]


def run_alone(mutants, copy, results, mutations):
    if mutations:
        copy.renew()
    for mutation in mutations:
        results.add({mutation.key: mutants.try_one(mutation)})


def evaluate_all(evaluator, results, mutations, jobs):
    left = mutations
    for most_seconds in PATIENCE:
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            asked = {pool.submit(evaluator.outcome, mutation, most_seconds): mutation for mutation in left}
            for done in concurrent.futures.as_completed(asked):
                mutation, (outcome, test) = asked[done], done.result()
                print(f"{outcome}: {mutation.name}" + (f" ({test})" if test else ""), file=sys.stderr, flush=True)
                results.add({mutation.key: outcome})
        left = [mutation for mutation in left if results.of(mutation) == "open"]


def run(mutants, copy, results, mutations, jobs):
    copy.renew()
    build = mutations_at_once.Build(copy, mutations)
    build.settle()
    results.add({mutation.key: "unviable" for mutation in build.refused})
    tests = mutations_at_once.Tests(copy, build.programs())
    tests.record(jobs)
    if tests.failing:
        print("Left out, because they fail without a mutation:", *tests.failing, sep="\n    ", file=sys.stderr)
    evaluator = mutations_at_once.Evaluator(build, tests)
    switched = [mutation for mutation in mutations if mutation in build.numbers]
    evaluate_all(evaluator, results, switched, jobs)
    run_alone(mutants, copy, results, [mutation for mutation in mutations if mutation in build.alone])


def print_summary(results, every):
    rows = results.rows(every)
    for row in [*rows, together(rows)]:
        found = share(row)
        text = "-" if found is None else "{:.1f} % ({:.1f} to {:.1f})".format(*found)
        counted = ", ".join(f"{row[outcome]} {outcome}" for outcome in OUTCOMES)
        print(f"{row['layer']:9} {row['tried']:5} of {row['mutations']:5} tried: {counted}; share {text}")
    for survivor in results.survivors(every, ("missed", "open")):
        print(f"{results.of(survivor)}: {survivor.name}")


def together(rows):
    return {"layer": "together", **{name: sum(row[name] for row in rows) for name in rows[0] if name != "layer"}}


def for_figures(rows):
    return [{**row, "share": [round(number, 1) for number in share(row) or ()]} for row in [*rows, together(rows)]]


def write_figures(results, every):
    path = CHECKOUT / "docs/figures/reliability.json"
    figures = json.loads(path.read_text(encoding="utf-8"))
    figures["function_mutations"] = for_figures(results.rows(every))
    path.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def parsed(arguments):
    parser = argparse.ArgumentParser(prog="scripts/mutants.sh")
    parser.add_argument("--tool", type=pathlib.Path, required=True)
    parser.add_argument("--target", type=pathlib.Path, required=True)
    parser.add_argument("--shard")
    parser.add_argument("--sample", type=int)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--layer", action="append", choices=LAYERS)
    parser.add_argument("--file", action="append")
    for flag in ("--again", "--alone", "--changed", "--list", "--summary", "--figures"):
        parser.add_argument(flag, action="store_true")
    found = parser.parse_args(arguments)
    if found.shard and not re.fullmatch(r"\d+/[1-9]\d*", found.shard):
        parser.error("--shard needs K/N, such as 0/50")
    return found


def main():
    arguments = parsed(sys.argv[1:])
    copy = Copy(arguments.target)
    mutants = CargoMutants(arguments.tool, copy, int(os.environ.get("PILOTLIGHT_MUTANTS_TIMEOUT", "300")))
    results = Results(arguments.target / "mutants.json")
    every = mutants.list()
    if arguments.figures:
        write_figures(results, every)
    elif not arguments.summary:
        mutations = chosen(arguments, mutants.list(only_changed=True) if arguments.changed else every, results)
        if arguments.list:
            print("\n".join(mutation.name for mutation in mutations))
            return 0
        if arguments.alone:
            run_alone(mutants, copy, results, mutations)
        else:
            run(mutants, copy, results, mutations, arguments.jobs)
    print_summary(results, every)
    return 2 if results.survivors(every) else 0


if __name__ == "__main__":
    sys.exit(main())
