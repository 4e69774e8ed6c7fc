"""Simulates a Mac for tests of the scripts: Apple's tools, Rust, Swift and Node.js are fakes that record their calls, and programs that
macOS does not have are missing. The bash is a bash 3.2 if PILOTLIGHT_BASH_3_2 names one.

This shows which programs the scripts call, in which order and with which flags, and what they print when a step fails. It does not
show how Xcode and a simulator respond; only a Mac does.
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent
# Programs of macOS that the scripts use.
BROUGHT = """awk basename cat chmod cmp cp cut date diff dirname env expr false find getconf git grep gunzip gzip head id join ln ls make mkdir
mkfifo mktemp mv od paste perl printf ps pwd rm rmdir sed seq sh shasum sort tail tar tee test touch tr true tty uniq wc xargs""".split()
DEVICES = {"devices": {
    "com.apple.CoreSimulator.SimRuntime.iOS-16-4": [{"name": "iPhone 14", "udid": "OLD", "state": "Booted"}],
    "com.apple.CoreSimulator.SimRuntime.iOS-17-5": [{"name": "iPhone 15", "udid": "A", "state": "Shutdown"}],
    "com.apple.CoreSimulator.SimRuntime.iOS-18-2": [
        {"name": "iPhone 16", "udid": "B", "state": "Shutdown"}, {"name": "iPad Air", "udid": "C", "state": "Shutdown"}],
    "com.apple.CoreSimulator.SimRuntime.watchOS-11-0": [{"name": "iPhone Watch", "udid": "W", "state": "Booted"}],
}}
# Records its call; fails if the call contains the text in PRETEND_FAULT.
TOOL = """#!/usr/bin/env bash
name=$(basename "$0")
printf '%s\\n' "$name $*" >>"$PRETEND_CALLS"
case "$name $*" in *"${PRETEND_FAULT:-nothing of this}"*) echo "error: $name was made to fail" >&2; exit 1 ;; esac
# put_file FROM TO: in one step, as cargo and SwiftPM do it, because another lane may be running what stood there.
put_file() {
    cp "$1" "$2.$$"
    chmod +x "$2.$$"
    mv -f "$2.$$" "$2"
}
"""
SERVER = """echo "server $*" >>"$PRETEND_CALLS"
if [ -n "${PRETEND_NO_SERVER:-}" ]; then echo "no port is free" >&2; exit 1; fi
echo "listening: http://127.0.0.1:4711/"
echo "control: http://127.0.0.1:4712/"
if [ -n "${PRETEND_SHORT_SERVER:-}" ]; then
    until grep -q 'simctl launch' "$PRETEND_CALLS"; do [ -e "$PRETEND_CALLS" ] && sleep 0.05 || exit; done
    exit
fi
trap 'echo "server ended" >>"$PRETEND_CALLS"; exit' TERM
# A test that was killed leaves nothing that runs on.
while [ -e "$PRETEND_CALLS" ]; do sleep 0.05; done
"""
ANSWERS = {
    "uname": """case "$*" in -m) echo arm64 ;; -sm) echo Darwin arm64 ;; *) echo Darwin ;; esac""",
    "open": "", "ditto": "", "chromium": "", "plutil": "", "rustfmt": "", "clippy-driver": "",
    "xcode-select": "echo /Applications/Xcode.app/Contents/Developer",
    "xcodebuild": "echo \"manifests: ${PILOTLIGHT_CORE_LIBRARY_DIR-none} ${PILOTLIGHT_MANIFEST_AS_APPLE-none}\" >>\"$PRETEND_CALLS\"; echo \"** SUCCEEDED **\"; echo \"     Executed 9 tests, with 0 failures (0 unexpected) in 1.0 seconds\"",
    "xcrun": """case "$*" in
*"list devices"*) cat "$PRETEND_DEVICES" ;;
*" appearance") echo dark ;;
*" content_size") echo medium ;;
*" screenshot "*) echo picture >"${@: -1}" ;;
*--show-sdk-version*) echo 26.1 ;;
*--show-sdk*) echo /Applications/Xcode.app/SDK ;;
lipo\\ *|dsymutil\\ *|*swiftc\\ -target*|*" clang -target "*) exec "$PRETEND_PYTHON" -B "$PRETEND_WORLD" "$@" ;;
docc\\ *) while [ "$1" != --output-path ]; do shift; done; mkdir -p "$2/data/documentation" && echo '{"abstract": [{"text": "A page."}]}' >"$2/data/documentation/pilotlight.json"
    mkdir -p "$2/documentation/pilotlight" && echo '<p>' >"$2/documentation/pilotlight/index.html" ;;
