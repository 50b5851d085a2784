"""How does a foreign environment get six keys? `wrap(env)` -> our contract; the environment is not changed.

- Any Gymnasium environment with at most six discrete actions, or with six actions chosen by `keys`, becomes
  an `AdaptedEnv`; one whose actions and observations are Tuples (a part for each agent), and any PettingZoo
  parallel environment, becomes a `ParallelWorld` (adapters_parallel.py), whose agents are rows of a Pool.
- *Patch*: adapter_views.py. *Energy*: 1 - keys pressed / limit; the limit is `max_steps`, or the spec's, or
  the environment's own (`max_steps`, `max_cycles`; asked at each reset), or 500. The last key truncates.
- *Offered*: every action there is, or what `info["action_mask"]`, an observation's entry `action_mask` or
  `env.unwrapped.action_masks()` allows (a mask without any key counts as none). A key that is not offered
  does not reach the environment.
- *Reward*: the environment's, divided by |reward threshold| where its spec has one above 1, or times
  `reward_scale`.
- *Success*, judged at the end only: `info["success"]` or `info["is_success"]`; else the return against the
  spec's reward threshold; else a reward above 0 where the episode terminated.
- *Oracle*: not known; `oracle_steps` is -1.
- *Chance*: episodes repeat from their seed where the environment's do. With `fresh` each episode starts
  from a copy of the environment as it came, for those that carry something over from the one before.

By name (`build.make_world`, `--worlds`): `gym:CartPole-v1`; `gym:MODULE:ID` imports MODULE first and calls
its `register_envs()`, if there is one; `zoo:MODULE` takes `parallel_env()` of MODULE, as in
`zoo:mpe2.simple_spread_v3`. MiniGrid and BabyAI ids have a key map of their own: all actions but `done`.
Not covered: observations that need more than 9 x 9 cells are pooled, words beyond the patch are cut off.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from importlib import import_module
from typing import Any, ClassVar, NamedTuple

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from sixkeys.contract import (
    ID_SIZES,
    KEYS,
    Observation,
    World,
    WorldSpec,
    action_space,
    bucket,
    descriptor,
    observation_space,
)
from sixkeys.envs.adapter_views import MASK, View, view_of
from sixkeys.envs.pool import GymWorld

WORLD = 7
"""The number in `ids` of wrapped Gymnasium environments."""
LIMIT = 500
"""Keys of an episode where nothing says how many."""
KEY_NAMES = dict.fromkeys(("MiniGrid-", "BabyAI-"), ("left", "right", "forward", "pickup", "drop", "toggle"))
"""Beginning of an id -> what its first six actions are called; they are its keys unless told otherwise."""
_SIGNS = ".123456789abcdefghijklmnopqrstuvwxyz"


CARRY_OVER = ("MinAtar/", "Foraging")
"""Beginning of an id of environments that are `fresh` unless told otherwise."""


class KeyMap(NamedTuple):
    """Which action each key is. Keys from `len(actions)` on are never offered."""

    names: tuple[str, str, str, str, str, str]
    actions: tuple[Any, ...]
    plain: tuple[int, ...]
    """Place of each action in a mask over all actions; empty where the actions are not Discrete."""

    def offered(self, mask: Any) -> np.ndarray:
        """bool [6] from a mask over the environment's actions, or None."""
        offered = np.arange(KEYS) < len(self.actions)
        if mask is not None and self.plain:
            allowed = np.asarray(mask, bool)[list(self.plain)]
            if allowed.any():
                offered[: len(allowed)] = allowed
        return offered


def key_map(space: Any, keys: Sequence[Any] | None, names: Sequence[str] | None, what: str) -> KeyMap:
    """The keys of an action space. Raises ValueError with what to do where six keys cannot be had."""
    if keys is None:
        if not (isinstance(space, spaces.Discrete) and space.n <= KEYS):
            raise ValueError(
                f"{what} has the actions {space}; possible: Discrete of at most {KEYS}, or {KEYS} actions of "
                f"yours: wrap(env, keys={_example(space)})"
            )
        keys = [int(space.start) + number for number in range(int(space.n))]
    if not 0 < len(keys) <= KEYS:
        raise ValueError(f"{what}: {len(keys)} keys given; possible: 1 to {KEYS}")
    actions = tuple(_action(space, key) for key in keys)
    for key, action in zip(keys, actions, strict=True):
        if not space.contains(action):
            raise ValueError(
                f"{what}: the key {key!r} is no action of {space}; for example {_example(space)}"
            )
    plain = tuple(int(a - space.start) for a in actions) if isinstance(space, spaces.Discrete) else ()
    called = list(names or (f"action {key}" for key in keys))
    if len(called) != len(keys) or len(set(called)) != len(called) or not all(called):
        raise ValueError(f"{what}: {called} are not {len(keys)} different names, one for each key")
    called += [f"no key {number}" for number in range(len(called), KEYS)]
    one, two, three, four, five, six = called
    return KeyMap((one, two, three, four, five, six), actions, plain)


