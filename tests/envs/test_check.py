"""Does the conformance kit pass what is right, and does it find every planted violation?"""

from __future__ import annotations

import os
import re
from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from sixkeys.contract import Outcome, WorldSpec
from sixkeys.envs.check import check_env, check_world
from sixkeys.envs.grid import TASKS, GridEnv, GridWorld
from sixkeys.envs.grid_layouts import Regime
from sixkeys.envs.minigrid import MiniGridEnv
from sixkeys.envs.pool import GymWorld
from sixkeys.envs.registry import register


@pytest.mark.parametrize("task", TASKS)
def test_the_grid_passes(task: str) -> None:
    assert check_env(partial(GridEnv, task), episodes=4, fresh_process=False) == []
    assert check_world(partial(GridWorld, task, 5)) == []


def test_the_grid_passes_with_slips_and_in_a_fresh_process() -> None:
    assert check_env(partial(GridEnv, "grid_forage", Regime(slip=0.3))) == []
    assert check_world(partial(GridWorld, "grid_lava", 4, Regime(slip=0.3))) == []


@pytest.mark.parametrize(
    "task", ["DoorKey-5x5", "Unlock", "MultiRoom-N2-S4", "LavaGapS5", "ObstructedMaze-1Dlhb"]
)
def test_minigrid_passes(task: str) -> None:
    assert check_env(partial(MiniGridEnv, f"MiniGrid-{task}-v0"), fresh_process=False) == []


def test_gymnasium_environments_as_a_world_pass() -> None:
    assert check_world(lambda: GymWorld([GridEnv("grid_key") for _ in range(3)])) == []


@pytest.mark.parametrize("name", ["sixkeys/Grid-v0", "sixkeys/MiniGrid-v0"])
def test_registered_environments_pass_with_their_pictures(name: str) -> None:
    register()
    assert check_env(partial(gym.make, name, render_mode="rgb_array"), fresh_process=False) == []


class Broken(GridEnv):
    """A grid with one law broken at a time."""

    def __init__(self, law: str = ""):
        super().__init__("grid_rooms")
        self.law, self.count, self.shown = law, 0, np.ones(6, bool)
        if law == "five keys":
            self.action_space = spaces.Discrete(5)
        if law == "space":
            self.observation_space = spaces.Dict({"patch": self.observation_space["patch"]})
        if law == "names":
            self.world_spec = WorldSpec("grid", 1, ("go",) * 6, 64)
        if law == "no card":
            self.world_spec = None

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple[dict, dict[str, Any]]:
        if self.law == "one seed":
            super().reset(seed=seed)
            observation, info = self.again()
        elif self.law == "own chance" and seed is not None:
            observation, info = super().reset(seed=seed)
            observation["ids"][3] = int.from_bytes(os.urandom(1), "big") % 16
        else:
            observation, info = super().reset(seed=seed)
        if self.law == "no oracle":
            del info["oracle_steps"]
        self.count, self.shown = 0, info["action_mask"].copy()
        return observation, info

    def again(self) -> tuple[dict, dict[str, Any]]:
        """The same layout whatever the seed."""
        self.world.reset(np.ones(1, bool), np.array([5]))
        observation, offered = self._look()
        return observation, {"action_mask": offered, "oracle_steps": 9}

    def step(self, action: int) -> tuple[dict, float, bool, bool, dict[str, Any]]:
        observation, reward, terminated, truncated, info = super().step(action)
        self.count += 1
        invalid = not self.shown[action]
        if self.law == "silent":
            info["invalid"] = False
        if self.law == "moves" and invalid:
            observation["patch"][0, 0, 1] = 7
        if self.law == "pays" and invalid:
            reward = 1.0
        if self.law == "both" and truncated:
            terminated = True
        if self.law == "early success" and self.count > 2:
            info["success"] = True
        if self.law == "mask" and self.count > 2:
            info["action_mask"] = info["action_mask"].astype(np.int8)
        if self.law == "outside" and self.count > 3:
            observation["patch"][0, 0, 0] = 99
        if self.law == "energy" and self.count == 4:
            observation["energy"][:] = 1
        if self.law == "endless":
            terminated = truncated = False
            self.world._over[:] = False
        if self.law == "raises" and self.count == 5:
            raise RuntimeError("a bug of its own")
        self.shown = info["action_mask"].copy()
        return observation, reward, terminated, truncated, info


