"""What do rollouts, beam and search have in common? One function type: a model and a root in, scores out."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from sixkeys.planning.model import IMPOSSIBLE, Imagine


class Root(NamedTuple):
    """Where planning begins, ONE example."""

    belief: Any
    logits: Float[Array, 6]
    """The policy's, before any mask."""
    value: Float[Array, ""]
    allowed: Bool[Array, 6]
    """Keys that may be pressed now: not forbidden and, where the mask is seen, offered."""


class Effort(NamedTuple):
    """How much is imagined, and how warily."""

    horizon: int = 12
    """Keys ahead, for all planners."""
    rollouts: int = 4
    """Of each first key."""
    width: int = 4
    """Ways that a beam keeps for each first key."""
    simulations: int = 32
    """Keys that a search imagines."""
    outcomes: int = 1
    """Outcomes of a key that a search tells apart; 1: what it imagines first is what would happen."""
    risk_coef: float = 1.0
    """What a risk of 1 costs, in units of return."""
    risk_limit: float = 1.0
    """A search gives up keys of larger risk while there is a less risky one; 1 gives up none."""


Planner = Callable[[Imagine, Root, Array, Effort], Float[Array, "6"]]
"""(model, where it begins, random key, effort) -> score of each first key, in units of return.

IMPOSSIBLE is the score of a key that was given up."""

PLANNERS = {
    "rollouts": "sixkeys.planning.rollout:rollouts",
    "beam": "sixkeys.planning.beam:beam",
    "search": "sixkeys.planning.search:search",
}


def planner(name: str) -> Planner:
    """The planner of this name; what it stands on is imported only now."""
    module, _, function = PLANNERS[name].partition(":")
    return getattr(import_module(module), function)


def imagined(name: str, effort: Effort) -> int:
    """Keys that the planner of this name imagines for one decision."""
    keys = 6
    first = {
        "rollouts": effort.rollouts * effort.horizon,
        "beam": 1 + effort.width * keys * (effort.horizon - 1),
    }
    return keys * first[name] if name in first else effort.simulations


def advice(scores: Float[Array, 6], allowed: Bool[Array, 6]) -> Float[Array, 6]:
    """Scores in units of their spread over the allowed keys, mean 0; about 0 where all keys promise the same.

    A key that was given up stays IMPOSSIBLE. For scores (1, 0) of two allowed keys: spread 0.5, so
    (0.91, -0.91).
    """
    given_up = scores <= IMPOSSIBLE
    counted = allowed & ~given_up
    count = jnp.maximum(counted.sum(), 1)
    centred = jnp.where(counted, scores - jnp.where(counted, scores, 0.0).sum() / count, 0.0)
    spread = jnp.sqrt(jnp.square(centred).sum() / count)
    return jnp.where(given_up, IMPOSSIBLE, centred / (spread + 0.05))
