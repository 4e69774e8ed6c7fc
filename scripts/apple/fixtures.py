"""Small libraries and packages for the proofs, made byte by byte: as right as the real ones, and quick to spoil."""

import pathlib
import plistlib
import struct

import macho
import xcframework

MODULE = "PilotlightFFI"
LIBRARY = "libcore.a"
TARGETS = ["aarch64-apple-ios", "aarch64-apple-ios-sim", "x86_64-apple-ios"]
MODULE_MAP = f'module {MODULE} {{\n    header "{MODULE}.h"\n    export *\n}}\n'


def code_of(table, name):
    return next(number for number, known in table.items() if known == name)


def make_object(architecture="arm64", platform="ios", minimum="15.0", undefined=()):
    major, minor = map(int, minimum.split("."))
    if platform is None:  # the old command, which does not tell a device from a simulator
        version = struct.pack("<IIII", 0x25, 16, major << 16 | minor << 8, 0)
    else:
        version = struct.pack("<IIIIII", 0x32, 24, code_of(macho.PLATFORMS, platform), major << 16 | minor << 8, 0, 0)
    strings, symbols = b"\0", b""
    for name in undefined:
        symbols += struct.pack("<IBBHQ", len(strings), macho.N_EXT, 0, 0, 0)
        strings += name.encode() + b"\0"
    start = 32 + len(version) + 24
    table = struct.pack("<IIIIII", 2, 24, start, len(undefined), start + len(symbols), len(strings))
    header = struct.pack("<IIIIIIII", 0xFEEDFACF, code_of(macho.ARCHITECTURES, architecture), 0, 1, 2, len(version) + 24, 0, 0)
    return header + version + table + symbols + strings


def make_archive(bodies, name="0123456789abcdef-part.o"):
    out = b"!<arch>\n"
    for body in bodies:
        size = len(name) + -len(name) % 8
        content = name.encode().ljust(size, b"\0") + body
        out += f"#1/{size}".ljust(16).encode() + b"0           0     0     644     " + str(len(content)).ljust(10).encode() + b"`\n"
        out += content + b"\n" * (len(content) & 1)
    return out


def make_universal(thin):
    """`thin` is {architecture: archive}."""
    at, head, out = 8 + 20 * len(thin), struct.pack(">II", 0xCAFEBABE, len(thin)), b""
    for architecture, data in thin.items():
        head += struct.pack(">IIIII", code_of(macho.ARCHITECTURES, architecture), 0, at + len(out), len(data), 0)
        out += data
    return head + out


def write_slice(folder, library, module_map=MODULE_MAP, headers=MODULE):
    place = folder / "Headers" / headers
    place.mkdir(parents=True)
    (folder / LIBRARY).write_bytes(library)
    (place / "module.modulemap").write_text(module_map, encoding="utf-8")
    (place / f"{MODULE}.h").write_text("void f(void);\n", encoding="utf-8")


def write_xcframework(folder, device=None, undefined=()):
    """A right one, with `device` in place of the device's objects where it is given."""
    folder.mkdir(parents=True)
    made = make_archive(device if device is not None else [make_object(undefined=undefined)])
    write_slice(folder / "ios-arm64", made)
    simulator = {one: make_archive([make_object(one, "ios-simulator")]) for one in ("arm64", "x86_64")}
    write_slice(folder / "ios-arm64_x86_64-simulator", make_universal(simulator))
    xcframework.describe(folder, LIBRARY)
    return folder


def write_package(folder, undefined=(), swift=""):
    write_xcframework(folder / f"{MODULE}.xcframework", undefined=undefined)
    sources = folder / "Sources" / "Pilotlight"
    sources.mkdir(parents=True)
    # What the privacy manifest declares is used.
    (sources / "Session.swift").write_text("let defaults = UserDefaults.standard\n" + swift, encoding="utf-8")
    here = pathlib.Path(__file__).resolve().parent
    (sources / "PrivacyInfo.xcprivacy").write_bytes((here.parent.parent / "bindings/Pilotlight/Sources/Pilotlight/PrivacyInfo.xcprivacy").read_bytes())
    return folder


def edit_plist(path, change):
    plist = plistlib.loads(path.read_bytes())
    change(plist)
    path.write_bytes(plistlib.dumps(plist))
