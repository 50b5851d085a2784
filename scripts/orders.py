"""Which order of candidates reaches a repair soonest? Every order walks the same candidates of the same bugs.

    python scripts/orders.py runs/repairs/orders.jsonl LIBRARY... --bugs 10 --seeds 0 1 2

Bugs, held-out tests and orders are those of scripts/repairs.py. Whether a candidate repairs the library, all
failing tests passed and none broken, does not depend on who proposed it, so it is found out once and every
order is told: an order's figure is how many different candidates it tries up to its first repair, `--most` at
most. Results are kept, a line a bug, and not done again; a bug that lacks an order gets another line.
Not covered: the time of a search, and repairs made of several edits.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice, repeat
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tyro
from injury import Injury
from repairs import Bench, bugs, ordered, prepare, rank, rows
from repairs import Options as Bugs

from sixkeys import build
from sixkeys.cli.common import bar, parse, say
from sixkeys.envs.repo.attempts import Attempts, changed
from sixkeys.envs.repo.hands import Hand
from sixkeys.envs.repo.repair import Search, diagnose, editable

ORDERS = ("agent", "hand", "scorer", "localised", "random")
CHUNKS = (12, 24, 48, 96)
"""Candidates that are found out at a time, in the beginning and, the last of them, from then on."""
FOREVER = float("inf")
NEVER = 1e6
"""What a bug costs an order that found no repair: more than any count."""
EXAMINED = 120.0
"""Seconds that the examination of one candidate may take."""
DRAWS = 2000
"""Bootstrap samples of bugs."""


@dataclass(frozen=True)
class Options:
    """What is compared."""

    results: Annotated[Path, tyro.conf.Positional]
    """where results are kept, one JSON object a line"""
    libraries: Annotated[tuple[Path, ...], tyro.conf.Positional] = ()
    """folders of libraries; none: only show what is there"""
    bugs: int = 10
    """bugs a library and seed"""
    seeds: tuple[int, ...] = (0, 1, 2)
    """each has a list of bugs, held-out tests and draws of the random orders"""
    part: tuple[int, int] = (0, 1)
    """K N: only every Nth bug of a library and seed from the Kth on, to spread a study over processes"""
    orders: tuple[str, ...] = ORDERS
    """those that are compared"""
    most: int = 1000
    """candidates that an order may try"""


class Truth:
    """What became of each candidate of one bug. Keeps state: the answers, by text."""

    def __init__(self, search: Search):
        self.search, self.diagnosis = search, search.first
        self.sources = editable(search.project)
        self.attempts = Attempts(search.runner, search.first, {}, self.sources)
        self.holds: dict[tuple[str, int], bool] = {}

    def key(self, hand: Hand) -> tuple[str, int]:
        """The text that a candidate leaves."""
        path = hand.candidate.edit.path
        return path, hash(changed(hand, self.sources)[path])

    def learn(self, some: Sequence[tuple[tuple[str, int], Hand]]) -> None:
        """Finds out which of these candidates repair everything, where that is not known."""
        fresh = {key: hand for key, hand in some if key not in self.holds}
        keys = {id(hand): key for key, hand in fresh.items()}
        self.holds |= dict.fromkeys(fresh, False)
        for hand, _, _, whole in self.attempts.tried(fresh.values(), lambda: FOREVER):
            if whole:
                files = changed(hand, self.sources)
                self.search.deadline = time.monotonic() + EXAMINED
                repair = self.search.examine(hand, files, self.diagnosis, self.attempts, 1)
                self.holds[keys[id(hand)]] = repair is not None and not repair.left

    def walk(self, queue: Iterator[Hand], most: int) -> tuple[int, bool]:
        """How many different candidates of an order are tried up to a repair, and whether there was one."""
        met: set[tuple[str, int]] = set()
        sizes = chain(CHUNKS, repeat(CHUNKS[-1]))
        while len(met) < most and (chunk := list(islice(queue, next(sizes)))):
            keyed = [(self.key(hand), hand) for hand in chunk]
            self.learn(keyed)
            for key, _ in keyed:
                met.add(key)
                if self.holds[key] or len(met) == most:
                    return len(met), self.holds[key]
        return len(met), False


def main() -> None:
    """Goes on where it was stopped, then prints the table."""
    options = parse(Options, "orders", None, __doc__ or "")
    options.results.parent.mkdir(parents=True, exist_ok=True)
    done = merged(rows(options.results))
    with bar() as progress:
        for folder in options.libraries:
            each = len(range(options.part[0], options.bugs, options.part[1]))
            task = progress.add_task(folder.name, total=each * len(options.seeds), note="")
            for seed in options.seeds:
                for note in work(folder, options, seed, done):
                    progress.update(task, advance=1, note=note)
    show(list(merged(rows(options.results)).values()))


def merged(found: list[dict[str, Any]]) -> dict[tuple[str, int], dict[str, Any]]:
    """Library and bug -> its one line, with all orders that were tried."""
    bugs: dict[tuple[str, int], dict[str, Any]] = {}
    for row in found:
        whole = bugs.setdefault((row["library"], row["seed"]), row)
        whole["tried"] |= row["tried"]
    return bugs


def work(
    folder: Path, options: Options, seed: int, done: Mapping[tuple[str, int], Mapping[str, Any]]
) -> Iterator[str]:
    """Every bug of one library and seed that lacks an order."""
    bench = prepare(folder, seed)
    try:
        listed = Bugs(options.results, (), options.bugs, seed, part=options.part)
        for number, path, injury in bugs(bench, folder.name, listed):
            known = done.get((folder.name, number))
            missing = [order for order in options.orders if known is None or order not in known["tried"]]
            if missing and (known is None or known["tried"]):
                row = {"library": folder.name, "list": seed, "seed": number, "kind": injury.kind}
                row["tried"] = compared(bench, path, injury, number, missing, options.most)
                with options.results.open("a") as file:
                    file.write(json.dumps(row) + "\n")
            yield injury.kind
    finally:
        bench.runner.close()


def compared(
    bench: Bench, path: str, injury: Injury, seed: int, orders: Sequence[str], most: int
) -> dict[str, tuple[int, bool]]:
    """Order -> candidates tried up to its first repair, and whether there was one; none where no test
    fails."""
    project = bench.project._replace(files={**bench.project.files, path: injury.text.encode()})
    with build.repository_runner(project, 2, "auto") as runner:
        diagnosis, found = diagnose(runner, bench.seen, 120.0), {}
        if not diagnosis.failing:
            return found
        search = Search(runner, bench.seen, time.monotonic() + EXAMINED)
        search.first = diagnosis
        truth = Truth(search)
        for order in orders:
            search.rank = rank(order, seed)
            queue = search.queue(ordered(diagnosis, order, seed), truth.sources)
            found[order] = truth.walk(queue, most)
    return found


def show(found: list[dict[str, Any]]) -> None:
    """A line an order, over the bugs that have it and the agent's: repairs found, the median of candidates
    with what was not found counted as worst, the agent's share of it with a 95 % interval over bugs. What
    made no test fail was no bug."""
    for order in ORDERS:
        some = [row for row in found if {"agent", order} <= row["tried"].keys()]
        some = [row for row in some if any(count for count, _ in row["tried"].values())]
        if some:
            say(line(order, some))


def line(order: str, found: list[dict[str, Any]]) -> str:
    """How one order did."""
    ours, its = (np.array([cost(row["tried"], one) for row in found]) for one in ("agent", order))
    picks = np.random.default_rng(0).integers(len(found), size=(DRAWS, len(found)))
    share, drawn = np.median(ours) / np.median(its), np.median(ours[picks], 1) / np.median(its[picks], 1)
    low, high = np.quantile(drawn, (0.025, 0.975))
    met = sum(row["tried"][order][1] for row in found)
    parts = (
        (one, [cost(row["tried"], order) for row in found if row["list"] == one])
        for one in sorted({row["list"] for row in found})
    )
    each = ", ".join(f"{one}: {told(statistics.median(costs))}" for one, costs in parts)
    return (
        f"{order:10} {met}/{len(found)} found, median {told(float(np.median(its)))} candidates "
        f"(list {each}); agent's share {share:.2f} [{low:.2f}, {high:.2f}]"
    )


def cost(tried: Mapping[str, Sequence[Any]], order: str) -> float:
    """Candidates up to the repair; of an order that found none, more than any count."""
    count, met = tried[order]
    return count if met else NEVER


def told(count: float) -> str:
    """A median in words."""
    return f"{count:.0f}" if count < NEVER else "more than were tried"


if __name__ == "__main__":
    main()
