"""Is a foreign environment still itself behind six keys, and is its observation written as documented?"""

from __future__ import annotations

from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

import sixkeys
from sixkeys.build import make_world
from sixkeys.contract import bucket, observation_space
from sixkeys.envs.adapters import make_gym, wrap
from sixkeys.envs.check import check_env
from sixkeys.envs.check_world import check_world

CLASSIC = ("CartPole-v1", "MountainCar-v0", "Acrobot-v1", "BabyAI-GoToRedBallGrey-v0")


def adapted(task: str) -> Any:
    return wrap(make_gym(task))


# --- what is always there: classic control, toy text, MiniGrid and BabyAI ---


@pytest.mark.parametrize("task", [*CLASSIC, "Taxi-v4", "MiniGrid-Dynamic-Obstacles-5x5-v0"])
def test_the_conformance_kit_finds_nothing(task: str) -> None:
    assert check_env(partial(adapted, task), episodes=2, fresh_process=task == "CartPole-v1") == []
    assert check_world(partial(make_world, f"gym:{task}", 2), steps=30) == []


@pytest.mark.parametrize("task", ["CartPole-v1", "MountainCar-v0", "Acrobot-v1"])
def test_an_episode_is_the_environments_own(task: str) -> None:
    ours, raw = adapted(task), gym.make(task)
    scale, limit = abs(raw.spec.reward_threshold), raw.spec.max_episode_steps
    chance = np.random.default_rng(3)
    (observation, _), (theirs, _) = ours.reset(seed=9), raw.reset(seed=9)
    total = 0.0
    for count in range(1, limit + 1):
        for share, written in zip(expected_shares(raw.observation_space, theirs), rows(observation["patch"])):
            assert written == pytest.approx(share, abs=0.5 / 279)
        key = int(chance.integers(raw.action_space.n))
        observation, reward, terminated, truncated, info = ours.step(key)
        theirs, their_reward, their_end, their_cut, _ = raw.step(key)
        total += their_reward
        assert reward == pytest.approx(their_reward / scale)
        assert (terminated, truncated) == (their_end, their_cut and not their_end)
        assert observation["energy"][0] == pytest.approx(1 - count / limit)
        if terminated or truncated:
            break
    assert info["success"] == (total >= raw.spec.reward_threshold)
    assert ours.oracle() == 0


def expected_shares(space: spaces.Box, value: np.ndarray) -> list[float]:
    """By the documentation, in plain Python."""
    return [
        min(max((float(x) - float(low)) / (float(high) - float(low)), 0), 1)
        if abs(low) < 1e6 and abs(high) < 1e6
        else 0.5 + 0.5 * float(x) / (1 + abs(float(x)))
        for low, high, x in zip(space.low, space.high, value, strict=True)
    ]


def rows(patch: np.ndarray) -> list[float]:
    """Shares back from thermometers of nine cells."""
    return [int(row[:, 0].sum()) / 279 for row in patch if row[:, 1].any()]


def test_a_key_that_is_not_there_is_counted_and_reaches_nobody() -> None:
    env = adapted("CartPole-v1")
    before, info = env.reset(seed=0)
    assert info["action_mask"].tolist() == [True, True, False, False, False, False]
    assert info["oracle_steps"] == -1
    state = env.task.unwrapped.state.copy()
    after, reward, terminated, truncated, info = env.step(4)
    np.testing.assert_array_equal(env.task.unwrapped.state, state)
    np.testing.assert_array_equal(after["patch"], before["patch"])
    assert (reward, terminated, truncated, info["invalid"]) == (0.0, False, False, True)
    assert after["energy"][0] == pytest.approx(1 - 1 / 500)
    for _ in range(499):
        _, _, terminated, truncated, _ = env.step(4)
    assert (terminated, truncated) == (False, True)


def test_minigrids_picture_stands_in_the_patch_as_it_is() -> None:
    env, raw = adapted("BabyAI-GoToObj-v0"), gym.make("BabyAI-GoToObj-v0", disable_env_checker=True)
    (observation, _), (theirs, _) = env.reset(seed=4), raw.reset(seed=4)
    patch = observation["patch"]
    np.testing.assert_array_equal(patch[:7, :7], theirs["image"])
    assert patch[7, 0, 0] == theirs["direction"]
    for place, word in enumerate(theirs["mission"].split()):
        row, column = divmod(64 + place, 9)
        assert patch[row, column].tolist() == [bucket(f"{word} {c}", n) for c, n in enumerate((32, 32, 16))]
    assert env.world_spec.keys == ("left", "right", "forward", "pickup", "drop", "toggle")


def test_a_spread_of_minigrid_and_babyai_tasks_runs() -> None:
    make_gym("MiniGrid-Empty-5x5-v0")
    tasks = sorted(name for name in gym.registry if name.startswith(("MiniGrid-", "BabyAI-")))
    assert len(tasks) > 150
    for task in tasks[::9]:
        env = adapted(task)
        env.reset(seed=1)
        for key in (0, 2, 1, 2, 5):
            observation, _, terminated, truncated, info = env.step(key)
            assert observation_space().contains(observation)
            assert info["invalid"] == (key >= len(env.keys.actions))
            if terminated or truncated:
                break


