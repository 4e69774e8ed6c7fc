"""Proves that the model finds mistakes: each is made in a copy of the sources, and a promise must break.

scripts/model.sh --mutations [NAME…]: those whose description contains one of the NAMEs. Prints what docs/figures/reliability.json
holds as "model_mutations".
mutations.py --check: only that the sources still have what each of them replaces.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import time

CHECKOUT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(CHECKOUT / "rust-core/tests/simulation"))
import mutations as simulation  # noqa: E402  how the sources are copied
from mistakes import MISTAKES  # noqa: E402

simulation.COPY = COPY = simulation.TARGET / "model-mutations"
STATES = os.environ.get("PILOTLIGHT_MODEL_STATES", "1000000")


def run(test):
    """The promises that break, in the model's words."""
    command = ["cargo", "test", "--locked", "--package", "pilotlight-core", "--profile", "model", "--test", "model", "--"]
    command += ["--nocapture", "--test-threads=1", "--include-ignored", test]
    environment = {**os.environ, "PILOTLIGHT_MODEL_STATES": STATES, "CARGO_TARGET_DIR": str(COPY / "target"), "RUST_BACKTRACE": "0"}
    done = subprocess.run(command, cwd=COPY, env=environment, capture_output=True, text=True, errors="replace")
    said = done.stderr + done.stdout
    if "running " not in said:
        sys.exit(f"the model was not built:\n{said[-4000:]}")
    broken = re.findall(r"^([\w-]+) \(Bounds .*broken: (.*)$", said, re.MULTILINE)
    steps = [int(steps) for steps in re.findall(r"^after (\d+) steps$", said, re.MULTILINE)]
    panics = re.findall(r"panicked at rust-core/tests/model/(?!check).*\n(.*)", said)
    return broken, steps, panics


def check_places(mistakes):
    """Before an hour is spent: each mistake still finds its place."""
    texts = {file: (CHECKOUT / "rust-core/src" / file).read_text(encoding="utf-8") for _, _, _, file, _, _ in mistakes}
    moved = [
        f"{what}: {file} has its old text {texts[file].count(old)} times"
        for what, _, _, file, old, _ in mistakes
        if texts[file].count(old) != 1
    ]
    if moved:
        sys.exit("\n".join([*moved, "the code has changed: make the mistake in its new text"]))


def main(names):
    if names == ["--check"]:
        check_places(MISTAKES)
        return 0
    chosen = [mistake for mistake in MISTAKES if not names or any(name in mistake[0] for name in names)]
    check_places(chosen)
    rows, missed = [], 0
    for number, (what, promise, test, file, old, new) in enumerate(chosen, 1):
        began = time.monotonic()
        simulation.copy_checkout()
        path = COPY / "rust-core/src" / file
        simulation.write(path, path.read_text(encoding="utf-8").replace(old, new))
        broken, steps, panics = run(test)
        # The one that must break, or another that breaks sooner.
        found = sorted(zip(broken, steps), key=lambda found: not found[0][1].startswith(promise))
        if found or panics:
            (world, words), length = found[0] if found else (("", panics[0]), None)
            rows.append({"mistake": what, "promise": words, "world": world, "steps": length})
        else:
            missed += 1
            rows.append({"mistake": what, "promise": "not found", "world": "", "steps": None})
        print(f"[{number}/{len(chosen)}] {rows[-1]} ({time.monotonic() - began:.0f} s)", file=sys.stderr, flush=True)
    print(json.dumps(rows, indent=1, ensure_ascii=False))
    print(f"{len(chosen) - missed} mistakes found, {missed} not", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
