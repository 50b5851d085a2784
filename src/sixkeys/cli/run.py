"""How is a training run driven? Snapshots -> progress bar, event files, checkpoints, a learning curve."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sixkeys import build
from sixkeys.cli.common import bar, console, say
from sixkeys.loop import Habits
from sixkeys.memory.episodic import Episodic
from sixkeys.memory.lasting import Lasting
from sixkeys.training.checkpoint import Checkpoint, load, save
from sixkeys.training.config import RunConfig
from sixkeys.training.train import Snapshot, train

RECENT = 200
"""Episodes that a shown pass rate is the mean of."""
CURVE_POINTS = 60


class Curve:
    """Pass rates over keys, for each world, masked and unmasked episodes apart. Keeps state."""

    def __init__(self, worlds: Sequence[str], points: dict[str, list[float]] | None = None):
        self.worlds = list(worlds)
        names = [name for world in dict.fromkeys(worlds) for name in (f"{world} masked", f"{world} unmasked")]
        self.points = points or {"keys": [], **{name: [] for name in names}}
        self.recent: dict[str, deque] = {name: deque(maxlen=RECENT) for name in names}

    def add(self, snapshot: Snapshot) -> None:
        ended = snapshot.ended
        for seat, success, hinted in zip(ended.seat, ended.success, ended.hinted, strict=True):
            name = f"{self.worlds[seat]} {'masked' if hinted else 'unmasked'}"
            self.recent[name].append(float(success))
        if snapshot.share * CURVE_POINTS >= len(self.points["keys"]):
            self.points["keys"].append(float(snapshot.keys))
            for name, rate in self.rates().items():
                self.points[name].append(rate)

    def rates(self) -> dict[str, float]:
        """Mean success of the recent episodes by name; 0 before the first."""
        return {name: float(np.mean(recent)) if recent else 0.0 for name, recent in self.recent.items()}


class Journal:
    """Event files for TensorBoard and one JSON line an entry. Keeps state: two open files."""

    def __init__(self, folder: Path, seconds: float = 2.0):
        from tensorboardX import SummaryWriter

        folder.mkdir(parents=True, exist_ok=True)
        self.lines = (folder / "log.jsonl").open("a", encoding="utf-8")
        self.events = SummaryWriter(str(folder / "events"))
        self.seconds, self.last = seconds, 0.0

    def write(self, snapshot: Snapshot, curve: Curve) -> None:
        """Writes at most once every `seconds`, and at the end."""
        if time.monotonic() - self.last < self.seconds and snapshot.share < 1:
            return
        self.last = time.monotonic()
        numbers = {**snapshot.losses, **{f"pass/{name}": rate for name, rate in curve.rates().items()}}
        self.lines.write(json.dumps({"update": snapshot.update, "keys": snapshot.keys, **numbers}) + "\n")
        self.lines.flush()
        for name, value in numbers.items():
            self.events.add_scalar(name, value, snapshot.keys)

    def close(self) -> None:
        self.lines.close()
        self.events.close()


def run(
    config: RunConfig,
    folder: Path,
    resume: Checkpoint | None = None,
    save_optim: bool = True,
    save_every: int = 100,
    title: str = "train",
) -> Checkpoint:
    """Trains to the end and returns the last checkpoint. A stopped run goes on from the last one saved."""
    tracks = build.training_tracks(config)
    pools: list[Any] = [track.pool for track in tracks]
    names = [spec.name for pool in pools for spec in pool.specs()]
    curve = Curve(names, dict(resume.meta["curve"]) if resume else None)
    journal = Journal(folder)
    components = {name: dict(part) for name, part in resume.components.items()} if resume else None
    habits, last, told = build.habits(config, components), None, 0.0
    before = int(resume.meta["keys"]) if resume else 0
    spent = float(resume.meta["seconds"]) if resume else 0.0
    try:
        with bar() as progress:
            task = progress.add_task(title, total=1000, note="compiling")
            for snapshot in train(config, tracks, habits, resume=components):
                curve.add(snapshot)
                journal.write(snapshot, curve)
                rate, before = (snapshot.keys - before) / max(snapshot.seconds, 1e-9), snapshot.keys
                note = _note(snapshot, curve, rate)
                progress.update(task, completed=int(1000 * snapshot.share), note=note)
                if not console.is_terminal and snapshot.share >= told:
                    told += 0.05
                    say(f"{title} {100 * snapshot.share:3.0f} % {spent:5.0f} s  {note}")
                spent += snapshot.seconds
                if snapshot.update % save_every == 0 or snapshot.share >= 1:
                    meta = {
                        "config": config.model_dump(mode="json"),
                        "seconds": round(spent, 1),
                        "curve": curve.points,
                    }
                    _save(folder, snapshot, meta, habits, save_optim)
                last = snapshot
    finally:
        journal.close()
        if isinstance(habits.memory, Lasting):
            habits.memory.close()
        for pool in pools:
            pool.close()
    if last is None and resume is None:
        raise ValueError("nothing to do: the run has no updates; raise --rl-steps or --stage2-updates")
    return load(folder)


def _note(snapshot: Snapshot, curve: Curve, rate: float) -> str:
    loss = snapshot.losses
    passes = "  ".join(f"{name} {value:.2f}" for name, value in curve.rates().items())
    return (
        f"{snapshot.keys:,} keys, {rate:,.0f}/s  pass {passes}  "
        f"invalid {loss['policy/mean_invalid_mass']:.3f}  world {loss['world/loss']:.2f}"
    )


def _save(folder: Path, snapshot: Snapshot, meta: dict[str, Any], habits: Habits, save_optim: bool) -> None:
    components = snapshot.components()
    if not save_optim:
        del components["optimizer"]
    if isinstance(habits.memory, Episodic):
        components["memory"] = habits.memory.state()
    save(folder, snapshot.update, components, {**meta, "keys": snapshot.keys, "share": snapshot.share})


def resume_point(path: Path) -> Checkpoint:
    """The checkpoint to go on from; says so where the optimizer was not kept."""
    saved = load(path)
    missing = {"carry", "moment", "pool", "replay", "novelty", "random", "sampler"} - set(saved.components)
    if missing:
        raise ValueError(
            f"{saved.path} holds weights alone (no {', '.join(sorted(missing))}): "
            "it can be benched and played, not resumed"
        )
    if "harm" not in saved.components["moment"]:
        raise ValueError(
            f"{saved.path} was written before worlds told of harm: it can be benched and played, not resumed"
        )
    if "optimizer" not in saved.components:
        say(f"{saved.path} was saved without its optimizer: its moments start afresh")
    return saved
