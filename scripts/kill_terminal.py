"""The terminal sample as kill_test.py runs it: one process for each call, and the contents of its store."""

import base64
import json
import re
import subprocess

REDIRECT_URI = "com.example.pilotlight://callback"
PATIENCE = 60  # seconds; no process may take longer
LOCK_FILES = re.compile(r"\.lock$|\.tmp$")


class Failure(Exception):
    """Something that must never happen."""


class Terminal:
    """The terminal sample over one store: a separate process for each call."""

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
        """The output of a process; if the process fails, raises Failure."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=PATIENCE)
        if process.returncode != 0:
            raise Failure(f"`{arguments[0]}` ended with {process.returncode}: {err.strip() or out.strip()}")
        return out.strip()

    def request(self, url):
        """The status and the body of an API's answer; opens no browser."""
        status, *body = self.run("request", url).splitlines()
        return int(status.removeprefix("status: ")), "\n".join(body)

    def sign_in(self, *arguments):
        process, callback = self.begin_sign_in(*arguments)
        out, err = process.communicate(callback, timeout=PATIENCE)
        if process.returncode != 0:
            raise Failure(f"the sign-in failed: {out}{err}")

    def begin_sign_in(self, *arguments):
        """A process that waits for the callback URL, and that URL."""
        return self.begin("sign-in", *arguments)

    def begin(self, verb, *arguments):
        """The same for any command that opens a browser."""
        process = self.start(verb, *arguments, stdin=subprocess.PIPE)
        line = process.stdout.readline()
        if not line.startswith("open: "):
            process.kill()
            raise Failure(f"{verb} asked for no browser: {line}{process.stderr.read()}")
        url = line.removeprefix("open: ").strip()
        callback = subprocess.run([self.browser, url, REDIRECT_URI], capture_output=True, text=True, timeout=PATIENCE, check=False)
        if callback.returncode != 0:
            process.kill()
            raise Failure(f"the browser came to no callback: {callback.stderr}")
        return process, callback.stdout


def stored_session(store):
    """The only session in the store's file; raises Failure if it does not decode or is incomplete."""
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


def claims(session):
    """The claims of the session's ID token."""
    payload = session["credentials"]["id_token"].split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def check_folder(store):
    """Checks that no process leaves more than one unfinished file, however it ended."""
    others = [path.name for path in store.parent.iterdir() if path != store and not LOCK_FILES.search(path.name)]
    unfinished = [path.name for path in store.parent.iterdir() if path.name.endswith(".tmp")]
    if others or len(unfinished) > 1:
        raise Failure(f"corrupt store: files left behind: {others + unfinished}")
