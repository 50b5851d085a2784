"""How do many foreign agents become seats? Games of a parallel environment as one World, a row an agent.

Row g * agents + a is agent a of game g. PettingZoo's parallel environments, and Gymnasium environments whose
actions and observations are Tuples with a part for each agent, which are read as such.

All seats of a game begin together, from the seed of its first row, press together and end together: `reset`
and `step` take whole games, and raise ValueError on parts of one, so of the conformance kit's laws *alone*
and *still* do not apply. An agent that leaves early has ended for itself: its seat shows what it saw last, is
offered key 0, which does nothing, and keeps its own `terminated` for the end of the game. A game waits for
nobody: whose key is not offered does the first action that is (in most packages: nothing). Patch, keys,
energy, reward and success of a seat are as in adapters.py, with the limit in keys of a seat.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np

from sixkeys.contract import ID_SIZES, KEYS, SIDE, Observation, Outcome, WorldSpec, bucket
from sixkeys.envs.adapter_views import View, view_of
from sixkeys.envs.adapters import KeyMap, describe, is_fresh, key_map, longest, mask_of, plain_text, succeeded

WORLD = 8
"""The number in `ids` of wrapped parallel environments."""


class Turn(NamedTuple):
    """What one joint action of a game led to, each a dict with an entry an agent that was there."""

    seen: Mapping
    reward: Mapping
    terminated: Mapping
    truncated: Mapping
    info: Mapping


class _TupleGame:
    """A Gymnasium environment of Tuples through PettingZoo's parallel interface."""

    def __init__(self, env: gym.Env):
        self.env: Any = env
        self.possible_agents = list(range(len(self.env.action_space)))
        self.agents: list[int] = []

    def observation_space(self, agent: int) -> Any:
        return self.env.observation_space[agent]

    def action_space(self, agent: int) -> Any:
        return self.env.action_space[agent]

    def reset(self, seed: int | None = None) -> tuple[dict, dict]:
        seen, info = self.env.reset(seed=seed)
        self.agents = list(self.possible_agents)
        return dict(enumerate(seen)), dict.fromkeys(self.agents, info)

    def step(self, actions: Mapping[int, Any]) -> tuple[Mapping, ...]:
        seen, reward, terminated, truncated, info = self.env.step(tuple(actions[a] for a in self.agents))
        columns = [
            dict(zip(self.agents, column)) for column in (seen, np.broadcast_to(reward, len(self.agents)))
        ]
        ends = [dict.fromkeys(self.agents, bool(np.all(end))) for end in (terminated, truncated)]
        told = dict.fromkeys(self.agents, info)
        if np.all(terminated) or np.all(truncated):
            self.agents = []
        return (*columns, *ends, told)

    def close(self) -> None:
        self.env.close()


def _game(env: Any) -> Any:
    if isinstance(env, gym.Env):
        return _TupleGame(env)
    if not hasattr(env, "possible_agents") or hasattr(env, "agent_iter"):
        raise ValueError(
            f"{env} is not a parallel environment; where agents take turns, pass "
            "pettingzoo.utils.conversions.aec_to_parallel(env)"
        )
    return env


def agents_of(env: Any) -> int:
    """How many seats a game has."""
    return len(_game(env).possible_agents)


