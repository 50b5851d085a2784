"""What did I see lately? The last percepts of this episode, newest first, for the workspace to attend to."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

VIEWS = 32
"""How many are kept."""


class Gallery(NamedTuple):
    """What is kept."""

    views: Float[Array, "views w"]
    count: Int[Array, ""]
    """Of the views, so many are of this episode."""


def empty(width: int) -> Gallery:
    """Before anything was seen."""
    return Gallery(jnp.zeros((VIEWS, width)), jnp.int32(0))


def enter(was: Gallery, begun: Bool[Array, ""]) -> Gallery:
    """Without the views of an episode that is over."""
    return was._replace(count=jnp.where(begun, 0, was.count))


def keep(was: Gallery, view: Float[Array, " w"]) -> Gallery:
    """With one view more; the oldest goes."""
    views = jnp.concatenate([view[None], was.views[:-1]])
    return Gallery(views, jnp.minimum(was.count + 1, VIEWS))


def shown(gallery: Gallery) -> Bool[Array, " views"]:
    """Which views are of this episode."""
    return jnp.arange(VIEWS) < gallery.count
