"""Live one life: an arm through a stream of regimes in one order, every task tried after each stage.

    python scripts/lifelong.py ours --stream short --updates-each 120
    python scripts/lifelong.py ours --stream cl20 --taught --every 5
    python scripts/lifelong.py fine_tuning --stream cl20 --order 1
    python scripts/lifelong.py no_customs --stream cl100 --taught --every 20
    python scripts/lifelong.py --table                      # all lives under runs/lives

A life that was stopped goes on from its last whole stage. `joint` (all tasks at once, as many updates) is the
ceiling: it has no stages, and its scores are those at its end. With --taught a teacher says in training, at
every moment, which key it would press; in every arm alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.table import Table

from sixkeys.cli.common import compiled_once, console, parse, say

JOINT = "joint"
WIDE = 200
"""Columns that the table takes, whoever reads it."""


@dataclass(frozen=True)
class Options:
    """Which life."""

    arm: Annotated[str, tyro.conf.Positional] = "ours"
    stream: str = "short"
    """short, cl20, cl20x3 or cl100"""
    order: int = 0
    seed: int = 0
    boundaries: str = "known"
    """known, hidden or gradual"""
    updates_each: int = 150
    """updates a stage"""
    taught: bool = False
    """in training, the world's oracle is a teacher: it says which key it would press"""
    episodes: int = 32
    """evaluation episodes a task after each stage"""
    every: int = 1
    """try all tasks only after each so many stages and the last; else the task just taught and the next"""
    past_bytes: int = 16_000_000
    """budget of what is kept of the past"""
    lives: Path = Path("runs/lives")
    """where lives are kept"""
    table: bool = False
    """only print what is there"""


def settings(options: Options, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted settings of a life, over which an arm's are laid."""
    from sixkeys.cli.life import BASE, TAUGHT
    from sixkeys.training.regimes import COURSES

    course = COURSES[options.stream]
    return {
        **BASE,
        **(TAUGHT if options.taught else {}),
        "pool.worlds": course.tasks,
        "learn.seed": options.seed,
        "learn.stage4_updates": options.updates_each * len(course.tasks) * course.times,
        "life.stream": options.stream,
        "life.order": options.order,
        "life.boundaries": options.boundaries,
        "life.past_bytes": options.past_bytes,
        **changes,
    }


def folder_of(options: Options) -> Path:
    """Where this life is kept."""
    how = f"{options.stream}_{options.boundaries}_{options.updates_each}{'_taught' * options.taught}"
    return options.lives / how / options.arm / f"order{options.order}_seed{options.seed}"


def joint(options: Options) -> None:
    """All tasks at once, as many updates as a life has, and the mean of the scores at the end."""
    import json

    import numpy as np

    from sixkeys.agent.brain import Brain
    from sixkeys.bench.report import write_text
    from sixkeys.cli.life import scores
    from sixkeys.cli.run import run
    from sixkeys.cli.study import configure
    from sixkeys.training.trees import refill

    life = settings(options, {})
    config, count = configure(life), len(life["pool.worlds"])
    changes = {
        **life, "learn.stage2_updates": life["learn.stage4_updates"], "learn.stage4_updates": 0,
        "pool.seats": config.pool.seats * count, "pool.at_once": 1, "learn.final_learning_rate": 1.0,
        "learn.final_entropy": 1.0,
    }  # fmt: skip
    together = configure(changes)
    saved = run(together, folder_of(options), title=JOINT)
    brain = refill(Brain(together.brain, 0), saved.components["brain"])
    found = scores(brain, config, options.episodes, lambda: None)
    write_text(folder_of(options) / "joint.json", json.dumps({"scores": found.tolist()}))
    say(f"joint: {np.round(found, 2).tolist()} mean {found.mean():.3f}")


def table(lives: Path) -> Table:
    """Every finished life."""
    import json

    from sixkeys.bench.report import read_json

    shown = Table(title="lives: pass rates without hints")
    names = ("average_performance", "forgetting", "worst_forgetting", "learning_accuracy",
             "backward_transfer", "forward_transfer", "plasticity_lost")  # fmt: skip
    for name in ("stream", "arm", "life", *(name.replace("_", " ") for name in names), "kept MB"):
        shown.add_column(name)
    for path in sorted(lives.glob("*/*/*/life.json")):
        (row,) = read_json(path).lives
        values = [row.measures.get(name) for name in names]
        cells = ["–" if value is None else f"{value:.3f}" for value in values]
        shown.add_row(path.parts[-4], row.arm, path.parts[-2], *cells, f"{row.memory_bytes / 1e6:.1f}")
    for path in sorted(lives.glob("*/joint/*/joint.json")):
        scores = json.loads(path.read_text())["scores"]
        shown.add_row(path.parts[-4], JOINT, path.parts[-2], f"{sum(scores) / len(scores):.3f}")
    return shown


def main() -> None:
    """Lives the life that was asked for, or prints the table."""
    options = parse(Options, "lifelong", None, __doc__ or "")
    compiled_once()
    from sixkeys.cli.life import ARMS, live
    from sixkeys.cli.study import configure

    if options.table:
        console.width = max(console.width, WIDE)
        console.print(table(options.lives))
    elif options.arm == JOINT:
        joint(options)
    elif options.arm in ARMS:
        config = configure(settings(options, ARMS[options.arm]))
        live(config, folder_of(options), options.arm, options.episodes, every=options.every)
    else:
        raise SystemExit(f"unknown arm {options.arm!r}; possible: {', '.join([*ARMS, JOINT])}")


if __name__ == "__main__":
    main()