def _action(space: Any, key: Any) -> Any:
    """A key as the space wants it: arrays where the space's values are arrays."""
    if isinstance(space, spaces.Box | spaces.MultiDiscrete | spaces.MultiBinary):
        return np.asarray(key, space.dtype)
    return np.int64(key) if isinstance(space, spaces.Discrete) and np.ndim(key) == 0 else key


def _example(space: Any) -> list:
    """Up to six actions of a space, as an example of `keys`."""
    if isinstance(space, spaces.Discrete):
        return [int(space.start) + number for number in range(min(int(space.n), KEYS))]
    if isinstance(space, spaces.MultiDiscrete):
        start = space.start.ravel()
        return [(start + index).tolist() for index, _ in zip(np.ndindex(*space.nvec.ravel()), range(KEYS))]
    if isinstance(space, spaces.Box) and np.isfinite([*space.low.ravel(), *space.high.ravel()]).all():
        return [space.low.tolist(), space.high.tolist()]
    return []


def limit_of(env: Any) -> int:
    """Keys of the present episode by spec or environment; 0 where neither says."""
    inner = getattr(env, "unwrapped", env)
    spec = getattr(env, "spec", None)
    found = [getattr(spec, "max_episode_steps", None), spec and spec.kwargs.get("max_episode_steps")]
    for holder in (inner, getattr(inner, "env", None)):
        found += [getattr(holder, name, None) for name in ("max_steps", "max_cycles")]
    return int(next((number for number in found if number), 0))


def longest(env: Any, told: int | None) -> int:
    """Keys that no episode exceeds; where only a reset shows how long it is, at least LIMIT."""
    found = told or limit_of(env)
    if not found:
        env.reset(seed=0)
        found = max(LIMIT, limit_of(env))
    return found


def succeeded(info: Mapping, total: float, threshold: float | None, reward: float, terminated: bool) -> bool:
    """Whether an episode that has just ended was a success; see the module's docstring."""
    for name in ("success", "is_success"):
        if name in info:
            return bool(info[name])
    return total >= threshold if threshold is not None else terminated and reward > 0


def mask_of(seen: Any, info: Mapping) -> Any:
    """What an environment says is allowed, beside its observation or in it; None where it says nothing."""
    return info.get(MASK, seen.get(MASK) if isinstance(seen, Mapping) else None)


def plain_text(patch: np.ndarray) -> str:
    """The kinds of a patch as nine lines of signs, `.` for nothing."""
    return "\n".join("".join(_SIGNS[kind] for kind in row) for row in patch[..., 0])


def is_fresh(name: str, told: bool | None) -> bool:
    """Whether each episode starts from a copy of the environment."""
    return name.startswith(CARRY_OVER) if told is None else told


def describe(max_steps: int, others: float = 0.0) -> np.ndarray:
    """`env_desc` of a foreign world: nothing but its length and whether others are there is known."""
    return descriptor(length=min(1.0, max_steps / 256), others=others)


class AdaptedEnv(gym.Env):
    """One foreign Gymnasium environment under our contract. Keeps state: that, patch, keys pressed."""

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["rgb_array", "ansi"], "render_fps": 10}

    def __init__(
        self,
        env: gym.Env,
        keys: Sequence[Any] | None = None,
        names: Sequence[str] | None = None,
        view: View | None = None,
        max_steps: int | None = None,
        reward_scale: float | None = None,
        fresh: bool | None = None,
    ):
        """`keys`: up to six actions; `names`: theirs; `view`: observation -> uint8 [9, 9, 3]."""
        self.task: Any = env
        self.family = env.spec.id if env.spec else type(env.unwrapped).__name__
        known = [called for start, called in KEY_NAMES.items() if self.family.startswith(start)]
        if known and keys is None:
            keys = _example(env.action_space)
            names = names or known[0][: len(keys)]
        self.keys = key_map(env.action_space, keys, names, self.family)
        self._view = view or view_of(env.observation_space)
        self.threshold = env.spec.reward_threshold if env.spec else None
        self.reward_scale = reward_scale or 1 / max(1.0, abs(self.threshold or 0.0))
        limit = longest(env, max_steps)
        self.world_spec = WorldSpec("gym", WORLD, self.keys.names, limit)
        self.observation_space = observation_space()
        self.action_space = action_space()
        self.render_mode = env.render_mode
        self._ids = np.array([WORLD, bucket(self.family, ID_SIZES[1]), 0, 0], np.int32)
        self._descriptor = describe(limit)
        self._first: Any = deepcopy(env) if is_fresh(self.family, fresh) else None
        self._patch = np.zeros((0,), np.uint8)
        self._pressed, self._total, self._limit = 0, 0.0, limit
        self._told = bool(max_steps)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        super().reset(seed=seed)
        if self._first is not None:
            self.task = deepcopy(self._first)
        seen, info = self.task.reset(seed=seed, options=options)
        self._pressed, self._total = 0, 0.0
        if not self._told:
            most = self.world_spec.max_steps
            self._limit = min(limit_of(self.task) or most, most)
        self._take(seen, info)
        return self._observe(), {"action_mask": self._offered.copy(), "oracle_steps": -1}

    def step(self, action: int) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """As Gymnasium says; what terminates is not truncated as well."""
        invalid = not self._offered[action]
        self._pressed += 1
        reward, terminated, truncated, info = 0.0, False, False, {}
        if not invalid:
            seen, reward, terminated, truncated, info = self.task.step(self.keys.actions[action])
            self._take(seen, info)
        self._total += float(reward)
        terminated = bool(terminated)
        truncated = not terminated and (bool(truncated) or self._pressed >= self._limit)
        success = (terminated or truncated) and succeeded(
            info, self._total, self.threshold, float(reward), terminated
        )
        told = {"action_mask": self._offered.copy(), "invalid": bool(invalid), "success": bool(success)}
        return self._observe(), float(reward) * self.reward_scale, terminated, truncated, told

    def _take(self, seen: Any, info: Mapping) -> None:
        """Keeps what the environment shows and allows until it is asked again."""
        self._patch = self._view(seen)
        mask, own = mask_of(seen, info), getattr(self.task.unwrapped, "action_masks", None)
        self._offered = self.keys.offered(own() if mask is None and own else mask)

    def _observe(self) -> Observation:
        left = max(0.0, 1 - self._pressed / self._limit)
        return Observation(
            patch=self._patch.copy(), energy=np.array([left], np.float32),
            ids=self._ids.copy(), env_desc=self._descriptor.copy(),
        )  # fmt: skip

    def oracle(self) -> int:
        """0: no solution is known."""
        return 0

    def screen(self) -> str:
        """The environment's own text, if it renders any, else the kinds of the patch."""
        own = self.task.render() if self.render_mode == "ansi" else None
        left = self._limit - self._pressed
        return f"{own or plain_text(self._patch)}\n{self.family}: {left} keys left, return {self._total:g}"

    def render(self) -> Any:
        return self.task.render() if self.render_mode else None

    def close(self) -> None:
        self.task.close()


