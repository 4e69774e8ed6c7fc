"""Proves that the reading of shared prologues catches what would lose a register."""

import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

import link
import macho
import prologues

SOURCE = """int g(int);
int f0(int a, int b, int c, int d) { int x = g(a), y = g(b), z = g(c), w = g(d); return g(x) + g(y) + g(z) + g(w) + x * y * z * w; }
int f1(int a, int b, int c, int d) { int x = g(d), y = g(c), z = g(b), w = g(a); return g(w) - g(z) - g(y) - g(x) - x * y * z * w; }
int f2(int a, int b) { int x = g(a); return g(b) + g(x + b) * x; }
int f3(int a, int b) { int x = g(b); return g(a) - g(x - a) * x; }
int f4(int a, int b) { g(a); g(b); return g(a + b); }
"""
TOOLCHAIN = pathlib.Path(__file__).resolve().parent.parent / "apple-toolchain.sh"


@unittest.skipIf(sys.platform == "darwin", "the flag is for builds elsewhere")
class Prologues(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as made:
            folder = pathlib.Path(made)
            (folder / "f.c").write_text(SOURCE, encoding="ascii")
            subprocess.run([TOOLCHAIN, "tool", "clang", "-target", "arm64-apple-ios15.0", "-Oz", "-mllvm", "-homogeneous-prolog-epilog",
                            "-c", folder / "f.c", "-o", folder / "f.o"], check=True)
            called = {f"_f{n}" for n in range(5)}
            said = link.link([folder / "f.o"], "arm64", "ios", called,
                             ["-undefined", "dynamic_lookup", "-map", folder / "f.map"], folder / "f.dylib")
            assert said == "", said
            cls.dylib = (folder / "f.dylib").read_bytes()
            cls.map = (folder / "f.map").read_text(encoding="latin1")

    def said(self, symbol, old, new):
        """What is said once an instruction of the function is another one."""
        at = next(int(at, 16) for at, _, name in prologues.SYMBOL.findall(self.map) if name == symbol)
        start = next(address for name, address, _ in macho.section_contents(self.dylib) if name == "__text")
        place = self.dylib.index(next(data for name, _, data in macho.section_contents(self.dylib) if name == "__text")) + at - start
        where = self.dylib.index(struct.pack("<I", old), place)
        spoiled = self.dylib[:where] + struct.pack("<I", new) + self.dylib[where + 4:]
        return " ".join(prologues.faults(spoiled, self.map))

    def shared(self, role):
        return next(name for *_, name in prologues.SYMBOL.findall(self.map) if f"FUNCTION_{role}" in name)

    def test_code_that_is_shared_rightly(self):
        self.assertTrue(self.shared("PROLOG_FRAME") and self.shared("EPILOG_TAIL"))
        self.assertEqual(list(prologues.faults(self.dylib, self.map)), [])

    def test_a_prologue_that_saves_something_else(self):
        name = self.shared("PROLOG_FRAME")
        *_, add, _ = prologues.body_of(*prologues.SHARED.match(name).groups())
        self.assertIn(f"{name} does not do what its name says", self.said(name, add, add + (16 << 10)))

    def test_an_epilogue_that_does_not_return(self):
        name = self.shared("EPILOG_TAIL")
        self.assertIn(f"{name} does not do what its name says", self.said(name, prologues.RETURN, 0xD503201F))

    def test_a_function_that_does_not_save_its_frame(self):
        self.assertIn("_f0: the frame is not saved", self.said("_f0", prologues.SAVE_FRAME, 0xD503201F))

    def test_a_function_that_never_saved(self):
        with self.subTest("its call of the prologue is gone"):
            calls = self.calls("_f0", "PROLOG")
            self.assertIn("which it does not save", self.said("_f0", calls[0], 0xD503201F))
        with self.subTest("it jumps to an epilogue of other registers"):
            word = self.calls("_f2", "EPILOG_TAIL")[0]
            self.assertNotEqual(self.said("_f2", word, self.toward_another("_f2", word)), "")

    def test_a_table_that_names_other_registers(self):
        table = next(data for name, _, data in macho.section_contents(self.dylib) if name == "__unwind_info")
        encoding = next(one for one in prologues.encodings(table).values() if one & prologues.MODE_MASK == prologues.FRAME_MODE and one & 0xFFF)
        spoiled = self.dylib.replace(table, table.replace(struct.pack("<I", encoding), struct.pack("<I", encoding & ~0x1)))
        self.assertIn("names other registers", " ".join(prologues.faults(spoiled, self.map)))

    def words_at(self, symbol):
        at, size = next((int(at, 16), int(size, 16)) for at, size, name in prologues.SYMBOL.findall(self.map) if name == symbol)
        start, text = next((address, data) for name, address, data in macho.section_contents(self.dylib) if name == "__text")
        return at, struct.unpack_from(f"<{size // 4}I", text, at - start)

    def calls(self, symbol, role):
        at, words = self.words_at(symbol)
        places = {int(a, 16): found.groups() for a, _, name in prologues.SYMBOL.findall(self.map) if (found := prologues.SHARED.match(name))}
        return [words[i] for i, _, kind, _ in prologues.calls_of(words, at, places) if kind.startswith(role)]

    def toward_another(self, symbol, word):
        """The same branch, to a shared epilogue of other registers."""
        at, words = self.words_at(symbol)
        i = words.index(word)
        own = (word & 0x3FFFFFF) - (0x4000000 if word & 0x2000000 else 0) + i
        others = [int(a, 16) for a, _, name in prologues.SYMBOL.findall(self.map) if "EPILOG_TAIL" in name]
        target = next(other for other in others if other != at + 4 * own)
        return word & 0xFC000000 | ((target - at) // 4 - i) & 0x3FFFFFF


if __name__ == "__main__":
    unittest.main()
