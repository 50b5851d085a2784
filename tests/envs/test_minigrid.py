"""Is the adapter the real MiniGrid, key for key, and does its oracle find shortest solutions?"""

from __future__ import annotations

import json
from collections import deque
from copy import deepcopy
from functools import partial
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from minigrid.core.constants import IDX_TO_OBJECT

from sixkeys.contract import observation_space
from sixkeys.envs.check import digest
from sixkeys.envs.grid_layouts import AGENT, DOOR_CLOSED, DOOR_OPEN, FLOOR, GOAL, KEY, LAVA, WALL
from sixkeys.envs.minigrid import MiniGridEnv, family_of

GOLDEN = Path(__file__).parent / "golden" / "minigrid.json"
DOOR_KEY = "MiniGrid-DoorKey-5x5-v0"
TASKS = (DOOR_KEY, "MiniGrid-MultiRoom-N2-S4-v0", "MiniGrid-Unlock-v0", "MiniGrid-LavaGapS5-v0")
KINDS = {"wall": WALL, "key": KEY, "goal": GOAL, "lava": LAVA, "empty": FLOOR, "unseen": 0}


def back(patch: np.ndarray) -> np.ndarray:
    """MiniGrid's own image out of a patch, written from the documentation of the adapter."""
    image = np.zeros((7, 7, 3), np.uint8)
    numbers = {
        ours: number for number, name in IDX_TO_OBJECT.items() for key, ours in KINDS.items() if key == name
    }
    for x, y in np.ndindex(7, 7):
        kind, identity, state = (int(value) for value in patch[1 + y, 1 + x])
        if kind == AGENT:
            image[x, y] = (4 + state, identity - 1, 0) if state else (1, 0, 0)
        elif kind in (DOOR_CLOSED, DOOR_OPEN):
            assert (kind == DOOR_OPEN) == (state == 0)
            image[x, y] = (4, identity - 1, state)
        else:
            image[x, y] = (numbers[kind], max(identity - 1, 0), state)
    return image


@pytest.mark.parametrize("task", TASKS)
def test_an_episode_is_minigrids_own(task: str) -> None:
    ours, raw = MiniGridEnv(task), gym.make(task).unwrapped
    chance = np.random.default_rng(1)
    for seed in range(6):
        (observation, _), (theirs, _) = ours.reset(seed=seed), raw.reset(seed=seed)
        for count in range(1, 400):
            np.testing.assert_array_equal(back(observation["patch"]), theirs["image"])
            assert observation["ids"][2] % 4 == theirs["direction"]
            assert observation["ids"][2] // 4 == (raw.carrying is not None)
            assert ours.observation_space.contains(observation)
            key = ours.oracle() if chance.random() < 0.3 else int(chance.integers(6))
            observation, reward, terminated, truncated, info = ours.step(key)
            theirs, their_reward, their_end, their_cut, _ = raw.step(key)
            assert (reward, terminated) == (their_reward, their_end)
            assert truncated == (their_cut and not their_end)
            assert info["success"] == (their_reward > 0)
            assert observation["energy"][0] == np.float32(1 - count / raw.max_steps)
            if terminated or truncated:
                break


def visible(task: gym.Env) -> tuple:
    """All that a key could change but the count of keys."""
    world = task.unwrapped
    carried = world.carrying and world.carrying.encode()
    return world.grid.encode().tobytes(), tuple(map(int, world.agent_pos)), int(world.agent_dir), carried


@pytest.mark.parametrize("task", [*TASKS, "MiniGrid-ObstructedMaze-1Dlhb-v0", "MiniGrid-KeyCorridorS3R1-v0"])
def test_offered_is_what_would_change_something(task: str) -> None:
    """By definition: every key is tried on a copy of the real task."""
    env, chance = MiniGridEnv(task), np.random.default_rng(2)
    _, info = env.reset(seed=3)
    for _ in range(120):
        for key in range(6):
            copy = deepcopy(env.task)
            copy.step(key)
            assert info["action_mask"][key] == (visible(copy) != visible(env.task))
        key = int(chance.choice(np.flatnonzero(info["action_mask"])))
        _, _, terminated, truncated, info = env.step(key)
        if terminated or truncated:
            _, info = env.reset()


