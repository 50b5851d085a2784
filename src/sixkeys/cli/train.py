"""`sixkeys train`: learn in one or more worlds, in stages, with checkpoints."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import tyro

from sixkeys import build
from sixkeys.cli.common import compiled_once, parse, say
from sixkeys.training.config import RunConfig

if TYPE_CHECKING:
    from sixkeys.training.checkpoint import Checkpoint

EXPLAIN = """Learn in one or more worlds.

Stages: 1 the world model from play (--stage1-updates); 2 the policy by A2C, everything learning together
(--rl-steps keys, or --stage2-updates updates); 4, in place of both, a life in a stream of regimes
(--stage4-updates, --stream): every task is tried after each stage, the matrix is in life.html.
Experience is A2C's own; evaluation episodes are never trained on.

  sixkeys train --worlds grid:grid_key --seats 16 --rl-steps 150000
  sixkeys train --worlds minigrid:MiniGrid-DoorKey-5x5-v0 --seats 16
  sixkeys train --worlds grid:grid_mixed --repo-scenarios proc_mixed_loop --checkpoint-path runs/mixed
  sixkeys train --stage4-updates 1200 --stream short --past-rows 16 --clone-coef 1
  sixkeys train --resume-from runs/mixed
"""


@dataclass(frozen=True)
class Options:
    """What may be said to `sixkeys train`."""

    config: tyro.conf.OmitArgPrefixes[RunConfig] = field(default_factory=RunConfig)
    repo_scenarios: tuple[str, ...] = ()
    """repository tasks that join the pool, 16 seats each, for example proc_mixed_loop or open_mixed"""
    checkpoint_path: Path = Path("runs/last")
    """folder of checkpoints, events and log.jsonl"""
    checkpoint_every: int = 100
    """updates between checkpoints"""
    checkpoint_save_optim: bool = True
    """keep the optimizer's moments too; without them a resumed run is not bit for bit the same"""
    resume_from: Path | None = None
    """go on from this checkpoint and its config; other settings are ignored, but --rl-steps may grow"""
    eval_policy: Literal["sample", "greedy"] = "greedy"
    """how keys are chosen in the evaluation at the end"""
    eval_episodes: int = 100
    """evaluation episodes a world and mode at the end; 0: none"""


def main(arguments: list[str]) -> int:
    """Trains, then evaluates masked and unmasked."""
    options = parse(tyro.conf.OmitSubcommandPrefixes[Options], "train", arguments, EXPLAIN)
    compiled_once()
    from sixkeys.cli.run import resume_point, run

    config, saved, folder = complete(options), None, options.checkpoint_path
    if options.resume_from is not None:
        saved = resume_point(options.resume_from)
        config, folder = build.run_config(saved.meta["config"]), _root(saved.path)
        more = max(config.learn.rl_steps, options.config.learn.rl_steps)
        config = config.model_copy(update={"learn": config.learn.model_copy(update={"rl_steps": more})})
    say(f"worlds {', '.join(config.pool.worlds)}; checkpoints, events and log.jsonl in {folder}")
    if config.learn.stage4_updates:
        from sixkeys.cli.life import live

        live(config, folder, "agent", options.eval_episodes or 32, go_on=saved is not None)
        return 0
    done = run(config, folder, saved, options.checkpoint_save_optim, options.checkpoint_every)
    if options.eval_episodes:
        _evaluate(done, options)
    return 0


def complete(options: Options) -> RunConfig:
    """The config with repository scenarios added and the reader as wide as the worlds speak."""
    config = options.config
    pool = config.pool
    if options.repo_scenarios:
        kinds = ("workbench" if name.startswith("open_") else "repo" for name in options.repo_scenarios)
        worlds = (*pool.worlds, *map(":".join, zip(kinds, options.repo_scenarios, strict=True)))
        seats = (*pool.seats, *(16 for _ in options.repo_scenarios))
        pool = pool.model_copy(update={"worlds": worlds, "seats": seats})
    senses = max(config.brain.senses, build.senses_of(pool.worlds))
    brain = config.brain.model_copy(update={"senses": senses})
    return config.model_copy(update={"pool": pool, "brain": brain})


def _root(step: Path) -> Path:
    return step.parent if step.name.startswith("step_") else step


def _evaluate(saved: Checkpoint, options: Options) -> None:
    from sixkeys.bench.evaluate import evaluate
    from sixkeys.bench.metrics import summarise

    agent, config = build.agent_from(saved, options.eval_policy == "greedy")
    for world in config.pool.worlds:
        for masked in (True, False):
            pools = build.evaluation_pools(world, 16, config.isolation)
            result = summarise(evaluate(agent, pools, options.eval_episodes, masked))
            line = (
                f"Eval[{'masked' if masked else 'unmasked'}] {world}: pass {result.pass_rate.value:.3f} "
                f"[{result.pass_rate.low:.3f}, {result.pass_rate.high:.3f}]  "
                f"mean steps to pass {result.mean_steps_to_pass.value:.2f} "
                f"(oracle {result.oracle_steps.value:.2f})  "
                f"invalid mass {result.invalid_mass.value:.4f}"
            )
            say(line)
