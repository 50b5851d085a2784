"""Does one who learns live in one order of keys? Exact changes, resumed lives, real weights."""

from __future__ import annotations

import numpy as np
import pytest

from sixkeys import build
from sixkeys.agent.brain import Brain
from sixkeys.agent.interface import number_of
from sixkeys.contract import KEYS, episode_seed
from sixkeys.envs.changed import key_order
from sixkeys.envs.pool import Pool
from sixkeys.training.customs import PATIENCE, Customs, Ordered, moved
from sixkeys.training.lane import Lane


def pool_of(world: str, seats: int = 3) -> Pool:
    return Pool([build.make_world(world, seats, "none")], lambda seat, n: episode_seed(1, seat, n))


def same(one, other) -> None:
    for name, array in one.observation.items():
        np.testing.assert_array_equal(other.observation[name], array, err_msg=name)
    np.testing.assert_array_equal(one.offered, other.offered)
    np.testing.assert_array_equal(one.begun, other.begun)
    for left, right in zip(one.outcome, other.outcome, strict=True):
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("world", ["grid:grid_key", "tools:tools_lookup"])
def test_a_pool_whose_order_is_known_is_the_pool_without_a_change(world):
    customs = Customs()
    plain, pool = pool_of(world), Ordered(pool_of(f"{world}~keys3"), customs)
    for number in range(16):
        customs.order[number, 3], customs.tries[number, 3] = key_order(3), -1
    same(plain.reset(), pool.reset())
    rng = np.random.default_rng(0)
    for _ in range(15):
        pressed = rng.integers(KEYS, size=3)
        same(plain.step(pressed), pool.step(pressed))
    saved = pool.state()
    pressed = rng.integers(KEYS, size=3)
    then = pool.step(pressed)
    pool.restore(saved)
    same(then, pool.step(pressed))
    plain.close()
    pool.pool.close()


def test_an_order_is_turned_in_the_middle_of_a_life(tiny_config):
    customs = Customs()
    pool = Ordered(pool_of("grid:grid_key~keys3"), customs)
    brain = Brain(tiny_config.brain.model_copy(update={"use_familiar": True}), 0)
    lane = Lane(pool, brain, 0, np.random.default_rng(0))
    lane.gather(brain, build.habits(tiny_config), tiny_config.learn)
    before, pressed, tried = lane.now, np.asarray(lane.mind.action), np.asarray(lane.mind.familiar.tried)
    assert tried.any()
    pool.turn(key_order(3), lane)
    same(moved(before, key_order(3)), lane.now)
    np.testing.assert_array_equal(np.asarray(lane.mind.action), key_order(3)[pressed])
    np.testing.assert_array_equal(np.asarray(lane.mind.familiar.tried)[..., key_order(3)], tried)
    pool.turn(np.arange(KEYS), lane)
    same(before, lane.now)
    pool.pool.close()


def test_a_teacher_speaks_in_the_order_of_who_learns():
    pool = Ordered(pool_of("grid:grid_key~keys3"), Customs())
    pool.reset()
    pool.does = np.random.default_rng(3).permutation(KEYS)
    ended = []
    while len(ended) < 6:
        outcome = pool.step(pool.oracle()).outcome
        ended += outcome.success[outcome.terminated | outcome.truncated].tolist()
    assert all(ended)
    pool.pool.close()


@pytest.mark.parametrize("found", [False, True])
def test_who_knows_the_task_learns_the_keys_by_watching_even_where_they_were_taken_for_others(
    tiny_brain, tiny_config, found
):
    customs, learn = Customs(), tiny_config.learn.model_copy(update={"taught_coef": 1.0})
    pool = Ordered(pool_of("grid:grid_key~keys3"), customs)
    lane = Lane(pool, tiny_brain, 0, np.random.default_rng(0))
    shown = set()
    if found:
        customs.tries[pool.world, pool.number] = -1
    for _ in range(PATIENCE):
        chunk = lane.chunk(lane.gather(tiny_brain, build.habits(tiny_config), learn), 0.0)
        pressed = np.argsort(pool.does)[chunk.taught]
        shown |= set(pressed[~chunk.begun[:, 1:]].tolist())
        wise = chunk._replace(free=np.eye(KEYS)[key_order(3)[pressed]])
        assert customs.learned(lane, tiny_brain, wise) or not found
        customs.prepare(lane)
    pool.pool.close()
    assert len(shown) >= 3
    keys = sorted(shown)
    np.testing.assert_array_equal(pool.does[keys], key_order(3)[keys])


def test_nothing_is_learnt_before_an_order_is_taken(tiny_brain, tiny_config):
    customs = Customs()
    pool = Ordered(pool_of("grid:grid_key~keys3"), customs)
    lane = Lane(pool, tiny_brain, 0, np.random.default_rng(0))
    said = []
    for _ in range(PATIENCE + 2):
        customs.prepare(lane)
        found = lane.gather(tiny_brain, build.habits(tiny_config), tiny_config.learn)
        said.append(customs.learned(lane, tiny_brain, lane.chunk(found, 0.0)))
    assert said == sorted(said)
    assert not said[0]
    assert said[PATIENCE]
    own = Lane(Ordered(pool_of("grid:grid_key"), customs), tiny_brain, 0, np.random.default_rng(0))
    found = own.gather(tiny_brain, build.habits(tiny_config), tiny_config.learn)
    assert customs.learned(own, tiny_brain, own.chunk(found, 0.0))
    pool.pool.close()


@pytest.mark.slow
def test_real_weights_find_an_order_in_what_was_lived_and_know_it_elsewhere():
    agent, config = build.load_agent()
    customs, orders = Customs(), []
    for world in ("grid:grid_key~keys2", "grid:grid_rooms~keys2"):
        pool = Ordered(pool_of(world, 8), customs)
        lane = Lane(pool, agent.brain, 0, np.random.default_rng(0))
        tries = 0
        while tries < PATIENCE:
            tries += 1
            customs.prepare(lane)
            found = lane.gather(agent.brain, build.habits(config), config.learn)
            if customs.learned(lane, agent.brain, lane.chunk(found, 0.0)):
                break
        orders.append((tries, pool.does.copy()))
        pool.pool.close()
    moves = [key for key, deed in enumerate(key_order(2)) if deed in (1, 2, 3, 4)]
    for _, order in orders:
        np.testing.assert_array_equal(order[moves], key_order(2)[moves])
    assert orders[1][0] <= 2 < PATIENCE
    assert number_of(pool_of("grid:grid_key~keys2").reset().observation).tolist() == [2, 2, 2]
