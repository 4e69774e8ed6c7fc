"""Small libraries and packages for the proofs, built byte by byte: as correct as the real ones, and quick to alter."""

import pathlib
import plistlib
import struct

import dylibs
import framework
import macho
import platforms
import stubs
import xcframework

MODULE = "PilotlightFFI"
LIBRARY = "libcore.a"
TARGETS = ["aarch64-apple-ios", "aarch64-apple-ios-sim", "x86_64-apple-ios"]
PRIVACY = pathlib.Path(__file__).resolve().parent.parent.parent / "bindings/Pilotlight/Sources/Pilotlight/PrivacyInfo.xcprivacy"
MODULE_MAP = f'module {MODULE} {{\n    header "{MODULE}.h"\n    export *\n}}\n'


def code_of(table, name):
    return next(number for number, known in table.items() if known == name)


def make_object(architecture="arm64", platform="ios", minimum="15.0", undefined=(), old_command=None):
    major, minor = map(int, minimum.split("."))
    if old_command is not None:
        version = struct.pack("<IIII", old_command, 16, major << 16 | minor << 8, 0)
    elif platform is None:
        version = struct.pack("<IIII", 0x1B, 16, 0, 0)  # LC_UUID, as it were: something else
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


def command(number, body):
    body = body.ljust(len(body) + -len(body) % 8, b"\0")
    return struct.pack("<II", number, 8 + len(body)) + body


def make_dylib(kind, architecture, exported=("_f",), undefined=(), **changes):
    """A correct linked library; `changes` are the changes of a mutation."""
    right = {
        "platform": kind, "minimum": platforms.minimum_of(kind), "file": dylibs.MH_DYLIB, "flags": dylibs.MH_TWOLEVEL | dylibs.MH_APP_EXTENSION_SAFE,
        "install_name": framework.install_name(kind), "loads": [stubs.install_name(name, kind) for name in stubs.libraries_of(kind)], "rpaths": [],
        "uuid": architecture.encode().ljust(16, b"u"), "signed": True, "stabs": 0, "lines": b"",
    }
    one = {**right, **changes}
    major, minor = map(int, one["minimum"].split("."))
    path = lambda text: struct.pack("<IIII", 24, 0, 0, 0) + text.encode() + b"\0"  # noqa: E731 one line, used three times
    commands = [command(macho.LC_BUILD_VERSION, struct.pack("<IIII", code_of(macho.PLATFORMS, one["platform"]), major << 16 | minor << 8, 0, 0)),
                command(dylibs.LC_ID_DYLIB, path(one["install_name"])), *(command(0xC, path(name)) for name in one["loads"])]
    commands += [command(dylibs.LC_RPATH, struct.pack("<I", 12) + name.encode() + b"\0") for name in one["rpaths"]]
    if one["uuid"]:
        commands.append(command(dylibs.LC_UUID, one["uuid"]))
    if one["signed"]:
        commands.append(command(dylibs.LC_CODE_SIGNATURE, struct.pack("<II", 0, 0)))
    kinds = [(name, macho.N_SECT | macho.N_EXT) for name in exported] + [(name, macho.N_EXT) for name in undefined]
    kinds += [("/folder/of/a/machine/f.o", 0x66)] * one["stabs"]
    strings, symbols = b"\0", b""
    for name, bits in kinds:
        symbols += struct.pack("<IBBHQ", len(strings), bits, 1, 0, 16 if bits & macho.N_SECT else 0)
        strings += name.encode() + b"\0"
    start = 32 + sum(map(len, commands)) + 24 + (152 if one["lines"] else 0)
    if one["lines"]:
        section = struct.pack("<16s16sQQIIIIIIII", b"__debug_line", b"__DWARF", 0, len(one["lines"]), start, 0, 0, 0, 0, 0, 0, 0)
        commands.append(command(macho.LC_SEGMENT_64, struct.pack("<16sQQQQiiII", b"__DWARF", 0, 0, start, 0, 0, 0, 1, 0) + section))
    table = start + len(one["lines"])
    commands.append(command(macho.LC_SYMTAB, struct.pack("<IIII", table, len(kinds), table + len(symbols), len(strings))))
    header = struct.pack("<IIIIIIII", 0xFEEDFACF, code_of(macho.ARCHITECTURES, architecture), 0, one["file"], len(commands),
                         sum(map(len, commands)), one["flags"], 0)
    return header + b"".join(commands) + one["lines"] + symbols + strings


def write_framework(folder, kind, architectures, **changes):
    """A correct slice of frameworks. Its sources are created beside the XCFramework."""
    sources = folder.parent.parent / "made-sources"
    for name, text in ((f"{MODULE}/{MODULE}.h", b"void f(void);\n"), ("Pilotlight/PrivacyInfo.xcprivacy", PRIVACY.read_bytes())):
        (sources / name).parent.mkdir(parents=True, exist_ok=True)
        (sources / name).write_bytes(text)
    made = folder.parent.parent / "made"
    for name, more in (("binary", changes), ("dwarf", {"file": dylibs.MH_DSYM, "lines": b"lines"})):
        thin = {one: make_dylib(kind, one, **more) for one in architectures}
        made.with_name(f"made-{name}").write_bytes(make_universal(thin) if len(thin) > 1 else thin[architectures[0]])
    framework.write_bundle(kind, made.with_name("made-binary"), sources, "1.2.3", folder)
    framework.write_symbols(made.with_name("made-dwarf"), "1.2.3", folder / "dSYMs")


def write_frameworks(folder, targets, **changes):
    kinds = {}
    for target in targets:
        kinds.setdefault(platforms.kind_of(target), []).append(platforms.architecture_of(target))
    for kind, architectures in kinds.items():
        write_framework(folder / platforms.identifier(kind, architectures), kind, architectures, **changes)
    xcframework.describe(folder, f"{MODULE}.framework")
    return folder


def write_xcframework(folder, device=None, undefined=(), dynamic=False, targets=tuple(TARGETS)):
    """A correct XCFramework, with `device` instead of the device's objects if it is given."""
    folder.mkdir(parents=True)
    if dynamic:
        return write_frameworks(folder, targets, undefined=undefined)
    made = make_archive(device if device is not None else [make_object(undefined=undefined)])
    write_slice(folder / "ios-arm64", made)
    simulator = {one: make_archive([make_object(one, "ios-simulator")]) for one in ("arm64", "x86_64")}
    write_slice(folder / "ios-arm64_x86_64-simulator", make_universal(simulator))
    xcframework.describe(folder, LIBRARY)
    return folder


def write_package(folder, undefined=(), swift="", dynamic=False):
    write_xcframework(folder / f"{MODULE}.xcframework", undefined=undefined, dynamic=dynamic)
    sources = folder / "Sources" / "Pilotlight"
    sources.mkdir(parents=True)
    # The code uses what the privacy manifest declares.
    (sources / "Session.swift").write_text("let defaults = UserDefaults.standard\n" + swift, encoding="utf-8")
    (sources / "PrivacyInfo.xcprivacy").write_bytes(PRIVACY.read_bytes())
    return folder


def edit_plist(path, change):
    plist = plistlib.loads(path.read_bytes())
    change(plist)
    path.write_bytes(plistlib.dumps(plist))
