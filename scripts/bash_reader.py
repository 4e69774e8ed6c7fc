"""Reads a bash script far enough to find its commands, its expansions and its `case` patterns.

It does not implement all of bash: it skips constructs that it does not know (arithmetic, conditions in `[[ ]]`, regular
expressions). It passes its results to three functions of a subclass of `Script`: `on_command`, `on_expansion` and `on_finding`.
"""

import re

BLANK = " \t"
META = set(" \t\n;&|<>()")
# A command begins after these words.
OPENING = {"if", "then", "else", "elif", "do", "while", "until", "!", "{", "time"}


class Script:
    """`read()` reads the whole text; `line()` converts positions into line numbers."""

    def __init__(self, text):
        self.text, self.at, self.here_documents = text, 0, []
        # How many `$( )`, `<( )` and `>( )` enclose the current position.
        self.substitutions = 0
        # Whether the current command reads the output of another one.
        self.piped = False

    def on_command(self, line, words):
        """Receives a simple command, or the elements of an array: its words as written."""

    def on_expansion(self, line, inside):
        """Receives the text between the braces of `${ }`."""

    def on_finding(self, line, what):
        """Receives a finding of the reader itself."""

    def line(self, at=None):
        return self.text.count("\n", 0, self.at if at is None else at) + 1

    def read(self):
        self.commands(None)
        return self

    def here(self, text):
        return self.text.startswith(text, self.at)

    # --- Commands ------------------------------------------------------------------------------------------------------
    def commands(self, end):
        """Reads commands up to `end`, which is ")", "`", "case" (an arm of one, up to `;;` or `esac`) or None (the end of the text).
        Returns what ended them."""
        around, self.piped = self.piped, False
        try:
            return self.commands_to(end)
        finally:
            self.piped = around

    def commands_to(self, end):
        words, begins = [], self.at

        def done():
            nonlocal words
            if words:
                self.on_command(self.line(begins), words)
                self.piped = False
            words = []

        while self.at < len(self.text):
            char = self.text[self.at]
            if char in BLANK or self.here("\\\n"):
                self.at += 2 if char == "\\" else 1
            elif char == "#":
                self.skip_line()
            elif char == "\n":
                done()
                self.newline()
            elif char == ")" and end == ")" or char == "`" and end == "`":
                done()
                self.at += 1
                return char
            elif char == ")":
                self.at += 1  # of `name()`
            elif char in ";&|<>(":
                ended = self.operator(words, done, end)
                if ended:
                    return ended
            else:
                if not words:
                    begins = self.at
                word = self.word()
                if not words and word in OPENING:
                    continue
                if not words and word == "case":
                    self.case()
                    done()
                elif not words and word == "esac" and end == "case":
                    return "esac"
                elif word == "[[" and not words:
                    self.condition()
                else:
                    words.append(word)
        done()
        return None

    def operator(self, words, done, end):
        for text, what in (("&>>", "`&>>`"), ("|&", "`|&`"), (";;&", "`;;&`"), (";&", "`;&`")):
            if self.here(text):
                self.on_finding(self.line(), what)
        if self.here("((") and not words or self.here("((") and words == ["for"]:
            self.at = self.text.index("))", self.at) + 2
        elif self.here("<(") or self.here(">("):
            words.append(self.word())
        elif self.here("<<<"):
            self.at += 3
        elif self.here("<<"):
            self.here_document()
        elif self.here("&>") or self.here(">&") or self.here("<&"):
            self.at += 2
        elif self.text[self.at] in "<>":
            self.at += 1
        elif self.here(";;"):
            done()
            self.at += 2
            if end == "case":
                return ";;"
        elif self.text[self.at] == "(":
            self.at += 1
            if not words:
                self.commands(")")
            elif self.here(")"):
                words.clear()  # `name()`: the function's body follows
        else:
            done()
            pipe = self.here("|") and not self.here("||")
            self.at += 1 if pipe or self.text[self.at:self.at + 2] not in ("||", "&&") else 2
            self.piped = pipe
        return None

    def newline(self):
        self.at += 1
        waiting, self.here_documents = self.here_documents, []
        for name, quoted, tabs in waiting:
            self.here_document_body(name, quoted, tabs)

    def skip_line(self):
        end = self.text.find("\n", self.at)
        self.at = len(self.text) if end < 0 else end

    def skip_space(self):
        while self.at < len(self.text) and (self.text[self.at] in " \t\n#" or self.here("\\\n")):
            if self.text[self.at] == "#":
                self.skip_line()
            else:
                self.at += 2 if self.text[self.at] == "\\" else 1

    def case(self):
        self.skip_space()
        self.word()
        self.skip_space()
        self.word()  # in
        while True:
            self.skip_space()
            if self.at >= len(self.text):
                return
            if self.here("esac"):
                self.at += 4
                return
            if self.text[self.at] == "(":
                self.at += 1
            elif self.substitutions:
                self.on_finding(self.line(), "a `case` pattern without its opening parenthesis inside `$( )` or `<( )`")
            while self.at < len(self.text) and self.text[self.at] != ")":
                if self.text[self.at] in " \t|\n":
                    self.at += 1
                else:
                    self.word()
            self.at += 1
            if self.commands("case") != ";;":
                return

    def condition(self):
        """[[ … ]]: only `-v` is of interest here."""
        begins = self.at
        while self.at < len(self.text) and not re.match(r"\s\]\]", self.text[self.at:self.at + 3]):
            self.quoted_or_plain()
        if re.search(r"\s-v\s", self.text[begins:self.at]):
            self.on_finding(self.line(begins), "`[[ -v … ]]`")
        self.at += 3

    # --- Here documents ------------------------------------------------------------------------------------------------
    def here_document(self):
        self.at += 2
        tabs = self.here("-")
        self.at += tabs
        while self.at < len(self.text) and self.text[self.at] in BLANK:
            self.at += 1
        word = self.word()
        self.here_documents.append((re.sub(r"[\\'\"]", "", word), word != re.sub(r"[\\'\"]", "", word), tabs))

    def here_document_body(self, name, quoted, tabs):
        found = re.compile(rf"^{chr(9) + '*' if tabs else ''}{re.escape(name)}$", re.M).search(self.text, self.at)
        end = found.start() if found else len(self.text)
        while self.at < end and not quoted:
            self.quoted_or_plain("'\"")
        self.at = found.end() if found else end

    # --- Words ---------------------------------------------------------------------------------------------------------
    def word(self):
        begins = self.at
        while self.at < len(self.text):
            if self.here("<(") or self.here(">("):
                self.at += 1
                self.substitution()
            elif self.text[self.at] == "(" and self.text[self.at - 1] == "=" and self.at > begins:
                self.array()
            elif self.text[self.at] in META:
                break
            elif self.text[self.at] == "`" and self.in_backticks():
                break
            else:
                self.quoted_or_plain()
        if self.at == begins:
            self.at += 1  # whatever it is, go on
        return self.text[begins:self.at]

    def in_backticks(self):
        return getattr(self, "backticks", 0) > 0

    def array(self):
        self.at += 1
        words, begins = [], self.at
        while True:
            self.skip_space()
            if self.at >= len(self.text) or self.text[self.at] == ")":
                break
            words.append(self.word())
        self.at += 1
        if words:
            self.on_command(self.line(begins), words)

    def substitution(self):
        """At the parenthesis of `$(`, `<(` or `>(`."""
        self.at += 1
        self.substitutions += 1
        self.commands(")")
        self.substitutions -= 1

    def quoted_or_plain(self, literal=""):
        """One character, or one quotation or expansion as a whole."""
        char = self.text[self.at]
        if char in literal:
            self.at += 1
        elif char == "\\":
            self.at += 2
        elif char == "'":
            self.at = self.index("'", self.at + 1) + 1
        elif self.here("$'"):
            self.dollar_quoted()
        elif char == '"':
            self.double_quoted()
        elif self.here("$(("):
            self.at = self.index("))", self.at) + 2
        elif self.here("$("):
            self.at += 1
            self.substitution()
        elif self.here("${"):
            self.expansion(literal)
        elif char == "`" and not self.in_backticks():
            self.at += 1
            self.backticks, self.substitutions = 1, self.substitutions + 1
            self.commands("`")
            self.backticks, self.substitutions = 0, self.substitutions - 1
        else:
            self.at += 1

    def index(self, text, begins):
        found = self.text.find(text, begins)
        return len(self.text) if found < 0 else found

    def dollar_quoted(self):
        begins = self.at
        self.at += 2
        while self.at < len(self.text) and self.text[self.at] != "'":
            self.at += 2 if self.text[self.at] == "\\" else 1
        self.at += 1
        if re.search(r"\\[uU]", self.text[begins:self.at]):
            self.on_finding(self.line(begins), "`\\u` in `$' '`")

    def double_quoted(self):
        self.at += 1
        while self.at < len(self.text) and self.text[self.at] != '"':
            self.quoted_or_plain("'")
        self.at += 1

    def expansion(self, literal):
        begins = self.at + 2
        self.at = begins
        while self.at < len(self.text) and self.text[self.at] != "}":
            self.quoted_or_plain(literal)
        self.on_expansion(self.line(begins), self.text[begins:self.at])
        self.at += 1
