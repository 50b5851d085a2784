"""How many bugs does `fix` repair? Bugs are put into real libraries; each is searched for as a user would.

    python scripts/repairs.py runs/repairs/agent.jsonl LIBRARY... --bugs 50
    python scripts/repairs.py runs/repairs/random.jsonl LIBRARY... --bugs 50 --order random

A LIBRARY is the unpacked source distribution of a library with its tests. A bug (injury.py) is put
into a line that tests run; it counts if the suite still ends and some test fails. Three tests in ten are held
out: the search never sees them, and they judge what it found. Results are kept a line each; what is there
already is not done again.
"""

from __future__ import annotations

import ast
import json
import statistics
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

import tyro
from injury import Injury, injure

from sixkeys import build
from sixkeys.bench.stats import wilson
from sixkeys.cli.common import bar, parse, say
from sixkeys.envs.repo.chance import Chance
from sixkeys.envs.repo.localise import Coverage
from sixkeys.envs.repo.project import Project, read
from sixkeys.envs.repo.repair import Diagnosis, Repair, Search, diagnose, editable
from sixkeys.envs.repo.runner import Runner

HELD_OUT = 0.3
"""Share of the tests that the search does not see."""


BUDGET = 60.0
"""Seconds within which a repair is wanted."""
PROOF = 3.0
"""Seconds that are left for the proof, besides those that the suite took."""


@dataclass(frozen=True)
class Options:
    """What is measured."""

    results: Annotated[Path, tyro.conf.Positional]
    """where results are kept, one JSON object a line"""
    libraries: Annotated[tuple[Path, ...], tyro.conf.Positional] = ()
    """folders of libraries; none: only show what is there"""
    bugs: int = 50
    """bugs a library"""
    seed: int = 0
    """of the list of bugs and of the held-out tests"""
    budget: float = BUDGET
    """seconds that one repair may take, diagnosis and proof included"""
    part: tuple[int, int] = (0, 1)
    """K N: only every Nth bug of a library from the Kth on, to spread a study over processes"""
    order: Literal["agent", "hand", "scorer", "localised", "random"] = "agent"
    """candidates by suspicion and the network, by suspicion and hand-set weights, by the network alone, by
    suspicion alone, or at random"""


@dataclass(frozen=True)
class Bench:
    """A library, sound: its runner, which tests are seen, which lines of its own files they run."""

    project: Project
    runner: Runner
    seen: tuple[str, ...]
    hidden: tuple[str, ...]
    lines: dict[str, list[int]]
    covered: Coverage

    def meeting(self, path: str, line: int) -> list[str]:
        """The seen tests that can notice a change of a line and the two after it; all where it ran at
        import."""
        near = range(line, line + 3)
        met = self.covered.of(path, line, line + 2)
        early = any((path, number) in self.covered.early for number in near)
        return [node for node in self.seen if early or node in met]


def main() -> None:
    """Goes on where it was stopped, then prints the table."""
    options = parse(Options, "repairs", None, __doc__ or "")
    options.results.parent.mkdir(parents=True, exist_ok=True)
    done = {(row["library"], row["seed"]) for row in rows(options.results)}
    with bar() as progress:
        for folder in options.libraries:
            total = len(range(options.part[0], options.bugs, options.part[1]))
            task = progress.add_task(folder.name, total=total, note="")
            progress.advance(task, sum(library == folder.name for library, _ in done))
            work(folder, options, done, lambda note, task=task: progress.update(task, advance=1, note=note))
    show(rows(options.results))


