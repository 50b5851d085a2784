"""Does a pool keep ends and beginnings apart, and go on exactly from where it was?"""

import numpy as np
import pytest

from sixkeys import build
from sixkeys.contract import TEST_SEEDS, episode_seed
from sixkeys.envs.pool import Pool

WORLDS = ("grid:grid_mixed", "minigrid:MiniGrid-DoorKey-5x5-v0")


def make(seats=3, base=4):
    worlds = [build.make_world(world, seats) for world in WORLDS]
    return Pool(worlds, lambda seat, episode: episode_seed(base, seat, episode))


def play(pool, now, keys):
    moments = [now]
    for row in keys:
        moments.append(pool.step(row))
    return moments


def test_an_end_is_seen_before_the_next_episode_begins():
    pool = make()
    rng = np.random.default_rng(0)
    moments = play(pool, pool.reset(), rng.integers(0, 6, (400, pool.seats)))
    ended = np.stack([m.outcome.terminated | m.outcome.truncated for m in moments])
    begun = np.stack([m.begun for m in moments])
    assert ended.any(0).all(), "every seat must have ended at least once"
    np.testing.assert_array_equal(begun[1:], ended[:-1])
    assert not (begun & ended).any()
    for moment in moments:
        assert not (moment.outcome.terminated & moment.outcome.truncated).any()
        assert (moment.outcome.reward[moment.begun] == 0).all()
        assert not moment.outcome.invalid[moment.begun].any()


def test_the_key_pressed_at_an_end_is_ignored():
    first, second = make(), make()
    rng = np.random.default_rng(1)
    a, b = first.reset(), second.reset()
    for _ in range(300):
        keys = rng.integers(0, 6, first.seats)
        other = np.where(first.ended, (keys + 1) % 6, keys)
        a, b = first.step(keys), second.step(other)
        assert all(np.array_equal(a.observation[n], b.observation[n]) for n in a.observation)


def test_a_restored_pool_goes_on_bit_for_bit():
    rng = np.random.default_rng(2)
    pool, keys = make(), rng.integers(0, 6, (120, 6))
    play(pool, pool.reset(), keys[:70])
    state = {name: array.copy() for name, array in pool.state().items()}
    expected = play(pool, None, keys[70:])[1:]
    other = make()
    other.restore(state)
    for wanted, got in zip(expected, play(other, None, keys[70:])[1:], strict=True):
        assert all(np.array_equal(wanted.observation[n], got.observation[n]) for n in wanted.observation)
        np.testing.assert_array_equal(wanted.offered, got.offered)
        assert all(np.array_equal(x, y) for x, y in zip(wanted.outcome, got.outcome, strict=True))


def test_senses_are_padded_to_what_the_reader_wants():
    world = build.make_world("grid:grid_empty", 2)
    pool = Pool([world], lambda seat, episode: 1, senses=7)
    senses = pool.reset().observation["senses"]
    assert senses.shape == (2, 7, 4)
    assert not senses.any()


def test_training_and_evaluation_seeds_never_meet():
    train = {episode_seed(base, seat, e) for base in range(3) for seat in range(20) for e in range(50)}
    test = {
        episode_seed(base, seat, e, test=True) for base in range(3) for seat in range(20) for e in range(50)
    }
    assert max(train) < TEST_SEEDS <= min(test)
    assert len(train) > 2990, "seeds must not collide much"


def test_an_unknown_world_names_the_possible_ones():
    with pytest.raises(ValueError, match="grid:TASK"):
        build.make_world("grit:grid_empty", 1)
