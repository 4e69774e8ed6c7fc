#!/usr/bin/env python3
"""Compiles the project's Swift for the iOS simulator, and links the generated Swift with a slice, by apple-swift.sh.

    swift_ios.py compile MODULE-MAP NAME=FOLDER[,FOLDER…]@MINIMUM-IOS…    each module against the C module and those before it
    swift_ios.py objc MODULE-MAP SOURCES MINIMUM-IOS HEADERS FOLDER…   the Objective-C in the folders, over what Objective-C sees of the
                                                                 library whose Swift is in SOURCES, and the headers in HEADERS
    swift_ios.py size MODULE-MAP BUDGET NAME=FOLDER@MINIMUM-IOS…   what the modules' optimised objects weigh, against the file BUDGET
    swift_ios.py accept MODULE-MAP BUDGET NAME=FOLDER@MINIMUM-IOS…  writes that file anew
    swift_ios.py link MODULE-MAP LIBRARY FOLDER MINIMUM-IOS      the generated Swift in FOLDER finds its symbols in LIBRARY

MODULE-MAP is at the place where Xcode looks for it, and the compiler looks nowhere else, because a search would find it
under other names too. A module is compiled up to the optimiser's input, because data races and paths without `return` are
not found earlier.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

import macho

# Growth that passes without a new budget.
TOLERANCE = 0.03
BUDGET_HEAD = """# Bytes of code and data of the Swift above the core: each module's object, optimised, for the simulator of the machine that measures (x86_64
# on Debian). An app has less: its linker leaves out what it does not call. More than 3 % above it fails. scripts/check-apple.sh
# --accept-swift-size writes this file.
"""
APPLE_SWIFT = pathlib.Path(__file__).resolve().parent.parent / "apple-swift.sh"


def apple_swift(*words):
    """The output of apple-swift.sh if it failed, otherwise ""."""
    with tempfile.TemporaryDirectory() as made:  # the compiler leaves folders behind if it failed
        done = subprocess.run([str(word) for word in (APPLE_SWIFT, *words)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False, env={**os.environ, "TMPDIR": made})
    return "" if done.returncode == 0 else done.stdout or f"apple-swift.sh ended with {done.returncode}"


def sources(*folders):
    # The steps of a tutorial in a DocC catalogue are their own modules.
    found = [file for folder in folders for file in sorted(folder.rglob("*.swift")) if ".docc/" not in file.relative_to(folder).as_posix()]
    if not found:
        raise SystemExit(f"no Swift file in {', '.join(map(str, folders))}")
    return found


def c_module(module_map):
    return "-Xcc", f"-fmodule-map-file={module_map}"


def same_package(folder):
    """SwiftPM's flags for the modules of one package, which may extend one another."""
    sources_folder = folder.resolve().parent
    return ["-package-name", sources_folder.parent.name.lower()] if sources_folder.name == "Sources" else []


def kind(name):
    """Everything except the app and its tests is for extensions too, and may use only their API."""
    return [] if name.startswith("PilotlightSample") or name.endswith("App") else ["-application-extension"]


def isolation(name):
    """The build settings of new projects of Xcode 26: "Default Actor Isolation: MainActor" and "Approachable Concurrency"."""
    if not name.endswith("MainActorApp"):
        return []
    # The other features of the second one are on in Swift 6 mode.
    features = "NonisolatedNonsendingByDefault", "InferIsolatedConformances"
    return ["-default-isolation", "MainActor", *(word for feature in features for word in ("-enable-upcoming-feature", feature))]


def compile_modules(module_map, modules, scratch):
    """The compiler's output for the first of these (name, folders, minimum) that does not compile."""
    for name, folders, minimum in modules:
        said = apple_swift("swiftc", minimum, "-emit-sil", "-wmo", "-parse-as-library", "-module-name", name, *same_package(folders[0]), *kind(name), *isolation(name),
                           *c_module(module_map), "-I", scratch, "-emit-module-path", scratch / f"{name}.swiftmodule", "-o", scratch / f"{name}.sil", *sources(*folders))
        if said:
            return f"{name}, for iOS {minimum}:\n{said}"
        print(f"{name}: {len(sources(*folders))} files compile for iOS {minimum}")
    return ""


def objective_c_faults(module_map, library, minimum, headers, folders, scratch):
    """The compilers' output for the first faulty file; "" if there is none."""
    core = "-emit-module", "-experimental-skip-all-function-bodies", "-emit-module-path", scratch / "PilotlightCore.swiftmodule"
    face = "-typecheck", "-emit-objc-header-path", scratch / "Pilotlight-Swift.h"
    for name, what in ("PilotlightCore", core), ("Pilotlight", face):
        said = apple_swift("objc-swift", minimum, *what, "-parse-as-library", "-application-extension", "-module-name", name, "-package-name", "pilotlight",
                           *c_module(module_map), "-I", scratch, *sources(library / name))
        if said:
            return f"{name}, as Objective-C sees it:\n{said}"
    (scratch / "module.modulemap").write_text('module Pilotlight {\n    header "Pilotlight-Swift.h"\n    export *\n}\n', encoding="ascii")
    files = [file for folder in folders for file in sorted(folder.rglob("*.m"))]
    if not files:
        return f"no Objective-C in {', '.join(map(str, folders))}"
    for file in files:
        said = apple_swift("objc", minimum, f"-fmodules-cache-path={scratch / 'modules'}", f"-fmodule-map-file={scratch / 'module.modulemap'}", "-I", headers, file)
        if said:
            return said
    print(f"{len(files)} files of Objective-C compile for iOS {minimum}")
    return ""


