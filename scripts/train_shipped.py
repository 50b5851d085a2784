"""Make the weights that ship with the package: the agent of study `together`, seed 0, without its optimizer.

    python scripts/train_shipped.py

Trains what is missing (it may be stopped and started again), then writes `src/sixkeys/weights`.
Data: training seeds of GridWorld, MiniGrid-DoorKey-5x5-v0 and proc_mixed_loop; never an evaluation seed or a
held-out bug family.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from sixkeys.cli.common import compiled_once, parse, say


@dataclass(frozen=True)
class Options:
    """Where things are."""

    studies: Path = Path("runs/studies")
    """where the study keeps its weights"""
    weights: Path = Path("src/sixkeys/weights")
    """where the shipped checkpoint goes"""


def main() -> None:
    """Trains what is missing and writes the shipped weights."""
    options = parse(Options, "train_shipped", None, __doc__ or "")
    compiled_once()
    from sixkeys.bench.study import STUDIES
    from sixkeys.cli.study import configure, trained
    from sixkeys.training.checkpoint import save

    plan = STUDIES["together"]
    saved = trained(plan, plan.arms[0], 0, options.studies)
    config = configure(plan.changes(plan.arms[0], 0)).model_dump(mode="json")
    meta = {
        **saved.meta,
        "config": config,
        "made": {"script": "scripts/train_shipped.py", "updates": saved.step},
    }
    shutil.rmtree(options.weights, ignore_errors=True)
    where = save(options.weights, saved.step, {"brain": saved.components["brain"]}, meta)
    size = sum(file.stat().st_size for file in options.weights.rglob("*") if file.is_file())
    say(f"{where}: {size / 1e6:.1f} MB, {saved.meta['keys']:,} keys")


if __name__ == "__main__":
    main()
