#!/usr/bin/env python3
"""Compiles the library and the sample, including the browser sheet and views, with the Swift of scripts/swift.sh.

    swift_oldest.py

On Debian that is Swift 6.0, as in the oldest supported Xcode. The compiler of swift_ios.py, for the standard library of iOS, is
newer and accepts code that 6.0 refuses: it knows more closures to be safe, and accepts trailing commas in more places. Here
everything is compiled for Linux, with Linux's Foundation and the stubs of the rest; swift_ios.py checks the code for iOS.
"""

import pathlib
import subprocess
import sys
import tempfile

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
STUBS, LIBRARY, SAMPLE = CHECKOUT / "testing" / "apple-stubs", CHECKOUT / "bindings" / "Pilotlight" / "Sources", CHECKOUT / "ios-sample"
# In the order in which they import each other.
MODULES = {
    "Combine": [STUBS / "Combine"],
    "CoreImage": [STUBS / "CoreImage"],
    "LocalAuthentication": [STUBS / "LocalAuthentication"],
    "UIKit": [STUBS / "UIKit", STUBS / "host"],
    "AuthenticationServices": [STUBS / "AuthenticationServices"],
    "SwiftUI": [STUBS / "SwiftUI"],
    "WidgetKit": [STUBS / "WidgetKit"],
    "PilotlightCore": [LIBRARY / "PilotlightCore"],
    "Pilotlight": [LIBRARY / "Pilotlight"],
    "SampleKit": [SAMPLE / "SampleKit" / "Sources" / "SampleKit"],
    "PilotlightSample": [SAMPLE / "App"],
    "PilotlightWidget": [SAMPLE / "Widget"],
}
OURS = list(MODULES)[8:]


def compile_module(name, folders, scratch):
    """The compiler's output if it refused the module, otherwise ""."""
    files = [str(file) for folder in folders for file in sorted(folder.rglob("*.swift")) if ".docc/" not in str(file)]
    # Data races are not found earlier than here; of the other modules only the interface is needed.
    depth = ["-emit-sil", "-o", f"{scratch}/{name}.sil", "-warnings-as-errors"] if name in OURS else ["-emit-module"]
    package = ["-package-name", "pilotlight"] if folders[0].parent == LIBRARY else []
    done = subprocess.run(
        [str(CHECKOUT / "scripts" / "swift.sh"), "exec", "swiftc", "-swift-version", "6", "-wmo", "-parse-as-library", *depth, *package,
         "-module-name", name, "-emit-module-path", f"{scratch}/{name}.swiftmodule", "-I", str(scratch),
         "-Xcc", f"-fmodule-map-file={LIBRARY / 'PilotlightFFI' / 'module.modulemap'}", *files],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout or f"swiftc ended with {done.returncode}"


def main():
    with tempfile.TemporaryDirectory() as scratch:
        for name, folders in MODULES.items():
            said = compile_module(name, folders, scratch)
            if said:
                print(f"{name}:\n{said}")
                sys.exit(1)


if __name__ == "__main__":
    main()
