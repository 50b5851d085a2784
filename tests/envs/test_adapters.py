"""Is a foreign environment still itself behind six keys, and is its observation written as documented?"""

from __future__ import annotations

from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from hypothesis import given
from hypothesis import strategies as st

import sixkeys
from sixkeys.build import make_world
from sixkeys.contract import bucket, episode_seed, observation_space
from sixkeys.envs.adapter_views import view_of
from sixkeys.envs.adapters import make_gym, wrap
from sixkeys.envs.adapters_parallel import ParallelWorld
from sixkeys.envs.check import check_env
from sixkeys.envs.check_world import check_world
from sixkeys.envs.pool import Pool

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


# --- observations ---


@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 5))
def test_a_lone_thing_of_a_larger_grid_keeps_its_place(row: int, column: int, layer: int) -> None:
    grid = np.zeros((10, 10, 6), bool)
    grid[row, column, layer] = True
    patch = view_of(spaces.Box(0, 1, (10, 10, 6), bool))(grid)
    assert set(np.unique(patch[..., 0])) == {0, layer + 1}
    touched = np.argwhere(patch[..., 0])
    assert {tuple(place) for place in touched} == {
        (r, c) for r in (row - 1, row) for c in (column - 1, column) if 0 <= r < 9 and 0 <= c < 9
    }


def test_the_first_three_layers_of_a_cell_are_named_and_small_grids_lie_in_the_middle() -> None:
    grid = np.zeros((7, 7, 7), bool)
    grid[1, 2, [2, 4, 5, 6]] = True
    patch = view_of(spaces.Box(0, 1, grid.shape, bool))(grid)
    assert patch[2, 3].tolist() == [3, 5, 6]
    assert np.count_nonzero(patch) == 3


