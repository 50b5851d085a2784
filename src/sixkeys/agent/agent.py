"""Who sits at the keys? The brain as a Thinker: numpy in, numpy out, one compiled function a pool."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sixkeys.agent.brain import Brain, Decision, Mind
from sixkeys.contract import Seen, Thought


@partial(jax.jit, static_argnames=("greedy", "planning_coef"))
def _think(brain: Brain, seen: dict, mind: Mind, greedy: bool, planning_coef: float) -> tuple[Decision, Mind]:
    return jax.vmap(lambda row, own: brain.think(row, own, greedy, planning_coef))(seen, mind)


class Agent:
    """A Thinker around a brain. Holds weights and no other state: the mind travels outside."""

    def __init__(self, brain: Brain, greedy: bool = False, planning_coef: float | None = None):
        self.brain = brain
        self.greedy = greedy
        self.planning_coef = brain.config.planning_coef if planning_coef is None else planning_coef

    def begin(self, seats: int, seed: int) -> Mind:
        keys = jax.random.split(jax.random.PRNGKey(seed), seats)
        one = self.brain.begin(keys[0])
        return jax.tree.map(lambda x: jnp.broadcast_to(x, (seats, *x.shape)), one)._replace(key=keys)

    def think(self, seen: Seen, mind: Mind) -> tuple[Thought, Mind]:
        decision, mind = _think(self.brain, plain(seen), mind, self.greedy, self.planning_coef)
        return Thought(*(np.asarray(column) for column in decision)), mind


def plain(seen: Seen) -> dict[str, Any]:
    """`Seen` as the dict of arrays that the brain reads."""
    return {**seen._asdict(), "observation": dict(seen.observation)}