esac""",
    "rustc": """case "$*" in *sysroot*) mkdir -p "$PRETEND_FOLDER/rust/lib/rustlib"; echo "$PRETEND_FOLDER/rust" ;; *) echo "host: aarch64-apple-darwin" ;; esac""",
    # There is no precompiled standard library for these.
    "rustup": """case "$*" in
"target add "*visionos*|"target add "*tvos*) echo "error: the toolchain has no component 'rust-std' for target '$3'"; exit 1 ;;
"target add "*) mkdir -p "$PRETEND_FOLDER/rust/lib/rustlib/$3/lib" ;;
"component add rust-src") mkdir -p "$PRETEND_FOLDER/rust/lib/rustlib/src/rust/library" ;;
esac""",
    "node": """case $1 in --version) echo v22.12.0 ;; -e) ;; *)
    echo "issuer: http://127.0.0.1:4713" >&3
    trap exit TERM
    while :; do sleep 0.05; done ;;
esac""",
    "npm": "",
    "sleep": """case $1 in 0.*) exec "$PRETEND_SLEEP" "$1" ;; *) touch "$PRETEND_FOLDER/time-passed" ;; esac""",
    "curl": """exec "$PRETEND_PYTHON" -B "$PRETEND_WORLD" curl "$@\"""",
    # Commands that would use a registry, and proofs, which would run this one again.
    "python3": """case "$*" in
*sys.version_info*) ;; # New enough, whichever runs the tests.
*"-m pip install"*shellcheck*) while [ "$1" != --target ]; do shift; done; mkdir -p "$2/bin"; put_file "$PRETEND_FOLDER/bin/true-tool" "$2/bin/shellcheck" ;;
*"-m pip"*|*"-m unittest"*|*kill_test.py*|*doc_pictures.py*|*public_types.py*) ;; # No browser; no compiler, so no symbol graph.
# They read the checkout's text, which is the same on a Mac.
*/words.py*) cat >/dev/null ;;
*/check-layout.py*|*/check-bash.py*|*/security_tests.py*|*/links.py\\ markdown*) ;;
*"-m venv"*) mkdir -p "$3/bin"; put_file "$0" "$3/bin/python" ;;
*) exec "$PRETEND_PYTHON" "$@" ;;
esac""",
    "true-tool": "",
    # Tests/Neighbours: an app with its own Session, which does not say which one it means.
    # Pilotlight's module has to be in a folder that is named.
    "swiftc": """asked=$*
case $asked in *WITH_PILOTLIGHT*)
    until [ "$1" = -I ] && [ -d "$2/Pilotlight.swiftmodule" ]; do [ $# -gt 0 ] && shift || { echo "error: no such module 'Pilotlight'"; exit 1; }; done ;;
esac
case $asked in *WITH_PILOTLIGHT*UNNAMED*) echo "App.swift:1:1: error: 'Session' is ambiguous for type lookup in this context"; exit 1 ;; esac""",
    "swift": """here=$(pwd)
case "$1 $*" in
*print-target-info*) echo '{"target": {"triple": "arm64-apple-macosx14.0"}}' ;;
build\\ *) asked=$* products=debug modules=debug/Modules
    if [ "${PRETEND_SWIFTPM:-}" = 6.4 ]; then products=out/Products/Debug modules=out/Products/Debug; fi
    while [ "$1" != --scratch-path ]; do shift; done
    case $asked in *show-bin-path*) echo "$2/$products"; exit ;; esac
    mkdir -p "$2/$modules/Pilotlight.swiftmodule"
    put_file "$PRETEND_FOLDER/pilotlight-terminal" "$2/$products/pilotlight-terminal" ;;
package\\ *) exec "$PRETEND_PYTHON" -B "$PRETEND_WORLD" package "$@" ;;
*--version*) echo "Apple Swift version 6.2" ;;
esac""",
    # Builds the core, and a server that says where it listens and serves until it is asked to end.
    "cargo": """case "$*" in
*" staticlib"*)
    echo "bootstrap: ${RUSTC_BOOTSTRAP-no}" >>"$PRETEND_CALLS"
    profile=release
    case "$*" in *"--profile dev"*) profile=debug ;; esac
    while [ "$1" != --target ]; do shift; done
    mkdir -p "$CARGO_TARGET_DIR/$2/$profile"
    put_file "$PRETEND_FOLDER/archives/$2" "$CARGO_TARGET_DIR/$2/$profile/libpilotlight_core.a" ;;
install\\ *)
    while [ "$1" != --root ]; do shift; done
    mkdir -p "$2/bin"
    for name in cargo-deny cargo-fuzz cargo-cyclonedx; do put_file "$PRETEND_FOLDER/bin/true-tool" "$2/bin/$name"; done ;;
*)
    mkdir -p "$CARGO_TARGET_DIR/debug"
    touch "$CARGO_TARGET_DIR/debug/libpilotlight_core.dylib"
    for name in identity-server pilotlight-uniffi-bindgen test-browser; do
        put_file "$PRETEND_FOLDER/$name" "$CARGO_TARGET_DIR/debug/$name"
    done ;;
esac""",
}
TERMINAL = 'exec "$PRETEND_PYTHON" -B "$PRETEND_WORLD" terminal "$@"\n'
BINDGEN = """sources=bindings/Pilotlight/Sources
out=${@: -1}
mkdir -p "$out"
cp "$sources/PilotlightCore/PilotlightCore.swift" "$sources/PilotlightFFI/module.modulemap" "$out/"
# Without what is added to it by hand.
sed '/^ [*] Handwritten/,$d' "$sources/PilotlightFFI/PilotlightFFI.h" | sed '$d' >"$out/PilotlightFFI.h"
"""


