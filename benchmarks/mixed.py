"""Do slow worlds slow others down? Keys a second of tools and computer in training, with pytest and without.

The same training, turn by turn: two fast worlds, and the same two with a world whose every other key runs a
test suite played beside them. Only keys of the fast worlds count.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from turns import console, ratio, table, take_turns, verdict

from sixkeys import build
from sixkeys.cli.common import compiled_once
from sixkeys.training.config import BrainConfig, LearnConfig, PoolConfig, RunConfig

if TYPE_CHECKING:
    from sixkeys.training.train import Snapshot

FAST, SLOW = ("tools:tools_mixed", "computer:computer_mixed"), "repo:proc_mixed_loop"
SEATS, UNROLL = 16, 8
PER_UPDATE = SEATS * UNROLL * len(FAST)
ALONE, BESIDE = "fast worlds alone", "with pytest beside them"
TARGET = 0.8


def learning(worlds: tuple[str, ...]) -> Iterator[Snapshot]:
    """Trains for ever; an update has PER_UPDATE keys of the fast worlds."""
    from sixkeys.training.train import train

    config = RunConfig(
        brain=BrainConfig(senses=build.senses_of([SLOW])),
        learn=LearnConfig(stage1_updates=0, stage2_updates=1_000_000, replay_rows=8, unroll=UNROLL),
        pool=PoolConfig(worlds=worlds, seats=(SEATS,) * len(worlds), at_once=len(FAST)),
    )
    return train(config, build.training_tracks(config))


def rate(run: Iterator[Snapshot], seconds: float) -> Callable[[], float]:
    """Keys a second over `seconds` of a run that goes on; what is played beside is waited for, uncounted."""

    def turn() -> float:
        first, began = next(run).update, time.perf_counter()
        while True:
            last, passed = next(run), time.perf_counter() - began
            if passed >= seconds:
                last.components()
                return PER_UPDATE * (last.update - first) / passed

    return turn


def main() -> None:
    """Prints the table and whether the target is reached."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=4, help="rounds of each (4)")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each measurement (20)")
    options = parser.parse_args()
    compiled_once()
    alone, beside = learning(FAST), learning((*FAST, SLOW))
    for run in (alone, beside):
        for _ in range(4):
            next(run)
    contestants = {BESIDE: rate(beside, options.seconds), ALONE: rate(alone, options.seconds)}
    rates = take_turns(contestants, options.rounds)
    console.print(table("Training", "keys/s", rates, BESIDE))
    console.print(verdict(f"{BESIDE}, against {ALONE}", ratio(rates, BESIDE, ALONE), TARGET))


if __name__ == "__main__":
    main()
