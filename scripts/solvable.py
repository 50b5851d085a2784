"""Can every episode of a world be solved, and not by chance? Its oracle and random keys, family by family.

    python scripts/solvable.py tools --seeds 10000
    python scripts/solvable.py grid:grid_key minigrid:MiniGrid-DoorKey-5x5-v0 --seeds 1000

A name alone is every task of its module's TASKS. Ends with an error where the oracle fails or breaks
its promise of how many keys it needs, or where random keys solve more than a fifth of a family.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Annotated, NamedTuple

import numpy as np
import tyro

from sixkeys import build
from sixkeys.cli.common import bar, parse, say
from sixkeys.contract import KEYS, TEST_SEEDS, World
from sixkeys.envs import registry

CHANCE_LIMIT, SEATS = 0.2, 64


@dataclass(frozen=True)
class Options:
    """What is played."""

    worlds: Annotated[tuple[str, ...], tyro.conf.Positional]
    """world:task, or a world's name for all its tasks"""
    seeds: int = 1000
    """episodes of each task for the oracle, seeds from 0 on"""
    random_seeds: int = 1000
    """the same for random keys"""
    test: bool = False
    """evaluation seeds instead of training seeds"""


class Played(NamedTuple):
    """How an episode went; `promised` is the oracle's own number of keys."""

    family: str
    keys: int
    promised: int
    solved: bool


def main() -> int:
    """A line a family; 1 where something is wrong."""
    options = parse(Options, "solvable", None, __doc__ or "")
    first, wrong = TEST_SEEDS * options.test, 0
    say(f"{'family':18} {'seeds':>6} {'oracle':>7} {'median':>7} {'longest':>7} {'random':>7} {'of':>6}")
    chance = np.random.default_rng(0)
    players = (lambda world: world.oracle(), lambda world: chance.integers(KEYS, size=world.seats))
    counts = options.seeds, options.random_seeds
    with bar() as progress:
        for name in [task for world in options.worlds for task in tasks(world)]:
            task, rows = progress.add_task(name, total=sum(counts), note=""), []
            for seeds, player in zip(counts, players, strict=True):
                world = build.make_world(name, min(SEATS, seeds))
                rows.append([])
                for episode in play(world, range(first, first + seeds), player):
                    rows[-1].append(episode)
                    progress.advance(task)
                world.close()
            progress.remove_task(task)
            wrong += show(*rows)
    return int(wrong > 0)


def tasks(world: str) -> list[str]:
    """`world:task` as it is; of a bare name every task."""
    if ":" in world:
        return [world]
    return [f"{world}:{task}" for task in sys.modules[registry.load(world).__module__].TASKS]


def play(world: World, seeds: range, player: Callable[[World], np.ndarray]) -> Iterator[Played]:
    """Every seed's episode, in the order of their ends."""
    waiting, drawn = iter(seeds), np.zeros(world.seats, np.int64)
    running, ended = np.zeros(world.seats, bool), np.ones(world.seats, bool)
    pressed = np.zeros(world.seats, int)
    while True:
        begun = np.zeros(world.seats, bool)
        for seat, seed in zip(np.flatnonzero(ended), waiting, strict=False):
            begun[seat], drawn[seat], pressed[seat] = True, seed, 0
        world.reset(begun, drawn)
        running |= begun
        if not running.any():
            return
        outcome = world.step(player(world), running)
        pressed += running
        ended = outcome.terminated | outcome.truncated
        running &= ~ended
        families, promised = world.families(), world.oracle_steps()
        for seat in np.flatnonzero(ended):
            yield Played(families[seat], int(pressed[seat]), int(promised[seat]), bool(outcome.success[seat]))


def show(oracle: list[Played], chance: list[Played]) -> int:
    """A line a family; how many are wrong."""
    wrong = 0
    for family in sorted({episode.family for episode in oracle}):
        planned, guessed = ([e for e in episodes if e.family == family] for episodes in (oracle, chance))
        solved, keys = sum(e.solved for e in planned), [e.keys for e in planned]
        lucky = sum(e.solved for e in guessed) / max(1, len(guessed))
        bad = solved < len(planned) or any(e.keys != e.promised for e in planned) or lucky > CHANCE_LIMIT
        say(f"{family:18} {len(planned):6} {solved:7} {median(keys):7.0f} {max(keys):7} {lucky:7.1%} "
            f"{len(guessed):6}{'  <- wrong' * bad}")  # fmt: skip
        wrong += bad
    return wrong


if __name__ == "__main__":
    sys.exit(main())
