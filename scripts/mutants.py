"""What scripts/mutants.sh runs: mutations of the core by cargo-mutants, cheap ones first, and what they have found.

Each mutation is made in one copy of the checkout, which keeps what it has compiled: only the core and the tests that are asked
are built again. A mutation that the fast tests do not notice is tried again with all of them.
"""

import argparse
import fnmatch
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent
LAYERS = ("machine", "protocol", "jose", "storage", "session")
# What is asked first: the tests of each layer that take seconds. Then those that see most of everything, and then the others.
QUICK = {"machine": ["model"], "protocol": ["fuzz"], "jose": ["id_token", "fuzz"], "storage": ["fuzz"], "session": []}
THOROUGH = "session"
ALL = ["fuzz", "id_token", "model", "session", "conformance", "simulation"]
# Enough for a mutation: the lanes walk more.
WALKS = {"PILOTLIGHT_SIMULATION_SEEDS": "500", "PILOTLIGHT_MODEL_STATES": "5000", "PILOTLIGHT_FUZZ_MUTATIONS": "50"}
# Optimised code is built for longer than it is run here; debug information nobody reads.
BUILD = {"CARGO_PROFILE_DEV_DEBUG": "0", "CARGO_PROFILE_TEST_DEBUG": "0", "CARGO_INCREMENTAL": "1"}
PART = 5
# cargo-mutants' words. "open": the tests that were asked noticed nothing, and others were not asked yet.
TRIED = ("caught", "timeout", "missed", "unviable")
OUTCOMES = (*TRIED, "open")


def layer_of(mutation):
    """`rust-core/src/machine/state.rs:1:2: replace …` is of `machine`."""
    return mutation.split("/")[2]


def in_random_order(mutations):
    """The same on each machine, so that a sample grows by what is next."""
    return sorted(mutations, key=lambda mutation: hashlib.sha256(mutation.encode()).digest())


def stages(layer):
    """Which tests are asked one after the other, until some notice."""
    quick = QUICK[layer]
    others = [test for test in ALL if test not in [*quick, THOROUGH]]
    asked = [[f"--test={test}" for test in tests] for tests in (quick, [THOROUGH], others)]
    asked[-1].insert(0, "--lib")
    return [tests for tests in asked if tests]


def place_of(mutation):
    """File and line."""
    file, line, _ = mutation.split(":", 2)
    return file, int(line)


class Results:
    """What became of each mutation that was tried, in a file that grows."""

    def __init__(self, path):
        self.path = path
        self.known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}

    def add(self, outcomes):
        self.known.update(outcomes)
        text = json.dumps(dict(sorted(self.known.items())), indent=1, ensure_ascii=False)
        self.path.write_text(text + "\n", encoding="utf-8")

    def rows(self, every):
        """For docs/figures/reliability.json: one row a layer. What the sources no longer have does not count."""
        rows = []
        for layer in LAYERS:
            mutations = [mutation for mutation in every if layer_of(mutation) == layer]
            found = [self.known[mutation] for mutation in mutations if mutation in self.known]
            counted = {outcome: found.count(outcome) for outcome in OUTCOMES}
            rows.append({"layer": layer, "mutations": len(mutations), "tried": len(found), **counted})
        return rows

    def survivors(self, every, outcomes=("missed",)):
        return [mutation for mutation in every if self.known.get(mutation) in outcomes]


def share(row):
    """Of those that can be built, how many were noticed at least; None where there are none."""
    noticed = row["caught"] + row["timeout"]
    viable = noticed + row["missed"] + row["open"]
    return 100 * noticed / viable if viable else None


class Copy:
    """The checkout once more, always in the same place, so that cargo builds again only what a mutation changes."""

    def __init__(self, target):
        self.path = target / "mutants-work"
        self.target = target

    def renew(self):
        listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=CHECKOUT, check=True, capture_output=True)
        names = {name for name in listed.stdout.decode().split("\0") if name and (CHECKOUT / name).is_file()}
        for file in [file for file in self.path.rglob("*") if file.is_file()]:
            if str(file.relative_to(self.path)) not in names:
                file.unlink()
        for name in sorted(names):
            content = (CHECKOUT / name).read_bytes()
            if name == "rust-core/Cargo.toml":
                # Tests need no library for C, and linking it takes longer than they do.
                content = content.replace(b'crate-type = ["lib", "staticlib", "cdylib"]', b'crate-type = ["lib"]')
            place = self.path / name
            # Only what changed gets a new time: cargo goes by it.
            if not place.is_file() or place.read_bytes() != content:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content)

    def environment(self):
        return {**WALKS, **os.environ, **BUILD, "CARGO_TARGET_DIR": str(self.target)}


