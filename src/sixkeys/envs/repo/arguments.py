"""What are generated functions called with? Random arguments of the kinds that templates name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sixkeys.envs.repo.chance import Chance
from sixkeys.envs.repo.names import syllables


class Arguments:
    """Draws one call's arguments. `constants` are the numbers in the function's text: values near them are
    likely, so that boundaries are met. Keeps state: what was drawn for the earlier arguments of the call."""

    def __init__(self, chance: Chance, constants: Sequence[int]):
        self.chance, self.constants = chance, constants
        self.first: Any = None

    def draw(self, kinds: Sequence[str]) -> tuple[Any, ...]:
        """One argument a kind; raises KeyError on a kind that no method is named after."""
        values = []
        for kind in kinds:
            values.append(KINDS[kind](self))
            self.first = values[0]
        return tuple(values)

    def near(self) -> int:
        """A number that stands in the first argument, or one at or beside a constant of the function, or
        any."""
        pool = list(self.first.values()) if isinstance(self.first, dict) else self.first
        if pool and not isinstance(pool, int) and self.chance.unit() < 0.7:
            return self.chance.pick(pool)
        if self.constants and self.chance.unit() < 0.8:
            return self.chance.pick(self.constants) + self.chance.between(-1, 1)
        return self.chance.between(1, 9)

    def ints(self) -> list[int]:
        return [self.chance.between(0, 9) for _ in range(self.chance.between(3, 5))]

    def maybe_none(self) -> list[int]:
        """A list of numbers, empty half of the time."""
        return self.ints() if self.chance.unit() < 0.5 else []

    def word(self) -> str:
        return syllables(self.chance, self.chance.between(1, 2))

    def mirror(self) -> str:
        """A word, three times in four one that reads the same backwards."""
        half = syllables(self.chance, 1)
        return half + half[-2::-1] if self.chance.unit() < 0.75 else half

    def words(self) -> list[str]:
        return [syllables(self.chance, 1) for _ in range(self.chance.between(2, 4))]

    def repeats(self) -> list[str]:
        """Words of which some come twice."""
        some = self.words()
        return self.chance.shuffled([*some, self.chance.pick(some)])

    def letter(self) -> str:
        """A letter of the first argument."""
        text = self.first if isinstance(self.first, str) else "".join(self.first)
        return self.chance.pick(text.replace(" ", ""))

    def padded(self) -> str:
        return "-" * self.chance.between(0, 2) + self.word() + "-" * self.chance.between(0, 2)

    def table(self) -> dict[str, int]:
        return {word: self.number() for word in self.words()}

    def number(self) -> int:
        """At or beside a constant half of the time."""
        if self.constants and self.chance.unit() < 0.5:
            return self.chance.pick(self.constants) + self.chance.between(-1, 1)
        return self.chance.between(1, 9)

    def key(self) -> str:
        """A key of the first argument, or a word that is none."""
        return self.chance.pick(list(self.first)) if self.chance.unit() < 0.5 else self.word()

    def lists(self) -> list[list[int]]:
        return [[self.chance.between(0, 9) for _ in range(self.chance.between(1, 2))] for _ in range(2)]

    def pairs(self) -> list[tuple[str, int]]:
        return [(word, self.number()) for word in self.words()[:3]]


KINDS: dict[str, Callable[[Arguments], Any]] = {
    "near": Arguments.near,
    "number": Arguments.number,
    "small": lambda a: a.chance.between(1, 5),
    "one": lambda a: a.chance.between(1, 2),
    "large": lambda a: a.chance.between(6, 15),
    "huge": lambda a: a.chance.between(11, 400),
    "low": lambda a: a.chance.between(1, 4),
    "high": lambda a: a.chance.between(5, 8),
    "ints": Arguments.ints,
    "maybe_none": Arguments.maybe_none,
    "word": Arguments.word,
    "mirror": Arguments.mirror,
    "words": Arguments.words,
    "repeats": Arguments.repeats,
    "letter": Arguments.letter,
    "text": lambda a: " ".join(a.words()),
    "padded": Arguments.padded,
    "table": Arguments.table,
    "key": Arguments.key,
    "lists": Arguments.lists,
    "pairs": Arguments.pairs,
}
"""Kind of argument -> how it is drawn."""
