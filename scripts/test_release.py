"""Proves that release.sh refuses what must not be released and writes a manifest that SwiftPM reads.

It runs in a separate repository, made from this checkout's files, with a fake build.
"""

import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent
COPIED = ["scripts", "bindings/Pilotlight/Sources", "Package.swift", "rust-core/Cargo.toml", "rust-core/aes-gcm/Cargo.toml", "Cargo.toml", "Cargo.lock", ".gitignore", "LICENSE-MIT", "LICENSE-APACHE"]
VERSION = re.search(r'\[workspace\.package\]\nversion = "(.+)"', (CHECKOUT / "Cargo.toml").read_text(encoding="utf-8"))[1]
OTHER = "98.76.54"
BASE = "https://downloads.example.com/pilotlight"
CHANGELOG = f"# Changelog\n\n## Unreleased\n\n## {VERSION} - 2026-01-31\n\n### Added\n- Everything.\n\n## 0.0.1 - 2025-01-31\n\n- Less.\n"

# Makes what build-xcframework.sh makes, out of nothing that needs a compiler.
BUILD = """#!/usr/bin/env bash
set -euo pipefail
. scripts/lib.sh
package=build/$app_module
rm -rf build && mkdir -p $package/Sources $package/$ffi_module.xcframework build/symbols
cp -R bindings/Pilotlight/Sources/{PilotlightCore,Pilotlight} $package/Sources/
cp scripts/apple/Package.swift LICENSE-* $package/
echo slice >$package/$ffi_module.xcframework/library.a
echo symbols >build/symbols/library.a
python3 -B scripts/apple/xcframework.py zip $package/$ffi_module.xcframework build/$ffi_module.xcframework.zip
if [ -n "${PRETEND_COMMIT:-}" ]; then git commit --quiet --allow-empty --message meanwhile; fi
finish
"""
CHECK = """#!/usr/bin/env bash
[ "$1" = --built ] && [ -d build/Pilotlight ] && [ -z "${PRETEND_FAULT:-}" ]
"""


