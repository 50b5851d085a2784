"""How many candidates a second are tried? In batches, a run each, a cold pytest each, and by mutmut.

All try the same mutants, mutmut's own, of the same sound library, each with the one test that runs its
function, in as many processes; mutmut 3 (`pip install mutmut`) says its rate itself. A mutant of a head
has a run of its own in the batches, too. Then verdicts are checked against a cold pytest: those of
mutants, and those of candidate repairs of the same library hurt.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from turns import console, missing, ratio, table, take_turns, verdict

from sixkeys.envs.repo.attempts import MOST, Attempts, changed
from sixkeys.envs.repo.diagnosis import diagnose, editable
from sixkeys.envs.repo.hands import STAGES, hands
from sixkeys.envs.repo.outcomes import RunResult
from sixkeys.envs.repo.project import Project, read
from sixkeys.envs.repo.runner import Runner

FUNCTIONS, WORKERS = 18, 2
EACH, SECONDS = 2.0, 120.0
"""CPU seconds that a mutant of a batch has; seconds that a run has."""
RATE = re.compile(r"([\d.]+) mutations/second")
MUTANT = re.compile(r"x_(f\d+)__mutmut_(\d+)$")
BATCHED, ALONE, COLD, MUTMUT = "batched", "one by one", "cold pytest", "mutmut"


class Mutant(NamedTuple):
    """A function of the library, changed."""

    function: str
    source: str
    text: str
    """The whole file."""
    line: int
    """On which line the function begins."""
    head: bool
    """Whether more than its body is changed."""
    killed: bool
    """What mutmut says."""

    @property
    def test(self) -> str:
        """The test that runs it."""
        return f"test_calc.py::test_{self.function}"


def library(folder: Path) -> None:
    """A small library: functions with loops and branches, a test for each."""
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
    (folder / "setup.cfg").write_text(
        "[mutmut]\nsource_paths=calc.py\npytest_add_cli_args_test_selection=test_calc.py\n"
    )


def mutmut(folder: Path) -> float:
    """Mutants a second of `mutmut run`, as it says itself."""
    shutil.rmtree(folder / "mutants", ignore_errors=True)
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(WORKERS)]
    said = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    found = RATE.findall(said.stdout)
    if not found:
        raise SystemExit(f"mutmut said no rate: {said.stdout[-500:]}{said.stderr[-500:]}")
    return float(found[-1])


def mutants(folder: Path) -> list[Mutant]:
    """What mutmut made of the library, and what it said of it."""
    text, made = (folder / "calc.py").read_text(), (folder / "mutants" / "calc.py").read_text()
    said = json.loads((folder / "mutants" / "calc.py.meta").read_text())["exit_code_by_key"]
    sound = {node.name: node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
    lines, found = text.splitlines(keepends=True), []
    for node in ast.parse(made).body:
        name = MUTANT.match(node.name) if isinstance(node, ast.FunctionDef) else None
        if name is None or not isinstance(node, ast.FunctionDef):
            continue
        old = sound[name[1]]
        source = (ast.get_source_segment(made, node) or "").replace(node.name, name[1], 1)
        whole = "".join(lines[: old.lineno - 1]) + source + "\n" + "".join(lines[old.end_lineno :])
        head = ast.dump(node.args) != ast.dump(old.args)
        killed = said[f"calc.{node.name}"] != 0
        found.append(Mutant(name[1], source, whole, old.lineno, head, killed))
    return found


def variant(mutant: Mutant) -> dict[str, Any]:
    """A mutant as a batch takes it: its test is what it must pass, so it is screened as `fix` screens."""
    return {"path": "calc.py", "names": [mutant.function], "line": mutant.line, "future": [],
            "source": mutant.source + "\n", "tests": [mutant.test], "probes": 1}  # fmt: skip


def batched(runner: Runner, some: Sequence[Mutant]) -> list[bool]:
    """Which mutants are killed, many tried in one collection."""
    tickets = []
    bodies = [mutant for mutant in some if not mutant.head]
    size = -(-len(bodies) // (WORKERS * -(-len(bodies) // (WORKERS * MOST)) or 1)) or 1
    for start in range(0, len(bodies), size):
        part = bodies[start : start + size]
        tests = list(dict.fromkeys(mutant.test for mutant in part))
        ticket = runner.submit({}, tests, SECONDS, variants=[*map(variant, part)], each=EACH)
        tickets.append((part, ticket))
    heads = [mutant for mutant in some if mutant.head]
    killed = dict(zip(map(id, heads), single(runner, heads), strict=True))
    for part, ticket in tickets:
        said = ticket.result().variants
        killed |= {id(m): ended != "passed" for m, (_, ended, _) in zip(part, said, strict=True)}
    return [killed[id(mutant)] for mutant in some]


def single(runner: Runner, some: Sequence[Mutant]) -> list[bool]:
    """Which mutants are killed, a warm run each."""
    tickets = [runner.submit({"calc.py": m.text}, [m.test], SECONDS, brief=True) for m in some]
    return [not ticket.result().passed for ticket in tickets]


def cold(runner: Runner, some: Sequence[Mutant]) -> list[bool]:
    """Which mutants are killed, a cold pytest each."""
    return [not run.passed for run in colds(runner, [({"calc.py": m.text}, [m.test]) for m in some])]


def colds(runner: Runner, some: Iterable[tuple[dict[str, str], list[str]]]) -> list[RunResult]:
    """Cold runs, as many at once as there are workers."""
    with ThreadPoolExecutor(WORKERS) as pool:
        return [*pool.map(lambda one: runner.cold(one[0], one[1], SECONDS), some)]


def rate(
    tries: Callable[[Runner, Sequence[Mutant]], object], runner: Runner, some: Sequence[Mutant]
) -> float:
    """Mutants a second."""
    began = time.perf_counter()
    tries(runner, some)
    return len(some) / (time.perf_counter() - began)


def repairs_audited(project: Project, count: int) -> tuple[int, int]:
    """Of candidate repairs of the hurt library: how many were checked, how many verdicts are wrong."""
    text = project.sources()["calc.py"].replace("total -= 1", "total += 1", 1)
    hurt = project._replace(files={**project.files, "calc.py": text.encode()})
    with Runner(WORKERS, project=hurt) as runner:
        diagnosis, sources = diagnose(runner), editable(hurt)
        some = [hand for stage in range(len(STAGES)) for hand in hands(diagnosis, sources, None, stage)]
        attempts = Attempts(runner, diagnosis, {}, sources)
        tried = [*attempts.tried(some[:count], lambda: float("inf"))]
        runs = colds(runner, [(changed(a.hand, sources), attempts.probes(a.hand)) for a in tried])
    wrong = 0
    for attempt, run in zip(tried, runs, strict=True):
        differs = attempt.passed != sum(test.outcome == "passed" for test in run.outcomes)
        wrong += differs
        if differs:
            console.print(f"{attempt.hand.candidate.edit}: {attempt.said}, cold {run.status} {run.outcomes}")
    return len(tried), wrong


def main() -> None:
    """Prints the table, whether the targets are reached, and how many verdicts are wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each (5)")
    parser.add_argument("--audited", type=int, default=500, help="verdicts checked with a cold pytest (500)")
    parser.add_argument("--python", default="", help="the interpreter that runs our tests")
    options = parser.parse_args()
    if missing("mutmut"):
        raise SystemExit("mutmut makes the mutants: pip install mutmut")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        library(folder)
        project = read(folder, options.python)
        mutmut(folder)
        some = mutants(folder)
        console.print(f"{len(some)} mutants, {sum(m.head for m in some)} of a function's head")
        with Runner(WORKERS, project=project) as runner:
            contestants = {
                BATCHED: lambda: rate(batched, runner, some),
                ALONE: lambda: rate(single, runner, some[:100]),
                COLD: lambda: rate(cold, runner, some[:12]),
                MUTMUT: lambda: mutmut(folder),
            }
            rates = take_turns(contestants, options.rounds)
            console.print(table("Candidates", "a second", rates, BATCHED))
            console.print(verdict("a run each, against mutmut", ratio(rates, ALONE, MUTMUT), 2.5))
            console.print(verdict("batched, against mutmut", ratio(rates, BATCHED, MUTMUT), 10))
            part = some[: options.audited // 2]
            true = cold(runner, part)
            for kind, said in (
                ("batched", batched(runner, part)),
                ("one by one", single(runner, part)),
                ("mutmut's", [mutant.killed for mutant in part]),
            ):
                wrong = sum(one != other for one, other in zip(said, true, strict=True))
                console.print(
                    f"{kind}: {wrong} of {len(part)} verdicts of mutants differ from a cold pytest's"
                )
        count, wrong = repairs_audited(project, options.audited - len(part))
    console.print(f"repairs: {wrong} of {count} verdicts differ from a cold pytest's")


if __name__ == "__main__":
    main()
