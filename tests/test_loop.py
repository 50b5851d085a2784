"""Does the loop show what it may, hide what it must, and let no forbidden key through?"""

import itertools

import numpy as np
import pytest

from sixkeys import build
from sixkeys.contract import KEYS, Moment, Seen, Thought, episode_seed
from sixkeys.loop import Habits, look, turn, veto, walk
from sixkeys.safety.rules import Rule


class Presses:
    """A thinker that presses one key, whatever it sees, and keeps what it saw in its mind."""

    def __init__(self, key: int):
        self.key = key

    def begin(self, seats: int, seed: int) -> tuple[Seen, ...]:
        return ()

    def think(self, seen: Seen, mind: tuple[Seen, ...]) -> tuple[Thought, tuple[Seen, ...]]:
        seats = len(seen.begun)
        even, zero = np.full((seats, KEYS), 1 / KEYS, np.float32), np.zeros(seats, np.float32)
        return Thought(np.full(seats, self.key), even, zero, even, zero), (*mind, seen)


@pytest.fixture
def pool():
    config = build.run_config({"pool": {"worlds": ["grid:grid_rooms"], "seats": [5]}})
    pool = build.make_pool(config.pool, lambda seat, episode: episode_seed(1, seat, episode))
    yield pool
    pool.close()


def test_hidden_hints_leave_nothing_of_the_mask(pool):
    now = pool.reset()
    assert not now.offered.all(), "the world must have something to hide"
    assert look(now, False, Habits()).offered.all()
    np.testing.assert_array_equal(look(now, True, Habits()).offered, now.offered)


def test_hints_may_differ_by_seat(pool):
    now, hints = pool.reset(), np.array([True, False, True, False, True])
    seen = look(now, hints, Habits())
    np.testing.assert_array_equal(seen.offered[hints], now.offered[hints])
    assert seen.offered[~hints].all()


def test_a_guard_holds_in_both_modes_and_says_why(pool, caplog):
    now = pool.reset()
    guards = [Rule(2, "no going east", lambda moment, seat: seat == 3)]
    with caplog.at_level("INFO", "sixkeys.veto"):
        forbidden = veto(guards, now)
    assert forbidden.sum() == 1
    assert forbidden[3, 2]
    assert "no going east" in caplog.text
    for hints in (True, False):
        seen = look(now, hints, Habits(guards=guards))
        np.testing.assert_array_equal(seen.forbidden, forbidden)


def test_a_thinker_that_ignores_a_guard_is_stopped_before_the_world(pool):
    now, guards = pool.reset(), [Rule(1, "never", lambda moment, seat: True)]
    before = pool.state()
    with pytest.raises(RuntimeError, match="forbidden key"):
        turn(pool, now, Presses(1), (), True, Habits(guards=guards))
    after = pool.state()
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_guards_that_leave_no_key_are_an_error(pool):
    guards = [Rule(key, "no", lambda moment, seat: seat == 0) for key in range(KEYS)]
    with pytest.raises(RuntimeError, match=r"seats \[0\].*all six"):
        veto(guards, pool.reset())


def test_walk_is_turn_after_turn(pool):
    now = pool.reset()
    steps = list(itertools.islice(walk(pool, now, Presses(0), ()), 3))
    assert steps[0].now is now
    assert steps[1].now is steps[0].then
    assert isinstance(steps[2].then, Moment)
