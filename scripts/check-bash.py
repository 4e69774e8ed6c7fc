#!/usr/bin/env python3
"""Finds syntax that macOS's bash 3.2 cannot read, options that macOS's sed, stat, date, readlink, mktemp, find and xargs lack, and
readers of a pipe that end before the writer: the writer dies of SIGPIPE if it writes more, which `pipefail` treats as a failure, but
only sometimes.

    check-bash.py SCRIPT…      prints each finding as FILE:LINE and exits 1

If there is a bash 3.2 (/bin/bash on a Mac, or the program named by PILOTLIGHT_BASH_3_2), it also parses every script. Lines that
never run on a Mac end with the comment "# not on a Mac".
"""

import os
import re
import subprocess
import sys

from bash_reader import Script

ELSEWHERE = "# not on a Mac"
# Programs that macOS lacks, in some or all versions: allowed only after `have NAME` on the same line.
NOT_ON_MACOS = {"timeout", "flock", "nproc", "sha256sum", "realpath", "shuf", "tac", "setsid", "stdbuf", "md5sum", "pidof"}
# For each program: the option letters that only the GNU version knows or reads differently, those that take a value,
# and further words.
GNU_ONLY = {
    "sed": ("rszi", "efl", r"-i"),
    "stat": ("cL", "ft", None),
    "date": ("dIR", "fv", r".*\+.*%N.*"),
    "readlink": ("fem", "", None),
    "mktemp": ("pu", "t", None),
    "xargs": ("rdae", "nIPLsEJR", None),
    "find": ("", "", r"-(printf|fprintf?0?|fls|regextype|quit|executable|readable|writable|xtype|daystart|wholename)"),
    "grep": ("P", "efmABC", None),
    "base64": ("w", "", None),
    "head": ("", "nc", None),
}
LONG_IS_KNOWN = {"grep"}
# Builtins of bash 4.0 and later.
WORDS = {"mapfile": "`mapfile`", "readarray": "`readarray`", "coproc": "`coproc`"}
DECLARING = {"declare", "local", "typeset", "readonly", "export"}
EXPANSIONS = (
    (r"^!?\w+(\[[^]]*\])?(,|\^)", "`${x,,}` or `${x^^}`"),
    (r"^!?\w+(\[[^]]*\])?@[A-Za-z]$", "`${x@…}`"),
    (r"^\w+\[-\d+\]", "a negative index"),
    (r"^\w+:[^:]*:\s*-\d", "a negative length"),
    (r"^(BASHPID|EPOCHSECONDS|EPOCHREALTIME|SRANDOM)\b", "a variable that it does not set"),
)
WRAPPERS = {"command", "exec", "nohup", "sudo", "env", "builtin"}


