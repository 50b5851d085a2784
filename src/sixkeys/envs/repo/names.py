"""What are things called in a generated project? Pronounceable names that are new in every episode."""

from __future__ import annotations

import builtins
import keyword
import sys
from collections.abc import Callable, Sequence

from sixkeys.envs.repo.chance import Chance

CODAS = ("", "", "", "n", "r", "l", "m", "s", "t", "nd", "x")
ONSETS, VOWELS, NOUNS, VERBS = map(
    str.split,
    (
        "b br c ch d dr f fl g gr h j k kl l m n p pr qu r s sk sl st t tr v w z",
        "a e i o u ai ea ou",
        "river stone cargo ticket parcel sensor orbit ledger basket meadow signal cabin harbor "
        "lantern pigment valley marble packet tunnel ribbon copper forest engine anchor window planet "
        "kettle bridge garden",
        "gather measure collect trim weigh scan merge rank tally count fold pick split shift blend "
        "sort pack check trace mark clip scale group walk",
    ),
)
RESERVED = (
    frozenset(keyword.kwlist)
    | frozenset(dir(builtins))
    | sys.stdlib_module_names
    | {"pytest", "pluggy", "conftest"}
)
"""Names that would hide something else."""


def syllables(chance: Chance, count: int) -> str:
    """`count` random syllables: 'brano', 'stemil'."""
    parts = [chance.pick(ONSETS) + chance.pick(VOWELS) + chance.pick(CODAS) for _ in range(count)]
    return "".join(parts)


class Names:
    """Hands out names, never the same one twice. Keeps state: the names given."""

    def __init__(self, chance: Chance):
        self.chance = chance
        self.given: set[str] = set()

    def variable(self) -> str:
        """A short name for a parameter or a variable."""
        return self._new(lambda: syllables(self.chance, self.chance.between(1, 2)))

    def function(self) -> str:
        """Two words, each known or invented."""
        return self._new(lambda: f"{self._word(VERBS)}_{self._word(NOUNS)}")

    def module(self) -> str:
        """A name for a module."""
        return self._new(lambda: syllables(self.chance, 2))

    def _word(self, words: Sequence[str]) -> str:
        return self.chance.pick(words) if self.chance.unit() < 0.3 else syllables(self.chance, 2)

    def _new(self, make: Callable[[], str]) -> str:
        while True:
            name = make()
            if len(name) > 2 and name not in RESERVED and name not in self.given:
                self.given.add(name)
                return name
