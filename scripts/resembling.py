"""Is a bug that resembles an old one fixed in fewer test runs where the old one is remembered?

    python scripts/resembling.py runs/resembling.jsonl --couples 24

Projects are generated (envs/repo/bugs.py), sound, each beside examples/invoice. Two bugs of one project
(injury.py) make a couple: they are of the same kind, write or take away a common word, and lie on
different lines. Each is searched for three times, by the same diagnosis: without memory, with a memory that
holds the repair of the other bug of its couple (`resembling`), and with one that holds the repairs of all
couples before (`life`), whatever they were. Counted are candidates up to the repair, each of which is a run
of tests. Results are kept a line a bug; what is there already is not done again.
"""

from __future__ import annotations

import json
import re
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import tyro
from injury import Injury, injure

from sixkeys import build
from sixkeys.cli.common import bar, parse, say
from sixkeys.envs.repo.bugs import FAMILIES, generate
from sixkeys.envs.repo.chance import Chance
from sixkeys.envs.repo.diagnosis import Diagnosis, diagnose, editable
from sixkeys.envs.repo.project import Project, read
from sixkeys.envs.repo.repair import Search
from sixkeys.envs.repo.runner import Runner
from sixkeys.memory.repairs import Experience
from sixkeys.memory.store import Store

EXAMPLE = Path(__file__).parent.parent / "examples" / "invoice"
TASKS = 6
"""Generated tasks in a project, three to five functions each."""
SEEDS = range(400)
"""Injuries that are tried for a project's couples."""
WORD = re.compile(r"[A-Za-z_]\w*|\d+")
LONGEST = 1200.0
"""Seconds that a search may take on a busy machine; --most ends it sooner."""
ARMS = ("none", "resembling", "life")


@dataclass(frozen=True)
class Options:
    """What is measured."""

    results: Annotated[Path, tyro.conf.Positional]
    """where results are kept, one JSON object a line"""
    couples: int = 24
    """couples of bugs"""
    each: int = 5
    """couples of one project"""
    most: int = 300
    """candidates of one search, about; a bug that is not fixed by then leaves its couple out"""
    isolation: str = "auto"
    """see `sixkeys fix --help`"""


class Bug(NamedTuple):
    """A hurt project and what is wrong with it."""

    path: str
    injury: Injury
    runner: Runner
    diagnosis: Diagnosis


