"""How soon is a bug of a real library seen failing? Covering tests, warm, against the whole suite, cold.

    python benchmarks/libraries.py FOLDER...

A FOLDER is an unpacked source distribution with its tests; it is only read. One bug (scripts/injury.py) is
put into a line that tests run. A warm run takes the tests that ran the line when the library was sound, the
quickest first, and stops at the first that fails; a cold run is a plain `python -m pytest` of the whole suite
in the same sandbox, timed from the start of its interpreter. The failing test alone is run both ways, and
every test's outcome in warm and cold runs of the whole suite, sound and hurt, must be the same. With --python
give an interpreter that has pytest and little else: installed plugins make cold runs slower.
"""

from __future__ import annotations

import argparse
import runpy
import time
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from turns import console, quantiles, rounds_of, times, verdict

from sixkeys.envs.repo.chance import Chance
from sixkeys.envs.repo.diagnosis import diagnose, editable
from sixkeys.envs.repo.localise import Coverage
from sixkeys.envs.repo.outcomes import RunResult
from sixkeys.envs.repo.project import Project, read
from sixkeys.envs.repo.runner import Runner

TARGET = 12.0
SECONDS, SEEDS, WARM_RUNS = 300.0, range(1000), 5
BAD = ("failed", "error")
injure = runpy.run_path(str(Path(__file__).parents[1] / "scripts" / "injury.py"))["injure"]


class Bug(NamedTuple):
    """A bug, the tests that run its line, the quickest first, and the first of them that fails."""

    where: str
    files: dict[str, str]
    tests: list[str]
    failing: str


def outcomes(run: RunResult) -> dict[str, str]:
    """Node id -> outcome. Raises SystemExit where the run did not finish."""
    if run.status != "finished":
        raise SystemExit(f"a run ended as {run.status}: {run.output[-500:]}")
    return {test.node: test.outcome for test in run.outcomes}


def bug(runner: Runner, project: Project) -> Bug:
    """The first bug of the list that a covering test sees."""
    diagnosis, sources = diagnose(runner, (), SECONDS), editable(project)
    seconds = {test.node: test.seconds for test in diagnosis.run.outcomes}
    places = places_of(diagnosis.covered, sources, project)
    for seed in SEEDS:
        path, line = Chance([0xB06, seed]).pick(places)
        injury = injure(sources[path], range(line, line + 1), seed)
        if injury is None:
            continue
        tests = sorted(diagnosis.covered.tests[path, line], key=lambda node: seconds.get(node, 0.0))
        run = runner.submit({path: injury.text}, tests, SECONDS, brief=True, first=True).result()
        failing = [test.node for test in run.outcomes if test.outcome in BAD]
        if run.status == "finished" and failing and "::" in failing[0]:
            what = f"{path}:{injury.line} {injury.kind}: {injury.before!r} as {injury.after!r}"
            return Bug(what, {path: injury.text}, tests, failing[0])
    raise SystemExit(f"{project.root}: none of {len(SEEDS)} bugs makes a test fail")


def places_of(covered: Coverage, sources: dict[str, str], project: Project) -> list[tuple[str, int]]:
    """Lines of the library's own modules that ran in tests, and not before them."""

    def own(path: str) -> bool:
        folder = PurePosixPath(path).parent
        return str(folder / "__init__.py") in project.files or (not folder.name and path != "setup.py")

    return sorted(p for p in covered.tests if p[0] in sources and own(p[0]) and p not in covered.early)


def differing(runner: Runner, files: dict[str, str]) -> tuple[int, list[str]]:
    """How many tests there are, and those of which a warm run of the suite says other than a cold one."""
    warm = outcomes(runner.submit(files, (), SECONDS).result())
    cold = outcomes(runner.cold(files, (), SECONDS))
    return len(cold), [node for node in {**warm, **cold} if warm.get(node) != cold.get(node)]


def measured(runner: Runner, found: Bug, rounds: int) -> None:
    """Prints the table and whether the targets are reached."""

    def warm(tests: Sequence[str]) -> float:
        began = time.perf_counter()
        run = runner.submit(found.files, tests, SECONDS, brief=True, first=True).result()
        seconds = time.perf_counter() - began
        if outcomes(run).get(found.failing) not in BAD:
            raise SystemExit(f"{found.failing} did not fail")
        return seconds

    def cold(tests: Sequence[str]) -> float:
        run = runner.cold(found.files, tests, SECONDS)
        if outcomes(run).get(found.failing) not in BAD:
            raise SystemExit(f"{found.failing} did not fail in a cold run")
        return run.seconds

    kinds = {
        "covering tests, warm": lambda: [warm(found.tests) for _ in range(WARM_RUNS)],
        "whole suite, cold": lambda: [cold(())],
        "the failing test, warm": lambda: [warm([found.failing]) for _ in range(WARM_RUNS)],
        "the failing test, cold": lambda: [cold([found.failing])],
    }
    seconds = rounds_of(kinds, rounds)
    console.print(quantiles(f"{len(found.tests)} covering tests, in milliseconds", seconds))
    for ours, theirs, target in (
        ("covering tests, warm", "whole suite, cold", TARGET),
        ("the failing test, warm", "the failing test, cold", None),
    ):
        console.print(verdict(f"{ours}, against {theirs}", times(seconds, ours, theirs), target))


def main() -> None:
    """Each library in turn."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "folders", nargs="*", type=Path, help="unpacked source distributions with their tests"
    )
    parser.add_argument(
        "--rounds", type=int, default=20, help=f"{WARM_RUNS} warm runs, one cold of each (20)"
    )
    parser.add_argument("--python", default="", help="the interpreter that runs the tests")
    options = parser.parse_args()
    if not options.folders:
        console.print("no library was given; name folders of unpacked source distributions to measure them")
    for folder in options.folders:
        project = read(folder, options.python)
        with Runner(1, project=project) as runner:
            found = bug(runner, project)
            console.print(f"\n[bold]{folder.name}[/], isolation: {runner.isolation}; {found.where}")
            for name, files in (("sound", {}), ("hurt", found.files)):
                count, others = differing(runner, files)
                console.print(
                    f"{name}: {len(others)} of {count} outcomes differ from cold {others[:5] or ''}"
                )
            measured(runner, found, options.rounds)


if __name__ == "__main__":
    main()
