"""Does the grid keep its rules, whatever rows act together, and is every episode its seed's alone?"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import deque
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sixkeys.contract import World, observation_space
from sixkeys.envs.check import digest
from sixkeys.envs.grid import FAMILIES, KEY_NAMES, MAX_STEPS, TASKS, GridEnv, GridWorld
from sixkeys.envs.grid_layouts import (
    AGENT,
    AROUND,
    DOOR_CLOSED,
    ENERGY,
    FLOOR,
    GOAL,
    KEY,
    LAVA,
    UNKNOWN,
    WALL,
    Regime,
    layouts,
)
from sixkeys.envs.grid_oracle import FAR

GOLDEN = Path(__file__).parent / "golden" / "grid.json"
WAIT, NORTH, EAST, SOUTH, WEST, USE = range(6)
ALL = np.ones(1, bool)


def begin(task: str, seeds: np.ndarray, regime: Regime = Regime()) -> GridWorld:
    world = GridWorld(task, len(seeds), regime)
    world.reset(np.ones(len(seeds), bool), seeds)
    return world


def follow_oracle(world: GridWorld) -> tuple[np.ndarray, np.ndarray]:
    """Keys pressed and success of every seat under the oracle."""
    rows = np.ones(world.seats, bool)
    pressed, success = np.zeros(world.seats, int), np.zeros(world.seats, bool)
    while rows.any():
        outcome = world.step(world.oracle(), rows)
        assert not outcome.invalid.any()
        pressed += rows
        success |= outcome.success
        rows = rows & ~(outcome.terminated | outcome.truncated)
    return pressed, success


def brute_force(task: str, seed: int, regime: Regime) -> int:
    """Keys of a shortest success, by breadth-first search over the world's own step and states."""
    world = begin(task, np.full(6, seed), regime)
    start = {name: array[:1] for name, array in world.state().items()}
    queue, seen = deque([(start, 0)]), set()
    while queue:
        state, depth = queue.popleft()
        world.restore({name: np.repeat(array, 6, axis=0) for name, array in state.items()})
        outcome = world.step(np.arange(6), np.ones(6, bool))
        if outcome.success.any():
            return depth + 1
        after = world.state()
        for key in np.flatnonzero(~(outcome.terminated | outcome.truncated | outcome.invalid)):
            child = {name: array[key : key + 1] for name, array in after.items()}
            mark = (int(child["at"][0]), child["cells"].tobytes())
            if mark not in seen:
                seen.add(mark)
                queue.append((child, depth + 1))
    return FAR


@pytest.mark.parametrize("task", FAMILIES)
@pytest.mark.parametrize("seed", [3, 4, 5])
def test_oracle_steps_are_those_of_a_brute_force_search(task: str, seed: int) -> None:
    regime = Regime(walls=0.5, lava=0.6)
    assert begin(task, np.array([seed]), regime).oracle_steps()[0] == brute_force(task, seed, regime)


@pytest.mark.parametrize(
    "regime", [Regime(), Regime(walls=1, lava=1), Regime(walls=0, lava=0, colours=(2,))], ids=str
)
@pytest.mark.parametrize("task", TASKS)
def test_every_layout_can_be_solved_within_its_budget(task: str, regime: Regime) -> None:
    seeds = 10_000 if regime == Regime() else 1_000
    shortest = begin(task, np.arange(seeds), regime).oracle_steps()
    assert shortest.min() > 0
    assert shortest.max() <= MAX_STEPS
    world = begin(task, np.arange(1000), regime)
    pressed, success = follow_oracle(world)
    assert success.all()
    np.testing.assert_array_equal(pressed, shortest[:1000])
    np.testing.assert_array_equal(shortest[:1000], world.oracle_steps())


def test_seeds_above_the_training_range_are_fine_and_differ() -> None:
    world = begin("grid_house", (1 << 30) + np.arange(500))
    assert len({row.tobytes() for row in world.state()["cells"]}) > 490
    assert follow_oracle(world)[1].all()


def test_forage_cannot_be_solved_without_the_battery() -> None:
    starts = layouts(np.arange(2000), np.full(2000, 1 + FAMILIES.index("grid_forage")), Regime())
    kinds = starts.cells & 255
    far = np.where(kinds == ENERGY, WALL, kinds)
    assert (starts.budget < _steps_past_walls(far, starts.start)).all()