def rows(path: Path) -> list[dict[str, Any]]:
    """The results so far."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def work(folder: Path, options: Options, done: set, tell: Any) -> None:
    """Every bug of one library that is not done yet."""
    wanted = len(range(options.part[0], options.bugs, options.part[1]))
    if sum(library == folder.name for library, _ in done) >= wanted:
        return
    bench = prepare(folder, options.seed)
    try:
        for seed, path, injury in bugs(bench, folder.name, options):
            if (folder.name, seed) not in done:
                row = {"library": folder.name, "seed": seed, "path": path, "kind": injury.kind,
                       "line": injury.line, "before": injury.before, "after": injury.after}  # fmt: skip
                row |= repair(bench, path, injury, seed, options)
                with options.results.open("a") as file:
                    file.write(json.dumps(row) + "\n")
                tell(f"{injury.kind}: {'fixed' if row['fixed'] else 'not fixed'}")
    finally:
        bench.runner.close()


def prepare(folder: Path, seed: int) -> Bench:
    """The library's tests run once, traced; its tests are divided."""
    project = read(folder)
    runner = build.repository_runner(project, 2, "auto")
    diagnosis = diagnose(runner, (), 300.0)
    green = [test.node for test in diagnosis.run.outcomes if test.outcome == "passed"]
    mixed = Chance([0x5EE, seed]).shuffled(green)
    hidden = set(mixed[: int(len(mixed) * HELD_OUT)])
    lines: dict[str, list[int]] = {path: [] for path in editable(project) if shipped(path, project)}
    for path, line in sorted(diagnosis.covered.tests):
        if path in lines:
            lines[path].append(line)
    seen = tuple(node for node in green if node not in hidden)
    held = tuple(node for node in green if node in hidden)
    return Bench(project, runner, seen, held, lines, diagnosis.covered)


def shipped(path: str, project: Project) -> bool:
    """Whether a file is the library's own: a module of a package, or one that stands alone."""
    folder = PurePosixPath(path).parent
    return str(folder / "__init__.py") in project.files if folder.name else path != "setup.py"


def bugs(bench: Bench, name: str, options: Options) -> Iterator[tuple[int, str, Injury]]:
    """The first `bugs` injuries that make a seen test fail in a suite that ends; a list for each seed, kept
    beside the results."""
    sources = bench.project.sources()
    places = [(path, line) for path, lines in bench.lines.items() for line in lines]
    kept = options.results.parent / f"bugs-{name}-{options.seed}.json"
    fit = json.loads(kept.read_text()) if kept.exists() else []
    for _ in range(options.bugs - len(fit)):
        start = fit[-1] + 1 if fit else options.seed * 100_000
        seeds = range(start, start + 100_000)
        fit.append(next(seed for seed in seeds if fails(bench, sources, places, seed)))
        kept.write_text(json.dumps(fit))
    for seed in fit[options.part[0] : options.bugs : options.part[1]]:
        path, injury = hurt(sources, places, seed)
        if injury is not None:
            yield seed, path, injury


def hurt(sources: Mapping[str, str], places: list[tuple[str, int]], seed: int) -> tuple[str, Injury | None]:
    """The bug that a seed makes, if it makes one."""
    path, line = Chance([0xB06, seed]).pick(places)
    return path, injure(sources[path], range(line, line + 3), seed)


def fails(bench: Bench, sources: Mapping[str, str], places: list[tuple[str, int]], seed: int) -> bool:
    """Whether a seed's bug makes a seen test fail in a run that ends: of those that can notice it, which is
    soon known, and of all, since some tests fail where others did not run before them."""
    path, injury = hurt(sources, places, seed)
    tests = bench.meeting(path, injury.line) if injury else []
    if injury is None or not tests:
        return False
    for some in (tests, bench.seen):
        run = bench.runner.run({path: injury.text}, some, 120.0)
        red = any(test.outcome in ("failed", "error") for test in run.outcomes)
        if run.status != "finished" or not red:
            return False
    return True


