#!/usr/bin/env python3
"""Makes a static library the same on every machine, and one that fits beside others written in Rust.

    archive.py anonymous IN OUT

Compilers put hashes into the names of objects that depend on where cargo's folders lie. A name keeps its place and its
size, so that everything else in the archive stays where it is.

Every Rust library defines `_rust_eh_personality`, and two such definitions do not link. Here it becomes a weak one, which
gives way to any other: it does the same in each, and the table for unwinding has room for three routines (docs/adr/0015).
"""

import re
import struct
import sys

import macho


def plain_name(name):
    """`0123456789abcdef-p256.o` is p256.o; `core-0123….core.4567…-cgu.0.rcgu.o` is core.o."""
    name = re.sub(r"^[0-9a-f]{16}-", "", name)
    if name.endswith(".rcgu.o"):
        name = re.split(r"[-.]", name)[0] + ".o"
    return name


COMMON = {"_rust_eh_personality"}


def weaken(out, member):
    """In what is to be written, the definitions that other libraries have too."""
    for symbol in macho.definitions(member.body):
        if symbol.name in COMMON:
            out[member.body_at + symbol.entry_at + 4] |= macho.N_PEXT
            out[member.body_at + symbol.entry_at + 6] |= macho.N_WEAK_DEF
            name_routine(out, member, symbol)


def name_routine(out, member, symbol):
    """The table for unwinding names the routine by its symbol, not by its place in this object: else LLVM's linker takes it for
    another one than the definition that stays."""
    for content_at, relocation_at in macho.routines(member.body):
        content, relocation = member.body_at + content_at, member.body_at + relocation_at
        _, target = struct.unpack_from("<iI", out, relocation)
        by_place = not target & macho.R_EXTERN and struct.unpack_from("<Q", out, content)[0] == symbol.value
        if by_place:
            struct.pack_into("<Q", out, content, 0)
            struct.pack_into("<I", out, relocation + 4, target & 0xFF000000 | macho.R_EXTERN | symbol.number)


def anonymous(data):
    out = bytearray(data)
    for member in macho.members(data):
        filler = b" " if member.name_size == 16 else b"\0"
        name = plain_name(member.name).encode("latin1")
        out[member.name_at:member.name_at + member.name_size] = name.ljust(member.name_size, filler)
        weaken(out, member)
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
