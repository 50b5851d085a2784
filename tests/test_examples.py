"""Do the examples run as they stand and say what they should, and are the pages beside them true?"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from fnmatch import fnmatch
from importlib import import_module
from pathlib import Path

import pytest
import tyro

from sixkeys.cli import COMMANDS
from sixkeys.cli.common import parse

REPOSITORY = Path(__file__).parent.parent
SOURCES = [f for f in (REPOSITORY / "src").rglob("*.py") if f.stem not in ("__init__", "__main__")]
FILES = sorted((REPOSITORY / "examples").glob("*.py"))
LINES = 60
PAGES = ("README.md", "ARCHITECTURE.md")


def walk_a_grid(said: str) -> None:
    """The keys that were printed lead from `@` beside the door of the first picture to the goal."""
    first, last = said.split("the six keys")
    moves = {"north": (-1, 0), "east": (0, 1), "south": (1, 0), "west": (0, -1)}
    rows = first.splitlines()
    row, column = next((r, line.index("@")) for r, line in enumerate(rows) if "@" in line)
    pressed = re.findall(r"^(\w+) +energy", last, re.MULTILINE)
    for key in pressed:
        down, right = moves.get(key, (0, 0))
        row, column = row + down, column + right
        assert rows[row][column] != "#"
    assert rows[row][column] == "G"
    assert pressed.count("use") == 2  # the key is taken, the door is opened
    shortest = int(last.split("has ")[1].split(" ")[0])
    assert len(pressed) == shortest
    # 1 - 0.5 * keys / 64; one key was wasted on what was not offered
    assert f"reward {1 - 0.5 * (shortest + 1) / 64:.3f}" in last
    assert "invalid True, the same cells as before True" in last


def minigrid(said: str) -> None:
    assert "six keys: left, right, forward, pickup, drop, toggle" in said
    assert "use the key to open the door and then get to the goal" in said  # MiniGrid's own mission
    wasted = dict(re.findall(r"random keys, (\w+): .* (\d+)% of \d+ keys not offered", said))
    assert wasted["masked"] == "0"
    assert int(wasted["unmasked"]) > 20
    solved = re.search(r"oracle: solved True in (\d+) keys, a shortest solution has (\d+)", said)
    assert solved
    assert solved[1] == solved[2]


def fix_with_six_keys(said: str) -> None:
    """pytest's own counts: the same number of tests in every run, none failing in the last."""
    counts = re.findall(r"(\d+) passed(?:, (\d+) failed)?", said)
    assert len(counts) == 3  # the bug, the wrong patch, the right one
    (bug_passed, bug), (wrong_passed, wrong), (passed, none) = counts
    assert int(bug_passed) + int(bug) == int(wrong_passed) + int(wrong) == int(passed)
    assert none == ""
    keys, rewards = zip(*re.findall(r">>> (\w+): reward (\S+)", said), strict=True)
    assert keys[:5] == ("RUN_TESTS", keys[1], "RUN_TESTS", "NO_OP", "REVERT")
    assert keys[-1] == "RUN_TESTS"
    # every key costs the same little, the run that passes pays 1
    assert set(rewards[:-1]) == {rewards[0]}
    assert float(rewards[-1]) == pytest.approx(1 + float(rewards[0]))
    assert -0.1 < float(rewards[0]) < 0
    assert f"without the detour it takes {len(keys) - 4} keys" in said
    assert said.index("no menu yet") < said.index("pair 1/3")  # patches come after the first failing run


def train_a_minute(said: str) -> None:
    found = re.findall(r"^ *(\d+)% +(\d+) keys  solved (\d+) of (\d+)  world (\S+)", said, re.MULTILINE)
    share, keys, solved, episodes, world = (list(map(float, column)) for column in zip(*found, strict=True))
    assert share == [25, 50, 75, 100]
    # 400 updates of 4 keys in 4 seats, less a beat for each episode that began
    assert 5000 < keys[-1] < 400 * 4 * 4
    assert world[-1] < world[0]  # the world model learns
    assert 0 < solved[-1] <= episodes[-1] == 50
    assert "kept and read again: step_00000400" in said