def test_an_image_is_the_mean_of_its_tiles() -> None:
    image = np.random.default_rng(0).integers(0, 256, (41, 67, 3), dtype=np.uint8)
    patch = view_of(spaces.Box(0, 255, image.shape, np.uint8))(image)
    for row in range(9):
        for column in range(9):
            tile = image[41 * row // 9 : 41 * (row + 1) // 9, 67 * column // 9 : 67 * (column + 1) // 9]
            for channel, levels in enumerate((32, 32, 16)):
                exact = tile[..., channel].mean() / 255 * levels
                assert patch[row, column, channel] == min(int(exact), levels - 1)


def test_a_grey_image_tells_levels_and_spread() -> None:
    image = np.zeros((90, 90, 1), np.uint8)
    image[:10, :10] = 255
    image[:10, 10:15] = 255
    patch = view_of(spaces.Box(0, 255, image.shape, np.uint8))(image)
    assert patch[0, 0].tolist() == [31, 0, 0]
    assert patch[0, 1].tolist() == [16, 31, 0]
    assert not patch[1:].any()


@given(st.lists(st.floats(-1, 1), min_size=100, max_size=100))
def test_more_numbers_than_cells_are_written_three_a_cell(values: list[float]) -> None:
    space = spaces.Box(-1.0, 1.0, (20, 5), np.float64)
    cells = view_of(space)(np.array(values).reshape(20, 5)).reshape(81, 3)
    tops = np.array([31, 31, 15])
    for place, value in enumerate(values):
        level = cells[place // 3, place % 3] / tops[place % 3]
        assert level == pytest.approx((value + 1) / 2, abs=0.51 / tops[place % 3])


def test_digits_and_flags_are_exact() -> None:
    discrete = view_of(spaces.Discrete(5000, start=-7))
    seen = {tuple(discrete(value - 7)[0, 0]) for value in range(5000)}
    assert len(seen) == 5000
    flags = view_of(spaces.MultiBinary(9))(np.array([1, 0, 0, 1, 0, 0, 0, 0, 1]))
    assert flags[:, 0, 0].tolist() == [31, 0, 0, 31, 0, 0, 0, 0, 31]


@pytest.mark.parametrize(
    "space",
    [
        spaces.Box(-1, 1, (244,), np.float32),
        spaces.Box(0, 1, (8, 8, 20), bool),
        spaces.Tuple((spaces.Box(0, 9, (3, 3), np.int64), spaces.Box(0, 9, (3, 3), np.int64))),
        spaces.Sequence(spaces.Discrete(3)),
    ],
)
def test_what_does_not_fit_a_patch_says_what_to_do(space: spaces.Space) -> None:
    with pytest.raises(ValueError, match=r"wrap\(env, view=\.\.\.\)"):
        view_of(space)


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


# --- many agents ---


class Race:
    """Three runners on a line of PettingZoo's parallel interface: key 1 runs, who is at 3 leaves."""

    possible_agents = ("a", "b", "c")

    def __init__(self) -> None:
        self.agents: list[str] = []

    def observation_space(self, agent: str) -> spaces.Space:
        return spaces.Dict({"observation": spaces.Discrete(10), "action_mask": spaces.MultiBinary(2)})

    def action_space(self, agent: str) -> spaces.Space:
        return spaces.Discrete(2)

    def reset(self, seed: int | None = None, options: dict | None = None) -> tuple[dict, dict]:
        self.agents = list(self.possible_agents)
        self.place = dict.fromkeys(self.agents, int(np.random.default_rng(seed).integers(2)))
        return self._look(), {agent: {} for agent in self.agents}

    def _look(self) -> dict:
        return {
            agent: {"observation": self.place[agent], "action_mask": np.array([1, self.place[agent] < 3])}
            for agent in self.agents
        }

    def step(self, actions: dict) -> tuple[dict, dict, dict, dict, dict]:
        assert list(actions) == self.agents
        for agent, action in actions.items():
            self.place[agent] += int(action)
        there = {agent: self.place[agent] == 3 for agent in self.agents}
        seen, reward = self._look(), {agent: float(there[agent]) for agent in self.agents}
        nobody = dict.fromkeys(self.agents, False)
        self.agents = [agent for agent in self.agents if not there[agent]]
        return seen, reward, there, nobody, {agent: {} for agent in there}

    def close(self) -> None: ...


class TurnRace(Race):
    """What PettingZoo calls an AEC environment: agents take turns."""

    def agent_iter(self) -> tuple[str, ...]:
        return self.possible_agents


def race(games: int = 2) -> ParallelWorld:
    return ParallelWorld([Race() for _ in range(games)], max_steps=6)


def test_agents_are_rows_and_a_game_ends_for_all_at_once() -> None:
    world = race()
    world.reset(np.ones(6, bool), np.arange(6))
    start = world.observe()[0]["patch"][:, 0, 0, 0].astype(int)
    assert start.tolist() == [int(np.random.default_rng(seed).integers(2)) for seed in (0, 0, 0, 3, 3, 3)]
    everyone = np.ones(6, bool)
    for turn in range(1, 7):
        outcome = world.step(np.array([1, 0, 0, 1, 1, 1]), everyone)
        observation, offered = world.observe()
        assert outcome.reward[0] == (start[0] + turn == 3)
        assert observation["patch"][0, 0, 0, 0] == min(start[0] + turn, 3)
        if start[0] + turn >= 3:
            assert offered[0].tolist() == [True] + [False] * 5
        if start[3] + turn == 3:
            assert outcome.terminated.tolist() == [False] * 3 + [True] * 3
            assert outcome.success.tolist() == [False] * 3 + [True] * 3
            everyone[3:] = False
    assert outcome.terminated.tolist() == [True, False, False, False, False, False]
    assert outcome.truncated.tolist() == [False, True, True, False, False, False]
    assert outcome.success.tolist() == [True] + [False] * 5
    with pytest.raises(ValueError, match="game 1 has ended"):
        world.step(np.zeros(6, int), ~everyone)


def only_alone_and_still(findings: list[str]) -> bool:
    """Whether a game of many breaks just the two laws that no game of many can keep."""
    return all(
        finding.startswith(("alone: seat", "still: ValueError: step of a part")) for finding in findings
    )


def test_a_game_of_many_keeps_the_laws_it_can_and_plays_in_a_pool() -> None:
    assert only_alone_and_still(check_world(race, steps=40))
    pool = Pool([wrap(Race(), max_steps=6), race(1)], lambda seat, episode: episode_seed(0, seat, episode))
    moment, chance = pool.reset(), np.random.default_rng(0)
    ends = 0
    for _ in range(60):
        moment = pool.step(chance.integers(0, 6, pool.seats))
        ended = (moment.outcome.terminated | moment.outcome.truncated).reshape(2, 3)
        assert (ended.all(axis=1) == ended.any(axis=1)).all()
        ends += int(ended.all(axis=1).sum())
        assert moment.offered.any(axis=1).all()
    assert ends > 10
    assert moment.observation["ids"][:, 3].tolist() == [0, 1, 2, 0, 1, 2]


def test_a_part_of_a_game_and_turns_are_refused() -> None:
    world = race()
    with pytest.raises(ValueError, match="all 3 rows of a game or none"):
        world.reset(np.arange(6) < 2, np.zeros(6, int))
    with pytest.raises(ValueError, match="aec_to_parallel"):
        wrap(TurnRace())


# --- packages that are extras ---

EXTRAS = [
    ("minatar", "gym:minatar.gym:MinAtar/Breakout-v1", 2),
    ("minatar", "gym:minatar.gym:MinAtar/SpaceInvaders-v1", 2),
    ("lbforaging", "gym:lbforaging:Foraging-8x8-2p-1f-v3", 4),
    ("mpe2", "zoo:mpe2.simple_spread_v3", 3),
    ("pymunk", "zoo:pettingzoo.butterfly.cooperative_pong_v6", 2),
]


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize(("package", "name", "seats"), EXTRAS, ids=[name for _, name, _ in EXTRAS])
def test_a_third_party_world_keeps_the_laws(package: str, name: str, seats: int) -> None:
    pytest.importorskip(package, reason=f"{name} needs the package {package}, an extra")
    findings = check_world(partial(make_world, name, seats), steps=20)
    many = isinstance(make_world(name, seats), ParallelWorld)
    assert only_alone_and_still(findings) if many else findings == []
    if many:
        with pytest.raises(ValueError, match="give a multiple of"):
            make_world(name, seats + 1)
