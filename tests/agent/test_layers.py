"""Do the layers compute what their definitions say? Checked against numpy written out by hand."""

import jax
import jax.numpy as jnp
import numpy as np

from sixkeys.agent.layers import GRU, Attention, norm


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_gru_is_its_definition():
    rng = np.random.default_rng(0)
    gru, h, x = GRU(rng, 5, 3), rng.standard_normal(3), rng.standard_normal(5)
    wx = x @ np.asarray(gru.inputs.weight) + np.asarray(gru.inputs.bias)
    wh = h @ np.asarray(gru.hidden.weight) + np.asarray(gru.hidden.bias)
    update = sigmoid(wx[3:6] + wh[3:6] - 1)
    candidate = np.tanh(wx[6:] + sigmoid(wx[:3] + wh[:3]) * wh[6:])
    expected = update * candidate + (1 - update) * h
    np.testing.assert_allclose(gru(jnp.asarray(h), jnp.asarray(x)), expected, rtol=1e-5)


def test_norm_has_mean_zero_and_variance_one():
    y = np.asarray(norm(jnp.asarray(np.random.default_rng(1).standard_normal((4, 50)) * 7 + 3)))
    np.testing.assert_allclose(y.mean(-1), 0, atol=1e-5)
    np.testing.assert_allclose(y.var(-1), 1, atol=1e-3)


def test_attention_reads_nothing_that_is_not_visible():
    rng = np.random.default_rng(2)
    attention = Attention(rng, 8, heads=2)
    queries, items = jnp.asarray(rng.standard_normal((3, 8))), rng.standard_normal((5, 8))
    visible = np.zeros((3, 5), bool)
    visible[:, :2] = True
    visible[2] = False
    changed = items.copy()
    changed[2:] += 10
    run = jax.jit(lambda q, x, v: attention(q, x, v))
    a, b = (run(queries, jnp.asarray(x), jnp.asarray(visible)) for x in (items, changed))
    np.testing.assert_array_equal(a, b)
    alone = queries[2] + attention.mlp(norm(queries[2] + attention.out.bias)) + attention.out.bias
    np.testing.assert_allclose(a[2], alone, rtol=1e-5)


def test_attention_with_one_visible_item_copies_its_value():
    rng = np.random.default_rng(3)
    attention = Attention(rng, 8, heads=2)
    queries, items = (jnp.asarray(rng.standard_normal((2, 8))) for _ in range(2))
    visible = jnp.asarray([[True, False], [False, True]])
    value = attention.keyvalue(norm(items))[:, 8:]
    mixed = queries + attention.out(value)
    expected = mixed + attention.mlp(norm(mixed))
    np.testing.assert_allclose(attention(queries, items, visible), expected, rtol=1e-4, atol=1e-5)
