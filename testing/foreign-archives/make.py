#!/usr/bin/env python3
"""Writes archives as NSKeyedArchiver writes them, of the classes and fields that other libraries archive.

    make.py            writes them beside this file, and those that are made to do harm into the corpus for fuzzing
    make.py --check    fails where what is there is something else

Which class has which fields, and where that was read:

    A0Credentials            accessToken tokenType idToken refreshToken expiresIn (NSDate) scope recoveryCode
                             auth0/Auth0.swift, Credentials.swift: 1.20.0 (no recoveryCode), 1.39.1, 2.0.0, 2.14.0, 3.1.0
    A0UserProfile            userId name nickname email picture (NSURL) createdAt (NSDate) extraInfo identities
    A0UserIdentity           userId provider connection accessToken accessTokenSecret profileData isSocial
                             auth0/Lock.iOS-OSX 1.x, A0UserProfile.m, A0UserIdentity.m
    OIDAuthState             lastAuthorizationResponse lastTokenResponse authorizationError scope refreshToken
                             needsTokenRefresh (a BOOL)
    OIDAuthorizationResponse request code state access_token expires_in token_type id_token scope additionalParameters
    OIDTokenResponse         access_token expires_in (NSDate) token_type id_token refresh_token scope request
                             additionalParameters
    OIDAuthorizationRequest  configuration response_type client_id client_secret scope redirect_uri state nonce
                             code_verifier code_challenge code_challenge_method additionalParameters
    OIDTokenRequest          configuration grant_type code client_id client_secret redirect_uri scope refresh_token
                             code_verifier additionalParameters, since 1.7 additionalHeaders
    OIDServiceConfiguration  authorizationEndpoint tokenEndpoint issuer registrationEndpoint endSessionEndpoint
                             discoveryDocument
                             openid/AppAuth-iOS 1.7.6 and 2.1.0, the files of these names

How Foundation's own classes look in an archive (NSDate NS.time, NSURL NS.base and NS.relative, NSDictionary NS.keys and
NS.objects, NSArray NS.objects, nil as reference 0) is Apple's format; the Swift tests compare: they archive with the
NSKeyedArchiver of Foundation itself. Issuer, client and tokens are made up; no signature is good.
"""

import base64
import json
import pathlib
import plistlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
CORPUS = HERE.parent.parent / "rust-core" / "fuzz" / "corpus" / "foreign_archive"
EXPIRES = 1_800_000_000
REFERENCE_DATE = 978_307_200


class Thing:
    """An object of a class: its fields, as encodeWithCoder: names them."""

    def __init__(self, classes, **fields):
        self.classes, self.fields = [*classes.split(), "NSObject"], fields


def date(seconds):
    return Thing("NSDate", **{"NS.time": Inline(float(seconds - REFERENCE_DATE))})


def url(text):
    return Thing("NSURL", **{"NS.base": None, "NS.relative": text})


class Inline:
    """A value that stands in the object itself: BOOL, int, double."""

    def __init__(self, value):
        self.value = value


class Archiver:
    def __init__(self):
        self.objects, self.classes, self.texts = ["$null"], {}, {}

    def refer(self, value):
        """The number of a value, which gets one if it has none."""
        if value is None:
            return plistlib.UID(0)
        if isinstance(value, str):
            if value not in self.texts:
                self.texts[value] = self.add(value)
            return self.texts[value]
        if isinstance(value, dict):
            return self.collection("NSDictionary", {"NS.keys": list(value), "NS.objects": list(value.values())})
        if isinstance(value, list):
            return self.collection("NSArray", {"NS.objects": value})
        if isinstance(value, Thing):
            place = {}
            number = self.add(place)
            for name, field in value.fields.items():
                place[name] = field.value if isinstance(field, Inline) else self.refer(field)
            place["$class"] = self.describe(value.classes)
            return number
        return self.add(value)

    def collection(self, name, lists):
        place = {}
        number = self.add(place)
        for key, values in lists.items():
            place[key] = [self.refer(value) for value in values]
        place["$class"] = self.describe([name, "NSObject"])
        return number

    def describe(self, classes):
        if classes[0] not in self.classes:
            self.classes[classes[0]] = self.add({"$classname": classes[0], "$classes": classes})
        return self.classes[classes[0]]

    def add(self, value):
        self.objects.append(value)
        return plistlib.UID(len(self.objects) - 1)


