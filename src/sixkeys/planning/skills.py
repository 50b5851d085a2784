"""How is a step done? Skills: when they can begin, when they are over, and the next key, asked anew at each
turn.

A skill keeps no state, so it can be left at any key and taken up again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sixkeys.planning.atlas import NOTHING, Known, Open, Place, beside, edge, key_to, way

USE = 5
SHUT = 1
"""The bit of a cell's state that says that a door is shut, or that a pad waits."""


class Skill(NamedTuple):
    """A larger move towards a target."""

    ready: Callable[[Known, Place], bool]
    """Whether it makes sense to begin or go on."""
    over: Callable[[Known, Place], bool]
    """Whether there is nothing left for it to do, whatever came of it."""
    key: Callable[[Known, Place, Open], int | None]
    """The next key; None where no way is known."""


def _walk(known: Known, target: Place, enters: Open) -> int | None:
    """A key nearer to the target; the last step may lead to a place that was never seen."""
    last = [] if target in known.cells else [target]
    goals = {place for place in beside(target) if place in known.cells} if last else {target}
    steps = way(known, known.at, goals, enters)
    ahead = [*steps, *last] if steps is not None else []
    return key_to(known.at, ahead[0]) if ahead else None


def _use(known: Known, target: Place, enters: Open) -> int | None:
    """Walks beside the target, then presses `use`; whoever stands on it steps off first, to see what
    comes."""
    places = {place for place in beside(target) if enters(known.cells.get(place, NOTHING))}
    steps = way(known, known.at, places, enters)
    if steps is None:
        return None
    return key_to(known.at, steps[0]) if steps else USE


def _always(known: Known, target: Place) -> bool:
    return True


def _seen(known: Known, target: Place) -> bool:
    return target in known.cells


def _never(known: Known, target: Place) -> bool:
    return False


def _opened(known: Known, target: Place) -> bool:
    return not known.cells.get(target, NOTHING).state & SHUT


SKILLS = {
    "walk": Skill(_always, lambda known, target: known.at == target, _walk),
    "explore": Skill(edge, lambda known, target: not edge(known, target), _walk),
    **dict.fromkeys(("take", "pull"), Skill(_seen, _never, _use)),
    **dict.fromkeys(("open", "deliver"), Skill(_seen, _opened, _use)),
}
"""Walk to a place; look at what lies beyond a place; take, open, pull and deliver: reach a thing and use
it."""


def straight(known: Known, skill: str, target: Place, enters: Open) -> int | None:
    """The next key without a search for a way: along the longer side, else the other. Stands in for
    skills."""
    down, along = target[0] - known.at[0], target[1] - known.at[1]
    if skill not in ("walk", "explore") and abs(down) + abs(along) == 1:
        return USE
    wishes = [(abs(down), 3 if down > 0 else 1), (abs(along), 2 if along > 0 else 4)]
    for size, key in sorted(wishes, reverse=True):
        step = {1: (-1, 0), 2: (0, 1), 3: (1, 0), 4: (0, -1)}[key]
        there = known.at[0] + step[0], known.at[1] + step[1]
        if size and enters(known.cells.get(there, NOTHING)):
            return key
    return None
