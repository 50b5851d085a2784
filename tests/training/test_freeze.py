"""Is what may learn chosen by what the present asks and what the past needs? Are the words those numbers?"""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sixkeys.agent.brain import Brain
from sixkeys.training.freeze import FROZEN, PARTS, Choices, pulls, shares, spread, told

PULLS = st.fixed_dictionaries({part: st.floats(0, 10) for part in PARTS})


def test_by_hand():
    share = shares({"a": 3.0, "b": 1.0, "c": 0.1}, {"a": 1.0, "b": 3.0, "c": 9.9})
    assert share == pytest.approx({"a": 1.0, "b": 1 / 3, "c": 0.0})
    assert set(shares({"a": 0.0, "b": 0.0}, {"a": 1.0, "b": 1.0}).values()) == {1.0}


@given(PULLS, PULLS)
def test_one_part_learns_fully_and_none_more(present, past):
    share = shares(present, past)
    assert max(share.values()) == 1
    assert all(one == 0 or FROZEN <= one <= 1 for one in share.values())


@given(PULLS, PULLS, st.sampled_from(PARTS))
def test_what_means_more_to_the_past_learns_no_faster(present, past, part):
    dearer = shares(present, {**past, part: past[part] + 1})
    others = sum(dearer[one] for one in PARTS if one != part)
    before = shares(present, past)
    assert dearer[part] <= before[part] or before[part] == 1
    assert others >= sum(before[one] for one in PARTS if one != part) - 1e-9


def test_a_pull_is_the_root_of_the_mean_square(tiny_brain):
    squared = jax.tree.map(lambda weight: 0 * weight + 4.0, tiny_brain)
    assert pulls(squared) == pytest.approx(dict.fromkeys(PARTS, 2.0))


def test_every_weight_of_a_part_gets_its_share(tiny_brain):
    share = dict(zip(PARTS, (0.0, 0.25, 0.5, 0.75, 1.0), strict=True))
    wide = spread(tiny_brain, share)
    assert isinstance(wide, Brain)
    for part, one in share.items():
        leaves = jax.tree.leaves(getattr(wide, part))
        assert len(leaves) == len(jax.tree.leaves(getattr(tiny_brain, part)))
        assert set(np.asarray(leaves).tolist()) == {one}


def test_choices_are_told_in_words():
    choices = Choices()
    assert set(choices.last.values()) == {1.0}
    share = dict(zip(PARTS, (0.0, 0.25, 0.5, 0.75, 1.0), strict=True))
    choices.add(7, share)
    assert choices.last == share
    words = (
        "policy fully, workspace at 0.75, self_model at 0.50, world_model at 0.25 learn; perception frozen"
    )
    assert choices.words() == [(7, words)]
    assert told(dict.fromkeys(PARTS, 1.0)).endswith("policy fully learn")
