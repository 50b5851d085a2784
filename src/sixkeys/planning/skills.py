"""How is a step done? Skills: when they can begin, when they are over, and what is next, asked anew at each
turn.

A skill keeps no state, so it can be left at any key and taken up again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sixkeys.planning.atlas import NOTHING, STEPS, Known, Open, Place, around, beside, edge, way

SHUT = 1
"""The bit of a cell's state that says that a door is shut, or that a pad waits."""


class Move(NamedTuple):
    """What to do with a place that is beside: step onto it, or use it as a skill does. Which key that is, the
    world's lore knows."""

    place: Place
    use: str = ""
    """The skill's name; empty: step there."""


class Skill(NamedTuple):
    """A larger move towards a target."""

    ready: Callable[[Known, Place], bool]
    """Whether it makes sense to begin or go on."""
    over: Callable[[Known, Place], bool]
    """Whether there is nothing left for it to do, whatever came of it."""
    move: Callable[[Known, Place, Open], Move | None]
    """What is next; None where no way is known."""


def _walk(known: Known, target: Place, enters: Open) -> Move | None:
    """A step nearer to the target; the last step may lead to a place that was never seen."""
    last = [] if target in known.cells else [target]
    goals = {place for place in beside(target) if place in known.cells} if last else {target}
    steps = way(known, known.at, goals, enters)
    ahead = [*steps, *last] if steps is not None else []
    return Move(ahead[0]) if ahead else None


def _explore(known: Known, target: Place, enters: Open) -> Move | None:
    """A step nearer to the target; from there, towards what is unknown beside it."""
    if known.at != target:
        return _walk(known, target, enters)
    unknown = next((place for place, _ in around(target, known.ahead) if place not in known.cells), None)
    return Move(unknown) if unknown else None


def _using(skill: str) -> Callable[[Known, Place, Open], Move | None]:
    """Walks beside the target, then uses it; whoever stands on it steps off first, to see what comes."""

    def move(known: Known, target: Place, enters: Open) -> Move | None:
        places = {place for place in beside(target) if enters(known.cells.get(place, NOTHING))}
        steps = way(known, known.at, places, enters)
        if steps is None:
            return None
        return Move(steps[0]) if steps else Move(target, skill)

    return move


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
    "explore": Skill(edge, lambda known, target: not edge(known, target), _explore),
    **{name: Skill(_seen, _never, _using(name)) for name in ("take", "pull", "drop")},
    **{name: Skill(_seen, _opened, _using(name)) for name in ("open", "deliver")},
}
"""Walk to a place; look at what lies beyond a place; take, pull, drop, open and deliver: reach a place and
use it, or what is there."""


def straight(known: Known, skill: str, target: Place, enters: Open) -> Move | None:
    """What is next without a search for a way: along the longer side, else the other. Stands in for
    skills."""
    down, along = target[0] - known.at[0], target[1] - known.at[1]
    if skill not in ("walk", "explore") and abs(down) + abs(along) == 1:
        return Move(target, skill)
    wishes = [(abs(down), 3 if down > 0 else 1), (abs(along), 2 if along > 0 else 4)]
    for size, key in sorted(wishes, reverse=True):
        there = known.at[0] + STEPS[key][0], known.at[1] + STEPS[key][1]
        if size and enters(known.cells.get(there, NOTHING)):
            return Move(there)
    return None
