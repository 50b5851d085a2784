"""What happened when I saw something like this? A bounded store of deeds and outcomes, recalled by likeness.

In: moments, keys. Out: the nearest entries, float32 [seats, 4, 8] = (similarity, outcome, which key). It
lives as long as a run and its checkpoints; lasting.py keeps entries beyond.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sixkeys.contract import KEYS, RECALLED, Moment, Observation
from sixkeys.memory.likeness import WIDTH, Likeness


class Episodic:
    """Ring of `size` entries. Keeps state. An episode's deeds enter when it ends, with what came of it.

    `outcome` is 1 for a deed of a solved episode, -1 for one of an unsolved episode.
    """

    def __init__(self, seats: int, size: int = 2048, seed: int = 0):
        self.likeness = Likeness(seed)
        self.vectors = np.zeros((size, WIDTH), np.float32)
        self.values = np.zeros((size, 1 + KEYS), np.float32)
        self.count = 0
        self.open: list[list[tuple[np.ndarray, int]]] = [[] for _ in range(seats)]

    def project(self, observation: Observation) -> np.ndarray:
        """float32 [seats, 64], unit length."""
        return self.likeness.vectors(observation)

    def recall(self, moment: Moment) -> np.ndarray:
        entries, recalled = (
            min(self.count, len(self.vectors)),
            np.zeros((len(moment.begun), *RECALLED), np.float32),
        )
        if not entries:
            return recalled
        near = self.project(moment.observation) @ self.vectors[:entries].T
        wanted = min(RECALLED[0], entries)
        best = np.argsort(-near, axis=1, kind="stable")[:, :wanted]
        recalled[:, :wanted, 0] = np.take_along_axis(near, best, 1)
        recalled[:, :wanted, 1:] = self.values[best]
        return recalled

    def remember(self, before: Moment, action: np.ndarray, after: Moment) -> None:
        vectors = self.project(before.observation)
        ended = after.outcome.terminated | after.outcome.truncated
        for seat in range(len(self.open)):
            if after.begun[seat]:
                self.open[seat].clear()
                continue
            self.open[seat].append((vectors[seat], int(action[seat])))
            if ended[seat]:
                self._close(seat, 1.0 if after.outcome.success[seat] else -1.0)

    def _close(self, seat: int, outcome: float) -> None:
        for vector, key in self.open[seat]:
            at = self.count % len(self.vectors)
            self.vectors[at], self.values[at] = vector, 0.0
            self.values[at, 0], self.values[at, 1 + key] = outcome, 1.0
            self.count += 1
        self.open[seat].clear()

    def state(self) -> dict[str, np.ndarray]:
        """Everything as arrays, for a checkpoint."""
        deeds = [(seat, *deed) for seat, deeds in enumerate(self.open) for deed in deeds]
        return {
            "vectors": self.vectors.copy(), "values": self.values.copy(), "count": np.array(self.count),
            "open_seat": np.array([d[0] for d in deeds], np.int64),
            "open_key": np.array([d[2] for d in deeds], np.int64),
            "open_vector": np.array([d[1] for d in deeds], np.float32).reshape(-1, WIDTH),
        }  # fmt: skip

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        self.vectors, self.values = np.array(state["vectors"]), np.array(state["values"])
        self.count = int(state["count"])
        self.open = [[] for _ in self.open]
        for seat, key, vector in zip(
            state["open_seat"], state["open_key"], state["open_vector"], strict=True
        ):
            self.open[int(seat)].append((np.array(vector), int(key)))
