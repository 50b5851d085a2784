"""What is the one thing planning knows? `imagine`: a belief and a key in, what would follow out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from jaxtyping import Array, Bool, Float, Int

IMPOSSIBLE = -1e9
"""Logit of a key that is never pressed."""


class Imagined(NamedTuple):
    """What would follow one key, ONE example."""

    belief: Any
    reward: Float[Array, ""]
    discount: Float[Array, ""]
    """Chance that the episode goes on, times gamma; 0 at an end."""
    risk: Float[Array, ""]
    """Chance that this key ends the episode unsolved, in [0, 1]; pessimistic over the ensemble."""
    validity: Float[Array, 6]
    """Chance that each key would be valid then."""
    logits: Float[Array, 6]
    value: Float[Array, ""]


Imagine = Callable[[Any, Int[Array, ""], Array], Imagined]
"""(belief, key pressed, random key) -> Imagined. In tests exact models of small worlds stand behind it."""


def possible(validity: Float[Array, 6]) -> Bool[Array, 6]:
    """The keys that imagination may press: those believed valid, or all where none is."""
    valid = validity > 0.5
    return valid | ~valid.any()
