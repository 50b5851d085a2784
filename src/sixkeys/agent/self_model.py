"""How am I doing? My chance of success, the steps still needed, the mass on invalid keys, my surprise."""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sixkeys.agent.layers import MLP
from sixkeys.contract import CELL_SIZES

ME = 16
"""Width of the vector that the workspace sees."""
AIMS = max(CELL_SIZES[:2])
"""Kinds, and identities, of things that one may be after."""


class Me(NamedTuple):
    """What the agent knows of itself."""

    success: Float[Array, ""]
    """Logit of solving this episode."""
    steps: Float[Array, ""]
    """Keys still to press, in units of STEP_UNIT."""
    invalid: Float[Array, ""]
    """Logit of the mass it is about to put on invalid keys."""
    surprise: Float[Array, ""]
    """Expected divergence of the next posterior from its prior, nats."""
    vector: Float[Array, " me"]
    aim: Float[Array, "2 values"] | None = None
    """Logits of the kind and of the identity of the thing that it is after, where that is learnt."""


STEP_UNIT = 16.0


class SelfModel(eqx.Module):
    """Belief -> Me, one example."""

    trunk: MLP
    aim: MLP | None

    def __init__(self, rng: np.random.Generator, hidden: int, latent: int, aim: bool = False):
        self.trunk = MLP(rng, (hidden + latent + 1, 64, 4 + ME))
        self.aim = MLP(rng, (hidden + latent, hidden, 2 * AIMS), 0.1) if aim else None

    def __call__(self, h: Float[Array, " h"], z: Float[Array, " z"], surprise: Float[Array, ""]) -> Me:
        out = self.trunk(jnp.concatenate([h, z, jnp.log1p(surprise)[None]]))
        success, steps, invalid, coming = out[:4]
        aim = None if self.aim is None else self.aim(jnp.concatenate([h, z])).reshape(2, AIMS)
        return Me(success, jax.nn.softplus(steps), invalid, jax.nn.softplus(coming), jnp.tanh(out[4:]), aim)


def trust(me: Me) -> Float[Array, ""]:
    """How much imagined advice is worth, in (0, 1]: 1 where no surprise is expected, 0.5 at 4 nats."""
    return 1.0 / (1.0 + me.surprise / 4.0)
