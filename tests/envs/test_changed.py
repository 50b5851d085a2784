"""Is a changed world the same world behind other keys, and does it keep the contract?"""

from functools import partial

import numpy as np
import pytest

from sixkeys import build
from sixkeys.contract import DESCRIPTOR_NAMES, KEYS, TEST_SEEDS, episode_seed
from sixkeys.envs.changed import INTERFACES, key_order
from sixkeys.envs.check_world import check_world

ROWS = np.ones(4, bool)
SEEDS = np.arange(4)


@pytest.mark.parametrize(
    "world", ["grid:grid_key~keys1", "tools:tools_convert~keys2~sparse", "tools:tools_convert~chain3"]
)
def test_the_contract_is_kept(world):
    assert check_world(partial(build.make_world, world, 4)) == []


@pytest.mark.parametrize("number", range(1, INTERFACES + 1))
def test_an_interface_is_a_permutation_that_its_number_names(number):
    order = key_order(number)
    assert sorted(order) == list(range(KEYS)) != list(order)
    np.testing.assert_array_equal(order, key_order(number))


def test_the_same_deeds_have_the_same_effects():
    plain, other = build.make_world("grid:grid_key", 4), build.make_world("grid:grid_key~keys3", 4)
    assert other.world_spec.name == "grid~keys3"
    assert [plain.world_spec.keys[key] for key in key_order(3)] == list(other.world_spec.keys)
    for world in (plain, other):
        world.reset(ROWS, SEEDS)
    for _ in range(30):
        wanted, pressed = plain.oracle(), other.oracle()
        np.testing.assert_array_equal(key_order(3)[pressed], wanted)
        one, two = plain.step(wanted, ROWS), other.step(pressed, ROWS)
        for column, same in zip(one, two, strict=True):
            np.testing.assert_array_equal(column, same)
        (seen, offered), (other_seen, other_offered) = plain.observe(), other.observe()
        np.testing.assert_array_equal(seen["patch"], other_seen["patch"])
        np.testing.assert_array_equal(offered[:, key_order(3)], other_offered)
        if (one.terminated | one.truncated).any():
            break
    place = DESCRIPTOR_NAMES.index("interface")
    assert (seen["env_desc"][:, place] == 0).all()
    assert (other_seen["env_desc"][:, place] == 3 / INTERFACES).all()


def test_sparse_rewards_are_for_success_alone():
    world, rng = build.make_world("grid:grid_empty~sparse", 4), np.random.default_rng(0)
    world.reset(ROWS, SEEDS)
    outcome = world.step(rng.integers(0, 6, 4), ROWS)
    while not outcome.success.any():
        outcome = world.step(world.oracle(), ROWS)
        np.testing.assert_array_equal(outcome.reward, outcome.success)


@pytest.mark.parametrize("how", ["keys0", "keys17", "colours", "chain", "keys", ""])
def test_an_unknown_change_is_refused(how):
    with pytest.raises(ValueError, match="possible: sparse, chain2 and more, keys1"):
        build.make_world(f"grid:grid_key~{how}", 2)


@pytest.mark.parametrize("inner", ["tools:tools_mixed", "grid:grid_key", "computer:computer_mixed"])
def test_a_chain_is_its_tasks_one_after_another(inner):
    """By the oracle: solved at the last key alone, which is as far off as was said; never begun anew."""
    world = build.make_world(f"{inner}~chain3", 4)
    seeds = np.array([1, 2, TEST_SEEDS + 1, TEST_SEEDS + 2])
    world.reset(ROWS, seeds)
    promised, pressed, live = world.oracle_steps(), np.zeros(4, int), ROWS.copy()
    plain, told = build.make_world(inner, 4), np.zeros(4, int)
    for task in range(3):
        plain.reset(ROWS, np.array([episode_seed(int(s), 0, task, int(s) >= TEST_SEEDS) for s in seeds]))
        told += plain.oracle_steps()
    np.testing.assert_array_equal(promised, told)
    while live.any():
        outcome = world.step(world.oracle(), live)
        pressed += live
        assert not outcome.truncated.any()
        np.testing.assert_array_equal(outcome.success, outcome.terminated)
        live = live & ~outcome.terminated
    np.testing.assert_array_equal(pressed, promised)


def test_a_chain_is_lost_with_its_first_task():
    world = build.make_world("grid:grid_lava~chain5", 4)
    world.reset(ROWS, SEEDS)
    live, rng = ROWS.copy(), np.random.default_rng(0)
    for _ in range(2000):
        outcome = world.step(rng.integers(0, 6, 4), live)
        live = live & ~(outcome.terminated | outcome.truncated)
        if not live.any():
            break
    assert not live.any()
    assert (world.at < 4).all()


def test_a_chain_of_what_has_no_oracle_promises_nothing():
    world = build.make_world("minigrid:MiniGrid-KeyCorridorS3R3-v0~chain3", 2)
    world.reset(np.ones(2, bool), np.arange(2))
    assert world.oracle_steps().tolist() == [-1, -1]


@pytest.mark.parametrize("tasks", ["chain0", "chain10001"])
def test_a_chain_has_some_tasks(tasks):
    with pytest.raises(ValueError, match="1 to 10000 are possible"):
        build.make_world(f"grid:grid_key~{tasks}", 2)
