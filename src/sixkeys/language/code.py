"""Which of these changes would a person make? A small network reads code around each and ranks them.

In: the text of a file, words of the failing assertion, changes that might be made. Out: a score each; the
softmax of scores over the changes of some lines is how likely each is the repair. Tokens are hashed, so there
is no vocabulary; weights are trained by `scripts/train_scorer.py` on bugs put into the standard library.
NumPy only. Not covered: what names mean, and files other than the one that is changed, but for what is usual
in Python (`usual.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np

from sixkeys.contract import bucket
from sixkeys.language import usual
from sixkeys.language.page import Change, Page, Row, parts
from sixkeys.language.told import DENSE, Reader
from sixkeys.language.usual import Count

BUCKETS, KINDS = 8192, 1024
WIDTH, HIDDEN = 56, 192
BAGS = ("added", "removed", "left", "right", "line", "function")
"""Bags of tokens that the network reads, each as the mean of its tokens' rows."""
MEETINGS = ((0, 2), (0, 3), (0, 4), (1, 2), (1, 3), (0, 1))
"""Pairs of bags whose product it reads as well."""
SEEN = WIDTH * (len(BAGS) + 1 + len(MEETINGS))
MOST = 30.0
"""No score is larger."""


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


@lru_cache(1 << 16)
def buckets_of(token: str) -> tuple[int, ...]:
    """The rows of a token: its own, and those of its words where they are others."""
    words = parts(token)
    own = bucket(token, BUCKETS)
    return (own, *(bucket(f"~{word}", BUCKETS) for word in words)) if words != (token,) else (own,)


@lru_cache(1 << 14)
def rows_of(tokens: Row) -> np.ndarray:
    """int32: the rows of all tokens."""
    return np.array([row for token in tokens for row in buckets_of(token)], np.int32)


def read(page: Page, changes: Sequence[Change], known: Count | None = None) -> Read:
    """Everything that the network is told about each change; `known` in place of the shipped counts."""
    dense = np.zeros((len(changes), DENSE), np.float32)
    kinds = np.array([bucket(change.kind, KINDS, 0) for change in changes], np.int32)
    bags: list[np.ndarray] = []
    reader = Reader(page, known or usual.shipped().count)
    for row, change in enumerate(changes):
        step, added, removed, dense[row] = reader.told(change)
        line, head = page.span(change.start, change.start + len(change.before)).heads
        some = (tuple(added), tuple(removed), step.around[:2], step.around[2:], line, head)
        bags += [rows_of(bag) for bag in some]
    homes = np.repeat(np.arange(len(bags), dtype=np.int32), [len(bag) for bag in bags])
    return Read(kinds, dense, np.concatenate(bags) if bags else np.zeros(0, np.int32), homes)


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