VIOLATIONS = {
    "five keys": "action space is Discrete",
    "space": "observation space is",
    "names": "not six different names",
    "no card": "world_spec is None",
    "no oracle": "no int `oracle_steps`",
    "one seed": "all gave the same episode",
    "own chance": "not equivalent|two different episodes",
    "silent": "info\\['invalid'\\] says otherwise",
    "moves": "not offered and changed patch",
    "pays": "ended the task or was rewarded",
    "both": "at once",
    "early success": "success without an end",
    "mask": "action_mask is",
    "outside": "outside the observation space",
    "energy": "energy rose",
    "endless": "no end after max_steps",
    "raises": "a bug of its own",
}


def test_the_unbroken_one_passes() -> None:
    assert check_env(Broken, episodes=10, fresh_process=False) == []


@pytest.mark.parametrize("law", VIOLATIONS)
def test_a_broken_law_is_found(law: str) -> None:
    findings = check_env(partial(Broken, law), episodes=10, fresh_process=False)
    assert any(re.search(VIOLATIONS[law], finding) for finding in findings), findings


def test_what_differs_between_processes_is_found() -> None:
    findings = check_env(HashedEnv, episodes=2)
    assert findings == ["fresh process: seed 0 gave a different episode there"]


class HashedEnv(GridEnv):
    """Shows the process it runs in: the same there, another one elsewhere."""

    def _look(self) -> tuple[dict, np.ndarray]:
        observation, offered = super()._look()
        observation["env_desc"][15] = np.float32(os.getpid() % 1_000_003 / 1_000_003)
        return observation, offered


def test_a_lambda_cannot_be_sent_to_another_process_and_that_is_said() -> None:
    findings = check_env(lambda: GridEnv("grid_empty"), episodes=2)
    assert len(findings) == 1
    assert "cannot be sent to another process" in findings[0]


class Leaky(GridWorld):
    """Seats of which one depends on its neighbour, or other laws of rows broken."""

    def __init__(self, law: str):
        super().__init__("grid_empty", 4)
        self.law, self.turns = law, 0

    def step(self, actions: np.ndarray, rows: np.ndarray) -> Outcome:
        actions = np.asarray(actions).copy()
        self.turns += 1
        if self.law == "neighbour" and self._left[1] % 3 == 0:
            actions[0] = 0
        if self.law == "hidden" and self.turns % 7 == 0:
            actions[:] = 0
        outcome = super().step(actions, rows)
        if self.law == "still":
            self._left -= ~rows & (self._left > 0)
        if self.law == "unstepped reward":
            return outcome._replace(reward=outcome.reward + np.float32(0.1))
        if self.law == "dtype":
            return outcome._replace(invalid=outcome.invalid.astype(np.int64))
        return outcome

    def state(self) -> dict[str, np.ndarray]:
        return self._arrays() if self.law == "view" else super().state()


@pytest.mark.parametrize(
    ("law", "finding"),
    [
        ("neighbour", "seat 0 went another way"),
        ("hidden", "went on differently after restore"),
        ("still", "not stepped changed its energy"),
        ("unstepped reward", "not stepped has a reward"),
        ("dtype", "invalid is int64"),
        ("view", "what state\\(\\) returned changed"),
    ],
)
def test_a_broken_world_is_found(law: str, finding: str) -> None:
    findings = check_world(partial(Leaky, law))
    assert any(re.search(finding, found) for found in findings), findings
