"""Which worlds are played next? Those whose success changes fastest, and each of the others now and then.

Learning progress after Schmidhuber (1991) and Oudeyer et al. (2007): how far a short mean of success is from
a long one. A world that is learnt, or too hard, has none, and is drawn at a floor, which is higher for what
is not learnt: what was too hard may become easy, and what was learnt is seen to be forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

SHORT, LONG = 60.0, 400.0
"""Episodes over which success is a mean."""
FLOOR, LEARNT = 0.15, 0.03
"""Progress that a world has at least, in passes an episode, where nothing and where everything is solved."""


class Sampler:
    """Draws worlds. Keeps state: a short and a long mean of success of each.

    weights: how much each world counts where all learn alike.
    """

    def __init__(self, weights: np.ndarray, at_once: int):
        self.weights, self.at_once = np.asarray(weights, float), at_once
        if not 1 <= at_once <= len(self.weights):
            raise ValueError(f"{at_once} worlds at once of {len(self.weights)}; 1 to all are possible")
        self.short, self.long = np.zeros(len(self.weights)), np.zeros(len(self.weights))

    def tell(self, world: int, success: np.ndarray) -> None:
        """Takes the outcomes of episodes of one world, in order."""
        for solved in success:
            self.short[world] += (solved - self.short[world]) / SHORT
            self.long[world] += (solved - self.long[world]) / LONG

    def shares(self) -> np.ndarray:
        """float [worlds]: the chance of each to be drawn first."""
        floor = FLOOR + (LEARNT - FLOOR) * self.short
        progress = self.weights * (floor + np.abs(self.short - self.long))
        return progress / progress.sum()

    def draw(self, rng: np.random.Generator) -> list[int]:
        """`at_once` different worlds, in ascending order."""
        return sorted(map(int, rng.choice(len(self.weights), self.at_once, replace=False, p=self.shares())))

    def state(self) -> dict[str, np.ndarray]:
        """Everything as arrays, for a checkpoint."""
        return {"short": self.short.copy(), "long": self.long.copy()}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        self.short, self.long = np.array(state["short"]), np.array(state["long"])
