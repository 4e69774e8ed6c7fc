"""Kills the terminal sample at random moments while it renews, and checks the result. Started by kill-test.sh.

Runs up to five campaigns at one server. In `alone`, each killed process is followed by one that must renew. In `pair`, two
processes renew over one store and one of them is killed again and again. In `bound`, tokens are bound to a key (DPoP), and
the process is killed during a sign-in, a renewal or the renewal that binds a session. In `limited`, a session ends some
seconds after its sign-in, and no kill may make it longer or shorter. In `steppingup`, the user of a session authenticates
again. Every random choice comes from the seed. The effect of a kill still depends on the machine, so a seed repeats the
plan but not the outcome.
"""

import argparse
import collections
import json
import pathlib
import random
import re
import sys
import time

from kill_campaigns import LOST, OVER, Alone, Bound, Limited, Pair, SteppingUp
from kill_servers import ASKED_AGAIN, IdentityServer, OidcProvider
from kill_terminal import Failure, Terminal, check_folder, stored_session

MUST_BE_ZERO = (
    "sessions lost",
    "corrupt stores",
    "renewals that failed",
    "sessions over their time",
    "spent tokens presented after the overlap",
    "unknown or ended tokens presented",
    "families of tokens ended by the server",
)


def campaign(kind, options, server):
    """Runs one campaign and prints its figures; true if all figures that must be zero are zero."""
    chance = random.Random(f"{options.seed} {server.name} {kind.__name__}")
    store = pathlib.Path(options.folder) / f"{server.name}-{kind.__name__.lower()}" / "session"
    terminal = Terminal(options.command, server, store, options.browser)
    terminal.sign_in()
    terminal.run("token", "--force-refresh")
    seen = collections.Counter({name: 0 for name in MUST_BE_ZERO[:4]})
    running, done, began = kind(terminal, server, chance), 0, time.monotonic()
    try:
        for done in range(1, options.rounds + 1):
            running.round()
            progress(f"{server.name}, {kind.__name__.lower()}: {done} of {options.rounds}", done == options.rounds)
        running.end()
        check_folder(store)
        if json.loads(terminal.run("state", "--json"))["state"] != "signed_in":
            raise Failure("session lost: nobody is signed in")
        # The issuer agrees: the access token and the refresh token in the store are valid.
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
        seen["corrupt stores" if what.startswith("corrupt") else "sessions over their time" if "over its time" in what
             else "sessions lost" if "session lost" in what or f"with {OVER}" in what else "renewals that failed"] += 1
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
    parser.add_argument("--only", default="", help="the one campaign to run")
    parser.add_argument("--issuer", required=True)
    parser.add_argument("--log", help="the log of oidc-provider")
    parser.add_argument("--control", help="the control address of identity-server")
    parser.add_argument("--folder", required=True, help="where the stores are made")
    parser.add_argument("--browser", required=True, help="the program that signs the user in")
    parser.add_argument("command", nargs="+", help="the terminal sample")
    options = parser.parse_args()
    server = {"oidc-provider": OidcProvider, "identity-server": IdentityServer}[options.server](options)
    kinds = (Alone, Pair, Bound, Limited, *([SteppingUp] if server.steps_up else []))
    whole = [campaign(kind, options, server) for kind in kinds if not options.only or kind.__name__.lower() == options.only]
    sys.exit(0 if all(whole) else 1)


if __name__ == "__main__":
    main()