def measure(said: str) -> None:
    rows = dict(re.findall(r"(Eval\[\w+\] \w+): pass (\S+)", said))
    assert rows["Eval[masked] oracle"] == rows["Eval[unmasked] oracle"] == "1.000"
    assert float(rows["Eval[unmasked] random"]) < 0.5
    # Wilson's interval of 64 successes in 64, at z = 1.96: 64 / (64 + 3.84) = 0.943
    assert "pass 1.000 [0.943, 1.000]" in said
    steps = re.findall(r"oracle: pass .* steps to pass (\S+) \(oracle (\S+)\)", said)
    assert len(steps) == 2
    assert all(own == shortest for own, shortest in steps)
    assert "gap oracle: +0.000" in said
    assert re.search(r"Eval\[masked\] random: .* not offered 0.000", said)


def your_own_world(said: str) -> None:
    assert "findings of the kit: []" in said
    scores = {n: (float(s), float(k)) for n, s, k in re.findall(r"(\w+): solved (\S+), keys (\S+)", said)}
    assert scores["oracle"][0] == 1.0
    # two different floors of 9 are 10 / 3 apart on average, twice; then open, shut, open
    assert abs(scores["oracle"][1] - (2 * 10 / 3 + 3)) < 2
    assert scores["random"][0] < 0.5


def forbid_a_key(said: str) -> None:
    died = dict(re.findall(r"^(.*): (\d+) of 64 died in lava", said, re.MULTILINE))
    assert int(died["no guard"]) > 20
    assert int(died["guarded"]) == 0
    assert "guarded: 0 of 64 died in lava, 0 keys against the rule" in said
    assert re.search(r"\d+ vetoes, the first: seat \d+ key [1-4] forbidden: lava lies \w+", said)


SAYS: dict[str, Callable[[str], None]] = {
    "01_walk_a_grid.py": walk_a_grid,
    "02_minigrid.py": minigrid,
    "03_fix_with_six_keys.py": fix_with_six_keys,
    "04_train_a_minute.py": train_a_minute,
    "05_measure_masked_and_unmasked.py": measure,
    "06_your_own_world.py": your_own_world,
    "07_forbid_a_key.py": forbid_a_key,
}
"""Example -> what must be true of its output."""


def test_every_example_is_known_here():
    assert [file.name for file in FILES] == sorted(SAYS)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_example_is_short_and_teaches(file):
    text = file.read_text()
    assert len(text.splitlines()) <= LINES
    assert re.match(r'"""[A-Z].*\? .*\.\n\n', text), "the first line asks a question and says what is shown"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_example_runs_and_says_what_it_should(file, tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", str(file)], cwd=tmp_path, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr[-2000:]
    SAYS[file.name](done.stdout)
    assert list(tmp_path.iterdir()) == []


def page(name: str) -> str:
    return (REPOSITORY / name).read_text()


@pytest.mark.parametrize("name", PAGES)
def test_links_of_a_page_lead_somewhere(name):
    links = [link for link in re.findall(r"\]\(([^)]+)\)", page(name)) if "://" not in link]
    assert len(links) > 2
    assert [link for link in links if not (REPOSITORY / link).exists()] == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_names_every_source_file_and_no_other(name):
    named = set(re.findall(r"[\w*]+\.py\b", page(name))) - {"__init__.py", "conftest.py"}
    sources = {file.name for file in SOURCES}
    assert [file for file in sources if not any(fnmatch(file, pattern) for pattern in named)] == []
    known = sources | {file.name for file in (REPOSITORY / "tests").rglob("*.py")} | {f.name for f in FILES}
    assert [pattern for pattern in named if not any(fnmatch(file, pattern) for file in known)] == []


def test_the_commands_of_the_readme_are_understood():
    lines = re.findall(r"^(?:\.venv/bin/)?sixkeys ([a-z].*?)(?: {2,}#.*)?$", page("README.md"), re.MULTILINE)
    assert {line.split()[0] for line in lines} == set(COMMANDS)
    for line in lines:
        name, *arguments = shlex.split(line)
        options = tyro.conf.OmitSubcommandPrefixes[import_module(f"sixkeys.cli.{name}").Options]
        parse(options, name, arguments, "")
    with pytest.raises(SystemExit):
        parse(options, name, ["--no-such-option"], "")


def test_the_program_of_the_readme_runs():
    program = page("README.md").split("```python\n")[1].split("```")[0]
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True)
    assert re.match(r"Measure\(value=0\.\d+, low=0\.\d+, high=0\.\d+\)$", done.stdout), done.stderr
