"""What of this moment was met before in this episode? How long ago each thing, and which keys here.

Counted, not learned: a recurrent belief forgets what it had no reason to keep, and does not know that it has
been here before. In: an observation and the last key. Out: numbers that perception reads beside the cells.
Things are told apart by kind and identity, moments by all whole numbers of an observation (a hash of PLACES).
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, UInt8, UInt16

from sixkeys.contract import CELL_SIZES, KEYS

THINGS = CELL_SIZES[0] * CELL_SIZES[1]
PLACES = 1024
"""Moments that are told apart: two of them are taken for one with chance 1 in PLACES."""
FADING = 16.0
"""Time constant, in keys, of an age as it is told."""
OLDEST, MOST = 60_000, 255
"""Where counting ends."""


class Familiar(NamedTuple):
    """What is kept of an episode."""

    first: UInt16[Array, " things"]
    """Moments since each thing was first seen, that one included; 0: never."""
    tried: UInt8[Array, "places 6"]
    """How often each key was pressed at each place."""
    place: Int[Array, ""]
    """Where the last key was pressed."""


class Known(NamedTuple):
    """What is told of a moment."""

    ages: Float[Array, " cells"]
    """How long ago what stands on a cell was first seen: 0 never, .25 a key ago, towards 1 as it ages."""
    tried: Float[Array, 6]
    """How often each key was pressed in this very moment: 0, .25, .4, .5 for never, once, twice, thrice."""


def blank() -> Familiar:
    """Before anything was seen."""
    return Familiar(jnp.zeros(THINGS, jnp.uint16), jnp.zeros((PLACES, KEYS), jnp.uint8), jnp.int32(0))


def recognise(
    was: Familiar, observation: dict[str, Array], action: Int[Array, ""], begun: Bool[Array, ""]
) -> tuple[Familiar, Known]:
    """What is kept from now on, and what is told now, `action` having led here."""
    first = jnp.where(begun, 0, was.first)
    pressed = was.tried.at[was.place, action].set(jnp.minimum(was.tried[was.place, action], MOST - 1) + 1)
    tried = jnp.where(begun, 0, pressed)
    patch = observation["patch"].reshape(-1, 3).astype(jnp.int32)
    things = patch[:, 0] * CELL_SIZES[1] + patch[:, 1]
    age = first[things].astype(jnp.float32)
    ages = jnp.where(age > 0, 1.0 - 0.75 * jnp.exp((1.0 - age) / FADING), 0.0)
    here = jnp.zeros(THINGS, bool).at[things].set(True)
    first = jnp.where((first > 0) | here, jnp.minimum(first, OLDEST) + 1, 0).astype(jnp.uint16)
    at = place(observation)
    known = Known(ages, jnp.log2(1.0 + tried[at].astype(jnp.float32)) / 4)
    return Familiar(first, tried.astype(jnp.uint8), at), known


def place(observation: dict[str, Array]) -> Int[Array, ""]:
    """A number below PLACES, the same for the same moment (multiply-shift, Dietzfelbinger et al. 1997)."""
    total = jnp.uint32(0)
    for number, name in enumerate(("patch", "ids", "senses")):
        if name in observation:
            values = observation[name].reshape(-1).astype(jnp.uint32)
            odd = np.random.default_rng(number).integers(0, 2**31, len(values), np.uint32) * 2 + 1
            total = total + (values * odd).sum(dtype=jnp.uint32)
    return (total >> 16).astype(jnp.int32) % PLACES