class Mutants:
    def __init__(self, tool, copy, timeout):
        self.tool, self.copy, self.timeout = str(tool), copy, timeout

    def list(self, only_changed=False):
        command = [self.tool, "mutants", "--list", "--no-shuffle", "--package", "pilotlight-core"]
        with tempfile.NamedTemporaryFile() as changes:
            if only_changed:
                subprocess.run(["git", "diff", "main", "--", "rust-core/src"], cwd=CHECKOUT, check=True, stdout=changes)
                command += ["--in-diff", changes.name]
            done = subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True, text=True)
        return done.stdout.splitlines()

    def baseline(self, tests):
        """A test that fails without a mutation would count them all as caught."""
        command = ["cargo", "test", "--quiet", "--package", "pilotlight-core", *tests]
        if subprocess.run(command, cwd=self.copy.path, env=self.copy.environment(), stdout=sys.stderr).returncode:
            sys.exit("the tests fail without a mutation")

    def as_change(self, place):
        """As if this line had just been written."""
        file, line = place
        text = (self.copy.path / file).read_text(encoding="utf-8").splitlines()[line - 1]
        return f"--- a/{file}\n+++ b/{file}\n@@ -{line - 1},0 +{line},1 @@\n+{text}\n"

    def try_all(self, mutations, tests):
        """Mutation: what became of it."""
        command = [self.tool, "mutants", "--in-place", "--no-shuffle", "--package", "pilotlight-core", "--colors", "never"]
        command += ["--baseline", "skip", "--timeout", str(self.timeout), "--build-timeout", str(4 * self.timeout), "--output", str(self.copy.target)]
        command += [f"--cargo-arg={test}" for test in tests]
        command += [f"--re=^{re.escape(mutation)}$" for mutation in mutations]
        # cargo-mutants 27.1 asks no regular expression before it deletes a field of a value, but the changed lines.
        changes = self.copy.target / "mutants.diff"
        changes.write_text("".join(self.as_change(place) for place in sorted({place_of(mutation) for mutation in mutations})), encoding="utf-8")
        command += ["--in-diff", str(changes)]
        environment = {**self.copy.environment(), "PILOTLIGHT_MUTATION": "1"}
        done = subprocess.run(command, cwd=self.copy.path, env=environment, stdout=sys.stderr)
        # 2: survivors; 3: some came to no end. Both are results.
        if done.returncode not in (0, 2, 3):
            sys.exit(f"cargo-mutants failed (exit {done.returncode}): read {self.copy.target}/mutants.out/log")
        found = {}
        for outcome in TRIED:
            listed = self.copy.target / "mutants.out" / f"{outcome}.txt"
            found.update({mutation: outcome for mutation in listed.read_text(encoding="utf-8").splitlines()})
        return {mutation: found[mutation] for mutation in mutations if mutation in found}


def chosen(arguments, every, known):
    """What is tried now."""
    mutations = [mutation for mutation in every if not arguments.layer or layer_of(mutation) in arguments.layer]
    if arguments.file:
        is_in = lambda mutation: any(fnmatch.fnmatch(mutation.split(":")[0], pattern) for pattern in arguments.file)  # noqa: E731
        mutations = [mutation for mutation in mutations if is_in(mutation)]
    if arguments.shard:
        part, parts = map(int, arguments.shard.split("/"))
        mutations = in_random_order(mutations)[part::parts]
    if arguments.again:
        mutations = [mutation for mutation in mutations if known.get(mutation) == "missed"]
    else:
        mutations = [mutation for mutation in mutations if known.get(mutation, "open") == "open"]
    return in_random_order(mutations)[: arguments.sample]


def run(arguments, mutants, results, mutations):
    proven = set()
    for layer in LAYERS:
        open_ones = [mutation for mutation in mutations if layer_of(mutation) == layer]
        asked = stages(layer)[:1] if arguments.fast else stages(layer)
        # In small parts: what was found is kept when the run is ended.
        for start in range(0, len(open_ones), PART):
            alive = open_ones[start : start + PART]
            for tests in asked:
                if alive and tuple(tests) not in proven:
                    mutants.baseline(tests)
                    proven.add(tuple(tests))
                found = mutants.try_all(alive, tests) if alive else {}
                results.add({mutation: outcome for mutation, outcome in found.items() if outcome != "missed"})
                alive = [mutation for mutation in alive if found.get(mutation) == "missed"]
                results.add(dict.fromkeys(alive, "open"))
            if not arguments.fast:
                results.add(dict.fromkeys(alive, "missed"))


def print_summary(results, every):
    for row in results.rows(every):
        part = share(row)
        text = "-" if part is None else f"{part:.1f} % at least"
        counted = ", ".join(f"{row[outcome]} {outcome}" for outcome in OUTCOMES)
        print(f"{row['layer']:9} {row['tried']:5} of {row['mutations']:5} tried: {counted}; share {text}")
    for survivor in results.survivors(every, ("missed", "open")):
        print(f"{results.known[survivor]}: {survivor}")


def write_figures(results, every):
    path = CHECKOUT / "docs/figures/reliability.json"
    figures = json.loads(path.read_text(encoding="utf-8"))
    figures["function_mutations"] = results.rows(every)
    path.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def parsed(arguments):
    parser = argparse.ArgumentParser(prog="scripts/mutants.sh")
    parser.add_argument("--tool", type=pathlib.Path, required=True)
    parser.add_argument("--target", type=pathlib.Path, required=True)
    parser.add_argument("--shard")
    parser.add_argument("--sample", type=int)
    parser.add_argument("--layer", action="append", choices=LAYERS)
    parser.add_argument("--file", action="append")
    for flag in ("--again", "--changed", "--fast", "--list", "--summary", "--figures"):
        parser.add_argument(flag, action="store_true")
    found = parser.parse_args(arguments)
    if found.shard and not re.fullmatch(r"\d+/[1-9]\d*", found.shard):
        parser.error("--shard needs K/N, such as 0/50")
    return found


def main():
    arguments = parsed(sys.argv[1:])
    copy = Copy(arguments.target)
    mutants = Mutants(arguments.tool, copy, int(os.environ.get("PILOTLIGHT_MUTANTS_TIMEOUT", "300")))
    results = Results(arguments.target / "mutants.json")
    every = mutants.list()
    if arguments.figures:
        write_figures(results, every)
    elif not arguments.summary:
        mutations = chosen(arguments, mutants.list(only_changed=True) if arguments.changed else every, results.known)
        if arguments.list:
            print("\n".join(mutations))
            return 0
        copy.renew()
        run(arguments, mutants, results, mutations)
    print_summary(results, every)
    return 2 if results.survivors(every) else 0


if __name__ == "__main__":
    sys.exit(main())