class Release(unittest.TestCase):
    def setUp(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.folder = pathlib.Path(made.name).resolve() / "checkout"
        for name in COPIED:
            source, target = CHECKOUT / name, self.folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(source, target)
        self.write("CHANGELOG.md", CHANGELOG)
        self.write("scripts/build-xcframework.sh", BUILD)
        self.write("scripts/check-apple.sh", CHECK)
        self.environment = {name: text for name, text in os.environ.items() if not name.startswith(("GIT_", "PILOTLIGHT_"))}
        for role in ("AUTHOR", "COMMITTER"):
            self.environment |= {f"GIT_{role}_NAME": "Nobody", f"GIT_{role}_EMAIL": "nobody@example.com"}
        self.git("init", "--quiet")
        self.commit()

    def write(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")

    def replace(self, name, old, new):
        text = (self.folder / name).read_text(encoding="utf-8")
        self.assertIn(old, text)
        self.write(name, text.replace(old, new))

    def git(self, *words):
        subprocess.run(["git", *words], cwd=self.folder, env=self.environment, check=True)

    def commit(self):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "as it is")

    def run_script(self, *words, **environment):
        return subprocess.run(
            ["scripts/release.sh", *words], cwd=self.folder, env=self.environment | environment,
            stdin=subprocess.DEVNULL, capture_output=True, text=True)

    def assert_refused(self, reason, *words, **environment):
        done = self.run_script(*(words or (VERSION, "--url-base", BASE)), **environment)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(reason, done.stderr)
        self.assertFalse((self.folder / "build/release").exists())

    def test_a_release(self):
        done = self.run_script(VERSION, "--url-base", BASE + "/")
        self.assertEqual(done.returncode, 0, done.stderr)
        release, url = self.folder / "build/release", f"{BASE}/{VERSION}/PilotlightFFI.xcframework.zip"
        checksum = hashlib.sha256((release / "PilotlightFFI.xcframework.zip").read_bytes()).hexdigest()
        for words in (url, f"git tag --annotate {VERSION}", f"cp {release}/Package.swift Package.swift", "Nothing was published"):
            self.assertIn(words, done.stdout)
        notes = (release / "notes.md").read_text(encoding="utf-8")
        self.assertTrue(notes.startswith("### Added\n- Everything.\n\n### What this was made of\nCommit `"), notes)
        commit = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=self.folder, env=self.environment, text=True).strip()
        for words in (commit, checksum, "PilotlightFFI.cdx.json"):
            self.assertIn(words, notes)
        self.assertIn(f"{release}/PilotlightFFI.xcframework.zip {release}/PilotlightFFI.cdx.json\n", done.stdout)
        self.assert_bill(json.loads((release / "PilotlightFFI.cdx.json").read_text(encoding="utf-8")), commit, url, checksum)
        self.assertTrue((release / "symbols/library.a").is_file())
        manifest = self.described(release)
        binary, = [one for one in manifest["targets"] if one["type"] == "binary"]
        self.assertEqual((binary["name"], binary["url"], binary["checksum"]), ("PilotlightFFI", url, checksum))
        self.assert_same_package(manifest, self.described(self.folder))
        self.assert_same_package(manifest, self.described(self.folder / "build/Pilotlight"))
        # The next step of a maintainer: the manifest at the root becomes the release's, and can be generated again for the
        # next one.
        shutil.copy2(release / "Package.swift", self.folder / "Package.swift")
        for target in manifest["targets"]:
            if target["type"] != "binary":
                self.assertTrue((self.folder / target["path"]).is_dir(), target["path"])
                for resource in target["resources"]:
                    self.assertTrue((self.folder / target["path"] / resource["path"]).is_file())
        self.commit()
        again = self.run_script(VERSION, "--url-base", "https://elsewhere.example.com")
        self.assertEqual(again.returncode, 0, again.stderr)
        binary, = [one for one in self.described(release)["targets"] if one["type"] == "binary"]
        self.assertEqual(binary["url"], f"https://elsewhere.example.com/{VERSION}/PilotlightFFI.xcframework.zip")
        # And the checkout is as it was: nothing was tagged, nothing committed.
        self.assertEqual(subprocess.check_output(["git", "tag"], cwd=self.folder, env=self.environment), b"")

    def assert_same_package(self, one, other):
        """But for where the parts are."""
        def bare(manifest):
            targets = [{**target, "path": None} for target in manifest["targets"] if target["type"] != "binary"]
            return {**manifest, "packageKind": None, "targets": targets}

        self.assertEqual(bare(one), bare(other))

    def assert_bill(self, bill, commit, url, checksum):
        self.assertEqual((bill["bomFormat"], bill["specVersion"]), ("CycloneDX", "1.5"))
        described = bill["metadata"]["component"]
        self.assertEqual((described["name"], described["version"]), ("pilotlight-core", VERSION))
        self.assertEqual(described["externalReferences"], [{"type": "distribution", "url": url, "hashes": [{"alg": "SHA-256", "content": checksum}]}])
        self.assertIn({"name": "pilotlight:commit", "value": commit}, bill["metadata"]["properties"])
        self.assertNotIn(str(self.folder), json.dumps(bill))
        parts = {one["name"]: one for one in bill["components"]}
        shipped = {name for name, one in parts.items() if one["scope"] != "excluded"}
        # The crates that are linked into the library, on a device too, but not those that only tests, tools or other systems
        # use.
        self.assertLessEqual({"aes-gcm", "ed25519-dalek", "rustls", "reqwest", "security-framework-sys", "uniffi_core", "zeroize", "std"}, shipped)
        self.assertFalse(shipped & {"serde_derive", "syn", "proc-macro2"})
        self.assertFalse(set(parts) & {"criterion", "stateright", "uniffi_bindgen", "clap", "linux-raw-sys", "ring", "windows-sys", "pilotlight-test-browser"})
        for name, one in parts.items():
            self.assertTrue(one["version"] and one["licenses"], name)
            if name != "std":
                self.assertRegex(one["hashes"][0]["content"], r"^[0-9a-f]{64}$", name)
        self.assertRegex(parts["std"]["version"], r"^1\.\d+\.\d+")

    def test_a_bill_of_materials_that_is_not_what_is_locked(self):
        subprocess.run(["bash", "scripts/build-xcframework.sh"], cwd=self.folder, env=self.environment, check=True)
        # Another crate with the right name, as a changed index or a changed tool would bring it.
        self.replace("scripts/bill_of_materials.py", "    check(bill)", "    bill['components'][0]['hashes'][0]['content'] = '0' * 64\n    check(bill)")
        self.commit()
        self.assert_refused("is not in Cargo.lock with that checksum", VERSION, "--url-base", BASE, "--dry-run")

    def described(self, package):
        return json.loads(subprocess.check_output(
            ["scripts/swift.sh", "package", "--package-path", package, "dump-package"], cwd=self.folder, env=self.environment))

    def test_a_dry_run_builds_nothing(self):
        self.assert_refused("is not there", VERSION, "--url-base", BASE, "--dry-run")
        subprocess.run(["bash", "scripts/build-xcframework.sh"], cwd=self.folder, env=self.environment, check=True)
        self.write("scripts/build-xcframework.sh", "exit 1\n")
        self.commit()
        done = self.run_script(VERSION, "--dry-run", PILOTLIGHT_RELEASE_URL_BASE=BASE)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("do not publish", done.stderr)
        self.assertEqual(done.stdout, "")
        self.write("build/PilotlightFFI.xcframework.zip.sha256", "0" * 64 + "  PilotlightFFI.xcframework.zip\n")
        self.assert_refused("is not of build/PilotlightFFI.xcframework.zip", VERSION, "--url-base", BASE, "--dry-run")
        self.replace("bindings/Pilotlight/Sources/Pilotlight/Session.swift", "import", "// Later.\nimport")
        self.commit()
        self.assert_refused("made from other sources", VERSION, "--url-base", BASE, "--dry-run")

    def test_versions_that_do_not_agree(self):
        self.assert_refused(f"Cargo.toml has the version {VERSION}, not {OTHER}", OTHER, "--url-base", BASE)
        self.replace("Cargo.toml", f'version = "{VERSION}"\nedition', f'version = "{OTHER}"\nedition')
        self.commit()
        self.assert_refused(f"Cargo.lock has pilotlight-core in version {VERSION}, not {OTHER}", OTHER, "--url-base", BASE)

    def test_what_is_no_version(self):
        for word in ("v1.2.3", "1.2", "latest", "1.2.3 4", ""):
            with self.subTest(word):
                self.assert_refused("version", word, "--url-base", BASE)

    def test_changes_that_no_commit_holds(self):
        self.write("new.txt", "new")
        self.assert_refused("new.txt")
        os.remove(self.folder / "new.txt")
        self.replace("CHANGELOG.md", "Everything", "All")
        self.assert_refused("CHANGELOG.md")
        # And at once, not after minutes of building.
        self.assertFalse((self.folder / "build").exists())

    def test_changelogs(self):
        heading = f"## {VERSION} - 2026-01-31"
        for reason, old, new in (
            ("newest entry", f"{heading}\n\n### Added\n- Everything.\n\n", ""),
            ("newest entry", heading, f"## {VERSION}"),
            ("newest entry", heading, f"## {VERSION}0 - 2026-01-31"),
            ("newest entry", heading, f"## {OTHER} - 2026-02-28\n\n- Later.\n\n{heading}"),
            ("is empty", "### Added\n- Everything.\n", ""),
            ("under Unreleased", "## Unreleased\n", "## Unreleased\n- More.\n"),
        ):
            with self.subTest(new):
                self.write("CHANGELOG.md", CHANGELOG)
                self.replace("CHANGELOG.md", old, new)
                self.commit()
                self.assert_refused(reason)

    def test_urls(self):
        for reason, words in (
            ("not known", ()),
            ("not known", ("--url-base", "https://github.com/OWNER/pilotlight/releases/download")),
            ("not an https URL", ("--url-base", "http://downloads.example.com")),
            ("not an https URL", ("--url-base", 'https://a.example.com/"|e')),
        ):
            with self.subTest(words):
                self.assert_refused(reason, VERSION, *words)

    def test_a_tag_on_another_commit(self):
        self.git("tag", VERSION)
        self.commit()
        self.assert_refused(f"the tag {VERSION} is there already")

    def test_a_build_with_faults(self):
        self.assert_refused("has faults", PRETEND_FAULT="1")

    def test_a_commit_during_the_build(self):
        self.assert_refused("another commit came", PRETEND_COMMIT="1")


if __name__ == "__main__":
    unittest.main()
