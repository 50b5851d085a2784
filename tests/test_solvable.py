"""Does `scripts/solvable.py` count what it says, and does it see what cannot be solved?"""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as np
import pytest
from scripted import script

from sixkeys import build
from sixkeys.contract import World
from sixkeys.envs.computer.tasks import TASKS as COMPUTER_TASKS
from sixkeys.envs.grid import TASKS as GRID_TASKS
from sixkeys.envs.tools import TASKS as TOOL_TASKS


@pytest.fixture(scope="module")
def solvable() -> ModuleType:
    return script("solvable")


def oracle(world: World) -> np.ndarray:
    return world.oracle()


def nothing(world: World) -> np.ndarray:
    return np.zeros(world.seats, np.int64)


@pytest.mark.parametrize("name", ["tools:tools_heldout", "grid:grid_mixed"])
def test_every_seed_is_played_once_with_the_keys_of_its_own_episode(name: str, solvable: ModuleType) -> None:
    """Against one seat that plays seed after seed."""
    played = list(solvable.play(build.make_world(name, 7), range(40, 65), oracle))
    single, expected = build.make_world(name, 1), []
    for seed in range(40, 65):
        single.reset(np.ones(1, bool), np.array([seed]))
        keys, ended = 0, False
        while not ended:
            outcome = single.step(single.oracle(), np.ones(1, bool))
            keys, ended = keys + 1, bool(outcome.terminated[0])
        expected.append((single.families()[0], keys, int(single.oracle_steps()[0]), True))
    assert sorted(played) == sorted(expected)


def test_what_is_not_solved_is_called_wrong(solvable: ModuleType, capsys: pytest.CaptureFixture) -> None:
    good = list(solvable.play(build.make_world("tools:tools_text", 4), range(12), oracle))
    idle = list(solvable.play(build.make_world("tools:tools_text", 4), range(12), nothing))
    assert not any(episode.solved for episode in idle)
    assert solvable.show(good, idle) == 0
    assert solvable.show(idle, idle) == 1
    assert solvable.show(good, good) == 1
    assert solvable.show([good[0]._replace(keys=99)], idle) == 1
    assert capsys.readouterr().out.count("<- wrong") == 3


def test_a_name_alone_is_all_its_tasks(solvable: ModuleType) -> None:
    assert solvable.tasks("tools") == [f"tools:{task}" for task in TOOL_TASKS]
    assert solvable.tasks("grid") == [f"grid:{task}" for task in GRID_TASKS]
    assert solvable.tasks("computer") == [f"computer:{task}" for task in COMPUTER_TASKS]
    assert solvable.tasks("grid:grid_key") == ["grid:grid_key"]


def test_the_script_runs(solvable: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        sys, "argv", ["solvable", "tools:tools_mixed", "--seeds", "70", "--random-seeds", "70"]
    )
    assert solvable.main() == 0
