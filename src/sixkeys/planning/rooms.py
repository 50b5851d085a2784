"""What does a person know of rooms with doors? The lore of the grid and of chains: one class, two worlds.

Kinds of cells are the worlds' own (`envs/grid_layouts.py`, `envs/chains_sections.py`); a test holds them
equal.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sixkeys.planning.atlas import (
    NOTHING,
    STEPS,
    Known,
    Place,
    Sight,
    Thing,
    beside,
    edge,
    far,
    find,
    key_to,
    look,
    way,
)
from sixkeys.planning.goals import UNKNOWN_COST, Condition, Step
from sixkeys.planning.skills import Move

FLOOR, DOOR, DOOR_OPEN, KEY, GOAL, ENERGY, BALL, BOX, CARPET = 1, 3, 4, 5, 7, 8, 10, 11, 12
LEVER, SHUTTER, SEAL, PAD = 13, 14, 15, 16
SHUT, GATE, LEVERED = 1, 2, 4
"""Bits of a cell's state."""
DOORS = (DOOR, SHUTTER, SEAL)
GRID, CHAINS = 1, 10
"""The worlds' numbers in `ids`."""
USE = 5
DOUBT = 4
"""Keys that exploring is dearer than its way."""
_OPENER = {DOOR: (KEY, "open"), SHUTTER: (LEVER, "pull"), SEAL: (BOX, "deliver")}


