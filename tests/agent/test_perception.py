"""Is every key's label read by the same eye, and is a missing sense no sense?"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sixkeys.agent.perception import Perception, Reader, one_hots
from sixkeys.contract import CELL_SIZES, observation_space


def compiled(module):
    return jax.jit(lambda x: module(x))


@pytest.fixture(scope="module")
def reader():
    return compiled(Reader(np.random.default_rng(0)))


def senses(a, b):
    """Four tokens of context, then what stands on keys 2 and 3, then padding."""
    rows = [(1, 0, 10 + i, 0) for i in range(4)]
    rows += [(4, 3, token, 8) for token in a] + [(4, 4, token, 8) for token in b]
    rows += [(0, 0, 0, 0)] * (14 - len(rows))
    return np.array(rows, np.int32)


def test_swapped_labels_are_swapped_readings(reader):
    one, two = reader(senses([5, 6, 10], [7, 8, 9])), reader(senses([7, 8, 9], [5, 6, 10]))
    np.testing.assert_allclose(one[0], two[0], atol=1e-6)
    np.testing.assert_allclose(one[1][2], two[1][3], atol=1e-5)
    np.testing.assert_allclose(one[1][3], two[1][2], atol=1e-5)


def test_a_label_does_not_depend_on_the_others(reader):
    one, two = reader(senses([5, 6], [7, 8])), reader(senses([5, 6], [70, 80]))
    np.testing.assert_array_equal(one[1][2], two[1][2])
    assert not np.allclose(one[1][3], two[1][3])


def test_keys_without_a_label_read_zero_and_padding_is_nothing(reader):
    context, labels = reader(senses([5, 6], [7, 8]))
    assert not np.asarray(labels)[[0, 1, 4, 5]].any()
    longer = np.concatenate([senses([5, 6], [7, 8]), np.zeros((6, 4), np.int32)])
    np.testing.assert_allclose(reader(longer)[0], context, atol=1e-6)
    nothing = reader(np.zeros((8, 4), np.int32))
    assert not np.asarray(nothing[0]).any()
    assert not np.asarray(nothing[1]).any()


def test_word_order_matters(reader):
    one, two = reader(senses([5, 6, 10], [7])), reader(senses([10, 6, 5], [7]))
    assert not np.allclose(one[1][2], two[1][2], atol=1e-3)


def test_any_observation_of_the_contract_is_perceived():
    perception = compiled(Perception(np.random.default_rng(1), width=16, senses=12))
    space = observation_space(12)
    space.seed(0)
    for _ in range(5):
        percept = perception(dict(space.sample()))
        assert percept.whole.shape == (16,)
        assert np.isfinite(percept.whole).all()
        assert np.isfinite(percept.labels).all()


def test_senses_that_are_missing_say_as_much_as_empty_ones():
    perception = compiled(Perception(np.random.default_rng(1), width=16, senses=12))
    observation = dict(observation_space(12).sample())
    observation["senses"] = np.zeros((12, 4), np.int32)
    empty = perception(observation)
    del observation["senses"]
    missing = perception(observation)
    np.testing.assert_allclose(missing.whole, empty.whole, atol=1e-6)
    np.testing.assert_array_equal(missing.labels, empty.labels)


def test_one_hots_stand_side_by_side():
    code = np.asarray(one_hots(jnp.array([[2, 0, 15]]), CELL_SIZES))[0]
    assert np.flatnonzero(code).tolist() == [2, 32, 64 + 15]
