"""Builds all mutations of the core at once: at run time, PILOTLIGHT_MUTATION_NUMBER selects which body each function uses.

cargo-mutants lists the mutations. All of them are put into a copy of the checkout, and those that rustc refuses are removed again.
After that, a mutation costs only a run of the tests that reach its function, and no build.
"""

import collections
import concurrent.futures
import json
import os
import re
import ssl
import subprocess
import sys
import tempfile
import time

SWITCH = """//! Which mutation is on, and which functions were reached.
use std::io::Write;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

static ON: LazyLock<u32> = LazyLock::new(|| {
    let number = std::env::var("PILOTLIGHT_MUTATION_NUMBER").ok();
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
});
static REACHED: LazyLock<Option<PathBuf>> =
    LazyLock::new(|| std::env::var_os("PILOTLIGHT_MUTATIONS_REACHED").map(PathBuf::from));
static SEEN: [AtomicBool; COUNT] = [const { AtomicBool::new(false) }; COUNT];

/// 0: none of these.
pub fn chosen(first: u32, last: u32) -> u32 {
    if let Some(path) = &*REACHED
        && !SEEN[first as usize].swap(true, Ordering::Relaxed)
    {
        let mut file = std::fs::OpenOptions::new().append(true).create(true).open(path).unwrap();
        file.write_all(format!("{first}\\n").as_bytes()).unwrap();
    }
    if (first..=last).contains(&*ON) { *ON } else { 0 }
}
"""
SWITCH_FILE = "rust-core/src/mutation_switch.rs"
LIBRARY = "rust-core/src/lib.rs"
# Errors that come not from the mutation but from combining it with others: calls that a constant cannot make, two types for one `impl
# Trait`.
OF_THE_PLACE = ("E0015", "E0658")
# Seconds: the duration of the first tests, which run together; and how much longer than usual tests may take.
FIRST_BATCH = 0.5
LONGEST_PAUSE = 20
# They need other servers.
ELSEWHERE = ("interop",)

# Places where a brace is not code: comments, strings, characters (a lifetime has no second quote).
NO_CODE = re.compile(
    r"""//[^\n]*|/\*.*?\*/|b?r(\#*)".*?"\1|b?"(?:\\.|[^"\\])*"|b?'(?:\\(?:x..|u\{[^}]*\}|.)|[^'\\\n])'""",
    re.DOTALL,
)


def without_texts(code):
    """The text with the same length, in which all braces are code."""
    return NO_CODE.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), code)


def body_of(code):
    """Where the body of a function begins and ends, without its braces."""
    depth = 0
    for place, sign in enumerate(without_texts(code)):
        if sign in "([":
            depth += 1
        elif sign in ")]":
            depth -= 1
        elif sign == "{" and depth == 0:
            return place + 1, len(code) - 1
    return None


class Places:
    """Offsets for the lines and columns of a text."""

    def __init__(self, text):
        self.starts = [0]
        for line in text.split("\n"):
            self.starts.append(self.starts[-1] + len(line) + 1)

    def offset(self, place):
        return self.starts[place["line"] - 1] + place["column"] - 1

    def span(self, span):
        return self.offset(span["start"]), self.offset(span["end"])


class Source:
    """One file, and the functions in it that have mutations."""

    def __init__(self, text, mutations):
        self.text = text
        self.places = Places(text)
        self.by_function = collections.defaultdict(list)
        for mutation in mutations:
            self.by_function[self.places.span(mutation.function)].append(mutation)

    def inside(self, span):
        start, end = self.places.span(span)
        return self.text[start:end]

    def cannot_choose(self):
        """The mutations of functions that cannot call the switch."""
        refused = []
        for (start, end), mutations in self.by_function.items():
            head = without_texts(self.text[start:end]).split("{")[0]
            if re.search(r"\bconst\s+(unsafe\s+)?fn\b", head) or re.search(r"->\s*impl\b", head) or body_of(self.text[start:end]) is None:
                refused += mutations
        return refused

    def with_all(self, numbers):
        """The text with a switch in each function, and the lines of each number."""
        pieces = []
        for (start, end), mutations in self.by_function.items():
            inside = [mutation for mutation in mutations if mutation in numbers]
            if inside:
                first, last = body_of(self.text[start:end])
                pieces.append((start + first, self.switch(start + first, start + last, inside, numbers)))
        text, lines, done = [], {}, 0
        line = 1
        for place, arms in sorted(pieces, key=lambda piece: piece[0]):
            text.append(self.text[done:place])
            line += text[-1].count("\n")
            done = place
            for number, arm in arms:
                text.append(arm)
                end = line + arm.count("\n")
                if number:
                    lines[number] = (line, end)
                line = end
        text.append(self.text[done:])
        return "".join(text), lines

    def switch(self, start, end, mutations, numbers):
        ids = sorted(numbers[mutation] for mutation in mutations)
        arms = [(0, f"\nmatch crate::mutation_switch::chosen({ids[0]}, {ids[-1]}) {{\n")]
        for mutation in mutations:
            begin, over = self.places.span(mutation.span)
            body = self.text[start : max(begin, start)] + mutation.replacement + self.text[min(over, end) : end]
            arms.append((numbers[mutation], f"{numbers[mutation]} => return {{\n{body}\n}},\n"))
        return [*arms, (0, "_ => {}\n}\n")]


