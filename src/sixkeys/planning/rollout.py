"""What if I pressed this key? Imagined rollouts of a few steps from each key, minus a penalty for risk."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from sixkeys.contract import KEYS
from sixkeys.planning.model import Imagine

IMPOSSIBLE = -1e9


def returns(
    imagine: Imagine, belief: object, key: Array, horizon: int, rollouts: int, risk_coef: float | Array
) -> Float[Array, 6]:
    """Mean imagined return of each first key: sum of discount * (reward - risk_coef * risk), then the value.

    Later keys are drawn from the imagined policy among keys imagined valid. All first keys share their noise,
    so that their difference is not noise (common random numbers).
    """

    def one(first: Array, noise: Array) -> Float[Array, ""]:
        def step(carry: tuple, noise: Array) -> tuple[tuple, Array]:
            belief, action, discount, total = carry
            dream, choice = jax.random.split(noise)
            then = imagine(belief, action, dream)
            total = total + discount * (then.reward - risk_coef * then.risk)
            valid = then.validity > 0.5
            logits = jnp.where(valid | ~valid.any(), then.logits, IMPOSSIBLE)
            action = jax.random.categorical(choice, logits)
            return (then.belief, action, discount * then.discount, total), then.value

        start = (belief, first, jnp.float32(1.0), jnp.float32(0.0))
        (_, _, discount, total), values = jax.lax.scan(step, start, jax.random.split(noise, horizon))
        return total + discount * values[-1]

    noises = jax.random.split(key, rollouts)
    every = jax.vmap(lambda first: jax.vmap(lambda noise: one(first, noise))(noises))(jnp.arange(KEYS))
    return every.mean(1)


def advice(scores: Float[Array, 6], allowed: Bool[Array, 6]) -> Float[Array, 6]:
    """Scores in units of their spread over the allowed keys, mean 0; about 0 where all keys promise the same.

    For scores (1, 0) of two allowed keys: spread 0.5, so (0.91, -0.91).
    """
    count = jnp.maximum(allowed.sum(), 1)
    centred = jnp.where(allowed, scores - jnp.where(allowed, scores, 0.0).sum() / count, 0.0)
    spread = jnp.sqrt(jnp.square(centred).sum() / count)
    return centred / (spread + 0.05)
