"""Proves that every script prints its usage with `--help`, and does nothing else then."""

import os
import pathlib
import subprocess
import tempfile
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parent
SOURCED = {"lib.sh", "prerequisites.sh"}
# The program, which has to be built first, answers `--help`.
OWN_HELP = {"terminal.sh"}


class Help(unittest.TestCase):
    def test_every_script_prints_the_comment_at_its_head_and_builds_nothing(self):
        scripts = sorted(path for path in SCRIPTS.glob("*.sh") if path.name not in SOURCED | OWN_HELP)
        self.assertGreater(len(scripts), 20)
        for script in scripts:
            for word in ("--help", "-h"):
                with self.subTest(script=script.name, word=word), tempfile.TemporaryDirectory() as home:
                    environment = {"PATH": os.environ["PATH"], "HOME": home, "CARGO_TARGET_DIR": f"{home}/target"}
                    run = subprocess.run([script, word], env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
                    head = script.read_text(encoding="utf-8").splitlines()[1].removeprefix("# ")
                    self.assertEqual((run.returncode, run.stderr), (0, ""))
                    self.assertEqual(run.stdout.splitlines()[0], head)
                    self.assertEqual(os.listdir(home), [])


if __name__ == "__main__":
    unittest.main()
