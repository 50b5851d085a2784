"""Controls on the corridor: what each one may know, and what it then scores."""

import numpy as np
import pytest
from corridor import Corridor, Reader, make_pool
from hypothesis import given
from hypothesis import strategies as st

from sixkeys.bench.controls import NoOp, Oracle, RandomKeys, Shuffled, derangement
from sixkeys.contract import KEYS
from sixkeys.envs.pool import Pool
from sixkeys.loop import Habits, look


def _seen(seats=4000, hints=True):
    pool = Pool([Corridor(seats)], lambda seat, episode: seat)
    return look(pool.reset(), hints, Habits())


def test_random_is_uniform_over_what_is_offered_and_lawful():
    seen = _seen()
    forbidden = np.zeros_like(seen.forbidden)
    forbidden[:, 0] = True
    offered = seen.offered.copy()
    offered[:, 4] = True
    thought, _ = RandomKeys().think(
        seen._replace(forbidden=forbidden, offered=offered), RandomKeys().begin(4000, 3)
    )
    counts = np.bincount(thought.action, minlength=KEYS)
    assert np.flatnonzero(counts).tolist() == [2, 4]
    assert abs(counts[2] / 4000 - 0.5) < 4 * np.sqrt(0.25 / 4000)
    assert np.allclose(thought.free, 1 / 6)


def test_random_without_hints_is_uniform_over_all_six():
    thought, _ = RandomKeys().think(_seen(6000, hints=False), RandomKeys().begin(6000, 0))
    shares = np.bincount(thought.action, minlength=KEYS) / 6000
    assert np.abs(shares - 1 / 6).max() < 4.5 * np.sqrt(1 / 6 * 5 / 6 / 6000)


def test_random_repeats_from_its_mind_and_never_stalls_where_nothing_lawful_is_offered():
    seen = _seen(16)
    thinker = RandomKeys()
    first, later = thinker.think(seen, thinker.begin(16, 5))
    again, _ = thinker.think(seen, thinker.begin(16, 5))
    assert first.action.tolist() == again.action.tolist()
    assert (
        thinker.think(seen._replace(offered=np.ones_like(seen.offered)), later)[0].action.tolist()
        != first.action.tolist()
    )
    stuck = seen._replace(
        offered=np.eye(KEYS, dtype=bool)[np.zeros(16, int)],
        forbidden=np.eye(KEYS, dtype=bool)[np.zeros(16, int)],
    )
    assert (thinker.think(stuck, later)[0].action > 0).all()


def test_no_op_and_oracle_obey_the_law():
    pool = make_pool(lambda seat, episode: seat)
    seen = look(pool.reset(), True, Habits())
    forbid = seen._replace(forbidden=np.array([[True, True, False, False, False, False]] * 8))
    assert NoOp().think(seen, NoOp().begin(8, 0))[0].action.tolist() == [0] * 8
    assert NoOp().think(forbid, NoOp().begin(8, 0))[0].action.tolist() == [2] * 8
    oracle = Oracle(pool)
    assert oracle.think(seen, oracle.begin(8, 0))[0].action.tolist() == [2] * 8
    shut = seen._replace(forbidden=np.eye(KEYS, dtype=bool)[np.full(8, 2)])
    assert oracle.think(shut, oracle.begin(8, 0))[0].action.tolist() == [0] * 8


def test_an_oracle_without_a_pool_says_what_to_do():
    with pytest.raises(RuntimeError, match=r"oracle\.watch"):
        Oracle().think(_seen(2), Oracle().begin(2, 0))


def test_a_watching_oracle_asks_the_pool_it_is_played_on():
    oracle = Oracle()
    pool = oracle.watch(make_pool)(lambda seat, episode: seat)
    assert oracle.pool is pool


@given(st.lists(st.integers(0, 3), min_size=2, max_size=24), st.integers(0, 2**31))
def test_derangement_moves_everyone_within_its_group(drawn, seed):
    groups = np.array(drawn + drawn)
    source = derangement(groups, seed)
    assert (source != np.arange(len(groups))).all()
    assert (groups[source] == groups).all()
    assert sorted(source.tolist()) == list(range(len(groups)))


def test_a_lonely_seat_cannot_be_shuffled():
    with pytest.raises(ValueError, match="at least two seats"):
        derangement(np.array([1, 1, 2]), 0)


class Listener(Reader):
    """Keeps what reached it."""

    def think(self, seen, mind):
        self.heard = seen
        return super().think(seen, mind)


def test_shuffled_content_is_another_seats_and_the_rest_stays_true():
    worlds = [Corridor(5, world=1), Corridor(3, world=2)]
    pool = Pool(worlds, lambda seat, episode: seat)
    seen = look(pool.reset(), True, Habits())
    marks = np.arange(8)
    patch = seen.observation["patch"].copy()
    patch[:, 0, 0, 1] = marks
    senses = np.zeros((8, 2, 4), np.int32)
    senses[:, 0, 2] = marks
    recalled, words = seen.recalled + marks[:, None, None], seen.words + marks[:, None].astype(np.int32)
    seen = seen._replace(
        observation=dict(seen.observation, patch=patch, senses=senses), recalled=recalled, words=words
    )
    inner = Listener()
    shuffled = Shuffled(inner)
    _, mind = shuffled.think(seen, shuffled.begin(8, 4))
    heard, source = inner.heard, inner.heard.observation["patch"][:, 0, 0, 1]
    assert (source != marks).all()
    assert ((source < 5) == (marks < 5)).all()
    for content in (heard.observation["senses"][:, 0, 2], heard.recalled[:, 0, 0], heard.words[:, 0]):
        assert content.tolist() == source.tolist()
    for name in ("energy", "ids", "env_desc"):
        assert np.array_equal(heard.observation[name], seen.observation[name])
    assert np.array_equal(heard.offered, seen.offered)
    assert patch[:, 0, 0, 1].tolist() == marks.tolist(), "what the loop holds was changed"
    shuffled.think(seen, mind)
    assert inner.heard.observation["patch"][:, 0, 0, 1].tolist() == source.tolist()
