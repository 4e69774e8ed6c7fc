"""Reads static libraries for Apple platforms: universal file, archive, Mach-O object. Needs no tools.

The formats are those of <mach-o/fat.h>, <ar.h> with BSD long names, <mach-o/loader.h> and <mach-o/nlist.h>. macholib 1.16
and lief 1.0 are of no help: neither reads a static library, and with their parsers for objects this file would still be
needed.
"""

import struct
from typing import Iterator, NamedTuple, Optional

ARCHITECTURES = {0x0100000C: "arm64", 0x01000007: "x86_64"}
PLATFORMS = {1: "macos", 2: "ios", 3: "tvos", 4: "watchos", 6: "maccatalyst", 7: "ios-simulator", 8: "tvos-simulator", 11: "xros",
             12: "xros-simulator"}
LC_SYMTAB, LC_SEGMENT_64, LC_BUILD_VERSION = 0x2, 0x19, 0x32
# Older than LC_BUILD_VERSION; compilers write these if the minimum version is old enough, as in rustup's standard library: (on
# arm64, on x86_64). Simulators on arm64 are newer.
LC_VERSION_MIN = {0x24: ("macos", "macos"), 0x25: ("ios", "ios-simulator"), 0x2F: ("tvos", "tvos-simulator"), 0x30: ("watchos", "watchos")}
N_STAB, N_TYPE, N_PEXT, N_EXT, N_SECT = 0xE0, 0x0E, 0x10, 0x01, 0x0E
N_WEAK_DEF, R_EXTERN = 0x80, 0x08000000
S_ZEROFILL_TYPES = (0x1, 0xC, 0x12)
MACH_O_64 = b"\xcf\xfa\xed\xfe"


class Malformed(Exception):
    """The bytes are malformed."""


class Member(NamedTuple):
    name: str
    name_at: int  # where the name's bytes start, and how many there are: for those who rewrite it
    name_size: int
    body_at: int
    body: bytes


class Symbol(NamedTuple):
    name: str
    number: int  # in the table, and the offset of its entry
    entry_at: int
    kind: int
    value: int
    is_weak: bool  # yields to another definition
    name_at: int


class Section(NamedTuple):
    segment: str
    name: str
    size: int
    in_file: bool


class Object(NamedTuple):
    architecture: str
    platform: Optional[str]  # None if it cannot be determined
    minimum: Optional[str]
    sections: list
    defined: set  # external names
    undefined: set


