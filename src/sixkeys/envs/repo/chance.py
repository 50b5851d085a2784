"""What happens by chance? Picks, shuffles and whole numbers from one seed, drawn in bulk because single draws
are slow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

Item = TypeVar("Item")
BULK = 512


class Chance:
    """A random stream that belongs to a seed, or to a seed and what it is for. Keeps state: the stream and
    the numbers drawn ahead."""

    def __init__(self, seed: int | Sequence[int]):
        self._stream = np.random.default_rng(seed)
        self._ahead: list[float] = []

    def unit(self) -> float:
        """A number in [0, 1)."""
        if not self._ahead:
            self._ahead = self._stream.random(BULK).tolist()
        return self._ahead.pop()

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self.unit() * (high - low + 1))

    def pick(self, items: Sequence[Item]) -> Item:
        """One of `items`, each as likely."""
        return items[int(self.unit() * len(items))]

    def shuffled(self, items: Sequence[Item]) -> list[Item]:
        """`items` in a uniformly random order (Fisher and Yates)."""
        mixed = list(items)
        for last in range(len(mixed) - 1, 0, -1):
            other = int(self.unit() * (last + 1))
            mixed[last], mixed[other] = mixed[other], mixed[last]
        return mixed
