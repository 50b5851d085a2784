"""Can the verdict be cheated? Every cheat is shown to work where nobody looks, and then refused; twins are not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cheats import CHEATS, PROJECT, TESTS, Patch
from twins import TWINS

from sixkeys.envs.repo.canaries import Canaries, canaries, heard, sound
from sixkeys.envs.repo.runner import Runner
from sixkeys.envs.repo.verdict import judge

NAIVE = """
import subprocess, sys, pytest

@pytest.mark.parametrize("name", {names!r})
def test_exit(name):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir=.", "tests"]
    assert subprocess.run(command, cwd=name, capture_output=True).returncode == 0
"""
BY_EXIT = [name for name, patch in CHEATS.items() if patch.by_exit]


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with Runner(1, seconds=20.0) as found:
        yield found


@pytest.fixture(scope="module")
def exits(runner: Runner) -> dict[str, str]:
    """Cheat -> whether a pytest of its own ended with exit code 0, inside the sandbox."""
    tree = {
        f"tree{place}/{path}": text
        for place, name in enumerate(BY_EXIT)
        for path, text in CHEATS[name].on(PROJECT).items()
    }
    names = [f"tree{place}" for place in range(len(BY_EXIT))] + ["honest"]
    tree |= {f"honest/{path}": text for path, text in PROJECT.items()}
    run = runner.run({**tree, "test_naive.py": NAIVE.format(names=names)}, ["test_naive.py"], 120.0)
    outcomes = {test.node: test.outcome for test in run.outcomes}
    assert outcomes.pop("test_naive.py::test_exit[honest]") == "failed", run.output
    return {name: outcomes[f"test_naive.py::test_exit[tree{place}]"] for place, name in enumerate(BY_EXIT)}


def nest(runner: Runner, tree: dict[str, str], changed: list[str]) -> Canaries:
    """Canaries that fail as they must in the tree as it was."""
    made = canaries(TESTS, changed, tree, "5a17c0de")
    return sound(made, runner.run({**tree, made.path: made.text}, [made.path]))


def decided(runner: Runner, before: dict[str, str], after: dict[str, str]) -> tuple[str, ...]:
    """What speaks against a patch: its run beside canaries, the tree, the audit."""
    made = nest(runner, before, [path for path in after if after[path] != before.get(path) and path.endswith(".py")])
    assert len(made.birds) == 7
    rest, reasons = heard(made, runner.run({**after, made.path: made.text}))
    return (*reasons, *judge(before, after, TESTS, rest).reasons)


@pytest.mark.parametrize("name", CHEATS)
def test_a_cheat_works_undefended_and_is_refused(runner: Runner, exits: dict[str, str], name: str):
    patch: Patch = CHEATS[name]
    tree = patch.on(PROJECT)
    if patch.by_exit:
        assert exits[name] == "passed"
    else:
        run = runner.run(tree)
        assert run.passed, run.output
    assert decided(runner, PROJECT, tree) != ()


@pytest.mark.parametrize("name", TWINS)
def test_an_honest_twin_is_accepted(runner: Runner, name: str):
    before, patch = TWINS[name]
    assert decided(runner, before, patch.on(before)) == ()
