"""What happens when a key is pressed in an office? A simulated computer as a Gymnasium environment.

An episode ends with success (terminated) as soon as the computer's state is the one wanted: every clause done
and no side effect outstanding; or when the budget, three times the oracle's keys and at least 24, is used up
(truncated). Reward: success pays 1 - 0.5 * the share of the budget used; the stages on the way (every level
of a stop's place, and doing there what the stop is for) pay 0.5 altogether, each once and in order; each side
effect costs 0.02 where there were never as many before.

Learning from the end: with a training seed, three of four episodes of the mixed task begin where a part of a
solution was done already, the last keys more often left to do than many; `oracle_steps` and the budget count
from there. Evaluation seeds and tasks of one family always begin at the desktop.

The phase in `ids` counts clauses done; its family is the verb of the clause on the screen, so that families
not trained on speak known numbers.
"""

from __future__ import annotations

from typing import Any, ClassVar

import gymnasium as gym
import numpy as np

from sixkeys.contract import TEST_SEEDS, Observation, WorldSpec, action_space, descriptor, observation_space
from sixkeys.envs.computer import oracle, picture, tasks, view
from sixkeys.envs.computer.machine import Clause, Machine, Stop
from sixkeys.envs.repo.chance import Chance

WORLD = 6
"""This world's number in `ids`."""
TASKS = tasks.TASKS
KEY_NAMES = ("no_op", "next", "open", "back", "confirm", "switch")
MAX_STEPS = 192
LATER = 0.75
"""Share of the mixed task's training episodes that begin on the way."""
STAGES_REWARD, WRONG_REWARD = 0.5, -0.02
SPEC = WorldSpec("computer", WORLD, KEY_NAMES, MAX_STEPS)
_DESCRIPTOR = descriptor(size=0.5, length=0.75, partial_view=0.5, undo=1, hidden_menu=1, carries=1)


class ComputerEnv(gym.Env):
    """One task of the computer. Keeps state: the machine, keys pressed and what was rewarded.

    Raises ValueError on an unknown task. Without a seed `reset` draws one from its own stream.
    `info["violations"]` counts the side effects that are outstanding.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["rgb_array", "ansi"], "render_fps": 4}

    def __init__(self, task: str = tasks.MIXED, render_mode: str | None = None):
        if task not in TASKS:
            raise ValueError(f"unknown task {task!r}; possible: {', '.join(TASKS)}")
        self.task, self.render_mode, self.world_spec = task, render_mode, SPEC
        self.observation_space, self.action_space = observation_space(), action_space()

    @property
    def family(self) -> str:
        return self.machine.task.family

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        super().reset(seed=seed)
        drawn = int(self.np_random.integers(TEST_SEEDS)) if seed is None else seed
        self.machine = Machine(tasks.draw(self.task, drawn))
        self.shortest = oracle.keys(self.machine)
        self._stages = {clause.target: _stages(clause) for clause in self.machine.task.clauses}
        self._stage_reward = STAGES_REWARD / sum(map(len, self._stages.values()))
        if self.task == tasks.MIXED and drawn < TEST_SEEDS:
            self._begin_later(Chance([drawn, 1]))
        self.budget = max(24, 3 * self.shortest)
        self.pressed, self._most_wrong = 0, len(self.machine.wrong)
        info = {"action_mask": np.array(self.machine.offered), "violations": len(self.machine.wrong)}
        return self._observe(), {**info, "oracle_steps": self.shortest}

    def _begin_later(self, chance: Chance) -> None:
        """Presses none or a part of the oracle's keys."""
        left = 1 + int(chance.unit() ** 2 * self.shortest) if chance.unit() < LATER else self.shortest
        for _ in range(self.shortest - left):
            clause = self.machine.clause
            self.machine.press(oracle.next_key(self.machine))
            self._advances(clause)
        self.shortest = left

    def step(self, action: int) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        machine = self.machine
        clause, wrong = machine.clause, len(machine.wrong)
        valid = machine.press(int(action))
        self.pressed += 1
        reward = self._stage_reward if valid and self._advances(clause) else 0.0
        if len(machine.wrong) > self._most_wrong:
            reward += WRONG_REWARD * (len(machine.wrong) - self._most_wrong)
            self._most_wrong = len(machine.wrong)
        if machine.solved:
            reward += 1 - 0.5 * self.pressed / self.budget
        truncated = not machine.solved and self.pressed >= self.budget
        info = {
            "action_mask": np.array(machine.offered), "invalid": not valid, "success": machine.solved,
            "violations": len(machine.wrong), "harm": len(machine.wrong) > wrong,
        }  # fmt: skip
        return self._observe(), reward, machine.solved, truncated, info

    def _advances(self, clause: Clause) -> bool:
        """Whether the next stage of the clause, which was the first to do, is reached; it is crossed off."""
        machine, stages = self.machine, self._stages.get(clause.target)
        if not stages:
            return False
        stop, depth = stages[0]
        if depth <= len(stop.place):
            reached = machine.level.place[:depth] == stop.place[:depth]
        elif stop.clip is not None:
            reached = machine.store.clip == stop.clip
        else:
            reached = clause not in machine.left
        if reached:
            stages.pop(0)
        return reached

    def _observe(self) -> Observation:
        machine = self.machine
        phase = len(machine.task.clauses) - len(machine.left)
        return Observation(
            patch=view.patch(machine),
            energy=np.array([max(0.0, 1 - self.pressed / self.budget)], np.float32),
            ids=np.array([WORLD, machine.clause.verb, phase, 0], np.int32),
            env_desc=_DESCRIPTOR.copy(),
        )

    def oracle(self) -> int:
        """Next key of a shortest solution that reads what the task names (see oracle.py)."""
        return oracle.next_key(self.machine)

    def screen(self) -> str:
        return view.screen(self.machine, self.budget - self.pressed)

    def render(self) -> Any:
        """uint8 [height, width, 3], text, or None, as `render_mode` says."""
        if self.render_mode is None:
            return None
        return picture.picture(self.screen()) if self.render_mode == "rgb_array" else self.screen()


def _stages(clause: Clause) -> list[tuple[Stop, int]]:
    """(stop, depth): being so deep on the way into its place, or, beyond the place, done what it is for."""
    return [(stop, depth) for stop in clause.stops for depth in range(1, len(stop.place) + 2)]
