"""Do the parts of consolidation keep what they say? By hand, by finite sums, on weights of any shape."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sixkeys.training.consolidate import (
    consolidated,
    distance,
    dormant,
    elastic,
    followed,
    revived,
    shut,
    squared_gradients,
    unimportant,
)

WEIGHTS = {"a": jnp.array([1.0, 2.0]), "b": jnp.array([[3.0]])}


def test_distance_from_the_anchor_counts_by_importance():
    kept = unimportant(WEIGHTS)
    moved = {"a": jnp.array([2.0, 2.0]), "b": jnp.array([[5.0]])}
    assert elastic(moved, kept) == 0
    squared = {"a": jnp.array([2.0, 9.0]), "b": jnp.array([[0.5]])}
    kept = consolidated(kept, squared, WEIGHTS)
    assert elastic(WEIGHTS, kept) == 0
    assert elastic(moved, kept) == pytest.approx(0.5 * (2 * 1 + 0 + 0.5 * 4))
    twice = consolidated(kept, squared, moved, decay=0.5)
    np.testing.assert_allclose(twice.fisher["a"], [3.0, 13.5])
    assert elastic(moved, twice) == 0, "the anchor moved along"


def test_importance_is_the_mean_of_squares_not_the_square_of_the_mean():
    examples = jnp.array([1.0, -1.0, 3.0])
    found = squared_gradients(lambda w, x: w["a"][0] * x + 0 * w["b"].sum(), WEIGHTS, examples)
    np.testing.assert_allclose(found["a"], [11 / 3, 0])


def test_slow_weights_follow():
    slow = followed(WEIGHTS, {"a": jnp.array([3.0, 2.0]), "b": jnp.array([[3.0]])}, 0.25)
    np.testing.assert_allclose(slow["a"], [1.5, 2.0])


def test_distance_between_beliefs_is_their_kl():
    new, old = jnp.array([0.0, 1.0, -2.0]), jnp.array([0.3, -1.0, 0.5])
    p, q = np.asarray(jax.nn.softmax(old)), np.asarray(jax.nn.softmax(new))
    assert distance(new, old) == pytest.approx((p * np.log(p / q)).sum(), rel=1e-5)
    assert distance(old, old + 3.0) == pytest.approx(0, abs=1e-6)


def test_a_woken_unit_changes_nothing_at_first():
    rng = np.random.default_rng(0)
    into, out = rng.normal(size=(5, 4)), rng.normal(size=(4, 3))
    bias = np.array([0.0, -100.0, 0.0, -100.0])
    x = rng.normal(size=(50, 5))
    active = np.maximum(x @ into + bias, 0)
    asleep = dormant(jnp.asarray(active))
    assert asleep.tolist() == [False, True, False, True]
    new_into, new_bias, new_out = revived(into, bias, out, asleep, rng.normal(size=(5, 4)))
    again = np.maximum(x @ new_into + new_bias, 0)
    np.testing.assert_allclose(again @ new_out, active @ out, rtol=1e-4, atol=1e-5)
    assert not dormant(jnp.asarray(again)).any()


@given(st.integers(0, 2**31), st.floats(0, 1), st.floats(0, 1))
def test_the_largest_weights_that_are_free_are_shut(seed, share, taken):
    rng = np.random.default_rng(seed)
    weight, mask = rng.normal(size=(4, 6)), (rng.random((4, 6)) > taken).astype(float)
    less = shut(
        {"w": jnp.asarray(mask), "b": jnp.ones(3)}, {"w": jnp.asarray(weight), "b": jnp.ones(3)}, share
    )
    left = np.asarray(less["w"])
    assert (np.asarray(less["b"]) == 0).all()
    assert (left <= mask).all()
    gone = (mask > 0) & (left == 0)
    assert gone.sum() == pytest.approx(share * mask.sum(), abs=0.51)
    if gone.any() and left.any():
        assert np.abs(weight)[gone].min() >= np.abs(weight)[left > 0].max()
