"""The diagrams of the guides: the messages of a sign-in and of a renewal, and the states of a session."""

from svg import Drawing

GAP = 34


def sequence(title, description, people, steps, width=720):
    """`steps` are (from, to, text); the text of an answer begins with "<". A step ("note", participant, text) is written beside a line."""
    drawing = Drawing(width, title, description)
    distance = (width - 150) / (len(people) - 1)
    places = {name: 75 + index * distance for index, name in enumerate(people)}
    bottom = 72 + len(steps) * GAP
    for name, x in places.items():
        drawing.line(x, 48, x, bottom)
        drawing.box(x - 66, 14, 132, 34)
        drawing.text(x, 36, name, anchor="middle", bold=True)
    for index, (start, end, words) in enumerate(steps):
        y = 82 + index * GAP
        if start == "note":
            length = 7.2 * len(words) + 24
            x = min(max(places[end] - length / 2, 6), width - length - 6)
            drawing.box(x, y - 17, length, 24)
            drawing.text(x + length / 2, y, words, css="ink", size=12, anchor="middle")
            continue
        answer, words = words.startswith("<"), words.lstrip("<")
        one, other = places[start], places[end]
        drawing.line(one, y, other - (3 if other > one else -3), y, css="answer" if answer else "flow", arrow=True)
        drawing.text((one + other) / 2, y - 6, words, css="ink", size=12, anchor="middle")
    return drawing


def sign_in():
    return sequence(
        "Sign-in", "The app asks for a sign-in, the browser shows the issuer's page, and the core exchanges the code for tokens and stores them.",
        ["Your app", "Pilotlight", "Browser sheet", "Issuer"],
        [
            ("Your app", "Pilotlight", "signIn()"),
            ("note", "Pilotlight", "makes state, nonce and the PKCE verifier"),
            ("Pilotlight", "Browser sheet", "authorization URL"),
            ("Browser sheet", "Issuer", "the user signs in"),
            ("Issuer", "Browser sheet", "<redirect URI with a code"),
            ("Browser sheet", "Pilotlight", "<callback"),
            ("Pilotlight", "Issuer", "code and PKCE verifier"),
            ("Issuer", "Pilotlight", "<access, refresh and ID token"),
            ("note", "Pilotlight", "verifies the ID token, stores the session"),
            ("Pilotlight", "Your app", "<.signedIn"),
        ])


def renewal():
    return sequence(
        "Renewal between an app and its extension",
        "The app takes the lock and renews. The extension waits for the lock, reads the store again and finds the new tokens.",
        ["App", "Lock and Keychain", "Extension", "Issuer"],
        [
            ("App", "Lock and Keychain", "takes the lock"),
            ("Extension", "Lock and Keychain", "waits for the lock"),
            ("App", "Lock and Keychain", "reads the session"),
            ("App", "Issuer", "refresh token 1"),
            ("Issuer", "App", "<access token, refresh token 2"),
            ("App", "Lock and Keychain", "stores both, releases the lock"),
            ("Lock and Keychain", "Extension", "<gets the lock, reads the session"),
            ("note", "Extension", "finds the new tokens: no request"),
        ])


def states():
    drawing = Drawing(760, "States of a session", "From not restored to signed in, signed out, locked or expired, and back by a sign-in, a sign-out or an unlock.")
    boxes = {
        "start": (20, 84, 120, "nil", "not restored yet"), "locked": (270, 20, 170, ".locked", "device is locked"),
        "in": (270, 120, 170, ".signedIn", "tokens are renewed"), "out": (270, 220, 170, ".signedOut", "nobody is signed in"),
        "expired": (515, 120, 235, ".reauthenticationRequired", "the session has ended"),
    }
    for x, y, width, name, words in boxes.values():
        drawing.box(x, y, width, 50)
        drawing.text(x + width / 2, y + 21, name, anchor="middle", bold=True)
        drawing.text(x + width / 2, y + 39, words, css="faint", size=12, anchor="middle")
    drawing.text(180, 100, "restore()", css="ink", size=12, anchor="middle")
    for y in (45, 130, 245):
        drawing.path([(140, 109), (216, 109), (216, y), (267, y)], css="flow", arrow=True)
    drawing.line(355, 70, 355, 117, css="flow", arrow=True)
    drawing.text(363, 98, "unlock", size=12)
    drawing.line(330, 170, 330, 217, css="flow", arrow=True)
    drawing.text(322, 199, "signOut()", size=12, anchor="end")
    drawing.line(385, 220, 385, 173, css="flow", arrow=True)
    drawing.text(393, 199, "signIn()", size=12)
    drawing.line(440, 136, 512, 136, css="flow", arrow=True)
    drawing.text(479, 128, "rejected", size=12, anchor="middle")
    drawing.line(515, 158, 443, 158, css="flow", arrow=True)
    drawing.text(479, 174, "signIn()", size=12, anchor="middle")
    drawing.text(20, 300, "“Rejected”: the issuer refuses the refresh token, or there is none to renew with. Nothing else ends a session.", css="faint", size=12)
    return drawing


def all_diagrams():
    """The drawing for each file name."""
    return {"sign-in.svg": sign_in(), "renewal.svg": renewal(), "states.svg": states()}
