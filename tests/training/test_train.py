"""Does training learn, and does a resumed run give the same bits as one that never stopped?"""

import itertools

import jax
import numpy as np
import pytest

from sixkeys import build
from sixkeys.training.checkpoint import load, save
from sixkeys.training.train import train
from sixkeys.training.trees import flatten, refill


def run(config, resume=None, take=None):
    pool = build.training_pool(config)
    habits = build.habits(config, resume)
    try:
        for snapshot in itertools.islice(train(config, pool, habits, resume=resume), take):
            components = snapshot.components()
            if habits.memory is not None:
                components["memory"] = habits.memory.state()
            yield snapshot, components
    finally:
        pool.close()


@pytest.mark.parametrize("world", ["grid:grid_mixed", "minigrid:MiniGrid-DoorKey-5x5-v0"])
def test_a_resumed_run_gives_the_same_bits(tiny_config, world, tmp_path):
    pool = tiny_config.pool.model_copy(update={"worlds": (world,)})
    learn = tiny_config.learn.model_copy(update={"novelty_coef": 0.1, "greedy_share": 0.5})
    config = tiny_config.model_copy(update={"pool": pool, "learn": learn, "memory": True})
    whole = list(run(config))
    half = list(run(config, take=4))[-1]
    save(tmp_path, half[0].update, half[1], {})
    resumed = list(run(config, resume=load(tmp_path).components))
    assert len(resumed) == len(whole) - 4
    last, again = whole[-1], resumed[-1]
    assert again[0].keys == last[0].keys
    assert again[0].losses == last[0].losses
    for name in last[1]:
        assert last[1][name].keys() == again[1][name].keys()
        for part, array in last[1][name].items():
            np.testing.assert_array_equal(array, again[1][name][part], err_msg=f"{name}/{part}")


def test_a_life_needs_a_track_a_task(tiny_config):
    learn = tiny_config.learn.model_copy(update={"stage4_updates": 100})
    config = tiny_config.model_copy(update={"learn": learn})
    pool = build.training_pool(config)
    with pytest.raises(ValueError, match="1 fast tracks for 6 tasks"):
        next(train(config, pool))
    pool.close()


def test_stage_one_leaves_the_policy_alone(tiny_config):
    learn = tiny_config.learn.model_copy(update={"stage1_updates": 3})
    config = tiny_config.model_copy(update={"learn": learn})
    snapshots = [snapshot for snapshot, _ in run(config, take=4)]
    actor = [flatten(snapshot.brain.policy.actor) for snapshot in snapshots]
    model = [flatten(snapshot.brain.world_model) for snapshot in snapshots]
    assert all(np.array_equal(actor[0][n], actor[2][n]) for n in actor[0])
    assert not all(np.array_equal(actor[2][n], actor[3][n]) for n in actor[0])
    assert not all(np.array_equal(model[0][n], model[2][n]) for n in model[0])


def test_refill_names_what_does_not_fit(tiny_brain):
    arrays = flatten(tiny_brain)
    name = next(iter(arrays))
    with pytest.raises(ValueError, match=f"missing \\['{name}'\\]"):
        refill(tiny_brain, {n: a for n, a in arrays.items() if n != name})
    with pytest.raises(ValueError, match=name):
        refill(tiny_brain, {**arrays, name: np.zeros((1, 1, 1))})
    back = refill(tiny_brain, arrays)
    assert all(
        np.array_equal(a, b) for a, b in zip(jax.tree.leaves(back), jax.tree.leaves(tiny_brain), strict=True)
    )
