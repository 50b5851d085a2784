"""How alike are two observations? A fixed random projection, so that what was kept stays comparable while
weights change.

In: observations. Out: unit vectors, float32 [seats, 64]; their product is the likeness, 1 for the same.
"""

from __future__ import annotations

import numpy as np

from sixkeys.contract import CELL_SIZES, IDS, SIDE, Observation

WIDTH = 64
"""Length of a vector."""


class Likeness:
    """The projection that a seed draws. The same seed gives the same vectors in every run."""

    def __init__(self, seed: int = 0):
        rng = np.random.default_rng(seed)
        self.cells = rng.standard_normal((SIDE * SIDE, sum(CELL_SIZES), WIDTH)).astype(np.float32)
        self.ids = rng.standard_normal((IDS - 1, 16, WIDTH)).astype(np.float32)

    def vectors(self, observation: Observation) -> np.ndarray:
        """float32 [seats, 64], unit length: of cells and ids (seat left out)."""
        patch = observation["patch"].reshape(len(observation["patch"]), -1, 3).astype(np.int64)
        offsets = np.array([0, CELL_SIZES[0], CELL_SIZES[0] + CELL_SIZES[1]])
        cells = np.arange(SIDE * SIDE)[None, :, None]
        vector = self.cells[cells, patch + offsets].sum((1, 2))
        vector += 3.0 * self.ids[np.arange(IDS - 1), observation["ids"][:, : IDS - 1]].sum(1)
        vector -= vector.mean(1, keepdims=True)
        return vector / (np.linalg.norm(vector, axis=1, keepdims=True) + 1e-6)
