"""What if one task came after another? `changed("chain20", world)`: twenty tasks in one episode.

An episode is solved where all of its tasks are, and lost with the first that is lost. A task begins where
the one before it was solved, in the same seat, with a budget of its own, which is what `energy` shows;
rewards are the tasks'. The shortest solution is all of theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from sixkeys.contract import TEST_SEEDS, Observation, Outcome, World, episode_seed

MOST = 10_000
"""Tasks of one episode, at most."""


class Chained:
    """A World around a world. Keeps state: each seat's seed, which task it is at, keys of a shortest way."""

    def __init__(self, world: World, tasks: int):
        if not 1 <= tasks <= MOST:
            raise ValueError(f"a chain of {tasks} tasks; 1 to {MOST} are possible")
        spec = world.world_spec
        self.world, self.seats, self.tasks = world, world.seats, tasks
        self.world_spec = replace(spec, name=f"{spec.name}~chain{tasks}", max_steps=tasks * spec.max_steps)
        self.seed, self.at, self.keys = np.zeros((3, self.seats), np.int64)

    def reset(self, rows: np.ndarray, seeds: np.ndarray) -> None:
        """Every task is begun once, from the last to the first, to know its shortest way; one that has none
        (-1) leaves the chain without."""
        self.seed[rows], self.keys[rows] = seeds[rows], 0
        for task in reversed(range(self.tasks)):
            self.at[rows] = task
            self._begin(rows)
            steps = self.world.oracle_steps()
            self.keys[rows] = np.where((steps < 0) | (self.keys < 0), -1, self.keys + steps)[rows]

    def _begin(self, rows: np.ndarray) -> None:
        """Begins the task that each of `rows` is at."""
        seeds = np.zeros(self.seats, np.int64)
        for seat in np.flatnonzero(rows):
            seed = int(self.seed[seat])
            seeds[seat] = episode_seed(seed, 0, int(self.at[seat]), test=seed >= TEST_SEEDS)
        self.world.reset(rows, seeds)

    def step(self, actions: np.ndarray, rows: np.ndarray) -> Outcome:
        outcome = self.world.step(actions, rows)
        more = rows & outcome.success & (self.at < self.tasks - 1)
        if not more.any():
            return outcome
        self.at[more] += 1
        self._begin(more)
        ends, late, won = (np.where(more, False, column) for column in
                           (outcome.terminated, outcome.truncated, outcome.success))  # fmt: skip
        return outcome._replace(terminated=ends, truncated=late, success=won)

    def observe(self) -> tuple[Observation, np.ndarray]:
        return self.world.observe()

    def oracle(self) -> np.ndarray:
        return self.world.oracle()

    def oracle_steps(self) -> np.ndarray:
        return self.keys.copy()

    def families(self) -> list[str]:
        return self.world.families()

    def screen(self, seat: int) -> str:
        return f"task {self.at[seat] + 1} of {self.tasks}\n{self.world.screen(seat)}"

    def state(self) -> dict[str, np.ndarray]:
        own = {"chain_seed": self.seed.copy(), "chain_at": self.at.copy(), "chain_keys": self.keys.copy()}
        return {**own, **self.world.state()}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        self.seed, self.at = np.array(state["chain_seed"]), np.array(state["chain_at"])
        self.keys = np.array(state["chain_keys"])
        self.world.restore({name: part for name, part in state.items() if not name.startswith("chain_")})

    def close(self) -> None:
        self.world.close()
