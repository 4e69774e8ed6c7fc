"""Proves that scripts/check.sh looks for advisories for every lock file, that it reports what it could not check, and that a copy of
the database works instead of the network."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent
VERSION = re.search(r"^cargo_deny_version=(\S+)", (CHECKOUT / "scripts/lib.sh").read_text(encoding="utf-8"), re.M)[1]
ADVISORY = """```toml
[advisory]
id = "{id}"
package = "{package}"
date = "2026-11-01"

[versions]
patched = [">= 9999.0.0"]
```

# Made up for a test

It has no fault.
"""
DENY = """#!/usr/bin/env bash
echo "$*" >>"$CALLS"
case "$*" in
    *fetch*) if [ -n "${REFUSAL:-}" ]; then echo "$REFUSAL"; exit 1; fi ;;
    *"${FAULTY:-nothing}"*) echo "error[vulnerability]"; exit 1 ;;
esac
"""


def database(folder, **packages):
    for number, package in packages.items():
        path = folder / "crates" / package / f"RUSTSEC-2026-{number[1:]}.md"
        path.parent.mkdir(parents=True)
        path.write_text(ADVISORY.format(id=path.stem, package=package), encoding="utf-8")
    return folder


class WithPretendedTool(unittest.TestCase):
    def setUp(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.folder = pathlib.Path(made.name).resolve()
        self.checkout, self.calls = self.folder / "checkout", self.folder / "calls"
        shutil.copytree(CHECKOUT / "scripts", self.checkout / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy2(CHECKOUT / "deny.toml", self.checkout)
        for lock in ("Cargo.lock", "rust-core/fuzz/Cargo.lock"):
            path = self.checkout / lock
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("version = 4\n", encoding="utf-8")
        subprocess.run(["git", "init", "--quiet"], cwd=self.checkout, check=True)
        tool = self.folder / "cache/pilotlight/tools/cargo-deny"
        (tool / "bin").mkdir(parents=True)
        (tool / ".stamp").write_text(f"{VERSION}\n", encoding="utf-8")
        (tool / "bin/cargo-deny").write_text(DENY, encoding="utf-8")
        (tool / "bin/cargo-deny").chmod(0o755)

    def run_check(self, *words, **environment):
        environment = os.environ | {"XDG_CACHE_HOME": str(self.folder / "cache"), "CALLS": str(self.calls)} | environment
        return subprocess.run(["scripts/check.sh", "advisories", *words], cwd=self.checkout, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)

    def test_every_lock_file_is_looked_at(self):
        done = self.run_check()
        self.assertEqual((done.returncode, done.stdout.splitlines()[-1]), (0, "1 passed, 0 failed, 0 skipped"), done.stdout)
        looked = re.findall(r"--manifest-path (\S+) .* check advisories", self.calls.read_text(encoding="utf-8"))
        self.assertEqual(looked, ["Cargo.toml", "rust-core/fuzz/Cargo.toml"])
        for faulty in looked:
            done = self.run_check(FAULTY=f"--manifest-path {faulty} ")
            self.assertEqual((done.returncode, done.stdout.splitlines()[-1]), (1, "0 passed, 1 failed, 0 skipped"), done.stdout)

    def test_without_a_network_the_last_line_says_what_was_not_checked(self):
        summary = self.folder / "summary"
        for words in ("Could not resolve host: example.com", "unable to access 'https://example.com/'", "Failed to connect to example.com port 443"):
            done = self.run_check(REFUSAL=words, PILOTLIGHT_SKIPPED=str(summary))
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertEqual(done.stdout.splitlines()[-2:], ["0 passed, 0 failed, 1 skipped", "SKIPPED, so not checked: advisories"])
        self.assertRegex(summary.read_text(encoding="utf-8"), r"^(advisories: the advisory database cannot be reached .*--database DIR\n){3}$")

    def test_another_failure_is_no_reason_to_skip(self):
        done = self.run_check(REFUSAL="the repository is damaged")
        self.assertEqual((done.returncode, done.stdout.splitlines()[-1]), (1, "0 passed, 1 failed, 0 skipped"), done.stdout)
        # With a copy there is nothing to be reached.
        copy = database(self.folder / "copy", n0001="some-crate")
        done = self.run_check("--database", copy, REFUSAL="Could not resolve host")
        self.assertEqual((done.returncode, done.stdout.splitlines()[-1]), (1, "0 passed, 1 failed, 0 skipped"), done.stdout)

    def test_what_is_no_copy_of_the_database_is_refused(self):
        for folder in (self.folder, self.folder / "missing"):
            done = self.run_check("--database", folder)
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stdout + done.stderr, "there are no advisories|no such folder")
        self.assertFalse("check advisories" in (self.calls.read_text(encoding="utf-8") if self.calls.exists() else ""))


class WithRealTool(unittest.TestCase):
    def test_a_copy_of_the_database_serves_for_both_lock_files(self):
        """`unicode-ident` is in the workspace, `libfuzzer-sys` in the fuzz targets alone."""
        with tempfile.TemporaryDirectory() as made:
            copy = database(pathlib.Path(made).resolve(), n0001="unicode-ident", n0002="libfuzzer-sys", n0003="no-such-crate")
            done = subprocess.run([CHECKOUT / "scripts/check.sh", "--database", copy, "advisories"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("3 advisories", done.stdout)
        workspace, fuzz = done.stdout.split("rust-core/fuzz/Cargo.lock:\n")
        self.assertIn("RUSTSEC-2026-0001", workspace)
        self.assertNotIn("RUSTSEC-2026-0002", workspace)
        self.assertIn("RUSTSEC-2026-0002", fuzz)
        self.assertNotIn("RUSTSEC-2026-0003", done.stdout)


if __name__ == "__main__":
    unittest.main()