class Build:
    """The copy with all mutations that rustc accepts."""

    def __init__(self, copy, mutations):
        self.copy = copy
        self.sources = {}
        by_file = collections.defaultdict(list)
        for mutation in mutations:
            by_file[mutation.file].append(mutation)
        for file, inside in by_file.items():
            self.sources[file] = Source((copy.path / file).read_text(encoding="utf-8"), inside)
        self.numbers = {mutation: number for number, mutation in enumerate(sorted(mutations, key=lambda one: (one.file, self.function(one))), 1)}
        self.by_number = {number: mutation for mutation, number in self.numbers.items()}
        # For a mutation: rustc's error; or that it cannot be combined with others.
        self.refused, self.alone = {}, set()
        for source in self.sources.values():
            for mutation in source.cannot_choose():
                self.leave_alone(mutation)

    def function(self, mutation):
        return self.sources[mutation.file].places.span(mutation.function)

    def first_numbers(self):
        """For each mutation, the number of its function."""
        first = {}
        for mutation, number in self.numbers.items():
            function = (mutation.file, self.function(mutation))
            first[function] = min(number, first.get(function, number))
        return {mutation: first[mutation.file, self.function(mutation)] for mutation in self.numbers}

    def leave_alone(self, mutation):
        self.alone.add(mutation)
        self.numbers.pop(mutation, None)

    def write(self):
        """Lines of each number, by file."""
        written = {}
        for file, source in self.sources.items():
            text, lines = source.with_all(self.numbers)
            self.put(file, text)
            written[file] = lines
        self.put(SWITCH_FILE, SWITCH.replace("COUNT", str(len(self.by_number) + 1)))
        self.put(LIBRARY, self.library + "\n#[allow(warnings)]\npub mod mutation_switch;\n")
        return written

    def put(self, file, text):
        place = self.copy.path / file
        if not place.is_file() or place.read_text(encoding="utf-8") != text:
            place.write_text(text, encoding="utf-8")

    def settle(self):
        """Removes mutations that rustc refuses, until it refuses none."""
        self.library = (self.copy.path / LIBRARY).read_text(encoding="utf-8")
        while True:
            lines = self.write()
            errors = self.errors()
            if not errors:
                return
            found = False
            for error in errors:
                for number in self.numbers_of(error, lines):
                    found = True
                    mutation = self.by_number[number]
                    if mutation not in self.numbers:
                        continue
                    if (error["code"] or {}).get("code") in OF_THE_PLACE:
                        self.leave_alone(mutation)
                    else:
                        del self.numbers[mutation]
                        self.refused[mutation] = error["message"]
            if not found:
                sys.exit("rustc refuses the core with all mutations, and says of none that it is the cause:\n" + errors[0]["rendered"])
            print(f"{len(self.refused)} cannot be built, {len(self.numbers)} left", file=sys.stderr, flush=True)

    def cargo(self, *arguments):
        # The whole workspace, as all scripts do: asked for one crate, cargo would build what the others have built with other features.
        command = ["cargo", *arguments, "--workspace", "--message-format", "json"]
        done = subprocess.run(command, cwd=self.copy.path, env=self.copy.environment(), capture_output=True, text=True)
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")], done.stderr

    def errors(self):
        code, messages, said = self.cargo("build", "--lib")
        errors = [one["message"] for one in messages if one.get("reason") == "compiler-message" and one["message"]["level"] == "error"]
        if code and not errors:
            sys.exit(said)
        return [error for error in errors if error["spans"]]

    def numbers_of(self, error, lines):
        """The mutations in whose lines the error is."""
        for span in error["spans"]:
            while span.get("expansion"):
                span = span["expansion"]["span"]
            for number, (first, last) in lines.get(span["file_name"], {}).items():
                if first < span["line_start"] <= last and (span["is_primary"] or len(error["spans"]) == 1):
                    yield number

    def programs(self):
        """The tests: name, path."""
        tests = sorted(path.name for path in (self.copy.path / "rust-core/tests").iterdir() if (path / "main.rs").is_file() and path.name not in ELSEWHERE)
        code, messages, said = self.cargo("test", "--no-run", "--lib", *(f"--test={name}" for name in tests))
        if code:
            errors = [one["message"]["rendered"] for one in messages if one.get("reason") == "compiler-message" and one["message"]["level"] == "error"]
            sys.exit("\n".join(errors[:3]) or said)
        ours = [one for one in messages if one.get("executable") and one["profile"]["test"] and "rust-core" in one["package_id"]]
        return {one["target"]["name"]: one["executable"] for one in ours}


