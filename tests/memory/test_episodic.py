"""Is what was seen before found again, with what came of it?"""

import numpy as np

from sixkeys import build
from sixkeys.contract import episode_seed
from sixkeys.memory.episodic import Episodic


def live(memory, turns, base=0):
    config = build.run_config({"pool": {"worlds": ["minigrid:MiniGrid-DoorKey-5x5-v0"], "seats": [3]}})
    pool = build.make_pool(config.pool, lambda seat, episode: episode_seed(base, seat, episode))
    now, episodes = pool.reset(), []
    for _ in range(turns):
        keys = pool.oracle()
        then = pool.step(keys)
        memory.remember(now, keys, then)
        episodes.append((now, keys, then))
        now = then
    return episodes, pool


def test_a_solved_episode_is_recalled_key_by_key():
    memory = Episodic(seats=3)
    episodes, pool = live(memory, 60)
    checked = 0
    for now, keys, then in episodes[:3]:
        recalled = memory.recall(now)
        for seat in np.flatnonzero(~then.begun):
            assert recalled[seat, 0, 0] > 0.999, "the very same observation must be the nearest"
            same = recalled[seat][recalled[seat, :, 0] > 0.999]
            assert any(entry[1] == 1 and entry[2 + keys[seat]] == 1 for entry in same)
            checked += 1
    assert checked >= 6
    pool.close()


def test_an_empty_memory_recalls_nothing_and_similarity_falls_in_order():
    memory = Episodic(seats=3)
    _, pool = live(memory, 1)
    assert not memory.recall(pool.reset()).any()
    episodes, _ = live(memory, 60, base=1)
    near = memory.recall(episodes[5][0])[:, :, 0]
    assert (np.diff(near, axis=1) <= 1e-6).all()


def test_a_restored_memory_recalls_alike_and_size_is_bounded():
    memory = Episodic(seats=3, size=50)
    episodes, _ = live(memory, 80)
    assert memory.count > 50
    other = Episodic(seats=3, size=50)
    other.restore(memory.state())
    for now, keys, then in episodes[-5:]:
        np.testing.assert_array_equal(memory.recall(now), other.recall(now))
        memory.remember(now, keys, then)
        other.remember(now, keys, then)
    assert memory.vectors.shape == (50, 64)
