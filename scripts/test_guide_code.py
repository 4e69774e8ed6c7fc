"""Proves that code in a document is found if its file does not contain it, and so is a sign-in that forgets a session that has ended.
The reference's code is found in its comments and put where it compiles."""

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


class ReferenceCodeTest(unittest.TestCase):
    SOURCE = """/// Text.
///
/// ```swift
/// let a = one()
///
/// two(a)
/// ```
struct A {
    /// ```objc
    /// [three four];
    /// ```
    /// ```swift
    /// five()
    /// ```
}
"""

    def test_blocks_and_their_lines(self):
        self.assertEqual(list(guide_code.reference_blocks(self.SOURCE)), [(4, "let a = one()\n\ntwo(a)\n"), (13, "five()\n")])

    def test_each_kind_of_code_becomes_a_member(self):
        for code, begins in (("struct A {}\n", "struct"), ("func a() {}\n", "func a"), ("A()\n    .b()\n", "@ViewBuilder func x"),
                             ("Task {\n}\n", "func x() async throws"), ("try a()\n", "func x() async throws")):
            with self.subTest(code):
                self.assertTrue(guide_code.as_member("x", code).startswith(begins))

    def test_values_that_a_snippet_does_not_use_are_no_warning(self):
        self.assertEqual(guide_code.constants("let a = 1\nvar (b, _) = c\n    let inner = 2\n"), ["a", "b"])

    def test_the_compiler_names_the_sources_line(self):
        written = guide_code.reference_code(pathlib.Path("Sources/Session+A.swift"), self.SOURCE)
        self.assertIn('#sourceLocation(file: "Sources/Session+A.swift", line: 4)\nlet a', written)
        self.assertIn("struct SessionASnippets: Names {}", written)
        self.assertEqual(guide_code.reference_code(pathlib.Path("A.swift"), "/// No code.\n"), "")

    def test_a_modifier_is_a_views(self):
        written = guide_code.reference_code(pathlib.Path("A.swift"), "/// ```swift\n/// .a()\n/// ```\n")
        self.assertIn('line: 1)\nText("")\n.a()\n', written)

    def test_what_ios_15_lacks_is_for_later_ones(self):
        self.assertIn("@available(iOS 17", guide_code.reference_code(pathlib.Path("A.swift"), "/// ```swift\n/// SessionModel(a)\n/// ```\n"))

    def test_every_block_of_the_library_is_taken(self):
        taken = [code for source in guide_code.SOURCES.glob("*.swift") for _, code in guide_code.reference_blocks(source.read_text(encoding="utf-8"))]
        shown = sum(source.read_text(encoding="utf-8").count("/// ```swift") for source in guide_code.SOURCES.glob("*.swift"))
        self.assertEqual(len(taken), shown)
        self.assertGreater(shown, 20)


class SignInTest(unittest.TestCase):
    def faults(self, code):
        return list(guide_code.sign_in_faults([("Guide.md", code)]))

    def test_a_session_that_has_ended_is_forgotten(self):
        self.assertEqual(len(self.faults("if try await session.restore() == .signedOut { try await session.signIn() }\n")), 1)
        self.assertEqual(len(self.faults("if (state != PLTSessionStateSignedOut) { return; }\n")), 1)

    def test_both_states(self):
        self.assertEqual(self.faults("if try await session.restore().requiresSignIn { try await session.signIn() }\n"), [])
        self.assertEqual(self.faults("a = b == PLTSessionStateSignedOut || b == PLTSessionStateReauthenticationRequired;\n"), [])

    def test_everything_that_is_copied_is_looked_at(self):
        where = {name for name, _ in guide_code.snippets()}
        self.assertLessEqual({"README.md", "SignIn.md", "Migrate.md", "Pilotlight.md", "first-app-4.swift", "Session.swift"}, where)


if __name__ == "__main__":
    unittest.main()