def slices(data: bytes) -> Iterator[bytes]:
    """The thin files in a universal one, or the file itself."""
    if data[:4] not in (b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf"):
        yield data
        return
    count = struct.unpack(">I", data[4:8])[0]
    layout, size = (">IIIII", 20) if data[:4] == b"\xca\xfe\xba\xbe" else (">IIQQII", 32)
    for i in range(count):
        _, _, offset, length = struct.unpack(layout, data[8 + i * size:8 + (i + 1) * size])[:4]
        yield data[offset:offset + length]


def members(archive: bytes) -> Iterator[Member]:
    """The members of an archive, without its table of symbols."""
    if archive[:8] != b"!<arch>\n":
        raise Malformed("not an archive")
    at = 8
    while at + 60 <= len(archive):
        if archive[at + 58:at + 60] != b"`\n":
            raise Malformed(f"no member header at {at}")
        name_at, name_size = at, 16
        name = archive[at:at + 16].decode("latin1").rstrip(" ")
        size = int(archive[at + 48:at + 58])
        body = archive[at + 60:at + 60 + size]
        if name.startswith("#1/"):
            name_at, name_size = at + 60, int(name[3:])
            name = body[:name_size].rstrip(b"\0").decode("latin1")
            body = body[name_size:]
        body_at = at + 60 + size - len(body)
        if name.startswith("/"):
            raise Malformed(f"a member {name!r} of GNU's kind of archive, which Xcode does not take")
        at += 60 + size + (size & 1)
        if not name.startswith("__.SYMDEF"):
            yield Member(name, name_at, name_size, body_at, body)


def read_object(data: bytes) -> Object:
    if data[:4] != MACH_O_64:
        raise Malformed("not a 64-bit Mach-O file")
    cpu, _, _, commands = struct.unpack("<IIII", data[4:20])
    platform = minimum = None
    sections, defined, undefined = [], set(), set()
    at = 32
    for _ in range(commands):
        command, size = struct.unpack("<II", data[at:at + 8])
        if command == LC_BUILD_VERSION:
            number, version = struct.unpack("<II", data[at + 8:at + 16])
            platform, minimum = PLATFORMS.get(number, str(number)), _version(version)
        elif command in LC_VERSION_MIN:
            platform = LC_VERSION_MIN[command][ARCHITECTURES.get(cpu) == "x86_64"]
            minimum = _version(struct.unpack("<I", data[at + 8:at + 12])[0])
        elif command == LC_SEGMENT_64:
            sections += _sections(data, at)
        elif command == LC_SYMTAB:
            _symbols(data, at, defined, undefined)
        at += size
    return Object(ARCHITECTURES.get(cpu, hex(cpu)), platform, minimum, sections, defined, undefined)


def _version(number):
    return f"{number >> 16}.{number >> 8 & 255}"


def _sections(data, at):
    for i in range(struct.unpack("<I", data[at + 64:at + 68])[0]):
        start = at + 72 + i * 80
        name, segment = (data[start + k:start + k + 16].rstrip(b"\0").decode("latin1") for k in (0, 16))
        size, flags = struct.unpack("<Q", data[start + 40:start + 48])[0], struct.unpack("<I", data[start + 64:start + 68])[0]
        yield Section(segment, name, size, flags & 0xFF not in S_ZEROFILL_TYPES)


def section_contents(data: bytes) -> Iterator[tuple]:
    """(name, address, bytes) of each section of a linked file that has bytes in it."""
    for at in _commands(data, LC_SEGMENT_64):
        for i in range(struct.unpack("<I", data[at + 64:at + 68])[0]):
            start = at + 72 + i * 80
            address, length, offset = struct.unpack("<QQI", data[start + 32:start + 52])
            if offset:
                yield data[start:start + 16].rstrip(b"\0").decode("latin1"), address, data[offset:offset + length]


def _symbols(data, at, defined, undefined):
    for symbol in _external(data, at):
        if symbol.kind & N_TYPE == N_SECT:
            defined.add(symbol.name)
        elif symbol.kind & N_TYPE == 0 and symbol.value == 0:
            undefined.add(symbol.name)


def _external(data, at):
    """The external symbols of the table that the command at this place names."""
    offset, count, strings, _ = struct.unpack("<IIII", data[at + 8:at + 24])
    for i, (name_at, kind, _, about, value) in enumerate(struct.iter_unpack("<IBBHQ", data[offset:offset + 16 * count])):
        if kind & N_STAB or not kind & N_EXT:
            continue
        start = strings + name_at
        name = data[start:data.index(b"\0", start)].decode("latin1")
        yield Symbol(name, i, offset + 16 * i, kind, value, bool(about & N_WEAK_DEF), start)


def definitions(data: bytes) -> Iterator[Symbol]:
    """The external symbols that an object defines."""
    for at in _commands(data, LC_SYMTAB):
        yield from (symbol for symbol in _external(data, at) if symbol.kind & N_TYPE == N_SECT)


def external_names(data: bytes) -> Iterator[int]:
    """Where the names of the external and undefined symbols of an object are."""
    for at in _commands(data, LC_SYMTAB):
        yield from (symbol.name_at for symbol in _external(data, at))


def table_names(archive: bytes) -> Iterator[int]:
    """Where the names are in an archive's symbol table, which is in the order of its members (<mach-o/ranlib.h>)."""
    size = int(archive[8 + 48:8 + 58])
    at = 8 + 60
    if archive[8:11] != b"#1/" or not archive[at:].startswith(b"__.SYMDEF"):
        return
    if archive[at:].startswith(b"__.SYMDEF SORTED"):
        raise Malformed("a table of symbols in the order of their names, which change here")
    start = at + int(archive[11:24])
    entries = struct.unpack("<I", archive[start:start + 4])[0]
    strings = start + 4 + entries + 4
    if strings > at + size:
        raise Malformed("the table of symbols is longer than its member")
    for place in range(start + 4, start + 4 + entries, 8):
        yield strings + struct.unpack("<I", archive[place:place + 4])[0]


def routines(data: bytes) -> Iterator[tuple]:
    """(offset, offset of its relocation) of each personality routine in an object's __compact_unwind."""
    for at in _commands(data, LC_SEGMENT_64):
        for i in range(struct.unpack("<I", data[at + 64:at + 68])[0]):
            start = at + 72 + i * 80
            if data[start:start + 16].rstrip(b"\0") != b"__compact_unwind":
                continue
            offset, _, relocations, count = struct.unpack("<IIII", data[start + 48:start + 64])
            for k in range(relocations, relocations + 8 * count, 8):
                place = struct.unpack("<i", data[k:k + 4])[0]
                if place % 32 == 16:
                    yield offset + place, k


def commands(data) -> Iterator[tuple]:
    """(command, where it is) of each load command."""
    at, count = 32, struct.unpack("<I", data[16:20])[0] if data[:4] == MACH_O_64 else 0
    for _ in range(count):
        command, size = struct.unpack("<II", data[at:at + 8])
        yield command, at
        at += size


def _commands(data, wanted):
    return (at for command, at in commands(data) if command == wanted)


def objects(path) -> Iterator[tuple]:
    """(member name, Object) of every object in every slice of the library at `path`."""
    with open(path, "rb") as file:
        data = file.read()
    for thin in slices(data):
        for member in members(thin):
            try:
                yield member.name, read_object(member.body)
            except Malformed as error:
                raise Malformed(f"{path}({member.name}): {error}") from None
