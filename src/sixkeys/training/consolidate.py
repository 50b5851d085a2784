"""What keeps old skills in new weights? Importance of weights, slow copies, units that sleep woken again.

All of it works on any tree of weights, and none of it knows what is learnt: agents and plain networks share
it. State in, state out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

DORMANT = 0.025
"""A unit sleeps whose mean activity is at most this share of its layer's (Sokar et al. 2023)."""
Weights = TypeVar("Weights")


class Importance(NamedTuple):
    """Which weights matter to what was learnt, and what they were: two trees shaped like the weights."""

    fisher: Any
    """Mean squared gradients: the diagonal of the Fisher information."""
    anchor: Any


def unimportant(weights: Any) -> Importance:
    """Before anything was learnt: no weight matters."""
    return Importance(jax.tree.map(jnp.zeros_like, weights), weights)


def consolidated(before: Importance, squared: Any, weights: Any, decay: float = 1.0) -> Importance:
    """Online EWC (Schwarz et al. 2018): importance adds up, fading by `decay`; the anchor moves here.

    squared: what `squared_gradients` gave for what was just learnt.
    """
    return Importance(jax.tree.map(lambda old, new: decay * old + new, before.fisher, squared), weights)


def squared_gradients(loss: Callable[[Any, Any], Array], weights: Any, examples: Any) -> Any:
    """Mean over examples (first axis of every leaf) of the squared gradient of `loss(weights, example)`."""

    def add(total: Any, example: Any) -> tuple[Any, None]:
        gradient = jax.grad(loss)(weights, example)
        return jax.tree.map(lambda t, g: t + jnp.square(g), total, gradient), None

    total, _ = jax.lax.scan(add, jax.tree.map(jnp.zeros_like, weights), examples)
    count = len(jax.tree.leaves(examples)[0])
    return jax.tree.map(lambda t: t / count, total)


def elastic(weights: Any, kept: Importance) -> Float[Array, ""]:
    """Half the sum of importance times squared distance from the anchor (Kirkpatrick et al. 2017, eq. 3).

    1.0 for one weight of importance 2 that has moved by 1.
    """
    parts = jax.tree.map(lambda f, w, a: (f * jnp.square(w - a)).sum(), kept.fisher, weights, kept.anchor)
    return 0.5 * jnp.asarray(sum(jax.tree.leaves(parts)))


def followed(slow: Weights, fast: Weights, rate: float | Array) -> Weights:
    """Slow weights one step nearer to the fast ones; their running mean where this is done at each update."""
    return jax.tree.map(lambda s, f: s + rate * (f - s), slow, fast)


def distance(new: Float[Array, "*a classes"], old: Float[Array, "*a classes"]) -> Float[Array, "*a"]:
    """KL of what was believed from what is: nats from logits, 0 where both say the same."""
    believed = jax.nn.log_softmax(old)
    return (jnp.exp(believed) * (believed - jax.nn.log_softmax(new))).sum(-1)


def dormant(activity: Float[Array, "examples units"], share: float = DORMANT) -> Bool[Array, " units"]:
    """Units whose mean absolute activity is at most `share` of the layer's (Sokar et al. 2023, eq. 1)."""
    mean = jnp.abs(activity).mean(0)
    return mean <= share * mean.mean()


def revived(
    into: Float[Array, "inputs units"],
    bias: Float[Array, " units"],
    out: Float[Array, "units outputs"],
    asleep: Bool[Array, " units"],
    fresh: Float[Array, "inputs units"],
) -> tuple[Array, Array, Array]:
    """Weights into, biases of and weights out of a layer, units asleep begun afresh.

    What a woken unit says is not listened to at first, so nothing that was learnt changes.
    """
    return jnp.where(asleep, fresh, into), jnp.where(asleep, 0.0, bias), jnp.where(asleep[:, None], 0.0, out)


def shut(free: Weights, weights: Weights, share: float) -> Weights:
    """Isolation as in PackNet (Mallya & Lazebnik 2018): of each matrix, the `share` largest of the weights
    that may still change are shut; whatever has fewer axes (biases, norms) is shut at once.

    free: a tree of ones and zeros shaped like the weights. Unlike there nothing is set to zero, and all
    weights are used for every task: nobody tells which task it is.
    """

    def less(mask: Array, weight: Array) -> Array:
        if weight.ndim < 2:
            return jnp.zeros_like(mask)
        size = jnp.where(mask > 0, jnp.abs(weight), -1.0).ravel()
        most = jnp.round(share * (mask > 0).sum()).astype(int)
        place = jnp.argsort(jnp.argsort(-size))
        return jnp.where((place < most).reshape(mask.shape), 0.0, mask)

    return jax.tree.map(less, free, weights)
