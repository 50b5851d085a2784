"""Are rare successes kept, and is the store exactly itself after a checkpoint?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sixkeys.training.replay import Balanced, Replay


def rows(values):
    return {
        "x": np.array(values, np.int64),
        "y": np.array(values, np.float32)[:, None] * np.ones(3, np.float32),
    }


@given(st.lists(st.booleans(), min_size=1, max_size=200), st.integers(2, 20))
def test_failures_never_push_out_successes(solved, size):
    replay = Replay(size)
    for number, success in enumerate(solved):
        replay.add(rows([number]), np.array([int(success)]))
    kept = {int(item["x"]) for room in replay.rooms for item in room}
    wins = [number for number, success in enumerate(solved) if success][-(size // 2) :]
    losses = [number for number, success in enumerate(solved) if not success][-(size // 2) :]
    assert kept == {*wins, *losses}


def test_a_sample_shows_both_kinds():
    replay, rng = Replay(100), np.random.default_rng(0)
    replay.add(rows(range(49)), np.zeros(49, int))
    replay.add(rows([777]), np.ones(1, int))
    drawn = replay.sample(10, rng)["x"]
    assert (drawn == 777).sum() == 5


def test_three_parts_are_drawn_from_alike():
    replay, rng = Replay(9, 3), np.random.default_rng(0)
    replay.add(rows(range(5)), np.zeros(5, int))
    replay.add(rows([777, 888]), np.array([1, 2]))
    drawn = replay.sample(12, rng)["x"]
    assert [(drawn == n).sum() for n in (777, 888)] == [4, 4]
    assert set(drawn) - {777, 888} <= {2, 3, 4}


def test_nothing_to_replay_is_an_error():
    with pytest.raises(ValueError, match="nothing to replay"):
        Replay(4).sample(1, np.random.default_rng(0))


def test_a_restored_replay_goes_on_alike():
    first, second = Replay(6), Replay(6)
    for number in range(11):
        first.add(rows([number]), np.array([int(number % 3 == 0)]))
    second.restore(first.state())
    for replay in (first, second):
        replay.add(rows([50, 51]), np.array([1, 0]))
    a, b = (replay.sample(20, np.random.default_rng(1)) for replay in (first, second))
    assert all(np.array_equal(a[name], b[name]) for name in a)


def numbered(values):
    return {"x": np.array(values, np.int64)}


BYTES = 8 + 2
"""One number, and its group."""


@given(st.lists(st.integers(0, 4), min_size=1, max_size=300), st.integers(5, 40))
def test_every_group_has_its_share(groups, room):
    store, rng = Balanced(room * BYTES + 3), np.random.default_rng(0)
    store.add(numbered(range(len(groups))), np.array(groups), rng)
    kept = {group: [int(store.rows["x"][slot]) for slot in slots] for group, slots in store.slots.items()}
    assert len(store) == min(room, len(groups))
    assert store.bytes <= store.budget
    assert all(groups[number] == group for group, numbers in kept.items() for number in numbers)
    slots = [slot for own in store.slots.values() for slot in own]
    assert sorted(slots) == list(range(len(store)))
    most = max(map(len, kept.values()))
    for group, numbers in kept.items():
        assert len(numbers) >= min(groups.count(group), most - 1), "only what is rare has less than the most"


def test_a_reservoir_keeps_each_row_as_likely():
    """Vitter 1985: after n rows each is there with chance room / n; 400 runs, five standard errors."""
    counts = np.zeros(20)
    for seed in range(400):
        store, rng = Balanced(5 * BYTES), np.random.default_rng(seed)
        for number in range(20):
            store.add(numbered([number]), np.zeros(1, int), rng)
        counts[store.rows["x"]] += 1
    assert np.abs(counts / 400 - 0.25).max() < 5 * np.sqrt(0.25 * 0.75 / 400)


def test_a_sample_draws_from_groups_alike():
    store, rng = Balanced(100 * BYTES), np.random.default_rng(0)
    store.add(numbered(range(60)), np.array([0] * 57 + [1] * 3), rng)
    drawn = store.sample(2000, rng)["x"]
    assert 900 < (drawn >= 57).sum() < 1100
    with pytest.raises(ValueError, match="nothing to replay"):
        Balanced(100).sample(1, rng)
    with pytest.raises(ValueError, match="a row has 10 bytes"):
        Balanced(9).add(numbered([1]), np.zeros(1, int), rng)


def test_a_balanced_store_is_itself_after_a_checkpoint():
    store, rng = Balanced(12 * BYTES), np.random.default_rng(0)
    store.add(numbered(range(40)), rng.integers(0, 3, 40), rng)
    again = Balanced(12 * BYTES)
    again.restore(store.state())
    for one in (store, again):
        own = np.random.default_rng(5)
        one.add(numbered(range(40, 60)), own.integers(0, 5, 20), own)
        one.drawn = one.sample(30, own)["x"]
    np.testing.assert_array_equal(store.drawn, again.drawn)
    assert store.slots == again.slots
    assert store.met == again.met
