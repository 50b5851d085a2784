"""What if I pressed this key? Imagined rollouts of a few steps from each key, minus a penalty for risk."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from sixkeys.contract import KEYS
from sixkeys.planning.model import IMPOSSIBLE, Imagine, possible
from sixkeys.planning.planner import Effort, Root


def rollouts(imagine: Imagine, root: Root, key: Array, effort: Effort) -> Float[Array, 6]:
    """Mean imagined return of each first key: sum of discount * (reward - risk_coef * risk), then the value.

    Later keys are drawn from the imagined policy among keys imagined valid. All first keys share their noise,
    so that their difference is not noise (common random numbers).
    """

    def one(first: Array, noise: Array) -> Float[Array, ""]:
        def step(carry: tuple, noise: Array) -> tuple[tuple, Array]:
            belief, action, discount, total = carry
            dream, choice = jax.random.split(noise)
            then = imagine(belief, action, dream)
            total = total + discount * (then.reward - effort.risk_coef * then.risk)
            logits = jnp.where(possible(then.validity), then.logits, IMPOSSIBLE)
            action = jax.random.categorical(choice, logits)
            return (then.belief, action, discount * then.discount, total), then.value

        start = (root.belief, first, jnp.float32(1.0), jnp.float32(0.0))
        (_, _, discount, total), values = jax.lax.scan(step, start, jax.random.split(noise, effort.horizon))
        return total + discount * values[-1]

    noises = jax.random.split(key, effort.rollouts)
    every = jax.vmap(lambda first: jax.vmap(lambda noise: one(first, noise))(noises))(jnp.arange(KEYS))
    return every.mean(1)