class Rooms:
    """The lore of one of the two worlds. Conditions: `onward n` (n gates passed, or the goal), `open r c`,
    `have kind colour`, `seen kind colour` (colour 0: any), `near r c` (a way is known), `way out`, `fed n`,
    `used n`."""

    def __init__(self, world: int):
        self.world = world
        lies = (KEY, BALL, BOX, LEVER, PAD) if world == CHAINS else ()
        self._entered = frozenset((FLOOR, DOOR_OPEN, GOAL, CARPET, *lies))
        self._shuts = frozenset(DOORS if world == CHAINS else (*DOORS, KEY, ENERGY))

    def enters(self, thing: Thing) -> bool:
        return thing.kind in self._entered

    def _enters_if_open(self, thing: Thing) -> bool:
        return thing.kind in self._entered or thing.kind in self._shuts

    def see(self, known: Known | None, sight: Sight, key: int) -> Known:
        if known is None:
            return look(None, sight)
        if key in STEPS:
            known = self._stepped(known, key)
        taken = self._beside(known) if key == USE else None
        after = look(self._turned(known, sight.patch) if key == USE else known, sight)
        after = after._replace(uses=known.uses + (key == USE), fed=known.fed + (sight.energy > known.energy))
        if self.world == GRID or after.hand == known.hand or key != USE:
            return after
        return self._held(known, after, taken)

    def press(self, move: Move, known: Known) -> int:
        return USE if move.use else key_to(known.at, move.place)

    def _stepped(self, known: Known, key: int) -> Known:
        there = (known.at[0] + STEPS[key][0], known.at[1] + STEPS[key][1])
        if not self.enters(known.cells.get(there, NOTHING)):
            return known
        if self.world == CHAINS and known.cells[known.at].state & GATE and key == 2:
            # Nothing behind a gate can be reached again.
            cells = {place: thing for place, thing in known.cells.items() if place[1] >= there[1]}
            return known._replace(cells=cells, at=there, passed=known.passed + 1, home=None)
        return known._replace(at=there)

    def _turned(self, known: Known, patch: np.ndarray) -> Known:
        """Doors out of sight whose lever or pad, which is beside, has just changed."""
        cells, half = dict(known.cells), len(patch) // 2
        for down, along in STEPS.values():
            was = known.cells.get((known.at[0] + down, known.at[1] + along), NOTHING)
            if was.kind in (LEVER, PAD) and was.state != patch[half + down, half + along, 2]:
                for place, thing in known.cells.items():
                    if thing.kind in (SHUTTER, SEAL) and thing.colour == was.colour:
                        cells[place] = Thing(DOOR_OPEN, thing.colour, thing.state & ~SHUT)
                    elif thing.kind == DOOR_OPEN and thing.state & LEVERED and thing.colour == was.colour:
                        cells[place] = Thing(SHUTTER, thing.colour, thing.state | SHUT)
        return known._replace(cells=cells)

    def _beside(self, known: Known) -> Place | None:
        """Where something that can be taken is within reach."""
        near = (known.at, *beside(known.at))
        return next((p for p in near if known.cells.get(p, NOTHING).kind in (KEY, BOX, BALL)), None)

    def _held(self, before: Known, after: Known, taken: Place | None) -> Known:
        """What was in hand is back where it lay, if something else was taken."""
        cells = dict(after.cells)
        if taken is None:
            return after._replace(home=None)
        if before.hand.state and before.home is not None:
            cells[before.home] = Thing(before.hand.state, before.hand.colour)
        if taken == before.at:
            cells[taken] = Thing(FLOOR)
        return after._replace(cells=cells, home=taken)

    def goal(self, known: Known) -> Condition:
        hungry = self.world == GRID and not known.fed and find(known, ENERGY)
        return ("fed", 1) if hungry else ("onward", known.passed + 1)

    def holds(self, condition: Condition, known: Known) -> bool:
        name, *rest = condition
        if name == "open":
            return known.cells.get((int(rest[0]), int(rest[1])), NOTHING).kind not in self._shuts
        if name == "have":
            return self._has(known, int(rest[0]), int(rest[1]))
        if name == "near":
            return self._way((int(rest[0]), int(rest[1])), known) is not None
        if name == "seen":
            return bool(find(known, int(rest[0]), int(rest[1]) or None))
        counted = {"onward": known.passed, "used": known.uses, "fed": known.fed}
        if name in counted:
            return counted[name] >= int(rest[0])
        return name == "way out" and self._sure(known)

    def _has(self, known: Known, kind: int, colour: int) -> bool:
        if self.world == GRID:
            return bool(known.hand.colour >> (colour - 1) & 1)
        return known.hand.state == kind and known.hand.colour == colour

    def _exits(self, known: Known) -> list[Place]:
        """Ways on that were seen: the goal, a gate, or a pad that waits."""
        gates = [p for p, t in known.cells.items() if t.state & GATE and t.kind != LEVER]
        pads = [p for p in find(known, PAD) if known.cells[p].state & SHUT]
        return find(known, GOAL) or gates or pads

    def ways(self, condition: Condition, known: Known) -> Sequence[Step]:
        name, *rest = condition
        if name == "onward":
            return self._onward(condition, known)
        if name == "open":
            return self._opening((int(rest[0]), int(rest[1])), known)
        if name == "have":
            return self._used("take", (int(rest[0]), int(rest[1])), (), condition, known)
        if name == "fed":
            return self._used("take", (ENERGY, 0), (), condition, known)
        return self._exploring(condition, known) if name in ("seen", "near", "way out") else ()

    def _onward(self, goal: Condition, known: Known) -> list[Step]:
        steps = [] if self._sure(known) else [Step("walk", None, (("way out",),), goal)]
        for place in self._exits(known):
            thing = known.cells[place]
            if thing.kind == PAD:
                parcel: tuple[Condition, ...] = (("have", BOX, thing.colour),)
                steps.append(Step("deliver", place, (*parcel, *self._shut(place, known)), goal))
            elif thing.kind == GOAL:
                steps.append(Step("walk", place, self._shut(place, known), goal))
            else:
                beyond = (place[0], place[1] + 1)
                steps.append(Step("walk", beyond, (("open", *place),), goal))
        return steps

    def _sure(self, known: Known) -> bool:
        """Whether the way on was seen that is the only one: a pad alone may be one of others."""
        return any(known.cells[place].kind != PAD for place in self._exits(known))

    def _opening(self, place: Place, known: Known) -> list[Step]:
        thing, opened = known.cells[place], ("open", *place)
        if thing.kind not in DOORS:
            return [Step("take", place, self._shut(place, known), opened)]
        opener, skill = _OPENER[thing.kind]
        if opener == LEVER:
            return self._used("pull", (LEVER, thing.colour), (), opened, known)
        have: tuple[Condition, ...] = (("have", opener, thing.colour),)
        if opener == BOX:
            return self._used("deliver", (PAD, thing.colour), have, opened, known)
        return [Step(skill, place, (*have, *self._shut(place, known)), opened)]

    def _used(
        self, skill: str, what: tuple[int, int], needs: tuple[Condition, ...], proves: Condition, known: Known
    ) -> list[Step]:
        """Use each thing of a kind and colour that was seen; where none was, one still to be found."""
        places = find(known, what[0], what[1] or None)
        if not places:
            return [Step(skill, None, (("seen", *what), *needs), proves)]
        return [Step(skill, place, (*needs, *self._shut(place, known)), proves) for place in places]

    def _way(self, place: Place, known: Known) -> list[Place] | None:
        """A way beside a place as if all that can be opened were open."""
        goals = {other for other in beside(place) if self._enters_if_open(known.cells.get(other, NOTHING))}
        return way(known, known.at, goals, self._enters_if_open)

    def _shut(self, place: Place, known: Known) -> tuple[Condition, ...]:
        """What has to be open on the way beside a place; none where a way is known. Where even that would not
        do, a way has to be seen first."""
        goals = {other for other in beside(place) if self.enters(known.cells.get(other, NOTHING))}
        if way(known, known.at, goals, self.enters) is not None:
            return ()
        steps = self._way(place, known)
        if steps is None:
            return (("near", *place),)
        return tuple(("open", *p) for p in steps if known.cells[p].kind in self._shuts)

    def _exploring(self, condition: Condition, known: Known) -> list[Step]:
        """Look beyond each place at the edge of what is known, once what is on the way to it is open."""
        found, free = [], far(known, known.at, self.enters)
        for place in far(known, known.at, self._enters_if_open):
            if edge(known, place) and not self._gate(known, place):
                shut: tuple[Condition, ...] = (("open", *place),) * (known.cells[place].kind in self._shuts)
                way_there = () if place in free else self._shut(place, known)
                found.append(Step("explore", place, (*way_there, *shut), condition))
        return found

    def _gate(self, known: Known, place: Place) -> bool:
        return self.world == CHAINS and known.cells[place].state & GATE > 0

    def keys(self, step: Step, start: Place, known: Known) -> float:
        if step.target is None:
            return UNKNOWN_COST
        steps = way(known, start, {step.target}, self._enters_if_open)
        if steps is None and not self.enters(known.cells.get(step.target, NOTHING)):
            goals = {p for p in beside(step.target) if p in known.cells}
            steps = way(known, start, goals, self._enters_if_open)
        apart = abs(start[0] - step.target[0]) + abs(start[1] - step.target[1])
        return (apart if steps is None else len(steps)) + DOUBT * (step.skill == "explore")

    def aim(self, step: Step, known: Known) -> Thing:
        """What stands where the step is to be taken."""
        return known.cells.get(step.target, NOTHING) if step.target else NOTHING

    def choices(self, known: Known) -> Sequence[Step]:
        reached = far(known, known.at, self.enters)
        used: Condition = ("used", known.uses + 1)
        found: list[Step] = []
        for place in reached:
            if edge(known, place):
                gate = self._gate(known, place)
                beyond = (place[0], place[1] + 1)
                proves: Condition = ("onward", known.passed + 1) if gate else ("seen", 0, 0)
                found.append(Step("walk" if gate else "explore", beyond if gate else place, (), proves))
            for other in (place, *beside(place)):
                skill = self._choice(known, other)
                if skill:
                    found.append(
                        Step(skill, other, (), ("onward", known.passed + 1) if skill == "walk" else used)
                    )
        return list(dict.fromkeys(found))

    def _choice(self, known: Known, place: Place) -> str | None:
        """What can be done with a thing at once, if anything."""
        thing = known.cells.get(place, NOTHING)
        if thing.kind in (KEY, BOX, BALL, ENERGY):
            return "take"
        if thing.kind == DOOR and self._has(known, KEY, thing.colour):
            return "open"
        if thing.kind == PAD and thing.state & SHUT and self._has(known, BOX, thing.colour):
            return "deliver"
        return {LEVER: "pull", GOAL: "walk"}.get(thing.kind)
