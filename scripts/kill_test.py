"""Kills the terminal sample at random moments while it renews, and looks at what is left. Started by kill-test.sh.

Three campaigns at one server: `alone`, where each killed process is followed by one that must renew; `pair`, where two
processes renew over one store and one of them is killed again and again; and `bound`, with tokens that are bound to a key
(DPoP), where a sign-in, a renewal or the renewal that binds a session is killed. Every random choice comes from the seed; what a
moment hits still depends on the machine, so that a seed repeats the plan, not the outcome.
"""

import argparse
import base64
import collections
import json
import pathlib
import random
import re
import signal
import subprocess
import sys
import threading
import time

from kill_servers import ASKED_AGAIN, IdentityServer, OidcProvider

REDIRECT_URI = "com.example.pilotlight://callback"
RESTORED = "restored a session"  # the line of --verbose after which a renewal begins
LOST = "kills with new tokens at the issuer and none in the store"
WELL = "renewals that ended well meanwhile"
PATIENCE = 60  # seconds; no process may take longer
LOCK_FILES = re.compile(r"\.lock$|\.tmp$")


class Failure(Exception):
    """Something that must never happen."""


MUST_BE_ZERO = (
    "sessions lost",
    "corrupt stores",
    "renewals that failed",
    "spent tokens presented after the overlap",
    "unknown or ended tokens presented",
    "families of tokens ended by the server",
)


class Terminal:
    """The terminal sample over one store: its own process for each call."""

    def __init__(self, command, server, store, browser):
        self.command = command
        self.browser = browser
        self.store = store
        self.settings = ["--client-id", "native-app", "--redirect-uri", REDIRECT_URI, "--store", str(store), *server.flags]
        self.lifetime = 0.1  # seconds from start to end, about

    def start(self, *arguments, **pipes):
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **pipes}
        return subprocess.Popen([*self.command, *arguments, *self.settings], text=True, **pipes)

    def run(self, *arguments):
        """What it says; a process that fails is a Failure."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=PATIENCE)
        if process.returncode != 0:
            raise Failure(f"`{arguments[0]}` ended with {process.returncode}: {err.strip() or out.strip()}")
        return out.strip()

    def sign_in(self, *arguments):
        process, callback = self.begin_sign_in(*arguments)
        out, err = process.communicate(callback, timeout=PATIENCE)
        if process.returncode != 0:
            raise Failure(f"the sign-in failed: {out}{err}")

    def begin_sign_in(self, *arguments):
        """A process that waits for the callback URL, and that URL."""
        process = self.start("sign-in", *arguments, stdin=subprocess.PIPE)
        line = process.stdout.readline()
        if not line.startswith("open: "):
            process.kill()
            raise Failure(f"sign-in asked for no browser: {line}{process.stderr.read()}")
        url = line.removeprefix("open: ").strip()
        callback = subprocess.run([self.browser, url, REDIRECT_URI], capture_output=True, text=True, timeout=PATIENCE, check=False)
        if callback.returncode != 0:
            process.kill()
            raise Failure(f"the browser came to no callback: {callback.stderr}")
        return process, callback.stdout


def stored_session(store):
    """The one session in the store's file; Failure where it does not decode, or is not whole."""
    try:
        document = json.loads(store.read_bytes())
        items = {name: json.loads(base64.b64decode(item, validate=True)) for name, item in document["items"].items()}
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise Failure(f"corrupt store: {error!r}") from None
    aside = [name for name in items if name.endswith("|unreadable")]
    if aside:
        raise Failure(f"corrupt store: set aside {aside}")
    if document.get("format") != "pilotlight-store" or len(items) != 1:
        raise Failure(f"corrupt store: {len(items)} items")
    (session,) = items.values()
    credentials = session.get("credentials", {})
    if session.get("ended") or not all(credentials.get(name) for name in ("access_token", "refresh_token")):
        raise Failure("session lost: the store has no tokens")
    return session


def check_folder(store):
    """No process leaves more than one unfinished file, whatever ended it."""
    others = [path.name for path in store.parent.iterdir() if path != store and not LOCK_FILES.search(path.name)]
    unfinished = [path.name for path in store.parent.iterdir() if path.name.endswith(".tmp")]
    if others or len(unfinished) > 1:
        raise Failure(f"corrupt store: files left behind: {others + unfinished}")


