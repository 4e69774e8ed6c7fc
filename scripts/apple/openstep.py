"""Reads the property lists of Xcode's project files: dictionaries, arrays and strings, with comments.

Not openstep-plist 0.5: it accepts a duplicate key, which a wrong merge leaves behind, and drops the first one.
"""

import re

TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|\s+|(?P<mark>[{}();,=])|"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<word>[A-Za-z0-9_./$:-]+)', re.DOTALL)
ESCAPES = {"n": "\n", "t": "\t"}


class Malformed(Exception):
    """The text is not a property list; says where."""


def tokens(text):
    """(kind, text, line) of each token, and an end."""
    at = 0
    while at < len(text):
        found = TOKEN.match(text, at)
        line = text.count("\n", 0, at) + 1
        if not found:
            raise Malformed(f"line {line}: {text[at]!r} has no meaning here")
        if found.lastgroup == "quoted":
            yield "string", re.sub(r"\\(.)", lambda escape: ESCAPES.get(escape[1], escape[1]), found["quoted"], flags=re.DOTALL), line
        elif found.lastgroup == "word":
            yield "string", found["word"], line
        elif found.lastgroup == "mark":
            yield found["mark"], found["mark"], line
        at = found.end()
    yield "end", "the end", text.count("\n") + 1


def parse(text):
    """The one value that the text holds."""
    reader = Reader(list(tokens(text)))
    value = reader.value()
    reader.take("end")
    return value


class Reader:
    """Goes through the tokens."""

    def __init__(self, found):
        self.found = found
        self.at = 0

    def next_is(self, kind):
        return self.found[self.at][0] == kind

    def take(self, kind):
        found, text, line = self.found[self.at]
        if found != kind:
            raise Malformed(f"line {line}: {text!r} where {kind!r} should be")
        self.at += 1
        return text

    def value(self):
        if self.next_is("{"):
            return self.dictionary()
        if self.next_is("("):
            return self.array()
        return self.take("string")

    def dictionary(self):
        self.take("{")
        made = {}
        while not self.next_is("}"):
            line = self.found[self.at][2]
            key = self.take("string")
            if key in made:
                raise Malformed(f"line {line}: {key!r} is there twice")
            self.take("=")
            made[key] = self.value()
            self.take(";")
        self.take("}")
        return made

    def array(self):
        self.take("(")
        made = []
        while not self.next_is(")"):
            made.append(self.value())
            if not self.next_is(")"):
                self.take(",")
        self.take(")")
        return made
