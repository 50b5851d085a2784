"""Does an environment keep our contract? Findings, one sentence each; an empty list means that it does.

`check_env` is for a Gymnasium environment, `check_world` for a World with many seats. Both make their own
instances, press random keys, offered or not, and judge what they saw. Code under test may raise anything:
that is a finding too. Not covered: whether `oracle_steps` is really shortest, and anything about speed.
"""

from __future__ import annotations

import base64
import hashlib
import pickle
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
from gymnasium.utils import env_checker

from sixkeys.contract import DESCRIPTOR_NAMES, KEYS, WorldSpec, action_space, observation_space
from sixkeys.envs.check_world import check_world

__all__ = ["check_env", "check_world", "digest", "play"]

MakeEnv = Callable[[], gym.Env]
PICKUPS = DESCRIPTOR_NAMES.index("energy_pickups")


class Frame(NamedTuple):
    """One key of an episode and what it led to; the first frame has no key and the mask it begins with."""

    key: int | None
    offered: np.ndarray
    """bool [6]: what was offered when the key was pressed."""
    observation: dict[str, np.ndarray]
    reward: float
    terminated: bool
    truncated: bool
    info: dict[str, Any]


Trace = list[Frame]


def check_env(make: MakeEnv, episodes: int = 3, seed: int = 0, fresh_process: bool = True) -> list[str]:
    """Findings about the Gymnasium environment that `make()` returns, from `episodes` seeds from `seed` on.

    With `fresh_process` an episode is also compared with another Python process, for which `make` has to be
    picklable: a class, a module's function, or a functools.partial of either, not a lambda.
    """
    findings = _caught("gymnasium's checker", lambda: _gymnasium(make))
    findings += _caught("card", lambda: _card(make().unwrapped))
    if findings:
        return findings
    seeds = range(seed, seed + max(episodes, 1))
    for number in seeds:
        findings += _caught(f"seed {number}", lambda number=number: _episode(make, number))
    findings += _caught("seeds", lambda: _seeds(make, seeds))
    if fresh_process:
        findings += _caught("fresh process", lambda: _fresh(make, seed))
    return list(dict.fromkeys(findings))


def _caught(what: str, law: Callable[[], Iterable[str]]) -> list[str]:
    """What `law` finds; an exception is a finding, for the code under test is not ours."""
    try:
        return [f"{what}: {finding}" for finding in law()]
    except Exception as error:
        return [f"{what}: {type(error).__name__}: {error}"]


