"""Does a planner that looks on say what it would press, and does a run that it teaches go on bit for bit?"""

import itertools

import numpy as np
import pytest

from sixkeys import build
from sixkeys.contract import episode_seed
from sixkeys.loop import Habits, look
from sixkeys.planning.mazes import Mazes
from sixkeys.planning.pilot import Pilot
from sixkeys.planning.rooms import BALL, FLOOR, KEY
from sixkeys.training.checkpoint import load, save
from sixkeys.training.customs import Customs, Ordered
from sixkeys.training.lane import aims
from sixkeys.training.losses import SILENT
from sixkeys.training.teacher import Guided
from sixkeys.training.train import train

CORRIDOR = "minigrid:MiniGrid-KeyCorridorS3R3-v0"


MEMORY = "minigrid:MiniGrid-MemoryS13-v0"


def guided(seats=2, world=CORRIDOR):
    return Guided(build.evaluation_pools(world, seats)(lambda s, e: episode_seed(5, s, e)), Pilot(), 0)


def test_who_does_as_told_solves_the_task():
    pool = guided()
    pool.reset()
    won = 0
    for _ in range(200):
        won += pool.step(pool.oracle()).outcome.success.sum()
    pool.pool.close()
    assert won >= 2


def test_it_looks_on_whatever_is_pressed():
    """The same sights and keys, told to another planner by hand."""
    pool, pilot, chance = guided(), Pilot(), np.random.default_rng(0)
    now, mind = pool.reset(), pilot.begin(2, 0)
    for _ in range(60):
        thought, mind = pilot.think(look(now, False, Habits()), mind)
        np.testing.assert_array_equal(pool.oracle(), thought.action)
        certain = np.array([seat.plan is not None for seat in mind.seats])
        np.testing.assert_array_equal(pool.oracle_steps() >= 0, certain)
        pressed = chance.integers(6, size=2)
        mind = mind._replace(
            seats=tuple(s._replace(key=int(k)) for s, k in zip(mind.seats, pressed, strict=True))
        )
        now = pool.step(pressed)
    pool.pool.close()


def test_it_is_after_what_lies_in_the_first_room():
    """In Memory, once it was seen; asked of the real grid: what lies above the first cell of the hallway."""
    pool, told = guided(4, MEMORY), set()
    pool.reset()
    for _ in range(60):
        grids = [env.task.grid for env in pool.pool.worlds[0].envs]
        cues = [grid.get(1, grid.height // 2 - 1).type for grid in grids]
        for cue, (kind, _) in zip(cues, pool.aims().tolist(), strict=True):
            assert kind in ({"key": KEY, "ball": BALL}[cue], FLOOR)
            told.add(kind)
        np.testing.assert_array_equal(aims(Ordered(pool, Customs())), pool.aims())
        pool.step(pool.oracle())
    assert (aims(pool.pool) == SILENT).all()
    pool.pool.close()
    assert told == {KEY, BALL, FLOOR}


def test_who_has_no_plan_is_after_nothing():
    idle = Pilot(lore={2: Idle()})
    pool = Guided(build.evaluation_pools(CORRIDOR, 2)(lambda s, e: episode_seed(5, s, e)), idle, 0)
    pool.reset()
    np.testing.assert_array_equal(pool.aims(), np.full((2, 2), SILENT))
    pool.pool.close()


class Idle(Mazes):
    """Lore that knows of no way to anything."""

    def ways(self, condition, known):
        return []


def taught(tiny_config, world, **brain):
    learn = tiny_config.learn.model_copy(update={"taught_coef": 1.0, "teacher": "planner"})
    pool = tiny_config.pool.model_copy(update={"worlds": (world,)})
    brain = tiny_config.brain.model_copy(update=brain)
    return tiny_config.model_copy(update={"learn": learn, "pool": pool, "brain": brain})


def run(config, resume=None, take=None):
    (track,) = build.training_tracks(config)
    try:
        for snapshot in itertools.islice(train(config, [track], resume=resume), take):
            yield snapshot, snapshot.components()
    finally:
        track.pool.close()


def test_a_run_that_it_teaches_goes_on_bit_for_bit(tiny_config, tmp_path):
    config = taught(tiny_config, CORRIDOR, use_aim=True)
    whole = list(run(config))
    half = list(run(config, take=4))[-1]
    save(tmp_path, half[0].update, half[1], {})
    resumed = list(run(config, resume=load(tmp_path).components))
    (last, parts), (again, same) = whole[-1], resumed[-1]
    assert again.losses == last.losses
    assert {"policy/taught", "self/aim"} <= last.losses.keys()
    for name in parts:
        for part, array in parts[name].items():
            np.testing.assert_array_equal(array, same[name][part], err_msg=f"{name}/{part}")


def test_a_world_that_it_knows_nothing_of_is_an_error(tiny_config):
    with pytest.raises(ValueError, match="nothing is known of world"):
        next(run(taught(tiny_config, "tools:tools_mixed")))
