"""Proves that each refused word is found, in code, in a comment and in a name, and that ordinary words pass."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

import words

# One for each pattern of words.py and more where a pattern has alternatives.
REFUSED = (
    "Patience", "TokenWish", "whatever wish", "it wishes", "struct Turn;", "ProcessTurn", "struct Held {", "struct Rest;", "boarding", "struct Landing;",
    "Eventually<T>", "Occasion", "adopting tokens", "adopts", "its surroundings", "Surroundings", "StayingAwake", "OneSheet", "SystemNotices",
    "moving in", "users move in", "MovingIn", "moveIn", "moved-in", "moves_in_here", "ForeignItem", "ForeignItems", "passed over", "passes_over",
    "server_words_are_short", "hears of it", "heard of", "nobody_hears_of_it", "Nobody knows", "what_nobody_knows_is", "papers", "judged", "Judge", "mended",
    "Whoever", "he is told", "Told", "is_told_once", "told_later", "was_told", "a thread of its own", "of your own.",
)
PASSES = (
    "the rest of the text", "let rest = words", "in turn", "held back", "Removed in 3.0", "move into", "paper", "class=\"paper\"", "heard", "nobody is signed in",
    "recommended", "amend", "an adoption", "eventually consistent", "a landing page", "a value of your own type", "its own thread",
)


class Words(unittest.TestCase):
    def found(self, text):
        with tempfile.TemporaryDirectory() as made:
            file = pathlib.Path(made) / "file.rs"
            file.write_text(f"fn right() {{}}\n// {text}\n", encoding="utf-8")
            return list(words.places(file))

    def test_each_word_is_found_with_its_place_and_the_right_one(self):
        used = set()
        for text in REFUSED:
            with self.subTest(text):
                found = self.found(text)
                self.assertTrue(found)
                self.assertTrue(all(number == 2 and right for number, _, right in found))
                used.update(right for _, _, right in found)
        self.assertEqual(used, {right for _, right in words.REFUSED}, "each pattern has its proof")

    def test_ordinary_words_pass(self):
        for text in PASSES:
            with self.subTest(text):
                self.assertEqual(self.found(text), [])

    def test_the_places_are_printed_and_what_is_no_text_is_skipped(self):
        with tempfile.TemporaryDirectory() as made:
            picture, text = pathlib.Path(made) / "picture.png", pathlib.Path(made) / "text.md"
            picture.write_bytes(b"\x89PNG\xff\xfe judged")
            text.write_text("It is judged.\n", encoding="utf-8")
            done = subprocess.run([sys.executable, "-B", words.__file__], input=f"{picture}\n{made}\n{text}\n", capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stdout), (1, f"{text}:1: 'judged'; write: check, evaluate\n"))


if __name__ == "__main__":
    unittest.main()
