"""Do chains take the keys that they promise, from any moment on, and do their rules hold?"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sixkeys.contract import TEST_SEEDS, World, observation_space
from sixkeys.envs.chains import LENGTHS, SLACK, TASKS, ChainEnv, ChainWorld
from sixkeys.envs.chains_plan import LEAST, LEFT_OVER, TOLERANCE, drawn, most
from sixkeys.envs.chains_sections import CLOSED, LASTS, LEVER, MIDDLES, PAD, SEAL, SHUTTER, SIZE, library
from sixkeys.envs.check import check_env, check_world, digest
from sixkeys.envs.grid_layouts import BALL, BOX, DOOR_CLOSED, DOOR_OPEN, FLOOR, KEY, UNKNOWN, WALL

GOLDEN = Path(__file__).parent / "golden" / "chains.json"
WAIT, NORTH, EAST, SOUTH, WEST, USE = range(6)
ONE = np.ones(1, bool)
FRONTIER = 400


def begin(task: str, seeds: list[int] | np.ndarray) -> ChainWorld:
    world = ChainWorld(task, len(seeds))
    world.reset(np.ones(len(seeds), bool), np.asarray(seeds, np.int64))
    return world


def follow(world: ChainWorld) -> tuple[np.ndarray, np.ndarray]:
    """Keys pressed and success of every seat under the oracle."""
    rows, pressed = np.ones(world.seats, bool), np.zeros(world.seats, int)
    success = np.zeros(world.seats, bool)
    while rows.any():
        outcome = world.step(world.oracle(), rows)
        assert not outcome.invalid.any()
        pressed += rows
        success |= outcome.success
        rows &= ~(outcome.terminated | outcome.truncated)
    return pressed, success


def brute_force(start: ChainWorld) -> int:
    """Keys from here to success, breadth first over all that the world itself can become."""
    frontier = [start.state()]
    frontier[0]["budget"] += 1000
    world, seen, depth = ChainWorld(start.task, 6 * FRONTIER), set(), 0
    while frontier:
        depth += 1
        grown = []
        for first in range(0, len(frontier), FRONTIER):
            part = frontier[first : first + FRONTIER]
            full = part + part[:1] * (FRONTIER - len(part))
            world.restore(
                {name: np.repeat(np.concatenate([s[name] for s in full]), 6, axis=0) for name in full[0]}
            )
            outcome = world.step(np.tile(np.arange(6), FRONTIER), np.ones(world.seats, bool))
            if outcome.success.any():
                return depth
            after = world.state()
            for row in np.flatnonzero(~outcome.invalid[: 6 * len(part)]):
                mark = b"".join(after[name][row].tobytes() for name in ("at", "hand", "section", "cells"))
                if mark not in seen:
                    seen.add(mark)
                    grown.append({name: array[row : row + 1] for name, array in after.items()})
        frontier = grown
    return -1


@pytest.mark.parametrize(
    ("task", "seed"), [("chain_12", 0), ("chain_12", 1), ("chain_20", 3), ("chain_36", 5)]
)
def test_no_search_finds_a_shorter_way_than_the_oracle(task: str, seed: int) -> None:
    world = begin(task, [TEST_SEEDS + seed])
    assert brute_force(world) == world.oracle_steps()[0]


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_nor_from_where_random_keys_have_led(seed: int) -> None:
    world, chance = begin("chain_16", [seed]), np.random.default_rng(seed)
    for key in chance.integers(1, 6, 24):
        world.step(np.array([key]), ONE)
    wanted = brute_force(world)
    pressed, success = follow(world)
    assert success.all()
    assert pressed[0] == wanted


@pytest.mark.parametrize("task", TASKS)
def test_lengths_are_those_of_the_names_and_the_oracle_keeps_its_promise(task: str) -> None:
    length = int(task.removeprefix("chain_"))
    seats = 64 if length <= 300 else 4
    world = begin(task, [*range(seats // 2), *(TEST_SEEDS + np.arange(seats // 2))])
    promised = world.oracle_steps()
    assert (abs(promised - length) <= TOLERANCE).all()
    pressed, success = follow(world)
    assert success.all()
    np.testing.assert_array_equal(pressed, promised)


@pytest.mark.parametrize("first", [0, TEST_SEEDS])
def test_many_seeds_of_every_length_fit(first: int) -> None:
    for length in LENGTHS:
        _, keys = drawn(first + np.arange(3000), length, most(length))
        assert (abs(keys - length) <= TOLERANCE).all()


def test_whatever_is_left_over_some_last_section_fits() -> None:
    for half in (0, 1):
        base = half * (MIDDLES + LASTS)
        lasts = library().length[base + MIDDLES : base + MIDDLES + LASTS]
        for left in range(LEAST, LEFT_OVER + 1):
            assert (abs(lasts - left) <= TOLERANCE).sum() >= 5


def test_evaluation_shows_no_section_of_training() -> None:
    train, _ = drawn(np.arange(500), 300, most(300))
    test, _ = drawn(TEST_SEEDS + np.arange(500), 300, most(300))
    assert not set(train[train >= 0]) & set(test[test >= 0])
    shelf = library().cells.reshape(2, -1, SIZE * SIZE)
    assert not {row.tobytes() for row in shelf[0]} & {row.tobytes() for row in shelf[1]}


@settings(max_examples=30)
@given(st.integers(0, 2**31 - 1), st.lists(st.integers(0, 5), max_size=60))
def test_dead_ends_can_be_left_again(seed: int, keys: list[int]) -> None:
    """Whatever was pressed, with keys enough the end is reached, and at most one thing was ever in reach."""
    world = begin("chain_50", [seed])
    state = world.state()
    world.restore({**state, "budget": state["budget"] + 500})
    for key in keys:
        usable = world._usable(world._near())
        assert usable.sum() <= 1
        outcome = world.step(np.array([key]), ONE)
        if outcome.success[0]:
            return
    assert follow(world)[1].all()


def drawn_by_hand() -> ChainWorld:
    """One row of a first section, the rest wall: the agent, floor, key, floor, its door, floor, another
    key."""
    world = begin("chain_50", [0])
    state = world.state()
    cells, at = state["cells"].copy(), int(state["at"][0])
    bits = 1 << 24
    cells[:] = WALL + (63 << 24)
    row = [
        FLOOR,
        FLOOR,
        KEY + 256,
        FLOOR,
        DOOR_CLOSED + 256 + (CLOSED << 16),
        FLOOR,
        KEY + 512,
        FLOOR,
        FLOOR,
        FLOOR,
    ]
    cells[0, at : at + len(row)] = np.array(row, np.uint32) + bits
    state |= {"cells": cells, "budget": np.array([50])}
    world.restore(state)
    return world


def kinds(world: ChainWorld) -> list[int]:
    return world.observe()[0]["patch"][0, 4, :, 0].tolist()


def test_a_key_opens_its_door_and_is_used_up_and_a_hand_holds_one_thing() -> None:
    world = drawn_by_hand()
    plan = [EAST, USE, EAST, EAST, EAST, USE, USE, EAST, EAST]
    invalid = [bool(world.step(np.array([key]), ONE).invalid[0]) for key in plan]
    assert invalid == [False, False, False, False, True, False, True, False, False]
    assert kinds(world)[2:6] == [FLOOR, DOOR_OPEN, 9, KEY]
    assert world.observe()[0]["patch"][0, 4, 4].tolist() == [9, 0, 0]


def test_what_was_in_hand_goes_back_where_it_lay() -> None:
    world = drawn_by_hand()
    state = world.state()
    at = int(state["at"][0])
    state["cells"][0, at + 5] = BALL + 768 + (1 << 24)
    state["cells"][0, at + 4] = FLOOR + (1 << 24)
    world.restore(state)
    for key in [EAST, USE, EAST, EAST, EAST]:
        world.step(np.array([key]), ONE)
    assert world.observe()[0]["patch"][0, 4, 4].tolist() == [9, 1, KEY]
    world.step(np.array([USE]), ONE)
    assert world.observe()[0]["patch"][0, 4, 4].tolist() == [9, 3, BALL]
    assert kinds(world)[2] == KEY
    assert world.state()["cells"][0, at + 2] == KEY + 256 + (1 << 24)


def test_a_lever_opens_its_shutter_and_shuts_it_again() -> None:
    world = drawn_by_hand()
    state = world.state()
    at = int(state["at"][0])
    state["cells"][0, at + 1] = LEVER + 1024 + (1 << 24)
    state["cells"][0, at + 4] = SHUTTER + 1024 + (5 << 16) + (1 << 24)
    world.restore(state)
    shown = []
    for _ in range(3):
        world.step(np.array([USE]), ONE)
        shown.append(world.observe()[0]["patch"][0, 4, 8].tolist())
    assert shown == [[DOOR_OPEN, 4, 4], [SHUTTER, 4, 5], [DOOR_OPEN, 4, 4]]


def test_a_parcel_on_its_pad_opens_the_seal_for_good() -> None:
    world = drawn_by_hand()
    state = world.state()
    at = int(state["at"][0])
    for offset, cell in ((1, BOX + 512), (3, PAD + 512 + (1 << 16)), (7, SEAL + 512 + (1 << 16))):
        state["cells"][0, at + offset] = cell + (1 << 24)
    world.restore(state)
    pressed = [bool(world.step(np.array([k]), ONE).invalid[0]) for k in (USE, EAST, EAST, USE, USE)]
    assert pressed[:2] == [False, False]
    cells = world.state()["cells"][0]
    assert int(cells[at + 7]) & 255 == DOOR_OPEN
    assert int(cells[at + 3]) >> 16 & 255 == 0


def test_a_gate_takes_what_is_in_hand_and_shuts_behind() -> None:
    world = begin("chain_100", [4])
    while world.state()["section"][0] == 0:
        before = world.state()
        world.step(world.oracle(), ONE)
    assert world.state()["hand"][0] == 0
    assert int(world.state()["cells"][0, before["at"][0]]) & 255 == WALL
    assert not world.observe()[1][0, WEST]


def test_only_the_room_one_stands_in_is_seen() -> None:
    """By flooding: a cell that is no wall is shown only if it can be reached without leaving by a doorway."""
    world, chance = begin("chain_100", np.arange(30)), np.random.default_rng(0)
    for _ in range(60):
        world.step(chance.integers(1, 6, 30), np.ones(30, bool))
    patch, state = world.observe()[0]["patch"], world.state()
    wide = state["cells"].shape[1] // 19
    hidden = 0
    for seat in range(30):
        r, c = divmod(int(state["at"][seat]), wide)
        cells = state["cells"][seat].reshape(19, wide)[r - 4 : r + 5, c - 4 : c + 5]
        true = cells & 255
        shown = patch[seat, :, :, 0]
        rooms = cells >> 24
        same = (rooms & rooms[4, 4]) > 0
        np.testing.assert_array_equal(np.delete(shown.ravel(), 40), np.delete((true * same).ravel(), 40))
        assert ((shown == WALL) | (true != WALL)).all()
        hidden += int(((shown == UNKNOWN) & (true != UNKNOWN)).sum())
    assert hidden > 100


def test_energy_success_and_cut_off() -> None:
    world = begin("chain_12", [0, 1])
    budget = world.state()["budget"]
    np.testing.assert_array_equal(budget, 2 * world.oracle_steps() + SLACK)
    assert world.observe()[0]["energy"].tolist() == [[1.0], [1.0]]
    for left in range(int(budget.min()) - 1, -1, -1):
        outcome = world.step(np.zeros(2, int), np.ones(2, bool))
        assert world.observe()[0]["energy"][0, 0] == np.float32((budget[0] - budget.min() + left) / budget[0])
    assert outcome.truncated[budget.argmin()]
    with pytest.raises(ValueError, match="no running episode"):
        world.step(np.zeros(2, int), np.ones(2, bool))


def test_rewards_are_for_locks_once_and_for_the_end() -> None:
    world, total = begin("chain_100", [3]), 0.0
    for _ in range(int(world.oracle_steps()[0])):
        total += float(world.step(world.oracle(), ONE).reward[0])
    pressed, budget = world.state()["pressed"][0], world.state()["budget"][0]
    assert total == pytest.approx(0.3 + 1 - 0.5 * pressed / budget)
    env = drawn_by_hand()
    state = env.state()
    state["cells"][0, int(state["at"][0]) + 1] = LEVER + 1024 + (1 << 24)
    env.restore(state)
    assert [float(env.step(np.array([USE]), ONE).reward[0]) for _ in range(4)] == [0.0] * 4


@pytest.mark.parametrize("task", ["chain_12", "chain_50", "chain_300"])
def test_it_keeps_the_contract(task: str) -> None:
    assert check_world(partial(ChainWorld, task, 5)) == []
    assert check_env(partial(ChainEnv, task), episodes=2, fresh_process=task == "chain_12") == []
    world = begin(task, np.arange(20))
    assert isinstance(world, World)
    assert observation_space() == ChainEnv(task).observation_space


def test_an_unknown_task_says_which_there_are() -> None:
    for name in ("chain_11", "chain_x", "chain_100000", "grid_12"):
        with pytest.raises(ValueError, match=r"N from 12 to 10000, such as chain_12, chain_50"):
            ChainWorld(name, 1)


def test_a_person_sees_the_section() -> None:
    env = ChainEnv("chain_12", render_mode="ansi")
    env.reset(seed=1)
    lines = str(env.render()).splitlines()
    assert [len(line) for line in lines[:SIZE]] == [SIZE + 1] * SIZE
    assert sum(line.count("@") for line in lines[:SIZE]) == 1
    assert "chain_12: section 1 of 1, in hand nothing" in lines[SIZE]
    assert ChainEnv("chain_12").render() is None


def test_an_environment_without_a_seed_repeats_from_its_first() -> None:
    one, two = ChainEnv(), ChainEnv()
    for env in (one, two):
        env.reset(seed=5)
    first, second = one.reset()[0]["patch"], two.reset()[0]["patch"]
    np.testing.assert_array_equal(first, second)


def episodes() -> dict[str, str]:
    """Digest of a training and an evaluation episode of every task up to 300 keys."""
    return {
        f"{task} {seed}": digest(partial(ChainEnv, task), seed)
        for task in TASKS[:4]
        for seed in (7, TEST_SEEDS + 7)
    }


def test_episodes_are_the_golden_ones_here_and_in_another_process() -> None:
    golden = json.loads(GOLDEN.read_text())
    assert episodes() == golden
    program = "import json, test_chains; print(json.dumps(test_chains.episodes()))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=Path(__file__).parent
    )
    assert json.loads(done.stdout) == golden
    assert len(set(golden.values())) == 8
