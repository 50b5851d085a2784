"""How far do goals and skills get in MiniGrid's hard tasks? The real `minigrid` package, nothing learned.

    python scripts/mazes.py runs/mazes.jsonl

Every arm (see scripts/ladder.py) plays the same evaluation episodes, in blocks of 20 whose results are kept,
a line each, and not done again. Prints a table.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro
from ladder import ARMS, gone_on
from rich.table import Table

from sixkeys import build
from sixkeys.bench.evaluate import evaluate
from sixkeys.bench.stats import wilson
from sixkeys.cli.common import console, parse

BLOCK = 20
"""Episodes that are played side by side."""
TASKS = (
    "MultiRoom-N4-S5-v0", "MultiRoom-N4-S5-v1", "KeyCorridorS3R3-v0", "KeyCorridorS6R3-v0", "MemoryS13-v0",
    "MemoryS17Random-v0", "LockedRoom-v0", "ObstructedMaze-2Dlh-v0", "ObstructedMaze-2Dlhb-v1",
    "ObstructedMaze-Full-v1",
)  # fmt: skip


@dataclass(frozen=True)
class Options:
    """What is played."""

    results: Annotated[Path, tyro.conf.Positional]
    """where results are kept, one JSON object a line"""
    tasks: tuple[str, ...] = TASKS
    """of MiniGrid, without `MiniGrid-`"""
    arms: tuple[str, ...] = tuple(ARMS)
    episodes: int = 100
    """of each arm on each task"""


def main() -> None:
    """Goes on where it was stopped, then shows all that is there."""
    options = parse(Options, "mazes", None, __doc__ or "")
    options.results.parent.mkdir(parents=True, exist_ok=True)
    blocks = range(-(-options.episodes // BLOCK))
    wanted = [(task, arm, block) for task in options.tasks for arm in options.arms for block in blocks]
    console.print(table(gone_on(options.results, wanted, "task", played)))


def played(task: str, arm: str, block: int) -> dict:
    """One block of evaluation episodes; `block` names the list of their seeds."""
    began = time.perf_counter()
    pools = build.evaluation_pools(f"minigrid:MiniGrid-{task}", BLOCK)
    done = evaluate(ARMS[arm](), pools, BLOCK, arm == "random", block)
    return {
        "task": task, "arm": arm, "block": block, "seconds": round(time.perf_counter() - began, 2),
        "success": done.success.astype(int).tolist(), "keys": done.steps.tolist(),
    }  # fmt: skip


def table(found: Sequence[Mapping]) -> Table:
    """Tasks x arms: success with its interval, keys of solved episodes, thinking and stepping a key."""
    shown = Table("task", "arm", "episodes", "success", "95 %", "keys to pass", "ms / key")
    for task, arm in dict.fromkeys((row["task"], row["arm"]) for row in found):
        some = [row for row in found if (row["task"], row["arm"]) == (task, arm)]
        success = np.concatenate([row["success"] for row in some]).astype(bool)
        keys = np.concatenate([row["keys"] for row in some])
        measure = wilson(int(success.sum()), len(success))
        shown.add_row(
            task, arm, str(len(success)), f"{measure.value:.3f}", f"{measure.low:.3f} to {measure.high:.3f}",
            f"{keys[success].mean():.1f}" if success.any() else "-",
            f"{1000 * sum(row['seconds'] for row in some) / keys.sum():.2f}",
        )  # fmt: skip
    return shown


if __name__ == "__main__":
    main()
