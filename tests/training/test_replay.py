"""Are rare successes kept, and is the store exactly itself after a checkpoint?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sixkeys.training.replay import Replay


def rows(values):
    return {
        "x": np.array(values, np.int64),
        "y": np.array(values, np.float32)[:, None] * np.ones(3, np.float32),
    }


@given(st.lists(st.booleans(), min_size=1, max_size=200), st.integers(2, 20))
def test_failures_never_push_out_successes(solved, size):
    replay = Replay(size)
    for number, success in enumerate(solved):
        replay.add(rows([number]), np.array([success]))
    kept = {int(item["x"]) for room in replay.rooms for item in room}
    wins = [number for number, success in enumerate(solved) if success][-(size // 2) :]
    losses = [number for number, success in enumerate(solved) if not success][-(size // 2) :]
    assert kept == {*wins, *losses}


def test_a_sample_shows_both_kinds():
    replay, rng = Replay(100), np.random.default_rng(0)
    replay.add(rows(range(49)), np.zeros(49, bool))
    replay.add(rows([777]), np.ones(1, bool))
    drawn = replay.sample(10, rng)["x"]
    assert (drawn == 777).sum() == 5


def test_nothing_to_replay_is_an_error():
    with pytest.raises(ValueError, match="nothing to replay"):
        Replay(4).sample(1, np.random.default_rng(0))


def test_a_restored_replay_goes_on_alike():
    first, second = Replay(6), Replay(6)
    for number in range(11):
        first.add(rows([number]), np.array([number % 3 == 0]))
    second.restore(first.state())
    for replay in (first, second):
        replay.add(rows([50, 51]), np.array([True, False]))
    a, b = (replay.sample(20, np.random.default_rng(1)) for replay in (first, second))
    assert all(np.array_equal(a[name], b[name]) for name in a)
