"""What is the best that could follow this key? A beam of imagined ways from each key, the best few kept."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from sixkeys.contract import KEYS
from sixkeys.planning.model import IMPOSSIBLE, Imagine, possible
from sixkeys.planning.planner import Effort, Root


class _Ways(NamedTuple):
    """Ways that are kept, best first; those that do not exist yet score IMPOSSIBLE."""

    belief: Any
    total: Float[Array, " width"]
    """Discounted reward less the penalty for risk."""
    discount: Float[Array, " width"]
    score: Float[Array, " width"]
    """`total`, then the value."""
    open: Bool[Array, "width 6"]
    """Keys that may follow."""


def beam(imagine: Imagine, root: Root, key: Array, effort: Effort) -> Float[Array, 6]:
    """Score of the best way of `horizon` keys that begins with each key; of each, `width` ways are kept.

    All ways share the chances of a step. Where chance is large this is too hopeful: it takes the best of what
    happened to be imagined for the best of what could be done.
    """
    noises = jax.random.split(key, effort.horizon)

    def press(ways: _Ways, action: Array, noise: Array) -> _Ways:
        """One way, one key further."""
        then = imagine(ways.belief, action, noise)
        total = ways.total + ways.discount * (then.reward - effort.risk_coef * then.risk)
        discount = ways.discount * then.discount
        ended = (discount == 0) & (jnp.arange(KEYS) > 0)  # one way on is enough where nothing follows
        return _Ways(
            then.belief, total, discount, total + discount * then.value, possible(then.validity) & ~ended
        )

    def best(ways: _Ways) -> _Ways:
        _, rank = jax.lax.top_k(ways.score, effort.width)
        return jax.tree.map(lambda x: x[rank], ways)

    def step(ways: _Ways, noise: Array) -> tuple[_Ways, None]:
        every = jax.vmap(lambda way: jax.vmap(lambda action: press(way, action, noise))(jnp.arange(KEYS)))(
            ways
        )
        exists = (ways.score > IMPOSSIBLE)[:, None] & ways.open
        every = every._replace(score=jnp.where(exists, every.score, IMPOSSIBLE))
        return best(jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:]), every)), None

    def one(first: Array) -> Float[Array, ""]:
        here = _Ways(root.belief, jnp.float32(0), jnp.float32(1), root.value, root.allowed)
        there = press(here, first, noises[0])
        ways = jax.tree.map(lambda x: jnp.broadcast_to(x, (effort.width, *x.shape)), there)
        ways = ways._replace(score=ways.score.at[1:].set(IMPOSSIBLE))
        return jax.lax.scan(step, ways, noises[1:])[0].score[0]

    return jax.vmap(one)(jnp.arange(KEYS))
