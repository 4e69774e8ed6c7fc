"""Checks which registers the functions of a linked arm64 slice save and restore with shared code.

With `-homogeneous-prolog-epilog`, LLVM moves the saving of registers into functions named OUTLINED_FUNCTION_PROLOG_FRAME…, and their
restoring into OUTLINED_FUNCTION_EPILOG…, each followed by the registers. No machine that tests the core can run arm64 code for Apple's
systems, so the code is analysed instead: such a function must do exactly what its name says, a function that calls one must restore
the registers that it saved, and the unwind table must name the same registers (docs/adr/0016).
"""

import bisect
import re
import struct

import macho

SHARED = re.compile(r"_OUTLINED_FUNCTION_(PROLOG_FRAME\d+|EPILOG_TAIL|EPILOG)_((?:[xd]\d+)+)$")
SYMBOL = re.compile(r"^0x([0-9A-Fa-f]+)\s+0x([0-9A-Fa-f]+)\s+\[\s*\d+\]\s+(\S+)", re.M)
SAVE_FRAME = 0xA9BF7BFD  # stp x29, x30, [sp, #-16]!
RETURN, RETURN_BY_X16, KEEP_RETURN = 0xD65F03C0, 0xD65F0200, 0xAA1E03F0  # ret; ret x16; mov x16, x30
STORE, LOAD = 0x29000000, 0x29400000
OFFSET, BEFORE, AFTER = 0x0, 0x800000, -0x800000  # [sp, #n]; [sp, #n]!; [sp], #n
# The bits of a compact encoding for a function with a frame: <mach-o/compact_unwind_encoding.h>.
FRAME_MODE, MODE_MASK = 0x04000000, 0x0F000000
SAVED_PAIRS = {"x19x20": 0x1, "x21x22": 0x2, "x23x24": 0x4, "x25x26": 0x8, "x27x28": 0x10,
               "d8d9": 0x100, "d10d11": 0x200, "d12d13": 0x400, "d14d15": 0x800}


def pairs_of(registers):
    """[("x", 19, 20), …] of the registers in a name, without x30 and x29, which come first in each."""
    names = re.findall(r"([xd])(\d+)", registers)
    if names[:2] != [("x", "30"), ("x", "29")] or len(names) % 2:
        raise ValueError(f"{registers} does not begin with the frame")
    return [(kind, int(first), int(second)) for (kind, first), (_, second) in zip(names[2::2], names[3::2])]


