"""Proves that check-bash.py finds each construct that a Mac does not support, by one change to a correct script, and that a
script fails if it does not run to its end."""

import importlib
import os
import pathlib
import subprocess
import tempfile
import unittest

check_bash = importlib.import_module("check-bash")
SCRIPTS = pathlib.Path(__file__).resolve().parent

# Constructs that macOS's bash and tools support, in every place where the reader could be misled.
RIGHT = r"""#!/usr/bin/env bash
# mapfile here, and a ) and a ' in a comment: $( case $x in a) ;; esac )
set -euo pipefail
list=(one "two words" $'three\t' ${other[@]+"${other[@]}"})
case $1 in
    --help | -h) echo "a ) in quotes, and $(echo "inside) $(date -u +%Y)")" ;; # )
    *) ;;
esac
found=$(for f in *; do case $f in (*.sh | "a b") echo "$f" ;; (*) ;; esac; done)
while IFS= read -r line; do list+=("$line"); done < <(case $x in (a) printf '%s\n' a ;; esac)
if [[ $x =~ ^(a|b)+$ ]] && [[ -n ${x:-} ]]; then x=${x%%)*}; fi
for ((i = 0; i < $((2 * (3 + 4))); i++)); do x+=$i; done
cat <<END
It's a here document) with $(echo "one ${x#*(}") and a lone " mark
END
cat <<'END'
mapfile; ${x,,}; $(case a in a) esac)
END
name() { local one=$1 -; command -v "$one" >/dev/null 2>&1 || return 1; }
echo "${x:-'}'}" "${x//[^a-z]/-}" "${#list[@]}" "${x: -1}" "${list[@]:1:2}" ${x^?} >/dev/null
sed -n -e 's/timeout//p' -E -i.bak file && date -u +%s && stat -f %z file && readlink link && mktemp -d "${TMPDIR:-/tmp}/x.XXXXXX"
find . -name '*.py' -exec grep -E --include=x -- -P {} + | tr '\n' '\0' | xargs -0 -n 1 grep -nIE -e a -r --long
if have timeout; then limit=(timeout 5); fi; command -v flock >/dev/null && flock 9
sum=$(sha256sum file) # not on a Mac
find . -type f | sed -n 1p; grep -q x file || x=$(git log | grep -c x | sed 's/q//')
(sleep 1) 2>&1 | wc -l | tr -d ' ' && head -n 1 file; tail -n +2 file
""".replace(" ${x^?}", "").replace(" -; command", "; command")

