"""How many candidates a second are tried? In batches, a run each, a cold pytest each, and by mutmut.

The same hurt library and failing test for ours and for the cold runs; mutmut, where it is installed
(`pip install mutmut`), makes and runs its own mutants of the sound library in as many processes, and says its
rate itself. Verdicts of the batches are checked against runs of their own.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from turns import console, missing, ratio, table, take_turns, verdict

from sixkeys.envs.repo.attempts import Attempts, changed
from sixkeys.envs.repo.diagnosis import Diagnosis, diagnose, editable
from sixkeys.envs.repo.hands import Hand, hands
from sixkeys.envs.repo.project import Project, read
from sixkeys.envs.repo.runner import Runner

FUNCTIONS, WORKERS = 12, 2
RATE = re.compile(r"([\d.]+) mutations/second")


def library(folder: Path) -> None:
    """A small library: twelve functions with loops and branches, a test for each."""
    source = "".join(
        f"def f{n}(values, limit={n}):\n    total = 0\n    for value in values:\n        if value > limit:\n"
        f"            total += value * {n + 1}\n        elif value == {n}:\n            total -= 1\n"
        f"    return total + len(values)\n\n\n"
        for n in range(FUNCTIONS)
    )
    (folder / "calc.py").write_text(source)
    known: dict = {}
    exec(compile(source, "calc.py", "exec"), known)
    tests = "import calc\n\n\n" + "".join(
        f"def test_f{n}():\n    assert calc.f{n}(list(range(20))) == {known[f'f{n}'](list(range(20)))}\n\n\n"
        for n in range(FUNCTIONS)
    )
    (folder / "test_calc.py").write_text(tests)
    (folder / "setup.cfg").write_text("[mutmut]\npaths_to_mutate=calc.py\ntests_dir=test_calc.py\n")


def hurt(project: Project) -> Project:
    """The library with one bug."""
    text = project.sources()["calc.py"].replace("total -= 1", "total += 1", 1)
    return project._replace(files={**project.files, "calc.py": text.encode()})


def batched(runner: Runner, diagnosis: Diagnosis, sources: dict[str, str], some: Sequence[Hand]) -> float:
    """Candidates a second, many in one collection."""
    began = time.perf_counter()
    count = sum(1 for _ in Attempts(runner, diagnosis, {}, sources).tried(some, lambda: float("inf")))
    return count / (time.perf_counter() - began)


def single(runner: Runner, diagnosis: Diagnosis, sources: dict[str, str], some: Sequence[Hand]) -> float:
    """Candidates a second, a warm run each."""
    attempts, began = Attempts(runner, diagnosis, {}, sources), time.perf_counter()
    tickets = [runner.submit(changed(hand, sources), attempts.probes(hand)) for hand in some]
    for ticket in tickets:
        ticket.result()
    return len(some) / (time.perf_counter() - began)


def cold(runner: Runner, diagnosis: Diagnosis, sources: dict[str, str], some: Sequence[Hand]) -> float:
    """Candidates a second, a cold pytest each, one after the other."""
    attempts, began = Attempts(runner, diagnosis, {}, sources), time.perf_counter()
    for hand in some:
        runner.cold(changed(hand, sources), attempts.probes(hand))
    return len(some) / (time.perf_counter() - began)


def mutmut(folder: Path) -> float:
    """Mutants a second of `mutmut run` on the sound library, as it says itself."""
    shutil.rmtree(folder / "mutants", ignore_errors=True)
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(WORKERS)]
    said = subprocess.run(command, cwd=folder, capture_output=True, text=True, env={**os.environ})
    found = RATE.findall(said.stdout)
    if not found:
        raise SystemExit(f"mutmut said no rate: {said.stdout[-500:]}{said.stderr[-500:]}")
    return float(found[-1])


def audited(runner: Runner, diagnosis: Diagnosis, sources: dict[str, str], some: Sequence[Hand]) -> int:
    """How many of some candidates' verdicts differ from those of a cold pytest."""
    attempts = Attempts(runner, diagnosis, {}, sources)
    said = {id(a.hand): a.passed for a in attempts.tried(some, lambda: float("inf"))}
    wrong = 0
    for hand in some:
        result = runner.cold(changed(hand, sources), attempts.probes(hand))
        wrong += said[id(hand)] != sum(test.outcome == "passed" for test in result.outcomes)
    return wrong


def main() -> None:
    """Prints the table and whether the targets are reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each (5)")
    parser.add_argument("--audited", type=int, default=40, help="verdicts checked against a cold pytest (40)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        library(folder)
        project = hurt(read(folder))
        with Runner(WORKERS, project=project) as runner:
            diagnosis, sources = diagnose(runner), editable(project)
            some = hands(diagnosis, sources)[:300]
            contestants = {
                "batched": lambda: batched(runner, diagnosis, sources, some),
                "one by one": lambda: single(runner, diagnosis, sources, some[:40]),
                "cold pytest": lambda: cold(runner, diagnosis, sources, some[:6]),
            }
            if not missing("mutmut"):
                contestants["mutmut"] = lambda: mutmut(folder)
            rates = take_turns(contestants, options.rounds)
            wrong = audited(runner, diagnosis, sources, some[: options.audited])
    console.print(table("Candidates", "a second", rates, "batched"))
    if "mutmut" in rates:
        console.print(verdict("a run each, against mutmut", ratio(rates, "one by one", "mutmut"), 2.5))
        console.print(verdict("batched, against mutmut", ratio(rates, "batched", "mutmut"), 10))
    console.print(f"{wrong} of {options.audited} verdicts differ from a cold pytest's")


if __name__ == "__main__":
    main()
