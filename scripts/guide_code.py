#!/usr/bin/env python3
"""Extracts the Swift code of README.md, of the guides and of the reference as sources that compile.

    guide_code.py --check   the code in docs/*.md matches the files that it names (`<!-- from: PATH -->` before a block), and no
                            snippet signs the user in for only one of the two states that require it
    guide_code.py FOLDER    writes FOLDER/QuickStart (the README's), FOLDER/GuideCode (the guides', a namespace for each guide),
                            FOLDER/ReferenceCode (of the library's `///`, a file for each of its files), FOLDER/TutorialN for each
                            step of the tutorial, and FOLDER.objc/GUIDE.m for the Objective-C of a guide

scripts/check-apple.sh compiles each of these folders for iOS. The Swift code of "Migrate" is compiled by a test of the Swift package instead,
together with declarations of the other libraries. A guide's code consists of complete functions and types. The reference also contains
statements and views; scripts/apple/reference-names declares the names that they take from the app around them.
"""

import pathlib
import re
import sys

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent
SOURCES = CHECKOUT / "bindings/Pilotlight/Sources/Pilotlight"
GUIDES = SOURCES / "Pilotlight.docc"
COMPILED_ELSEWHERE = {"Migrate.md"}
# Declarations of libraries that the guides import, one file for each.
LIBRARIES = CHECKOUT / "scripts/apple/guide-libraries"
REFERENCE_NAMES = CHECKOUT / "scripts/apple/reference-names/Names.swift"

DECLARATION = re.compile(r"^(?:@\w+ )*(?:(?:final )?class|struct|enum|func) ", re.MULTILINE)
VIEW = re.compile(r"^[A-Z]\w*\(")
CONSTANT = re.compile(r"^(?:let|var) (?:(\w+)|\((.*?)\)) =", re.MULTILINE)
# What iOS 15 does not have.
NEWER = re.compile(r"\b(?:SessionModel|SessionAccounts|AccountMenu)\b")
# A session that has ended is not this state.
HALF_A_SIGN_IN = re.compile(r"== \.signedOut\b|[!=]= PLTSessionStateSignedOut\b")


def blocks(text, language="swift"):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


def reference_blocks(source):
    """(line, code) of each block of Swift in the `///` comments of a source."""
    code, begin = [], None
    for number, line in enumerate(source.splitlines(), start=1):
        found = re.match(r"\s*///(?: (.*)|$)", line)
        text = (found[1] or "") if found else None
        if begin is None:
            code, begin = [], number + 1 if text == "```swift" else None
        elif text is None or text.startswith("```"):
            yield begin, "".join(f"{line}\n" for line in code)
            begin = None
        else:
            code.append(text)


def constants(code):
    """The names that the code gives to values and may not use."""
    found = [name or names for name, names in CONSTANT.findall(code)]
    return [name for names in found for name in re.split(r"\W+", names) if name not in ("", "_")]


def as_member(name, code):
    """The code as a member of a type: a declaration as it is, a view as a function that builds one, statements as a function."""
    if DECLARATION.match(code):
        return code
    if VIEW.match(code):
        return f"@ViewBuilder func {name}() -> some View {{\n{code}}}\n"
    uses = "".join(f"_ = {constant}\n" for constant in constants(code))
    return f"func {name}() async throws {{\n{code}{uses}}}\n"


def reference_code(path, source):
    """A file that compiles with the blocks of a source's comments; "" where it has none. The compiler names the source's lines."""
    holder, members = re.sub(r"\W", "", path.stem) + "Snippets", []
    for line, code in reference_blocks(source):
        if code.startswith("."):
            # A modifier: of a view, in the line before.
            line, code = line - 1, 'Text("")\n' + code
        available = "@available(iOS 17, macOS 14, *)\n" if NEWER.search(code) else ""
        placed = as_member(f"line{line}", code).replace(code, f'#sourceLocation(file: "{path}", line: {line})\n{code}#sourceLocation()\n')
        members.append(f"{available}extension {holder} {{\n{placed}}}\n")
    imports = "".join(f"import {module}\n" for module in ("AuthenticationServices", "Foundation", "Pilotlight", "SwiftUI"))
    return "\n".join([imports, f"struct {holder}: Names {{}}\n", *members]) if members else ""


