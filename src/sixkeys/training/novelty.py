"""What have I not seen yet in this episode? A small bonus for the first sight of a patch, for learning alone.

After the episodic counts of Raileanu & Rocktäschel (2020). The bonus never enters a reported reward, nor the
world model's idea of reward.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import numpy as np

from sixkeys.contract import Moment


class Novelty:
    """Which patches each seat has seen since its episode began. Keeps state."""

    def __init__(self, seats: int):
        self.seen: list[set[int]] = [set() for _ in range(seats)]

    def look(self, now: Moment) -> np.ndarray:
        """bool [seats]: this patch is new in its episode; False on a first observation: no key earned it."""
        new = np.zeros(len(self.seen), bool)
        for seat, patch in enumerate(now.observation["patch"]):
            code = zlib.crc32(patch.tobytes())
            if now.begun[seat]:
                self.seen[seat] = {code}
            elif code not in self.seen[seat]:
                self.seen[seat].add(code)
                new[seat] = True
        return new

    def state(self) -> dict[str, np.ndarray]:
        """Everything as arrays, for a checkpoint."""
        pairs = [(seat, code) for seat, codes in enumerate(self.seen) for code in sorted(codes)]
        return {"codes": np.array(pairs, np.int64).reshape(-1, 2)}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        self.seen = [set() for _ in self.seen]
        for seat, code in state["codes"].tolist():
            self.seen[seat].add(code)
