"""Proves that the simulation finds mistakes: each is made in a copy of the sources, and a seed must fail.

scripts/simulate.sh --mutations [NAME…]: those whose description contains one of the NAMEs. What no seed can tell apart is found by a
test of the session, which is named beside the mistake.
mutations.py --check: only that the sources still have what each of them replaces.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

CHECKOUT = pathlib.Path(__file__).resolve().parents[3]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", CHECKOUT / "target")).resolve()
# Always the same place, so that cargo builds again only what a mistake changes. What is built is there as well: cargo takes
# packages at the same path below two folders for the same, and would use a mistake's library for the checkout.
COPY = TARGET / "simulation-mutations"
COPIED = ["Cargo.toml", "Cargo.lock", ".cargo", "rust-core", "testing", "bindings/uniffi-bindgen"]
SEEDS = int(os.environ.get("PILOTLIGHT_SIMULATION_SEEDS", "20000"))

# What is wrong, file under rust-core/src, old text, new text, further pairs of them.
MISTAKES = [
    (
        "the store is not read again before a renewal",
        "session/tokens/renewer.rs",
        "if store.is_shared()\n            && store.merge().await?",
        "if false\n            && store.merge().await?",
        "&& store.prove_writable().await?",
        "&& false",
    ),
    (
        "before a renewal the store is compared, and not read",
        "session/tokens/renewer.rs",
        "if store.is_shared()\n            && store.merge().await?",
        "if false\n            && store.merge().await?",
    ),
    (
        "after a refusal the store is not read again",
        "session/tokens/renewer.rs",
        "let ends = !store.merge().await? && self",
        "let ends = self",
    ),
    (
        "a refusal of an older refresh token ends the session",
        "machine/rules/renewal.rs",
        "if !is_current {",
        "if false && !is_current {",
    ),
    (
        "a session that goes on after its end is not announced again",
        "machine/rules/renewal.rs",
        "had_ended && goes_on && ",
        "had_ended && goes_on && false && ",
    ),
    (
        "an old read replaces the process's own newer write",
        "machine/rules/merging.rs",
        "machine.provenance.looks == input.looks",
        "machine.provenance.looks >= input.looks",
    ),
    (
        "a write replaces whatever is there",
        "session/store/writer.rs",
        "            self.swap_until_it_is_written().await\n",
        "            self.write_over_everything().await\n",
    ),
    (
        "the rotated token is not stored at once",
        "session/tokens/renewer.rs",
        "let saved = self.store.save_in_flight().await;",
        "let saved: Result<(), Error> = Ok(());",
    ),
    (
        "subscribers are notified before the token is stored",
        "session/tokens/renewer.rs",
        "let saved = self.store.save_in_flight().await;",
        "self.context.apply(crate::machine::input::WriteAttempted { revision: u64::MAX });\n"
        "        self.context.publish();\n        let saved = self.store.save_in_flight().await;",
    ),
    (
        "a caller during a renewal publishes it before it is stored",
        "machine/rules/store.rs",
        "if machine.session().is_none() || machine.ledger.is_attempted(machine.ledger.tokens()) {",
        "{",
    ),
    (
        "the generation of an answer is not checked",
        "machine/state.rs",
        "Phase::Session(session) if self.generation == asked => Some(session),",
        "Phase::Session(session) if self.generation == asked || true => Some(session),",
    ),
    (
        "a 5xx ends the session",
        "protocol/failure.rs",
        "    if let Some(passing) = passing_trouble(endpoint, answer, now) {\n        return passing;\n    }\n    let text",
        "    if answer.status >= 500 && grant == Grant::RefreshToken {\n"
        "        return ProtocolError::RefreshTokenRejected;\n    }\n    let text",
    ),
    (
        "an empty 400 ends the session",
        "protocol/failure.rs",
        '        "invalid_grant" if matches!(answer.status, 400 | 401 | 403) => match grant {',
        '        "invalid_grant" | "" if matches!(answer.status, 400 | 401 | 403) => match grant {',
        '_ => unexpected(endpoint, answer, "a refusal that is cut off"),',
        "_ => error,",
    ),
    (
        "processes do not take the lock",
        "session/store/process_lock.rs",
        "Sharing::Alone => Ok(ProcessLockGuard { held: None }),",
        "Sharing::Alone | Sharing::Processes(_) => Ok(ProcessLockGuard { held: None }),",
    ),
    (
        "the lock is never released",
        "session/store/process_lock.rs",
        "            place.close();\n",
        "            let _ = place;\n",
    ),
    (
        "a process renews several times at once",
        "session/single_flight.rs",
        "if let Some(flight) = &*slot {",
        "if let Some(flight) = slot.as_ref().filter(|_| false) {",
    ),
    (
        "a lost answer is not asked for again",
        "machine/retry.rs",
        "        self.lost <= LOST_ANSWERS && ",
        "        self.lost == 0 && ",
    ),
    (
        "a lost answer is asked for again and again",
        "machine/retry.rs",
        "const LOST_ANSWERS: u32 = 2;",
        "const LOST_ANSWERS: u32 = 9;",
    ),
    (
        "a failed write counts as written",
        "session/store/writer.rs",
        "let is_replaced = self.item.swap(seen, value).await?;",
        "let is_replaced = self.item.swap(seen, value).await.unwrap_or(true);",
    ),
    (
        "a write that came too late counts as written",
        "session/store/writer.rs",
        "let is_replaced = self.item.swap(seen, value).await?;",
        "let is_replaced = self.item.swap(seen, value).await.map(|_| true)?;",
    ),
    (
        "an older version of the session replaces a newer one",
        "machine/rules/versions.rs",
        "let order = version(&found).cmp(&version(&held));",
        "let order = version(&found).cmp(&version(&held)).max(version(&held).cmp(&version(&found)));",
    ),
    (
        "a session that was signed out is used again",
        "machine/rules/merging.rs",
        "!machine.departure.is_from(found)",
        "true || !machine.departure.is_from(found)",
    ),
    (
        "a late cleanup removes another process's sign-in",
        "machine/rules/merging.rs",
        "!machine.departure.is_from(found)",
        "false && !machine.departure.is_from(found)",
    ),
    (
        "a sign-out removes whatever is there",
        "session/store/writer.rs",
        "let is_replaced = self.item.swap(seen, value).await?;",
        "let is_replaced = if value.is_none() { self.item.replace(value).await.map(|()| true)? } else { self.item.swap(seen, value).await? };",
    ),
    (
        "a locked device counts as an empty store",
        "session/store/reader.rs",
        "self.context.apply(StoreLocked);",
        "self.restored(None, None, None);",
    ),
    (
        "a renewal keeps the refresh token it was made with",
        "machine/rules/renewal.rs",
        "refresh_token: answer.refresh_token.or_else(|| kept.refresh_token.take()),",
        "refresh_token: kept.refresh_token.take(),",
    ),
    (
        "an unstored change is published after the session has ended",
        "machine/announcements.rs",
        "matches!(event, SessionEvent::SignedOut { .. })",
        "event == event",
    ),
    (
        "expired tokens are handed out",
        "model/credentials.rs",
        "Freshness::RenewalDue => false,",
        "Freshness::RenewalDue => min_ttl.is_zero(),",
    ),
]

# Which test of the session finds what makes no difference to the promises that the simulation looks after.
FOUND_BY_A_TEST = {
    "before a renewal the store is compared, and not read": "unwritable_store::the_token_of_another_process_serves",
    "after a refusal the store is not read again": "sharing::a_refusal_counts_only",
    "a session that goes on after its end is not announced again": "overtaken_writes::a_session_that_goes_on_after_its_end",
    "an old read replaces the process's own newer write": "newer_sign_ins",
}


def copy_checkout():
    for name in COPIED:
        source, place = CHECKOUT / name, COPY / name
        if source.is_dir():
            # What the checkout no longer has.
            for file in place.rglob("*"):
                if file.is_file() and not (source / file.relative_to(place)).is_file():
                    file.unlink()
            ignore = shutil.ignore_patterns("target", "node_modules", "fuzz")
            # Only what changed gets a new time: cargo goes by it.
            for folder, folders, files in os.walk(source):
                skipped = ignore(folder, folders)
                folders[:] = [inner for inner in folders if inner not in skipped]
                for file in files:
                    put(pathlib.Path(folder) / file, place / pathlib.Path(folder).relative_to(source) / file)
        else:
            put(source, place)
    manifest = COPY / "rust-core/Cargo.toml"
    write(manifest, manifest.read_text().replace('crate-type = ["lib", "staticlib", "cdylib"]', 'crate-type = ["lib"]'))


def put(source, place):
    content = source.read_bytes()
    if not place.exists() or place.read_bytes() != content:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


def write(path, text):
    if path.read_text() != text:
        path.write_text(text)


def seeds_until_caught():
    command = ["--test", "simulation", "--", "--nocapture", "nobody_is_signed_out_by_accident"]
    run = cargo_test(command, PILOTLIGHT_SIMULATION_SEEDS=str(SEEDS))
    caught = re.search(r"seed (\d+) \((.*?)\): (.*)", run.stderr + run.stdout)
    if run.returncode != 0 and not caught:
        sys.exit(f"the tests did not run:\n{run.stderr[-4000:]}")
    if run.returncode == 0:
        return None
    seed, profile, violation = caught.groups()
    return int(seed) + 1, profile, shorten(violation)


def test_that_caught(name):
    run = cargo_test(["--test", "session", "--", name])
    failed = re.findall(r"^test (\S+) \.\.\. FAILED$", run.stdout, re.MULTILINE)
    if run.returncode != 0 and not failed or " 0 passed" in run.stdout and not failed:
        sys.exit(f"{name} did not run:\n{run.stderr[-4000:]}{run.stdout[-400:]}")
    return ("", "a test", f"`session {failed[0]}`") if failed else None


def cargo_test(arguments, **environment):
    environment = {**os.environ, **environment, "CARGO_TARGET_DIR": str(COPY / "target"), "RUST_BACKTRACE": "0"}
    # Optimised: what only one seed in thousands finds takes longer to run than to build.
    command = ["cargo", "test", "--locked", "--profile", "model", "--package", "pilotlight-core", *arguments]
    return subprocess.run(command, cwd=COPY, env=environment, capture_output=True, text=True, errors="replace")


def check_places():
    """Before hours are spent: each mistake still finds its place."""
    counts = [
        (what, file, (CHECKOUT / "rust-core/src" / file).read_text(encoding="utf-8").count(old))
        for what, file, *edits in MISTAKES
        for old in edits[::2]
    ]
    moved = [f"{what}: {file} has its old text {count} times" for what, file, count in counts if count != 1]
    if moved:
        sys.exit("\n".join([*moved, "the code has changed: make the mistake in its new text"]))


def make(file, edits):
    path = COPY / "rust-core/src" / file
    text = path.read_text(encoding="utf-8")
    for old, new in zip(edits[::2], edits[1::2]):
        text = text.replace(old, new)
    write(path, text)


def main(names):
    check_places()
    if names == ["--check"]:
        return 0
    chosen = [mistake for mistake in MISTAKES if not names or any(name in mistake[0] for name in names)]
    rows, missed = [], 0
    for number, (what, file, *edits) in enumerate(chosen, 1):
        began = time.monotonic()
        copy_checkout()
        make(file, edits)
        caught = test_that_caught(FOUND_BY_A_TEST[what]) if what in FOUND_BY_A_TEST else seeds_until_caught()
        if caught is None:
            missed += 1
            caught = (f"not in {SEEDS}", "", "")
        rows.append(f"| {what} | {' | '.join(map(str, caught))} |")
        print(f"[{number}/{len(chosen)}] {rows[-1]} ({time.monotonic() - began:.0f} s)", file=sys.stderr, flush=True)
    print("| The mistake | Seeds | Kind of run | Caught by |\n|---|---:|---|---|")
    print("\n".join(rows))
    print(f"{len(chosen) - missed} mistakes caught, {missed} missed", file=sys.stderr)
    return 1 if missed else 0


def shorten(violation):
    """Without the names of this run's tokens and processes."""
    violation = re.sub(r"\b(rt|at)-[-0-9a-f]+", "…", violation)
    violation = re.sub(r"Session \{[^}]*\}", "Session", violation)
    violation = re.sub(r"SignedIn \{[^}]*\}", "SignedIn", violation)
    return violation.replace("|", "/")[:160]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