def pair_word(operation, kind, first, second, offset, mode):
    """The instruction that stores or loads two registers at the stack pointer."""
    base = operation + mode + (0x80000000 if kind == "x" else 0x44000000)
    return base | (offset // 8 & 0x7F) << 15 | second << 10 | 31 << 5 | first


def body_of(role, registers):
    """The instructions that a shared function must have. The first pair has the highest address, as the unwind table expects."""
    pairs = pairs_of(registers)[::-1]
    size = 16 * len(pairs)
    if role.startswith("PROLOG"):
        words = [pair_word(STORE, kind, high, low, -size if i == 0 else 16 * i, BEFORE if i == 0 else OFFSET)
                 for i, (kind, low, high) in enumerate(pairs)]
        return [*words, 0x910003FD | size << 10, RETURN]  # add x29, sp, #size
    frame = pair_word(LOAD, "x", 29, 30, size or 16, OFFSET if pairs else AFTER)
    rest = [pair_word(LOAD, kind, high, low, 16 * i, OFFSET) for i, (kind, low, high) in enumerate(pairs)][:0:-1]
    last = [pair_word(LOAD, pairs[0][0], pairs[0][2], pairs[0][1], size + 16, AFTER)] if pairs else []
    words = [frame, *rest, *last]
    return [KEEP_RETURN, *words, RETURN_BY_X16] if role == "EPILOG" else [*words, RETURN]


def encodings(table):
    """{offset of a function from the image's start: compact encoding} of a __unwind_info section."""
    found = {}
    _, common_at, common_count, _, _, index_at, index_count = struct.unpack_from("<7I", table)
    common = struct.unpack_from(f"<{common_count}I", table, common_at)
    for i in range(index_count - 1):
        start, page = struct.unpack_from("<II", table, index_at + 12 * i)
        kind, entries_at, count = struct.unpack_from("<IHH", table, page)
        if kind == 2:
            for k in range(count):
                offset, encoding = struct.unpack_from("<II", table, page + entries_at + 8 * k)
                found[offset] = encoding
            continue
        own_at, own_count = struct.unpack_from("<HH", table, page + 8)
        known = common + struct.unpack_from(f"<{own_count}I", table, page + own_at)
        for (entry,) in struct.iter_unpack("<I", table[page + entries_at:page + entries_at + 4 * count]):
            found[start + (entry & 0xFFFFFF)] = known[entry >> 24]
    return found


def calls_of(words, address, shared):
    """(index, whether it returns, role, registers) of each branch to a shared function."""
    for i, word in enumerate(words):
        if word >> 26 in (0x05, 0x25):
            distance = (word & 0x3FFFFFF) - (0x4000000 if word & 0x2000000 else 0)
            if target := shared.get(address + 4 * (i + distance)):
                yield i, word >> 26 == 0x25, *target


def function_faults(words, address, shared, encoding):
    calls = list(calls_of(words, address, shared))
    if not calls:
        return
    if len({registers for *_, registers in calls}) > 1:
        yield f"it saves and restores different registers: {sorted({registers for *_, registers in calls})}"
    for i, comes_back, role, registers in calls:
        if comes_back == (role == "EPILOG_TAIL"):
            yield f"{role} is reached by the wrong kind of branch"
        if role.startswith("PROLOG") and (i == 0 or words[i - 1] != SAVE_FRAME):
            yield "the frame is not saved before the other registers"
        # Saved in place if it calls no shared prologue.
        if not any(role.startswith("PROLOG") for _, _, role, _ in calls):
            missing = [pair for pair in pairs_of(registers) if not saves_in_place(words, *pair)]
            if missing:
                yield f"it restores {missing}, which it does not save"
        if encoding is None or encoding & MODE_MASK != FRAME_MODE:
            yield f"the table for unwinding says that it has no frame: {encoding}"
        elif encoding & 0xFFF != sum(SAVED_PAIRS["".join(f"{kind}{n}" for n in (low, high))] for kind, low, high in pairs_of(registers)):
            yield f"the table for unwinding names other registers than {registers}: {encoding:#x}"


def role_of_outlined(words, address, shared):
    """The kind of a function that the outliner made from the ends of others, if it restores registers: (role, registers), otherwise
    None. A function that jumps to EPILOG returns as EPILOG does. If it calls an EPILOG, it is the end of its callers."""
    calls = list(calls_of(words, address, shared))
    if not calls:
        return None
    i, comes_back, role, registers = calls[-1]
    return ("EPILOG" if role == "EPILOG" and not comes_back and i == len(words) - 1 else "EPILOG_TAIL"), registers


def outlined_faults(words, address, shared):
    calls = list(calls_of(words, address, shared))
    if len({registers for *_, registers in calls}) != 1 or any(role.startswith("PROLOG") for _, _, role, _ in calls):
        yield "it saves or restores more than once"
    for i, comes_back, role, _ in calls:
        if role == "EPILOG_TAIL" and comes_back:
            yield "EPILOG_TAIL is called, and does not come back here"
        if role == "EPILOG" and not comes_back and i != len(words) - 1:
            yield "it goes on after a jump"


def saves_in_place(words, kind, low, high):
    wanted = pair_word(STORE, kind, high, low, 0, OFFSET)
    moved = pair_word(STORE, kind, high, low, 0, BEFORE)
    return any(word & ~(0x7F << 15) in (wanted, moved) for word in words)


def faults(dylib, link_map):
    """A sentence for each function that does not restore the registers that it saved; none if no code is shared."""
    sections = {name: (address, data) for name, address, data in macho.section_contents(dylib)}
    text_at, text = sections["__text"]
    symbols = {int(at, 16): (int(size, 16), name) for at, size, name in SYMBOL.findall(link_map)
               if text_at <= int(at, 16) < text_at + len(text)}
    shared = {at: found.groups() for at, (_, name) in symbols.items() if (found := SHARED.match(name))}
    words_of = {at: struct.unpack_from(f"<{size // 4}I", text, at - text_at) for at, (size, _) in symbols.items()}
    for at, (role, registers) in shared.items():
        if list(words_of[at]) != body_of(role, registers):
            yield f"{symbols[at][1]} does not do what its name says"
    outlined, found = {}, True
    while found:
        found = {at: role for at, (_, name) in symbols.items()
                 if name.startswith("_OUTLINED_FUNCTION_") and at not in shared
                 and (role := role_of_outlined(words_of[at], at, shared))}
        outlined |= found
        shared |= found
    table = encodings(sections["__unwind_info"][1])
    starts = sorted(table)
    for at, (_, name) in symbols.items():
        words = words_of[at]
        if at in outlined:
            yield from (f"{name}: {fault}" for fault in outlined_faults(words, at, shared))
        if at in shared:
            continue
        for fault in function_faults(words, at, shared, encoding_at(table, starts, at)):
            yield f"{name}: {fault}"


def encoding_at(table, starts, offset):
    """The encoding of the last entry at or before the offset: neighbours with the same encoding share an entry. A dylib begins at 0."""
    place = bisect.bisect_right(starts, offset)
    return table[starts[place - 1]] if place else None
