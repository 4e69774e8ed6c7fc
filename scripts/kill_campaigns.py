"""The campaigns of kill_test.py: which process is killed when, and what must hold afterwards."""

import collections
import signal
import subprocess
import threading
import time

from kill_terminal import PATIENCE, Failure, claims, stored_session

RESTORED = "restored a session"  # the line of --verbose after which a renewal begins
LOST = "kills with new tokens at the issuer and none in the store"
WELL = "renewals that ended well meanwhile"
OVER = 12  # exit code of a process that needs a sign-in


class Alone:
    """One process is killed while it renews; the next one must find the session and renew it."""

    title = "one process at a time"

    def __init__(self, terminal, server, chance):
        self.terminal, self.server, self.chance = terminal, server, chance
        self.seen = collections.Counter()
        # For how long after each of these moments the process still runs, in seconds; determined by trying.
        self.windows = {"start": 0.1, "restored": 0.05, "asked": 0.02}

    def round(self):
        while not self.strike():
            self.seen["attempts that came too late and do not count"] += 1

    def strike(self):
        """One attempt; false if the process ended before it was killed."""
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
        # One renewal was made by the process after the victim; the rest were the victim's.
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

    def victim(self, *arguments, aim=None):
        """A renewing process, killed some time after its start, after the restore, or after the server got its request."""
        aim = aim or self.chance.choice(("start", "restored", "asked", "asked"))
        asked = self.server.token_requests()
        process = self.terminal.start("token", "--force-refresh", "--verbose", *arguments, stdout=subprocess.DEVNULL)
        if aim not in ("start", "over"):
            for line in process.stderr:
                if RESTORED in line:
                    break
        return self.kill(process, aim, asked)

    def kill(self, process, aim, asked):
        """Waits for some time after that moment; `asked` is the number of requests before the awaited one."""
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
        # The issuer checks that the token and the proof belong to the same key.
        self.terminal.run("profile", "--refresh", "--dpop")
        self.seen[WELL] += 1
        if not killed:
            return False
        self.seen[f"kills in a {what}, with nothing new stored"
                  if after == before else f"kills in a {what}, with a key or tokens stored"] += 1
        return True

    def check_key(self, before, after):
        """Once a session has a key, it keeps it."""
        keys = [session["credentials"].get("proof_key") for session in (before, after)]
        if before["sign_in_id"] == after["sign_in_id"] and keys[0] and keys[0] != keys[1]:
            raise Failure("corrupt store: a session with another key")
        if after["credentials"].get("is_bound") and not keys[1]:
            raise Failure("corrupt store: bound tokens without their key")

    def signing_in(self):
        """A user signs in over the session; the process is killed after the browser returned."""
        process, callback = self.terminal.begin_sign_in("--dpop")
        aim, asked = self.chance.choice(("pasted", "asked", "asked")), self.server.token_requests()
        process.stdin.write(callback)
        process.stdin.close()
        return self.kill(process, aim, asked)


class Limited(Alone):
    """A session that ends some seconds after its sign-in: it gives tokens until then and none afterwards, even if processes are killed."""

    title = "a session with a lifetime"
    LIFETIME = 4  # seconds
    ROUNDING = 1  # a restarted process continues with whole seconds
    # When a process is killed, in seconds after the end of the session.
    MOMENTS = (("before the end", -LIFETIME, -1.5), ("around the end", -1, 0.3), ("after the end", ROUNDING, ROUNDING + 0.5))

    def __init__(self, terminal, server, chance):
        super().__init__(terminal, server, chance)
        self.windows["over"] = 0.05
        self.flags = ("--lifetime", str(self.LIFETIME))
        self.moments = []

    def round(self):
        if not self.moments:
            self.sign_in()
        when, least, most = self.moments.pop(0)
        while self.moments and time.monotonic() > self.last_end + most:
            # The machine was busy, and that moment has passed.
            when, least, most = self.moments.pop(0)
        time.sleep(max(self.last_end + self.chance.uniform(least, most) - time.monotonic(), 0))
        self.seen[f"kills {when}"] += self.strike(None if least < 0 else "over")
        self.look()

    def sign_in(self):
        process, callback = self.terminal.begin_sign_in(*self.flags)
        began = time.monotonic()
        out, err = process.communicate(callback, timeout=PATIENCE)
        if process.returncode != 0:
            raise Failure(f"the sign-in failed: {out}{err}")
        # The process began to count between these two moments.
        self.first_end = began + self.LIFETIME - self.ROUNDING
        self.last_end = time.monotonic() + self.LIFETIME + self.ROUNDING
        self.moments = list(self.MOMENTS)

    def strike(self, aim):
        """Kills a process; true if it was still running."""
        before, renewals, began = stored_session(self.terminal.store), self.server.renewals(), time.monotonic()
        process = self.victim(*self.flags, aim=aim)
        if process.returncode != -signal.SIGKILL:
            self.evaluate(process.returncode, process.stderr.read(), began)
        after = stored_session(self.terminal.store)
        if began > self.last_end and (after != before or self.server.renewals() != renewals):
            raise Failure("a session over its time: it was renewed")
        return process.returncode == -signal.SIGKILL

    def look(self):
        """The next process gives a token before the end, and none after it."""
        began = time.monotonic()
        process = self.terminal.start("token", "--force-refresh", *self.flags)
        _, err = process.communicate(timeout=PATIENCE)
        self.evaluate(process.returncode, err, began)

    def evaluate(self, code, said, began):
        if code == 0:
            if began > self.last_end:
                raise Failure("a session over its time: it gave a token")
            self.seen["tokens given before the end"] += 1
        elif code == OVER and "has lasted" in said:
            if time.monotonic() < self.first_end:
                raise Failure("session lost: it ended before its time")
            self.seen["tokens refused after the end"] += 1
        else:
            raise Failure(f"session lost: a process ended with {code}: {said}")

    def end(self):
        """The user signs in again, and the session continues without a limit."""
        self.terminal.sign_in()