def with_imports_first(code):
    """The modules that the code imports, and the code without its import lines, because a namespace cannot contain imports."""
    return re.findall(r"^import (\w+)\n", code, flags=re.MULTILINE), re.sub(r"^import \w+\n", "", code, flags=re.MULTILINE)


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def shown_faults(checkout):
    """A sentence for each block that does not occur in the file that it names."""
    for document in sorted((checkout / "docs").glob("*.md")):
        text = document.read_text(encoding="utf-8")
        for path, code in re.findall(r"^<!-- from: (\S+) -->\n```\w*\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE):
            source = checkout / path
            if not source.exists() or code not in source.read_text(encoding="utf-8"):
                yield f"{document.name}: this is not in {path}:\n{code}"


def snippets():
    """(where, code) of everything that is shown to be copied."""
    for document in [CHECKOUT / "README.md", *sorted(GUIDES.rglob("*.md"))]:
        text = document.read_text(encoding="utf-8")
        yield from ((document.name, code) for language in ("swift", "objc") for code in blocks(text, language))
    for source in sorted(SOURCES.rglob("*.swift")):
        text = source.read_text(encoding="utf-8")
        whole = [text] if source.is_relative_to(GUIDES) else [code for _, code in reference_blocks(text)]
        yield from ((source.name, code) for code in whole)


def sign_in_faults(shown):
    """A sentence for each snippet in which a session that has ended is not signed in again."""
    for where, code in shown:
        for line in code.splitlines():
            if HALF_A_SIGN_IN.search(line) and "ReauthenticationRequired" not in line:
                yield f"{where}: a session that has ended needs a sign-in too (requiresSignIn): {line.strip()}"


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if sys.argv[1] == "--check":
        faults = [*shown_faults(CHECKOUT), *sign_in_faults(snippets())]
        for fault in faults:
            print(fault)
        sys.exit(1 if faults else 0)
    folder = pathlib.Path(sys.argv[1])
    quick_start = blocks((CHECKOUT / "README.md").read_text(encoding="utf-8"))
    if len(quick_start) != 1 or len(quick_start[0].splitlines()) > 45:
        sys.exit("README.md has one block of Swift, of at most 45 lines: the quick start")
    write(folder / "QuickStart/QuickStart.swift", quick_start[0])
    for number, step in enumerate(sorted(GUIDES.rglob("*.swift")), start=1):
        write(folder / f"Tutorial{number}/{step.name}", step.read_text(encoding="utf-8"))
    write_guides(folder)
    write_reference(folder / "ReferenceCode")


def write_guides(folder):
    for guide in sorted(GUIDES.rglob("*.md")):
        found = blocks(guide.read_text(encoding="utf-8"), "objc")
        if found:
            write(folder.with_suffix(".objc") / f"{guide.stem}.m", "\n".join(['#import "OtherLibraries.h"\n@import Pilotlight;\n', *found]))
        found = blocks(guide.read_text(encoding="utf-8"))
        if found and guide.name not in COMPILED_ELSEWHERE:
            modules, code = with_imports_first("\n".join(found))
            declared = {module for module in modules if (LIBRARIES / f"{module}.swift").exists()}
            for module in declared:
                write(folder / f"GuideCode/{module}.swift", (LIBRARIES / f"{module}.swift").read_text(encoding="utf-8"))
            imports = "".join(f"import {module}\n" for module in ["Foundation", "Pilotlight", "SwiftUI", *(set(modules) - declared)])
            write(folder / f"GuideCode/{guide.stem}.swift", f"{imports}\nenum {guide.stem}Guide {{\n{code}}}\n")


def write_reference(folder):
    write(folder / REFERENCE_NAMES.name, REFERENCE_NAMES.read_text(encoding="utf-8"))
    for source in sorted(SOURCES.glob("*.swift")):
        code = reference_code(source.relative_to(CHECKOUT), source.read_text(encoding="utf-8"))
        if code:
            # Another name than the source's, which the code in it has for the compiler.
            write(folder / f"{source.stem}-snippets.swift", code)


if __name__ == "__main__":
    main()
