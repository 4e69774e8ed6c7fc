"""Tests which mutations are tried next, how they are combined in one build, and how their results are added up."""

import collections
import json
import pathlib
import tempfile
import unittest

import mutants
import mutations_at_once

SOURCE = """/// A doc with a brace: {
fn first<'a>(text: &'a str) -> bool {
    // One more: {
    let quote = '{';
    text == "}" && !text.contains(quote)
}

const fn second() -> usize {
    1 + 2
}
"""


def mutation(layer, line):
    name = f"rust-core/src/{layer}/a.rs:{line}:5: replace f{line} with ()"
    span = {"start": {"line": line, "column": 5}, "end": {"line": line, "column": 6}}
    return mutants.Mutation(name, f"rust-core/src/{layer}/a.rs", span, span, "()", key=name)


EVERY = [mutation(layer, line) for layer in mutants.LAYERS for line in range(20)]


def named(mutations):
    return sorted(one.name for one in mutations)


class WithResults(unittest.TestCase):
    def setUp(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.path = pathlib.Path(made.name) / "mutants.json"
        self.results = mutants.Results(self.path)

    def chosen(self, *arguments):
        return mutants.chosen(mutants.parsed(["--tool", "tool", "--target", "target", *arguments]), EVERY, self.results)


class ChosenTest(WithResults):
    def test_a_sample_goes_on_where_the_last_one_ended(self):
        first = self.chosen("--sample", "30")
        self.assertEqual(len(first), 30)
        self.results.add({one.key: "caught" for one in first})
        self.assertEqual(named(first + self.chosen()), named(EVERY))

    def test_a_sample_has_its_part_of_each_layer(self):
        self.assertEqual(collections.Counter(one.layer for one in self.chosen("--sample", "30")), dict.fromkeys(mutants.LAYERS, 6))

    def test_shards_are_parts_of_the_whole(self):
        parts = [self.chosen("--shard", f"{part}/3") for part in range(3)]
        self.assertEqual(named(sum(parts, [])), named(EVERY))

    def test_a_layer_and_a_file(self):
        self.assertEqual({one.layer for one in self.chosen("--layer", "jose")}, {"jose"})
        self.assertEqual(len(self.chosen("--file", "rust-core/src/machine/*.rs")), 20)
        self.assertEqual(self.chosen("--file", "rust-core/src/machine/b.rs"), [])

    def test_what_was_not_asked_of_all_tests_is_tried_again(self):
        self.results.add({one.key: "caught" for one in EVERY[2:]})
        self.results.add({EVERY[0].key: "open", EVERY[1].key: "missed"})
        self.assertEqual(self.chosen(), EVERY[:1])

    def test_survivors_are_tried_again(self):
        self.results.add({EVERY[0].key: "missed", EVERY[1].key: "caught"})
        self.assertEqual(self.chosen("--again"), EVERY[:1])


class ResultsTest(WithResults):
    def test_runs_add_up_and_a_later_one_counts(self):
        self.results.add({EVERY[0].key: "missed", EVERY[1].key: "caught"})
        results = mutants.Results(self.path)
        results.add({EVERY[0].key: "caught", EVERY[2].key: "unviable", EVERY[3].key: "timeout", EVERY[4].key: "missed", "gone": "missed"})
        results.add({EVERY[5].key: "open"})
        self.assertEqual(len(json.loads(self.path.read_text(encoding="utf-8"))), 7)
        row = results.rows(EVERY)[0]
        counted = {"tried": 6, "caught": 2, "timeout": 1, "missed": 1, "unviable": 1, "open": 1}
        self.assertEqual(row, {"layer": "machine", "mutations": 20, **counted})
        self.assertEqual(results.survivors(EVERY), [EVERY[4]])

    def test_the_share_of_a_sample_is_as_sure_as_it_is_large(self):
        row = {"mutations": 1000, "tried": 100, "caught": 85, "timeout": 5, "missed": 3, "open": 2, "unviable": 5}
        found, least, most = mutants.share(row)
        self.assertAlmostEqual(found, 94.7, 1)
        self.assertTrue(85 < least < found < most < 99)
        # Nothing is left to guess.
        self.assertEqual(mutants.share({**row, "mutations": 100}), (found, found, found))
        self.assertIsNone(mutants.share({**row, "caught": 0, "timeout": 0, "missed": 0, "open": 0}))

    def test_a_result_stays_while_the_function_does(self):
        span = lambda line, first, last: {"start": {"line": line, "column": first}, "end": {"line": line, "column": last}}  # noqa: E731
        listed = [{"name": "a.rs:1:2: replace + with -", "file": "a.rs", "function": {"span": span(1, 1, 10)}, "span": span(1, 2, 3), "replacement": "-"}]
        listed.append({**listed[0], "name": "a.rs:1:5: replace + with -"})
        keys = lambda text: [one.key for one in mutants.described(listed, lambda file: text)]  # noqa: E731
        self.assertEqual(keys("a + b + c")[0].removesuffix("1"), keys("a + b + c")[1].removesuffix("2"))
        self.assertEqual(keys("a + b + c"), keys("a + b + c // after it"))
        self.assertNotEqual(keys("a + b + c"), keys("a + b + d"))


class AtOnceTest(unittest.TestCase):
    def setUp(self):
        lines = SOURCE.splitlines()
        span = lambda first, from_column, last, to_column: {  # noqa: E731
            "start": {"line": first, "column": from_column},
            "end": {"line": last, "column": to_column},
        }
        whole, constant = span(1, 1, 6, 2), span(8, 1, 10, 2)
        body = span(3, 5, 5, len(lines[4]) + 1)
        make = lambda name, function, where, text: mutants.Mutation(name, "a.rs", function, where, text)  # noqa: E731
        self.all = [
            make("a.rs:3:5: replace first with true", whole, body, "true"),
            make("a.rs:5:10: replace == with !=", whole, span(5, 10, 5, 12), "!="),
            make("a.rs:9:7: replace + with *", constant, span(9, 7, 9, 8), "*"),
        ]
        self.source = mutations_at_once.Source(SOURCE, self.all)

    def test_a_body_begins_at_the_first_brace_that_is_code(self):
        function = SOURCE[: SOURCE.index("const")].rstrip()
        first, last = mutations_at_once.body_of(function)
        self.assertTrue(function[first:].startswith("\n    // One more"))
        self.assertEqual(function[last:], "}")

    def test_a_constant_function_cannot_choose(self):
        self.assertEqual(self.source.cannot_choose(), [self.all[2]])

    def test_each_mutation_is_a_body_of_its_function(self):
        text, lines = self.source.with_all({self.all[0]: 7, self.all[1]: 8})
        self.assertIn("match crate::mutation_switch::chosen(7, 8) {", text)
        self.assertIn('text != "}" && !text.contains(quote)', text)
        # The original is there still, and what is not in the list is as it was.
        self.assertIn('text == "}" && !text.contains(quote)', text)
        self.assertIn("    1 + 2\n", text)
        numbered = text.split("\n")
        first, last = lines[8]
        self.assertTrue(any('text != "}"' in line for line in numbered[first - 1 : last]))
        self.assertFalse(any('text != "}"' in line for line in numbered[lines[7][0] - 1 : lines[7][1]]))

    def test_tests_are_asked_in_growing_parts_those_first_that_found_something_or_reach_little_else(self):
        costs = {f"t{number}": (number, 0.25) for number in range(20)}
        asked = list(mutations_at_once.batches(list(reversed(costs)), costs, collections.Counter({"t7": 1})))
        self.assertEqual(asked[0], ["t7", "t0"])
        self.assertEqual([len(batch) for batch in asked], [2, 6, 12])
        costs["long"] = (1, 60)
        asked = list(mutations_at_once.batches(list(costs), costs, collections.Counter()))
        self.assertIn(["long"], asked, "nobody waits for it")


if __name__ == "__main__":
    unittest.main()
