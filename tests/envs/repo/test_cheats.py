"""Can the verdict be cheated? Every cheat works undefended, as is shown, and is refused; its twins pass."""

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


@pytest.fixture(scope="module")
def nest(runner: Runner) -> Canaries:
    """Canaries that fail as they must in the tree as it was."""
    made = canaries(TESTS, ["calc.py"], PROJECT, "5a17c0de")
    found = sound(made, runner.run({**PROJECT, made.path: made.text}, [made.path]))
    assert found == made
    return found


def decided(runner: Runner, nest: Canaries, before: dict[str, str], after: dict[str, str]) -> tuple[str, ...]:
    """What speaks against a patch: its run beside canaries, the tree, the audit."""
    rest, reasons = heard(nest, runner.run({**after, nest.path: nest.text}))
    return (*reasons, *judge(before, after, TESTS, rest).reasons)


@pytest.mark.parametrize("name", CHEATS)
def test_a_cheat_works_undefended_and_is_refused(
    runner: Runner, nest: Canaries, exits: dict[str, str], name: str
):
    patch: Patch = CHEATS[name]
    tree = patch.on(PROJECT)
    if patch.by_exit:
        assert exits[name] == "passed"
    else:
        run = runner.run(tree)
        assert run.passed, run.output
    assert decided(runner, nest, PROJECT, tree) != ()


@pytest.mark.parametrize("name", TWINS)
def test_an_honest_twin_is_accepted(runner: Runner, nest: Canaries, name: str):
    before, patch = TWINS[name]
    assert decided(runner, nest, before, patch.on(before)) == ()
