"""What is there? An observation becomes a percept: one vector of the whole, and one for each key's label.

Cells are embedded, flattened and projected (no convolution: XLA's are slow on CPUs). Sense tokens are read
each with its neighbours; then each key's label is pooled and looks once at its own tokens and the context,
never at the other labels, so every label is read by one and the same eye. Any sense may be missing.
"""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from sixkeys.agent.layers import MLP, Attention, Linear, norm
from sixkeys.contract import CELL_SIZES, DESCRIPTOR, ID_SIZES, KEYS, SENSE_SIZES, SIDE

CELL = 16
"""Width of an embedded cell."""
LABEL = 32
"""Width of a sense token and of a key's label."""
POSITIONS = 16
MARKS = 4
FLAG = 4.0
"""What a set mark weighs beside a token's embedding: few marks say much."""


class Percept(NamedTuple):
    """What was perceived."""

    whole: Float[Array, " w"]
    labels: Float[Array, "6 label"]
    """What is written on each key; zeros on a key without a label."""


class Reader(eqx.Module):
    """Reads sense tokens: each with its neighbours, then each label and the context as a whole."""

    token: Float[Array, "tokens label"]
    source: Float[Array, "sources label"]
    position: Float[Array, "positions label"]
    word: Linear
    pool: Linear
    attention: Attention

    def __init__(self, rng: np.random.Generator):
        rows = (SENSE_SIZES[2], SENSE_SIZES[0], POSITIONS)
        self.token, self.source, self.position = (
            jnp.asarray(0.5 * rng.standard_normal((n, LABEL)), jnp.float32) for n in rows
        )
        self.word = Linear(rng, 3 * LABEL + MARKS + 1, LABEL)
        self.pool = Linear(rng, 2 * LABEL, LABEL)
        self.attention = Attention(rng, LABEL, heads=2)

    def __call__(self, senses: Int[Array, "n 4"]) -> tuple[Float[Array, " label"], Float[Array, "6 label"]]:
        """The context's vector and the labels'."""
        source, key, token, mark = senses.T
        there = source > 0
        follows = jnp.concatenate([jnp.zeros(1, bool), (source[1:] == source[:-1]) & (key[1:] == key[:-1])])
        order = jnp.arange(len(source))
        place = order - jax.lax.cummax(jnp.where(follows, 0, order))
        words = self.token[token] + self.source[source] + self.position[jnp.minimum(place, POSITIONS - 1)]
        before = jnp.where(follows[:, None], jnp.roll(words, 1, 0), 0.0)
        after = jnp.where(jnp.roll(follows, -1)[:, None], jnp.roll(words, -1, 0), 0.0)
        echoed = ((token[:, None] == token) & (there & (key == 0))).any(-1) & (key > 0)
        bits = (mark[:, None] >> jnp.arange(MARKS)) & 1
        flags = FLAG * jnp.concatenate([bits, echoed[:, None]], -1)
        read = jax.nn.silu(norm(self.word(jnp.concatenate([words, before, after, flags], -1))))
        owners = jnp.arange(KEYS + 1)[:, None]
        member = there & (key == owners)
        mean = (member @ read) / jnp.maximum(member.sum(-1, keepdims=True), 1)
        peak = jnp.where(member[..., None], read, -1e9).max(1)
        pooled = self.attention(self.pool(jnp.concatenate([mean, peak], -1)), read, member | member[:1])
        pooled = jnp.where(member.any(-1, keepdims=True), norm(pooled), 0.0)
        return pooled[0], pooled[1:]


class Perception(eqx.Module):
    """Observation, and which keys were tried here where that is asked for -> Percept, one example."""

    cell: Linear
    patch: Linear
    rest: MLP
    reader: Reader | None
    out: Linear

    def __init__(self, rng: np.random.Generator, width: int, senses: int, familiar: bool = False):
        self.cell = Linear(rng, sum(CELL_SIZES), CELL, scale=4.0)
        self.patch = Linear(rng, SIDE * SIDE * CELL, width)
        self.rest = MLP(rng, (1 + sum(ID_SIZES) + DESCRIPTOR + KEYS * familiar, 64, 64))
        self.reader = Reader(rng) if senses else None
        self.out = Linear(rng, width + 64 + (2 * LABEL if senses else 0), width)

    def __call__(self, observation: dict[str, Array], tried: Array | None = None) -> Percept:
        patch = observation["patch"].reshape(SIDE * SIDE, 3)
        cells = jax.nn.silu(self.cell(one_hots(patch, CELL_SIZES)))
        unusual = cells - cells.mean(0)  # else the many cells of background drown the few that matter
        parts = [jax.nn.silu(norm(self.patch(unusual.reshape(-1))))]
        ids = one_hots(observation["ids"], ID_SIZES)
        rest = [observation["energy"], ids, observation["env_desc"]]
        parts.append(self.rest(jnp.concatenate(rest if tried is None else [*rest, tried])))
        context, labels = jnp.zeros(LABEL), jnp.zeros((KEYS, LABEL))
        if self.reader is not None:
            if "senses" in observation:
                context, labels = self.reader(observation["senses"])
            parts += [context, labels.mean(0)]
        return Percept(norm(self.out(jnp.concatenate(parts))), labels)


def one_hots(values: Int[Array, "*a n"], sizes: tuple[int, ...]) -> Float[Array, "*a total"]:
    """One-hot codes of each column, side by side; a value out of range gives zeros."""
    return jnp.concatenate([jax.nn.one_hot(values[..., i], size) for i, size in enumerate(sizes)], -1)
