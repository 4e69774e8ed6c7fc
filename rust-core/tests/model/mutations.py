"""Proves that the model finds mistakes: each is made in a copy of the sources, and a promise must break.

scripts/model.sh --mutations [NAME…]: those whose description contains one of the NAMEs. Prints what docs/figures/reliability.json
holds as "model_mutations".
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

simulation.COPY = COPY = simulation.TARGET / "model-mutations"
STATES = os.environ.get("PILOTLIGHT_MODEL_STATES", "1000000")

# What is wrong, the promise that breaks by it, the test that finds it, file under rust-core/src, old text, new text.
MISTAKES = [
    (
        "a session that is over by its age is renewed",
        "a session past",
        "may_not_last",
        "machine/tokens.rs",
        "self.0.session().filter(|_| !self.session_is_over(now))?",
        "self.0.session()?",
    ),
    (
        "after a restart no time has passed",
        "a session past",
        "may_not_last",
        "model/lifetime.rs",
        "None => Duration::from_secs(u64::try_from(now.wall.seconds_since(self.as_of)).unwrap_or(0)),",
        "None => Duration::ZERO,",
    ),
    (
        "a session is as young as another process's tokens",
        "a session past",
        "may_not_last",
        "machine/rules/merging.rs",
        "    held.lifetime = lifetime;\n",
        "    let _ = lifetime;\n",
    ),
    (
        "the refusal of an older refresh token ends the session",
        "1",
        "refusal",
        "machine/rules/renewal.rs",
        "    if !is_current {\n        return Verdict::Unchanged;\n    }\n",
        "    let _ = is_current;\n",
    ),
    (
        "a sign-out removes another process's later sign-in",
        "1",
        "order",
        "machine/rules/merging.rs",
        "!machine.departure.is_from(found)",
        "false && !machine.departure.is_from(found)",
    ),
    (
        "an answer without a refresh token is all that is kept: the rotated one is dropped",
        "2",
        "fault",
        "machine/rules/renewal.rs",
        "refresh_token: answer.refresh_token.or_else(|| kept.refresh_token.take()),",
        "refresh_token: kept.refresh_token.take().or(answer.refresh_token),",
    ),
    (
        "new tokens are announced before they are stored",
        "2",
        "fault",
        "machine/announcements.rs",
        "                ledger.is_stored(*revision)\n",
        "                ledger.is_stored(*revision) || true\n",
    ),
    (
        "an older writing of the session replaces a newer one",
        "2",
        "fault",
        "machine/rules/merging.rs",
        "let takes_tokens = theirs > ours;",
        "let takes_tokens = theirs != ours;",
    ),
    (
        "tokens that were not accepted count as a later renewal",
        "4",
        "fault",
        "machine/rules/renewal.rs",
        "            tokens.access_token = None;\n            tokens.id_token = last_id_token;",
        "            tokens.access_token = None;\n            tokens.id_token = last_id_token;\n            session.sequence += 1;",
    ),
    (
        "a renewal is no later writing of the session",
        "4",
        "fault",
        "machine/rules/renewal.rs",
        "    session.count_version(is_rotated);\n    session.ended = None;\n    machine.ledger.change();",
        "    session.ended = None;\n    machine.ledger.change();",
    ),
    (
        "an old read counts as a new one",
        "4",
        "fault",
        "machine/rules/merging.rs",
        "machine.provenance.looks == input.looks",
        "machine.provenance.looks >= input.looks",
    ),
    (
        "a look counts that is older than the last one",
        "5",
        "order",
        "machine/provenance.rs",
        "if !self.has_looked || self.seen != seen {",
        "if false {",
    ),
    (
        "a sign-out forgets the sign-in that a new one has replaced",
        "1",
        "everything",
        "machine/rules/sign_out.rs",
        "    replaced.into_iter().for_each",
        "    replaced.into_iter().filter(|_| false).for_each",
    ),
    (
        "a session that goes on after its end is not announced again",
        "events",
        "refusal",
        "machine/rules/renewal.rs",
        "had_ended && goes_on && ",
        "had_ended && goes_on && false && ",
    ),
    (
        "the answer to an older session is taken",
        "5",
        "order",
        "machine/state.rs",
        "Phase::Session(session) if self.generation == asked => Some(session),",
        "Phase::Session(session) if self.generation == asked || true => Some(session),",
    ),
    (
        "a key that another process has stored is not gone on with",
        "1",
        "binding",
        "machine/rules/merging.rs",
        "} else if theirs.is_some() && (ours.is_none() || is_of_the_same_tokens) {",
        "} else if false && is_of_the_same_tokens {",
    ),
    (
        "of two keys for the same tokens each process keeps its own",
        "1",
        "binding",
        "machine/rules/merging.rs",
        "held.sequence == found.sequence && !held.credentials.is_bound",
        "false && held.sequence == found.sequence",
    ),
    (
        "an answer without a key takes the session's away",
        "1",
        "binding",
        "machine/rules/renewal.rs",
        "proof_key: answer.proof_key.or_else(|| kept.proof_key.take()),",
        "proof_key: answer.proof_key.filter(|_| false),",
    ),
    (
        "a sign-out that is not written yet gives way to the session that it ended",
        "5",
        "order",
        "machine/rules/merging.rs",
        "!machine.departure.is_from(found)",
        "true || !machine.departure.is_from(found)",
    ),
    (
        "a store that cannot be read is an empty one",
        "6",
        "fault",
        "machine/rules/store.rs",
        "machine.phase = Phase::Locked;",
        "machine.phase = Phase::of(None);",
    ),
    (
        "a cooldown ends by the wall clock alone",
        "9",
        "clock",
        "machine/cooldown.rs",
        "length.checked_sub(now.since(*began))",
        "length.checked_sub(std::time::Duration::from_secs(u64::try_from(now.wall.seconds_since(began.wall)).unwrap_or(0)))",
    ),
    (
        "a token's age is counted by the wall clock alone",
        "9",
        "clock",
        "model/credentials.rs",
        "let age = monotonic_age.max(Duration::from_secs(wall_age.unwrap_or(0)));",
        "let _ = monotonic_age;\n        let age = Duration::from_secs(wall_age.unwrap_or(0));",
    ),
    (
        "a session with a refresh token is over when its access token is",
        "9",
        "clock",
        "machine/state.rs",
        "tokens.refresh_token.is_none() && tokens.freshness",
        "tokens.freshness",
    ),
    (
        "tokens are given out before they are checked",
        "10",
        "fault",
        "machine/tokens.rs",
        ".filter(|tokens| !tokens.unchecked && ",
        ".filter(|tokens| ",
    ),
    (
        "that older tokens were accepted counts for newer ones",
        "10",
        "refusal",
        "machine/rules/renewal.rs",
        "tokens.unchecked && tokens.token() == input.token.as_ref()",
        "tokens.unchecked",
    ),
    (
        "that tokens were not checked is not stored",
        "10",
        "fault",
        "model/credentials.rs",
        '#[serde(skip_serializing_if = "std::ops::Not::not")]\n    pub unchecked',
        "#[serde(skip)]\n    pub unchecked",
    ),
    (
        "another process's waiting changes are dropped when two writings are merged",
        "changes",
        "change",
        "machine/rules/merging.rs",
        "    held.pending_updates = updates;\n",
        "    let _ = updates;\n",
    ),
    (
        "the changes that wait go with a sign-in of the same user",
        "changes",
        "change",
        "machine/rules/sign_in.rs",
        "if before.subject == input.session.subject {",
        "if false {",
    ),
    (
        "the changes of one user wait on for the next",
        "changes",
        "change",
        "machine/rules/sign_in.rs",
        "if before.subject == input.session.subject {",
        "if true {",
    ),
    (
        "the latest change is sent first",
        "changes",
        "change",
        "machine/stored.rs",
        "pending_updates().first()",
        "pending_updates().last()",
    ),
    (
        "a later change is sent while the store holds one that was sent",
        "changes",
        "everything",
        "machine/stored.rs",
        "!self.0.provenance.stored_updates.iter().all(waits)",
        "false && !self.0.provenance.stored_updates.iter().all(waits)",
    ),
    (
        "a change that was made waits on",
        "changes",
        "change",
        "machine/rules/user.rs",
        "session.pending_updates.retain(|update| update.id != input.id);",
        "let _ = input.id;",
    ),
    (
        "a step-up without a refresh token drops the session's",
        "2",
        "step_up",
        "machine/rules/step_up.rs",
        "came.refresh_token = session.credentials.refresh_token.take();",
        "let _ = session.credentials.refresh_token.take();",
    ),
    (
        "a step-up without a refresh token is as late a version as a renewal",
        "2",
        "step_up",
        "machine/rules/step_up.rs",
        "session.count_version(is_rotated);",
        "session.count_version(true);",
    ),
    (
        "a step-up of an earlier session is taken",
        "5",
        "step_up",
        "machine/rules/step_up.rs",
        "let Some(session) = machine.session_of(input.generation) else {",
        "let Some(session) = machine.current_session() else {",
    ),
    (
        "a session's age begins anew with a step-up",
        "a session past",
        "step_up",
        "machine/rules/step_up.rs",
        "    lifetime::keep(limits, session);\n",
        "    session.lifetime = None;\n    lifetime::begin(limits, session, at);\n",
    ),
    (
        "copies of a token outlive a sign-out",
        "leases",
        "copy",
        "machine/publishing.rs",
        "    observers.raise_epoch();\n",
        "    if machine.session().is_some() {\n        observers.raise_epoch();\n    }\n",
    ),
    (
        "copies of a token end after the change was announced",
        "leases",
        "copy",
        "machine/publishing.rs",
        "    observers.raise_epoch();\n    for effect in &outcome.effects {\n        if let Effect::Announce(report) = effect {\n"
        "            observers.announce(report);\n        }\n    }\n",
        "    for effect in &outcome.effects {\n        if let Effect::Announce(report) = effect {\n"
        "            observers.announce(report);\n        }\n    }\n    observers.raise_epoch();\n",
    ),
    (
        "the wall clock is not looked at while a copy of a token is good",
        "leases",
        "copy",
        "machine/lease.rs",
        "LONGEST.min(left)",
        "left.max(LONGEST)",
    ),
    (
        "a lost answer is asked for again and again",
        "nothing waits",
        "fault",
        "machine/retry.rs",
        "is_lost_answer(error)\n            && self.lost <= LOST_ANSWERS",
        "false && self.lost <= LOST_ANSWERS",
    ),
    (
        "a sign-in elsewhere is not taken over",
        "nothing waits",
        "fault",
        "machine/rules/merging.rs",
        "    let verdict = take_over(machine, Phase::Session(found), SignInWay::Elsewhere, effects);\n    if waiting != theirs {",
        "    let verdict = Verdict::Unchanged;\n    let _ = effects;\n    if waiting != theirs {",
    ),
]


def run(test):
    """The promises that break, in the model's words."""
    command = ["cargo", "test", "--locked", "--package", "pilotlight-core", "--profile", "model", "--test", "model", "--"]
    command += ["--nocapture", "--test-threads=1", "--include-ignored", test]
    environment = {**os.environ, "PILOTLIGHT_MODEL_STATES": STATES, "CARGO_TARGET_DIR": str(COPY / "target"), "RUST_BACKTRACE": "0"}
    done = subprocess.run(command, cwd=COPY, env=environment, capture_output=True, text=True, errors="replace")
    said = done.stderr + done.stdout
    if "running " not in said:
        sys.exit(f"the model was not built:\n{said[-4000:]}")
    broken = re.findall(r"^(\w+) \(Bounds .*broken: (.*)$", said, re.MULTILINE)
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
        sys.exit("\n".join(moved))


def main(names):
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
