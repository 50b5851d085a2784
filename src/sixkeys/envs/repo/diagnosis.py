"""What is wrong with this repository? Its suite is run once, traced, and what fails is run again.

In: a runner that keeps a project. Out: failing and flaky tests, which tests ran which lines, suspicious lines
with reasons.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from sixkeys.envs.repo.localise import Coverage, Suspect, coverage, suspects
from sixkeys.envs.repo.outcomes import RunResult
from sixkeys.envs.repo.project import Project
from sixkeys.envs.repo.runner import Runner
from sixkeys.envs.repo.verdict import protected

GREEN = ("passed", "xfailed", "skipped")


class Diagnosis(NamedTuple):
    """What is wrong, before anything was changed."""

    run: RunResult
    failing: tuple[str, ...]
    """Node ids that failed twice."""
    flaky: tuple[str, ...]
    """Node ids that failed and then passed."""
    covered: Coverage
    suspects: tuple[Suspect, ...]

    def says(self, node: str) -> str:
        """Why a test failed; empty where it did not."""
        return next((test.message for test in self.run.outcomes if test.node == node), "")


class RepairError(RuntimeError):
    """There is nothing to repair, or no way to; the message says why and what to do."""


def diagnose(
    runner: Runner, tests: Sequence[str] = (), seconds: float = 120.0, files: Mapping[str, str] | None = None
) -> Diagnosis:
    """Runs the suite once, traced, and its failing tests again. Raises RepairError where it does not end."""
    changed, project = files or {}, runner.project
    if project is None:
        raise ValueError("this runner keeps no project; make one with Runner(project=...)")
    run = runner.submit(changed, tests, seconds, trace=True).result()
    if run.status != "finished":
        raise RepairError(unfinished(run, seconds))
    if not run.outcomes:
        raise RepairError(f"no tests ran; give the files of some with --test\n{run.output[-1500:]}")
    bad = [test.node for test in run.outcomes if test.outcome in ("failed", "error")]
    again = runner.submit(changed, bad, seconds, brief=True).result() if bad else run
    green = {test.node for test in again.outcomes if test.outcome in GREEN}
    failing = tuple(node for node in bad if node not in green)
    covered = coverage(run)
    found = suspects(run, covered, failing, editable(project))
    return Diagnosis(run, failing, tuple(node for node in bad if node in green), covered, tuple(found))


def unfinished(run: RunResult, seconds: float) -> str:
    """Why a suite that did not end cannot be worked on, and what to do."""
    last = run.output.strip().splitlines()[-1:] or [""]
    if run.status == "timeout":
        return (
            f"the tests did not end within {seconds:.0f} seconds ({last[0]}); "
            "narrow them with --test, or give more time with --suite-seconds"
        )
    return f"the tests cannot be run: {run.status} ({last[0]})\n{run.output[-1500:]}"


def editable(project: Project) -> dict[str, str]:
    """The sources that a repair may change: no tests, no configuration."""
    folders = ("tests/", "test/", "testing/", "docs/")
    return {
        name: text
        for name, text in project.sources().items()
        if not protected(name) and not any(f"/{name}".find(f"/{folder}") >= 0 for folder in folders)
    }


def still_failing(run: RunResult, failing: Collection[str]) -> tuple[str, ...]:
    """Those of `failing` that are not green in a run; a file is green if it was collected and none failed."""
    outcomes = {test.node: test.outcome for test in run.outcomes}
    left = []
    for node in failing:
        if "::" in node:
            green = outcomes.get(node) in GREEN
        else:
            inside = [outcome for other, outcome in outcomes.items() if other.startswith(f"{node}::")]
            green = node not in outcomes and "passed" in inside and set(inside) <= set(GREEN)
        if not green:
            left.append(node)
    return tuple(left)
