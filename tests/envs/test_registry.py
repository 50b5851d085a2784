"""Are the worlds where the registry says, and is nothing imported before it is needed?"""

from __future__ import annotations

import subprocess
import sys
import warnings

import gymnasium as gym
import pytest

from sixkeys.contract import observation_space
from sixkeys.envs.grid import GridEnv, GridWorld
from sixkeys.envs.minigrid import MiniGridEnv
from sixkeys.envs.registry import GYMNASIUM, WORLDS, load, register


def test_worlds_are_where_they_are_said_to_be() -> None:
    assert load("grid") is GridWorld
    assert load("minigrid") is MiniGridEnv
    assert load("grid")(seats=2, **WORLDS["grid"].kwargs).seats == 2


def test_an_unknown_world_says_which_there_are() -> None:
    with pytest.raises(KeyError, match="grid, minigrid, repo"):
        load("maze")


def test_gymnasium_makes_them_also_when_registered_twice() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        register()
        register()
    env = gym.make("sixkeys/Grid-v0", task="grid_key")
    assert isinstance(env.unwrapped, GridEnv)
    assert env.unwrapped.world.task == "grid_key"
    assert env.observation_space == observation_space()
    assert isinstance(gym.make("sixkeys/MiniGrid-v0").unwrapped, MiniGridEnv)
    assert all(name in gym.registry and gym.registry[name].max_episode_steps is None for name in GYMNASIUM)


def test_registering_imports_no_world() -> None:
    program = (
        "import sys; import sixkeys.envs.registry as r; r.register();"
        "print([name for name in sys.modules if name.startswith('sixkeys.envs.') or name == 'minigrid'])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['sixkeys.envs.registry']"
