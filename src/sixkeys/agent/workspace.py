"""What matters now? A few slots attend over percept, belief, self, memories, words and the keys' labels.

After the global workspace of Goyal et al. (2022). Without it (`use_workspace=False`) the parts are only
concatenated.
"""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from sixkeys.agent.layers import Attention, Linear, norm
from sixkeys.agent.perception import LABEL, Percept
from sixkeys.agent.self_model import ME
from sixkeys.agent.traits import TRAITS
from sixkeys.agent.world_model import CLASSES, LATENTS, Belief
from sixkeys.contract import KEYS, RECALLED

SLOT = 32
WORD_BUCKETS = 512


class Workspace(eqx.Module):
    """Everything known -> scene, one example."""

    slots: Float[Array, "slots slot"]
    senders: tuple[Linear, ...]
    memory: Linear
    label: Linear
    words: Float[Array, "words slot"]
    attention: Attention | None
    direct: Linear
    out: Linear

    def __init__(self, rng: np.random.Generator, width: int, hidden: int, slots: int, use: bool):
        sizes = (width, hidden, LATENTS * CLASSES, ME, TRAITS)
        self.slots = jnp.asarray(rng.standard_normal((slots, SLOT)), jnp.float32)
        self.senders = tuple(Linear(rng, size, SLOT) for size in sizes)
        self.memory = Linear(rng, RECALLED[1], SLOT)
        self.label = Linear(rng, LABEL, SLOT)
        self.words = jnp.asarray(0.5 * rng.standard_normal((WORD_BUCKETS, SLOT)), jnp.float32)
        self.attention = Attention(rng, SLOT, heads=2) if use else None
        self.direct = Linear(rng, sum(sizes), width)
        self.out = Linear(rng, slots * SLOT, width)

    def __call__(
        self,
        percept: Percept,
        belief: Belief,
        me: Float[Array, " me"],
        traits: Float[Array, " traits"],
        recalled: Float[Array, "entries features"],
        words: Int[Array, " words"],
    ) -> Float[Array, " w"]:
        parts = (percept.whole, belief.h, belief.z, me, traits)
        scene = self.direct(jnp.concatenate(parts))
        if self.attention is None:
            return norm(scene)
        sent = jnp.stack([sender(part) for sender, part in zip(self.senders, parts, strict=True)])
        items = [sent, self.memory(recalled), self.label(percept.labels), self.words[words % WORD_BUCKETS]]
        there = [jnp.ones(len(parts), bool), recalled.any(-1), percept.labels.any(-1), words > 0]
        present = jnp.concatenate(there)
        visible = jnp.broadcast_to(present, (self.slots.shape[0], present.shape[0]))
        slots = self.attention(self.slots, jnp.concatenate(items), visible)
        return norm(scene + self.out(norm(slots).reshape(-1)))


def nothing_recalled() -> Float[Array, "entries features"]:
    """What memory says while imagining."""
    return jnp.zeros(RECALLED)


def no_labels() -> Float[Array, "6 label"]:
    """What stands on the keys while imagining."""
    return jnp.zeros((KEYS, LABEL))
