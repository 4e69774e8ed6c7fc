#!/usr/bin/env python3
"""Refuses words that this project does not use: one word stands for one thing, and it is the standard term of the field.

    words.py        reads file names from its input, and prints the places of refused words; exit 1 if there are any

A word is refused if it is a name or a phrase for something that has a better word. Names of types also count inside longer names
(`ProcessWish`). `shown` marks words that are used on purpose, as in a test of this script.
"""

import re
import sys

# (what is refused, what to write instead)
REFUSED = (
    (r"\bPatience\b", "RetryPolicy"),
    (r"Wish\b|\b[Ww]ish(es|ed)?\b", "TokenRequirement, options"),
    (r"(?<=struct )(Turn|Held)\b|\bProcessTurn\b", "ProcessLockGuard, LockGuard"),
    (r"(?<=struct )Rest\b", "Cooldown"),
    (r"\b[Bb]oarding\b|(?<=struct )Landing\b", "Flight, SharedResult"),
    (r"\bEventually\b", "BoxFuture"),
    (r"\bOccasion\b", "ValidationContext"),
    (r"\b[Aa]dopt(s|ed|ing)?\b", "merge"),
    (r"\b[Ss]urroundings\b", "Dependencies, context"),
    (r"\bStayingAwake\b", "BackgroundActivity"),
    (r"\bOneSheet\b", "SheetPresenter"),
    (r"\bSystemNotices\b", "LifecycleObserver"),
    (r"(?<![A-Za-z])[Mm]ov(e|es|ed|ing)[_ -][Ii]n(?![A-Za-z])(?! [0-9])|[Mm]ov(e|ed|ing)In\b", "migrate, migration, import"),
    (r"ForeignItem", "KeychainItemReference"),
    (r"\b[Pp]ass(ed|es|ing)[_ ]over\b", "ignore"),
    (r"\bserver_words", "sanitized_description"),
    (r"\b[Hh]ears? of\b|\b[Hh]eard of\b|_hears?_of_", "receive, is notified"),
    (r"\b[Nn]obody[_ ]knows\b|_nobody_knows_", "nothing depends on, is not known"),
    (r"\bpapers\b", "documents"),
    (r"\b[Jj]udg(e|es|ed|ing)\b", "check, evaluate"),
    (r"\b[Mm]end(s|ed|ing)?\b", "fix"),
    (r"\b[Tt]old\b|_told_|\btold_|_told\b", "notified, announced, given"),
    (r"\bof (its|their|our|your) own\b(?! type)", "its own, separate"),
    (r"\b[Ww]hoever\b", "anyone who, a process that"),
)

ANY = re.compile("|".join(pattern for pattern, _ in REFUSED))


def places(name):
    """(line number, word, the right word) of each."""
    try:
        with open(name, encoding="utf-8") as file:
            text = file.read()
    except (UnicodeDecodeError, IsADirectoryError):
        return
    if not ANY.search(text):
        return
    for number, line in enumerate(text.splitlines(), start=1):
        for pattern, right in REFUSED:
            for found in re.finditer(pattern, line):
                yield number, found[0], right


def main():
    if len(sys.argv) != 1:
        sys.exit(__doc__)
    found = False
    for name in sys.stdin.read().splitlines():
        for number, word, right in places(name):
            print(f"{name}:{number}: {word!r}; write: {right}")
            found = True
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
