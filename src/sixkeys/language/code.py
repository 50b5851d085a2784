"""Which of these changes would a person make? A small network reads code around each and ranks them.

In: the text of a file, words of the failing assertion, changes that might be made. Out: a score each; the
softmax of scores over the changes of some lines is how likely each is the repair. Tokens are hashed, so there
is no vocabulary; weights are trained by `scripts/train_scorer.py` on bugs put into the standard library.
NumPy only. Not covered: what names mean, and files other than the one that is changed, but for what is usual
in Python (`usual.py`).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from math import log1p
from typing import NamedTuple

import numpy as np

from sixkeys.contract import bucket
from sixkeys.language import usual
from sixkeys.language.usual import FLOW, Count

TOKEN = re.compile(r"[A-Za-z_]\w*|\d[\w.]*|\"[^\"\n]*\"|'[^'\n]*'|[^\w\s]")
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
DEFINES = re.compile(r"^([ \t]*)(?:async[ ]+)?def[ ]")
BUCKETS, KINDS = 8192, 1024
WIDTH, HIDDEN = 40, 128
BAGS = ("added", "removed", "left", "right", "line", "function")
"""Bags of tokens that the network reads, each as the mean of its tokens' rows."""
MEETINGS = ((0, 2), (0, 3), (0, 4), (1, 2), (1, 3), (0, 1))
"""Pairs of bags whose product it reads as well."""
SEEN = WIDTH * (len(BAGS) + 1 + len(MEETINGS))
DENSE = 46 + 6 * FLOW
QUOTES = ("'", '"')
MOST = 30.0
"""No score is larger."""
NEAR = 3
"""Lines before and after that count as near."""
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


class Weights(NamedTuple):
    """The network: rows of tokens and of kinds, then two layers."""

    tokens: np.ndarray
    """float32 [BUCKETS, WIDTH]"""
    kinds: np.ndarray
    """float32 [KINDS, WIDTH]"""
    inner: np.ndarray
    """float32 [SEEN + DENSE, HIDDEN]"""
    shift: np.ndarray
    """float32 [HIDDEN]"""
    outer: np.ndarray
    """float32 [HIDDEN]"""


class Read(NamedTuple):
    """Changes as the network takes them. N changes, T tokens in all bags together."""

    kinds: np.ndarray
    """int32 [N]"""
    dense: np.ndarray
    """float32 [N, DENSE]"""
    tokens: np.ndarray
    """int32 [T]: buckets."""
    homes: np.ndarray
    """int32 [T]: change * len(BAGS) + bag."""


class Step(NamedTuple):
    """What a change does to a row of tokens, without what it leaves as it is at both ends."""

    around: tuple[str, ...]
    """Two tokens before it and two after it; empty past the ends of the file."""
    old: tuple[str, ...]
    new: tuple[str, ...]


class Span(NamedTuple):
    """What stands around one span of a file."""

    around: tuple[str, ...]
    """Two tokens before it and two after it; empty past the ends of the file."""
    line: Counter[str]
    near: frozenset[str]
    function: Counter[str]
    """How often each token is said in the function around."""
    parameters: frozenset[str]
    said: float
    """Share of its line that the failing assertion says."""
    rows: tuple[np.ndarray, ...]
    """Rows of the bags line and function."""


