"""How long is this worth thinking about? A number of simulations from what the self-model expects.

To be won is at most what is at stake: nothing where success or failure is certain, nothing where the policy
knows its key, nothing where imagination is not to be trusted. Of that, n simulations win n / (n + HALF), and
each costs `simulation_cost`.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sixkeys.agent.self_model import Me, trust
from sixkeys.contract import KEYS

LEVELS = (0, 8, 32, 128)
"""Simulations that may be chosen."""
HALF = 16.0
"""So many simulations win half of what is to be won."""


def stake(me: Me, logits: Float[Array, 6]) -> Float[Array, ""]:
    """In [0, 1]: 4p(1-p) of the chance of success, times the policy's entropy over log 6, times trust."""
    p = jax.nn.sigmoid(me.success)
    probabilities = jax.nn.softmax(logits)
    entropy = -(probabilities * jax.nn.log_softmax(logits)).sum() / jnp.log(KEYS)
    return 4.0 * p * (1.0 - p) * entropy * trust(me)


def simulations(stakes: np.ndarray, cost: float) -> np.ndarray:
    """int [seats]: the level of LEVELS with the largest gain less cost, for stakes [seats].

    At a cost of 0.001: 8 above a stake of 0.024, 32 above 0.072, 128 above 0.432.
    """
    levels = np.array(LEVELS)
    gain = stakes[:, None] * (levels / (levels + HALF)) - cost * levels
    return levels[gain.argmax(1)]