class SteppingUp(Alone):
    """An API asks for a step-up: after a kill the session has either its earlier tokens or the new ones, and no later process
    reverts the authentication."""

    title = "a step-up"
    CLASSES = ("urn:example:one", "urn:example:other")

    def __init__(self, terminal, server, chance):
        super().__init__(terminal, server, chance)
        self.windows |= {"opened": 0.02, "pasted": 0.05}
        server.knows_classes(self.CLASSES)

    def strike(self):
        before = stored_session(self.terminal.store)
        wanted = next(acr for acr in self.CLASSES if acr != claims(before).get("acr"))
        process, callback = self.terminal.begin("request", self.server.payments(wanted), "--step-up")
        codes = self.server.code_grants()
        aim, asked = self.chance.choice(("opened", "pasted", "asked", "asked", "asked")), self.server.token_requests()
        if aim != "opened":
            process.stdin.write(callback)
            process.stdin.close()
        self.kill(process, aim, asked)
        killed = process.returncode == -signal.SIGKILL
        if not killed and process.returncode != 0:
            raise Failure(f"session lost: the step-up ended with {process.returncode}: {process.stderr.read()}")
        given, after = self.server.code_grants() != codes, stored_session(self.terminal.store)
        stepped_up = after["credentials"]["access_token"] != before["credentials"]["access_token"]
        self.check(before, after, wanted if stepped_up else claims(before).get("acr"))
        if not killed and not stepped_up:
            raise Failure("session lost: a step-up that ended well has stored nothing")
        self.terminal.run("token", "--force-refresh")
        healed = stored_session(self.terminal.store)
        self.check(after, healed, claims(after).get("acr"))
        if healed["sequence"] <= after["sequence"]:
            raise Failure("session lost: the process after the kill has not stored what it got")
        # The issuer agrees about how the user authenticated.
        code, _ = self.terminal.request(self.server.payments(claims(after)["acr"])) if stepped_up else (200, "")
        if code != 200:
            raise Failure(f"session lost: the API has a step-up for undone: {code}")
        self.seen[WELL] += 1
        if not killed:
            return False
        self.seen["kills after the new tokens were stored" if stepped_up
                  else LOST if given else "kills before the issuer gave new tokens"] += 1
        return True

    def check(self, before, after, acr):
        """Checks that it is the same session, with no older authentication, and with this class."""
        if before["sign_in_id"] != after["sign_in_id"] or after["sequence"] < before["sequence"]:
            raise Failure("session lost: another one, or an older version of it, is stored")
        if after.get("authenticated_at", 0) < before.get("authenticated_at", 0) or claims(after).get("acr") != acr:
            raise Failure("session lost: the authentication was taken back")


class Pair:
    """Two processes renew over one store; the killed one is started again, and the other must not notice."""

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
    """One of the pair: runs the same command again and again, regardless of the result."""

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
                # A moving average, because the machine is sometimes busy.
                self.pair.terminal.lifetime += (time.monotonic() - began - self.pair.terminal.lifetime) / 8
            elif not (self.killed and self.process.returncode == -signal.SIGKILL):
                self.pair.failure = Failure(f"process {self.number + 1} ended with {self.process.returncode}: {err.strip()}")
