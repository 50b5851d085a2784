"""Train one arm and one seed of a study, to spread a study over processes or machines.

    python scripts/train_arm.py b1 agent 0
    python scripts/train_arm.py b1 no_self 2 --studies runs/studies

What is finished is left alone, what was stopped goes on; `sixkeys bench --case b1` then finds the weights.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from sixkeys.cli.common import compiled_once, parse


@dataclass(frozen=True)
class Options:
    """Which run."""

    study: Annotated[str, tyro.conf.Positional]
    arm: Annotated[str, tyro.conf.Positional]
    seed: Annotated[int, tyro.conf.Positional]
    studies: Path = Path("runs/studies")
    """where a study keeps its weights"""


def main() -> None:
    """Trains the run that was asked for."""
    options = parse(Options, "train_arm", None, __doc__ or "")
    compiled_once()
    from sixkeys.bench.study import STUDIES
    from sixkeys.cli.study import trained

    plan = STUDIES[options.study]
    arm = next(arm for arm in plan.arms if arm.name == options.arm)
    trained(plan, arm, options.seed, options.studies)


if __name__ == "__main__":
    main()
