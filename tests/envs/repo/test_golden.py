"""Episodes in generated repositories are the golden ones: the same project, tests, output and rewards.

Pages show what pytest says, so the digests hold for the Python and the pytest that they were made with.
"""

import json
import sys
from functools import partial
from importlib.metadata import version
from pathlib import Path

import pytest

from sixkeys.envs.check import digest
from sixkeys.envs.repo.env import TASKS, RepoToolEnv
from sixkeys.envs.repo.workbench import TASKS as OPEN
from sixkeys.envs.repo.workbench import WorkbenchEnv

GOLDEN = Path(__file__).parents[1] / "golden" / "repo.json"
MADE_WITH = f"Python {sys.version_info.major}.{sys.version_info.minor}, pytest {version('pytest')}"
WORLDS = {task: partial(RepoToolEnv, task) for task in TASKS} | {
    task: partial(WorkbenchEnv, task) for task in OPEN
}


@pytest.mark.parametrize("task", sorted(WORLDS))
def test_an_episode_is_the_golden_one(task: str) -> None:
    golden = json.loads(GOLDEN.read_text())
    if golden["made with"] != MADE_WITH:
        pytest.skip(f"the golden episodes were made with {golden['made with']}, this is {MADE_WITH}")
    assert digest(WORLDS[task], 7) == golden[task]


def test_golden_episodes_differ() -> None:
    golden = json.loads(GOLDEN.read_text())
    assert set(golden) == {"made with", *WORLDS}
    assert len(set(golden.values())) > len(WORLDS) / 2
