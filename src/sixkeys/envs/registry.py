"""Which worlds are there? World name -> where it is, and Gymnasium names; imported only when needed."""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple

import gymnasium as gym


class Entry(NamedTuple):
    """Where a world's class is ("module:class") and the arguments it has unless told otherwise."""

    path: str
    kwargs: dict[str, Any]


WORLDS: dict[str, Entry] = {
    "grid": Entry("sixkeys.envs.grid:GridWorld", {"task": "grid_mixed"}),
    "minigrid": Entry("sixkeys.envs.minigrid:MiniGridEnv", {"task": "MiniGrid-DoorKey-5x5-v0"}),
    "repo": Entry("sixkeys.envs.repo.env:RepoToolEnv", {"task": "proc_mixed_loop"}),
    "workbench": Entry("sixkeys.envs.repo.workbench:WorkbenchEnv", {"task": "open_mixed"}),
    "tools": Entry("sixkeys.envs.tools:ToolEnv", {"task": "tools_mixed"}),
    "computer": Entry("sixkeys.envs.computer.env:ComputerEnv", {"task": "computer_mixed"}),
    "chains": Entry("sixkeys.envs.chains:ChainWorld", {"task": "chain_12"}),
    "gym": Entry("sixkeys.envs.adapters:gym_world", {"task": "CartPole-v1"}),
    "zoo": Entry("sixkeys.envs.adapters:zoo_world", {"task": "mpe2.simple_spread_v3"}),
    "web": Entry("sixkeys.envs.web:WebEnv", {"task": "web_mixed"}),
}
"""`grid`, `chains`, `gym` and `zoo` give a World with many seats, from (task, seats); the others are
Gymnasium environments, made one by pool.GymWorld."""

GYMNASIUM: dict[str, Entry] = {
    "sixkeys/Grid-v0": Entry("sixkeys.envs.grid:GridEnv", {"task": "grid_mixed"}),
    "sixkeys/Chain-v0": Entry("sixkeys.envs.chains:ChainEnv", {"task": "chain_12"}),
    "sixkeys/MiniGrid-v0": WORLDS["minigrid"],
    "sixkeys/Web-v0": WORLDS["web"],
    "sixkeys/RepoTool-v0": WORLDS["repo"],
    "sixkeys/Workbench-v0": WORLDS["workbench"],
    "sixkeys/Tool-v0": WORLDS["tools"],
    "sixkeys/Computer-v0": WORLDS["computer"],
}


def load(name: str) -> Any:
    """What makes a world of WORLDS, a class or a function; raises KeyError with the possible names."""
    if name not in WORLDS:
        raise KeyError(f"unknown world {name!r}; possible: {', '.join(WORLDS)}")
    module, _, attribute = WORLDS[name].path.partition(":")
    return getattr(import_module(module), attribute)


def register() -> None:
    """Makes GYMNASIUM known to gymnasium.make; calling it again changes nothing."""
    for name, entry in GYMNASIUM.items():
        if name not in gym.registry:
            gym.register(id=name, entry_point=entry.path, kwargs=dict(entry.kwargs))


def make(name: str = "sixkeys/RepoTool-v0", **kwargs: Any) -> gym.Env:
    """`gymnasium.make` for our worlds, registered on the way: `make("sixkeys/Grid-v0", task="grid_key")`."""
    register()
    return gym.make(name, **kwargs)