class Page:
    """A file that is read once for all changes of it: tokens, how often, which beside which."""

    def __init__(self, text: str, pieces: Collection[str] = ()):
        self.text = text
        found = [(match.group(), match.start()) for match in TOKEN.finditer(text)]
        self.tokens = [token for token, _ in found]
        self.starts = [start for _, start in found]
        self.often = Counter(self.tokens)
        self.pairs: Counter[tuple[str, ...]] = Counter(zip(self.tokens, self.tokens[1:], strict=False))
        self.triples: Counter[tuple[str, ...]] = Counter(
            zip(self.tokens, self.tokens[1:], self.tokens[2:], strict=False)
        )
        self.said = {word for piece in pieces for word in (piece, *parts(piece))}
        self.feeds = [0, *(match.end() for match in re.finditer("\n", text))]
        self.functions = _functions(text.split("\n"))
        self.spans: dict[tuple[int, int], Span] = {}
        self.scopes: dict[tuple[int, int], tuple[Counter[str], frozenset[str], np.ndarray]] = {}

    def span(self, start: int, end: int) -> Span:
        """What stands around a span; found once for all its changes."""
        if (start, end) not in self.spans:
            first, last = bisect_right(self.starts, start - 1), bisect_right(self.starts, end - 1)
            left, right = self.tokens[max(0, first - 2) : first], self.tokens[last : last + 2]
            around = (*["", ""][len(left) :], *left, *right, *["", ""][len(right) :])
            line, near = self.lines(start, end)[:40], frozenset(self.lines(start, end, NEAR))
            function, parameters, words = self.scope(start)
            self.spans[start, end] = Span(
                around,
                Counter(line),
                near,
                function,
                parameters,
                _share(line, self.said),
                (rows_of(line), words),
            )
        return self.spans[start, end]

    def scope(self, start: int) -> tuple[Counter[str], frozenset[str], np.ndarray]:
        """The function around an offset: its tokens, its parameters, rows of its head."""
        row = bisect_right(self.feeds, start) - 1
        first, last = self.functions[min(row, len(self.functions) - 1)]
        if (first, last) not in self.scopes:
            begin = bisect_right(self.starts, self.feeds[first] - 1)
            stop = bisect_right(self.starts, self.feeds[last] - 1) if last < len(self.feeds) else None
            inside = self.tokens[begin:stop]
            close = inside.index(":") if ":" in inside else 0
            head = inside[: inside.index(")") + 1] if ")" in inside else inside[:close]
            known = frozenset(token for token in head[2:] if token.isidentifier())
            self.scopes[first, last] = (Counter(inside), known, rows_of(head[:20] if known else ()))
        return self.scopes[first, last]

    def count(self, row: tuple[str, ...]) -> float:
        """log1p of how often the file says two or three tokens in a row."""
        return log1p((self.pairs if len(row) == 2 else self.triples)[row])

    def lines(self, start: int, end: int, more: int = 0) -> list[str]:
        """The tokens of the lines that a span touches, and of `more` lines before and after."""
        row, last = bisect_right(self.feeds, start) - 1, bisect_right(self.feeds, end) - 1
        begin = self.feeds[max(0, row - more)]
        final = last + more + 1
        stop = self.feeds[final] if final < len(self.feeds) else len(self.text)
        return self.tokens[bisect_right(self.starts, begin - 1) : bisect_right(self.starts, stop - 1)]


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


@lru_cache(1 << 16)
def buckets_of(token: str) -> tuple[int, ...]:
    """The rows of a token: its own, and those of its words where they are others."""
    words = parts(token)
    own = bucket(token, BUCKETS)
    return (own, *(bucket(f"~{word}", BUCKETS) for word in words)) if words != (token,) else (own,)


def rows_of(tokens: Iterable[str]) -> np.ndarray:
    """int32: the rows of all tokens."""
    return np.array([row for token in tokens for row in buckets_of(token)], np.int32)


def read(page: Page, changes: Sequence[Change], known: Count | None = None) -> Read:
    """Everything that the network is told about each change; `known` in place of the
    shipped counts."""
    dense = np.zeros((len(changes), DENSE), np.float32)
    kinds = np.array([bucket(change.kind, KINDS, 0) for change in changes], np.int32)
    bags: list[np.ndarray] = []
    known = known or usual.shipped().count
    flows: dict[Row, tuple[float, ...]] = {}
    for row, change in enumerate(changes):
        span = page.span(change.start, change.start + len(change.before))
        step = step_of(change, span)
        added, removed = _without(step.new, step.old), _without(step.old, step.new)
        words = _dense(page, change, span, step, added, removed)
        ways = [_flow(page, known, flows, (*step.around[:2], *said, *step.around[2:])) for said in step[1:]]
        both = np.array(ways, np.float32).reshape(2, -1) / 3
        dense[row] = [*words, *both.ravel(), *(both[1] - both[0])]
        bags += [
            _few(tuple(added)),
            _few(tuple(removed)),
            _few(step.around[:2]),
            _few(step.around[2:]),
            *span.rows,
        ]
    homes = np.repeat(np.arange(len(bags), dtype=np.int32), [len(bag) for bag in bags])
    return Read(kinds, dense, np.concatenate(bags) if bags else np.zeros(0, np.int32), homes)


def step_of(change: Change, span: Span) -> Step:
    """What is really changed: `order` for `items` where `self.order` stands for `self.items`."""
    old, new = tokens_of(change.before), tokens_of(change.after)
    shorter = min(len(old), len(new))
    head = _shared(old, new)
    tail = min(_shared(old[::-1], new[::-1]), shorter - head)
    left, right = (*span.around[:2], *old[:head])[-2:], (*old[len(old) - tail :], *span.around[2:])[:2]
    return Step((*left, *right), old[head : len(old) - tail], new[head : len(new) - tail])


def _flow(page: Page, known: Count, met: dict[Row, tuple[float, ...]], row: Row) -> tuple[float, ...]:
    """How smoothly a row of tokens reads in this file and in Python; remembered in `met`."""
    if row not in met:
        met[row] = (*usual.flow(row, page.count), *usual.flow(usual.plain(row), known))
    return met[row]


@lru_cache(1 << 14)
def _few(tokens: Row) -> np.ndarray:
    return rows_of(tokens)


def _without(some: Sequence[str], others: Sequence[str]) -> list[str]:
    """`some` less `others`, each as often as it is said more often."""
    left = list(others)
    found = []
    for token in some:
        if token in left:
            left.remove(token)
        else:
            found.append(token)
    return found


