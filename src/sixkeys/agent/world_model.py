"""What happens next? A GRU belief with categorical latents predicts percept, reward, end, validity and risk.

A recurrent state-space model (Hafner et al. 2021, DreamerV2): h' = GRU(h, z, percept, deed);
z' ~ posterior(h', percept') while awake, z' ~ prior(h') while imagining, where the percept is the model's own
prediction.
"""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from sixkeys.agent.layers import GRU, MLP, Linear, norm
from sixkeys.agent.perception import LABEL, Percept
from sixkeys.contract import CELL_SIZES, KEYS, SIDE

LATENTS, CLASSES = 8, 8
RISKS = 3
"""Members of the risk ensemble."""
KINDS = CELL_SIZES[0]
SKETCH = 48
"""Width of the bottleneck through which cells are pictured."""
UNIMIX = 0.01
"""Share of uniform mixed into every categorical, so that no divergence is infinite."""


class Belief(NamedTuple):
    """What is held true."""

    h: Float[Array, " hidden"]
    z: Float[Array, " latents*classes"]
    percept: Float[Array, " w"]
    """The percept itself while awake, its prediction while imagining."""


class Foresight(NamedTuple):
    """What a belief says of its moment."""

    reward: Float[Array, ""]
    """Of the key that led here."""
    proceed: Float[Array, ""]
    """Logit that the episode goes on."""
    validity: Float[Array, 6]
    """Logit of each key being valid here."""
    risk: Float[Array, 3]
    """Logits, an ensemble: the key that led here ended the episode unsolved."""
    danger: Float[Array, 6] | None = None
    """Logit of each key doing so from here; None where that is not said."""


class WorldModel(eqx.Module):
    """Belief in, belief out; and what a belief foresees."""

    gru: GRU
    prior: MLP
    posterior: MLP
    trunk: MLP
    percept: Linear
    cells: MLP
    heads: MLP
    danger: MLP | None
    action: Float[Array, "6 label"]

    def __init__(self, rng: np.random.Generator, width: int, hidden: int, danger: bool = False):
        latent = LATENTS * CLASSES
        self.gru = GRU(rng, latent + width + 2 * LABEL, hidden)
        self.prior = MLP(rng, (hidden, hidden, latent))
        self.posterior = MLP(rng, (hidden + width, hidden, latent))
        self.trunk = MLP(rng, (hidden + latent, hidden, hidden))
        self.heads = MLP(rng, (hidden + width, hidden, 2 + KEYS + RISKS), 0.1)
        self.percept = Linear(rng, hidden, width)
        self.cells = MLP(rng, (hidden, SKETCH, SIDE * SIDE * KINDS), 0.1)
        self.danger = MLP(rng, (hidden + width, hidden, KEYS), 0.1) if danger else None
        self.action = jnp.asarray(0.5 * rng.standard_normal((KEYS, LABEL)), jnp.float32)

    def blank(self) -> Belief:
        """The belief before anything was seen."""
        hidden = self.gru.hidden.weight.shape[0]
        return Belief(
            jnp.zeros(hidden), jnp.zeros(LATENTS * CLASSES), jnp.zeros(self.percept.weight.shape[1])
        )

    def advance(
        self, belief: Belief, action: Int[Array, ""], label: Float[Array, " label"]
    ) -> Float[Array, " hidden"]:
        """h after pressing `action`, on which `label` was written."""
        deed = jnp.concatenate([self.action[action], label])
        return self.gru(belief.h, jnp.concatenate([belief.z, belief.percept, deed]))

    def awake(
        self, h: Float[Array, " hidden"], percept: Percept, key: Array
    ) -> tuple[Belief, Float[Array, "latents classes"], Float[Array, "latents classes"]]:
        """The belief once the percept is in, with log-probabilities of prior and posterior."""
        prior = logits(self.prior(h))
        posterior = logits(self.posterior(jnp.concatenate([h, percept.whole])))
        return Belief(h, draw(posterior, key), percept.whole), prior, posterior

    def dream(self, belief: Belief, action: Int[Array, ""], key: Array) -> tuple[Belief, Foresight]:
        """The belief one imagined key later, and what it foresees."""
        h = self.advance(belief, action, jnp.zeros(LABEL))
        z = draw(logits(self.prior(h)), key)
        trunk = self.ground(h, z)
        then = Belief(h, z, self.guess(trunk))
        return then, self.foresee(trunk, then.percept)

    def fear(self, h: Float[Array, " hidden"], key: Array, fears: int) -> Float[Array, "fears 3"]:
        """Logits of risk in several draws of what h may bring: one draw may miss what kills."""
        draws = jax.vmap(lambda key: draw(logits(self.prior(h)), key))(jax.random.split(key, fears))
        trunks = jax.vmap(lambda z: self.ground(h, z))(draws)
        return jax.vmap(lambda trunk: self.foresee(trunk, self.guess(trunk)).risk)(trunks)

    def ground(self, h: Float[Array, " hidden"], z: Float[Array, " latent"]) -> Float[Array, " hidden"]:
        """What belief alone carries, before any percept."""
        return jax.nn.silu(norm(self.trunk(jnp.concatenate([h, z]))))

    def guess(self, trunk: Float[Array, " hidden"]) -> Float[Array, " w"]:
        """The percept that belief expects."""
        return norm(self.percept(trunk))

    def foresee(self, trunk: Float[Array, " hidden"], percept: Float[Array, " w"]) -> Foresight:
        """Foresight from belief and a percept, seen or guessed."""
        both = jnp.concatenate([trunk, percept])
        out, danger = self.heads(both), None if self.danger is None else self.danger(both)
        reward, proceed, validity, risk = jnp.split(out, (1, 2, 2 + KEYS))
        return Foresight(reward[0], proceed[0] + 2.0, validity, risk, danger)

    def picture(self, trunk: Float[Array, " hidden"]) -> Float[Array, "81 kinds"]:
        """Log-probabilities of the kind of each cell: what ties the belief to the world."""
        return jax.nn.log_softmax(self.cells(trunk).reshape(SIDE * SIDE, KINDS))


def logits(flat: Float[Array, " latents*classes"]) -> Float[Array, "latents classes"]:
    """Log-probabilities with a little uniform mixed in."""
    probabilities = jax.nn.softmax(flat.reshape(LATENTS, CLASSES))
    return jnp.log((1 - UNIMIX) * probabilities + UNIMIX / CLASSES)


def draw(log_probabilities: Float[Array, "latents classes"], key: Array) -> Float[Array, " latents*classes"]:
    """A one-hot sample of each latent with the straight-through gradient (Bengio et al. 2013)."""
    choice = jax.random.categorical(key, log_probabilities)
    probabilities = jnp.exp(log_probabilities)
    sample = jax.nn.one_hot(choice, CLASSES) + probabilities - jax.lax.stop_gradient(probabilities)
    return sample.reshape(-1)


def divergence(p: Float[Array, "latents classes"], q: Float[Array, "latents classes"]) -> Float[Array, ""]:
    """KL(p || q) in nats, summed over latents; 0 where equal."""
    return (jnp.exp(p) * (p - q)).sum()