def _gymnasium(make: MakeEnv) -> Iterator[str]:
    """Gymnasium's own checker, errors and warnings; pictures too where `make` is gymnasium.make."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        env = make()
        env_checker.check_env(env.unwrapped, skip_render_check=env.unwrapped.spec is None)
        env.close()
    yield from (str(warning.message) for warning in caught)


def _card(env: Any) -> Iterator[str]:
    """What stands on the environment before anything happens."""
    spec = getattr(env, "world_spec", None)
    if not isinstance(spec, WorldSpec):
        yield f"world_spec is {spec!r}; give the unwrapped environment a sixkeys.contract.WorldSpec"
        return
    if len(spec.keys) != KEYS or len(set(spec.keys)) != KEYS or not all(spec.keys):
        yield f"keys {spec.keys} are not six different names"
    if env.action_space != action_space():
        yield f"action space is {env.action_space}; it must be {action_space()}"
    if env.observation_space != observation_space(spec.senses):
        yield f"observation space is {env.observation_space}; take contract.observation_space({spec.senses})"
    for name in ("oracle", "screen"):
        if not callable(getattr(env, name, None)):
            yield f"method {name}() is missing"


def play(make: MakeEnv, seed: int, keys: int | None = None) -> Trace:
    """One episode of random keys, half of them from what is offered; `keys` is their seed, else `seed`."""
    env, chance = make(), np.random.default_rng([seed if keys is None else keys, KEYS])
    ours: Any = env.unwrapped
    observation, info = env.reset(seed=seed)
    trace = [Frame(None, np.array(info["action_mask"]), dict(observation), 0.0, False, False, dict(info))]
    for _ in range(ours.world_spec.max_steps):
        offered = np.array(trace[-1].info["action_mask"])
        choices = np.flatnonzero(offered) if chance.random() < 0.5 and offered.any() else np.arange(KEYS)
        key = int(chance.choice(choices))
        observation, reward, terminated, truncated, info = env.step(key)
        trace.append(Frame(key, offered, dict(observation), float(reward), terminated, truncated, dict(info)))
        if terminated or truncated:
            break
    env.close()
    return trace


def digest(make: MakeEnv, seed: int, keys: int | None = None) -> str:
    """SHA-256 of all that `play` shows, in hex: equal on every machine where the episode is."""
    state = hashlib.sha256()
    for frame in play(make, seed, keys):
        for name in sorted(frame.observation):
            state.update(np.ascontiguousarray(frame.observation[name]).tobytes())
        state.update(repr((frame.key, frame.reward, bool(frame.terminated), bool(frame.truncated))).encode())
        state.update(np.asarray(frame.info["action_mask"]).tobytes())
    return state.hexdigest()


def _episode(make: MakeEnv, seed: int) -> Iterator[str]:
    env = make()
    ours: Any = env.unwrapped
    trace = play(make, seed)
    if not isinstance(trace[0].info.get("oracle_steps"), int):
        yield "reset's info has no int `oracle_steps` (-1 where it is not known)"
    for frame in trace:
        yield from _frame(frame, env)
    for before, after in pairwise(trace):
        yield from _key(before, after)
    if not (trace[-1].terminated or trace[-1].truncated):
        yield f"no end after max_steps = {ours.world_spec.max_steps} keys"
    env.reset(seed=seed)
    family, screen = ours.family, ours.screen()
    if not isinstance(family, str) or not isinstance(screen, str):
        yield f"family {family!r} and screen() must be text"


def _frame(frame: Frame, env: gym.Env) -> Iterator[str]:
    """Laws of a single moment."""
    if not env.observation_space.contains(frame.observation):
        yield "an observation is outside the observation space"
    mask = frame.info.get("action_mask")
    if not isinstance(mask, np.ndarray) or mask.dtype != bool or mask.shape != (KEYS,):
        yield f"action_mask is {mask!r}; it must be bool [{KEYS}]"
    elif not mask.any():
        yield "no key is offered; at least one must be"


def _key(before: Frame, after: Frame) -> Iterator[str]:
    """Laws of one key."""
    for name in ("invalid", "success"):
        if not isinstance(after.info.get(name), bool):
            yield f"info[{name!r}] is {after.info.get(name)!r}; it must be a bool"
    ended = after.terminated or after.truncated
    if after.terminated and after.truncated:
        yield "terminated and truncated at once; an episode that ended was not cut off"
    if after.info.get("success") and not ended:
        yield "success without an end"
    was, energy = float(before.observation["energy"][0]), float(after.observation["energy"][0])
    if energy > was and not after.observation["env_desc"][PICKUPS]:
        yield f"energy rose from {was} to {energy} in a world whose env_desc has no energy_pickups"
    unoffered = not after.offered[after.key]
    if after.info.get("invalid") != unoffered:
        yield f"key {after.key} was {'not ' * unoffered}offered, but info['invalid'] says otherwise"
    if unoffered:
        yield from _nothing_happened(before, after)


def _nothing_happened(before: Frame, after: Frame) -> Iterator[str]:
    """A key that was not offered changes nothing but energy (and the budget may run out)."""
    for name, entry in after.observation.items():
        if name != "energy" and not np.array_equal(entry, before.observation[name]):
            yield f"key {after.key} was not offered and changed {name}"
    if after.terminated or after.info.get("success") or after.reward > 0:
        yield f"key {after.key} was not offered and ended the task or was rewarded"
    if not after.truncated and not np.array_equal(after.info["action_mask"], before.info["action_mask"]):
        yield f"key {after.key} was not offered and changed what is offered"


def _seeds(make: MakeEnv, seeds: Sequence[int]) -> Iterator[str]:
    first = [digest(make, seed, keys=0) for seed in seeds]
    if first != [digest(make, seed, keys=0) for seed in seeds]:
        yield "the same seed gave two different episodes"
    if len(first) > 1 and len(set(first)) == 1:
        yield f"seeds {list(seeds)} all gave the same episode"


_PROGRAM = """
import base64, pickle, sys
path, packed, seed = pickle.loads(base64.b64decode(sys.stdin.read()))
sys.path[:] = path
from sixkeys.envs.check import digest
print("digest", digest(pickle.loads(packed), seed))
"""


def _fresh(make: MakeEnv, seed: int) -> Iterator[str]:
    try:
        packed = pickle.dumps(make)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        yield f"`make` cannot be sent to another process ({error}); pass a class or a functools.partial"
        return
    order = base64.b64encode(pickle.dumps((sys.path, packed, seed))).decode()
    done = subprocess.run([sys.executable, "-c", _PROGRAM], input=order, capture_output=True, text=True)
    words = done.stdout.split()
    if done.returncode or "digest" not in words:
        yield f"it failed there: {done.stderr.strip().splitlines()[-1:]}"
    elif words[words.index("digest") + 1] != digest(make, seed):
        yield f"seed {seed} gave a different episode there"
