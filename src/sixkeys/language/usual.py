"""How usual is it in Python to say these tokens one after the other? Pairs and triples of tokens, counted.

In: tokens. Out: how many files of the standard library and of some packages say them, as logarithms. Counted
by `scripts/train_scorer.py`; what stands in one file alone is not kept. Keys are hashed, so a rare pair may
be taken for another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from sixkeys.contract import bucket
from sixkeys.language.page import parts
from sixkeys.language.sense import calls

PAIRS, TRIPLES = 1 << 18, 1 << 19
STEPS = 32
"""A count is kept as `log1p(count) * STEPS`, rounded: 22 for one file, 255 for 2,900."""
LONGEST = 16
"""Tokens of a row that are looked at."""
QUOTES = ("'", '"')
WORD, CALL = "~word", "~call"
"""What marks a row that is not of tokens."""
FLOW = 4
"""Numbers that `flow` returns."""
Count = Callable[[tuple[str, ...]], float]
"""Two or three tokens -> the logarithm of how often they are said in a row."""


class Usual(NamedTuple):
    """How many files say what, hashed."""

    pairs: np.ndarray
    """[PAIRS]: uint8 as `kept`, or whole numbers."""
    triples: np.ndarray
    """[TRIPLES]"""

    def count(self, row: tuple[str, ...]) -> float:
        """log1p of the number of files that say two or three tokens in a row, where counts are as `kept`."""
        return float((self.pairs if len(row) == 2 else self.triples)[place(row)]) / STEPS


@lru_cache(1 << 17)
def place(row: tuple[str, ...]) -> int:
    """Where two or three tokens are counted."""
    return bucket("\n".join(row), PAIRS if len(row) == 2 else TRIPLES, 0)


def plain(tokens: Iterable[str]) -> list[str]:
    """Tokens, all strings of more than one letter as one."""
    return ['""' if token[0] in QUOTES and len(token) > 3 else token for token in tokens if token]


def flow(row: Sequence[str], count: Count) -> tuple[float, float, float, float]:
    """How smoothly a row of tokens reads: mean and least of its pairs, mean and least of its triples."""
    some = tuple(row[:LONGEST])
    pairs = [count(pair) for pair in pairwise(some)] or [0.0]
    triples = [count(triple) for triple in zip(some, some[1:], some[2:], strict=False)] or [0.0]
    return sum(pairs) / len(pairs), min(pairs), sum(triples) / len(triples), min(triples)


def counted(texts: Iterable[Sequence[str]]) -> dict[tuple[str, ...], int]:
    """Two or three tokens in a row -> how many of the texts, each a row of tokens, say them."""
    many: dict[tuple[str, ...], int] = {}
    for tokens in texts:
        for row in rows(tokens):
            many[row] = many.get(row, 0) + 1
    return many


def rows(tokens: Sequence[str]) -> set[tuple[str, ...]]:
    """All that a text says: pairs and triples, words, how many arguments whoever is called is given."""
    some = plain(tokens)
    pairs: set[tuple[str, ...]] = set(pairwise(some))
    said = {word(part) for token in set(tokens) for part in parts(token) if part[0].isalpha()}
    given = {arity(*call) for call in calls(tokens)}
    return pairs.union(zip(some, some[1:], some[2:], strict=False), said, given)


def word(said: str) -> tuple[str, str]:
    """What a word is counted as."""
    return WORD, said


def arity(called: str, given: int) -> tuple[str, str, str]:
    """What a call is counted as."""
    return CALL, called, str(given)


def table(many: dict[tuple[str, ...], int]) -> Usual:
    """Counts of more than one, as whole numbers. Of those that share a place the largest stays."""
    found = Usual(np.zeros(PAIRS, np.int64), np.zeros(TRIPLES, np.int64))
    for row, count in many.items():
        if count > 1:
            part, at = found.pairs if len(row) == 2 else found.triples, place(row)
            part[at] = max(part[at], count)
    return found


def kept(counts: np.ndarray) -> np.ndarray:
    """uint8: whole numbers as they are kept; what stands in one file alone is nothing."""
    steps = np.minimum(255, np.round(np.log1p(counts) * STEPS))
    return np.where(counts > 1, steps, 0).astype(np.uint8)


@lru_cache(1)
def shipped() -> Usual:
    """The counts inside the package."""
    from safetensors.numpy import load

    stored = load(files("sixkeys.language").joinpath("usual.safetensors").read_bytes())
    return Usual(stored["pairs"], stored["triples"])
