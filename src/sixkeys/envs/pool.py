"""How do many seats act at once? A pool steps every seat of its worlds and begins anew after an end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain, pairwise
from typing import Any

import gymnasium as gym
import numpy as np

from sixkeys.contract import DESCRIPTOR, IDS, KEYS, SIDE, Moment, Observation, Outcome, World, WorldSpec

SeedOf = Callable[[int, int], int]
"""(seat, episode) -> seed."""


class Pool:
    """Rows of seats over one or more worlds. Keeps state: the worlds and how many episodes each seat began.

    Sense tokens are padded to the widest world's, or to `senses` where that is more, so every moment of a
    pool has the same shapes.
    """

    def __init__(self, worlds: Sequence[World], seed_of: SeedOf, senses: int = 0):
        self.worlds = list(worlds)
        self.seed_of = seed_of
        self.seats = sum(world.seats for world in self.worlds)
        self.senses = max(senses, *(world.world_spec.senses for world in self.worlds))
        edges = np.cumsum([0] + [world.seats for world in self.worlds])
        self.slices = [slice(int(a), int(b)) for a, b in pairwise(edges)]
        self.episode = np.full(self.seats, -1, np.int64)
        self.ended = np.ones(self.seats, bool)

    def reset(self) -> Moment:
        """Begins a new episode in every seat."""
        self.ended[:] = True
        return self.step(np.zeros(self.seats, np.int64))

    def step(self, actions: np.ndarray) -> Moment:
        """Presses one key a seat; a seat that had ended begins its next episode instead, its key ignored."""
        begun = self.ended.copy()
        self.episode[begun] += 1
        seeds = np.zeros(self.seats, np.int64)
        for seat in np.flatnonzero(begun):
            seeds[seat] = self.seed_of(int(seat), int(self.episode[seat]))
        outcomes, observations, offers = [], [], []
        for world, rows in zip(self.worlds, self.slices, strict=True):
            if begun[rows].any():
                world.reset(begun[rows], seeds[rows])
            outcomes.append(world.step(actions[rows], ~begun[rows]))
            observation, offered = world.observe()
            observations.append(self._seated(observation, rows))
            offers.append(offered)
        outcome = Outcome(*(np.concatenate(column) for column in zip(*outcomes, strict=True)))
        self.ended = outcome.terminated | outcome.truncated
        merged = {name: np.concatenate([o[name] for o in observations]) for name in observations[0]}
        return Moment(Observation(**merged), np.concatenate(offers), begun, outcome)

    def _seated(self, observation: Observation, rows: slice) -> Observation:
        seated = observation.copy()
        if self.senses:
            full = np.zeros((rows.stop - rows.start, self.senses, 4), np.int32)
            if "senses" in observation:
                full[:, : observation["senses"].shape[1]] = observation["senses"]
            seated["senses"] = full
        return seated

    def _each(self, method: str) -> list:
        return [getattr(world, method)() for world in self.worlds]

    def oracle(self) -> np.ndarray:
        """int [seats]: next key of a shortest solution."""
        return np.concatenate(self._each("oracle"))

    def oracle_steps(self) -> np.ndarray:
        """int [seats]: length of a shortest solution of the current episode."""
        return np.concatenate(self._each("oracle_steps"))

    def families(self) -> list[str]:
        return list(chain.from_iterable(self._each("families")))

    def specs(self) -> list[WorldSpec]:
        """The card of each seat's world."""
        return [world.world_spec for world in self.worlds for _ in range(world.seats)]

    def screen(self, seat: int) -> str:
        for world, rows in zip(self.worlds, self.slices, strict=True):
            if rows.start <= seat < rows.stop:
                return world.screen(seat - rows.start)
        raise IndexError(f"seat {seat} of a pool with {self.seats} seats")

    def state(self) -> dict[str, np.ndarray]:
        """Everything needed to go on, as arrays named `pool/...` and `world0/...`."""
        state = {"pool/episode": self.episode.copy(), "pool/ended": self.ended.copy()}
        for index, world in enumerate(self.worlds):
            state |= {f"world{index}/{name}": array for name, array in world.state().items()}
        return state

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        self.episode = np.array(state["pool/episode"])
        self.ended = np.array(state["pool/ended"])
        for index, world in enumerate(self.worlds):
            prefix = f"world{index}/"
            world.restore({name[len(prefix) :]: a for name, a in state.items() if name.startswith(prefix)})

    def close(self) -> None:
        for world in self.worlds:
            world.close()


