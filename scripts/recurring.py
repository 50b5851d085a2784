"""Interfaces come and go and come again: how soon is the agent as good as it was, with a memory and without?

    python scripts/recurring.py runs/recurring.jsonl runs/studies/mixed/agent/seed*

Sixteen seats, one mind, no hints, weights never change. Interfaces 1, 2 and 3, whose keys are in different
orders, come by three times; the world says the number. Who remembers keeps what it has found out under
the number and finds it there again; who forgets finds everything out anew at each visit. A line a checkpoint,
world and way: of every visit, the keys and the passes of its episodes, one of each seat a round, and the
keys that the same episodes take with the own interface. What is there is not done again.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tyro
from new_keys import Kept, rows

from sixkeys.cli.common import bar, compiled_once, parse, say

WAYS = ("remembers", "forgets")
INTERFACES, TIMES = (1, 2, 3), 3
SEATS, ENOUGH = 16, 0.9
"""Seats, and episodes a round; the share of the score with the own interface that counts as regained."""
DRAWS = 2000
"""Bootstrap samples of visits."""


@dataclass(frozen=True)
class Options:
    """What is tried."""

    results: Annotated[Path, tyro.conf.Positional]
    """where results are kept, one JSON object a line"""
    checkpoints: Annotated[tuple[Path, ...], tyro.conf.Positional] = ()
    """weights of training seeds; none: only show what is there"""
    worlds: tuple[str, ...] = ("grid:grid_mixed", "tools:tools_mixed", "computer:computer_mixed")
    rounds: int = 5
    """episodes of each seat in one visit"""


def main() -> None:
    """Goes on where it was stopped, then prints the table."""
    options = parse(Options, "recurring", None, __doc__ or "")
    compiled_once()
    options.results.parent.mkdir(parents=True, exist_ok=True)
    done = {(row["checkpoint"], row["world"], row["way"]) for row in rows(options.results)}
    wanted = [(path, world, way) for path in options.checkpoints for world in options.worlds for way in WAYS]
    with bar() as progress:
        task = progress.add_task("visits", total=len(wanted), note="")
        for path, world, way in wanted:
            if (str(path), world, way) not in done:
                row = {"checkpoint": str(path), "world": world, "way": way}
                row |= lived(path, world, way, options.rounds)
                with options.results.open("a") as file:
                    file.write(json.dumps(row) + "\n")
            progress.update(task, advance=1, note=f"{world} {way}")
    show(rows(options.results))


def lived(path: Path, world: str, way: str, rounds: int) -> dict[str, Any]:
    """The score with the own interface, then every visit of the others."""
    from sixkeys import build
    from sixkeys.agent.interface import Accustomed
    from sixkeys.bench.evaluate import evaluate
    from sixkeys.training.checkpoint import load

    agent, _ = build.agent_from(load(path), greedy=True)
    visits, scores, thinker = [], [], Kept(Accustomed(agent), told=True)
    for visit, number in enumerate(INTERFACES * TIMES):
        if way == "forgets":
            thinker = Kept(Accustomed(agent), told=True)
        pools = build.evaluation_pools(f"{world}~keys{number}", SEATS)
        played = evaluate(thinker, pools, SEATS * rounds, masked=False, seed=visit)
        own = evaluate(agent, build.evaluation_pools(world, SEATS), SEATS * rounds, masked=False, seed=visit)
        scores.append(own.success.mean())
        visits.append({"keys": played.steps.tolist(), "passed": played.success.tolist(),
                       "own": own.steps.tolist()})  # fmt: skip
    return {"own": float(np.mean(scores)), "visits": visits}


def regained(visit: dict[str, Any], own: float) -> int:
    """Keys pressed until a round is as good as it should be; all where none is."""
    keys = np.cumsum(np.reshape(visit["keys"], (-1, SEATS)).sum(1))
    good = np.reshape(visit["passed"], (-1, SEATS)).mean(1) >= ENOUGH * own
    return int(keys[np.argmax(good)] if good.any() else keys[-1])


def lost(visit: dict[str, Any], own: float) -> int:
    """Keys that the exchange costs: those of the visit, without those of the same episodes with own keys."""
    return sum(visit["keys"]) - sum(visit["own"])


def show(found: list[dict[str, Any]]) -> None:
    """Two lines a world: mean keys of a visit that comes again, with a memory and without, and 95 % intervals
    over visits."""
    for world in [*dict.fromkeys(row["world"] for row in found), "all"]:
        some = [row for row in found if world in ("all", row["world"])]
        for what, count in (("until the old score is back", regained), ("that the exchange costs", lost)):
            line(f"{world}, keys {what}", some, count)


def line(title: str, some: list[dict[str, Any]], count: Callable[[dict[str, Any], float], int]) -> None:
    """One comparison."""
    again = slice(len(INTERFACES), None)
    first = statistics.mean(count(visit, r["own"]) for r in some for visit in r["visits"][: len(INTERFACES)])
    told = []
    for way in WAYS:
        keys = [count(visit, r["own"]) for r in some if r["way"] == way for visit in r["visits"][again]]
        means = np.random.default_rng(0).choice(keys, (DRAWS, len(keys))).mean(1)
        low, high = np.quantile(means, (0.025, 0.975))
        told.append(f"who {way} {np.mean(keys):.0f} [{low:.0f}, {high:.0f}]")
    say(f"{title}: first visits {first:.0f}; later ones, {', '.join(told)}")


if __name__ == "__main__":
    main()
