"""What stands around a change? A file as tokens, read once for all changes of it.

In: the text of a file, words of a failing assertion, spans of characters. Out: the tokens around a span, its
line, its statement, its function, and how often the file says what.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Sequence
from functools import lru_cache
from math import log1p
from typing import NamedTuple

from sixkeys.language.sense import CLOSE, OPEN, Call, Room, Sense, calls

TOKEN = re.compile(r"[A-Za-z_]\w*|\d[\w.]*|\"[^\"\n]*\"|'[^'\n]*'|[^\w\s]")
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
DEFINES = re.compile(r"^([ \t]*)(?:async[ ]+)?def[ ]")
NEAR = 3
"""Lines before and after that count as near."""
STATEMENT = 60
"""Tokens of a statement that are looked at on either side of a span."""
Row = tuple[str, ...]
"""Tokens."""


class Change(NamedTuple):
    """A change of one span of a file."""

    kind: str
    start: int
    """Where the span begins, in characters of the file."""
    before: str
    after: str
    prior: float
    """How plausible its kind is held to be by hand."""


class Step(NamedTuple):
    """What a change does to a row of tokens, without what it leaves as it is at both ends."""

    around: Row
    """Two tokens before it and two after it; empty past the ends of the file."""
    old: Row
    new: Row


class Span(NamedTuple):
    """What stands around one span of a file."""

    number: int
    """Its line, from 1 on."""
    around: Row
    """Two tokens before it and two after it; empty past the ends of the file."""
    line: Counter[str]
    near: frozenset[str]
    function: Counter[str]
    """How often each token is said in the function around."""
    parameters: frozenset[str]
    said: float
    """Share of its line that the failing assertion says."""
    heads: tuple[Row, Row]
    """The tokens of its line, and of the head of its function."""
    sides: tuple[Row, Row]
    """Of its statement, what stands before it and after it."""
    calls: Counter[Call]
    """Those of its statement."""
    rooms: Sequence[Room]
    """The module and the functions around it."""


class Page:
    """A file that is read once for all changes of it: tokens, how often, which beside which."""

    def __init__(self, text: str, pieces: Collection[str] = ()):
        self.text = text
        found = [(match.group(), match.start()) for match in TOKEN.finditer(text)]
        self.tokens = [token for token, _ in found]
        self.starts = [start for _, start in found]
        self.often = Counter(self.tokens)
        self.words = Counter(word for token in self.tokens for word in parts(token))
        self.pairs: Counter[Row] = Counter(zip(self.tokens, self.tokens[1:], strict=False))
        self.triples: Counter[Row] = Counter(zip(self.tokens, self.tokens[1:], self.tokens[2:], strict=False))
        self.fours: Counter[Row] = Counter(zip(*(self.tokens[skip:] for skip in range(4)), strict=False))
        self.said = {word for piece in pieces for word in (piece, *parts(piece))}
        self.feeds = [0, *(match.end() for match in re.finditer("\n", text))]
        self.functions = _functions(text.split("\n"))
        self.sense = Sense(text, self.tokens)
        self.heads = self._heads()
        self.spans: dict[tuple[int, int], Span] = {}
        self.scopes: dict[tuple[int, int], tuple[Counter[str], frozenset[str], Row]] = {}

    def span(self, start: int, end: int) -> Span:
        """What stands around a span; found once for all its changes."""
        if (start, end) not in self.spans:
            first, last = bisect_right(self.starts, start - 1), bisect_right(self.starts, end - 1)
            left, right = self.tokens[max(0, first - 2) : first], self.tokens[last : last + 2]
            around = (*["", ""][len(left) :], *left, *right, *["", ""][len(right) :])
            line, near = self.lines(start, end)[:40], frozenset(self.lines(start, end, NEAR))
            function, parameters, head = self.scope(start)
            number, sides = bisect_right(self.feeds, start), self._sides(first, last)
            self.spans[start, end] = Span(
                number, around, Counter(line), near, function, parameters, share(line, self.said),
                (tuple(line), head), sides, calls([*sides[0], *self.tokens[first:last], *sides[1]]),
                self.sense.around(number),
            )  # fmt: skip
        return self.spans[start, end]

    def scope(self, start: int) -> tuple[Counter[str], frozenset[str], Row]:
        """The function around an offset: its tokens, its parameters, its head."""
        row = bisect_right(self.feeds, start) - 1
        first, last = self.functions[min(row, len(self.functions) - 1)]
        if (first, last) not in self.scopes:
            begin = bisect_right(self.starts, self.feeds[first] - 1)
            stop = bisect_right(self.starts, self.feeds[last] - 1) if last < len(self.feeds) else None
            inside = self.tokens[begin:stop]
            close = inside.index(":") if ":" in inside else 0
            head = inside[: inside.index(")") + 1] if ")" in inside else inside[:close]
            known = frozenset(token for token in head[2:] if token.isidentifier())
            self.scopes[first, last] = (Counter(inside), known, tuple(head[:20]) if known else ())
        return self.scopes[first, last]

    def count(self, row: Row) -> float:
        """log1p of how often the file says two to four tokens in a row."""
        return log1p((self.pairs, self.triples, self.fours)[len(row) - 2][row])

    def lines(self, start: int, end: int, more: int = 0) -> list[str]:
        """The tokens of the lines that a span touches, and of `more` lines before and after."""
        row, last = bisect_right(self.feeds, start) - 1, bisect_right(self.feeds, end) - 1
        begin = self.feeds[max(0, row - more)]
        final = last + more + 1
        stop = self.feeds[final] if final < len(self.feeds) else len(self.text)
        return self.tokens[bisect_right(self.starts, begin - 1) : bisect_right(self.starts, stop - 1)]

    def _heads(self) -> list[int]:
        """The tokens that begin a statement: the first of a line, outside of brackets."""
        found, depth, row = [], 0, -1
        for at, (token, start) in enumerate(zip(self.tokens, self.starts, strict=True)):
            line = bisect_right(self.feeds, start)
            if line != row and (depth <= 0 or token in ("def", "class", "@")):
                found.append(at)
                depth = 0
            depth += (token in OPEN) - (token in CLOSE)
            row = line
        return found

    def _sides(self, first: int, last: int) -> tuple[Row, Row]:
        """Of the statement of some tokens, what stands before them and after them."""
        begun = bisect_right(self.heads, first) - 1
        ended = bisect_left(self.heads, max(last, first + 1))
        begin = self.heads[begun] if begun >= 0 else 0
        end = self.heads[ended] if ended < len(self.heads) else len(self.tokens)
        left, right = self.tokens[max(begin, first - STATEMENT) : first], self.tokens[last:end][:STATEMENT]
        return tuple(left), tuple(right)


def _functions(lines: Sequence[str]) -> list[tuple[int, int]]:
    """For each line, the first line of the function around it and the line after its last one."""
    found: list[tuple[int, int]] = [(0, len(lines))] * len(lines)
    for first, line in enumerate(lines):
        defined = DEFINES.match(line)
        if defined:
            deep, last = len(defined[1]), first + 1
            while last < len(lines):
                text = lines[last].lstrip()
                if text and not text.startswith(")") and len(lines[last]) - len(text) <= deep:
                    break
                last += 1
            found[first:last] = [(first, last)] * (last - first)
    return found


@lru_cache(1 << 16)
def tokens_of(text: str) -> tuple[str, ...]:
    """The tokens of a piece of code."""
    return tuple(TOKEN.findall(text))


@lru_cache(1 << 16)
def parts(token: str) -> tuple[str, ...]:
    """The words that a token is made of, lower case; itself where it has none."""
    return tuple(word.lower() for word in WORD.findall(token)) or (token,)


def step_of(change: Change, span: Span) -> Step:
    """What is really changed: `order` for `items` where `self.order` stands for `self.items`."""
    old, new = tokens_of(change.before), tokens_of(change.after)
    shorter = min(len(old), len(new))
    head = shared(old, new)
    tail = min(shared(old[::-1], new[::-1]), shorter - head)
    left, right = (*span.around[:2], *old[:head])[-2:], (*old[len(old) - tail :], *span.around[2:])[:2]
    return Step((*left, *right), old[head : len(old) - tail], new[head : len(new) - tail])


def shared(one: Sequence[str], other: Sequence[str]) -> int:
    """How many characters, or tokens, two begin with alike."""
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count


def share(words: Sequence[str], known: Collection[str]) -> float:
    """Which share of some words is known; 0 where there are none."""
    return sum(word in known for word in words) / len(words) if words else 0.0
