"""Finds the paths that a Rust source names: enough of the language for check-layout.py, without a compiler."""

import re

TOKEN = re.compile(
    r"""
      (?P<comment>//[^\n]*)
    | (?P<block>/\*)
    | (?P<raw>b?c?r(?P<hashes>\#*)".*?"(?P=hashes))
    | (?P<string>[bc]?"(?:\\.|[^"\\])*")
    | (?P<char>b?'(?:\\(?:x[0-9a-fA-F]{2}|u\{[^}]*\}|.)|[^'\\\n])')
    """,
    re.X | re.S,
)
TEST_ITEM = re.compile(r"#\[cfg\((?:test|all\(test\b[^\]]*|any\(test\b[^\]]*)\)\]")
USE = re.compile(r"(?<![\w:])use\s+([^;]+);")
VISIBILITY = re.compile(r"\bpub\s*\(\s*in\b[^)]*\)")
IMPL = re.compile(r"(?m)(?:^|[;}])[ \t]*(?:unsafe[ \t]+)?(impl)\b([^{;]*)\{")
PATH = re.compile(r"(?<![\w:$])(?:::)?((?:r#)?[A-Za-z_]\w*(?:\s*::\s*(?:r#)?[A-Za-z_]\w*)+)")


def blank(text):
    """The same text with everything but its line ends turned into spaces, so that lines keep their numbers."""
    return re.sub(r"[^\n]", " ", text)


def without_text(source):
    """The source without comments, strings and character literals."""
    out, at = [], 0
    while match := TOKEN.search(source, at):
        end = match.end()
        if match.group("raw") and match.start() and (source[match.start() - 1].isalnum() or source[match.start() - 1] == "_"):
            out.append(source[at:end])  # the end of a name, not a raw string
            at = end
            continue
        if match.group("block"):
            end = end_of_block_comment(source, match.start())
        out.append(source[at:match.start()])
        out.append(blank(source[match.start():end]))
        at = end
    return "".join(out) + source[at:]


def end_of_block_comment(source, start):
    depth = 0
    for mark in re.finditer(r"/\*|\*/", source[start:]):
        depth += 1 if mark.group() == "/*" else -1
        if depth == 0:
            return start + mark.end()
    return len(source)


def without_tests(source):
    """The source without comments, strings and items under #[cfg(test)]."""
    source = without_text(source)
    while match := TEST_ITEM.search(source):
        end = end_of_item(source, match.end())
        source = source[:match.start()] + blank(source[match.start():end]) + source[end:]
    return source


def end_of_item(source, start):
    """The end of the item after its attribute: a `;` outside brackets, or the brace that closes its body."""
    depth = 0
    for at in range(start, len(source)):
        letter = source[at]
        if letter in "([{":
            depth += 1
        elif letter in ")]}":
            depth -= 1
            if letter == "}" and depth == 0:
                return at + 1
        elif letter == ";" and depth == 0:
            return at + 1
    return len(source)


def expand(tree):
    """`a::{b, c::{self, d as e}}` as ["a::b", "a::c", "a::c::d"]."""
    tree = " ".join(tree.split())
    if "{" not in tree:
        path = re.split(r"\s+as\s+", tree)[0].replace(" ", "").removeprefix("::")
        return [path.removesuffix("::self") if path.endswith("::self") else path] if path else []
    head, rest = tree.split("{", 1)
    branches, depth, branch = [], 0, ""
    for letter in rest:
        if letter == "}" and depth == 0:
            break
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            branches.append(branch)
            branch = ""
        else:
            branch += letter
    branches.append(branch)
    return [path for branch in branches if branch.strip() for path in expand(head.strip() + branch.strip())]


def absolute(path, module):
    """`path` from the crate's root if it starts with self or super, otherwise unchanged."""
    words, here = path.split("::"), list(module)
    if words[0] not in ("self", "super"):
        return path
    while words and words[0] in ("self", "super"):
        if words.pop(0) == "super" and here:
            here.pop()
    return "::".join(["crate", *here, *words])


def imports_in(source, module):
    """(line, path) for each imported path."""
    for match in USE.finditer(source):
        line = source.count("\n", 0, match.start()) + 1
        for path in expand(match.group(1)):
            yield line, absolute(path.replace("r#", ""), module)


def paths_in(source, module):
    """(line, path, imported) for each path of two or more words, and each imported one. A visibility is not an import."""
    source = VISIBILITY.sub(lambda match: blank(match.group()), source)
    for line, path in imports_in(source, module):
        yield line, path, True
    rest = USE.sub(lambda match: blank(match.group()), source)
    for match in PATH.finditer(rest):
        path = re.sub(r"\s", "", match.group(1)).replace("r#", "")
        yield rest.count("\n", 0, match.start()) + 1, absolute(path, module), False


def extended_types(source, module):
    """(line, type) for each inherent `impl Type`; the type is given from the crate's root if it is imported or named so."""
    imported = {path.split("::")[-1]: path for _, path in imports_in(source, module)}
    for match in IMPL.finditer(source):
        head = re.split(r"\bwhere\b", without_angles(match.group(2)))[0].strip()
        if not head or re.search(r"\bfor\b", head):
            continue
        name = head.split()[-1]
        first, *rest = name.split("::")
        path = absolute(name, module)
        if path == name and first != "crate":
            path = "::".join([imported.get(first, "::".join(["crate", *module, first])), *rest])
        yield source.count("\n", 0, match.start(1)) + 1, path


def without_angles(text):
    """The text without the parts in angle brackets."""
    out, depth = [], 0
    for letter in text.replace("->", "  "):
        depth += {"<": 1, ">": -1}.get(letter, 0)
        out.append(" " if letter in "<>" else letter if depth == 0 else "")
    return " ".join("".join(out).split())


def module_of(relative):
    """The module path of a file relative to src: session/mod.rs is ["session"], session/refresh.rs has two words."""
    words = list(relative.with_suffix("").parts)
    return words[:-1] if words[-1] == "mod" else words
