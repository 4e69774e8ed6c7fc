#!/usr/bin/env python3
"""Checks that SECURITY.md proves its claims: each promise, each attack and each control of OWASP's MASVS names tests, and these exist.

    security_tests.py

A test is named `PLACE::NAME`. PLACE is the end of its file's path without the extension, such as `session/sign_in` or `RedirectTests`.
"""

import functools
import pathlib
import re
import subprocess
import sys

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent
NAMED = re.compile(r"`([\w/]+)::(\w+)`")
CONTROLS = [f"MASVS-{group}-{number}" for group, count in (("STORAGE", 2), ("CRYPTO", 2), ("NETWORK", 2), ("AUTH", 3), ("PRIVACY", 4)) for number in range(1, count + 1)]
ATTACKERS = ("another app on the device", "another app of the group", "the network", "the issuer's subdomain", "a stolen phone", "a backup", "a crash report",
             "the developer's own logs")
# The beginning of a test with that name.
TESTS = {
    ".rs": r"#\[(?:tokio::)?test\b[^\]]*\]\s*(?:#\[[^\]]*\]\s*(?://[^\n]*\s*)?)*(?:async )?fn {name}\(",
    ".swift": r"@Test\b[^{{}}]*?\bfunc {name}\(",
    ".py": r"def {name}\(self",
}


def section(text, title):
    found = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^#{{1,3}} |\Z)", text, re.M | re.S)
    return found[2] if found else ""


def promises(text):
    return re.findall(r"^(\d+\. .*?)(?=^\d+\. |\Z)", section(text, "Promises"), re.M | re.S)


def rows(text, title):
    return [line for line in section(text, title).splitlines() if line.startswith("| ")][1:]


def sources():
    names = subprocess.check_output(["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.rs", "*.swift", "*.py"], cwd=CHECKOUT, text=True)
    return [pathlib.PurePosixPath(name) for name in sorted(set(names.splitlines())) if (CHECKOUT / name).is_file()]


@functools.lru_cache(maxsize=None)  # Each name is looked for among all files.
def without_extension(path):
    return f"/{path.with_suffix('')}"


def fault_of_name(place, name, files, read):
    found = [path for path in files if without_extension(path).endswith(f"/{place}")]
    defined = [path for path in found if re.search(TESTS[path.suffix].format(name=name), read(path))]
    if len(defined) == 1:
        return None
    if len(defined) > 1:
        return f"{place}::{name} is in {' and '.join(map(str, defined))}: name more of the path"
    return f"{place}::{name}: " + (f"no such test in {', '.join(map(str, found))}" if found else "no such file")


def faults(text, files, read):
    """A sentence for each fault."""
    said = [f"a promise names no test: {one.splitlines()[0]}" for one in promises(text) if not NAMED.search(one)]
    threats, controls = rows(text, "Threat model"), rows(text, "OWASP MASVS")
    said += [f"no test for the attack: {row[:60]}" for row in threats if not NAMED.search(row.rsplit("|", 2)[1])]
    said += [f"neither test nor reason: {row[:60]}" for row in controls if not NAMED.search(row) and "Reason: " not in row]
    attackers = " ".join(row.split("|")[1].lower().replace("**", "") for row in threats)
    said += [f"no row about {name}" for name in ATTACKERS if name not in attackers]
    said += [f"no row, or more than one, for {control}" for control in CONTROLS if sum(row.startswith(f"| {control}:") for row in controls) != 1]
    if len(promises(text)) < 12:
        said.append("fewer than twelve promises were found")
    said += filter(None, (fault_of_name(place, name, files, read) for place, name in dict.fromkeys(NAMED.findall(text))))
    return said


def main():
    text = (CHECKOUT / "SECURITY.md").read_text(encoding="utf-8")
    said = faults(text, sources(), lambda path: (CHECKOUT / path).read_text(encoding="utf-8"))
    print("\n".join(f"SECURITY.md: {one}" for one in said), end="\n" if said else "")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
