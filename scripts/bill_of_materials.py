"""Writes the bill of materials (CycloneDX) of a release with cargo-cyclonedx: the crates in the XCFramework.

    bill_of_materials.py OUT --tool PROGRAM --commit COMMIT --time SECONDS --url URL --sha256 SUM --rust VERSION

cargo-cyclonedx lists everything that cargo resolves for a whole workspace, including tests and tools. For that reason it runs in a
workspace that contains only the core, without test dependencies. Crates that cargo does not build for a device are left out, and
crates that only run during the build (macros) have the scope "excluded", CycloneDX's term for components that do not ship. The
result is the same on each machine.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent
TARGET = "aarch64-apple-ios"
# Parts of the core that are separate crates. They are not listed as components, but their dependencies are.
OWN = ("aes-gcm",)
# Tables of rust-core/Cargo.toml for tests and benchmarks, up to the next table.
FOR_TESTS = re.compile(r"^\[(?:target\.[^\n]*\.)?dev-dependencies\]\n(?:(?!\[).*\n?)*|^\[\[(?:bench|test|example)\]\]\n(?:(?!\[).*\n?)*", re.M)


def core_alone(folder):
    """A workspace in `folder` with the core's dependencies, as they are locked."""
    workspace = (CHECKOUT / "Cargo.toml").read_text(encoding="utf-8")
    workspace, replaced = re.subn(r"^members = \[.*?\]", 'members = ["rust-core"]', workspace, flags=re.M | re.S)
    if replaced != 1:
        sys.exit("Cargo.toml names its members in another way than bill_of_materials.py expects")
    (folder / "Cargo.toml").write_text(workspace, encoding="utf-8")
    (folder / "Cargo.lock").write_bytes((CHECKOUT / "Cargo.lock").read_bytes())
    core = FOR_TESTS.sub("", (CHECKOUT / "rust-core/Cargo.toml").read_text(encoding="utf-8"))
    (folder / "rust-core/src").mkdir(parents=True)
    (folder / "rust-core/Cargo.toml").write_text(core, encoding="utf-8")
    (folder / "rust-core/src/lib.rs").touch()
    for own in OWN:
        (folder / "rust-core" / own / "src").mkdir(parents=True)
        manifest = (CHECKOUT / "rust-core" / own / "Cargo.toml").read_text(encoding="utf-8")
        (folder / "rust-core" / own / "Cargo.toml").write_text(FOR_TESTS.sub("", manifest), encoding="utf-8")
        (folder / "rust-core" / own / "src/lib.rs").touch()


def listed_by(tool, time):
    with tempfile.TemporaryDirectory(prefix="pilotlight.") as made:
        folder = pathlib.Path(made).resolve()
        core_alone(folder)
        environment = os.environ | {"SOURCE_DATE_EPOCH": str(time), "CARGO_TARGET_DIR": str(folder / "target")}
        subprocess.run(
            [tool, "cyclonedx", "--manifest-path", folder / "rust-core/Cargo.toml", "--format", "json", "--spec-version", "1.5",
             "--target", TARGET, "--no-build-deps", "--quiet"], env=environment, check=True, stdout=sys.stderr)
        found, = folder.glob("rust-core/*.cdx.json")
        # The folder's name is of this run.
        bill = json.loads(found.read_text(encoding="utf-8").replace(str(folder), "/pilotlight"))
        built, shipped = tree(folder, "normal"), tree(folder, "normal,no-proc-macro")
    return without_own(only(bill, built, shipped))


def tree(folder, edges):
    """The crates that cargo builds for a device: names and versions."""
    lines = subprocess.run(["cargo", "tree", "--quiet", "--edges", edges, "--target", TARGET, "--prefix", "none", "--format", "{p}"], cwd=folder / "rust-core",
                           check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    return {(words[0], words[1].removeprefix("v")) for words in map(str.split, lines) if words}


def only(bill, built, shipped):
    """`bill` with what was built, which says of each whether it ships."""
    kept = [one for one in bill["components"] if (one["name"], one["version"]) in built]
    for one in kept:
        if (one["name"], one["version"]) not in shipped:
            one["scope"] = "excluded"
    missing = shipped - {(one["name"], one["version"]) for one in [*kept, bill["metadata"]["component"]]}
    if missing:
        sys.exit(f"cargo-cyclonedx does not list {sorted(missing)}")
    names = {one["bom-ref"] for one in [*kept, bill["metadata"]["component"]]}
    bill["components"] = kept
    bill["dependencies"] = [one for one in bill["dependencies"] if one["ref"] in names]
    for one in bill["dependencies"]:
        one["dependsOn"] = [name for name in one.get("dependsOn", []) if name in names]
    return bill


def without_own(bill):
    """The core's own crates are the core: it depends on what they depend on."""
    core = bill["metadata"]["component"]["bom-ref"]
    names = {f"pilotlight-{own}" for own in OWN}
    own = {one["bom-ref"] for one in bill["components"] if one["name"] in names}
    needed = [name for one in bill["dependencies"] if one["ref"] in own | {core} for name in one["dependsOn"]]
    bill["components"] = [one for one in bill["components"] if one["bom-ref"] not in own]
    bill["dependencies"] = [one for one in bill["dependencies"] if one["ref"] not in own]
    for one in bill["dependencies"]:
        if one["ref"] == core:
            one["dependsOn"] = sorted(set(needed) - own)
    return bill


def locked():
    """What Cargo.lock allows: name, version and checksum."""
    text = (CHECKOUT / "Cargo.lock").read_text(encoding="utf-8")
    return set(re.findall(r'\[\[package\]\]\nname = "(.*)"\nversion = "(.*)"\nsource = ".*"\nchecksum = "(.*)"\n', text))


def check(bill):
    allowed = locked()
    for one in bill["components"]:
        sums = [hash["content"] for hash in one.get("hashes", []) if hash["alg"] == "SHA-256"]
        if (one["name"], one["version"], *sums) not in allowed:
            sys.exit(f"{one['name']} {one['version']} is not in Cargo.lock with that checksum")
        if not one.get("licenses"):
            sys.exit(f"{one['name']} {one['version']} names no licence")


def complete(bill, options):
    """Adds what only the release knows: the file, the commit, and the standard library, which is no crate of Cargo.lock."""
    described = bill["metadata"]["component"]
    described["externalReferences"] = [
        {"type": "distribution", "url": options.url, "hashes": [{"alg": "SHA-256", "content": options.sha256}]}]
    bill["metadata"].setdefault("properties", []).append({"name": "pilotlight:commit", "value": options.commit})
    bill["components"].append({
        "type": "library", "bom-ref": f"rust-std@{options.rust}", "name": "std", "version": options.rust, "scope": "required",
        "description": "Rust's standard library, linked into the static library",
        "licenses": [{"expression": "MIT OR Apache-2.0"}], "purl": f"pkg:generic/rust-std@{options.rust}"})
    bill["dependencies"].append({"ref": f"rust-std@{options.rust}"})
    root, = [one for one in bill["dependencies"] if one["ref"] == described["bom-ref"]]
    root["dependsOn"].append(f"rust-std@{options.rust}")


def main():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("out", type=pathlib.Path)
    for name in ("tool", "commit", "time", "url", "sha256", "rust"):
        parser.add_argument(f"--{name}", required=True)
    options = parser.parse_args()
    bill = listed_by(options.tool, options.time)
    check(bill)
    complete(bill, options)
    options.out.write_text(json.dumps(bill, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
