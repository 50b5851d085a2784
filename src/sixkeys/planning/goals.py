"""Which subgoals lead there? A graph of conditions and ways, searched best first into the steps of a plan.

A condition is a tuple of plain values with a name, `("open", 4, 7)`, that can be checked against what is
known. What makes a condition true in a world, and what a step is worth, is that world's `Lore`.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from itertools import count
from typing import NamedTuple, Protocol

from sixkeys.planning.atlas import Known, Place, Sight, Thing
from sixkeys.planning.skills import Move

Condition = tuple[str | int, ...]
MOST = 1000
"""Nodes that one search may open."""
UNKNOWN_COST = 8
"""Keys that are guessed for a step whose place is not known yet."""


class Step(NamedTuple):
    """One skill, where it is used, what has to hold for it, and what proves that it is done."""

    skill: str
    target: Place | None
    """None where it has still to be found; such a step is planned anew when it is."""
    needs: tuple[Condition, ...]
    proves: Condition


class Lore(Protocol):
    """What a person knows of one world: the only place for such knowledge. Everything is about what was
    seen."""

    world: int
    """The world's number in `ids`."""

    def see(self, known: Known | None, sight: Sight, key: int) -> Known:
        """The map after `key` was pressed and the world shows `sight`; None begins an episode."""
        ...

    def press(self, move: Move, known: Known) -> int:
        """The key that does a move, or that prepares for it."""
        ...

    def goal(self, known: Known) -> Condition:
        """What is wanted now."""
        ...

    def holds(self, condition: Condition, known: Known) -> bool: ...

    def ways(self, condition: Condition, known: Known) -> Sequence[Step]:
        """Steps that make a condition true, each by itself, once its needs hold."""
        ...

    def keys(self, step: Step, start: Place, known: Known) -> float:
        """About how many keys a step takes from `start`, and how doubtful it is, in keys."""
        ...

    def choices(self, known: Known) -> Sequence[Step]:
        """Steps that can be taken at once, whatever they are good for, the nearest first."""
        ...

    def aim(self, step: Step, known: Known) -> Thing:
        """What a step is after; NOTHING where that is not known."""
        ...

    def enters(self, thing) -> bool:
        """Whether a cell can be stepped on."""
        ...


class _Make(NamedTuple):
    condition: Condition
    above: frozenset[Condition]


class _Node(NamedTuple):
    agenda: tuple[_Make | Step, ...]
    """What is still to do, the next last."""
    steps: tuple[Step, ...]
    at: Place


def search(lore: Lore, goal: Condition, known: Known) -> tuple[Step, ...] | None:
    """The steps of the cheapest plan for `goal`, needs before what needs them; None where there is no way."""
    number = count()
    fringe = [(0.0, next(number), _Node((_Make(goal, frozenset()),), (), known.at))]
    for _ in range(MOST):
        if not fringe:
            return None
        cost, _, node = heapq.heappop(fringe)
        if not node.agenda:
            return node.steps
        for more, then in _opened(lore, node, known):
            heapq.heappush(fringe, (cost + more, next(number), then))
    return None


def _opened(lore: Lore, node: _Node, known: Known) -> list[tuple[float, _Node]]:
    """The nodes after one, with what each costs more. A step costs its least when it comes on the agenda, and
    the rest when its place in the plan is known, so costs are never overestimated."""
    *rest, top = node.agenda
    agenda = tuple(rest)
    if isinstance(top, Step):
        cost = max(0.0, lore.keys(top, node.at, known) - _least(top))
        return [(cost, _Node(agenda, (*node.steps, top), top.target or node.at))]
    made = any(step.proves == top.condition for step in node.steps)
    if made or lore.holds(top.condition, known):
        return [(0.0, node._replace(agenda=agenda))]
    if top.condition in top.above:
        return []
    above = top.above | {top.condition}
    return [
        (
            _least(step),
            node._replace(agenda=(*agenda, step, *(_Make(need, above) for need in reversed(step.needs)))),
        )
        for step in lore.ways(top.condition, known)
    ]


def _least(step: Step) -> float:
    """At least so many keys a step takes."""
    return UNKNOWN_COST if step.target is None else 1.0