class Findings(Script):
    def __init__(self, text):
        super().__init__(text)
        self.found, self.lines = [], text.split("\n")

    def on_finding(self, line, what, why="not in macOS's bash 3.2 or its tools"):
        if not self.lines[line - 1].endswith(ELSEWHERE):
            self.found.append((line, f"{what}: {why}"))

    def on_expansion(self, line, inside):
        for pattern, what in EXPANSIONS:
            if re.search(pattern, inside):
                self.on_finding(line, what)

    def on_command(self, line, words):
        while words and re.match(r"\w+\+?=", words[0]):
            words = words[1:]
        if not words:
            return
        name, rest = plain(words[0]), [plain(word) for word in words[1:]]
        if self.piped and ends_early(name, rest):
            self.on_finding(line, f"`| {' '.join(words)}`", "it ends before the writer; `sed -n 1p` and `grep … >/dev/null` do not")
        if name in WORDS:
            self.on_finding(line, WORDS[name])
        elif name in DECLARING:
            for word in rest:
                if re.match(r"-\w*[Ang]", word):
                    self.on_finding(line, f"`{name} {word}`")
        elif name in ("printf", "wait", "shopt", "read", "exec"):
            self.of_builtins(line, name, rest)
        if name in NOT_ON_MACOS and not self.guarded(line, name):
            self.on_finding(line, f"`{name}`, which macOS does not have")
        if name in GNU_ONLY:
            self.of_flags(line, name, rest)
        self.inner(line, name, rest)

    def of_builtins(self, line, name, rest):
        wrong = {
            "printf": lambda word: re.search(r"%\(.*\)T", word), "wait": lambda word: word == "-n",
            "shopt": lambda word: word in ("globstar", "lastpipe", "inherit_errexit"),
            "read": lambda word: re.match(r"-\w*[iN]", word), "exec": lambda word: re.match(r"\{\w+\}$", word),
        }[name]
        for word in rest:
            if wrong(word):
                self.on_finding(line, f"`{name} {word}`")

    def inner(self, line, name, rest):
        """The command that another one runs."""
        if name in WRAPPERS and rest[:1] != ["-v"]:
            if name == "env" and "-u" in rest:
                rest = rest[rest.index("-u") + 2:]
            rest = [word for at, word in enumerate(rest) if not (word.startswith("-") and all(w.startswith("-") for w in rest[:at]))]
            self.on_command(line, rest)
        elif name == "xargs":
            self.on_command(line, rest[self.of_xargs(rest):])
        elif name == "find":
            for at, word in enumerate(rest):
                if word in ("-exec", "-execdir", "-ok"):
                    self.on_command(line, rest[at + 1:])

    def of_xargs(self, rest):
        """The position at which its own options end."""
        at = 0
        while at < len(rest) and rest[at].startswith("-"):
            at += 2 if rest[at] in ("-n", "-I", "-P", "-L", "-s", "-d", "-a") else 1
        return at

    def guarded(self, line, name):
        return re.search(rf"\b(have|command -v) {name}\b", self.lines[line - 1])

    def of_flags(self, line, name, rest):
        letters, with_value, pattern = GNU_ONLY[name]
        skip = False
        if name == "xargs":
            rest = rest[:self.of_xargs(rest)]
        elif "--" in rest:
            rest = rest[:rest.index("--")]
        if name == "find" and (not rest or rest[0].startswith("-") and not re.fullmatch("-[HLPEXdsx]+", rest[0])):
            self.on_finding(line, "`find` without a folder")
        for at, word in enumerate(rest):
            if skip or not re.match(r"[-+]", word):
                skip = False
                if name == "head" and re.match(r"-\d", word) and rest[at - 1] in ("-n", "-c"):
                    self.on_finding(line, f"`head {rest[at - 1]} {word}`")
                continue
            if pattern and re.fullmatch(pattern, word):
                self.on_finding(line, f"`{name} {word}`")
            elif name == "find" or word == "--" or word.startswith("+"):
                continue
            elif word.startswith("--"):
                if name not in LONG_IS_KNOWN:
                    self.on_finding(line, f"`{name} {word}`")
            else:
                for index, letter in enumerate(word[1:], 1):
                    if letter == "i" and name == "sed" and word[index + 1:]:
                        break  # with a suffix for the copy both take it
                    if letter in letters:
                        self.on_finding(line, f"`{name} {word}`")
                    if letter in with_value:
                        skip = index == len(word) - 1
                        break


def ends_early(name, rest):
    """Whether a command may end before it has read all of its input."""
    letters = {"grep": r"-[A-Za-z]*[qm]\d*|--quiet|--max-count.*", "sed": r"(.*[\d;/ {])?[qQ][ }]*", "awk": r".*\bexit\b.*"}
    return name == "head" or name in letters and any(re.fullmatch(letters[name], word, re.S) for word in rest)


def plain(word):
    """A word that is quoted as a whole, without its quotes."""
    found = re.fullmatch(r"'([^']*)'|\"([^\"$`\\]*)\"", word)
    return word if not found else found[1] if found[1] is not None else found[2]


def findings(text):
    """(line, sentence) for each construct in a script that a Mac does not support."""
    return sorted(set(Findings(text).read().found))


def bash_3_2():
    """The program, or None. It is an error if the named program is not bash 3.2."""
    named = os.environ.get("PILOTLIGHT_BASH_3_2")
    program = named or "/bin/bash"
    try:
        said = subprocess.run([program, "--version"], stdout=subprocess.PIPE, text=True, check=False).stdout
    except OSError:
        said = ""
    if "version 3.2" in said:
        return program
    if named:
        sys.exit(f"PILOTLIGHT_BASH_3_2 names no bash 3.2: {named}")
    return None


def main():
    names, found, bash = sys.argv[1:], 0, bash_3_2()
    if not names:
        sys.exit(__doc__)
    for name in names:
        with open(name, encoding="utf-8") as file:
            text = file.read()
        for line, what in findings(text):
            print(f"{name}:{line}: {what}")
            found += 1
        if bash:
            said = subprocess.run([bash, "-n", name], stderr=subprocess.PIPE, text=True, check=False)
            if said.returncode != 0:
                print(said.stderr.strip())
                found += 1
    print(f"{len(names)} scripts, {found} findings, {'parsed by ' + bash if bash else 'no bash 3.2 here to parse them'}")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
