#!/usr/bin/env python3
"""The answers of pretended_mac.py's tools that need more than a line of shell.

    pretended_world.py terminal ARGS…      the terminal sample, with the server that it talks to
    pretended_world.py curl ARGS…          that server's control interface
    pretended_world.py package ARGS…       `swift package describe` of one of the project's two manifests
    pretended_world.py lipo|… ARGS…        xcrun's lipo, dsymutil, swiftc, and clang where it links
"""

import json
import os
import pathlib
import re
import sys

FOLDER = pathlib.Path(os.environ["PRETEND_FOLDER"])
STATE, TIME_PASSED = FOLDER / "state.json", FOLDER / "time-passed"
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "apple"))


def load():
    return json.loads(STATE.read_text(encoding="utf-8")) if STATE.exists() else {"signed_in": False, "token": 0, "metadata": {}, "online": True}


def token(state, force):
    if not state["signed_in"]:
        sys.exit(12)
    if force or TIME_PASSED.exists():
        if not state["online"]:
            sys.exit(10)
        TIME_PASSED.unlink(missing_ok=True)
        state["token"] += 1
    print(f"token-{state['token']}")


def terminal(words):
    state = load()
    verb = words[0]
    if verb == "state":
        print(json.dumps({"state": "signed_in" if state["signed_in"] else "signed_out"}))
    elif verb == "sign-in":
        print("open: http://127.0.0.1:4711/authorize?client_id=native-app", flush=True)
        if "code=" not in sys.stdin.readline():
            sys.exit(1)
        state |= {"signed_in": True, "token": state["token"] + 1}
    elif verb == "token":
        token(state, "--force-refresh" in words)
    elif verb == "profile":
        print(json.dumps({"email": "ada@example.com"}))
    elif verb == "metadata" and words[1] == "set":
        state["metadata"] |= json.loads(words[2])
    elif verb == "metadata":
        print(json.dumps(state["metadata"]))
    elif verb == "sign-out":
        state["signed_in"] = False
        print(json.dumps({"issuer": "revoked"}))
    STATE.write_text(json.dumps(state), encoding="utf-8")


def curl(words):
    state, url = load(), [word for word in words if word.startswith("http")][0]
    if "--write-out" in words:
        print("com.example.pilotlight://callback?code=1", end="")
    elif url.endswith("counters"):
        print(json.dumps({"requests": {"token": state["token"]}}))
    else:
        state["online"] = url.endswith("online")
        STATE.write_text(json.dumps(state), encoding="utf-8")


def package(words):
    folder = pathlib.Path(words[words.index("--package-path") + 1])
    if not (folder / "PilotlightFFI.xcframework" / "Info.plist").exists():
        sys.exit(f"error: artifact of the target PilotlightFFI not found in {folder}")
    cases = re.findall(r"\.(\w+)\(\.v(\d+)\)", re.search(r"^    platforms: (\[.*?\])", (folder / "Package.swift").read_text(encoding="utf-8"), re.M)[1])
    print(json.dumps({
        "platforms": [{"name": name.lower(), "version": f"{version}.0"} for name, version in cases], "products": [{"name": "Pilotlight"}],
        "targets": [
            {"name": "PilotlightFFI", "type": "binary"},
            {"name": "PilotlightCore", "type": "library", "target_dependencies": ["PilotlightFFI"]},
            {"name": "Pilotlight", "type": "library", "resources": [{"path": "a/PrivacyInfo.xcprivacy"}]},
        ]}))


def lipo(words):
    import fixtures
    import link
    thin = {}
    for name in words[1:words.index("-output")]:
        data = pathlib.Path(name).read_bytes()
        thin[link.architecture_of(data)] = data
    pathlib.Path(words[-1]).write_bytes(fixtures.make_universal(thin))


def swiftc(words):
    import fixtures
    if "-o" in words:
        called = [] if "-emit-library" in words else ["_uniffi_pretended"]
        pathlib.Path(words[words.index("-o") + 1]).write_bytes(fixtures.make_object("arm64", "ios-simulator", undefined=called))
    if "-emit-module-path" in words:
        pathlib.Path(words[words.index("-emit-module-path") + 1]).touch()


def clang(words):
    """A framework's library."""
    import fixtures
    import platforms
    architecture, triple = words[words.index("-target") + 1].split("-", 1)
    (kind,) = (kind for kind in platforms.KINDS if platforms.triple(kind, architecture) == f"{architecture}-{triple}")
    exported = pathlib.Path(words[words.index("-exported_symbols_list") + 2]).read_text(encoding="ascii").split()
    pathlib.Path(words[words.index("-o") + 1]).write_bytes(fixtures.make_dylib(kind, architecture, exported, undefined=["_fstat"]))


def dsymutil(words):
    import dylibs
    import fixtures
    one = dylibs.read(pathlib.Path(words[words.index("-o") - 1]).read_bytes())
    made = fixtures.make_dylib(one.what.platform, one.what.architecture, file=dylibs.MH_DSYM, lines=b"lines")
    pathlib.Path(words[words.index("-o") + 1]).write_bytes(made)


def main():
    verb, words = sys.argv[1], sys.argv[2:]
    if verb == "--sdk":
        (clang if "clang" in words else swiftc)(words)
    else:
        {"terminal": terminal, "curl": curl, "package": package, "lipo": lipo, "dsymutil": dsymutil}[verb](words)


if __name__ == "__main__":
    main()
