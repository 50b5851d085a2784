"""How long a plan is needed? Chains of sections under the grid's six keys, many seats at once.

`chain_N` takes N keys on the shortest way, give or take TOLERANCE. `wait` passes; `north`, `east`, `south`,
`west` step; `use` acts on what is here or beside: it opens a locked door with the key of its colour in hand
(which is used up), puts the parcel in hand on its pad, pulls a lever (which opens its shutter, or shuts it
again), or takes a key, parcel or toy. A hand holds one thing: taking another sends the first back to where it
lay, so nothing can be lost. Through a gate one comes with empty hands, and it shuts behind.

Seen are 9 x 9 cells, of them those of the room one stands in, walls, and its doors; from a doorway both
rooms. Ends: the last delivery (terminated, success), budget used up (truncated): twice the shortest way and
SLACK keys. Reward: success pays 1 - 0.5 * keys pressed / budget; locks opened for the first time pay 0.3
together.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Mapping
from typing import Any, ClassVar

import gymnasium as gym
import numpy as np

from sixkeys.contract import (
    ID_SIZES,
    IDS,
    KEYS,
    SIDE,
    TEST_SEEDS,
    Observation,
    Outcome,
    WorldSpec,
    action_space,
    descriptor,
    observation_space,
)
from sixkeys.envs.chains_plan import HIGH, TOLERANCE, Built, built, most, place, tint, wide
from sixkeys.envs.chains_sections import (
    CLOSED,
    LEVER,
    LEVERED,
    LINKS,
    MIDDLE,
    PAD,
    SEAL,
    SHUTTER,
    SIZE,
    library,
)
from sixkeys.envs.grid_layouts import (
    AGENT,
    BALL,
    BOX,
    CARPET,
    DOOR_CLOSED,
    DOOR_OPEN,
    FLOOR,
    KEY,
    UNKNOWN,
    WALL,
)

LENGTHS = (12, 50, 100, 300, 1000, 3000)
TASKS = tuple(f"chain_{length}" for length in LENGTHS)
LONGEST_CHAIN = 10_000
BUDGET, SLACK = 2, 12
"""Keys for each key of a shortest way, and beside them."""
WORLD = 10
"""This world's number in `ids`."""
KEY_NAMES = ("wait", "north", "east", "south", "west", "use")
USE = 5
LOCKS_REWARD = 0.3
_TAKE = np.isin(np.arange(256), (KEY, BOX, BALL))
_BLOCKS = np.isin(np.arange(256), (UNKNOWN, WALL, DOOR_CLOSED, SHUTTER, SEAL))
_ROOMS = np.uint32(0x3F000000)
_WALL = np.uint32(WALL) + _ROOMS
_SIGNS = {FLOOR: ".", CARPET: ",", WALL: "#", DOOR_OPEN: "'", LEVER: "/", SHUTTER: "|", SEAL: "=", PAD: "_",
          BALL: "o", BOX: "$", KEY: "k", DOOR_CLOSED: "D", UNKNOWN: " "}  # fmt: skip
LEGEND = "@ you  # wall  k key  D locked door  / lever  | shutter  $ parcel  _ pad  = seal  o toy  ' open"


def length_of(task: str) -> int:
    """The N of `chain_N`, not only of TASKS; raises ValueError with what is possible."""
    name, _, digits = task.partition("_")
    if name != "chain" or not digits.isdecimal() or not LENGTHS[0] <= int(digits) <= LONGEST_CHAIN:
        near = f"chain_N with N from {LENGTHS[0]} to {LONGEST_CHAIN}, such as {', '.join(TASKS)}"
        raise ValueError(f"unknown task {task!r}; possible: {near}")
    return int(digits)


def spec(task: str) -> WorldSpec:
    """The card of a task."""
    return WorldSpec("chains", WORLD, KEY_NAMES, BUDGET * (length_of(task) + TOLERANCE) + SLACK)


