"""A small real world for the bench's tests: walk to a corridor's end, then open the door that a colour names.

Length and colour come from the seed; every answer (shortest solution, offered keys) can be checked by head.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sixkeys.contract import (
    DESCRIPTOR,
    IDS,
    KEYS,
    SIDE,
    TEST_SEEDS,
    Observation,
    Outcome,
    Seen,
    Thought,
    WorldSpec,
    descriptor,
)  # fmt: skip
from sixkeys.envs.pool import Pool, SeedOf

WAIT, BACK, FORWARD, LEFT_DOOR, RIGHT_DOOR, LOOK = range(KEYS)
CAP = 12


def length_of(seed: int) -> int:
    return 1 + seed % 4


def colour_of(seed: int) -> int:
    """1: the left door is right, 2: the right one."""
    return 1 + (seed // 4) % 2


class Corridor:
    """Keeps state: seed, position and keys pressed of each seat."""

    def __init__(self, seats: int, world: int = 1, max_steps: int = CAP):
        names = ("WAIT", "BACK", "FORWARD", "LEFT_DOOR", "RIGHT_DOOR", "LOOK")
        self.world_spec = WorldSpec(f"corridor{world}", world, names, max_steps)
        self.seats, self.world = seats, world
        self.seed, self.place, self.pressed = np.zeros((3, seats), np.int64)
        self.seeds_seen: list[int] = []

    def reset(self, rows: np.ndarray, seeds: np.ndarray) -> None:
        self.seed[rows], self.place[rows], self.pressed[rows] = seeds[rows], 0, 0
        self.seeds_seen += seeds[rows].tolist()

    def offered(self) -> np.ndarray:
        length = 1 + self.seed % 4
        end = self.place == length
        true, false = np.ones(self.seats, bool), np.zeros(self.seats, bool)
        return np.stack([true, self.place > 0, ~end, end, end, false], 1)

    def step(self, actions: np.ndarray, rows: np.ndarray) -> Outcome:
        valid = self.offered()[np.arange(self.seats), actions] & rows
        self.pressed += rows
        self.place += np.where(valid & (actions == FORWARD), 1, 0) - np.where(valid & (actions == BACK), 1, 0)
        door = valid & ((actions == LEFT_DOOR) | (actions == RIGHT_DOOR))
        success = door & (actions == self.door())
        reward = np.where(success, 1.0, np.where(door, -1.0, 0.0)).astype(np.float32)
        truncated = rows & ~door & (self.pressed >= self.world_spec.max_steps)
        return Outcome(reward, door, truncated, rows & ~valid, success, door & ~success)

    def door(self) -> np.ndarray:
        return np.where((self.seed // 4) % 2 == 0, LEFT_DOOR, RIGHT_DOOR)

    def observe(self) -> tuple[Observation, np.ndarray]:
        patch = np.zeros((self.seats, SIDE, SIDE, 3), np.uint8)
        patch[:, 3, :] = patch[:, 5, :] = (2, 0, 0)
        length = 1 + self.seed % 4
        for seat in range(self.seats):
            ahead = length[seat] - self.place[seat]
            patch[seat, 4, : 5 + ahead, 0] = 1
            patch[seat, 4, 5 + ahead :] = (3, 0, 1)
        patch[:, 4, 4, 0] = 4
        patch[:, 4, 4, 1] = 1 + (self.seed // 4) % 2
        ids = np.zeros((self.seats, IDS), np.int32)
        ids[:, 0], ids[:, 1], ids[:, 3] = self.world, length, np.arange(self.seats) % 16
        energy = (1 - self.pressed / self.world_spec.max_steps).astype(np.float32)[:, None]
        card = np.broadcast_to(descriptor(length=0.1), (self.seats, DESCRIPTOR)).copy()
        return Observation(patch=patch, energy=energy, ids=ids, env_desc=card), self.offered()

    def oracle(self) -> np.ndarray:
        return np.where(self.place < 1 + self.seed % 4, FORWARD, self.door())

    def oracle_steps(self) -> np.ndarray:
        return 2 + self.seed % 4

    def families(self) -> list[str]:
        return [f"length_{1 + seed % 4}" for seed in self.seed]

    def screen(self, seat: int) -> str:
        length, place = length_of(self.seed[seat]), self.place[seat]
        return f"corridor of {length}\n" + "." * place + "@" + "." * (length - place) + f"]\nplace {place}"

    def state(self) -> dict[str, np.ndarray]:
        return {name: getattr(self, name).copy() for name in ("seed", "place", "pressed")}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        for name in ("seed", "place", "pressed"):
            setattr(self, name, np.array(state[name]))

    def close(self) -> None:
        self.closed = True


class Endless(Corridor):
    """A broken world: it never truncates."""

    def step(self, actions: np.ndarray, rows: np.ndarray) -> Outcome:
        return super().step(actions, rows)._replace(truncated=np.zeros(self.seats, bool))


def make_pool(seed_of: SeedOf) -> Pool:
    return Pool([Corridor(8)], seed_of)


class Reader:
    """Reads place and colour off the patch and never fails; its mind counts turns."""

    def begin(self, seats: int, seed: int) -> int:
        return 0

    def think(self, seen: Seen, mind: Any) -> tuple[Thought, Any]:
        row = seen.observation["patch"][:, 4]
        at_end = row[:, 5, 0] == 3
        action = np.where(at_end, np.where(row[:, 4, 1] == 1, LEFT_DOOR, RIGHT_DOOR), FORWARD)
        return self.thought(seen, action), mind + 1

    def thought(self, seen: Seen, action: np.ndarray) -> Thought:
        free = np.full((len(action), KEYS), 0.02, np.float32)
        free[np.arange(len(action)), action] = 0.9
        sure = np.full(len(action), 0.75, np.float32)
        return Thought(
            action.astype(np.int32), free, sure, np.full((len(action), KEYS), 0.6, np.float32), sure
        )


class HintFollower(Reader):
    """Presses the LAST offered key: masked, it walks to the end and opens the right-hand door."""

    def think(self, seen: Seen, mind: Any) -> tuple[Thought, Any]:
        action = KEYS - 1 - seen.offered[:, ::-1].argmax(axis=1)
        return self.thought(seen, action), mind


__all__ = ["CAP", "TEST_SEEDS", "Corridor", "Endless", "HintFollower", "Reader", "make_pool"]
