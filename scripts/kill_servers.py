"""The issuers of kill_test.py: their number of requests and their counters."""

import collections
import json
import pathlib
import urllib.request

ASKED_AGAIN = "answers lost with their process, asked for again in the overlap"


class OidcProvider:
    """Its log shows its requests. A refresh token that it refuses ends the session, which no figure can hide."""

    name = "oidc-provider"
    steps_up = False  # it has no API that asks for a step-up

    def __init__(self, options):
        self.log = pathlib.Path(options.log)
        self.flags = ["--issuer", options.issuer, "--param", "prompt=consent"]

    def binds_tokens(self):
        """It always binds tokens if a request has a proof."""

    def token_requests(self):
        return self.log.read_bytes().count(b"POST /token")

    renewals = token_requests

    def count(self):
        return {}


class IdentityServer:
    """The project's own server, which also counts the spent refresh tokens that it receives."""

    name = "identity-server"
    steps_up = True

    def __init__(self, options):
        self.control = options.control
        self.issuer = options.issuer if options.issuer.endswith("/") else options.issuer + "/"
        self.counted = collections.Counter()
        self.flags = ["--domain", options.issuer]

    def binds_tokens(self):
        self.change({"dpop": "offered"})

    def knows_classes(self, classes):
        """The classes that a sign-in can reach, by `acr_values`."""
        self.change({"authentication_classes": list(classes)})

    def payments(self, acr):
        """An API that requires this class and a recent authentication (RFC 9470)."""
        return f"{self.issuer}api/payments?acr_values={acr}&max_age=3600"

    def change(self, settings):
        change = urllib.request.Request(self.control + "settings", json.dumps(settings).encode(), method="PATCH",
                                        headers={"content-type": "application/json"})
        urllib.request.urlopen(change, timeout=10).close()

    def counters(self):
        with urllib.request.urlopen(self.control + "counters", timeout=10) as answer:
            return json.load(answer)

    def token_requests(self):
        return self.counters()["requests"].get("token", 0)

    def renewals(self):
        return self.counters()["refresh_grants_honoured"]

    def code_grants(self):
        return self.counters()["code_grants_honoured"]

    def count(self):
        counters = self.counters()
        spent, overlap = counters["spent_refresh_tokens_presented"], counters["overlap_reuses"]
        now = collections.Counter({
            "spent tokens presented after the overlap": spent - overlap,
            "unknown or ended tokens presented": counters["dead_refresh_tokens_presented"],
            "families of tokens ended by the server": counters["families_killed"],
            ASKED_AGAIN: overlap,
        })
        # The server counts from its start; a campaign needs the difference.
        before, self.counted = self.counted, now
        return {name: number - before[name] for name, number in now.items()}
