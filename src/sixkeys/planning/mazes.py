"""What does a person know of MiniGrid? The lore of a body that turns, looks ahead, and holds one thing.

Wanted is the goal's square where one is seen, else a ball of a colour that was not held before, or a box
where nothing else is left (in UnlockPickup at once); in Memory, the end of the hallway whose thing is of the
same kind as that in the first room. Numbers of families and kinds of cells are the world's own
(`envs/minigrid.py`); a test holds them equal. Not covered: the mission's words.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sixkeys.planning import atlas
from sixkeys.planning.atlas import AHEAD, NOTHING, Known, Place, Sight, beside, edge, far, find
from sixkeys.planning.goals import Condition, Step
from sixkeys.planning.rooms import BALL, BOX, DOOR, DOOR_OPEN, DOUBT, FLOOR, GOAL, KEY, Rooms
from sixkeys.planning.skills import SHUT, Move

LEFT, RIGHT, FORWARD, PICKUP, DROP, TOGGLE = range(6)
MINIGRID = 2
"""The world's number in `ids`."""
MEMORY, UNLOCK_PICKUP = 12, 14
"""Numbers of families in `ids`."""
LOCKED = 2
"""Of a door's state: MiniGrid's number, and here a bit beside SHUT."""
HELD = {1: KEY, 2: BALL, 3: BOX}
"""What the agent's own cell says of its hands."""
SEEN_AHEAD = 4
"""How far ahead a body sees, mostly."""
SPOTS = 4
"""Places for putting a thing down that are thought of."""
CUE, CHOICE = 1, 2
"""In Memory: rows from the hallway to the thing in the first room, and to those at its end."""


