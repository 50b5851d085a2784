"""How is a study run? Train what is missing, go on with what was stopped, bench all arms in one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sixkeys import build
from sixkeys.agent.config import ACTING, BrainConfig
from sixkeys.bench.climb import field
from sixkeys.bench.controls import plain
from sixkeys.bench.study import Arm, Study
from sixkeys.bench.suite import AGENT, find
from sixkeys.cli.bench import Options, acting, adapt, climbed, curves, publish
from sixkeys.cli.common import bar, say
from sixkeys.cli.run import resume_point, run
from sixkeys.training.checkpoint import Checkpoint, load
from sixkeys.training.config import RunConfig


def study(plan: Study, options: Options) -> int:
    """Runs a whole study; it may be stopped and started again at any time."""
    weights = {
        (arm.name, seed): trained(plan, arm, seed, options.studies)
        for arm in plan.arms
        for seed in plan.seeds
    }
    contestants, results = _field(plan, weights, options), []
    with bar() as progress:
        for name in plan.cases:
            case = find(name)
            case = adapt(replace(case, episodes=plan.episodes or case.episodes), options)
            results += climbed(case, contestants, options, progress)
    shown_curves = curves(tuple(_folder(options.studies, plan, plan.arms[0], seed) for seed in plan.seeds))
    config = {
        "study": plan.name,
        "base": dict(plan.base),
        "arms": {a.name: dict(a.changes) for a in plan.arms},
    }
    return publish(results, options, config, shown_curves)


def _field(plan: Study, weights: Mapping[tuple[str, int], Checkpoint], options: Options) -> dict:
    """Every arm's agents plan as the arm says, else as the command says, else as the study says."""
    agents, greedy = {}, options.eval_policy == "greedy"
    for arm in plan.arms:
        coef = arm.changes.get("brain.planning_coef", options.planning_coef)
        if coef is None:
            coef = configure(plan.changes(arm, plan.seeds[0])).brain.planning_coef
        agents[arm.name] = {
            seed: build.agent_from(weights[arm.name, seed], greedy, coef, **acting(options))[0]
            for seed in plan.seeds
        }
    others = {
        name: {s: plain(a) for s, a in seeds.items()} for name, seeds in agents.items() if name != AGENT
    }
    return {**field(agents[AGENT]), **others}


def trained(plan: Study, arm: Arm, seed: int, studies: Path) -> Checkpoint:
    """The finished weights of one arm and seed: loaded, resumed or trained."""
    if arm.trained_as:
        arm = next(other for other in plan.arms if other.name == arm.trained_as)
    folder = _folder(studies, plan, arm, seed)
    config = configure(plan.changes(arm, seed))
    title = f"{plan.name}/{arm.name} seed {seed}"
    if not (folder / "latest").exists():
        say(f"{title}: training from scratch into {folder}")
        return run(config, folder, title=title)
    saved = load(folder)
    if _trained_alike(build.run_config(saved.meta["config"])) != _trained_alike(config):
        raise ValueError(
            f"{folder} was trained with other settings; move it away or name another --studies folder"
        )
    if saved.meta["share"] < 1:
        say(f"{title}: going on from {saved.path}")
        return run(config, folder, resume_point(folder), title=title)
    return saved


def _trained_alike(config: RunConfig) -> RunConfig:
    """The same for all settings that train the same weights: training never plans."""
    defaults = {name: BrainConfig.model_fields[name].default for name in ACTING}
    return config.model_copy(update={"brain": config.brain.model_copy(update=defaults)})


def configure(changes: Mapping[str, Any]) -> RunConfig:
    """Dotted settings over the defaults; the reader is as wide as the worlds speak."""
    nested: dict[str, dict[str, Any]] = {"brain": {"senses": build.senses_of(changes["pool.worlds"])}}
    for name, value in changes.items():
        room, _, setting = name.partition(".")
        nested.setdefault(room, {})[setting] = value
    return build.run_config(nested)


def _folder(studies: Path, plan: Study, arm: Arm, seed: int) -> Path:
    return studies / plan.name / arm.name / f"seed{seed}"