def _steps_past_walls(kinds: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Steps from start to goal by flooding, a second implementation on whole pictures."""
    reached = np.zeros(kinds.shape, bool)
    reached[np.arange(len(start)), start] = True
    steps = np.full(len(start), FAR)
    for step in range(100):
        steps = np.where((steps == FAR) & (reached & (kinds == GOAL)).any(axis=1), step, steps)
        grown = reached.copy()
        for shift in AROUND:
            grown |= np.roll(reached, shift, axis=1)
        reached = grown & np.isin(kinds, (FLOOR, GOAL))
    return steps


@settings(max_examples=25)
@given(
    task=st.sampled_from(TASKS),
    seeds=st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=6),
    keys=st.lists(st.integers(0, 5), min_size=1, max_size=40),
    slip=st.sampled_from([0.0, 0.4]),
)
def test_a_row_is_its_seeds_alone(task: str, seeds: list[int], keys: list[int], slip: float) -> None:
    together, alone = begin(task, np.array(seeds), Regime(slip=slip)), []
    for seat, seed in enumerate(seeds):
        world, running = begin(task, np.array([seed]), Regime(slip=slip)), ALL
        for key in keys:
            outcome = world.step(np.array([key]), running)
            running = running & ~(outcome.terminated | outcome.truncated)
        alone.append((world.state(), seat))
    running = np.ones(len(seeds), bool)
    for key in keys:
        outcome = together.step(np.full(len(seeds), key), running)
        running &= ~(outcome.terminated | outcome.truncated)
    for state, seat in alone:
        for name, array in together.state().items():
            np.testing.assert_array_equal(array[seat], state[name][0], err_msg=name)


def test_keys_do_what_they_say() -> None:
    """A corridor drawn by hand: the agent, a key, its locked door, a battery, floor, the goal; by lava."""
    world = begin("grid_empty", np.array([0]))
    row = world.state()
    cells = row["cells"].copy()
    cells[:] = WALL
    here = 9 * 18 + 5
    for offset, kind in enumerate((FLOOR, KEY + 2 * 256, DOOR_CLOSED + 2 * 256 + 65536, ENERGY, FLOOR, GOAL)):
        cells[0, here + offset] = kind
    cells[0, here + 4 - 18] = LAVA
    row |= {"cells": cells, "at": np.array([here]), "left": np.array([20])}
    world.restore(row)
    plan = [NORTH, USE, EAST, EAST, USE, EAST, EAST, USE, EAST, EAST, EAST]
    invalid, energies, rewards = [], [], []
    for key in plan:
        offered = world.observe()[1][0, key]
        outcome = world.step(np.array([key]), ALL)
        assert outcome.invalid[0] != offered
        invalid.append(bool(outcome.invalid[0]))
        energies.append(round(float(world.observe()[0]["energy"][0, 0]) * MAX_STEPS))
        rewards.append(float(outcome.reward[0]))
    assert invalid == [True, False, False, True, False, False, True, False, False, False, False]
    assert energies == [19, 18, 17, 16, 15, 14, 13, 52, 51, 50, 49]
    stages = [0.1 if turn in (1, 4) else 0.0 for turn in range(10)]
    assert rewards == pytest.approx([*stages, 1 - 0.5 * 11 / 64])
    assert [bool(column[0]) for column in outcome[1:]] == [True, False, False, True, False]
    assert world.observe()[0]["ids"].tolist() == [[1, 1, 2, 0]]


def test_lava_ends_without_success_and_the_budget_cuts_off() -> None:
    world = begin("grid_empty", np.arange(2))
    state = world.state()
    state["cells"][0, state["at"][0] - 18] = LAVA
    state["left"][1] = 1
    world.restore(state)
    outcome = world.step(np.array([NORTH, WAIT]), np.ones(2, bool))
    assert outcome.terminated.tolist() == [True, False]
    assert outcome.truncated.tolist() == [False, True]
    assert not outcome.success.any()
    assert outcome.harm.tolist() == [True, False]
    assert outcome.reward.tolist() == [-0.5, 0.0]
    with pytest.raises(ValueError, match=r"seats \[0, 1\] have no running episode"):
        world.step(np.zeros(2, int), np.ones(2, bool))


@pytest.mark.parametrize("view", [3, 5, 7, 9])
def test_the_patch_is_the_grid_around_the_agent(view: int) -> None:
    world = begin("grid_house", np.arange(50), Regime(view=view))
    patch, state, half = world.observe()[0]["patch"], world.state(), view // 2
    for seat in range(50):
        padded = np.pad(state["cells"][seat].reshape(18, 18), 4)
        r, c = np.divmod(state["at"][seat], 18) + np.array([4, 4])
        expected = np.zeros((9, 9), np.int64)
        inside = slice(4 - half, 5 + half)
        expected[inside, inside] = padded[r - half : r + half + 1, c - half : c + half + 1]
        expected[4, 4] = AGENT + 65536 * FLOOR
        for channel in range(3):
            np.testing.assert_array_equal(patch[seat, ..., channel], expected >> 8 * channel & 255)
        assert (patch[seat, 4 + half + 1 :, :, 0] == UNKNOWN).all()


def test_slips_come_as_often_as_the_regime_says_and_turn_by_a_quarter() -> None:
    seats = 4000
    world = begin("grid_empty", np.arange(seats), Regime(slip=0.3))
    state = world.state()
    state["cells"][:] = FLOOR
    state["at"][:] = 9 * 18 + 9
    world.restore(state)
    world.step(np.full(seats, NORTH), np.ones(seats, bool))
    moved = world.state()["at"] - (9 * 18 + 9)
    counts = [int((moved == step).sum()) for step in (-18, 1, 18, -1)]
    assert counts[2] == 0
    assert abs(counts[0] / seats - 0.7) < 0.03
    assert abs(counts[1] - counts[3]) < 150


def test_mixed_draws_every_family_and_the_same_layouts_as_the_family_alone() -> None:
    mixed = begin("grid_mixed", np.arange(600))
    families = np.array(mixed.families())
    assert set(families) == set(FAMILIES)
    for family in FAMILIES:
        seeds = np.flatnonzero(families == family)
        assert 60 < len(seeds) < 140
        np.testing.assert_array_equal(begin(family, seeds).state()["cells"], mixed.state()["cells"][seeds])


def test_colours_left_out_are_never_seen() -> None:
    colours = begin("grid_house", np.arange(3000), Regime(colours=(2, 4))).state()["cells"] >> 8 & 255
    assert set(np.unique(colours)) == {0, 2, 4}


def test_state_is_a_copy_and_restore_goes_on_exactly() -> None:
    world, keys = begin("grid_mixed", np.arange(32)), np.random.default_rng(0).integers(0, 6, (10, 32))
    saved = world.state()
    copies = {name: array.copy() for name, array in saved.items()}
    other = GridWorld("grid_mixed", 32)
    for _ in range(2):
        other.restore(saved)
        running = np.ones(32, bool)
        for row in keys:
            outcome = other.step(row, running)
            running &= ~(outcome.terminated | outcome.truncated)
        world, other = other, world
    for name, array in world.state().items():
        np.testing.assert_array_equal(array, other.state()[name])
    for name, array in saved.items():
        np.testing.assert_array_equal(array, copies[name])


def test_the_world_is_a_world_and_speaks_the_one_space() -> None:
    world = begin("grid_mixed", np.arange(20))
    assert isinstance(world, World)
    observation, offered = world.observe()
    space = observation_space()
    assert all(
        space.contains({name: array[seat] for name, array in observation.items()}) for seat in range(20)
    )
    assert offered.shape == (20, 6)
    assert observation["ids"][:, 3].tolist() == [*range(16), 15, 15, 15, 15]
    world.close()


def test_pictures_show_where_everything_is() -> None:
    env = GridEnv("grid_key", render_mode="rgb_array")
    env.reset(seed=1)
    picture, lines = env.render(), env.screen().splitlines()
    assert picture.shape == (160, 160, 3)
    assert picture.dtype == np.uint8
    assert [len(line) for line in lines[:10]] == [10] * 10
    row = next(r for r, line in enumerate(lines) if "@" in line)
    column = lines[row].index("@")
    assert tuple(picture[16 * row + 8, 16 * column + 8]) == (30, 60, 170)
    assert GridEnv("grid_key", render_mode="ansi").render() is not None
    assert GridEnv("grid_key").render() is None
    room = "".join(lines[:10])
    assert room.count("G") == 1
    assert {sign.lower() for sign in room if sign in "ABCDE"} == {sign for sign in room if sign in "abcde"}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"walls": 2}, "walls=2"),
        ({"view": 4}, "choose 3, 5, 7 or 9"),
        ({"colours": (0,)}, "distinct ones of 1 to 5"),
        ({"colours": (1, 1)}, "distinct"),
    ],
)
def test_impossible_regimes_say_what_is_possible(values: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Regime(**values)


def test_an_unknown_task_says_which_there_are() -> None:
    with pytest.raises(ValueError, match="grid_mixed"):
        GridWorld("grid_maze", 1)


def test_an_environment_without_a_seed_repeats_from_its_first() -> None:
    one, two = GridEnv(), GridEnv()
    for env in (one, two):
        env.reset(seed=5)
    first, second = one.reset()[0]["patch"], two.reset()[0]["patch"]
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, one.reset()[0]["patch"])
    assert len(one.world_spec.keys) == len(set(KEY_NAMES)) == 6


def episodes() -> dict[str, str]:
    """Digest of one seeded episode of every task, and of two regimes."""
    made = {task: digest(partial(GridEnv, task), 7) for task in TASKS}
    made["slip"] = digest(partial(GridEnv, "grid_lava", Regime(slip=0.3)), 7)
    made["view 9"] = digest(partial(GridEnv, "grid_house", Regime(view=9)), 7)
    return made


def test_episodes_are_the_golden_ones() -> None:
    assert episodes() == json.loads(GOLDEN.read_text())


def test_another_process_gives_the_same_episodes() -> None:
    program = "import json, test_grid; print(json.dumps(test_grid.episodes()))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=Path(__file__).parent
    )
    assert json.loads(done.stdout) == episodes()