class ChainWorld:
    """Seats of one task, as a `World`. Keeps state: every seat's cells, agent, hand and budget."""

    def __init__(self, task: str, seats: int):
        self.world_spec, self.task, self.seats = spec(task), task, seats
        self.length = length_of(task)
        sections = most(self.length)
        self._wide = wide(sections)
        self._around = np.array([-self._wide, 1, self._wide, -1])
        reach = np.arange(-(SIDE // 2), SIDE // 2 + 1)
        self._view = (reach[:, None] * self._wide + reach).ravel()
        self._square = (np.arange(SIZE)[:, None] * self._wide + np.arange(SIZE)).ravel()
        self._base = np.arange(seats) * self._wide * HIGH
        self._descriptor = descriptor(
            size=1.0, length=min(1.0, self.world_spec.max_steps / 1024), partial_view=0.9, undo=1.0,
            carries=1.0, doors=1.0,
        )  # fmt: skip
        self._cells = np.zeros((seats, HIGH * self._wide), np.uint32)
        self._plan = np.full((seats, sections), -1, np.int64)
        self._hand = np.zeros(seats, np.uint32)
        self._at = np.full(seats, HIGH // 2 * self._wide + self._wide // 2)
        self._seed, self._home, self._section, self._best, self._opened, self._pressed, self._budget = (
            np.zeros(seats, np.int64) for _ in range(7)
        )
        self._over = np.ones(seats, bool)

    def reset(self, rows: np.ndarray, seeds: np.ndarray) -> None:
        seats = np.flatnonzero(rows)
        if len(seats) == 0:
            return
        made: Built = built(np.asarray(seeds, np.int64)[seats], self.length, self._plan.shape[1])
        self._seed[seats], self._plan[seats] = np.asarray(seeds, np.int64)[seats], made.plan
        self._cells[seats], self._at[seats] = made.cells, self._entry(0)
        self._budget[seats] = BUDGET * made.length + SLACK
        for array in (self._hand, self._home, self._section, self._best, self._opened, self._pressed):
            array[seats] = 0
        self._over[seats] = False

    def _entry(self, section: int | np.ndarray) -> Any:
        """Where a section is entered, an index into `cells`."""
        return place(MIDDLE, 0, self._plan.shape[1]) + section * SIZE

    def _near(self) -> np.ndarray:
        """uint32 [seats, 5]: the cells north, east, south and west of the agent, and its own."""
        here = self._base + self._at
        return self._cells.reshape(-1).take(np.column_stack([here[:, None] + self._around, here]))

    def _usable(self, near: np.ndarray) -> np.ndarray:
        """bool [seats, 5]: what `use` would act on; never more than one of each row."""
        kind = near & 255
        same = (near >> 8 & 255) == (self._hand[:, None] >> 8 & 255)
        held = (self._hand & 255)[:, None]
        waits = (kind == PAD) & (near >> 16 & CLOSED == 1)
        fits = same & ((kind == DOOR_CLOSED) & (held == KEY) | waits & (held == BOX))
        return fits | (kind == LEVER) | _TAKE[kind]

    def _offer(self, near: np.ndarray) -> np.ndarray:
        offered = np.ones((self.seats, KEYS), bool)
        offered[:, 1:USE] = ~_BLOCKS[near[:, :4] & 255]
        offered[:, USE] = self._usable(near).any(axis=1)
        return offered

    def step(self, actions: np.ndarray, rows: np.ndarray) -> Outcome:
        """As the contract says. Raises ValueError where a seat's episode has ended or none has begun."""
        if (self._over & rows).any():
            late = np.flatnonzero(self._over & rows).tolist()
            raise ValueError(f"seats {late} have no running episode; reset them before the next step")
        near = self._near()
        keys = np.where(rows, actions, 0)
        offered = self._offer(near)[np.arange(self.seats), keys]
        keys = np.where(offered, keys, 0)
        self._at += np.array([0, *self._around, 0])[keys]
        self._pressed += rows
        self._pass()
        success, opened = np.zeros(self.seats, bool), self._opened.copy()
        if (keys == USE).any():
            success = self._use(np.flatnonzero(keys == USE), near)
        truncated = rows & ~success & (self._pressed >= self._budget)
        self._over |= success | truncated
        budget = np.maximum(self._budget, 1)
        total = np.maximum(np.where(self._plan >= 0, library().links[self._plan], 0).sum(axis=1), 1)
        reward = np.where(success, 1 - 0.5 * self._pressed / budget, 0.0)
        reward = reward + LOCKS_REWARD * (self._opened - opened) / total
        harm = np.zeros(self.seats, bool)
        return Outcome(reward.astype(np.float32), success, truncated, rows & ~offered, success.copy(), harm)

    def _pass(self) -> None:
        """Whoever has come through a gate has empty hands, and the gate is a wall."""
        through = np.flatnonzero((self._at == self._entry(self._section + 1)) & ~self._over)
        self._cells[through, self._at[through] - 1] = _WALL
        self._hand[through] = self._best[through] = 0
        self._section[through] += 1

    def _use(self, seats: np.ndarray, near: np.ndarray) -> np.ndarray:
        """Does what `use` does in `seats` (indices); bool [all seats]: the last delivery was made."""
        which = self._usable(near)[seats].argmax(axis=1)
        there = self._at[seats] + np.append(self._around, 0)[which]
        cell = self._cells[seats, there]
        kind, colour = cell & 255, cell >> 8 & 255
        takes = _TAKE[kind]
        back = seats[takes & (self._hand[seats] > 0)]
        self._cells[back, self._home[back]] = self._hand[back]
        self._hand[seats[takes]], self._home[seats[takes]] = cell[takes], there[takes]
        self._cells[seats[takes], there[takes]] = (cell[takes] & _ROOMS) + FLOOR
        fits = (kind == DOOR_CLOSED) | (kind == PAD)
        self._hand[seats[fits]] = 0
        self._cells[seats[fits], there[fits]] = np.where(
            kind == PAD, cell & ~np.uint32(CLOSED << 16), (cell & ~np.uint32(0xFF | CLOSED << 16)) + DOOR_OPEN
        )[fits]
        turns = (kind == LEVER) | (kind == PAD)
        if turns.any():
            self._cells[seats[kind == LEVER], there[kind == LEVER]] ^= np.uint32(CLOSED << 16)
            self._turn(seats[turns], colour[turns])
        return self._count(seats)

    def _turn(self, seats: np.ndarray, colour: np.ndarray) -> None:
        """Opens or shuts the shutters, and opens the seals, of a colour in each seat's section."""
        where = (self._entry(self._section[seats]) - MIDDLE * self._wide)[:, None] + self._square
        cells = self._cells[seats[:, None], where]
        kind, state = cells & 255, cells >> 16 & 255
        same = (cells >> 8 & 255) == colour[:, None]
        opens = same & ((kind == SHUTTER) | (kind == SEAL))
        shuts = same & (kind == DOOR_OPEN) & (state & LEVERED > 0)
        bare = cells & ~np.uint32(0xFF | CLOSED << 16)
        cells = np.where(opens, bare + DOOR_OPEN, np.where(shuts, bare + SHUTTER + (CLOSED << 16), cells))
        self._cells[seats[:, None], where] = cells

    def _count(self, seats: np.ndarray) -> np.ndarray:
        """Counts the locks that `seats` have open for the first time; bool [all seats]: all of the last
        section."""
        done = self._stage()[seats] // 2
        gained = np.maximum(done - self._best[seats], 0)
        self._best[seats] += gained
        self._opened[seats] += gained
        following = np.minimum(self._section[seats] + 1, self._plan.shape[1] - 1)
        last = (self._plan[seats, following] < 0) | (self._section[seats] + 1 == self._plan.shape[1])
        success = np.zeros(self.seats, bool)
        success[seats] = last & (done == library().links[self._plan[seats, self._section[seats]]])
        return success

    def _stage(self) -> np.ndarray:
        """int64 [seats]: how far the links of the section are: 2 x open ones, + 1 if what opens the next is
        held."""
        shelf, seats = library(), np.arange(self.seats)
        section = np.maximum(self._plan[seats, self._section], 0)
        corner = self._entry(self._section) - MIDDLE * self._wide
        stage = np.zeros(self.seats, np.int64)
        for link in range(LINKS):
            opener, colour = shelf.opener[section, link], shelf.colour[section, link]
            shown = tint(self._seed, self._section, colour)
            held = (self._hand & 255 == opener) & (self._hand >> 8 & 255 == shown) & (opener > 0)
            row, column = np.divmod(shelf.opens[section, link], SIZE)
            lock = self._cells[seats, corner + row * self._wide + column]
            kind, state = lock & 255, lock >> 16 & 255
            open_ = (kind == DOOR_OPEN) | (kind == PAD) & (state & CLOSED == 0)
            stage = np.where(held, 2 * link + 1, stage)
            stage = np.where(open_ & (opener > 0), 2 * link + 2, stage)
        return stage

    def observe(self) -> tuple[Observation, np.ndarray]:
        flat, here = self._cells.reshape(-1), self._base + self._at
        seen = flat.take(here[:, None] + self._view)
        own = flat.take(here)
        seen = np.where((seen & own[:, None] & _ROOMS) > 0, seen, 0).astype(np.uint32)
        held = self._hand & 255
        seen[:, SIDE * SIDE // 2] = AGENT + (self._hand & 0xFF00) + np.where(held > 0, held, 0) * 65536
        patch = seen.reshape(self.seats, SIDE, SIDE).astype("<u4", copy=False).view(np.uint8)
        patch = patch.reshape(self.seats, SIDE, SIDE, 4)[..., :3]
        left = np.maximum(self._budget - self._pressed, 0) / np.maximum(self._budget, 1)
        ids = np.empty((self.seats, IDS), np.int32)
        ids[:, 0], ids[:, 1], ids[:, 2] = WORLD, bisect(LENGTHS, self.length), self._hand > 0
        ids[:, 3] = np.minimum(np.arange(self.seats), ID_SIZES[3] - 1)
        described = np.broadcast_to(self._descriptor, (self.seats, len(self._descriptor))).copy()
        observation = Observation(
            patch=patch, energy=left.astype(np.float32)[:, None], ids=ids, env_desc=described
        )
        return observation, self._offer(self._near())

    def _local(self) -> np.ndarray:
        """int64 [seats]: where the agent stands in a bordered section of the library."""
        row, column = np.divmod(self._at - self._entry(self._section) + MIDDLE * self._wide, self._wide)
        return (row + 1) * (SIZE + 2) + column + 1

    def oracle(self) -> np.ndarray:
        """int64 [seats]: next key of a shortest way, from wherever it is; 0 where the episode is over."""
        shelf, seats = library(), np.arange(self.seats)
        section = np.maximum(self._plan[seats, self._section], 0)
        far, at = shelf.far[section, self._stage()], self._local()
        wide = SIZE + 2
        beside = far[seats[:, None], at[:, None] + np.array([-wide, 1, wide, -1])]
        nearer = beside < far[seats, at][:, None]
        key = np.where(nearer.any(axis=1), 1 + nearer.argmax(axis=1), USE)
        gate = self._at == self._entry(self._section) + SIZE - 1
        return np.where(self._over, 0, np.where(gate, 2, key))

    def oracle_steps(self) -> np.ndarray:
        """int64 [seats]: length of a shortest way from the episode's start."""
        return np.maximum(self._budget - SLACK, 0) // BUDGET

    def families(self) -> list[str]:
        return [self.task] * self.seats

    def screen(self, seat: int) -> str:
        """The section in full, for a person; the agent sees less."""
        corner = self._entry(int(self._section[seat])) - MIDDLE * self._wide - 1
        rows = corner + np.arange(SIZE)[:, None] * self._wide + np.arange(SIZE + 1)
        lines = []
        for line in rows:
            kinds = self._cells[seat, line] & 255
            signs = [_SIGNS[int(kind)] for kind in kinds]
            lines.append(
                "".join("@" if at == self._at[seat] else s for at, s in zip(line, signs, strict=True))
            )
        held = _SIGNS[int(self._hand[seat]) & 255] if self._hand[seat] else "nothing"
        sections = int((self._plan[seat] >= 0).sum())
        note = f"{self.task}: section {self._section[seat] + 1} of {sections}, in hand {held}, "
        return "\n".join([*lines, f"{note}{self._budget[seat] - self._pressed[seat]} keys left", LEGEND])

    def _arrays(self) -> dict[str, np.ndarray]:
        return {
            "seed": self._seed, "plan": self._plan, "cells": self._cells, "at": self._at, "hand": self._hand,
            "home": self._home, "section": self._section, "best": self._best, "opened": self._opened,
            "pressed": self._pressed, "budget": self._budget, "over": self._over,
        }  # fmt: skip

    def state(self) -> dict[str, np.ndarray]:
        return {name: array.copy() for name, array in self._arrays().items()}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        for name, array in self._arrays().items():
            array[:] = state[name]

    def close(self) -> None:
        """Nothing is held open."""


class ChainEnv(gym.Env):
    """One seat of a ChainWorld as a Gymnasium environment. Keeps state: that world."""

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["ansi"], "render_fps": 8}

    def __init__(self, task: str = TASKS[0], render_mode: str | None = None):
        self.world, self.render_mode = ChainWorld(task, 1), render_mode
        self.world_spec = self.world.world_spec
        self.observation_space, self.action_space = observation_space(), action_space()

    @property
    def family(self) -> str:
        return self.world.task

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple[dict, dict[str, Any]]:
        """Without a seed it draws one from its own stream, so that a run that was seeded once repeats."""
        super().reset(seed=seed)
        drawn = int(self.np_random.integers(TEST_SEEDS)) if seed is None else seed
        self.world.reset(np.ones(1, bool), np.array([drawn]))
        observation, offered = self._look()
        return observation, {"action_mask": offered, "oracle_steps": int(self.world.oracle_steps()[0])}

    def step(self, action: int) -> tuple[dict, float, bool, bool, dict[str, Any]]:
        outcome = self.world.step(np.array([action]), np.ones(1, bool))
        observation, offered = self._look()
        invalid, success = bool(outcome.invalid[0]), bool(outcome.success[0])
        info = {"action_mask": offered, "invalid": invalid, "success": success}
        return observation, float(outcome.reward[0]), success, bool(outcome.truncated[0]), info

    def _look(self) -> tuple[dict, np.ndarray]:
        observation, offered = self.world.observe()
        return {name: np.array(np.asarray(array)[0]) for name, array in observation.items()}, offered[0]

    def oracle(self) -> int:
        return int(self.world.oracle()[0])

    def screen(self) -> str:
        return self.world.screen(0)

    def render(self) -> str | None:
        return self.screen() if self.render_mode == "ansi" else None
