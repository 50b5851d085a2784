"""What do I know of where I am? A map put together from partial views, in state that can be saved as JSON.

Places are (row, column) from where the episode began. A view is trusted where it shows something; what is out
of sight is remembered as it was last seen, so the map may be wrong, and is put right by looking again. Steps
are counted, never seen: a step onto a cell that can be entered succeeds. Not covered: worlds in which steps
slip.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from sixkeys.contract import SIDE

Place = tuple[int, int]
STEPS: dict[int, Place] = {1: (-1, 0), 2: (0, 1), 3: (1, 0), 4: (0, -1)}
"""Key -> step: north, east, south, west."""
AHEAD: tuple[Place, ...] = ((0, 1), (1, 0), (0, -1), (-1, 0))
"""A step ahead after so many turns to the right."""
BODY: Place = (7, 4)
"""Where in the patch a body stands whose view turns with it."""
REACH = 24
"""Rows and columns from here beyond which the map is forgotten."""


class Thing(NamedTuple):
    """A cell as it was last seen."""

    kind: int
    colour: int = 0
    state: int = 0


NOTHING = Thing(0)
Open = Callable[[Thing], bool]


class Sight(NamedTuple):
    """What one moment shows a seat."""

    patch: np.ndarray
    """uint8 [9, 9, 3]"""
    energy: float
    family: int = 0
    """The family's number in `ids`."""


class Known(NamedTuple):
    """All that a seat remembers of its episode; never changed in place."""

    cells: dict[Place, Thing]
    at: Place
    hand: Thing
    """What the agent's own cell shows: what it carries."""
    energy: float
    uses: int = 0
    """How often `use` was pressed."""
    passed: int = 0
    """Gates passed."""
    fed: int = 0
    """Batteries taken."""
    home: Place | None = None
    """Where that which is in hand was taken."""
    facing: int = 0
    """For a body that turns: how often it turned right since the episode began, modulo 4."""
    family: int = 0
    turns: bool = False
    """Whether this is a body that turns."""
    dull: int = 0
    """Colours, as bits, of what was held and was not what is wanted."""

    @property
    def ahead(self) -> int | None:
        """Where a body that turns faces; None for any other."""
        return self.facing if self.turns else None


def look(known: Known | None, sight: Sight) -> Known:
    """`known` with what a view from the middle of the patch shows; None begins a new map at (0, 0)."""
    before = known or _nothing(sight)
    row, column, half = *before.at, SIDE // 2
    seen = {
        (row + r - half, column + c - half): Thing(*cell)
        for r, line in enumerate(sight.patch.tolist())
        for c, cell in enumerate(line)
    }
    return _with(before, seen, sight)


def look_ahead(known: Known | None, sight: Sight) -> Known:
    """The same where the view turns with the body, which stands at row 7, column 4 and looks up."""
    before = known or _nothing(sight)._replace(turns=True)
    (down, along), (right_down, right_along) = AHEAD[before.facing], AHEAD[(before.facing + 1) % 4]
    row, column, (stand, middle) = *before.at, BODY
    seen = {
        (
            row + (stand - r) * down + (c - middle) * right_down,
            column + (stand - r) * along + (c - middle) * right_along,
        ): Thing(*cell)
        for r, line in enumerate(sight.patch.tolist())
        for c, cell in enumerate(line)
    }
    return _with(before, seen, sight)


def _nothing(sight: Sight) -> Known:
    return Known({}, (0, 0), NOTHING, sight.energy, family=sight.family)


def _with(before: Known, seen: Mapping[Place, Thing], sight: Sight) -> Known:
    """The map with what is seen now; what is far is forgotten."""
    row, column = before.at
    cells = {
        place: thing
        for place, thing in before.cells.items()
        if abs(place[0] - row) <= REACH and abs(place[1] - column) <= REACH
    }
    cells |= {place: thing for place, thing in seen.items() if thing.kind and place != before.at}
    cells.setdefault(before.at, Thing(1))
    return before._replace(cells=cells, hand=seen[before.at], energy=sight.energy)


def beside(place: Place) -> tuple[Place, Place, Place, Place]:
    """North, east, south, west of a place."""
    row, column = place
    return (row - 1, column), (row, column + 1), (row + 1, column), (row, column - 1)


def around(place: Place, ahead: int | None) -> list[tuple[Place, int | None]]:
    """What is beside a place, and where one faces there; for a body that turns and faces `ahead` what lies
    ahead first, then to the right, to the left and behind: an order that does not ask where north is."""
    if ahead is None:
        return [(other, None) for other in beside(place)]
    turned = [(ahead + turn) % 4 for turn in (0, 1, 3, 2)]
    return [((place[0] + AHEAD[way][0], place[1] + AHEAD[way][1]), way) for way in turned]


def spread(known: Known, start: Place, enters: Open) -> Iterator[tuple[Place, Place | None]]:
    """Every place that can be reached over known cells, nearest first, and the place before it."""
    facing = {start: known.ahead}
    queue: list[tuple[Place, Place | None]] = [(start, None)]
    for place, before in queue:
        yield place, before
        for other, ahead in around(place, facing[place]):
            if other not in facing and enters(known.cells.get(other, NOTHING)):
                facing[other] = ahead
                queue.append((other, place))


def far(known: Known, start: Place, enters: Open) -> dict[Place, int]:
    """Steps from `start` to every place that can be reached over known cells, nearest first."""
    found: dict[Place, int] = {}
    for place, before in spread(known, start, enters):
        found[place] = 0 if before is None else found[before] + 1
    return found


def way(known: Known, start: Place, goals: set[Place], enters: Open) -> list[Place] | None:
    """A shortest way from `start` to one of `goals`, without `start`; None where there is none. Of those that
    are equally short one that goes straight on, where it can."""
    came: dict[Place, Place | None] = {}
    for place, before in spread(known, start, enters):
        came[place] = before
        if place in goals:
            steps, here = [], place
            while here != start:
                steps.append(here)
                here = came[here] or start
            return steps[::-1]
    return None


def key_to(here: Place, there: Place) -> int:
    """The key that steps from a place to one beside it."""
    step = (there[0] - here[0], there[1] - here[1])
    return next(key for key, move in STEPS.items() if move == step)


def edge(known: Known, place: Place) -> bool:
    """Whether something unknown lies beside a place."""
    return any(other not in known.cells for other in beside(place))


def find(known: Known, kind: int, colour: int | None = None) -> list[Place]:
    """Where things of a kind (and colour) were seen."""
    return [p for p, t in known.cells.items() if t.kind == kind and colour in (None, t.colour)]


def to_data(known: Known) -> dict[str, Any]:
    """Plain values for JSON."""
    return {
        **known._asdict(),
        "cells": [[*place, *thing] for place, thing in known.cells.items()],
        "hand": list(known.hand),
    }


def from_data(data: dict[str, Any]) -> Known:
    """What `to_data` gave, from JSON."""
    cells = {(row[0], row[1]): Thing(*row[2:]) for row in data["cells"]}
    home = data["home"]
    rest = {"at": tuple(data["at"]), "hand": Thing(*data["hand"]), "home": tuple(home) if home else None}
    return Known(**{**data, **rest, "cells": cells})
