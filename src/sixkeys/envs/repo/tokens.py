"""Which number stands for which word of code? A lexer for Python and pytest text, and a frozen table of token
numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from sixkeys.contract import CELL_SIZES, SENSE_SIZES, bucket

VOCABULARY = SENSE_SIZES[2]
FREE = 256
"""Numbers from here on are for words that the table lacks, by hash."""

KEYWORD, BUILTIN, WORD, NUMBER, STRING, ARITHMETIC = range(1, 7)
COMPARISON, ASSIGNMENT, BRACKET, PUNCTUATION, INDENT, OTHER = range(7, 13)
"""Kinds of lexeme."""

TABLE: dict[int, str] = {
    KEYWORD: "False None True and as assert async await break class continue def del elif else except "
    "finally for from global if import in is lambda nonlocal not or pass raise return try while "
    "with yield",
    BUILTIN: "abs all any bool dict divmod enumerate float int len list map max min print range reversed "
    "round set sorted str sum tuple zip append count endswith extend get index insert items join "
    "keys lower lstrip pop remove replace rstrip sort split startswith strip title upper values "
    "default update",
    ARITHMETIC: "+ - * / // % **",
    COMPARISON: "== != < <= > >=",
    ASSIGNMENT: "= += -= *= /= //= %=",
    BRACKET: "( ) [ ] { }",
    PUNCTUATION: ", : . ; -> ...",
    INDENT: "⇥0 ⇥1 ⇥2 ⇥3 ⇥4",
    NUMBER: " ".join(map(str, range(-20, 21))),
    STRING: "''",
    OTHER: "AssertionError AttributeError IndexError KeyError NameError RecursionError SyntaxError "
    "TypeError UnboundLocalError ValueError ZeroDivisionError argument arguments attribute "
    "callable diff division error exceeded failed iterable maximum missing object operand passed "
    "recursion referenced required subscriptable takes timeout crashed flood type types "
    "unhashable unpack unsupported where zero",
}
"""Kind -> words with a number of their own. Frozen: weights depend on the order in which they are counted."""
KIND = {word: kind for kind, words in TABLE.items() for word in words.split()}
NUMBER_OF = {word: 1 + index for index, word in enumerate(KIND)}

LEXEME = re.compile(
    r"""(?P<string>[fr]?(?:"[^"\n]*"|'[^'\n]*'))|(?P<number>\d+(?:\.\d+)?)|(?P<word>[^\W\d]\w*)"""
    r"""|(?P<operator>\.\.\.|\*\*|//=|//|[-+*/%=!<>]=|->|[-+*/%<>=()\[\]{},:.;])|(?P<other>\S)"""
)
INDENT_WIDTH = 4


class Lexeme(NamedTuple):
    """A word of code and its kind."""

    text: str
    kind: int

    @property
    def token(self) -> int:
        """Its number in [1, VOCABULARY)."""
        return NUMBER_OF.get(self.text) or bucket(self.text, VOCABULARY, FREE)

    @property
    def identity(self) -> int:
        """Its bucket in [1, 32), for a cell of the patch."""
        number = NUMBER_OF.get(self.text)
        return 1 + number % (CELL_SIZES[1] - 1) if number else bucket(self.text, CELL_SIZES[1])

    @property
    def telling(self) -> bool:
        """May this word tie one text to another? Names, numbers and strings may, punctuation may not."""
        return self.kind in (BUILTIN, WORD, NUMBER, STRING)


def lex(text: str) -> list[Lexeme]:
    """The lexemes of one line or expression. Strings lose the choice of quotes, a minus sign joins its
    number."""
    found: list[Lexeme] = []
    minus = False
    for match in LEXEME.finditer(text):
        word, sort = match.group(), match.lastgroup
        if sort == "number":
            found.append(Lexeme("-" + word if minus else word, NUMBER))
        elif minus:
            found.append(Lexeme("-", ARITHMETIC))
        if sort == "string":
            found.append(Lexeme(word.replace('"', "'"), STRING))
        elif sort == "word":
            found.append(Lexeme(word, KIND.get(word, WORD)))
        minus = sort == "operator" and word == "-" and not _ends_a_value(found)
        if sort in ("operator", "other") and not minus:
            found.append(Lexeme(word, KIND.get(word, OTHER)))
    return found


def lex_lines(text: str) -> list[list[Lexeme]]:
    """The lexemes of each line of code that is not blank, its indentation first."""
    lines = [line for line in text.splitlines() if line.strip()]
    return [[_indent(line), *lex(line)] for line in lines]


def _indent(line: str) -> Lexeme:
    depth = (len(line) - len(line.lstrip(" "))) // INDENT_WIDTH
    return Lexeme(f"⇥{min(depth, 4)}", INDENT)


def _ends_a_value(found: Sequence[Lexeme]) -> bool:
    """Would a minus sign after these lexemes subtract?"""
    return bool(found) and (found[-1].kind in (BUILTIN, WORD, NUMBER, STRING) or found[-1].text in ")]}")


class Shown(NamedTuple):
    """A lexeme of an edit, and whether the edit changes it."""

    lexeme: Lexeme
    changed: bool


class EditTokens(NamedTuple):
    """What matters of an edit: the changed lexemes with a little of what stands around them."""

    removed: tuple[Shown, ...]
    added: tuple[Shown, ...]


def edit_tokens(old: str, new: str, removed: int, added: int, context: int = 4) -> EditTokens:
    """The lexemes in which two texts of whole lines differ, at most `removed` and `added` of them, with up to
    `context` equal ones on each side as far as there is room."""
    before = [lexeme for line in lex_lines(old) for lexeme in line]
    after = [lexeme for line in lex_lines(new) for lexeme in line]
    shortest = min(len(before), len(after))
    head = next((i for i in range(shortest) if before[i] != after[i]), shortest)
    rest = shortest - head
    tail = next((i for i in range(rest) if before[-1 - i] != after[-1 - i]), rest)
    return EditTokens(
        _window(before, head, tail, removed, context), _window(after, head, tail, added, context)
    )


def _window(lexemes: Sequence[Lexeme], head: int, tail: int, limit: int, context: int) -> tuple[Shown, ...]:
    start, stop = head, len(lexemes) - tail
    left, right = min(context, start), min(context, tail)
    while left + right + stop - start > limit and left + right:
        left, right = (left, right - 1) if right >= left else (left - 1, right)
    span = range(start - left, stop + right)[:limit]
    return tuple(Shown(lexemes[i], start <= i < stop) for i in span)
