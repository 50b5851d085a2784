"""Does training survive `kill -9` at any moment? It is killed and resumed N times and compared with a twin.

A tiny real `sixkeys train` that saves after every update is killed at random moments: mostly some time after
it has saved, sometimes while it is still starting. After every kill
  - `load` must accept the checkpoint, and every other step directory that bears a final name;
  - its step must not lie behind the last one that was published before the kill;
  - its parts must agree on how many updates and keys there were;
  - all its arrays must equal, bit for bit, those of an uninterrupted twin at the same update.
Then it is resumed, and must save again. Not covered: a loss of power.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sixkeys import build
from sixkeys.cli.common import bar, compiled_once, say
from sixkeys.training.checkpoint import Checkpoint, load
from sixkeys.training.config import RunConfig

SETTINGS = [
    "--worlds",
    "grid:grid_mixed",
    "--seats",
    "4",
    "--width",
    "16",
    "--hidden",
    "16",
    "--slots",
    "2",
    "--horizon",
    "3",
    "--rollouts",
    "2",
    "--unroll",
    "4",
    "--stage1-updates",
    "4",
    "--replay-rows",
    "2",
    "--replay-size",
    "8",
    "--memory",
    "--rl-steps",
    "1000000000",
]
"""So many keys that it never ends by itself; fixed, as learning rates fall with the share that is done."""
SAVING = ["--checkpoint-every", "1", "--eval-episodes", "0"]
PATIENCE = 300.0
"""Seconds until a started training must have saved."""

Arrays = Mapping[str, Mapping[str, np.ndarray]]


@dataclass
class Counts:
    """What happened so far. Keeps state."""

    kills: int = 0
    while_starting: int = 0
    while_saving: int = 0
    """Kills that left temporary names behind."""
    resumes: int = 0
    """Trainings that went on from a checkpoint and saved again."""
    compared: int = 0

    def __str__(self) -> str:
        return (
            f"{self.kills} kills ({self.while_saving} while saving, {self.while_starting} while starting), "
            f"{self.resumes} resumes, {self.compared} checkpoints equal to the uninterrupted twin's"
        )


class Trouble(Exception):
    """What was to be shown does not hold."""


# --- what must hold ---


def disagreements(saved: Checkpoint, reported: int) -> list[str]:
    """What in a checkpoint contradicts what was reported, or itself; empty if all is well."""
    carry, found = saved.components["carry"], []
    if saved.step < reported:
        found.append(f"step {saved.step} lies behind step {reported}, which had been published")
    counters = {"sampler/update": int(saved.components["sampler"]["update"])}
    optimizer = saved.components["optimizer"]
    counters |= {f"optimizer/{name}": int(a) for name, a in optimizer.items() if name.endswith("count")}
    found += [f"{name} is {n}, the step is {saved.step}" for name, n in counters.items() if n != saved.step]
    if int(carry["keys"]) != saved.meta["keys"]:
        found.append(f"carry/keys is {int(carry['keys'])}, the metadata say {saved.meta['keys']}")
    return found


def differences(saved: Arrays, twin: Arrays) -> list[str]:
    """Names of arrays that are not the same bytes in both, or in one only."""

    def named(parts: Arrays) -> dict[str, np.ndarray]:
        return {
            f"{part}/{name}": np.asarray(a) for part, arrays in parts.items() for name, a in arrays.items()
        }

    a, b = named(saved), named(twin)
    alike = {n for n in a.keys() & b.keys() if _bytes(a[n]) == _bytes(b[n])}
    return sorted((a.keys() | b.keys()) - alike)


def _bytes(array: np.ndarray) -> tuple[str, tuple[int, ...], bytes]:
    return array.dtype.name, array.shape, array.tobytes()


class Twin:
    """A run of the same settings that nobody interrupts, without a disk. Keeps state: where it is."""

    def __init__(self, config: RunConfig):
        from sixkeys.training.train import train

        self.habits = build.habits(config)
        self.snapshots = train(config, build.training_pool(config), self.habits)
        self.last = next(self.snapshots)

    def at(self, update: int) -> Arrays:
        """What its checkpoint of that update would hold. Updates may only grow."""
        while self.last.update < update:
            self.last = next(self.snapshots)
        return {**self.last.components(), "memory": self.habits.memory.state()}


# --- a training that is killed ---


def start(folder: Path, resume: bool) -> subprocess.Popen:
    """A `sixkeys train` that saves into `folder`; its output is added to output.txt beside it."""
    what = ["--resume-from", str(folder)] if resume else [*SETTINGS, "--checkpoint-path", str(folder)]
    command = [sys.executable, "-m", "sixkeys.cli", "train", *what, *SAVING]
    with open(_output(folder), "ab") as output:
        return subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)


def published(folder: Path) -> int:
    """The step that the pointer names now; 0 where there is none yet."""
    try:
        return int((folder / "latest").read_text().split("\n")[0].removeprefix("step_").split("-")[0])
    except FileNotFoundError:
        return 0


def await_save(training: subprocess.Popen, folder: Path, beyond: int) -> None:
    """Returns once a step above `beyond` is published; raises Trouble where that does not come about."""
    end = time.monotonic() + PATIENCE
    while published(folder) <= beyond:
        if training.poll() is not None or time.monotonic() > end:
            ended = (
                f"ended with {training.poll()}" if training.poll() is not None else f"took {PATIENCE:.0f} s"
            )
            tail = _output(folder).read_text(errors="replace")[-2000:]
            raise Trouble(f"the training from step {beyond} {ended} without saving:\n{tail}")
        time.sleep(0.01)


def killed(folder: Path, chance: random.Random, starting: float, longest: float, counts: Counts) -> int:
    """One life: start or resume, kill. Returns the last step that was published before the kill."""
    begun_at = published(folder)
    early = begun_at > 0 and chance.random() < starting
    training = start(folder, resume=begun_at > 0)
    try:
        if early:
            time.sleep(chance.uniform(0, longest))
        else:
            await_save(training, folder, begun_at)
            time.sleep(chance.uniform(0, longest))
        if training.poll() is not None:
            raise Trouble(f"the training ended by itself with {training.poll()}; see {_output(folder)}")
        reported = published(folder)
    finally:
        training.send_signal(signal.SIGKILL)
        training.wait()
    counts.kills += 1
    counts.while_starting += reported == begun_at
    counts.resumes += begun_at > 0 and reported > begun_at
    counts.while_saving += any(folder.glob(".*.partial"))
    return reported


def examine(folder: Path, reported: int, uninterrupted: Twin | None, counts: Counts) -> Twin:
    """Checks what lies there after a kill; raises Trouble that names what does not hold."""
    saved = load(folder)
    whole = [load(step).step for step in sorted(folder.glob("step_*"))]
    found = disagreements(saved, reported)
    if saved.step not in whole:
        found.append(f"step {saved.step} is not among the step directories: {whole}")
    uninterrupted = uninterrupted or Twin(build.run_config(saved.meta["config"]))
    unlike = differences(saved.components, uninterrupted.at(saved.step))
    if unlike:
        found.append(f"{len(unlike)} arrays differ from the uninterrupted twin's: {', '.join(unlike[:5])}")
    if found:
        raise Trouble(f"{saved.path} after kill {counts.kills}: " + "; ".join(found))
    counts.compared += 1
    return uninterrupted


def _output(folder: Path) -> Path:
    return folder.parent / f"{folder.name}.txt"


def torture(folder: Path, kills: int, seed: int, starting: float, longest: float) -> Counts:
    """Kills, examines and resumes, and after the last kill resumes once more."""
    chance, counts, uninterrupted = random.Random(seed), Counts(), None
    with bar() as progress:
        task = progress.add_task("kills", total=kills, note="compiling")
        for _ in range(kills):
            reported = killed(folder, chance, starting, longest, counts)
            uninterrupted = examine(folder, reported, uninterrupted, counts)
            note = f"update {reported}, {counts.while_saving} while saving"
            progress.update(task, completed=counts.kills, note=note)
            if not progress.console.is_terminal and counts.kills % 10 == 0:
                say(f"{counts.kills} of {kills}: {note}")
        last = killed(folder, chance, 0.0, longest, after := Counts())
        examine(folder, last, uninterrupted, after)
    counts.resumes, counts.compared = counts.resumes + after.resumes, counts.compared + after.compared
    return counts


def main() -> int:
    """Exit code 0 where everything held, 1 where something did not."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=200, help="how many (200)")
    parser.add_argument("--folder", type=Path, help="a new folder for the checkpoints (a temporary one)")
    parser.add_argument("--seed", type=int, default=0, help="of the random moments (0)")
    parser.add_argument(
        "--starting", type=float, default=0.1, help="share killed without waiting for a save (0.1)"
    )
    parser.add_argument("--longest", type=float, default=2.0, help="most seconds until a kill (2.0)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as spare:
        folder = options.folder or Path(spare) / "run"
        if folder.exists():
            parser.error(f"{folder} exists; name a new folder")
        folder.parent.mkdir(parents=True, exist_ok=True)
        compiled_once()
        began = time.monotonic()
        try:
            counts = torture(folder, options.kills, options.seed, options.starting, options.longest)
        except (Trouble, ValueError, OSError) as trouble:
            print(f"FAILED: {trouble}", file=sys.stderr)
            return 1
    say(f"{counts}; {time.monotonic() - began:.0f} s; all held")
    return 0


if __name__ == "__main__":
    sys.exit(main())
