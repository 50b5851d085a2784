"""Who acts by plans? A thinker that remembers what it saw, searches goals, and lets skills press the keys.

It reads observations alone; what is offered it does not need. A seat's mind is data (`to_data`, `from_data`),
and a run that goes on from it presses the same keys. `goals=False` does what is nearest instead of what is
needed, `skills=False` steps straight towards its target instead of searching a way there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from sixkeys.contract import KEYS, Seen, Thought
from sixkeys.planning import atlas, compile
from sixkeys.planning.atlas import Known, Sight
from sixkeys.planning.compile import Plan, advance
from sixkeys.planning.goals import Condition, Lore, Step, search
from sixkeys.planning.mazes import MINIGRID, Mazes
from sixkeys.planning.rooms import CHAINS, GRID, Rooms
from sixkeys.planning.skills import straight

LORE: Mapping[int, Lore] = {GRID: Rooms(GRID), CHAINS: Rooms(CHAINS), MINIGRID: Mazes()}
"""World number -> what is known of that world; another world joins with a line here."""
JOURNAL, TRIED = 64, 64
"""Lines of the journal, and things tried, that are kept."""


class Entry(NamedTuple):
    """One line of the journal: at which key a plan ended, after how many steps, and what did not hold."""

    turn: int
    goal: Condition
    steps: int
    failed: Condition | None


class SeatMind(NamedTuple):
    """What one seat carries from key to key."""

    known: Known | None = None
    plan: Plan | None = None
    key: int = 0
    turn: int = 0
    plans: int = 0
    """Plans made in this episode."""
    journal: tuple[Entry, ...] = ()
    tried: tuple[Step, ...] = ()
    """Without goals: what was done, so that something else is next."""
    aim: tuple[int, int] = (-1, -1)
    """Kind and identity of the thing that the step being taken is after; -1 without a plan."""


class Mind(NamedTuple):
    """The mind of all seats."""

    seed: int
    seats: tuple[SeatMind, ...]


class Pilot:
    """A `Thinker` for the worlds of LORE. Raises ValueError, with those, where it sees another world."""

    def __init__(self, goals: bool = True, skills: bool = True, lore: Mapping[int, Lore] = LORE):
        self.goals, self.skills, self.lore = goals, skills, lore

    def begin(self, seats: int, seed: int) -> Mind:
        return Mind(seed, (SeatMind(),) * seats)

    def think(self, seen: Seen, mind: Mind) -> tuple[Thought, Mind]:
        seats = tuple(self._seat(seen, row, old, mind.seed) for row, old in enumerate(mind.seats))
        action = np.array([seat.key for seat in seats], np.int32)
        half = np.full((len(seats), KEYS), 0.5, np.float32)
        planned = np.array([seat.plan is not None for seat in seats])
        free = np.where(planned[:, None], np.eye(KEYS, dtype=np.float32)[action], np.float32(1 / KEYS))
        value = np.zeros(len(seats), np.float32)
        return Thought(action, free, value, half, half[:, 0].copy()), Mind(mind.seed, seats)

    def watched(self, mind: Mind, pressed: np.ndarray) -> Mind:
        """The mind once keys `pressed` (int [seats]) took the place of its own: it looks on."""
        pairs = zip(mind.seats, pressed.tolist(), strict=True)
        return mind._replace(seats=tuple(seat._replace(key=key) for seat, key in pairs))

    def aims(self, mind: Mind) -> np.ndarray:
        """int [seats, 2]: kind and identity of the thing that the present step is after; -1 where none."""
        return np.array([seat.aim for seat in mind.seats])

    def to_data(self, mind: Mind) -> dict[str, Any]:
        return to_data(mind)

    def from_data(self, data: dict[str, Any]) -> Mind:
        return from_data(data)

    def _seat(self, seen: Seen, row: int, mind: SeatMind, seed: int) -> SeatMind:
        lore = self._lore(int(seen.observation["ids"][row, 0]))
        if seen.begun[row]:
            mind = SeatMind()
        now = {name: seen.observation[name][row] for name in ("patch", "energy", "ids")}
        sight = Sight(now["patch"], float(now["energy"][0]), int(now["ids"][1]))
        known = lore.see(mind.known, sight, mind.key)
        mind, key = self._planned(mind._replace(known=known, turn=mind.turn + 1), known, lore)
        allowed = np.flatnonzero(~seen.forbidden[row])
        if key is None or seen.forbidden[row, key]:
            key = int(allowed[np.random.default_rng([seed, row, mind.turn]).integers(len(allowed))])
        return mind._replace(key=key, aim=_aim(mind.plan, known, lore))

    def _lore(self, world: int) -> Lore:
        if world not in self.lore:
            raise ValueError(f"nothing is known of world {world}; there is lore of worlds {list(self.lore)}")
        return self.lore[world]

    def _planned(self, mind: SeatMind, known: Known, lore: Lore) -> tuple[SeatMind, int | None]:
        """The mind after the next key, with a new plan where there was none or the old one ended."""
        for fresh in (False, True):
            if fresh or mind.plan is None:
                mind = self._new_plan(mind, known, lore)
            if mind.plan is None:
                return mind, None
            said = advance(mind.plan, known, lore)
            mind = mind._replace(plan=said.plan)
            if said.key is not None:
                return mind, said.key if self.skills else self._straight(said.plan, known, lore)
            entry = Entry(mind.turn, said.plan.goal, said.plan.at, said.failed)
            mind = mind._replace(journal=(*mind.journal, entry)[-JOURNAL:])
        return mind, None

    def _new_plan(self, mind: SeatMind, known: Known, lore: Lore) -> SeatMind:
        goal, tried = lore.goal(known), mind.tried
        if self.goals:
            steps = search(lore, goal, known)
        else:
            steps = sorted(lore.choices(known), key=lambda step: _when(tried, step))[:1]
            tried = (*tried, *steps)[-TRIED:]
        plan = Plan(goal, tuple(steps)) if steps else None
        return mind._replace(plan=plan, plans=mind.plans + 1, tried=tried)

    def _straight(self, plan: Plan, known: Known, lore: Lore) -> int | None:
        step = plan.steps[plan.at]
        move = straight(known, step.skill, step.target, lore.enters) if step.target else None
        return lore.press(move, known) if move else None


def _aim(plan: Plan | None, known: Known, lore: Lore) -> tuple[int, int]:
    if plan is None or plan.at == len(plan.steps):
        return -1, -1
    return lore.aim(plan.steps[plan.at], known)[:2]


def _when(tried: tuple[Step, ...], step: Step) -> int:
    """When a step was last tried, -1 for never: what was not tried, or long ago, comes first."""
    same = [turn for turn, old in enumerate(tried) if (old.skill, old.target) == (step.skill, step.target)]
    return max(same, default=-1)


def to_data(mind: Mind) -> dict[str, Any]:
    """Plain values for JSON."""
    seats = [
        {
            **seat._asdict(),
            "known": seat.known and atlas.to_data(seat.known),
            "plan": seat.plan and compile.to_data(seat.plan),
            "journal": [[*entry] for entry in seat.journal],
            "tried": compile.to_data(Plan((), seat.tried))["steps"],
        }
        for seat in mind.seats
    ]
    return {"seed": mind.seed, "seats": seats}


def from_data(data: dict[str, Any]) -> Mind:
    """What `to_data` gave, from JSON."""

    def seat(row: dict[str, Any]) -> SeatMind:
        read = {
            "known": row["known"] and atlas.from_data(row["known"]),
            "plan": row["plan"] and compile.from_data(row["plan"]),
            "journal": tuple(
                Entry(turn, tuple(goal), steps, failed and tuple(failed))
                for turn, goal, steps, failed in row["journal"]
            ),
            "tried": compile.from_data({"goal": [], "steps": row["tried"], "at": 0}).steps,
            "aim": tuple(row["aim"]),
        }
        return SeatMind(**{**row, **read})

    return Mind(data["seed"], tuple(map(seat, data["seats"])))
