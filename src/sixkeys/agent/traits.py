"""What drives me? Four traits condition the policy; they move a little at a time and only inside limits."""

from __future__ import annotations

import math
from typing import NamedTuple

TRAITS = 4
LOW, HIGH = 0.0, 1.0
STRIDE = 0.1
"""The most that one adjustment may move a trait."""


class Traits(NamedTuple):
    """Drives in [0, 1]."""

    curiosity: float = 0.5
    """Weight of being surprised."""
    caution: float = 0.5
    """Weight of risk when planning; scales the safety penalty."""
    persistence: float = 0.5
    sociality: float = 0.5


def adjust(traits: Traits, wish: Traits) -> Traits:
    """One step of `traits` towards `wish`: at most STRIDE a trait, never outside [LOW, HIGH].

    >>> adjust(Traits(caution=0.95), Traits(caution=9.0)).caution
    1.0
    """

    def move(now: float, goal: float) -> float:
        if math.isnan(goal):  # a wish that is not a number moves nothing
            return now
        return min(HIGH, max(LOW, now + min(STRIDE, max(-STRIDE, goal - now))))

    return Traits(*(move(now, goal) for now, goal in zip(traits, wish, strict=True)))
