"""Who sits at the keys? The brain as a Thinker: numpy in, numpy out, one compiled function a pool.

Where the self-model decides how long to think, seats are searched in groups of one size, so that each level
of simulations is compiled once.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from sixkeys.agent import gate
from sixkeys.agent.brain import Brain, Decision, Mind, Pondered
from sixkeys.contract import KEYS, Seen, Thought


@partial(jax.jit, static_argnames=("planning_coef",))
def _think(
    brain: Brain, seen: dict, mind: Mind, greedy: Array, planning_coef: float
) -> tuple[Decision, Mind]:
    return jax.vmap(lambda row, own, best: brain.think(row, own, best, planning_coef))(seen, mind, greedy)


@jax.jit
def _ponder(brain: Brain, seen: dict, mind: Mind) -> Pondered:
    return jax.vmap(brain.ponder)(seen, mind)


@partial(jax.jit, static_argnames=("simulations",))
def _advise(brain: Brain, pondered: Pondered, rows: Array, simulations: int) -> Array:
    some = jax.tree.map(lambda x: x[rows], pondered)
    return jax.vmap(lambda one: brain.advise(one, brain.effort(simulations)))(some)


@jax.jit
def _decide(
    brain: Brain, pondered: Pondered, heard: Array, greedy: Array, keys: Array
) -> tuple[Decision, Mind]:
    return jax.vmap(brain.decide)(pondered, heard, greedy, keys)


GROUP = 8
"""Seats that are searched together, at most."""


class Agent:
    """A Thinker around a brain. Holds weights and no other state: the mind travels outside.

    greedy: whether the likeliest key is pressed, or one that is drawn; for all seats, or bool [seats].
    """

    def __init__(self, brain: Brain, greedy: bool | np.ndarray = False, planning_coef: float | None = None):
        self.brain = brain
        self.greedy = greedy
        self.planning_coef = brain.config.planning_coef if planning_coef is None else planning_coef

    def begin(self, seats: int, seed: int) -> Mind:
        keys = jax.random.split(jax.random.PRNGKey(seed), seats)
        one = self.brain.begin(keys[0])
        return jax.tree.map(lambda x: jnp.broadcast_to(x, (seats, *x.shape)), one)._replace(key=keys)

    def think(self, seen: Seen, mind: Mind) -> tuple[Thought, Mind]:
        config, greedy = self.brain.config, np.broadcast_to(self.greedy, seen.begun.shape)
        if self.planning_coef > 0 and config.planner == "search" and config.simulations == 0:
            decision, mind = self._gated(seen, mind, greedy)
        else:
            decision, mind = _think(self.brain, plain(seen), mind, greedy, self.planning_coef)
        return Thought(*(np.asarray(column) for column in decision)), mind

    def _gated(self, seen: Seen, mind: Mind, greedy: np.ndarray) -> tuple[Decision, Mind]:
        """Every seat is searched as long as it seems to be worth there."""
        pondered = _ponder(self.brain, plain(seen), mind)
        keys = gate.simulations(np.asarray(pondered.stake), self.brain.config.simulation_cost)
        heard = np.zeros((len(keys), KEYS), np.float32)
        size = min(GROUP, len(keys))
        for level in gate.LEVELS[1:]:
            seats = np.flatnonzero(keys == level)
            for start in range(0, len(seats), size):
                rows = seats[start : start + size]
                said = _advise(self.brain, pondered, np.resize(rows, size), level)
                heard[rows] = self.planning_coef * np.asarray(said)[: len(rows)]
        return _decide(self.brain, pondered, heard, greedy, keys)


def plain(seen: Seen) -> dict[str, Any]:
    """`Seen` as the dict of arrays that the brain reads."""
    return {**seen._asdict(), "observation": dict(seen.observation)}
