"""Which key, and what is it worth? Logits of six keys and a value from the scene.

A key's wish is what the scene says of the key plus what the key's own label says (one judge for all labels).
Its logit is the wish plus the log of the belief that the key is valid: rules that were learned need no mask.
Where the mask is seen, it says what is valid, and wishes alone choose among the keys it offers.
"""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from sixkeys.agent.layers import MLP, norm
from sixkeys.agent.perception import LABEL
from sixkeys.agent.traits import TRAITS
from sixkeys.contract import KEYS
from sixkeys.planning.model import IMPOSSIBLE

FLOOR = 0.02
"""Belief of validity never counts for less, so that a wrong belief can be unlearned."""


class Choice(NamedTuple):
    """What the policy offers."""

    wish: Float[Array, 6]
    logits: Float[Array, 6]
    """Wish plus log of believed validity: the policy before any mask."""
    value: Float[Array, ""]


class Policy(eqx.Module):
    """Scene -> Choice, one example."""

    actor: MLP
    judge: MLP
    critic: MLP

    def __init__(self, rng: np.random.Generator, width: int):
        self.actor = MLP(rng, (width + TRAITS, width, KEYS), 0.01)
        self.judge = MLP(rng, (width + LABEL, 64, 1), 0.01)
        self.critic = MLP(rng, (width + TRAITS + LABEL, width, 1), 0.1)

    def __call__(
        self,
        scene: Float[Array, " w"],
        labels: Float[Array, "6 label"],
        traits: Float[Array, " traits"],
        validity: Float[Array, 6] | None,
    ) -> Choice:
        x = jnp.concatenate([scene, traits])
        written = labels.any(-1)
        context = jnp.broadcast_to(scene, (KEYS, scene.shape[0]))
        judged = self.judge(jnp.concatenate([context, norm(labels)], -1))[:, 0]
        wish = self.actor(x) + jnp.where(written, judged, 0.0)
        logits = wish
        if validity is not None:
            logits = wish + jnp.log(FLOOR + (1 - FLOOR) * jax.lax.stop_gradient(jax.nn.sigmoid(validity)))
        return Choice(wish, logits, self.critic(jnp.concatenate([x, labels.mean(0)]))[0])


def behaviour(choice: Choice, offered: Bool[Array, 6], forbidden: Bool[Array, 6]) -> Float[Array, 6]:
    """Logits to press a key by: wishes under a seen mask, else the unmasked policy; never a forbidden key."""
    hinted = ~offered.all()
    return jnp.where(offered & ~forbidden, jnp.where(hinted, choice.wish, choice.logits), IMPOSSIBLE)


def valid_mass(logits: Float[Array, "*a 6"], offered: Bool[Array | np.ndarray, "*a 6"]) -> Float[Array, "*a"]:
    """Probability on offered keys, in (0, 1]; 0.5 for two equal keys of which one is offered."""
    return (jax.nn.softmax(logits) * offered).sum(-1)
