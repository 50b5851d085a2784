"""Worlds that are drawn: the same bits after a stop, scaled rewards, slow worlds that hold nobody up."""

import itertools
import threading

import jax
import numpy as np
import pytest

from sixkeys import build
from sixkeys.agent.brain import Brain
from sixkeys.agent.familiar import recognise
from sixkeys.loop import Habits
from sixkeys.training.checkpoint import load, save
from sixkeys.training.lane import Lane
from sixkeys.training.losses import tried
from sixkeys.training.train import Track, train


@pytest.fixture
def drawn_config(tiny_config):
    """Three small worlds, two of them between two updates."""
    worlds = ("grid:grid_empty", "grid:grid_key", "grid:grid_lava")
    brain = tiny_config.brain.model_copy(update={"use_familiar": True})
    pool = tiny_config.pool.model_copy(update={"worlds": worlds, "seats": (2, 2, 2), "at_once": 2})
    learn = tiny_config.learn.model_copy(update={"replay_size": 64})
    return tiny_config.model_copy(update={"pool": pool, "learn": learn, "brain": brain})


def run(config, tracks, resume=None, take=None):
    try:
        for snapshot in itertools.islice(train(config, tracks, resume=resume), take):
            yield snapshot, snapshot.components()
    finally:
        for track in tracks:
            track.pool.close()


def test_a_resumed_run_of_lanes_gives_the_same_bits(drawn_config, tmp_path):
    whole = list(run(drawn_config, build.training_tracks(drawn_config)))
    half = list(run(drawn_config, build.training_tracks(drawn_config), take=3))[-1]
    save(tmp_path, half[0].update, half[1], {})
    tracks = build.training_tracks(drawn_config)
    last, again = whole[-1], list(run(drawn_config, tracks, resume=load(tmp_path).components))[-1]
    assert again[0].keys == last[0].keys
    for name in last[1]:
        for part, array in last[1][name].items():
            np.testing.assert_array_equal(array, again[1][name][part], err_msg=f"{name}/{part}")


def test_only_lanes_that_were_drawn_are_played(drawn_config):
    tracks = build.training_tracks(drawn_config)
    for snapshot, parts in run(drawn_config, tracks, take=3):
        pressed = [parts["carry" + end]["keys"] for end in ("", "_1", "_2")]
        assert snapshot.keys == sum(pressed)
        ticks = snapshot.update * 2 * 2 * drawn_config.learn.unroll
        assert ticks - 2 * 6 * drawn_config.learn.unroll < snapshot.keys <= ticks


def test_rewards_are_scaled_by_what_can_be_reached(drawn_config):
    tracks, others = (build.training_tracks(drawn_config) for _ in range(2))
    scaled = [track._replace(scale=3.0 * track.scale) for track in others]
    for track in tracks:
        assert track.scale > 0.5
    plain = next(run(drawn_config, tracks))
    larger = next(run(drawn_config, scaled))
    stored = [
        {n: a for n, a in parts["replay"].items() if n.endswith("reward")} for _, parts in (plain, larger)
    ]
    assert stored[0].keys() == stored[1].keys()
    for name, rewards in stored[0].items():
        np.testing.assert_allclose(stored[1][name], 3.0 * rewards, rtol=1e-5)


class Held:
    """A pool that steps only while a gate is open."""

    def __init__(self, pool):
        self.pool, self.seats, self.gate, self.steps = pool, pool.seats, threading.Event(), 0
        self.state, self.restore, self.close, self.reset = pool.state, pool.restore, pool.close, pool.reset

    def step(self, actions):
        self.gate.wait(60)
        self.steps += 1
        return self.pool.step(actions)


def test_a_slow_world_holds_nobody_up_and_is_learnt_from_when_it_is_done(drawn_config):
    tracks = build.training_tracks(drawn_config)
    held = Held(tracks[2].pool)
    tracks = [tracks[0], tracks[1], Track(held, beside=True)]
    learning = train(drawn_config, tracks)
    before = next(learning)
    assert held.steps == 0
    second = next(learning)
    assert second.update == before.update + 1, "an update is made though the slow world has not stepped"
    assert held.steps == 0
    held.gate.set()
    parts = second.components()
    assert held.steps == drawn_config.learn.unroll, "a checkpoint waits for what was begun"
    assert parts["carry_2"]["keys"] > 0
    third = next(learning)
    parts = third.components()
    stored = [
        sum(len(a) for n, a in parts[room].items() if n.endswith("/terminated"))
        for room in ("replay", "replay_beside")
    ]
    assert stored == [3 * 4, 2], "three updates of two worlds, and what the slow one brought"
    learning.close()
    for track in tracks:
        track.pool.close()


def test_worlds_that_are_drawn_need_seats_alike(drawn_config):
    pool = drawn_config.pool.model_copy(update={"seats": (2, 3, 2)})
    config = drawn_config.model_copy(update={"pool": pool})
    with pytest.raises(ValueError, match="same number of seats"):
        next(train(config, build.training_tracks(config)))


def test_what_was_met_in_an_episode_is_in_a_loss_as_it_was_lived(tiny_config):
    """The last moment of a chunk that begins in the midst of episodes: for the losses, and for the mind that
    lived it."""
    brain = Brain(tiny_config.brain.model_copy(update={"use_familiar": True}), 0)
    pool = build.training_tracks(tiny_config)[0].pool
    lane = Lane(pool, brain, 0, np.random.default_rng(0))
    for _ in range(3):
        found = lane.gather(brain, Habits(), tiny_config.learn)
    rows = lane.chunk(found, 0.0)
    now = lane.now
    pool.close()
    actions = np.concatenate([np.asarray(rows.mind.action)[:, None], rows.action], 1)
    told = jax.vmap(lambda row, pressed: tried(brain, row, pressed))(rows, actions)
    lived = jax.vmap(recognise)(lane.mind.familiar, dict(now.observation), rows.action[:, -1], now.begun)[1]
    np.testing.assert_allclose(told[:, -1], lived, atol=1e-6)
    assert told.max() > 0.3