def repair(bench: Bench, path: str, injury: Injury, seed: int, options: Options) -> dict[str, Any]:
    """One search from the hurt library on, with a runner of its own."""
    project = bench.project._replace(files={**bench.project.files, path: injury.text.encode()})
    began = time.monotonic()
    with build.repository_runner(project, 2, "auto") as runner:
        diagnosis = ordered(diagnose(runner, bench.seen, 120.0), options.order, seed)
        until = began + options.budget - PROOF - diagnosis.run.seconds
        search = Search(runner, bench.seen, until, rank(options.order, seed))
        for _ in search.run(diagnosis):
            pass
        best, verdict = search.best, None
        if best is not None:
            verdict = search.confirm(best)[1]
        fixed = best is not None and verdict is not None and verdict.passed and not best.left
        seconds, held = time.monotonic() - began, None
        if fixed and best is not None:
            run = runner.run(best.files, bench.hidden, 300.0)
            passed = {test.node for test in run.outcomes if test.outcome == "passed"}
            held = run.status == "finished" and set(bench.hidden) <= passed

    def whole(one: Repair) -> bool:
        return same(one.files.get(path, ""), bench.project.sources()[path])

    suspects = [(s.path, s.line) for s in diagnosis.suspects]
    near = [n for n, place in enumerate(suspects) if place[0] == path and 0 <= injury.line - place[1] < 3]
    return {
        "order": options.order, "fixed": fixed, "held_out": held, "seconds": round(seconds, 2),
        "tried": runs_to(search), "candidates": search.total, "failing": len(diagnosis.failing),
        "rank": near[0] if near else None,
        "same": bool(fixed and best and whole(best)),
        "confidence": best.confidence if best else None, "plausible": len(search.plausible),
        "rivals": [[r.hands[0].weight, r.keeps, r.confidence, whole(r)] for r in search.plausible],
        "edits": [list(h.candidate[1:2] + h.candidate[4:6]) for h in (best.hands if best else ())],
    }  # fmt: skip


def runs_to(search: Search) -> int:
    """How many candidates were tried up to the last one of the repair; all where there is none."""
    last = search.best.hands[-1] if search.best else None
    found = [place for place, tried in enumerate(search.journal, 1) if tried.hand is last]
    return found[0] if found else len(search.journal)


def ordered(diagnosis: Diagnosis, order: str, seed: int) -> Diagnosis:
    """The diagnosis as an order of candidates needs it: where suspicion does not count, no line has more."""
    if order not in ("random", "scorer"):
        return diagnosis
    mixed = Chance([0x0DE, seed]).shuffled([s._replace(score=1.0) for s in diagnosis.suspects])
    return diagnosis._replace(suspects=tuple(mixed))


def rank(order: str, seed: int) -> Any:
    """How candidates are ranked; None: by hand."""
    chance = Chance([0xACE, seed])
    if order in ("agent", "scorer"):
        return build.code_rank()
    ranks = {
        "hand": None,
        "random": lambda text, options, pieces: [chance.unit() for _ in options],
        "localised": lambda text, options, pieces: [1.0 + 1e-6 * chance.unit() for _ in options],
    }
    return ranks[order]


def same(one: str, other: str) -> bool:
    """Whether two files say the same program."""
    return ast.dump(ast.parse(one)) == ast.dump(ast.parse(other)) if one else False


def show(found: list[dict[str, Any]]) -> None:
    """The table: a line a library, and all; what made no test fail was no bug."""
    found = [row for row in found if row["failing"]]
    for name in [*sorted({row["library"] for row in found}), "all"]:
        some = [row for row in found if name in ("all", row["library"])]
        if not some:
            continue
        fixed = [row for row in some if row["fixed"]]
        late = sum(row["seconds"] > BUDGET for row in fixed)
        held = [row for row in fixed if row["held_out"]]
        share = wilson(len(fixed), len(some))
        tried = statistics.median([row["tried"] for row in fixed]) if fixed else float("nan")
        seconds = statistics.median([row["seconds"] for row in fixed]) if fixed else float("nan")
        say(
            f"{name:24} {len(fixed)}/{len(some)} fixed [{share.low:.2f}, {share.high:.2f}], {late} late, "
            f"{len(held)} hold on hidden tests, {sum(row['same'] for row in fixed)} as it was; "
            f"median {tried:.0f} candidates, {seconds:.1f} s"
        )


if __name__ == "__main__":
    main()