class Alone:
    """One process is killed while it renews; the next one must find the session and renew it."""

    title = "one process at a time"

    def __init__(self, terminal, server, chance):
        self.terminal, self.server, self.chance = terminal, server, chance
        self.seen = collections.Counter()
        # For how long after each of these moments there still is a process to kill, in seconds; it is found out by trying.
        self.windows = {"start": 0.1, "restored": 0.05, "asked": 0.02}

    def round(self):
        while not self.strike():
            self.seen["attempts that came too late and do not count"] += 1

    def strike(self):
        """One attempt; false when the process had ended before it was killed."""
        before, renewals = stored_session(self.terminal.store), self.server.renewals()
        process = self.victim()
        killed = process.returncode == -signal.SIGKILL
        if not killed and process.returncode != 0:
            raise Failure(f"session lost: the victim ended with {process.returncode}: {process.stderr.read()}")
        after = stored_session(self.terminal.store)
        self.terminal.run("token", "--force-refresh")
        healed = stored_session(self.terminal.store)
        if healed["sequence"] <= after["sequence"]:
            raise Failure("session lost: the process after the kill has not stored what it got")
        self.seen[WELL] += 1 if killed else 2
        # What came after the victim is one renewal; the rest was the victim's.
        rotated, stored = self.server.renewals() - renewals - 1, after != before
        if stored and not rotated:
            raise Failure("corrupt store: a session that no renewal explains")
        if not killed:
            return False
        if stored:
            self.seen["kills after the new tokens were stored"] += 1
        elif rotated:
            self.seen[LOST] += 1
        else:
            self.seen["kills before the issuer renewed anything"] += 1
        return True

    def victim(self, *arguments):
        """A renewing process, killed some time: after its start, after the restore, or after its request came in."""
        aim = self.chance.choice(("start", "restored", "asked", "asked"))
        asked = self.server.token_requests()
        process = self.terminal.start("token", "--force-refresh", "--verbose", *arguments, stdout=subprocess.DEVNULL)
        if aim != "start":
            for line in process.stderr:
                if RESTORED in line:
                    break
        return self.kill(process, aim, asked)

    def kill(self, process, aim, asked):
        """Some time after that moment; `asked` counts the requests before the one that is waited for."""
        part = self.chance.random()
        if aim == "asked":
            while process.poll() is None and self.server.token_requests() == asked:
                time.sleep(0.0005)
        time.sleep(part * self.windows[aim])
        process.kill()
        process.wait(timeout=PATIENCE)
        self.windows[aim] *= 1.02 if process.returncode == -signal.SIGKILL else 0.9
        return process

    def stop(self):
        pass

    end = stop


class Bound(Alone):
    """Tokens that are bound to a key: after each kill the key in the store is the one that the tokens are bound to."""

    title = "tokens bound to a key"

    def __init__(self, terminal, server, chance):
        super().__init__(terminal, server, chance)
        self.windows["pasted"] = 0.05
        server.binds_tokens()

    def strike(self):
        what = self.chance.choice(("sign-in", "renewal", "renewal that binds"))
        if what == "renewal that binds":
            self.terminal.sign_in()
        elif not stored_session(self.terminal.store)["credentials"].get("is_bound"):
            self.terminal.sign_in("--dpop")
        before = stored_session(self.terminal.store)
        process = self.signing_in() if what == "sign-in" else self.victim("--dpop")
        killed = process.returncode == -signal.SIGKILL
        if not killed and process.returncode != 0:
            raise Failure(f"session lost: the victim ended with {process.returncode}: {process.stderr.read()}")
        after = stored_session(self.terminal.store)
        self.check_key(before, after)
        self.terminal.run("token", "--force-refresh", "--dpop")
        healed = stored_session(self.terminal.store)
        self.check_key(after, healed)
        if not healed["credentials"].get("is_bound") or healed["sign_in_id"] != after["sign_in_id"]:
            raise Failure("session lost: the process after the kill has no bound tokens")
        # The issuer checks that the token and the proof are of one key.
        self.terminal.run("profile", "--refresh", "--dpop")
        self.seen[WELL] += 1
        if not killed:
            return False
        self.seen[f"kills in a {what}, with nothing new stored"
                  if after == before else f"kills in a {what}, with a key or tokens stored"] += 1
        return True

    def check_key(self, before, after):
        """A session keeps its key from the moment it has one."""
        keys = [session["credentials"].get("proof_key") for session in (before, after)]
        if before["sign_in_id"] == after["sign_in_id"] and keys[0] and keys[0] != keys[1]:
            raise Failure("corrupt store: a session with another key")
        if after["credentials"].get("is_bound") and not keys[1]:
            raise Failure("corrupt store: bound tokens without their key")

    def signing_in(self):
        """Somebody signs in over the session, and is killed after the browser came back."""
        process, callback = self.terminal.begin_sign_in("--dpop")
        aim, asked = self.chance.choice(("pasted", "asked", "asked")), self.server.token_requests()
        process.stdin.write(callback)
        process.stdin.close()
        return self.kill(process, aim, asked)


