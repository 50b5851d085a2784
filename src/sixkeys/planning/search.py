"""Which key leads on? Gumbel MuZero tree search (Danihelka et al. 2022) in an imagined world.

Sequential halving over the keys at the root, PUCT below it. It adds what `mctx` leaves to its caller below
the root: keys believed invalid are not pressed, nor keys found too risky; chance may have several outcomes.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import mctx as typed_mctx
from jaxtyping import Array, Bool, Float, Int

from sixkeys.contract import KEYS
from sixkeys.planning.model import IMPOSSIBLE, Imagine, possible
from sixkeys.planning.planner import Effort, Root

mctx: Any = typed_mctx
"""Its dataclasses and protocols say nothing to a type checker."""
Tree = Any
"""`mctx.Tree`: arrays over nodes and edges."""


PUCT_INIT, PUCT_BASE = 1.25, 19652.0


class Node(NamedTuple):
    """What the tree keeps of an imagined moment, or of a key that is pressed and whose outcome is open."""

    belief: Any
    pressed: Int[Array, ""]
    risk: Float[Array, ""]
    """Of the key that led here."""


def search(imagine: Imagine, root: Root, key: Array, effort: Effort) -> Float[Array, 6]:
    """Mean value of each first key over its visits; the root's value for a key that was never visited.

    IMPOSSIBLE for keys that were given up: found riskier than `risk_limit` while a less risky one is open.
    """
    tree = grow(imagine, root, key, effort)
    found = tree.summary()
    scores = jnp.where(found.visit_counts > 0, found.qvalues, found.value[:, None])[0, :KEYS]
    shut = closed(first(tree), jnp.int32(tree.ROOT_INDEX), effort.risk_limit)
    return jnp.where(shut[:KEYS] & root.allowed, IMPOSSIBLE, scores)


def grow(imagine: Imagine, root: Root, key: Array, effort: Effort) -> Tree:
    """The tree of one decision; every array has an axis of 1 in front, because `mctx` knows batches only.

    With several outcomes a key leads to a node of chance, whose edges KEYS and up are outcomes, visited in
    turn (sparse sampling, Kearns et al. 2002); with one, what was imagined first is what happens.
    """
    chances = effort.outcomes if effort.outcomes > 1 else 0

    def expand(_: Any, noise: Array, action: Array, node: Node) -> tuple[Any, Node]:
        """A key's edge shows one sample of its outcome as the worth of chance; an outcome's edge arrives."""
        arrives = (action >= KEYS) | (chances == 0)
        pressed = jnp.where(action < KEYS, action, node.pressed)
        then = jax.tree.map(lambda x: x[None], imagine(first(node.belief), pressed[0], noise))
        reward = then.reward - effort.risk_coef * then.risk
        logits = jnp.where(arrives[:, None] & possible(then.validity[0]), then.logits, IMPOSSIBLE)
        outcomes = jnp.broadcast_to(jnp.where(arrives, IMPOSSIBLE, 0.0)[:, None], (1, chances))
        output = mctx.RecurrentFnOutput(
            reward=jnp.where(arrives, reward, 0.0),
            discount=jnp.where(arrives, then.discount, 1.0),
            prior_logits=jnp.concatenate([logits, outcomes], 1),
            value=jnp.where(arrives, then.value, reward + then.discount * then.value),
        )
        belief = jax.tree.map(lambda new, old: jnp.where(arrives[0], new, old), then.belief, node.belief)
        return output, Node(belief, pressed, then.risk)

    def worth(base: Any, tree: Tree, node: Array) -> Float[Array, " edges"]:
        shut = closed(tree, node, effort.risk_limit)
        by_chance = shut[:KEYS].all()  # nobody chooses an outcome by its value
        return jnp.where(shut, IMPOSSIBLE, jnp.where(by_chance, 0.0, base(tree, node)))

    here = Node(root.belief, jnp.int32(0), jnp.float32(0.0))
    start = mctx.RootFnOutput(
        prior_logits=jnp.pad(
            jnp.where(root.allowed, root.logits, IMPOSSIBLE), (0, chances), constant_values=IMPOSSIBLE
        )[None],
        value=root.value[None],
        embedding=jax.tree.map(lambda x: jnp.asarray(x)[None], here),
    )
    return mctx.search(
        None,
        key,
        root=start,
        recurrent_fn=expand,
        root_action_selection_fn=partial(
            mctx.gumbel_muzero_root_action_selection,
            num_simulations=effort.simulations,
            max_num_considered_actions=KEYS,
            qtransform=partial(worth, mctx.qtransform_completed_by_mix_value),
        ),
        interior_action_selection_fn=partial(
            puct, qtransform=partial(worth, mctx.qtransform_by_parent_and_siblings)
        ),
        num_simulations=effort.simulations,
        max_depth=min(effort.simulations, effort.horizon * (2 if chances else 1)),
        invalid_actions=start.prior_logits <= IMPOSSIBLE,
        extra_data=mctx.GumbelMuZeroExtraData(root_gumbel=jnp.zeros_like(start.prior_logits)),
    )


def puct(_: Any, tree: Tree, node: Array, __: Any, qtransform: Any) -> Int[Array, ""]:
    """The edge of ONE tree that promises most (Silver et al. 2018, constants of MuZero), the first of equals.

    `mctx.muzero_action_selection` draws noise at every step to tell equals apart, which takes as long as the
    rest.
    """
    visits = tree.node_visits[node]
    rate = PUCT_INIT + jnp.log((visits + PUCT_BASE + 1.0) / PUCT_BASE)
    prior = jax.nn.softmax(tree.children_prior_logits[node])
    hope = jnp.sqrt(visits) * rate * prior / (tree.children_visits[node] + 1)
    return jnp.argmax(qtransform(tree, node) + hope).astype(jnp.int32)


def first(tree: Any) -> Any:
    """A batch of one as one example."""
    return jax.tree.map(lambda x: x[0], tree)


def closed(tree: Tree, node: Array, limit: float) -> Bool[Array, " edges"]:
    """Edges of a node of ONE tree that are not to be taken.

    Those believed invalid; and those imagined and found riskier than `limit`, while one that was not is open.
    """
    children = tree.children_index[node]
    risk = jnp.where(children == tree.UNVISITED, 0.0, tree.embeddings.risk[children])
    invalid = tree.children_prior_logits[node] <= IMPOSSIBLE
    risky = risk > limit
    return invalid | (risky & (~invalid & ~risky).any())