class ParallelWorld:
    """Games of one parallel environment as a `World`. Keeps state: the games, their seeds, keys pressed."""

    def __init__(
        self,
        envs: Sequence[Any],
        keys: Sequence[Any] | None = None,
        names: Sequence[str] | None = None,
        view: View | None = None,
        max_steps: int | None = None,
        reward_scale: float | None = None,
        fresh: bool | None = None,
    ):
        """`envs`: alike; the rest as in AdaptedEnv, the same for all agents."""
        self.games = [_game(env) for env in envs]
        self.agents = list(self.games[0].possible_agents)
        self.family = _name(envs[0])
        self._first: Any = deepcopy(self.games[0]) if is_fresh(self.family, fresh) else None
        spaces = [self.games[0].action_space(agent) for agent in self.agents]
        self.keys: list[KeyMap] = [key_map(space, keys, names, self.family) for space in spaces]
        self._views = [view or view_of(self.games[0].observation_space(agent)) for agent in self.agents]
        limit = longest(envs[0], max_steps)
        self.world_spec = WorldSpec("zoo", WORLD, max(self.keys, key=lambda k: len(k.actions)).names, limit)
        self.reward_scale = reward_scale or 1.0
        self.seats = len(self.games) * len(self.agents)
        self._descriptor = describe(limit, others=min(1.0, (len(self.agents) - 1) / 8))
        self._patches = np.zeros((self.seats, SIDE, SIDE, 3), np.uint8)
        self._offered = np.ones((self.seats, KEYS), bool)
        self._ended = np.zeros((2, self.seats), bool)
        self._over = np.ones(len(self.games), bool)
        self._success = np.zeros(self.seats, bool)
        self._total = np.zeros(self.seats)
        self._seeds = np.zeros(len(self.games), np.int64)
        self._pressed: list[list[np.ndarray]] = [[] for _ in self.games]

    def _whole(self, rows: np.ndarray, what: str) -> np.ndarray:
        """int: numbers of the games that `rows` are; raises ValueError on a part of a game."""
        parts = np.asarray(rows, bool).reshape(len(self.games), -1)
        if (parts.any(axis=1) != parts.all(axis=1)).any():
            raise ValueError(
                f"{what} of a part of a game; give all {len(self.agents)} rows of a game or none"
            )
        return np.flatnonzero(parts.any(axis=1))

    def reset(self, rows: np.ndarray, seeds: np.ndarray) -> None:
        for game in self._whole(rows, "reset"):
            mine = self._rows(game)
            self._seeds[game], self._pressed[game] = seeds[mine.start], []
            if self._first is not None:
                self.games[game] = deepcopy(self._first)
            seen, info = self.games[game].reset(seed=int(seeds[mine.start]))
            self._ended[:, mine] = self._success[mine] = self._over[game] = False
            self._total[mine] = 0.0
            for number, agent in enumerate(self.agents):
                self._take(mine.start + number, number, seen[agent], info.get(agent, {}))

    def _rows(self, game: int) -> slice:
        return slice(game * len(self.agents), (game + 1) * len(self.agents))

    def _take(self, row: int, number: int, seen: Any, info: Mapping) -> None:
        self._patches[row] = self._views[number](seen)
        self._offered[row] = self.keys[number].offered(mask_of(seen, info))

    def step(self, actions: np.ndarray, rows: np.ndarray) -> Outcome:
        """As the contract says. Raises ValueError where a game is stepped in part or has ended."""
        outcome = Outcome(np.zeros(self.seats, np.float32), *(np.zeros(self.seats, bool) for _ in range(5)))
        for game in self._whole(rows, "step"):
            mine = self._rows(game)
            if self._over[game]:
                raise ValueError(f"game {game} has ended; reset its rows before the next step")
            keys = np.asarray(actions[mine], np.int64)
            self._pressed[game].append(keys)
            outcome.invalid[mine] = ~self._offered[mine][np.arange(len(keys)), keys]
            turn = self._play(game, mine, keys, outcome.invalid[mine])
            self._hear(mine, turn, outcome)
            spent = len(self._pressed[game]) >= self.world_spec.max_steps
            self._over[game] = spent or not self.games[game].agents
            if self._over[game]:
                outcome.terminated[mine] = self._ended[0, mine]
                outcome.truncated[mine] = ~self._ended[0, mine]
                outcome.success[mine] = self._success[mine]
                outcome.harm[mine] = outcome.terminated[mine] & ~outcome.success[mine]
        return outcome

    def _play(self, game: int, mine: slice, keys: np.ndarray, invalid: np.ndarray) -> Turn:
        """The joint action of those still there; whose key is not offered does what is."""
        joint = {}
        for number, agent in enumerate(self.agents):
            if agent in self.games[game].agents:
                key = int(np.argmax(self._offered[mine.start + number])) if invalid[number] else keys[number]
                joint[agent] = self.keys[number].actions[key]
        return Turn(*self.games[game].step(joint))

    def _hear(self, mine: slice, turn: Turn, outcome: Outcome) -> None:
        last = len(self._pressed[mine.start // len(self.agents)]) >= self.world_spec.max_steps
        for number, agent in enumerate(self.agents):
            row = mine.start + number
            if agent not in turn.seen or self._ended[:, row].any():
                continue
            info, reward = turn.info.get(agent, {}), float(turn.reward[agent])
            self._take(row, number, turn.seen[agent], info)
            self._total[row] += reward
            outcome.reward[row] = reward * self.reward_scale
            self._ended[:, row] = terminated, truncated = turn.terminated[agent], turn.truncated[agent]
            if terminated or truncated or last:
                self._success[row] = succeeded(info, float(self._total[row]), None, reward, bool(terminated))
                self._offered[row] = np.arange(KEYS) == 0

    def observe(self) -> tuple[Observation, np.ndarray]:
        ids = np.zeros((self.seats, 4), np.int32)
        ids[:, 0], ids[:, 1] = WORLD, bucket(self.family, ID_SIZES[1])
        ids[:, 3] = np.arange(self.seats) % len(self.agents) % ID_SIZES[3]
        spent = np.repeat([len(keys) for keys in self._pressed], len(self.agents))
        energy = np.maximum(0.0, 1 - spent / self.world_spec.max_steps).astype(np.float32)[:, None]
        described = np.tile(self._descriptor, (self.seats, 1))
        observation = Observation(patch=self._patches.copy(), energy=energy, ids=ids, env_desc=described)
        return observation, self._offered.copy()

    def oracle(self) -> np.ndarray:
        """int64 [seats]: 0, no solution is known."""
        return np.zeros(self.seats, np.int64)

    def oracle_steps(self) -> np.ndarray:
        """int64 [seats]: -1, not known."""
        return np.full(self.seats, -1, np.int64)

    def families(self) -> list[str]:
        return [self.family] * self.seats

    def screen(self, seat: int) -> str:
        left = self.world_spec.max_steps - len(self._pressed[seat // len(self.agents)])
        agent = self.agents[seat % len(self.agents)]
        note = f"{self.family}, {agent}: {left} keys left, return {self._total[seat]:g}"
        return f"{plain_text(self._patches[seat])}\n{note}"

    def state(self) -> dict[str, np.ndarray]:
        """Seeds and keys pressed: the games are played again, so it holds for what is deterministic."""
        keys = [key for pressed in self._pressed for key in pressed]
        return {
            "seeds": self._seeds.copy(),
            "lengths": np.array([len(pressed) for pressed in self._pressed], np.int64),
            "keys": np.array(keys, np.int64).reshape(-1, len(self.agents)),
        }

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        self.reset(np.ones(self.seats, bool), np.repeat(state["seeds"], len(self.agents)))
        ends = np.cumsum(state["lengths"])
        for game, (end, length) in enumerate(zip(ends, state["lengths"], strict=True)):
            rows = np.repeat(np.arange(len(self.games)) == game, len(self.agents))
            for keys in state["keys"][end - length : end]:
                self.step(np.tile(keys, len(self.games)), rows)

    def close(self) -> None:
        for game in self.games:
            game.close()


def _name(env: Any) -> str:
    spec = getattr(env, "spec", None)
    if spec:
        return spec.id
    told = getattr(env, "metadata", {}).get("name")
    return str(told or type(getattr(env, "unwrapped", env)).__name__)