def main() -> None:
    """Goes on where it was stopped, then prints the table."""
    options = parse(Options, "resembling", None, __doc__ or "")
    options.results.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, bar() as progress, Store(life_of(options)) as life:
        done = len(rows(options.results)) // 2
        task = progress.add_task("couples", total=options.couples, completed=done, note="")
        for number in range(done, options.couples):
            project = sound(Path(folder), number // options.each)
            pair = couples(project, options)[number % options.each]
            found = measure(project, pair, life, Path(folder), options)
            with options.results.open("a") as file:
                file.writelines(json.dumps({"couple": number, **row}) + "\n" for row in found)
            progress.update(task, advance=1, note=f"{found[0]['kind']} {[row['tried'] for row in found]}")
    show(rows(options.results))


def rows(path: Path) -> list[dict[str, Any]]:
    """The results so far."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def life_of(options: Options) -> Path:
    """The memory of all couples before, beside the results."""
    return options.results.with_suffix(".sqlite")


def sound(folder: Path, number: int) -> Project:
    """A project without a bug: generated tasks, repaired, beside the repaired example."""
    root = folder / f"project{number}"
    if not root.exists():
        shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        text = (root / "invoice.py").read_text()
        (root / "invoice.py").write_text(text.replace("total > FREE_FROM", "total >= FREE_FROM"))
        families, seed, tasks = sorted(FAMILIES), 1000 * number, 0
        while tasks < TASKS:
            task, seed = generate(families[seed % len(families)], seed), seed + 1
            files = task.candidates[task.right].apply(task.files)
            if not any((root / name).exists() for name in files):
                tasks += 1
                for name, body in files.items():
                    (root / name).write_text(body)
    return read(root)


def couples(project: Project, options: Options) -> list[tuple[tuple[str, Injury], tuple[str, Injury]]]:
    """The first bugs that resemble each other, each bug in one couple. Kept beside the results by seed."""
    kept = options.results.parent / f"couples-{project.root.name}.json"
    sources = editable(project)
    if not kept.exists():
        seeds = failing(project, sources, options)
        bugs = {seed: hurt(sources, seed) for seed in seeds}
        chosen: list[tuple[int, int]] = []
        for one, other in combinations(seeds, 2):
            used = {seed for pair in chosen for seed in pair}
            if len(chosen) < options.each and not {one, other} & used and resemble(bugs[one], bugs[other]):
                chosen.append((one, other))
        kept.write_text(json.dumps(chosen))
    found = [(hurt(sources, one), hurt(sources, other)) for one, other in json.loads(kept.read_text())]
    if len(found) < options.each:
        raise SystemExit(f"{project.root.name} has {len(found)} couples; give --each {len(found)}")
    return [(one, other) for one, other in found if one and other]


def failing(project: Project, sources: Mapping[str, str], options: Options) -> list[int]:
    """Seeds whose injury makes a test fail in a run that ends; only kinds of which there are several."""
    fit, kinds = [], Chance([0xC0])
    with Runner(1, options.isolation, project=project) as runner:
        for seed in kinds.shuffled(SEEDS):
            bug = hurt(sources, seed)
            if bug is None:
                continue
            run = runner.run({bug[0]: bug[1].text}, (), 20.0)
            if run.status == "finished" and not run.passed:
                fit.append(seed)
            if len(fit) >= 16 * options.each:
                break
    return fit


def hurt(sources: Mapping[str, str], seed: int) -> tuple[str, Injury] | None:
    """The bug that a seed makes, if it makes one."""
    path = Chance([0xB06, seed]).pick(sorted(sources))
    injury = injure(sources[path], range(1, sources[path].count("\n") + 2), seed)
    return (path, injury) if injury else None


def resemble(one: tuple[str, Injury] | None, other: tuple[str, Injury] | None) -> bool:
    """The same kind, a common word that is written or taken away, another line."""
    if one is None or other is None or one[1].kind != other[1].kind:
        return False
    return (one[0], one[1].line) != (other[0], other[1].line) and bool(changed(one[1]) & changed(other[1]))


def changed(injury: Injury) -> set[str]:
    """Words and signs that only one side of a bug has."""
    sides = [set(WORD.findall(text)) or set(text.split()) for text in (injury.before, injury.after)]
    return sides[0] ^ sides[1]


def measure(
    project: Project, pair: Sequence[tuple[str, Injury]], life: Store, folder: Path, options: Options
) -> list[dict[str, Any]]:
    """Both bugs of a couple, in all arms; then `life` knows them, too."""
    bugs = [begun(project, path, injury, options) for path, injury in pair]
    try:
        plain = [searched(bug, None, options) for bug in bugs]
        found = []
        for bug, own, other in zip(bugs, plain, plain[::-1], strict=True):
            with tempfile.TemporaryDirectory(dir=folder) as place, Store(Path(place) / "m.sqlite") as store:
                learn(store, project, other)
                stores = [store, life] if all(s.best and not s.best.left for s in plain) else []
                arms = [own, *(searched(bug, known, options, project) for known in stores)]
            found.append({
                "kind": bug.injury.kind, "path": bug.path, "line": bug.injury.line,
                "before": bug.injury.before, "after": bug.injury.after,
                "whole": len(arms) == len(ARMS),
                "tried": {arm: runs_to(search) for arm, search in zip(ARMS, arms, strict=False)},
                "fixed": {arm: search.best is not None and not search.best.left
                          for arm, search in zip(ARMS, arms, strict=False)},
            })  # fmt: skip
        for search in plain:
            learn(life, project, search)
        return found
    finally:
        for bug in bugs:
            bug.runner.close()


def begun(project: Project, path: str, injury: Injury, options: Options) -> Bug:
    """The hurt project, diagnosed."""
    hurt = project._replace(files={**project.files, path: injury.text.encode()})
    runner = Runner(1, options.isolation, project=hurt)
    return Bug(path, injury, runner, diagnose(runner, (), 60.0))


def searched(bug: Bug, store: Store | None, options: Options, project: Project | None = None) -> Search:
    """One search, to the first batch that holds a repair."""
    habit = build.habit(Experience(store), project.root) if store and project else None
    deadline = time.monotonic() + LONGEST
    search = Search(bug.runner, (), deadline, build.code_rank(), None, habit)
    for _ in search.run(bug.diagnosis):
        if search.until < search.deadline or len(search.journal) >= options.most:
            search.until = 0.0
    return search


def learn(store: Store, project: Project, search: Search) -> None:
    """What `sixkeys fix --memory` does after a repair."""
    if search.best is not None:
        build.learn_repair(Experience(store), project.root, search, search.best)


def runs_to(search: Search) -> int:
    """Candidates that were tried up to the last one of the repair; all where there is none."""
    last = search.best.hands[-1] if search.best else None
    found = [place for place, tried in enumerate(search.journal, 1) if tried.hand is last]
    return found[0] if found else len(search.journal)


def ratios(found: Sequence[Mapping[str, Any]], arm: str) -> Iterator[tuple[int, float]]:
    """Couple, and runs with memory over runs without, bug by bug."""
    for row in found:
        yield row["couple"], row["tried"][arm] / row["tried"]["none"]


def show(found: list[dict[str, Any]]) -> None:
    """Medians of runs; the geometric mean of the ratio with a bootstrap interval over couples."""
    fixed = [row for row in found if row["whole"]]
    say(f"{len(found)} bugs, {len(fixed)} of them in a couple whose bugs are both fixed without memory")
    for arm in ARMS:
        runs = [row["tried"][arm] for row in fixed]
        lost = sum(not row["fixed"][arm] for row in fixed)
        line = f"{arm:11} median {statistics.median(runs):5.1f} runs, mean {statistics.mean(runs):6.1f}"
        line += f", {lost} not fixed"
        if arm != "none":
            pairs = [*ratios(fixed, arm)]
            logs: dict[int, list[float]] = {}
            for couple, ratio in pairs:
                logs.setdefault(couple, []).append(float(np.log(ratio)))
            groups, rng = [np.array(group) for group in logs.values()], np.random.default_rng(0)
            draws = [
                np.concatenate([groups[i] for i in rng.integers(0, len(groups), len(groups))]).mean()
                for _ in range(4000)
            ]
            low, high = np.exp(np.quantile(draws, (0.025, 0.975)))
            better, worse = sum(r < 1 for _, r in pairs), sum(r > 1 for _, r in pairs)
            mean = np.exp(np.mean(np.concatenate(groups)))
            line += f"; ratio {mean:.2f} [{low:.2f}, {high:.2f}]"
            line += f", fewer in {better}, more in {worse} of {len(pairs)}"
        say(line)


if __name__ == "__main__":
    main()
