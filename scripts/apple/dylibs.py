"""Reads those parts of a linked library for Apple platforms that dyld, Xcode and the App Store check, according to <mach-o/loader.h> and <mach-o/nlist.h>."""

import struct
from typing import NamedTuple

import macho

MH_DYLIB, MH_DSYM = 0x6, 0xA
MH_TWOLEVEL, MH_APP_EXTENSION_SAFE = 0x80, 0x02000000
LC_LOAD, LC_ID_DYLIB, LC_RPATH = (0xC, 0x80000018, 0x8000001F), 0xD, 0x8000001C
LC_UUID, LC_CODE_SIGNATURE = 0x1B, 0x1D


class Dylib(NamedTuple):
    what: macho.Object
    kind: int  # MH_DYLIB
    flags: int
    install_name: str
    loads: list  # install names
    searched: list  # LC_RPATH
    uuid: bytes
    signed: bool
    stabs: int  # symbols for a debugger, which contain folders of the machine


def read(data):
    what = macho.read_object(data)
    kind, _, _, flags = struct.unpack("<IIII", data[12:28])
    install_name, loads, searched, uuid, signed, stabs = "", [], [], b"", False, 0
    for command, at in macho.commands(data):
        if command == LC_ID_DYLIB:
            install_name = _text(data, at)
        elif command in LC_LOAD:
            loads.append(_text(data, at))
        elif command == LC_RPATH:
            searched.append(_text(data, at))
        elif command == LC_UUID:
            uuid = data[at + 8:at + 24]
        elif command == LC_CODE_SIGNATURE:
            signed = True
        elif command == macho.LC_SYMTAB:
            offset, count = struct.unpack("<II", data[at + 8:at + 16])
            stabs = sum(bool(data[offset + 16 * i + 4] & macho.N_STAB) for i in range(count))
    return Dylib(what, kind, flags, install_name, loads, searched, uuid, signed, stabs)


def _text(data, at):
    size, offset = struct.unpack("<II", data[at + 4:at + 12])
    return data[at + offset:at + size].split(b"\0")[0].decode("utf-8")


def read_all(path):
    """Of each architecture in the file."""
    return [read(thin) for thin in macho.slices(path.read_bytes())]
