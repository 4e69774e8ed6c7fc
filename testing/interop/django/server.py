"""django-oauth-toolkit with one public native client and one user, on loopback. Started by ../serve.sh, which installs
the packages; everything that Django wants in a project's files is in this one."""

import argparse
import json
import os
import socketserver
import sys
import tempfile
import threading
import urllib.request
from pathlib import Path

import django
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings

DAY = 24 * 60 * 60
PROFILE = {
    "name": "Ada Lovelace",
    "given_name": "Ada",
    "family_name": "Lovelace",
    "nickname": "ada",
    "preferred_username": "ada",
    "picture": "https://example.com/ada.png",
    "website": "https://example.com/ada",
    "gender": "female",
    "birthdate": "1815-12-10",
    "zoneinfo": "Europe/London",
    "locale": "en-GB",
    "updated_at": 1700000000,
    "email": "ada@example.com",
    "email_verified": True,
    "phone_number": "+44 20 7946 0000",
    "phone_number_verified": False,
    "address": {
        "street_address": "12 St James’s Square",
        "locality": "London",
        "postal_code": "SW1Y 4JH",
        "country": "UK",
    },
    "https://example.com/roles": ["analyst"],
}


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--ttl-access", type=int, default=3600)
    parser.add_argument("--leeway", type=int, default=0)
    parser.add_argument("--no-rotation", action="store_true")
    return parser.parse_args()


def new_signing_key() -> str:
    """A new key at each start: restarting the server is a key rotation."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pkcs8 = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*pkcs8).decode()


def configure(options: argparse.Namespace, folder: Path) -> None:
    login = folder / "templates" / "registration" / "login.html"
    login.parent.mkdir(parents=True)
    login.write_text(
        "<!doctype html><title>Sign in</title><h1>Sign in</h1>"
        '<form method="post">{% csrf_token %}{{ form.as_p }}<button>Sign in</button></form>'
    )
    settings.configure(
        DEBUG=False,
        # Without DEBUG, Django keeps the reasons of its error pages to itself.
        LOGGING={
            "version": 1,
            "disable_existing_loggers": False,
            "handlers": {"stderr": {"class": "logging.StreamHandler"}},
            "root": {"handlers": ["stderr"], "level": "INFO"},
        },
        ALLOWED_HOSTS=["127.0.0.1", "localhost"],
        SECRET_KEY=os.urandom(32).hex(),
        ROOT_URLCONF=__name__,
        USE_TZ=True,
        LOGIN_URL="/login/",
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        # Threads write at once: wait for the lock, and take it at the start of a transaction so that waiting works.
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": folder / "db.sqlite3",
                "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE"},
            }
        },
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "oauth2_provider",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [folder / "templates"],
                "APP_DIRS": True,
                "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
            }
        ],
        OAUTH2_PROVIDER={
            "OIDC_ENABLED": True,
            "OIDC_RSA_PRIVATE_KEY": new_signing_key(),
            "OAUTH2_VALIDATOR_CLASS": f"{__name__}.make_validator",
            "SCOPES": {
                "openid": "Who you are",
                "profile": "Your profile",
                "email": "Your e-mail address",
                "address": "Your address",
                "phone": "Your phone number",
                "offline_access": "Stay signed in",
            },
            "PKCE_REQUIRED": True,
            "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
            "ALLOWED_REDIRECT_URI_SCHEMES": ["https", "http", "com.example.pilotlight"],
            "ACCESS_TOKEN_EXPIRE_SECONDS": options.ttl_access,
            "ID_TOKEN_EXPIRE_SECONDS": options.ttl_access,
            "REFRESH_TOKEN_EXPIRE_SECONDS": 14 * DAY,
            "ROTATE_REFRESH_TOKEN": not options.no_rotation,
            "REFRESH_TOKEN_REUSE_PROTECTION": True,
            "REFRESH_TOKEN_GRACE_PERIOD_SECONDS": options.leeway,
        },
    )
    django.setup()


def make_validator(*args, **kwargs):
    # Importable only when the settings are there.
    from oauth2_provider.oauth2_validators import OAuth2Validator

    class Validator(OAuth2Validator):
        oidc_claim_scope = OAuth2Validator.oidc_claim_scope | {"https://example.com/roles": "profile"}

        def get_additional_claims(self):
            # Without a request parameter DOT lists these claims in its discovery document.
            return {name: lambda request, value=value: value for name, value in PROFILE.items()}

    return Validator(*args, **kwargs)


def populate() -> None:
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from oauth2_provider.models import Application

    call_command("migrate", verbosity=0)
    user = get_user_model().objects.create_user("ada@example.com", "ada@example.com", "correct horse")
    redirect_uris = "com.example.pilotlight://callback http://127.0.0.1/callback https://app.example.com/callback"
    Application.objects.create(
        name="Pilotlight sample",
        client_id="native-app",
        client_type=Application.CLIENT_PUBLIC,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
        algorithm=Application.RS256_ALGORITHM,
        redirect_uris=redirect_uris,
        user=user,
        skip_authorization=False,
    ).full_clean()


def serve(port: int) -> None:
    from django.contrib.auth.views import LoginView
    from django.core.handlers.wsgi import WSGIHandler
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
    from django.urls import include, path

    globals()["urlpatterns"] = [
        path("login/", LoginView.as_view()),
        path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
    ]

    class Server(ThreadedWSGIServer):
        def server_bind(self):
            # The standard one asks a resolver for the host's name.
            socketserver.TCPServer.server_bind(self)
            self.server_name, self.server_port = self.server_address[:2]
            self.setup_environ()

    server = Server(("127.0.0.1", port), WSGIRequestHandler)
    server.set_app(WSGIHandler())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    issuer = f"http://127.0.0.1:{server.server_port}/o"
    # A proxy of the environment has no say on loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{issuer}/.well-known/openid-configuration", timeout=30) as answer:
        if json.load(answer)["issuer"] != issuer:
            sys.exit("the discovery document is wrong")
    # Descriptor 3 is the launcher's standard output; everything else goes to standard error.
    os.write(3, f"issuer: {issuer}\n".encode())
    threading.Event().wait()


def main() -> None:
    options = parse_options()
    # Removed by the launcher, which also ends this process by a signal.
    configure(options, Path(tempfile.mkdtemp(prefix="django-")))
    populate()
    serve(options.port)


if __name__ == "__main__":
    main()