class Tests:
    """Which functions each test reaches, and how long it takes."""

    def __init__(self, copy, programs):
        self.copy = copy
        self.programs = programs
        self.folder = copy.path / "rust-core"
        # Only one of the system's certificates: no test needs them, and reading all of them takes part of each test's time.
        self.certificates = copy.target / "one-certificate.pem"
        trusted = ssl.create_default_context().get_ca_certs(binary_form=True)
        if trusted:
            self.certificates.write_text(ssl.DER_cert_to_PEM_cert(trusted[0]), encoding="utf-8")
        # (program, test): seconds; and number of a function: tests
        self.seconds, self.reaching = {}, collections.defaultdict(list)
        self.failing = []

    def run(self, program, tests, seconds, **variables):
        """Whether the tests passed, and their output; None if they did not end."""
        command = [self.programs[program], "-Z", "unstable-options", "--fail-fast", "--exact", "--test-threads=2", *tests]
        # Only the first failure counts, but tests of a stable compiler have no option for that.
        environment = {**self.copy.environment(), "CARGO_MANIFEST_DIR": str(self.folder), "RUSTC_BOOTSTRAP": "1", **variables}
        if self.certificates.is_file():
            environment["SSL_CERT_FILE"] = str(self.certificates)
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True, "errors": "replace"}
        with subprocess.Popen(command, cwd=self.folder, env=environment, start_new_session=True, **pipes) as running:
            try:
                said, _ = running.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                os.killpg(running.pid, 9)
                running.communicate()
                return None, ""
        return running.returncode == 0, said

    def record(self, jobs):
        """Runs each test alone, once, without a mutation."""
        every = []
        for program, path in self.programs.items():
            listed = subprocess.run([path, "--list"], cwd=self.folder, check=True, capture_output=True, text=True)
            every += [(program, test) for test in re.findall(r"^(.*): test$", listed.stdout, re.MULTILINE)]
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            for (program, test), (seconds, numbers) in zip(every, pool.map(self.recorded, every)):
                if seconds is None:
                    self.failing.append(f"{program} {test}")
                    continue
                self.seconds[program, test] = seconds
                for number in numbers:
                    self.reaching[number].append((program, test))

    def recorded(self, test):
        """The duration in seconds, or None if the test fails; and the numbers of the functions."""
        began = time.monotonic()
        with tempfile.NamedTemporaryFile() as reached:
            passed, _ = self.run(test[0], [test[1]], 600, PILOTLIGHT_MUTATIONS_REACHED=reached.name)
            numbers = {int(number) for number in reached.read().split()}
        return (time.monotonic() - began if passed else None), numbers


def batches(tests, costs, found_before):
    """Batches of tests, small at first: those that found most mutations in this file, then short ones that reach little else."""
    batch, total, most = [], 0.0, FIRST_BATCH
    for test in sorted(tests, key=lambda test: (-found_before[test], costs[test][0])):
        if batch and total + costs[test][1] > most:
            yield batch
            batch, total, most = [], 0.0, most * 3
        batch.append(test)
        total += costs[test][1]
    if batch:
        yield batch


class Evaluator:
    """Runs the tests for one mutation after the other."""

    def __init__(self, build, tests):
        self.build, self.tests = build, tests
        self.first = build.first_numbers()
        self.found = collections.defaultdict(collections.Counter)
        reached = collections.Counter(test for inside in tests.reaching.values() for test in inside)
        self.costs = {test: (seconds * reached[test], seconds) for test, seconds in tests.seconds.items()}

    def outcome(self, mutation, most_seconds):
        """The result, and which test noticed the mutation. It stays open if the tests would take longer than that."""
        number, found = self.build.numbers[mutation], self.found[mutation.file]
        asked = 0.0
        for batch in batches(self.tests.reaching[self.first[mutation]], self.costs, found):
            by_program = collections.defaultdict(list)
            for program, test in batch:
                by_program[program].append(test)
                asked += self.tests.seconds[program, test]
            if asked > most_seconds:
                return "open", None
            for program, names in by_program.items():
                outcome, test = self.ask(program, names, number)
                if outcome:
                    found[program, test] += 1
                    return outcome, f"{program} {test}"
        return "missed", None

    def ask(self, program, names, number):
        usual = sum(self.tests.seconds[program, name] for name in names)
        variables = {"PILOTLIGHT_MUTATION_NUMBER": str(number)}
        began = time.monotonic()
        passed, said = self.tests.run(program, names, LONGEST_PAUSE + 6 * usual, **variables)
        if passed:
            return None, None
        failed = re.findall(r"^test (.*) \.\.\. FAILED$", said, re.MULTILINE)[:1] or names
        # On a busy machine a test may fail because something took too long; then the second run counts.
        if time.monotonic() - began < LONGEST_PAUSE / 4:
            return "caught", failed[0]
        again, _ = self.tests.run(program, failed, LONGEST_PAUSE + 6 * usual, **variables)
        if not again:
            return ("timeout" if again is None else "caught"), failed[0]
        others = [name for name in names if name not in failed]
        return self.ask(program, others, number) if others else (None, None)