def wrap(env: Any, **told: Any) -> AdaptedEnv | World:
    """A foreign environment under our contract: an AdaptedEnv, or a ParallelWorld where it has many agents.

    `told`: `keys`, `names`, `view`, `max_steps`, `reward_scale`, `fresh`; see AdaptedEnv. Raises ValueError
    where the environment does not fit, with what to do.
    """
    if isinstance(env, gym.Env) and not isinstance(env.action_space, spaces.Tuple):
        return AdaptedEnv(env, **told)
    if not isinstance(env, gym.Env) and not hasattr(env, "possible_agents"):
        raise ValueError(
            f"{type(env).__name__} is neither a Gymnasium nor a PettingZoo environment; possible: "
            "a gymnasium.Env or an object with PettingZoo's parallel interface"
        )
    from sixkeys.envs.adapters_parallel import ParallelWorld

    return ParallelWorld([env], **told)


def make_gym(task: str) -> Any:
    """The foreign environment of `ID` or `MODULE:ID`; raises ValueError where there is none."""
    module, _, name = task.rpartition(":")
    try:
        if name.startswith(tuple(KEY_NAMES)):
            import_module("minigrid")
        if module:
            found = import_module(module)
            if name not in gym.registry and hasattr(found, "register_envs"):
                found.register_envs()
        return gym.make(name, disable_env_checker=True)
    except (ImportError, gym.error.UnregisteredEnv, gym.error.DependencyNotInstalled) as error:
        raise ValueError(
            f"no environment {task!r} ({error}); possible: an id of gymnasium.registry, or MODULE:ID where "
            "importing MODULE registers ID"
        ) from error


def gym_world(task: str, seats: int) -> World:
    """`CartPole-v1`, `lbforaging:Foraging-8x8-2p-1f-v3` -> that many seats; 0: one game. ValueError."""
    first = make_gym(task)
    if isinstance(first.action_space, spaces.Tuple):
        return _games(lambda: make_gym(task), first, seats)
    return GymWorld([AdaptedEnv(first), *(AdaptedEnv(make_gym(task)) for _ in range(max(1, seats) - 1))])


def zoo_world(task: str, seats: int) -> World:
    """`mpe2.simple_spread_v3` -> that many seats, in games of as many as it has agents; 0: one game.

    Raises ValueError."""
    try:
        make = import_module(task).parallel_env
    except (ImportError, AttributeError) as error:
        raise ValueError(f"no parallel_env in {task!r} ({error}); give a module that has one") from error
    return _games(make, make(), seats)


def _games(make: Callable[[], Any], first: Any, seats: int) -> World:
    from sixkeys.envs.adapters_parallel import ParallelWorld, agents_of

    agents = agents_of(first)
    games, over = divmod(seats or agents, agents)
    if over or not games:
        raise ValueError(f"{seats} seats, but a game has {agents} agents; give a multiple of {agents}")
    return ParallelWorld([first, *(make() for _ in range(games - 1))])
