#!/usr/bin/env python3
"""Makes the names in a static library the same on every machine.

    archive.py anonymous IN OUT

Compilers put hashes into the names of objects that depend on where cargo's folders lie. A name keeps its place and its
size, so that everything else in the archive stays where it is.
"""

import re
import sys

import macho


def plain_name(name):
    """`0123456789abcdef-p256.o` is p256.o; `core-0123….core.4567…-cgu.0.rcgu.o` is core.o."""
    name = re.sub(r"^[0-9a-f]{16}-", "", name)
    if name.endswith(".rcgu.o"):
        name = re.split(r"[-.]", name)[0] + ".o"
    return name


def anonymous(data):
    out = bytearray(data)
    for member in macho.members(data):
        filler = b" " if member.name_size == 16 else b"\0"
        name = plain_name(member.name).encode("latin1")
        out[member.name_at:member.name_at + member.name_size] = name.ljust(member.name_size, filler)
    return bytes(out)


def main():
    verb, source, target = sys.argv[1:]
    if verb != "anonymous":
        sys.exit(__doc__)
    with open(source, "rb") as file:
        data = anonymous(file.read())
    with open(target, "wb") as file:
        file.write(data)


if __name__ == "__main__":
    main()
