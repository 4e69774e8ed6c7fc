#!/usr/bin/env python3
"""Re-targets the standard library of a Swift toolchain for Linux, so that its compiler accepts an iOS triple.

    swift_interfaces.py library LINUX-FOLDER OUTPUT TRIPLE    the modules that the toolchain has as textual interfaces
    swift_interfaces.py essentials PRINTED OUTPUT TRIPLE      FoundationEssentials, from what swift-synthesize-interface prints

A textual interface contains declarations with the `@available` attributes of Apple's platforms, because the sources are
the same. The results can only be compiled against; nothing linked with them would run.
"""

import pathlib
import re
import sys

MODULES = ("Swift", "_Concurrency", "_StringProcessing", "_RegexParser", "Observation", "SwiftOnoneSupport")
LINUX = "x86_64-pc-linux-gnu"

# Declarations that the printed FoundationEssentials does not show completely, or that no toolchain for Linux can compile
# for iOS: macros without their plugin, the names of errno, and types that the compiler treats specially.
LEFT_OUT_HEADS = re.compile(r"^import |POSIXError|extension URL\.Template\.Element\b", re.M)
LEFT_OUT_BODIES = re.compile(r"Predicate|\bExpression\b")
LEFT_OUT_LINES = re.compile(r"\b(RawSpan|MutableRawSpan|Span<|MutableSpan<|OutputSpan|POSIXErrorCode)")


def retarget(interface, triple):
    """A module's textual interface, for another triple."""
    flags = re.compile(rf"-target {re.escape(LINUX)}")
    if not flags.search(interface):
        raise SystemExit(f"an interface of the toolchain is not for {LINUX}")
    # The original was compiled for a newer system than the oldest supported one.
    text = flags.sub(f"-target {triple} -disable-availability-checking", interface)
    text = re.sub(r"^import Glibc\n", "", text, flags=re.M)
    return re.sub(r"@backDeployed\([^)]*\)", "", text)


def declarations(printed):
    """The top-level declarations of a printed module, each a list of lines."""
    block = []
    for line in printed.splitlines():
        block.append(line)
        whole = line and not line[0].isspace() and not line.startswith(("@", "//")) and not line.rstrip().endswith("{")
        if line.startswith(("}", "@freestanding")) or whole:
            yield block
            block = []
    yield block


def as_interface(block):
    """One printed declaration in the form of a textual interface; None if it is left out."""
    head = "\n".join(line for line in block if line and not line[0].isspace() and not line.startswith("//"))
    code = "\n".join(line for line in block if not line.lstrip().startswith("//"))
    if LEFT_OUT_HEADS.search(head) or LEFT_OUT_BODIES.search(code):
        return None
    text = "\n".join(line for line in block if not LEFT_OUT_LINES.search(line))
    text = re.sub(r"@inlinable |@inline\(__always\) |(?:internal|private|fileprivate)\(set\) ", "", text)
    # The printer leaves out the accessors if a property is stored or a subscript has both.
    subscript = r"^(\s+(?:@[^\n]* )?(?:public |open )?(?:static |class |final |mutating )*(?:subscript[<(])[^\n]*[^{}\n])$"
    variable = r"^(\s+(?:@\w+ )*public (?:static |final |weak )*var \w+: [^{}\n]*[^{}\n])$"
    for pattern in (subscript, variable):
        text = re.sub(pattern, r"\1 { get set }", text, flags=re.M)
    return re.sub(r"(\{ get set \})( \{ get set \})+", r"\1", text)


def essentials(printed, compiler, triple):
    flags = f"-target {triple} -disable-objc-interop -disable-availability-checking -enable-library-evolution -swift-version 5"
    head = ["// swift-interface-format-version: 1.0", compiler, f"// swift-module-flags: {flags} -module-name FoundationEssentials",
            "import Swift", "import _StringProcessing"]
    texts = [text for block in declarations(printed) if (text := as_interface(block)) is not None]
    if len(texts) < 100:
        raise SystemExit(f"FoundationEssentials was printed in a form that is not known: {len(texts)} declarations")
    return "\n".join(head + texts) + "\n"


def write(output, module, triple, text):
    folder = output / f"{module}.swiftmodule"
    folder.mkdir(parents=True, exist_ok=True)
    # The name has no version of the system in it.
    name = re.sub(r"(?<=ios)[0-9.]+", "", triple)
    (folder / f"{name}.swiftinterface").write_text(text, encoding="utf-8")


def main():
    verb, source, output, triple = sys.argv[1], *map(pathlib.Path, sys.argv[2:4]), sys.argv[4]
    if verb == "library":
        for module in MODULES:
            interface = (source / f"{module}.swiftmodule" / f"{LINUX}.swiftinterface").read_text(encoding="utf-8")
            write(output, module, triple, retarget(interface, triple))
    elif verb == "essentials":
        swift = next((output / "Swift.swiftmodule").glob("*.swiftinterface")).read_text(encoding="utf-8")
        compiler = next(line for line in swift.splitlines() if line.startswith("// swift-compiler-version:"))
        write(output, "FoundationEssentials", triple, essentials(source.read_text(encoding="utf-8"), compiler, triple))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