class Mac(unittest.TestCase):
    """`copied`: the files and folders of the checkout that the scripts see."""

    copied = ["scripts"]
    # If false, everything on this machine is on PATH, after the fake tools.
    only_what_macos_brings = True

    def setUp(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.folder = pathlib.Path(made.name).resolve()
        self.checkout, self.calls_file, self.bin = self.folder / "checkout", self.folder / "calls", self.folder / "bin"
        self.copy()
        (self.folder / "devices.json").write_text(json.dumps(DEVICES), encoding="utf-8")
        for name, answer in ANSWERS.items():
            self.tool(self.bin / name, answer)
        for name, answer in (("identity-server", SERVER), ("pilotlight-uniffi-bindgen", BINDGEN), ("test-browser", ""),
                             ("pilotlight-terminal", TERMINAL)):
            (self.folder / name).write_text(f"#!/usr/bin/env bash\n{answer}", encoding="utf-8")
        path = f"{self.bin}:{os.environ['PATH']}"
        if self.only_what_macos_brings:
            path = str(self.bin)
            for name in BROUGHT:
                (self.bin / name).symlink_to(shutil.which(name))
            (self.bin / "bash").symlink_to(os.environ.get("PILOTLIGHT_BASH_3_2") or shutil.which("bash"))
        self.environment = {name: text for name, text in os.environ.items()
                            if not name.startswith(("PILOTLIGHT_", "PRETEND_", "CARGO_", "RUST", "GIT_", "XDG_"))}
        self.environment |= {
            "PATH": path, "PRETEND_CALLS": str(self.calls_file), "NO_COLOR": "1", "PRETEND_FOLDER": str(self.folder),
            "PRETEND_DEVICES": str(self.folder / "devices.json"), "PRETEND_PYTHON": sys.executable, "PRETEND_SLEEP": shutil.which("sleep"),
            "PRETEND_WORLD": str(CHECKOUT / "scripts" / "pretended_world.py"), "CARGO_TARGET_DIR": str(self.folder / "target"),
            "TMPDIR": str(self.folder), "HOME": str(self.folder / "home"), "PILOTLIGHT_SETTLING": "0",
        }
        (self.folder / "home").mkdir()

    def copy(self):
        for name in self.copied:
            source, target = CHECKOUT / name, self.checkout / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(source, target)

    def tool(self, path, answer):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{TOOL}{answer}\n", encoding="utf-8")
        path.chmod(0o755)

    def begin(self, script, *words, **environment):
        return subprocess.Popen([f"scripts/{script}", *words], cwd=self.checkout, env=self.environment | environment, text=True,
                                start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def run_script(self, script, *words, **environment):
        done = self.begin(script, *words, **environment)
        try:
            said, _ = done.communicate(timeout=600)
        except subprocess.TimeoutExpired:
            os.killpg(done.pid, signal.SIGKILL)
            self.fail(f"{script} does not end:\n{done.communicate()[0]}")
        return done.returncode, said

    def calls(self):
        return self.calls_file.read_text(encoding="utf-8") if self.calls_file.exists() else ""

    def assertInOrder(self, text, *parts):
        at = 0
        for part in parts:
            found = text.find(part, at)
            self.assertGreaterEqual(found, 0, f"{part!r} does not come there in:\n{text}")
            at = found + len(part)

    def assertFails(self, script, words, sentence, help_, **environment):
        code, said = self.run_script(script, *words, **environment)
        self.assertNotEqual(code, 0, said)
        self.assertRegex(said, f"error: .*{sentence}")
        self.assertIn("to help it: ", said)
        self.assertIn(help_, said.split("to help it: ")[-1])
        self.assertFalse(list(self.folder.glob("pilotlight.*")), "a temporary folder is left")
        return said