def brute_force(env: MiniGridEnv) -> int:
    """Keys of a shortest success by breadth-first search with the real step on copies, `drop` and all."""
    queue, seen = deque([(env.task, 0)]), {visible(env.task)}
    while queue:
        task, depth = queue.popleft()
        for key in range(6):
            copy = deepcopy(task)
            _, reward, terminated, _, _ = copy.step(key)
            if reward > 0:
                return depth + 1
            if not terminated and visible(copy) not in seen:
                seen.add(visible(copy))
                queue.append((copy, depth + 1))
    return -1


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("task", ["MiniGrid-Empty-Random-5x5-v0", "MiniGrid-LavaGapS5-v0"])
def test_oracle_steps_are_those_of_a_brute_force_search(task: str, seed: int) -> None:
    env = MiniGridEnv(task)
    _, info = env.reset(seed=seed)
    assert info["oracle_steps"] == brute_force(env)


def test_oracle_is_shortest_where_keys_and_doors_matter() -> None:
    """Brute force from a few keys before the end, so that copies of the real task stay few."""
    env = MiniGridEnv(DOOR_KEY)
    _, info = env.reset(seed=4)
    for _ in range(info["oracle_steps"] - 6):
        env.step(env.oracle())
    assert brute_force(env) == 6


@pytest.mark.parametrize(
    "task", [*TASKS, "MiniGrid-FourRooms-v0", "MiniGrid-SimpleCrossingS9N2-v0", "MiniGrid-DistShift1-v0"]
)
def test_oracle_solves_in_the_steps_it_promised_also_after_wandering(task: str) -> None:
    env, chance = MiniGridEnv(task), np.random.default_rng(0)
    for seed in range(8):
        _, info = env.reset(seed=seed)
        pressed, steps, success = 0, info["oracle_steps"], False
        wander = 5 * (seed % 2) * ("Lava" not in task and "DistShift" not in task)
        for _ in range(wander):
            success = env.step(int(chance.integers(6)))[4]["success"]
        while not success:
            _, _, terminated, truncated, info = env.step(env.oracle())
            pressed, success = pressed + 1, info["success"]
            assert success or not (terminated or truncated)
        assert wander or pressed == steps


def test_tasks_beyond_the_oracle_say_so() -> None:
    env = MiniGridEnv("MiniGrid-KeyCorridorS3R1-v0")
    _, info = env.reset(seed=0)
    assert info["oracle_steps"] == -1
    assert env.oracle() == 0


@pytest.mark.parametrize(
    ("task", "message"),
    [
        ("MiniGrid-Dynamic-Obstacles-5x5-v0", "obstacles move"),
        ("MiniGrid-DoorKey-4x4-v0", "MiniGrid-DoorKey-5x5-v0"),
    ],
)
def test_tasks_that_do_not_fit_are_refused_with_a_reason(task: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MiniGridEnv(task)


def test_families_and_faces() -> None:
    assert [family_of(task) for task in TASKS] == ["DoorKey", "MultiRoom", "Unlock", "LavaGap"]
    assert family_of("MiniGrid-UnlockPickup-v0") == "UnlockPickup"
    assert family_of("MiniGrid-PutNear-6x6-N2-v0") == "other"
    env = MiniGridEnv(DOOR_KEY, render_mode="rgb_array")
    env.reset(seed=0)
    assert env.observation_space == observation_space()
    assert env.render().shape == (80, 80, 3)
    assert "carrying nothing" in env.screen()
    assert MiniGridEnv(DOOR_KEY).render() is None
    env.close()


def episodes() -> dict[str, str]:
    return {f"{task} {seed}": digest(partial(MiniGridEnv, task), seed) for task in TASKS for seed in (0, 7)}


def test_episodes_are_the_golden_ones() -> None:
    assert episodes() == json.loads(GOLDEN.read_text())