def uniffi_symbols(file):
    """The symbols of the Rust side that an object or a linked image needs but does not have."""
    return {symbol for symbol in macho.read_object(file.read_bytes()).undefined if re.match(r"_(uniffi|ffi)_", symbol)}


def link_faults(module_map, library, folder, minimum, scratch):
    """A sentence for each fault of the generated Swift in `folder`, linked with the library."""
    compiled, linked = scratch / "generated.o", scratch / "generated.dylib"
    said = apple_swift("swiftc", minimum, "-c", "-wmo", "-parse-as-library", "-module-name", "PilotlightCore",
                       *c_module(module_map), "-o", compiled, *sources(folder))
    if said:
        return [said]
    needed = uniffi_symbols(compiled)
    if not needed:
        return [f"{folder} calls nothing of the library"]
    said = apple_swift("link", minimum, linked, compiled, library)
    if said:
        return [said]
    print(f"{len(needed)} UniFFI symbols are called")
    return [f"{symbol} is called and is not in {library}" for symbol in sorted(uniffi_symbols(linked) - exports(library))]


def exports(library):
    """The symbols that a linked library exports; those of a static one are already in the image."""
    linked = (data for data in macho.slices(library.read_bytes()) if data[:4] == macho.MACH_O_64)
    return {symbol for data in linked for symbol in macho.read_object(data).defined}


def object_sizes(module_map, modules, scratch):
    """({module: bytes of code and data of its object, compiled as an app's release build compiles a package}, what the compiler said)."""
    found = {}
    for name, folders, minimum in modules:
        built = scratch / f"{name}.o"
        said = apple_swift("swiftc", minimum, "-c", "-O", "-wmo", "-parse-as-library", "-module-name", name, *same_package(folders[0]), *kind(name),
                           *c_module(module_map), "-I", scratch, "-emit-module-path", scratch / f"{name}.swiftmodule", "-o", built, *sources(*folders))
        if said:
            return found, f"{name}, for iOS {minimum}:\n{said}"
        found[name] = weight_of_object(macho.read_object(built.read_bytes()))
    return found, ""


def weight_of_object(one):
    """Without the parts that the linker reads but leaves out."""
    return sum(section.size for section in one.sections if section.in_file and section.segment not in ("__LD", "__DWARF"))


def read_budgets(text):
    return {name: int(size) for name, size in (line.split() for line in text.splitlines() if line and not line.startswith("#"))}


def compare_budgets(found, budgets):
    """A sentence for each module over its budget."""
    for name, size in found.items():
        budget = budgets.get(name, 0)
        print(f"{name}: {size} bytes, budget {budget}")
        if size > budget * (1 + TOLERANCE):
            yield f"{name} weighs {size} bytes, over {TOLERANCE:.0%} more than the {budget} of its budget"


def module_of(word):
    found = re.fullmatch(r"(\w+)=(.+)@([0-9.]+)", word)
    if not found:
        raise SystemExit(f"not NAME=FOLDER[,FOLDER…]@MINIMUM-IOS: {word}")
    return found[1], [pathlib.Path(folder).resolve() for folder in found[2].split(",")], found[3]


def main():
    verb, module_map, rest = sys.argv[1], pathlib.Path(sys.argv[2]).resolve(), sys.argv[3:]
    with tempfile.TemporaryDirectory() as made:
        if verb == "compile":
            said = compile_modules(module_map, [module_of(word) for word in rest], pathlib.Path(made))
            faults = [said] if said else []
        elif verb == "objc":
            library, minimum, headers, *folders = rest
            said = objective_c_faults(module_map, pathlib.Path(library).resolve(), minimum, pathlib.Path(headers).resolve(),
                                      [pathlib.Path(folder).resolve() for folder in folders], pathlib.Path(made))
            faults = [said] if said else []
        elif verb in ("size", "accept"):
            budget, modules = pathlib.Path(rest[0]), [module_of(word) for word in rest[1:]]
            found, said = object_sizes(module_map, modules, pathlib.Path(made))
            if said:
                faults = [said]
            elif verb == "accept":
                budget.write_text(BUDGET_HEAD + "".join(f"{name} {size}\n" for name, size in found.items()), encoding="ascii")
                faults = []
            else:
                faults = list(compare_budgets(found, read_budgets(budget.read_text(encoding="ascii"))))
        elif verb == "link":
            library, folder = (pathlib.Path(name).resolve() for name in rest[:2])
            faults = link_faults(module_map, library, folder, rest[2], pathlib.Path(made))
        else:
            sys.exit(__doc__)
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
