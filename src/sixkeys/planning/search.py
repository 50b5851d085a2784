"""Which key leads on? Gumbel MuZero tree search (Danihelka et al. 2022) in an imagined world.

The keys believed valid are the only ones that the tree presses, at every node below the root too. It adds to
`mctx` what that leaves out there: validity, risk, and chance (several trees).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import mctx
from jaxtyping import Array, Bool, Float

from sixkeys.contract import KEYS
from sixkeys.planning.model import IMPOSSIBLE, Imagine, possible
from sixkeys.planning.planner import Effort, Root


class Node(NamedTuple):
    """What the tree keeps of an imagined moment."""

    belief: Any
    risk: Float[Array, ""]
    """Of the key that led here."""


def search(imagine: Imagine, root: Root, key: Array, effort: Effort) -> Float[Array, 6]:
    """Mean value of each first key over its visits; the root's value for a key that was never visited.

    IMPOSSIBLE for keys that were given up: those found riskier than `risk_limit` while a less risky one is open.
    """
    tree = grow(imagine, root, key, effort)
    found = tree.summary()
    visited = found.visit_counts > 0
    seen = jnp.maximum(visited.sum(0), 1)
    mean = jnp.where(visited, found.qvalues, 0.0).sum(0) / seen
    scores = jnp.where(visited.any(0), mean, found.value.mean())
    given_up = jax.vmap(lambda one: too_risky(one, one.ROOT_INDEX, effort.risk_limit))(tree).any(0)
    return jnp.where(given_up & (root.allowed & ~given_up).any(), IMPOSSIBLE, scores)


def grow(imagine: Imagine, root: Root, key: Array, effort: Effort) -> mctx.Tree:
    """The trees of one decision, an axis of `effort.trees` first.

    An invalid key has probability 0 and no visits, so 0 in the interior rule argmax(p - n / (1 + N)), while the
    valid ones sum to 1 / (1 + N): one of them is always chosen.
    """

    def expand(_: Any, noise: Array, action: Array, node: Node) -> tuple[mctx.RecurrentFnOutput, Node]:
        then = jax.vmap(imagine)(node.belief, action, jax.random.split(noise, effort.trees))
        logits = jnp.where(jax.vmap(possible)(then.validity), then.logits, IMPOSSIBLE)
        reward = then.reward - effort.risk_coef * then.risk
        output = mctx.RecurrentFnOutput(
            reward=reward, discount=then.discount, prior_logits=logits, value=then.value
        )
        return output, Node(then.belief, then.risk)

    def worth(tree: mctx.Tree, node: Array) -> Float[Array, 6]:
        values = mctx.qtransform_completed_by_mix_value(tree, node)
        return jnp.where(too_risky(tree, node, effort.risk_limit), IMPOSSIBLE, values)

    def each(x: Array) -> Array:
        return jnp.broadcast_to(x, (effort.trees, *x.shape))

    simulations = max(1, effort.simulations // effort.trees)
    here = jax.tree.map(each, Node(root.belief, jnp.float32(0.0)))
    start = mctx.RootFnOutput(prior_logits=each(root.logits), value=each(root.value), embedding=here)
    return mctx.gumbel_muzero_policy(
        None, key, start, expand, simulations, each(~root.allowed), min(effort.horizon, simulations),
        qtransform=worth, max_num_considered_actions=KEYS, gumbel_scale=0.0,
    ).search_tree  # fmt: skip


def too_risky(tree: mctx.Tree, node: Array | int, limit: float) -> Bool[Array, 6]:
    """Keys to give up at a node of ONE tree: imagined, and riskier than `limit` while one that is not is open."""
    children = tree.children_index[node]
    risk = jnp.where(children == tree.UNVISITED, 0.0, tree.embeddings.risk[children])
    risky = risk > limit
    open = tree.children_prior_logits[node] > IMPOSSIBLE / 2
    return risky & (open & ~risky).any()