def file_of(top, objects, fmt=plistlib.FMT_BINARY, archiver="NSKeyedArchiver"):
    contents = {"$version": 100000, "$archiver": archiver, "$top": {"root": top}, "$objects": objects}
    return plistlib.dumps(contents, fmt=fmt, sort_keys=False)


def archive(root):
    archiver = Archiver()
    top = archiver.refer(root)
    return file_of(top, archiver.objects)


def jwt(**claims):
    claims = {"iss": "https://tenant.eu.auth0.com/", "aud": "native-app", "iat": 1_600_000_000, "exp": 1_600_036_000} | claims

    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'RS256', 'typ': 'JWT'})}.{part(claims)}.c2lnbmF0dXJl"


def credentials(**fields):
    return Thing("A0Credentials", **(
        {
            "accessToken": "access-of-old", "tokenType": "Bearer", "idToken": jwt(sub="auth0|ada"),
            "refreshToken": "refresh-of-old", "expiresIn": date(EXPIRES), "scope": "openid profile offline_access",
            "recoveryCode": None,
        } | fields))


def auth_state(headers=True, **fields):
    issuer = "https://tenant.eu.auth0.com/"
    configuration = Thing(
        "OIDServiceConfiguration", authorizationEndpoint=url(f"{issuer}authorize"), tokenEndpoint=url(f"{issuer}oauth/token"),
        issuer=url(issuer), registrationEndpoint=None, endSessionEndpoint=None,
        discoveryDocument=Thing("OIDServiceDiscovery", discoveryDictionary={
            "issuer": issuer, "scopes_supported": ["openid", "profile"], "claims_parameter_supported": False}))
    authorization_request = Thing(
        "OIDAuthorizationRequest", configuration=configuration, response_type="code", client_id="native-app",
        client_secret=None, scope="openid profile offline_access", redirect_uri=url("com.example.app:/callback"),
        state="state", nonce="nonce-of-old", code_verifier="verifier", code_challenge="challenge",
        code_challenge_method="S256", additionalParameters={})
    token_request = Thing(
        "OIDTokenRequest", configuration=configuration, grant_type="authorization_code", code="code",
        client_id="native-app", client_secret=None, redirect_uri=url("com.example.app:/callback"), scope=None,
        refresh_token=None, code_verifier="verifier", additionalParameters={},
        **({"additionalHeaders": {}} if headers else {}))
    authorization = Thing(
        "OIDAuthorizationResponse", request=authorization_request, code="code", state="state", access_token=None,
        expires_in=None, token_type=None, id_token=None, scope=None, additionalParameters={})
    response = Thing(
        "OIDTokenResponse", access_token="access-of-old", expires_in=date(EXPIRES), token_type="Bearer",
        id_token=jwt(sub="auth0|ada", nonce="nonce-of-old"), refresh_token="refresh-of-the-sign-in",
        scope="openid profile offline_access", request=token_request, additionalParameters={"session_state": "x"})
    return Thing("OIDAuthState", **(
        {
            "lastAuthorizationResponse": authorization, "lastTokenResponse": response, "scope": None,
            "refreshToken": "refresh-of-old", "needsTokenRefresh": Inline(False),
        } | fields))


def profile(**fields):
    identity = Thing(
        "A0UserIdentity", userId="1", provider="facebook", connection="facebook", accessToken="access-at-facebook",
        accessTokenSecret="secret-at-facebook", profileData={"locale": "en_GB"}, isSocial=True)
    return Thing("A0UserProfile", **(
        {
            "userId": "auth0|ada", "name": "Ada Lövelace", "nickname": "ada", "email": "ada@example.com",
            "picture": url("https://example.com/ada.png"), "createdAt": date(1_400_000_000),
            "extraInfo": {
                "email_verified": True, "user_metadata": {"first_name": "Ada", "size": 42, "ratio": 0.5, "none": None},
                "roles": ["admin", "author"], "last_login": date(1_500_000_000)},
            "identities": [identity],
        } | fields))


def swift(data):
    """As Swift's String is archived when it was made mutable: an object."""
    return Thing("NSMutableString NSString", **{"NS.string": data})


