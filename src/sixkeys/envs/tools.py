"""Can tools be put to use? A bench of tools under six keys: one to six calls whose results feed the next.

A ring holds the menu's operations and the shelf's values, newest first. `NEXT` moves the cursor along it;
`SELECT` opens an operation, then puts the value under the cursor in its next place; `CALL` runs it with all
places filled, puts the result on the shelf, under the cursor, or says why it was refused; `BACK` empties a
place, leaves the operation, or goes to the head of the ring; `SUBMIT` hands in the value under the cursor;
`NO_OP` turns to the next of three views, any other key back to the first.

Two orders lie mixed on the shelf, and one value of one of them is wanted. A search may find the other order's
file, a sheet may have an outdated row first, a key may be missing in the store; then there is another way.
Ends: the right `SUBMIT` (terminated, success: kind, order and data are those of the truth and nothing stale
went in), budget used up (truncated). Reward: the right value pays 1 - 0.5 * keys pressed / budget, a wrong
one -0.05, once; values that the recipe asks for pay 0.3 together. The budget is three times the shortest
solution, at least 24 keys. The family is not told in `ids`: nobody could have learnt a held-out one's number.
"""

from __future__ import annotations

from typing import Any, ClassVar

import gymnasium as gym
import numpy as np

from sixkeys.contract import (
    SIDE,
    TEST_SEEDS,
    Observation,
    WorldSpec,
    action_space,
    descriptor,
    observation_space,
)
from sixkeys.envs import tools_views
from sixkeys.envs.tools_bench import SUBMIT, Bench, shortest
from sixkeys.envs.tools_tasks import LONG_MENU, MIXED, POOLS, generate

WORLD = 5
"""This world's number in `ids`."""
KEY_NAMES = ("NO_OP", "NEXT", "SELECT", "BACK", "CALL", "SUBMIT")
TASKS = tuple(POOLS)
BUDGET, LEAST, MAX_STEPS = 3, 24, 192
"""Keys for each key of a shortest solution; the least and the most keys of a budget."""
STEPS_REWARD, WRONG_REWARD = 0.3, -0.05
SPEC = WorldSpec("tools", WORLD, KEY_NAMES, MAX_STEPS)
_DESCRIPTOR = descriptor(size=LONG_MENU / 20, length=MAX_STEPS / 256, undo=1.0, hidden_menu=1.0, carries=1.0)


class ToolEnv(gym.Env):
    """One bench as a Gymnasium environment. Keeps state: the bench, keys pressed, the oracle's plan.

    Raises ValueError with the possible names on an unknown task.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["ansi"], "render_fps": 4}

    def __init__(self, task: str = MIXED, render_mode: str | None = None):
        if task not in POOLS:
            raise ValueError(f"unknown task {task!r}; possible: {', '.join(TASKS)}")
        self.task, self.render_mode = task, render_mode
        self.world_spec = SPEC
        self.observation_space, self.action_space = observation_space(), action_space()

    @property
    def family(self) -> str:
        return self.bench.task.family

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Without a seed it draws one from its own stream, so that a run that was seeded once repeats."""
        super().reset(seed=seed)
        drawn = int(self.np_random.integers(TEST_SEEDS)) if seed is None else seed
        self.bench = Bench(generate(self.task, drawn))
        self._plan: list[int] | None = shortest(self.bench)
        self.budget = min(MAX_STEPS, max(LEAST, BUDGET * len(self._plan)))
        self.pressed = 0
        self._offered = self.bench.offered()
        return self._observe(), {"action_mask": np.array(self._offered), "oracle_steps": len(self._plan)}

    def step(self, action: int) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """As Gymnasium says."""
        action, bench = int(action), self.bench
        invalid = not self._offered[action]
        self.pressed += 1
        reward = 0.0
        if not invalid:
            before = self._gained()
            bench.press(action)
            reward = STEPS_REWARD * (self._gained() - before) / len(bench.task.steps)
            if action == SUBMIT:
                reward = 1 - 0.5 * self.pressed / self.budget if bench.solved else WRONG_REWARD
            self._plan = self._plan[1:] if self._plan and self._plan[0] == action else None
            self._offered = bench.offered()
        ended = success = bench.solved
        truncated = not ended and self.pressed >= self.budget
        info = {"action_mask": np.array(self._offered), "invalid": invalid, "success": success}
        return self._observe(), reward, ended, truncated, info

    def _gained(self) -> int:
        """How many values of the recipe are there."""
        return sum(step in self.bench.right for step in self.bench.task.steps)

    def _observe(self) -> Observation:
        bench = self.bench
        phase = 2 + bench.full if bench.opened is not None else int(bench.cursor >= len(bench.task.menu))
        return Observation(
            patch=np.frombuffer(tools_views.patch(bench), np.uint8).reshape(SIDE, SIDE, 3),
            energy=np.array([1 - self.pressed / self.budget], np.float32),
            ids=np.array([WORLD, 1, phase, 0], np.int32),
            env_desc=_DESCRIPTOR.copy(),
        )

    def oracle(self) -> int:
        """Next key of a shortest solution from here; NO_OP once it is solved."""
        if self._plan is None:
            self._plan = shortest(self.bench)
        return self._plan[0] if self._plan else 0

    def screen(self) -> str:
        """The bench in words."""
        return tools_views.screen(self.bench, self.budget - self.pressed)

    def render(self) -> str | None:
        return self.screen() if self.render_mode == "ansi" else None
