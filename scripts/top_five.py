"""Is a right edit among the first five? The code scorer's order of edits, and what the tests say of them.

    python scripts/top_five.py runs/top_five.jsonl --tasks 50

For held-out tasks of the workbench: the edits of the lines that hold a known repair (`line`), and those of
all suspicious lines (`lines`), in the scorer's order alone and, for the latter, weighed with how suspicious a
line is (`blamed`). An edit passes if it turns every failing test that runs its function green and breaks
none; where a task has one bug, that is every test. The first edits are really tried. Results are kept, a line
each, and not done again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from sixkeys import build
from sixkeys.bench.stats import wilson
from sixkeys.cli.common import bar, parse, say
from sixkeys.contract import TEST_SEEDS
from sixkeys.envs.repo.cursor import fresh
from sixkeys.envs.repo.grammar import Candidate
from sixkeys.envs.repo.ground import At
from sixkeys.envs.repo.marks import MENDS
from sixkeys.envs.repo.open_tasks import FAMILIES, OpenTask, generate
from sixkeys.envs.repo.oracle import right
from sixkeys.envs.repo.runner import Runner
from sixkeys.envs.repo.sweep import begun

ORDERS = ("line", "lines", "blamed")


@dataclass(frozen=True)
class Options:
    """What is measured."""

    results: Annotated[Path, tyro.conf.Positional]
    """where results are kept, one JSON object a line"""
    tasks: int = 50
    """tasks a family"""
    first: int = 5
    """edits that are tried of each order"""
    families: tuple[str, ...] = tuple(FAMILIES)


def main() -> None:
    """Goes on where it was stopped, then says how often a right edit was among the first."""
    options = parse(Options, "top_five", None, __doc__ or "")
    options.results.parent.mkdir(parents=True, exist_ok=True)
    done = rows(options.results)
    known = {(row["family"], row["seed"]) for row in done}
    wanted = [(f, TEST_SEEDS + s) for s in range(options.tasks) for f in options.families]
    rank = build.code_rank()
    with Runner() as runner, options.results.open("a", encoding="utf-8") as file, bar() as progress:
        shown = progress.add_task("tasks", total=len(wanted), note="")
        for family, seed in wanted:
            if (family, seed) not in known:
                task = generate(family, seed, True, rank)
                row = {"family": family, "seed": seed, **measured(runner, task, options.first)}
                file.write(json.dumps(row) + "\n")
                file.flush()
                done.append(row)
            progress.advance(shown)
    for order in ORDERS:
        for name in (*options.families, "all"):
            report(order, name, [row for row in done if name in (row["family"], "all")])


def rows(path: Path) -> list[dict]:
    """What was measured before."""
    return [json.loads(row) for row in path.read_text("utf-8").splitlines()] if path.exists() else []


def report(order: str, name: str, found: Sequence[Mapping]) -> None:
    """One line: the share of tasks, with its 95 % interval."""
    hits = sum(row[order] for row in found)
    low, high = (share := wilson(hits, len(found))).low, share.high
    say(f"{order:7} {name:11} {hits} of {len(found)}: {share.value:.3f} [{low:.3f}, {high:.3f}]")


def measured(runner: Runner, task: OpenTask, first: int) -> dict[str, bool]:
    """Order -> does one of its first edits pass?"""
    failing = task.failing[frozenset()]
    bench = fresh(task.tree).ran(failing, False)
    places = {at for fault in task.faults for at in right(bench, fault).places}
    blame = task.tree.suspects(failing)
    own, every = scored(task, failing, places), scored(task, failing, {*blame, *places})
    blamed = [(score * blame.get(at, 0.0), at, option) for score, at, option in every]
    return {
        order: passes(runner, task, failing, sorted(found, key=lambda item: -item[0])[:first])
        for order, found in zip(ORDERS, (own, every, blamed), strict=True)
    }


def scored(
    task: OpenTask, failing: tuple[str, ...], places: set[At]
) -> list[tuple[float, At, Candidate]]:  # fmt: skip
    """The edits of some lines and what the scorer says of each."""
    pieces = task.tree.pieces(failing)
    return [
        (option.score, at, option.candidate)
        for at in sorted(places)
        for group in task.tree.options(at, pieces)
        for option in group.edits
    ]


def passes(
    runner: Runner, task: OpenTask, failing: Sequence[str], chosen: Sequence[tuple[float, At, Candidate]]
) -> bool:  # fmt: skip
    """Does one of these edits mend what runs its function?"""
    for at in {at for _, at, _ in chosen}:
        own = [candidate for _, place, candidate in chosen if place == at]
        sweep = begun(runner, task.tree, failing, task.tests, at, own)
        marks = sweep.marks(sweep.result(), task.files)
        if any(mark.standing == MENDS for mark in marks.values()):
            return True
    return False


if __name__ == "__main__":
    main()