class Mazes(Rooms):
    """Conditions of its own: `won` (never: the episode ends), `prize` (what is wanted was seen), `empty`
    (hands), `cue` and `choice` (Memory); else as in `Rooms`."""

    def __init__(self) -> None:
        super().__init__(MINIGRID)
        self._shuts = frozenset((DOOR, KEY, BALL, BOX))

    def see(self, known: Known | None, sight: Sight, key: int) -> Known:
        sight = sight._replace(patch=_shut(sight.patch))
        if known is None:
            return atlas.look_ahead(None, sight)
        if key in (LEFT, RIGHT):
            known = known._replace(facing=(known.facing + (1 if key == RIGHT else -1)) % 4)
        there = _ahead(known)
        if key == FORWARD and self.enters(known.cells.get(there, NOTHING)):
            known = known._replace(at=there)
        after = atlas.look_ahead(known._replace(uses=known.uses + (key in (PICKUP, DROP, TOGGLE))), sight)
        held = HELD.get(after.hand.state) == BALL
        return after._replace(dull=after.dull | held << after.hand.colour)

    def press(self, move: Move, known: Known) -> int:
        step = (move.place[0] - known.at[0], move.place[1] - known.at[1])
        turns = (AHEAD.index(step) - known.facing) % 4
        if turns:
            return LEFT if turns == 3 else RIGHT
        return {"": FORWARD, "take": PICKUP, "drop": DROP}.get(move.use, TOGGLE)

    def goal(self, known: Known) -> Condition:
        return ("won",)

    def holds(self, condition: Condition, known: Known) -> bool:
        if condition[0] == "won":
            return False
        if condition[0] == "prize":
            return bool(self._prizes(known))
        if condition[0] == "empty":
            return not known.hand.state
        if condition[0] in ("cue", "choice"):
            return bool(_things(known, CUE if condition[0] == "cue" else CHOICE))
        return super().holds(condition, known)

    def _has(self, known: Known, kind: int, colour: int) -> bool:
        return HELD.get(known.hand.state) == kind and known.hand.colour == colour

    def _prizes(self, known: Known) -> list[Place]:
        boxes = find(known, BOX)
        if known.family == UNLOCK_PICKUP:
            return boxes
        balls = (place for place in find(known, BALL) if not known.dull >> known.cells[place].colour & 1)
        return find(known, GOAL) or list(balls) or (boxes if boxes and self._explored(known) else [])

    def _explored(self, known: Known) -> bool:
        return not any(edge(known, place) for place in far(known, known.at, self._enters_if_open))

    def ways(self, condition: Condition, known: Known) -> Sequence[Step]:
        if condition[0] == "won":
            return self._matching(condition, known) if known.family == MEMORY else self._won(condition, known)
        if condition[0] == "empty":
            return [Step("drop", place, (), condition) for place in self._spots(known)]
        if condition[0] == "have":
            return self._having(condition, known)
        if condition[0] in ("prize", "cue", "choice"):
            return self._exploring(condition, known)
        boxes = find(known, BOX) if condition[:2] == ("seen", KEY) else []
        opened = [Step("open", place, self._shut(place, known), condition) for place in boxes]
        return [*opened, *super().ways(condition, known)]

    def keys(self, step: Step, start: Place, known: Known) -> float:
        """What is looked for may be seen from afar: a room that was opened is looked into at once."""
        keys = super().keys(step, start, known)
        return max(keys - SEEN_AHEAD, DOUBT) if step.skill == "explore" else keys

    def aim(self, step: Step, known: Known) -> atlas.Thing:
        """In Memory, what was seen in the first room: the same is looked for."""
        cues = _things(known, CUE) if known.family == MEMORY else []
        return known.cells[cues[0]] if cues else super().aim(step, known)

    def _won(self, goal: Condition, known: Known) -> list[Step]:
        prizes = self._prizes(known)
        if not prizes:
            return [Step("walk", None, (("prize",),), goal)]
        if known.cells[prizes[0]].kind == GOAL:
            return [Step("walk", place, self._shut(place, known), goal) for place in prizes]
        return [Step("take", place, (*self._shut(place, known), ("empty",)), goal) for place in prizes]

    def _having(self, have: Condition, known: Known) -> list[Step]:
        places = find(known, int(have[1]), int(have[2]))
        if not places:
            return [Step("take", None, (("seen", *have[1:]), ("empty",)), have)]
        return [Step("take", place, (*self._shut(place, known), ("empty",)), have) for place in places]

    def _opening(self, place: Place, known: Known) -> list[Step]:
        thing, opened, shut = known.cells[place], ("open", *place), self._shut(place, known)
        if thing.kind in (KEY, BALL):
            return [Step("take", place, (*shut, ("empty",)), opened)]
        locked = thing.kind == DOOR and thing.state & LOCKED
        return [Step("open", place, (*shut, *((("have", KEY, thing.colour),) * bool(locked))), opened)]

    def _spots(self, known: Known) -> list[Place]:
        """The nearest places where a thing in the way is in nobody's way: away from doors, and what can be
        entered around them is in one piece. In narrow rooms, where there is none, a thing may lie wherever
        what is wanted can still be reached."""
        near = [place for place in far(known, known.at, self.enters) if place != known.at]
        spare = [place for place in near if self._spare(place, known)]
        return (spare or [place for place in near if self._leaves_way(place, known)])[:SPOTS]

    def _leaves_way(self, place: Place, known: Known) -> bool:
        blocked = known.cells[place]._replace(kind=BALL)
        reached = far(known._replace(cells={**known.cells, place: blocked}), known.at, self.enters)
        wanted = {other for prize in self._prizes(known) for other in beside(prize)}
        return known.cells[place].kind == FLOOR and not wanted.isdisjoint(reached)

    def _spare(self, place: Place, known: Known) -> bool:
        row, column = place
        round_ = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))
        ring = [known.cells.get((row + down, column + along), NOTHING) for down, along in round_]
        entered = [self.enters(thing) for thing in ring]
        pieces = sum(now and not before for before, now in zip(entered[-1:] + entered, entered, strict=False))
        doors = any(known.cells.get(p, NOTHING).kind in (DOOR, DOOR_OPEN) for p in beside(place))
        return known.cells[place].kind == FLOOR and not doors and pieces <= 1

    def _matching(self, goal: Condition, known: Known) -> list[Step]:
        """The end of the hallway beside the thing that is as the one in the first room."""
        cues, choices = _things(known, CUE), _things(known, CHOICE)
        if not cues or not choices:
            return [Step("walk", None, (("cue",), ("choice",)), goal)]
        kind = known.cells[cues[0]].kind
        ends = [(row // CHOICE, column) for row, column in choices if known.cells[row, column].kind == kind]
        others = [
            (-row // CHOICE, column) for row, column in choices if known.cells[row, column].kind != kind
        ]
        return [Step("walk", place, (), goal) for place in ends or others]

    def _exploring(self, condition: Condition, known: Known) -> list[Step]:
        """In Memory nothing but the hallway is walked, since its ends end the episode."""
        found = super()._exploring(condition, known)
        if known.family != MEMORY:
            return found
        hall = [place for place in far(known, known.at, self.enters) if not place[0]]
        last = [Step("walk", max(hall, key=lambda place: place[1]), (), condition)]
        return [step for step in found if step.target and not step.target[0]] or last

    def _choice(self, known: Known, place: Place) -> str | None:
        thing = known.cells.get(place, NOTHING)
        if thing.kind in (KEY, BALL):
            return None if known.hand.state else "take"
        if thing.kind == DOOR and thing.state & LOCKED and not self._has(known, KEY, thing.colour):
            return None
        return {DOOR: "open", BOX: "open", GOAL: "walk"}.get(thing.kind)


def _shut(patch: np.ndarray) -> np.ndarray:
    """States as skills read them: a locked door is shut, too, and so is a box."""
    kinds, states = patch[..., 0], patch[..., 2]
    locked = np.where((kinds == DOOR) & (states == LOCKED), SHUT | LOCKED, states)
    return np.stack([kinds, patch[..., 1], np.where(kinds == BOX, SHUT, locked)], -1)


def _ahead(known: Known) -> Place:
    down, along = AHEAD[known.facing]
    return known.at[0] + down, known.at[1] + along


def _things(known: Known, rows: int) -> list[Place]:
    """Keys and balls so many rows from the hallway."""
    return [p for p, t in known.cells.items() if t.kind in (KEY, BALL) and abs(p[0]) == rows]