@pytest.mark.parametrize("level", ["GoToRedBallGrey", "PickupLoc", "UnlockLocal", "PutNextLocalS5N3"])
def test_minigrids_own_expert_solves_babyai_with_our_six_keys(level: str) -> None:
    from minigrid.utils.baby_ai_bot import BabyAIBot

    env = adapted(f"BabyAI-{level}-v0")
    for seed in range(3):
        env.reset(seed=seed)
        bot, ended = BabyAIBot(env.task.unwrapped), False
        while not ended:
            _, reward, terminated, truncated, info = env.step(int(bot.replan()))
            ended = terminated or truncated
        assert info["success"]
        assert reward > 0


# --- keys, masks, success ---


class Counter(gym.Env):
    """Counts which actions arrive; some are allowed only at even counts. A real environment, kept small."""

    observation_space = spaces.Discrete(100)

    def __init__(self, action_space: spaces.Space, masked: bool = False, told: dict | None = None):
        self.action_space, self.told = action_space, told or {}
        self.came: list = []
        if masked:
            self.action_masks = lambda: [len(self.came) % 2 == 0, True, False]

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple[int, dict]:
        super().reset(seed=seed)
        self.came = []
        return 0, {}

    def step(self, action: Any) -> tuple[int, float, bool, bool, dict]:
        self.came.append(action)
        ended = len(self.came) == 3
        return len(self.came), 1.0, ended, False, self.told if ended else {}


def test_masks_of_the_environment_are_what_is_offered() -> None:
    env = wrap(Counter(spaces.Discrete(3), masked=True))
    _, info = env.reset(seed=0)
    assert info["action_mask"].tolist() == [True, True, False, False, False, False]
    _, _, _, _, info = env.step(0)
    assert info["action_mask"].tolist() == [False, True, False, False, False, False]
    assert env.step(0)[4]["invalid"]
    assert env.task.came == [0]


def test_a_key_map_chooses_actions_of_any_space() -> None:
    keys = [[0, 2], [4, 1]]
    env = wrap(Counter(spaces.MultiDiscrete([5, 3])), keys=keys, names=["jump", "duck"], max_steps=7)
    env.reset(seed=0)
    env.step(1)
    assert env.task.came[0].tolist() == [4, 1]
    assert env.world_spec.keys == ("jump", "duck", "no key 2", "no key 3", "no key 4", "no key 5")
    assert env.world_spec.max_steps == 7
    large = wrap(Counter(spaces.Discrete(50)), keys=[3, 10, 49])
    large.reset(seed=0)
    large.step(2)
    assert large.task.came == [49]


@pytest.mark.parametrize(
    ("space", "told", "message"),
    [
        (spaces.Discrete(7), {}, r"keys=\[0, 1, 2, 3, 4, 5\]"),
        (spaces.Box(-2, 2, (1,), np.float32), {}, r"keys=\[\[-2\.0\], \[2\.0\]\]"),
        (spaces.MultiDiscrete([2, 2]), {}, r"keys=\[\[0, 0\], \[0, 1\], \[1, 0\], \[1, 1\]\]"),
        (spaces.Discrete(9), {"keys": range(7)}, "7 keys given; possible: 1 to 6"),
        (spaces.Discrete(9), {"keys": [9]}, "the key 9 is no action"),
        (spaces.Discrete(2), {"names": ["a", "a"]}, "not 2 different names"),
    ],
)
def test_actions_that_do_not_fit_say_what_is_possible(space: spaces.Space, told: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        wrap(Counter(space), **told)


@pytest.mark.parametrize(
    ("told", "success"), [({}, True), ({"success": False}, False), ({"is_success": 1}, True)]
)
def test_success_is_what_the_environment_says_or_a_reward_at_the_end(told: dict, success: bool) -> None:
    env = wrap(Counter(spaces.Discrete(2), told=told), reward_scale=0.25)
    env.reset(seed=0)
    results = [env.step(0) for _ in range(3)]
    assert [result[4]["success"] for result in results] == [False, False, success]
    assert [result[1] for result in results] == [0.25] * 3


class Forgetful(Counter):
    """Forgets to count from 0 again."""

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple[int, dict]:
        kept, result = self.came, super().reset(seed=seed, options=options)
        self.came = kept
        return len(kept), result[1]


@pytest.mark.parametrize(("fresh", "second"), [(False, 2), (True, 0)])
def test_a_fresh_environment_carries_nothing_over(fresh: bool, second: int) -> None:
    env = wrap(Forgetful(spaces.Discrete(2)), fresh=fresh)
    assert env.reset(seed=0)[0]["patch"][0, 0, 0] == 0
    for _ in range(2):
        env.step(0)
    assert env.reset(seed=0)[0]["patch"][0, 0, 0] == second


def test_worlds_by_name_and_what_cannot_be_found() -> None:
    world = make_world("gym:FrozenLake-v1", 3)
    assert world.seats == 3
    assert sixkeys.wrap is wrap
    for name, message in (
        ("gym:Nothing-v0", "no environment 'Nothing-v0'"),
        ("gym:no_such_module:Nothing-v0", "no_such_module"),
        ("zoo:no_such_module", "no parallel_env in 'no_such_module'"),
        ("zoo:math", "no parallel_env in 'math'"),
    ):
        with pytest.raises(ValueError, match=message):
            make_world(name, 2)
    with pytest.raises(ValueError, match="neither a Gymnasium nor a PettingZoo environment"):
        wrap(object())