# (the text, its replacement, the expected finding)
WRONG = (
    ("(*.sh | \"a b\") echo", "*.sh | \"a b\") echo", "opening parenthesis"),
    ("(*) ;; esac; done)", "*) ;; esac; done)", "opening parenthesis"),
    ("<(case $x in (a) ", "<(case $x in a) ", "opening parenthesis"),
    ('echo "$f" ;; (*)', 'x=`case $f in a) ;; esac` ;; (*)', "opening parenthesis"),
    ("$(echo \"inside)", "$(case a in a) ;; esac; echo \"inside)", "opening parenthesis"),
    ("while IFS=", "mapfile -t list <file; while IFS=", "`mapfile`"),
    ("while IFS=", "readarray -t list <file; while IFS=", "`readarray`"),
    ("list=(one", "declare -A list; list=(one", "`declare -A`"),
    ("local one=$1", "local -A one", "`local -A`"),
    ("local one=$1", "local -n one=$1", "`local -n`"),
    ("list=(one", "declare -gr y=1; list=(one", "`declare -gr`"),
    ("${#list[@]}", "${x,,}", "`${x,,}`"),
    ("${#list[@]}", "${x,}", "`${x,,}`"),
    ("${#list[@]}", "${x^^}", "`${x^^}`"),
    ("${#list[@]}", "${list[0]^}", "`${x^^}`"),
    ('"one ${x#*(}"', '"one ${x,,}"', "`${x,,}`"),
    ("${x#*(}", "${x@Q}", "`${x@…}`"),
    ("${x: -1}", "${list[-1]}", "a negative index"),
    ("${x: -1}", "${x:0:-1}", "a negative length"),
    ("${x: -1}", "${EPOCHSECONDS}", "a variable that it does not set"),
    ("2>&1 | wc", "|& wc", "`|&`"),
    (">/dev/null 2>&1 || return", "&>>/dev/null || return", "`&>>`"),
    (" ;; # )", " ;;& # )", "`;;&`"),
    (" ;; # )", " ;& # )", "`;&`"),
    ("$'three\\t'", "$'three\\u00e4'", "`\\u`"),
    ("[[ -n ${x:-} ]]", "[[ -v x ]]", "`[[ -v"),
    ("date -u +%s", "printf '%(%Y)T'; date -u +%s", "`printf %(%Y)T`"),
    ("sleep 1", "wait -n", "`wait -n`"),
    ("sleep 1", "shopt -s globstar", "`shopt globstar`"),
    ("sleep 1", "read -N 3 y", "`read -N`"),
    ("sleep 1", "coproc cat", "`coproc`"),
    ("sed -n -e", "sed -nr -e", "`sed -nr`"),
    ("-E -i.bak", "-E -i", "`sed -i`"),
    ("-E -i.bak", "-z", "`sed -z`"),
    ("-E -i.bak", "--in-place", "`sed --in-place`"),
    ("stat -f", "stat -c", "`stat -c`"),
    ("stat -f %z", "stat --format=%s", "`stat --format=%s`"),
    ("date -u +%s", "date -d yesterday", "`date -d`"),
    ("date -u +%s", "date --iso-8601", "`date --iso-8601`"),
    ("date -u +%s", "date +%s%N", "%N"),
    ("readlink link", "readlink -f link", "`readlink -f`"),
    ("readlink link", "readlink -e link", "`readlink -e`"),
    ("mktemp -d", "mktemp -d -p /tmp", "`mktemp -p`"),
    ("mktemp -d", "mktemp -d --suffix=.x", "`mktemp --suffix=.x`"),
    ("find . -name", "find -name", "`find` without a folder"),
    ("-exec grep", "-executable -exec grep", "`find -executable`"),
    ("-exec grep", "-printf '%p' -exec grep", "`find -printf`"),
    ("-exec grep -E", "-exec grep -P", "`grep -P`"),
    ("-exec grep", "-exec sed -i s/a// {} \\; -exec grep", "`sed -i`"),
    ("xargs -0 -n 1", "xargs -0r -n 1", "`xargs -0r`"),
    ("xargs -0 -n 1", "xargs -d '\\n'", "`xargs -d`"),
    ("xargs -0 -n 1", "xargs --null", "`xargs --null`"),
    ("xargs -0 -n 1 grep", "xargs -0 -n 1 timeout 5 grep", "`timeout`"),
    ("if have timeout; then limit=(timeout 5); fi", "limit=(timeout 5)", "`timeout`"),
    ("command -v flock >/dev/null && flock 9", "flock 9", "`flock`"),
    ("sleep 1", "nproc", "`nproc`"),
    ("sleep 1", "y=$(nproc)", "`nproc`"),
    ("sleep 1", "env -u A B=c nproc", "`nproc`"),
    (" # not on a Mac", "", "`sha256sum`"),
    ("head -n 1", "head -n -1", "`head -n -1`"),
    ("2>&1 | wc -l", "2>&1 | head -n 1", "`| head -n 1`: it ends before the writer"),
    ("2>&1 | wc -l", "2>&1 | grep -q x", "`| grep -q x`"),
    ("2>&1 | wc -l", "2>&1 | grep -m1 x", "`| grep -m1 x`"),
    ("2>&1 | wc -l", "2>&1 | sed 1q", "`| sed 1q`"),
    ("2>&1 | wc -l", "2>&1 | awk '/x/ { print; exit }'", "`| awk"),
    ("date -u +%s &&", "date -u +%s | head -n 1 &&", "`| head -n 1`"),
)


