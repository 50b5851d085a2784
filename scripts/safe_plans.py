"""Do plans that fear harm do less of it? Agents that learnt a while, with and without a memory of harm.

    python scripts/safe_plans.py computer:computer_mixed --seeds 0 1 2
    python scripts/safe_plans.py grid:grid_lava --seeds 0 1 2 --episodes 1000

Trains an agent a seed and way (taught by the world's oracle; `kept`: harm has a part of its own in replay;
`plain`: it has not), from where it was stopped, then lets each act with keys drawn, unmasked, without a
planner, by tree search that takes any risk, and by one that does not. A row an arm, as in planning_pays.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro
from planning_pays import Arm, compare

from sixkeys.cli.common import compiled_once, parse

WAYS: dict[str, dict[str, Any]] = {
    "kept": {"learn.replay_harm": True},
    "plain": {"learn.replay_harm": False},
    "danger": {"learn.replay_harm": True, "brain.use_danger": True},
}
"""Way of learning -> its settings."""


@dataclass(frozen=True)
class Options:
    """What is trained and played."""

    world: Annotated[str, tyro.conf.Positional]
    """world:task, such as grid:grid_lava"""
    ways: tuple[str, ...] = ("kept", "plain")
    """danger: kept, and the world model says of each key, before it is pressed, whether it would do harm"""
    seeds: tuple[int, ...] = (0, 1, 2)
    updates: int = 3000
    """of 8 seats and 4 keys each: 96,000 keys, two to three minutes"""
    episodes: int = 1000
    """unseen episodes of each arm and seed"""
    coef: float = 1.0
    """weight of what the search says"""
    simulations: int = 32
    risks: tuple[float, float] = (1.0, 0.1)
    """what a risk of 1 costs, and the largest that is taken, where risk counts"""
    runs: Path = Path("runs/safe")
    """where agents are kept"""


def settings(options: Options, way: str, seed: int) -> dict[str, Any]:
    """Dotted settings of one training."""
    from sixkeys.cli.life import TAUGHT

    return {
        **TAUGHT,
        "learn.seed": seed,
        "learn.stage1_updates": 0,
        "learn.stage2_updates": options.updates,
        "learn.replay_rows": 12,
        "learn.replay_size": 3072,
        **WAYS[way],
        "learn.action_mask_dropout": 1.0,
        "pool.worlds": (options.world,),
    }


def trained(options: Options, way: str, seed: int) -> str:
    """The folder of an agent, trained to its end."""
    from sixkeys.cli.run import resume_point, run
    from sixkeys.cli.study import configure

    folder = options.runs / options.world.partition(":")[2] / way / f"seed{seed}_{options.updates}"
    config = configure(settings(options, way, seed))
    saved = resume_point(folder) if (folder / "latest").exists() else None
    if saved is None or saved.step < options.updates:
        run(config, folder, saved, title=f"{way} {seed}")
    return str(folder)


def main() -> None:
    """Trains what is missing, then plays."""
    options = parse(Options, "safe_plans", None, __doc__ or "")
    compiled_once()
    arms = [
        Arm("search", coef, options.simulations, risk)
        for coef, risk in ((0.0, (0.0, 1.0)), (options.coef, (0.0, 1.0)), (options.coef, options.risks))
    ]
    for way in options.ways:
        folders = [trained(options, way, seed) for seed in options.seeds]
        print(f"{way}:", flush=True)
        compare(options.world, arms, folders, options.episodes, sample=True)


if __name__ == "__main__":
    main()
