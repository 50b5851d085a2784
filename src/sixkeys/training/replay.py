"""What is worth seeing again? A bounded store of chunks in which rare successes are not forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


class Replay:
    """Ring buffers of chunks (trees of arrays without the rows axis). Keeps state.

    Half of the room is for chunks that hold a success, so frequent failures never push out rare successes; a
    sample draws from both halves alike while both hold something.
    """

    def __init__(self, size: int):
        self.size = max(2, size)
        self.rooms: tuple[list[dict[str, np.ndarray]], ...] = ([], [])
        self.next = [0, 0]

    def __len__(self) -> int:
        return sum(len(room) for room in self.rooms)

    def add(self, rows: Mapping[str, np.ndarray], solved: np.ndarray) -> None:
        """Adds each row of flat arrays [rows, ...]; `solved` (bool [rows]) says which hold a success."""
        limit = self.size // 2
        for row, room_index in enumerate(solved.astype(int)):
            room, item = self.rooms[room_index], {name: array[row].copy() for name, array in rows.items()}
            if len(room) < limit:
                room.append(item)
            else:
                room[self.next[room_index]] = item
            self.next[room_index] = (self.next[room_index] + 1) % limit

    def sample(self, rows: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Flat arrays [rows, ...], drawn with replacement. Raises ValueError while empty."""
        full = [room for room in self.rooms if room]
        if not full:
            raise ValueError("nothing to replay yet; add experience first")
        drawn = [full[i % len(full)][int(rng.integers(len(full[i % len(full)])))] for i in range(rows)]
        return {name: np.stack([item[name] for item in drawn]) for name in drawn[0]}

    def state(self) -> dict[str, np.ndarray]:
        """Everything as arrays, for a checkpoint."""
        state: dict[str, np.ndarray] = {"next": np.array(self.next, np.int64)}
        for index, room in enumerate(self.rooms):
            for name in room[0] if room else ():
                state[f"{index}/{name}"] = np.stack([item[name] for item in room])
        return state

    def restore(self, state: Mapping[str, Any]) -> None:
        self.next = [int(n) for n in state["next"]]
        for index, room in enumerate(self.rooms):
            names = [key.split("/", 1)[1] for key in state if key.startswith(f"{index}/")]
            count = len(state[f"{index}/{names[0]}"]) if names else 0
            room[:] = [{name: np.array(state[f"{index}/{name}"][i]) for name in names} for i in range(count)]
