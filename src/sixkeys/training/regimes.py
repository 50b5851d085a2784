"""Which regime comes next? Streams of tasks as data, and where a life is in its stream.

A regime is a world's name as `build.make_world` knows it: a family of tasks, with `~keys3` the same behind
another order of keys, with `~sparse` the same with other rewards.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

GRID = tuple(f"grid:grid_{name}" for name in ("empty", "rooms", "key", "lava", "forage", "house"))
TOOLS = tuple(f"tools:tools_{n}" for n in ("convert", "lookup", "search", "text", "dates", "sums", "chain"))
COMPUTER = tuple(
    f"computer:computer_{name}"
    for name in ("rename", "undo", "setting", "duplicate", "command", "cell", "choose")
)
TWENTY = (*GRID, *TOOLS, *COMPUTER)


class Course(NamedTuple):
    """What a stream is made of."""

    tasks: tuple[str, ...]
    times: int = 1
    """How often the whole of it comes by, in the same order."""


COURSES: Mapping[str, Course] = MappingProxyType(
    {
        "short": Course(
            (
                "grid:grid_empty", "tools:tools_convert", "grid:grid_lava", "grid:grid_empty~keys1",
                "tools:tools_lookup", "tools:tools_convert~keys1",
            )
        ),
        "cl20": Course(TWENTY),
        "cl20x3": Course(TWENTY, 3),
        "cl100": Course((*TWENTY, *(f"{task}~keys{n}" for n in range(1, 5) for task in TWENTY))),
    }
)  # fmt: skip
BOUNDARIES = ("known", "hidden", "gradual")
"""Whether the learner is told which regime it is in; gradual: nor does one end before the next begins."""
OVERLAP = 0.5
"""Share of a stage, at its end, in which a gradual stream brings the next regime more and more often."""


class Stream(NamedTuple):
    """Tasks in the order in which a life meets them, and how it is told of them."""

    tasks: tuple[str, ...]
    """Different worlds, in the order of COURSES."""
    taught: tuple[int, ...]
    """The task of each stage."""
    updates: int
    """Of a life, all stages together."""
    boundaries: str

    def stage(self, update: int) -> int:
        """In which stage update number `update` is."""
        return min(update * len(self.taught) // self.updates, len(self.taught) - 1)

    def within(self, update: int) -> float:
        """How much of its stage is done, in [0, 1)."""
        return update * len(self.taught) / self.updates - self.stage(update)

    def draw(self, update: int, rng: np.random.Generator) -> int:
        """The task that is played for an update."""
        stage, late = self.stage(update), (self.within(update) - 1 + OVERLAP) / OVERLAP
        if self.boundaries == "gradual" and stage + 1 < len(self.taught) and rng.random() < late / 2:
            stage += 1
        return self.taught[stage]

    def told(self, update: int) -> int | None:
        """The task as far as the learner is told."""
        return self.taught[self.stage(update)] if self.boundaries == "known" else None

    def ends(self, update: int) -> bool:
        """Whether a stage ends with this update."""
        return update + 1 == self.updates or self.stage(update + 1) > self.stage(update)


def stream(name: str, order: int, updates: int, boundaries: str = "known") -> Stream:
    """A course in one of its orders: 0 as it stands, others shuffled by that number.

    Raises ValueError on an unknown name, or fewer updates than stages.
    """
    if name not in COURSES:
        raise ValueError(f"unknown stream {name!r}; possible: {', '.join(COURSES)}")
    course = COURSES[name]
    numbers = np.arange(len(course.tasks))
    if order:
        numbers = np.random.default_rng([20, order]).permutation(numbers)
    taught = tuple(int(number) for number in np.tile(numbers, course.times))
    if updates < len(taught):
        raise ValueError(f"{updates} updates for {len(taught)} stages; give at least one a stage")
    return Stream(course.tasks, taught, updates, boundaries)
