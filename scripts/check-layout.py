#!/usr/bin/env python3
"""Checks the three rules that rust-core/src/lib.rs states: the order of the layers, that no files import each other in a circle, and
that no type has methods in many files. The crates that only tests use have no layers; the other two rules hold for them too.

Prints each breach as FILE:LINE and exits 1.

    check-layout.py                  the core and the crates of testing/
    check-layout.py SOURCE-FOLDER    that folder, with the layers of the core
"""

import pathlib
import sys

from rust_paths import extended_types, module_of, paths_in, without_tests

# Each layer may use itself and those before it.
ORDER = ("crypto", "model", "jose", "protocol", "storage", "machine", "ports", "session", "adapters", "ffi")
# Allowed by the order but wrong nevertheless: adapters must not depend on the session.
FORBIDDEN = {("adapters", "session")}

# A type with methods in more files than this is not a single part with its own state.
MOST_FILES_OF_A_TYPE = 2

# The other layers get time, waiting, spawning, randomness and the outside world only through ports.
OUTSIDE = ("adapters", "ffi")
ONLY_OUTSIDE = (
    "std::time::SystemTime", "std::time::Instant", "std::thread", "std::fs", "std::net",
    "std::process", "std::env", "tokio::spawn", "tokio::task", "tokio::time", "tokio::runtime", "tokio::net", "tokio::fs",
    "ring::rand", "getrandom", "reqwest", "security_framework", "security_framework_sys", "core_foundation",
)
# The operating system's cryptography is a library like any other: its results depend only on its arguments.
ALLOWED = {("crypto", "security_framework_sys"), ("crypto", "core_foundation")}
# The pure layers also use no lock, no task and no channel.
PURE = ORDER[:ORDER.index("ports")]
NOT_PURE = ("std::sync::Mutex", "std::sync::RwLock", "std::sync::Condvar", "std::sync::mpsc", "std::future", "tokio", "futures_util")


def may_know(layer, other):
    return ORDER.index(other) <= ORDER.index(layer) and (layer, other) not in FORBIDDEN


def reaches(path, forbidden):
    """Whether `path` names `forbidden`, something in it, or a module from which it can be had unseen."""
    words, limit = path.split("::"), forbidden.split("::")
    if words[:len(limit)] == limit:
        return True
    parent = limit[:-1]
    return bool(parent) and (words == parent or words == parent + ["*"])


def breaches(module, source):
    """(line, sentence) of each breach of the order in one file's source."""
    layer = module[0] if module else None
    if layer not in ORDER:
        yield 1, f"{'::'.join(module)} is in no layer: {', '.join(ORDER)}"
        return
    for line, path, imported in paths_in(without_tests(source), module):
        words = path.split("::")
        if words[0] == "crate" and len(words) > 1:
            if words[1] in ORDER and not may_know(layer, words[1]):
                yield line, f"{layer} must not know {words[1]}: {path}"
            continue
        forbidden = (() if layer in OUTSIDE else ONLY_OUTSIDE) + (NOT_PURE if layer in PURE else ())
        for name in forbidden:
            if (layer, name) not in ALLOWED and (imported or path.startswith(name)) and reaches(path, name):
                where = "adapters and ffi" if name in ONLY_OUTSIDE else "session"
                yield line, f"{name} belongs in {where}: {path}"
                break


def imports_of(module, source, modules):
    """{file: line} of the files that one file imports: a path leads to the deepest module that it names."""
    found = {}
    for line, path, _ in paths_in(without_tests(source), module):
        words = path.split("::")
        # Without `self::` it may begin with a module inside this one.
        target = tuple(words[1:]) if words[0] == "crate" else (*module, *words)
        while target and target not in modules:
            target = target[:-1]
        if target and target != tuple(module):
            found.setdefault(target, line)
    return found


def circles(graph):
    """The groups of files that import each other in a circle, each sorted (Tarjan's algorithm)."""
    index, low, stack, on_stack, found = {}, {}, [], set(), []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        on_stack.add(node)
        for other in graph[node]:
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in on_stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            group = []
            while True:
                member = stack.pop()
                on_stack.discard(member)
                group.append(member)
                if member == node:
                    break
            if len(group) > 1:
                found.append(sorted(group))

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found


def scattered(sources):
    """(type, {file: line}) of each type that more than so many files extend by its own methods; `sources` is by module."""
    extensions = {}
    for module, source in sources.items():
        for line, path in extended_types(without_tests(source), module):
            extensions.setdefault(path, {}).setdefault(module, line)
    return [(path, files) for path, files in sorted(extensions.items()) if len(files) > MOST_FILES_OF_A_TYPE]


def read_sources(folder):
    """{module: (file, source)} of a crate. Its root only declares the modules, and tests may import anything."""
    sources = {}
    for file in sorted(folder.rglob("*.rs")):
        relative = file.relative_to(folder)
        if str(relative) != "lib.rs" and "tests" not in relative.with_suffix("").parts:
            sources[tuple(module_of(relative))] = (file, file.read_text(encoding="utf-8"))
    return sources


def report(sources, has_layers):
    """Prints the breaches of one crate, and returns how many there are."""
    found = 0
    if has_layers:
        for module, (file, source) in sources.items():
            for line, sentence in breaches(list(module), source):
                print(f"{file}:{line}: {sentence}")
                found += 1
    graph = {module: imports_of(list(module), source, sources) for module, (_, source) in sources.items()}
    for group in circles(graph):
        print(f"these {len(group)} files import each other in a circle:")
        for module in group:
            for other, line in sorted(graph[module].items()):
                if other in group:
                    print(f"{sources[module][0]}:{line}: {'::'.join(module)} -> {'::'.join(other)}")
        found += 1
    for path, files in scattered({module: source for module, (_, source) in sources.items()}):
        print(f"{path} has methods in {len(files)} files, more than {MOST_FILES_OF_A_TYPE}:")
        for module, line in sorted(files.items()):
            print(f"{sources[module][0]}:{line}: {'::'.join(module)}")
        found += 1
    return found


def main():
    checkout = pathlib.Path(__file__).resolve().parent.parent
    core = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else checkout / "rust-core" / "src"
    others = [] if len(sys.argv) > 1 else sorted(checkout.glob("testing/*/src"))
    crates = {folder: read_sources(folder) for folder in (core, *others)}
    if len(crates[core]) < 2:
        sys.exit(f"no Rust sources in {core}")
    found = sum(report(sources, has_layers=folder == core) for folder, sources in crates.items())
    files = sum(map(len, crates.values()))
    print(f"{files} files, {found} breaches of the layout's rules")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
