"""How is a life run? Stage by stage through a stream, every task tried after each: a matrix, a report."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sixkeys import build
from sixkeys.agent.agent import Agent
from sixkeys.agent.brain import Brain
from sixkeys.bench.evaluate import evaluate
from sixkeys.bench.forgetting import LIFE_DEFINITIONS
from sixkeys.bench.report import LifeRow, assemble, life_row, write_json
from sixkeys.bench.show import write_html
from sixkeys.cli.common import bar, console, say
from sixkeys.cli.run import resume_point
from sixkeys.training.checkpoint import save
from sixkeys.training.config import RunConfig
from sixkeys.training.customs import Customs, Settled
from sixkeys.training.freeze import Choices
from sixkeys.training.lane import Components
from sixkeys.training.regimes import Stream, stream
from sixkeys.training.train import Snapshot, train

OURS: Mapping[str, Any] = {
    "learn.past_rows": 16,
    "learn.clone_coef": 1.0,
    "life.slow_rate": 0.02,
    "life.customs": True,
}
ARMS: Mapping[str, Mapping[str, Any]] = {
    "fine_tuning": {},
    "ewc": {"learn.elastic_coef": 100.0},
    "replay_cloning": {"learn.past_rows": 16, "learn.clone_coef": 1.0, "life.balanced": False},
    "isolation": {"life.isolated": True},
    "scratch": {"life.afresh": True},
    "ours": OURS,
    "no_past": {**OURS, "learn.past_rows": 0, "learn.clone_coef": 0.0},
    "no_cloning": {**OURS, "learn.clone_coef": 0.0},
    "no_balance": {**OURS, "life.balanced": False},
    "no_slow": {**OURS, "life.slow_rate": 0.0},
    "no_customs": {**OURS, "life.customs": False},
    "selective": {**OURS, "life.selective": True},
}
"""Dotted settings that an arm changes. `replay_cloning` is CLEAR's: a reservoir of all that was lived;
`isolation` is PackNet's: a share of the weights to each stage; `scratch` is born again with each stage; `no_`
is ours without one part; `selective` is ours with a rate for each part of the brain."""
BASE: Mapping[str, Any] = {
    "learn.learning_rate": 1.5e-3,
    "learn.replay_rows": 8,
    "learn.stage1_updates": 0,
    "pool.seats": (16,),
}

TAUGHT: Mapping[str, Any] = {
    "learn.taught_coef": 1.0,
    "learn.unroll": 4,
    "learn.learning_rate": 2e-3,
    "pool.seats": (8,),
}
"""Dotted settings of a life with a teacher: small steps, for every moment says what is right."""
TRIED = 16
"""Seats in which a task is tried."""


def scores(
    brain: Brain,
    config: RunConfig,
    episodes: int,
    tell: Callable[[], object],
    customs: Customs | None = None,
    only: Collection[int] | None = None,
) -> np.ndarray:
    """float [tasks]: pass rate of each task of the stream, or of `only` some; no hints shown."""
    agent, rates = Agent(brain) if customs is None else Settled(Agent(brain), customs), []
    for number, task in enumerate(stream_of(config).tasks):
        if only is not None and number not in only:
            rates.append(np.nan)
            continue
        pools = build.evaluation_pools(task, TRIED, config.isolation)
        rates.append(float(evaluate(agent, pools, episodes, masked=False).success.mean()))
        tell()
    return np.array(rates)


def stream_of(config: RunConfig) -> Stream:
    """The stream of a run."""
    life = config.life
    return stream(life.stream, life.order, config.learn.stage4_updates, life.boundaries)


def live(
    config: RunConfig, folder: Path, arm: str, episodes: int = 32, go_on: bool = True, every: int = 1
) -> LifeRow:
    """Lives from the last stage kept in `folder`, or from birth, to the end of the stream.

    After every stage all tasks are tried and the whole life is kept, so a life that was killed loses at most
    a stage, and ends bit for bit as one that was not. With `every` above 1 all tasks are tried at each
    `every`-th stage only and at the last, between them the task just taught and the next. Writes life.json
    and life.html.
    """
    course = stream_of(config)
    saved = resume_point(folder) if go_on and (folder / "latest").exists() else None
    if saved is not None and build.run_config(saved.meta["config"]) != config:
        raise ValueError(f"{folder} holds a life with other settings; move it away or name another folder")
    tracks = build.training_tracks(config)
    pools: list[Any] = [track.pool for track in tracks]
    told = {"before": [], "matrix": []} if saved is None else saved.meta["life"]
    resume = None if saved is None else saved.components
    kept = saved.meta["past_bytes"] if saved is not None else 0
    try:
        with bar() as progress:
            stages, tasks = len(course.taught), len(course.tasks)
            wholes = -(-stages // every)
            total = config.learn.stage4_updates + tasks * (wholes + 1) + 2 * (stages - wholes)
            done = (saved.step if saved else 0) + sum(x is not None for row in told["matrix"] for x in row)
            shown = progress.add_task(f"{arm} {config.life.stream}", total=total, completed=done, note="")

            def tell() -> None:
                progress.advance(shown)

            if not told["before"]:
                first = Brain(config.brain, config.learn.seed)
                told["before"] = scores(first, config, episodes, tell).tolist()
            for snapshot in train(config, tracks, resume=resume):
                stage = course.taught[course.stage(snapshot.update - 1)]
                progress.update(shown, advance=1, note=f"{len(told['matrix'])}: {course.tasks[stage]}")
                if not course.ends(snapshot.update - 1):
                    continue
                components = snapshot.components()
                known = _customs(components) if config.life.customs else None
                done = len(told["matrix"]) + 1
                whole = done % every == 0 or done == len(course.taught)
                only = None if whole else course.taught[done - 1 : done + 1]
                found = scores(snapshot.slow, config, episodes, tell, known, only)
                told["matrix"].append([None if np.isnan(score) else score for score in found.tolist()])
                if not console.is_terminal:
                    say(f"{arm} {course.tasks[stage]}: {np.round(found, 2).tolist()}")
                told["choices"] = _choices(components, course)
                kept = _save(snapshot, components, config, folder, told)
    finally:
        for pool in pools:
            pool.close()
    return _publish(told, config, folder, arm, kept)


def _customs(components: Components) -> Customs:
    """What the life knows of interfaces."""
    customs, parts = Customs(), components["life"]
    customs.restore({name.removeprefix("customs/"): array for name, array in parts.items()})
    return customs


def _choices(components: Components, course: Stream) -> list[str]:
    """What was chosen to learn, stage by stage, in words."""
    choices = Choices()
    choices.made = components["life"].get("choices/made", choices.made)
    return [f"{course.tasks[course.taught[course.stage(at)]]}: {words}" for at, words in choices.words()]


def _save(
    snapshot: Snapshot, components: Components, config: RunConfig, folder: Path, told: dict[str, Any]
) -> int:
    """Keeps the whole life; returns the bytes that it keeps of its past."""
    past = components["life"]
    aside = sum(array.nbytes for name, array in past.items() if name.startswith(("dear/", "slow/")))
    rows = [array for name, array in past.items() if name.startswith("past/rows/")]
    used = len(past["past/slots"]) * (sum(array[:1].nbytes for array in rows) + 2)
    meta = {
        "config": config.model_dump(mode="json"),
        "life": told,
        "past_bytes": aside + used,
        "curve": {},
        "seconds": 0.0,
        "keys": snapshot.keys,
        "share": snapshot.share,
    }
    save(folder, snapshot.update, components, meta, keep=1)
    return aside + used


def _publish(told: dict[str, Any], config: RunConfig, folder: Path, arm: str, kept: int) -> LifeRow:
    course = stream_of(config)
    row = life_row(
        np.array(told["matrix"], float), course.taught, told["before"], course.tasks,
        stream=f"{config.life.stream} order {config.life.order}", arm=arm, seed=config.learn.seed,
        boundaries=config.life.boundaries, memory_bytes=kept, choices=tuple(told.get("choices", ())),
    )  # fmt: skip
    report = assemble([], "no code under test", config.model_dump(mode="json"), lives=[row])
    write_json(report, folder / "life.json")
    write_html(report, folder / "life.html")
    for choice in row.choices:
        say(choice)
    for name in LIFE_DEFINITIONS:
        value = row.measures[name]
        say(f"{name}: {'not measured' if value is None else f'{value:.3f}'}")
    say(f"matrix: {(folder / 'life.html').resolve()}")
    return row
