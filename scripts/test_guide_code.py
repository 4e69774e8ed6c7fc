"""Proves that code in a document is found if its file does not contain it."""

import pathlib
import tempfile
import unittest

import guide_code


class ShownCodeTest(unittest.TestCase):
    def faults(self, document):
        with tempfile.TemporaryDirectory() as made:
            checkout = pathlib.Path(made)
            guide_code.write(checkout / "src/file.rs", "fn a() {\n    b();\n}\n")
            guide_code.write(checkout / "docs/page.md", document)
            return list(guide_code.shown_faults(checkout))

    def test_code_as_it_is(self):
        self.assertEqual(self.faults("<!-- from: src/file.rs -->\n```rust\n    b();\n```\n"), [])

    def test_code_that_has_changed(self):
        self.assertEqual(len(self.faults("<!-- from: src/file.rs -->\n```rust\n    c();\n```\n")), 1)

    def test_a_file_that_is_gone(self):
        self.assertEqual(len(self.faults("<!-- from: src/gone.rs -->\n```rust\n    b();\n```\n")), 1)

    def test_blocks_are_found_in_the_order_of_the_guide(self):
        self.assertEqual(guide_code.blocks("```swift\na\n```\ntext\n```sh\nx\n```\n```swift\nb\n```\n"), ["a\n", "b\n"])

    def test_imports_stand_before_the_namespace(self):
        code = "import os\n\nlet a = 1\n// import b\nimport b\n"
        self.assertEqual(guide_code.with_imports_first(code), (["os", "b"], "\nlet a = 1\n// import b\n"))

    def test_objective_c_is_distinguished(self):
        self.assertEqual(guide_code.blocks("```swift\na\n```\n```objc\nb\n```\n", "objc"), ["b\n"])


if __name__ == "__main__":
    unittest.main()
