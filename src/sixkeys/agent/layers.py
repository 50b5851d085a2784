"""What is the agent built from? Linear, norm, MLP, GRU and attention on ONE example; weights drawn by numpy.

Initialising by numpy instead of jax.random saves seconds of compilation and gives the same bits everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float


class Linear(eqx.Module):
    """y = x W + b, drawn from a scaled normal; `scale` shrinks it for heads that should begin near zero."""

    weight: Float[Array, "n m"]
    bias: Float[Array, " m"]

    def __init__(self, rng: np.random.Generator, inputs: int, outputs: int, scale: float = 1.0):
        draw = rng.standard_normal((inputs, outputs)) * scale / np.sqrt(inputs)
        self.weight = jnp.asarray(draw, jnp.float32)
        self.bias = jnp.zeros(outputs, jnp.float32)

    def __call__(self, x: Float[Array, "*a n"]) -> Float[Array, "*a m"]:
        return x @ self.weight + self.bias


def norm(x: Float[Array, "*a n"]) -> Float[Array, "*a n"]:
    """Zero mean, unit variance over the last axis (layer norm without weights)."""
    centred = x - x.mean(-1, keepdims=True)
    return centred * jax.lax.rsqrt(jnp.square(centred).mean(-1, keepdims=True) + 1e-5)


class MLP(eqx.Module):
    """Linear layers with normed SiLU between them."""

    layers: tuple[Linear, ...]

    def __init__(self, rng: np.random.Generator, sizes: Sequence[int], scale: float = 1.0):
        pairs = list(pairwise(sizes))
        self.layers = tuple(
            Linear(rng, n, m, scale if i == len(pairs) - 1 else 1.0) for i, (n, m) in enumerate(pairs)
        )

    def __call__(self, x: Float[Array, "*a n"]) -> Float[Array, "*a m"]:
        for layer in self.layers[:-1]:
            x = jax.nn.silu(norm(layer(x)))
        return self.layers[-1](x)


class GRU(eqx.Module):
    """One step of a gated recurrent unit (Cho et al. 2014) with a normed candidate."""

    inputs: Linear
    hidden: Linear

    def __init__(self, rng: np.random.Generator, inputs: int, hidden: int):
        self.inputs = Linear(rng, inputs, 3 * hidden)
        self.hidden = Linear(rng, hidden, 3 * hidden)

    def __call__(self, h: Float[Array, " h"], x: Float[Array, " n"]) -> Float[Array, " h"]:
        xr, xu, xc = jnp.split(self.inputs(x), 3)
        hr, hu, hc = jnp.split(self.hidden(h), 3)
        update = jax.nn.sigmoid(xu + hu - 1.0)
        candidate = jnp.tanh(xc + jax.nn.sigmoid(xr + hr) * hc)
        return update * candidate + (1.0 - update) * h


class Attention(eqx.Module):
    """Multi-head attention of queries over a set, residual, then an MLP with a residual of its own."""

    query: Linear
    keyvalue: Linear
    out: Linear
    mlp: MLP
    heads: int = eqx.field(static=True)

    def __init__(self, rng: np.random.Generator, width: int, heads: int = 2):
        self.query = Linear(rng, width, width)
        self.keyvalue = Linear(rng, width, 2 * width)
        self.out = Linear(rng, width, width, 0.5)
        self.mlp = MLP(rng, (width, 2 * width, width), 0.5)
        self.heads = heads

    def __call__(
        self, queries: Float[Array, "q w"], items: Float[Array, "n w"], visible: Bool[Array, "q n"]
    ) -> Float[Array, "q w"]:
        width = queries.shape[-1]
        shape = (-1, self.heads, width // self.heads)
        q = self.query(norm(queries)).reshape(shape)
        k, v = (part.reshape(shape) for part in jnp.split(self.keyvalue(norm(items)), 2, axis=-1))
        scores = jnp.einsum("qhd,nhd->hqn", q, k) / np.sqrt(width // self.heads)
        weights = jax.nn.softmax(jnp.where(visible, scores, -1e9), axis=-1) * visible.any(-1, keepdims=True)
        mixed = jnp.einsum("hqn,nhd->qhd", weights, v).reshape(queries.shape[0], width)
        queries = queries + self.out(mixed)
        return queries + self.mlp(norm(queries))
