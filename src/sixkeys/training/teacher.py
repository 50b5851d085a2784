"""Who says which key to press, where the world does not? A thinker that watches, in the oracle's place.

A planner that sees what the learner sees is the better teacher where a world must be explored: an oracle goes
straight to what nobody can have seen yet. It is asked at every moment that the learner gets to, and told
which key was pressed in place of its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from sixkeys.contract import Moment, Thinker
from sixkeys.loop import Habits, look
from sixkeys.training.lane import Pooled

MIND, KEY, SURE = "teacher/mind", "teacher/keys", "teacher/certain"
"""Names in a pool's state."""
CERTAIN = 0.5
"""A teacher is certain of a key that it would press with a larger probability than this."""


class Teacher(Thinker, Protocol):
    """A thinker that can look on while others press the keys, and whose mind is data."""

    def watched(self, mind: Any, pressed: np.ndarray) -> Any:
        """The mind once keys `pressed` (int [seats]) took the place of its own."""
        ...

    def aims(self, mind: Any) -> np.ndarray:
        """int [seats, 2]: kind and identity of the thing that it is after; -1 where it is after none."""
        ...

    def to_data(self, mind: Any) -> dict[str, Any]: ...
    def from_data(self, data: dict[str, Any]) -> Any: ...


class Guided:
    """A pool whose oracle is a teacher. Keeps state: the teacher's mind and the keys that it would press.

    A teacher that is not certain of its key is an oracle that knows no way.
    """

    def __init__(self, pool: Pooled, teacher: Teacher, seed: int):
        self.pool, self.teacher, self.seats = pool, teacher, pool.seats
        self.mind = teacher.begin(pool.seats, seed)
        self.keys = np.zeros(pool.seats, np.int64)
        self.certain = np.zeros(pool.seats, bool)

    def reset(self) -> Moment:
        return self._asked(self.pool.reset())

    def step(self, actions: np.ndarray) -> Moment:
        self.mind = self.teacher.watched(self.mind, actions)
        return self._asked(self.pool.step(actions))

    def _asked(self, now: Moment) -> Moment:
        thought, self.mind = self.teacher.think(look(now, False, Habits()), self.mind)
        self.keys = thought.action.astype(np.int64)
        self.certain = thought.free.max(1) > CERTAIN
        return now

    def oracle(self) -> np.ndarray:
        """int [seats]: the key that the teacher would press."""
        return self.keys

    def oracle_steps(self) -> np.ndarray:
        """int [seats]: 0 where it knows its key, for it never knows how many are left; else -1."""
        return np.where(self.certain, 0, -1)

    def aims(self) -> np.ndarray:
        """int [seats, 2]: what the teacher is after."""
        return self.teacher.aims(self.mind)

    def state(self) -> dict[str, np.ndarray]:
        mind = json.dumps(self.teacher.to_data(self.mind)).encode()
        own = {MIND: np.frombuffer(mind, np.uint8), KEY: self.keys.copy(), SURE: self.certain.copy()}
        return self.pool.state() | own

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        self.mind = self.teacher.from_data(json.loads(np.asarray(state[MIND]).tobytes()))
        self.keys, self.certain = np.array(state[KEY]), np.array(state[SURE])
        self.pool.restore(state)