def _dense(
    page: Page, change: Change, span: Span, step: Step, added: list[str], removed: list[str]
) -> list[float]:
    """Lengths, likeness, how often the words are said elsewhere and beside what, what the assertion says."""
    before, after = change.before, change.after
    old, new = step.old, step.new
    longest = max(len(before), len(after), 1)
    names = [token for token in added if token.isidentifier()]
    gone = [token for token in removed if token.isidentifier()]
    often = [page.often[name] for name in names]
    left2, left, right, right2 = step.around
    first_new, last_new = (new[0], new[-1]) if new else (right, left)
    first_old, last_old = (old[0], old[-1]) if old else (right, left)
    single = len(names) == 1 == len(gone)
    more, inside = _growth(before, after), span.function
    counts = [
        len(before), len(after), min(often, default=2), max(often, default=2),
        min((page.often[name] for name in gone), default=2), page.pairs[left, first_new],
        page.pairs[last_new, right], page.pairs[left, first_old], page.pairs[last_old, right],
        page.triples[left2, left, first_new], page.triples[left2, left, first_old],
        page.triples[last_new, right, right2], page.triples[last_old, right, right2],
        min((inside[name] for name in names), default=2), max((inside[name] for name in names), default=2),
        min((inside[name] for name in gone), default=2), sum(inside.values()) / 20,
    ]  # fmt: skip
    return [
        *(log1p(count) / 3 for count in counts), log1p(change.prior), len(added) / 8, len(removed) / 8,
        _shared(before, after) / longest, _shared(before[::-1], after[::-1]) / longest,
        _share(names, span.near), _share(names, span.line), _share(added, page.said),
        _share(removed, page.said), _share([word for token in added for word in parts(token)], page.said),
        float(abs(more) == 1), float(more != 0), float(before[:1] in QUOTES and after[:1] in QUOTES),
        float(not new), float(not old), float(not names), float(single),
        _alike(names[0], gone[0]) if single else 0.0, span.said,
        float(any(name in span.parameters and inside[name] <= 1 for name in names)),
        float(any(name in span.parameters for name in gone)),
        float(any(span.line[name] > 1 for name in gone)),
        float(any(name in span.near and span.line[name] == 0 for name in names)),
        float(right == "("), *_defined(page, names), *_defined(page, gone), float(left == "."),
    ]  # fmt: skip


def _defined(page: Page, names: Sequence[str]) -> tuple[float, float]:
    """Is any of the names a function or class of this file, is any a variable or an argument by name?"""
    stated = any(page.pairs["def", name] or page.pairs["class", name] for name in names)
    return float(stated), float(any(page.pairs[name, "="] for name in names))


def _alike(one: str, other: str) -> float:
    """Which share of the longer name the two begin and end with alike."""
    return (_shared(one, other) + _shared(one[::-1], other[::-1])) / max(len(one), len(other))


def _growth(before: str, after: str) -> int:
    """By how much a whole number grows; 0 where either is none."""
    return int(after) - int(before) if before.isdecimal() and after.isdecimal() else 0


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    """How many characters, or tokens, two begin with alike."""
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count


def _share(words: Sequence[str], known: Collection[str]) -> float:
    return sum(word in known for word in words) / len(words) if words else 0.0


def score(weights: Weights, told: Read) -> np.ndarray:
    """float32 [N]: a score for each change; higher is likelier."""
    count = len(told.kinds)
    rows = np.zeros((count * len(BAGS), WIDTH), np.float32)
    np.add.at(rows, told.homes, weights.tokens[told.tokens])
    many = np.maximum(np.bincount(told.homes, minlength=count * len(BAGS)), 1).astype(np.float32)
    bags = (rows / many[:, None]).reshape(count, len(BAGS), WIDTH)
    meets = [bags[:, one] * bags[:, other] for one, other in MEETINGS]
    seen = np.concatenate(
        [bags.reshape(count, len(BAGS) * WIDTH), *meets, weights.kinds[told.kinds], told.dense], 1
    )
    return np.maximum(seen @ weights.inner + weights.shift, 0.0) @ weights.outer


@lru_cache(1)
def shipped() -> Weights:
    """The weights inside the package, trained by `scripts/train_scorer.py`."""
    from safetensors.numpy import load

    stored: Mapping[str, np.ndarray] = load(
        files("sixkeys.language").joinpath("code.safetensors").read_bytes()
    )
    return Weights(*(stored[name].astype(np.float32) for name in Weights._fields))


def rank(text: str, changes: Sequence[Change], pieces: Collection[str] = ()) -> np.ndarray:
    """float32 [N]: how plausible each change of a file is by the shipped weights, the odds of one against
    another."""
    scores = score(shipped(), read(Page(text, pieces), changes))
    return np.exp(np.clip(scores, -MOST, MOST))
