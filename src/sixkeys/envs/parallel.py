"""Can any library of the field train on these worlds? A World through PettingZoo's parallel interface.

Each seat is an agent with our observation and six keys; all begin together, and one that has ended leaves.
What is offered stands in `info["action_mask"]`. Not covered: rendering, and seats that begin again alone,
for which `envs.pool.Pool` is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import numpy as np

from sixkeys.contract import Observation, World, action_space, observation_space

Dicts = tuple[dict[str, Observation], dict, dict, dict, dict]
"""Observation, reward, terminated, truncated and info of each agent that was there."""


class ParallelEnv:
    """The seats of a world as agents `seat_0`, `seat_1`, and so on. Keeps state: the world, who is there.

    PettingZoo need not be installed: its checkers and wrappers ask for these methods and no base class.
    """

    render_mode = None

    def __init__(self, world: World):
        self.world = world
        self.metadata = {"name": world.world_spec.name, "render_modes": []}
        self.possible_agents = [f"seat_{seat}" for seat in range(world.seats)]
        self.agents: list[str] = []
        self._spaces = [
            {agent: make() for agent in self.possible_agents}
            for make in (lambda: observation_space(world.world_spec.senses), action_space)
        ]
        self._random = np.random.default_rng()

    @property
    def unwrapped(self) -> ParallelEnv:
        return self

    @property
    def num_agents(self) -> int:
        return len(self.agents)

    @property
    def max_num_agents(self) -> int:
        return len(self.possible_agents)

    def observation_space(self, agent: str) -> gym.Space:
        return self._spaces[0][agent]

    def action_space(self, agent: str) -> gym.Space:
        return self._spaces[1][agent]

    def reset(self, seed: int | None = None, options: Mapping | None = None) -> tuple[dict, dict]:
        """Seat s begins from seed + s; without a seed, from one that is drawn. `options` are not used."""
        if seed is not None:
            self._random = np.random.default_rng(seed)
        first = int(self._random.integers(2**31)) if seed is None else seed
        everyone = np.ones(self.world.seats, bool)
        self.world.reset(everyone, first + np.arange(self.world.seats))
        self.agents = list(self.possible_agents)
        return self._seen(everyone)

    def step(self, actions: Mapping[str, Any]) -> Dicts:
        """One key of every agent that is there; raises KeyError where one is missing."""
        rows = np.isin(self.possible_agents, self.agents)
        keys = np.array(
            [actions[a] if there else 0 for a, there in zip(self.possible_agents, rows)], np.int64
        )
        outcome = self.world.step(keys, rows)
        seen, info = self._seen(rows)
        for seat, agent in enumerate(self.possible_agents):
            if agent in info:
                info[agent] |= {
                    "success": bool(outcome.success[seat]),
                    "invalid": bool(outcome.invalid[seat]),
                }
        columns = (outcome.reward.astype(float), outcome.terminated, outcome.truncated)
        reward, terminated, truncated = (
            {a: column[i].item() for i, a in self._at(rows)} for column in columns
        )
        self.agents = [a for a in self.agents if not (terminated[a] or truncated[a])]
        return seen, reward, terminated, truncated, info

    def _at(self, rows: np.ndarray) -> list[tuple[int, str]]:
        return [(int(seat), self.possible_agents[seat]) for seat in np.flatnonzero(rows)]

    def _seen(self, rows: np.ndarray) -> tuple[dict[str, Observation], dict[str, dict[str, Any]]]:
        observation, offered = self.world.observe()
        columns: dict[str, Any] = dict(observation)
        seen = {a: Observation(**{n: v[i] for n, v in columns.items()}) for i, a in self._at(rows)}
        return seen, {a: {"action_mask": offered[i]} for i, a in self._at(rows)}

    def render(self) -> str:
        """All seats as text."""
        return "\n\n".join(self.world.screen(seat) for seat in range(self.world.seats))

    def close(self) -> None:
        self.world.close()