class Pair:
    """Two processes renew over one store; the one that is killed is started anew, the other must not notice."""

    title = "two processes, one store"

    def __init__(self, terminal, server, chance):
        self.terminal, self.server, self.chance = terminal, server, chance
        self.seen = collections.Counter()
        self.failure = None
        self.stopping = threading.Event()
        self.slots = [Slot(self, number) for number in range(2)]

    def round(self):
        slot = self.chance.choice(self.slots)
        time.sleep(self.chance.random() * 1.5 * self.terminal.lifetime)
        while not slot.kill() and not self.failure:
            time.sleep(0.005)
        self.seen[f"kills of process {slot.number + 1}"] += 1
        stored_session(self.terminal.store)
        if self.failure:
            raise self.failure

    def stop(self):
        self.stopping.set()
        for slot in self.slots:
            slot.thread.join(PATIENCE)

    def end(self):
        self.stop()
        self.seen[WELL] = sum(slot.done for slot in self.slots)
        if self.failure:
            raise self.failure


class Slot:
    """One of the pair: the same command again and again, whatever becomes of it."""

    def __init__(self, pair, number):
        self.pair, self.number, self.done = pair, number, 0
        self.process, self.killed, self.lock = None, False, threading.Lock()
        self.thread = threading.Thread(target=self.loop, daemon=True)
        self.thread.start()

    def kill(self):
        with self.lock:
            if self.process is None or self.process.poll() is not None:
                return False
            self.killed = True
            self.process.kill()
            return True

    def loop(self):
        while not self.pair.stopping.is_set() and not self.pair.failure:
            began = time.monotonic()
            with self.lock:
                self.process, self.killed = self.pair.terminal.start("token", "--force-refresh"), False
            out, err = self.process.communicate(timeout=PATIENCE)
            if self.process.returncode == 0 and out.strip():
                self.done += 1
                # An average that forgets, because the machine has other work now and then.
                self.pair.terminal.lifetime += (time.monotonic() - began - self.pair.terminal.lifetime) / 8
            elif not (self.killed and self.process.returncode == -signal.SIGKILL):
                self.pair.failure = Failure(f"process {self.number + 1} ended with {self.process.returncode}: {err.strip()}")


def campaign(kind, options, server):
    """Runs one and prints its figures; true when all that must be zero is."""
    chance = random.Random(f"{options.seed} {server.name} {kind.__name__}")
    store = pathlib.Path(options.folder) / f"{server.name}-{kind.__name__.lower()}" / "session"
    terminal = Terminal(options.command, server, store, options.browser)
    terminal.sign_in()
    terminal.run("token", "--force-refresh")
    seen = collections.Counter({name: 0 for name in MUST_BE_ZERO[:3]})
    running, done, began = kind(terminal, server, chance), 0, time.monotonic()
    try:
        for done in range(1, options.rounds + 1):
            running.round()
            progress(f"{server.name}, {kind.__name__.lower()}: {done} of {options.rounds}", done == options.rounds)
        running.end()
        check_folder(store)
        if json.loads(terminal.run("state", "--json"))["state"] != "signed_in":
            raise Failure("session lost: nobody is signed in")
        # The issuer agrees: the token that is left is good, and so is the refresh token.
        terminal.run("profile", "--refresh")
        terminal.run("token", "--force-refresh")
        counted = server.count()
        if kind is Alone and counted.get(ASKED_AGAIN, running.seen[LOST]) != running.seen[LOST]:
            raise Failure(f"{counted[ASKED_AGAIN]} spent tokens were presented, and {running.seen[LOST]} kills explain one each")
        terminal.run("sign-out")
    except Failure as failure:
        running.stop()
        counted = server.count()
        what = str(failure)
        seen["corrupt stores" if what.startswith("corrupt") else "sessions lost" if "session lost" in what or "with 12" in what
             else "renewals that failed"] += 1
        print(f"\nround {done} of seed {options.seed}: {what}", file=sys.stderr)
    print(f"{server.name}, {kind.title}: {done} rounds of seed "
          f"{options.seed} in {time.monotonic() - began:.0f} s")
    for name, number in {**running.seen, **seen, **counted}.items():
        print(f"  {number:6} {name}")
    return not any(number for name, number in {**seen, **counted}.items() if name in MUST_BE_ZERO)


def progress(text, last):
    if sys.stderr.isatty():
        print(f"\r{text}", end="\n" if last else "", file=sys.stderr, flush=True)
    elif last or int(re.search(r"(\d+) of", text)[1]) % 50 == 0:
        print(text, file=sys.stderr, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", choices=("oidc-provider", "identity-server"), required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--issuer", required=True)
    parser.add_argument("--log", help="the log of oidc-provider")
    parser.add_argument("--control", help="the control address of identity-server")
    parser.add_argument("--folder", required=True, help="where the stores are made")
    parser.add_argument("--browser", required=True, help="the program that signs the user in")
    parser.add_argument("command", nargs="+", help="the terminal sample")
    options = parser.parse_args()
    server = {"oidc-provider": OidcProvider, "identity-server": IdentityServer}[options.server](options)
    whole = [campaign(kind, options, server) for kind in (Alone, Pair, Bound)]
    sys.exit(0 if all(whole) else 1)


if __name__ == "__main__":
    main()
