#!/usr/bin/env python3
"""Makes a static library identical on every machine, and compatible with other libraries written in Rust.

    archive.py anonymous IN OUT    writes it
    archive.py check ARCHIVE…      nothing in it can be defined a second time by another library

Compilers put hashes that depend on the location of cargo's folders into the names of objects. A replaced name keeps
its position and its length, so that everything else in the archive stays where it is.

Another Rust library in the same app may contain the same code, from the same toolchain and the same versions. The functions that Swift
calls have the crate's name in theirs. External symbols of the standard library and ring get a prefix here that no other library has.
The remaining symbols are weak, so that the linker uses one of two definitions: compiler helpers (`___udivti3`), shared prologues, whose
name says what they do, and `_rust_eh_personality`. The last one keeps its name, because it does the same in each library, and the
unwind table has room for only three routines (docs/adr/0015).
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
# Of the same length, because each name keeps its place.
PREFIXES = ((b"__R", b"_PL"), (b"_ring_core_", b"_pilotring_"))
OWN = re.compile(r"_(?:uniffi|ffi)_(?:\w+_)?pilotlight_core_|_UNIFFI_META_(?:\w+_)?PILOTLIGHT_CORE|_pilotlight_|_pilotring_|_PL")


def rename(out, at, prefixes):
    """The name that begins there."""
    for old, new in prefixes:
        if out[at:at + len(old)] == old:
            out[at:at + len(old)] = new


def rename_all(out, data, prefixes=PREFIXES):
    """The name where it is defined, where it is called, and in the archive's table."""
    for member in macho.members(data):
        for name_at in macho.external_names(member.body):
            rename(out, member.body_at + name_at, prefixes)
    for name_at in macho.table_names(data):
        rename(out, name_at, prefixes)


# The names that a crate of another name would have instead of ours.
OTHER_CRATE = ((b"_uniffi_", b"_others_"), (b"_ffi_", b"_fff_"), (b"_UNIFFI_", b"_OTHERS_"), (b"_pilotlight_", b"_somebodys__"))


def of_another_crate(data):
    """The same library as a compiler would build it from another crate with the same dependencies and toolchain: shared code has the
    names that the standard library and ring give it, and the personality routine is strong."""
    out = bytearray(data)
    rename_all(out, data, tuple((new, old) for old, new in PREFIXES) + OTHER_CRATE)
    for member in macho.members(data):
        for symbol in macho.definitions(member.body):
            if symbol.name in COMMON:
                out[member.body_at + symbol.entry_at + 4] &= ~macho.N_PEXT
                out[member.body_at + symbol.entry_at + 6] &= ~macho.N_WEAK_DEF
    return bytes(out)


def collisions(path):
    """A sentence for each name that another library may also define."""
    with open(path, "rb") as file:
        data = file.read()
    for thin in macho.slices(data):
        for member in macho.members(thin):
            for symbol in macho.definitions(member.body):
                if not symbol.is_weak and not OWN.match(symbol.name):
                    yield f"{path}({member.name}): {symbol.name} is neither weak nor has it a prefix of ours"


def weaken(out, member):
    """Makes the definitions that other libraries also have weak, in the archive to be written."""
    for symbol in macho.definitions(member.body):
        if symbol.name in COMMON:
            out[member.body_at + symbol.entry_at + 4] |= macho.N_PEXT
            out[member.body_at + symbol.entry_at + 6] |= macho.N_WEAK_DEF
            name_routine(out, member, symbol)


def name_routine(out, member, symbol):
    """Makes the unwind table name the routine by its symbol instead of its place in this object; otherwise LLVM's linker takes
    it for a different routine than the definition that stays."""
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
    rename_all(out, data)
    return bytes(out)


def main():
    verb, source, *rest = sys.argv[1:]
    if verb == "check":
        faults = [fault for path in (source, *rest) for fault in collisions(path)]
        print("\n".join(faults))
        sys.exit(1 if faults else 0)
    if verb != "anonymous":
        sys.exit(__doc__)
    (target,) = rest
    with open(source, "rb") as file:
        data = anonymous(file.read())
    with open(target, "wb") as file:
        file.write(data)


if __name__ == "__main__":
    main()
