#!/usr/bin/env python3
"""Checks the dependency rule that rust-core/src/lib.rs states. Prints each breach as FILE:LINE and exits 1.

    check-layout.py [SOURCE-FOLDER]
"""

import pathlib
import sys

from rust_paths import module_of, paths_in, without_tests

# What each layer may know of the others. A top-level module that is not named here is pure: it knows pure ones only.
MAY_KNOW = {
    "pure": {"pure"},
    "provider": {"pure", "provider"},
    "ports": {"pure", "provider", "ports"},
    "session": {"pure", "provider", "ports", "import", "session"},
    "adapters": {"pure", "ports", "adapters"},
    "import": {"pure", "import"},
    "ffi": {"pure", "provider", "ports", "session", "adapters", "import", "ffi"},
}
LAYERS = set(MAY_KNOW) - {"pure"}

# Time, waiting, spawning, randomness and the outside world reach the other layers through ports only.
OUTSIDE = ("adapters", "ffi")
ONLY_OUTSIDE = (
    "std::time::SystemTime", "std::time::Instant", "std::thread", "std::fs", "std::net",
    "std::process", "std::env", "tokio::spawn", "tokio::task", "tokio::time", "tokio::runtime", "tokio::net", "tokio::fs",
    "ring::rand", "reqwest", "security_framework", "security_framework_sys", "core_foundation",
)


def layer_of(module):
    """The layer of a module path such as ["session", "refresh"]; an empty path is the crate's root."""
    name = module[0].removeprefix("r#") if module else "root"
    return name if name in LAYERS else "pure"


def reaches(path, forbidden):
    """Whether `path` names `forbidden`, something in it, or a module from which it can be had unseen."""
    words, limit = path.split("::"), forbidden.split("::")
    if words[:len(limit)] == limit:
        return True
    parent = limit[:-1]
    return bool(parent) and (words == parent or words == parent + ["*"])


def breaches(module, source):
    """(line, sentence) of each breach in one file's source."""
    layer = layer_of(module)
    for line, path, imported in paths_in(without_tests(source), module):
        words = path.split("::")
        if words[0] == "crate" and len(words) > 1:
            other = layer_of(words[1:])
            if other not in MAY_KNOW[layer]:
                yield line, f"{layer} must not know {other}: {path}"
        elif layer not in OUTSIDE:
            for forbidden in ONLY_OUTSIDE:
                whole_path = imported or path.startswith(forbidden)
                if whole_path and reaches(path, forbidden):
                    yield line, f"{forbidden} belongs in {' and '.join(OUTSIDE)}: {path}"
                    break


def main():
    default = pathlib.Path(__file__).resolve().parent.parent / "rust-core" / "src"
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    files = sorted(folder.rglob("*.rs"))
    if len(files) < 2:
        sys.exit(f"no Rust sources in {folder}")
    found = 0
    for file in files:
        relative = file.relative_to(folder)
        if str(relative) == "lib.rs" or "tests" in relative.with_suffix("").parts:
            continue  # the root only declares the modules; tests may know everything
        for line, sentence in breaches(module_of(relative), file.read_text(encoding="utf-8")):
            print(f"{file}:{line}: {sentence}")
            found += 1
    print(f"{len(files)} files, {found} breaches of the dependency rule")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
