"""Which parts of the brain learn now, and which are left alone? A rate for each, and why.

In: mean squared gradients of the present and of the past (`consolidate.squared_gradients`). Out: for each
part a share of the learning rate. A part learns fully where the present pulls at it more than at any other,
compared with what it means to the past; it is frozen where the past needs it far more than the present does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sixkeys.agent.brain import Brain

PARTS = ("perception", "world_model", "self_model", "workspace", "policy")
FROZEN = 0.2
"""A part whose share would be less does not learn at all."""


class Choices:
    """What was chosen in a life. Keeps state."""

    def __init__(self):
        self.made = np.zeros((0, 1 + len(PARTS)))
        """float [choices, 1 + parts]: at which update, and the share of each part from there on."""

    @property
    def last(self) -> dict[str, float]:
        """Part -> share; 1 before anything was chosen."""
        return dict(zip(PARTS, self.made[-1, 1:] if len(self.made) else np.ones(len(PARTS)), strict=True))

    def add(self, update: int, share: Mapping[str, float]) -> None:
        self.made = np.vstack([self.made, [update, *(share[part] for part in PARTS)]])

    def words(self) -> list[tuple[int, str]]:
        """The update of each choice, and the choice in words."""
        return [(int(update), told(dict(zip(PARTS, row, strict=True)))) for update, *row in self.made]


def pulls(squared: Any) -> dict[str, float]:
    """Part -> root mean squared gradient of its weights; `squared`: a brain of mean squared gradients."""
    found = {}
    for part in PARTS:
        leaves = jax.tree.leaves(getattr(squared, part))
        total, size = sum(float(leaf.sum()) for leaf in leaves), sum(leaf.size for leaf in leaves)
        found[part] = float(np.sqrt(total / size))
    return found


def shares(present: Mapping[str, float], past: Mapping[str, float]) -> dict[str, float]:
    """Part -> share of the learning rate, in {0} and [FROZEN, 1]; all 1 where nothing pulls.

    For a present that pulls with 3 and 1 at two parts at which the past pulls with 1 and 3: 1 and 1/3. The
    present's part of all pull is .75 and .25, and the largest learns fully.
    """
    asked = {part: now / max(now + past[part], 1e-12) for part, now in present.items()}
    most = max(asked.values())
    if most <= 0:
        return dict.fromkeys(present, 1.0)
    return {part: one / most if one / most >= FROZEN else 0.0 for part, one in asked.items()}


def spread(brain: Brain, share: Mapping[str, float]) -> Brain:
    """A brain of numbers: what every weight's step is multiplied by."""
    return jax.tree_util.tree_map_with_path(lambda path, _: jnp.float32(share[path[0].name]), brain)


def told(share: Mapping[str, float]) -> str:
    """The choice in words: `policy learns fully, workspace at 0.41; perception frozen`."""
    learning = sorted((part for part in share if share[part] > 0), key=lambda part: -share[part])
    words = [f"{part} fully" if share[part] == 1 else f"{part} at {share[part]:.2f}" for part in learning]
    frozen = [part for part in share if share[part] == 0]
    return f"{', '.join(words)} learn" + (f"; {', '.join(frozen)} frozen" if frozen else "")