def begun(body):
    return f'. "{SCRIPTS}/lib.sh"\n{body}\n'


class Findings(unittest.TestCase):
    def test_a_right_script(self):
        self.assertEqual(check_bash.findings(RIGHT), [])

    def test_each_thing_that_a_mac_does_not_know(self):
        for right, wrong, sentence in WRONG:
            with self.subTest(wrong):
                self.assertEqual(RIGHT.count(right), 1, right)
                said = check_bash.findings(RIGHT.replace(right, wrong))
                line = RIGHT[:RIGHT.index(right)].count("\n") + 1
                self.assertIn(sentence, "\n".join(what for at, what in said if at == line), said)

    def test_a_real_script_that_failed_on_every_mac(self):
        text = (SCRIPTS / "swift.sh").read_text(encoding="utf-8")
        self.assertEqual(check_bash.findings(text), [])
        self.assertEqual(text.count("in (/ | /usr"), 1)
        self.assertIn("opening parenthesis", str(check_bash.findings(text.replace("in (/ | /usr", "in / | /usr"))))

    def test_a_name_that_is_no_bash_3_2(self):
        self.addCleanup(os.environ.update, {name: text for name, text in os.environ.items() if name == "PILOTLIGHT_BASH_3_2"})
        self.addCleanup(os.environ.pop, "PILOTLIGHT_BASH_3_2", None)
        os.environ["PILOTLIGHT_BASH_3_2"] = "/bin/ls"
        with self.assertRaisesRegex(SystemExit, "no bash 3.2"):
            check_bash.bash_3_2()


class Ending(unittest.TestCase):
    """Parses with this machine's bash, and with a bash 3.2 if there is one."""

    def setUp(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.script = pathlib.Path(made.name) / "script.sh"
        self.programs = ["bash"] + [program for program in [check_bash.bash_3_2()] if program]

    def run_by(self, program, text):
        self.script.write_text(text, encoding="utf-8")
        return subprocess.run([program, self.script], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                              timeout=60)

    def test_a_script_that_runs_to_its_end(self):
        for program in self.programs:
            done = self.run_by(program, begun('main() { at_exit "echo cleaned"; echo ran; }\nmain "$@"\nfinish'))
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "ran\ncleaned\n", ""))

    def test_what_does_not_run_to_its_end_has_failed(self):
        for name, body in (
            ("a part of the file is missing", "main() { echo ran; }"),
            ("it ends early", "main() { exit 0; }\nmain\nfinish"),
            ("it cannot be parsed", "main() { echo ran; }\nif main; then\nfinish"),
            ("a command fails", "false\nfinish"),
            # bash 3.2 reads the parenthesis as the substitution's end only when it comes there.
            ("it cannot be parsed by 3.2", "main() { while read -r x; do :; done < <(case a in a) continue ;; esac); }\nmain\nfinish"),
        ):
            for program in self.programs:
                if "3.2" in name and program == "bash":
                    continue
                with self.subTest(f"{name}, {program}"):
                    done = self.run_by(program, begun(f'at_exit "echo cleaned"\n{body}'))
                    self.assertNotEqual(done.returncode, 0)
                    self.assertTrue(done.stdout.endswith("cleaned\n"))

    def test_a_status_stays_what_it_was(self):
        for program in self.programs:
            self.assertEqual(self.run_by(program, begun("exit 12")).returncode, 12)
            self.assertEqual(self.run_by(program, begun("exec true")).returncode, 0)

    def test_each_script_says_that_it_is_at_its_end(self):
        for script in sorted(SCRIPTS.glob("*.sh")):
            text = script.read_text(encoding="utf-8")
            if not text.startswith("# shellcheck shell=bash"):  # such a one is for others to take in
                with self.subTest(script.name):
                    self.assertIn('/lib.sh"\n', text)
                    self.assertNotRegex(text, r"usage && exit|^exit( 0)?$")
                    self.assertTrue(text.endswith('\nmain "$@"\nfinish\n'), script.name)


if __name__ == "__main__":
    unittest.main()
