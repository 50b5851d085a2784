"""Sixkeys: one small agent, six keys, many worlds; always measured masked and unmasked.

Every name of the face is loaded on first use, so importing this package imports neither JAX nor a world.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_FACE = {
    "Agent": "sixkeys.agent.agent",
    "Guard": "sixkeys.contract",
    "Memory": "sixkeys.contract",
    "Observation": "sixkeys.contract",
    "ParallelEnv": "sixkeys.envs.parallel",
    "Pool": "sixkeys.envs.pool",
    "RepoEdit": "sixkeys.envs.repo.edits",
    "Rule": "sixkeys.safety.rules",
    "RunConfig": "sixkeys.training.config",
    "Seen": "sixkeys.contract",
    "Thinker": "sixkeys.contract",
    "Thought": "sixkeys.contract",
    "World": "sixkeys.contract",
    "WorldSpec": "sixkeys.contract",
    "check_env": "sixkeys.envs.check",
    "check_world": "sixkeys.envs.check_world",
    "evaluate": "sixkeys.bench.evaluate",
    "evaluation_pools": "sixkeys.build",
    "load_agent": "sixkeys.build",
    "make": "sixkeys.envs.registry",
    "make_world": "sixkeys.build",
    "summarise": "sixkeys.bench.metrics",
    "train": "sixkeys.training.train",
    "training_pool": "sixkeys.build",
    "wrap": "sixkeys.envs.adapters",
}
"""Name -> the module that has it."""

__all__ = sorted(_FACE)


def __getattr__(name: str) -> Any:
    if name not in _FACE:
        raise AttributeError(f"sixkeys has no {name!r}; it has: {', '.join(sorted(_FACE))}")
    return getattr(import_module(_FACE[name]), name)


def __dir__() -> list[str]:
    return [*__all__, *globals()]
