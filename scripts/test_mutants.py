"""Which mutations are tried next, and how their results add up."""

import json
import pathlib
import tempfile
import unittest

import mutants

EVERY = [f"rust-core/src/{layer}/a.rs:{line}:5: replace f{line} with ()" for layer in mutants.LAYERS for line in range(20)]


def chosen(*arguments, known=()):
    parsed = mutants.parsed(["--tool", "tool", "--target", "target", *arguments])
    return mutants.chosen(parsed, EVERY, dict.fromkeys(known, "missed"))


class ChosenTest(unittest.TestCase):
    def test_a_sample_goes_on_where_the_last_one_ended(self):
        first = chosen("--sample", "30")
        self.assertEqual(len(first), 30)
        second = chosen("--sample", "100", known=first)
        self.assertEqual(sorted(first + second), sorted(EVERY))

    def test_shards_are_parts_of_the_whole(self):
        parts = [chosen("--shard", f"{part}/3") for part in range(3)]
        self.assertEqual(sorted(sum(parts, [])), sorted(EVERY))

    def test_a_layer_and_a_file(self):
        self.assertEqual({mutants.layer_of(mutation) for mutation in chosen("--layer", "jose")}, {"jose"})
        self.assertEqual(len(chosen("--file", "rust-core/src/machine/*.rs")), 20)
        self.assertEqual(chosen("--file", "rust-core/src/machine/b.rs"), [])

    def test_what_was_not_asked_of_all_tests_is_tried_again(self):
        parsed = mutants.parsed(["--tool", "tool", "--target", "target"])
        self.assertEqual(mutants.chosen(parsed, EVERY[:2], {EVERY[0]: "open", EVERY[1]: "caught"}), EVERY[:1])

    def test_survivors_are_tried_again(self):
        self.assertEqual(chosen("--again", known=EVERY[:1]), EVERY[:1])


class ResultsTest(unittest.TestCase):
    def setUp(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.path = pathlib.Path(made.name) / "mutants.json"

    def test_runs_add_up_and_a_later_one_counts(self):
        mutants.Results(self.path).add({EVERY[0]: "missed", EVERY[1]: "caught"})
        results = mutants.Results(self.path)
        results.add({EVERY[0]: "caught", EVERY[2]: "unviable", EVERY[3]: "timeout", EVERY[4]: "missed", EVERY[5]: "open", "gone.rs": "missed"})
        self.assertEqual(len(json.loads(self.path.read_text(encoding="utf-8"))), 7)
        row = results.rows(EVERY)[0]
        expected = {"layer": "machine", "mutations": 20, "tried": 6, "caught": 2, "timeout": 1, "missed": 1, "unviable": 1, "open": 1}
        self.assertEqual(row, expected)
        self.assertEqual(mutants.share(row), 60)
        self.assertEqual(results.survivors(EVERY), [EVERY[4]])

    def test_a_share_of_nothing_is_none(self):
        self.assertIsNone(mutants.share(mutants.Results(self.path).rows(EVERY)[0]))


class StagesTest(unittest.TestCase):
    def test_each_test_is_asked_once(self):
        for layer in mutants.LAYERS:
            asked = sum(mutants.stages(layer), [])
            self.assertEqual(sorted(asked), sorted(["--lib", *(f"--test={test}" for test in mutants.ALL)]))


if __name__ == "__main__":
    unittest.main()
