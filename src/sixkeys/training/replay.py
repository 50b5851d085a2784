"""What is worth seeing again? Bounded stores in which what is rare, or long ago, is not forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

GROUP_BYTES = 2
"""What the group of a kept row is counted as."""


class Replay:
    """Ring buffers of chunks (trees of arrays without the rows axis). Keeps state.

    Chunks of each part (those that hold a success, those that do not) have as much room, so frequent failures
    never push out rare successes; a sample draws alike from all parts that hold something.
    """

    def __init__(self, size: int, parts: int = 2):
        self.limit = max(1, size // parts)
        self.rooms: tuple[list[dict[str, np.ndarray]], ...] = tuple([] for _ in range(parts))
        self.next = [0] * parts

    def __len__(self) -> int:
        return sum(len(room) for room in self.rooms)

    def add(self, rows: Mapping[str, np.ndarray], part: np.ndarray) -> None:
        """Adds each row of flat arrays [rows, ...]; `part` (int [rows]) says where it belongs."""
        for row, room_index in enumerate(part.tolist()):
            room, item = self.rooms[room_index], {name: array[row].copy() for name, array in rows.items()}
            if len(room) < self.limit:
                room.append(item)
            else:
                room[self.next[room_index]] = item
            self.next[room_index] = (self.next[room_index] + 1) % self.limit

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


class Balanced:
    """Rows of many groups within a budget of bytes. Keeps state.

    Class-balancing reservoir sampling (Chrysakis & Moens 2020): while there is room everything is kept; then
    a row of a group that is not the largest takes the place of one of the largest, and the largest stays a
    uniform sample of what it has met. One group alone is plain reservoir sampling (Vitter 1985).
    """

    def __init__(self, budget: int):
        self.budget = budget
        self.rows: dict[str, np.ndarray] = {}
        """Arrays [room, ...]; room is known when the first rows come."""
        self.slots: dict[int, list[int]] = {}
        """Group -> the places of its rows, in `rows`."""
        self.met: dict[int, int] = {}
        """Group -> how many of its rows have come by."""

    def __len__(self) -> int:
        return sum(map(len, self.slots.values()))

    @property
    def room(self) -> int:
        """How many rows there may be; 0 before the first came."""
        return len(next(iter(self.rows.values()))) if self.rows else 0

    @property
    def bytes(self) -> int:
        """Of the rows that are kept, and two for the group of each."""
        return len(self) * (sum(array[:1].nbytes for array in self.rows.values()) + GROUP_BYTES)

    def add(self, rows: Mapping[str, np.ndarray], groups: np.ndarray, rng: np.random.Generator) -> None:
        """Offers each row of arrays [rows, ...]; `groups` (int [rows]) says where each belongs.

        Raises ValueError where not even one row fits the budget.
        """
        if not self.rows:
            each = sum(array[:1].nbytes for array in rows.values()) + GROUP_BYTES
            if each > self.budget:
                raise ValueError(f"a row has {each} bytes, the budget is {self.budget}; raise it")
            self.rows = {n: np.zeros((self.budget // each, *a.shape[1:]), a.dtype) for n, a in rows.items()}
        for row, group in enumerate(groups.tolist()):
            self.met[group] = self.met.get(group, 0) + 1
            slot = self._slot(group, rng)
            if slot is not None:
                for name, array in rows.items():
                    self.rows[name][slot] = array[row]

    def _slot(self, group: int, rng: np.random.Generator) -> int | None:
        """Where the next row of `group` goes; None where it is not kept."""
        own = self.slots.setdefault(group, [])
        if (used := len(self)) < self.room:
            own.append(used)
            return used
        largest = max(self.slots.values(), key=len)
        if len(own) == len(largest):
            drawn = int(rng.integers(self.met[group]))
            return own[drawn] if drawn < len(own) else None
        own.append(largest.pop(int(rng.integers(len(largest)))))
        return own[-1]

    def sample(self, rows: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Arrays [rows, ...], drawn with replacement, each group as often. Raises ValueError while empty."""
        full = [slots for _, slots in sorted(self.slots.items()) if slots]
        if not full:
            raise ValueError("nothing to replay yet; add experience first")
        picks = rng.integers(len(full), size=rows), rng.random(rows)
        drawn = [full[group][int(where * len(full[group]))] for group, where in zip(*picks, strict=True)]
        return {name: array[drawn] for name, array in self.rows.items()}

    def state(self) -> dict[str, np.ndarray]:
        """Everything as arrays, for a checkpoint."""
        groups = [(group, slot) for group, slots in self.slots.items() for slot in slots]
        met = np.array(list(self.met.items()), np.int64).reshape(-1, 2)
        kept = {f"rows/{name}": array.copy() for name, array in self.rows.items()}
        return {"slots": np.array(groups, np.int64).reshape(-1, 2), "met": met, **kept}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.met = {int(group): int(count) for group, count in state["met"]}
        self.slots = {group: [] for group in self.met}
        for group, slot in state["slots"].tolist():
            self.slots[group].append(slot)
        self.rows = {n.split("/", 1)[1]: np.array(a) for n, a in state.items() if n.startswith("rows/")}
