"""Worlds are drawn by how fast they are learnt, and none is left out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sixkeys.training.sampler import FLOOR, LEARNT, Sampler


def test_a_world_that_is_being_learnt_has_the_largest_share():
    sampler = Sampler(np.ones(3), 1)
    sampler.tell(0, np.zeros(500))
    sampler.tell(1, np.concatenate([np.zeros(500), np.ones(80)]))
    sampler.tell(2, np.ones(4000))
    shares = sampler.shares()
    assert shares[2] < shares[0] < shares[1] / 2


def test_what_is_forgotten_is_drawn_again():
    sampler = Sampler(np.ones(2), 1)
    for world in (0, 1):
        sampler.tell(world, np.ones(4000))
    sampler.tell(1, np.zeros(60))
    assert sampler.shares()[1] > 2 * sampler.shares()[0]


def test_what_is_not_learnt_is_drawn_more_than_what_is():
    sampler = Sampler(np.ones(2), 1)
    sampler.tell(0, np.ones(4000))
    sampler.tell(1, np.zeros(4000))
    assert sampler.shares()[1] / sampler.shares()[0] == pytest.approx(FLOOR / LEARNT, rel=0.01)


def test_means_are_those_of_the_definition():
    sampler, outcomes = Sampler(np.ones(1), 1), np.array([1, 0, 1, 1, 0], bool)
    sampler.tell(0, outcomes)
    for found, span in ((sampler.short[0], 60), (sampler.long[0], 400)):
        ages = np.arange(len(outcomes))[::-1]
        assert found == pytest.approx(np.sum(outcomes * (1 - 1 / span) ** ages / span))


@given(
    st.lists(st.floats(0.1, 10), min_size=1, max_size=6),
    st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=300),
    st.integers(0, 2**32),
)
def test_every_world_keeps_a_share_and_draws_differ(weights, episodes, seed):
    sampler = Sampler(np.array(weights), 1 + seed % len(weights))
    for world, solved in episodes:
        sampler.tell(world % len(weights), np.array([solved]))
    shares, least = sampler.shares(), LEARNT * min(weights) / (sum(weights) * (1 + FLOOR))
    assert shares.sum() == pytest.approx(1)
    assert shares.min() >= least
    drawn = sampler.draw(np.random.default_rng(seed))
    assert drawn == sorted(set(drawn))
    assert len(drawn) == sampler.at_once
    again = Sampler(np.array(weights), sampler.at_once)
    again.restore(sampler.state())
    assert again.draw(np.random.default_rng(seed)) == drawn


@pytest.mark.parametrize("at_once", [0, 3])
def test_too_few_and_too_many_are_refused(at_once):
    with pytest.raises(ValueError, match="1 to all are possible"):
        Sampler(np.ones(2), at_once)
