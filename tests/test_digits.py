"""Does `scripts/digits.py` keep what it says in the bytes it says; does a woken network answer as before?"""

import jax.numpy as jnp
import numpy as np
import pytest
from scripted import script


@pytest.fixture(scope="module")
def digits():
    return script("digits")


@pytest.fixture(scope="module")
def some(digits):
    rng = np.random.default_rng(0)
    image = rng.integers(0, 17, (40, digits.PIXELS)).astype(np.uint8)
    return image, rng.integers(0, 10, 40), rng.normal(0, 3, (40, digits.CLASSES)).astype(np.float32)


def test_what_is_packed_comes_back(digits, some):
    image, label, logits = some
    packed = digits.packed(image, label, logits)
    assert sum(array[:1].nbytes for array in packed.values()) == 32 + 1 + 10
    back = digits.unpacked(packed)
    np.testing.assert_array_equal(back["image"], np.minimum(image, 15) / np.float32(16))
    np.testing.assert_array_equal(back["label"], label)
    np.testing.assert_allclose(back["logits"], logits - logits.mean(-1, keepdims=True), atol=1 / 16 + 1e-6)


def test_ours_has_the_bytes_of_the_published_arms(digits, some):
    image, label, _ = some
    rng = np.random.default_rng(0)
    weights = digits.drawn(rng)
    for name, bytes_of in (("ours", "replay"), ("ours_small", "der")):
        arm, other = digits.ARMS[name], digits.ARMS[bytes_of]
        assert arm.memory == other.memory
        memory = digits.Balanced(arm.memory)
        for task in range(200):
            digits.remember(memory, arm, task, image, label, weights, rng)
        assert 0.99 * arm.memory < memory.bytes <= arm.memory
        assert len(memory) == arm.memory // 45


def test_waking_units_changes_answers_by_next_to_nothing(digits, some):
    image = some[0] / np.float32(16)
    rng = np.random.default_rng(1)
    weights = digits.drawn(rng)
    weights[0]["bias"] = weights[0]["bias"].at[:7].set(-100.0)
    woken, count = digits.woken(weights, image, rng)
    assert count >= 7
    before, after = (digits.logits_of(w, jnp.asarray(image)) for w in (weights, woken))
    assert np.abs(before - after).mean() < 0.02 * np.abs(before).mean(), "a sleeper says next to nothing"
