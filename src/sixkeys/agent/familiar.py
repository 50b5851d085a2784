"""Have I been here before, and what did I press? Keys that were tried in this very moment of this episode.

Counted, not learned: a belief that does not know that it has been here presses the same key again. In: an
observation and the last key. Out: six numbers that perception reads. Moments are told apart by all whole
numbers of an observation (a hash of PLACES).
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, UInt8

from sixkeys.contract import KEYS

PLACES = 1024
"""Moments that are told apart: two of them are taken for one with chance 1 in PLACES."""
MOST = 255
"""Where counting ends."""


class Familiar(NamedTuple):
    """What is kept of an episode."""

    tried: UInt8[Array, "places 6"]
    """How often each key was pressed at each place."""
    place: Int[Array, ""]
    """Where the last key was pressed."""


def blank() -> Familiar:
    """Before anything was seen."""
    return Familiar(jnp.zeros((PLACES, KEYS), jnp.uint8), jnp.int32(0))


def recognise(
    was: Familiar, observation: dict[str, Array], action: Int[Array, ""], begun: Bool[Array, ""]
) -> tuple[Familiar, Float[Array, 6]]:
    """What is kept from now on, `action` having led here, and how often each key was pressed in this moment
    before: 0, .25, .4, .5 for never, once, twice, thrice."""
    pressed = jnp.minimum(was.tried[was.place, action], MOST - 1) + 1
    tried = jnp.where(begun, 0, was.tried.at[was.place, action].set(pressed)).astype(jnp.uint8)
    here = place(observation)
    return Familiar(tried, here), jnp.log2(1.0 + tried[here].astype(jnp.float32)) / 4


def place(observation: dict[str, Array]) -> Int[Array, ""]:
    """A number below PLACES, the same for the same moment (multiply-shift, Dietzfelbinger et al. 1997)."""
    total = jnp.uint32(0)
    for number, name in enumerate(("patch", "ids", "senses")):
        if name in observation:
            values = observation[name].reshape(-1).astype(jnp.uint32)
            odd = np.random.default_rng(number).integers(0, 2**31, len(values), np.uint32) * 2 + 1
            total = total + (values * odd).sum(dtype=jnp.uint32)
    return (total >> 16).astype(jnp.int32) % PLACES