def golden():
    return {
        "auth0-swift-1.20": archive(Thing("A0Credentials", **{
            name: value for name, value in credentials().fields.items() if name != "recoveryCode"})),
        "auth0-swift-1.39-without-refresh-token": archive(credentials(refreshToken=None, scope=None)),
        "auth0-swift-2.14": archive(credentials(recoveryCode="recovery")),
        "auth0-swift-3.1": archive(credentials()),
        "auth0-swift-3.1-dpop": archive(credentials(tokenType="DPoP")),
        "auth0-swift-empty": archive(credentials(accessToken="", tokenType="", idToken="", refreshToken=None)),
        "app-auth-1.6": archive(auth_state(headers=False)),
        "app-auth-2.1": archive(auth_state()),
        "app-auth-needs-refresh": archive(auth_state(needsTokenRefresh=Inline(True))),
        "app-auth-ended": archive(auth_state(authorizationError=Thing(
            "NSError", NSDomain="org.openid.appauth.oauth_token", NSCode=Inline(-10), NSUserInfo=None))),
        "lock-1-profile": archive(profile()),
    }


def harmful():
    """Nothing of this is a session; all of it has to be refused, and quickly."""
    whole = archive(credentials())
    objects = ["$null", {"$class": plistlib.UID(2), "extraInfo": plistlib.UID(3), "userId": plistlib.UID(5)},
               {"$classname": "A0UserProfile", "$classes": ["A0UserProfile", "NSObject"]},
               {"$class": plistlib.UID(4), "NS.keys": [plistlib.UID(5)], "NS.objects": [plistlib.UID(3)]},
               {"$classname": "NSDictionary", "$classes": ["NSDictionary", "NSObject"]}, "auth0|ada"]
    doubling = list(objects)
    for _ in range(40):
        last = plistlib.UID(len(doubling))
        doubling.append({"$class": plistlib.UID(4), "NS.keys": [plistlib.UID(5)] * 2, "NS.objects": [last, last]})
    doubling[1] = objects[1] | {"extraInfo": plistlib.UID(6)}
    for number in range(6, len(doubling) - 1):
        following = plistlib.UID(number + 1)
        doubling[number] = doubling[number] | {"NS.objects": [following, following]}
    nested = []
    for _ in range(200):
        nested = [nested]
    # Offsets of one byte: the root array's only element is the array itself.
    own_element = b"bplist00" + b"\xa1\x00" + b"\x08" + bytes(6) + b"\x01\x01" + (1).to_bytes(8, "big") + bytes(8) + (10).to_bytes(8, "big")
    return {
        "cycle": file_of(plistlib.UID(1), objects),
        "doubling": file_of(plistlib.UID(1), doubling),
        "root-refers-to-itself": file_of(plistlib.UID(1), ["$null", plistlib.UID(1)]),
        "root-is-nothing": file_of(plistlib.UID(900), ["$null"]),
        "root-is-text": file_of(plistlib.UID(1), ["$null", "text"]),
        "class-refers-to-itself": file_of(plistlib.UID(1), ["$null", {"$class": plistlib.UID(1)}]),
        "other-archiver": file_of(plistlib.UID(0), ["$null"], archiver="NSArchiver"),
        "other-class": archive(Thing("UIColor", red=Inline(1.0))),
        "property-list": plistlib.dumps({"accessToken": "x"}, fmt=plistlib.FMT_BINARY),
        "xml": file_of({"CF$UID": 0}, ["$null"], fmt=plistlib.FMT_XML),
        "cut-off": whole[: len(whole) // 2],
        "trailer-only": whole[-32:],
        "deep": plistlib.dumps(nested, fmt=plistlib.FMT_BINARY),
        "list-in-itself": own_element,
        "wrong-types": archive(credentials(
            accessToken=Inline(7), refreshToken=date(5), idToken=["x"], expiresIn="soon", scope={"a": "b"})),
        "mutable-strings": archive(credentials(accessToken=swift("access-of-old"), refreshToken=swift("refresh-of-old"))),
        "date-out-of-range": archive(credentials(expiresIn=Thing("NSDate", **{"NS.time": Inline(1e300)}))),
        "empty": b"",
    }


def main():
    files = {HERE / f"{name}.archive": data for name, data in golden().items()}
    files |= {CORPUS / name: data for name, data in (golden() | harmful()).items()}
    if sys.argv[1:] == ["--check"]:
        wrong = [str(path) for path, data in files.items() if not path.is_file() or path.read_bytes() != data]
        if wrong:
            sys.exit("not what testing/foreign-archives/make.py writes: " + ", ".join(wrong))
        return
    CORPUS.mkdir(parents=True, exist_ok=True)
    for path, data in files.items():
        path.write_bytes(data)


if __name__ == "__main__":
    main()