class GymWorld:
    """Gymnasium environments that follow our contract, as a World. Keeps state: those, seeds, keys pressed.

    An environment with `begin(action)` and `finish()` (together its `step`) works on all seats at once
    between them. State is a replay: the seed of each episode and the keys pressed since, so it holds for any
    deterministic world.
    """

    def __init__(self, envs: Sequence[gym.Env]):
        # Any, since gym.Env cannot say that an environment has a card, an oracle, a family and a screen;
        # envs/check.py does.
        self.envs: list[Any] = [env.unwrapped for env in envs]
        self.seats = len(self.envs)
        self.world_spec: WorldSpec = self.envs[0].world_spec
        self.seeds = np.zeros(self.seats, np.int64)
        self.pressed: list[list[int]] = [[] for _ in self.envs]
        self.now: list[Observation] = [_blank(self.world_spec.senses) for _ in self.envs]
        self.infos: list[dict] = [{"action_mask": np.ones(KEYS, bool)} for _ in self.envs]
        self.shortest = np.zeros(self.seats, np.int64)

    def reset(self, rows: np.ndarray, seeds: np.ndarray) -> None:
        for seat in np.flatnonzero(rows):
            self.seeds[seat], self.pressed[seat] = seeds[seat], []
            self.now[seat], self.infos[seat] = self.envs[seat].reset(seed=int(seeds[seat]))
            self.shortest[seat] = self.infos[seat]["oracle_steps"]

    def step(self, actions: np.ndarray, rows: np.ndarray) -> Outcome:
        outcome = Outcome(np.zeros(self.seats, np.float32), *(np.zeros(self.seats, bool) for _ in range(5)))
        seats = np.flatnonzero(rows)
        for seat in seats:
            self.pressed[seat].append(int(actions[seat]))
            if hasattr(self.envs[seat], "begin"):
                self.envs[seat].begin(int(actions[seat]))
        for seat in seats:
            env = self.envs[seat]
            result = env.finish() if hasattr(env, "begin") else env.step(int(actions[seat]))
            self.now[seat], reward, terminated, truncated, self.infos[seat] = result
            info = self.infos[seat]
            harm = info.get("harm", terminated and not info["success"])
            row = (reward, terminated, truncated, info["invalid"], info["success"], harm)
            for column, value in zip(outcome, row, strict=True):
                column[seat] = value
        return outcome

    def observe(self) -> tuple[Observation, np.ndarray]:
        merged = {name: np.stack([now[name] for now in self.now]) for name in self.now[0]}
        return Observation(**merged), np.stack([info["action_mask"] for info in self.infos])

    def oracle(self) -> np.ndarray:
        return np.array([env.oracle() for env in self.envs], np.int64)

    def oracle_steps(self) -> np.ndarray:
        return self.shortest.copy()

    def families(self) -> list[str]:
        return [env.family for env in self.envs]

    def screen(self, seat: int) -> str:
        return self.envs[seat].screen()

    def state(self) -> dict[str, np.ndarray]:
        lengths = np.array([len(keys) for keys in self.pressed], np.int64)
        keys = np.array([key for keys in self.pressed for key in keys], np.int64)
        return {"seeds": self.seeds.copy(), "lengths": lengths, "keys": keys}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        self.reset(np.ones(self.seats, bool), state["seeds"])
        ends = np.cumsum(state["lengths"])
        for turn in range(int(state["lengths"].max(initial=0))):
            rows = turn < state["lengths"]
            at = np.where(rows, ends - state["lengths"] + turn, 0)
            self.step(state["keys"][at], rows)

    def close(self) -> None:
        for env in self.envs:
            env.close()


def _blank(senses: int) -> Observation:
    blank = Observation(
        patch=np.zeros((SIDE, SIDE, 3), np.uint8), energy=np.zeros(1, np.float32),
        ids=np.zeros(IDS, np.int32), env_desc=np.zeros(DESCRIPTOR, np.float32),
    )  # fmt: skip
    if senses:
        blank["senses"] = np.zeros((senses, 4), np.int32)
    return blank
