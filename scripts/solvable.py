"""Can every episode of a world be solved, and not by chance? Its oracle and random keys, family by family.

    python scripts/solvable.py tools --seeds 10000
    python scripts/solvable.py grid:grid_key minigrid:MiniGrid-DoorKey-5x5-v0 --seeds 1000

A name alone is every task of its module's TASKS. Episodes are of the seeds from 0 on, or of evaluation seeds
with `--test`. Ends with an error where the oracle fails, needs more keys than it promised, or random keys
solve more than a fifth of a family.
"""

from __future__ import annotations

import sys
from collections import defaultdict
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

CHANCE_LIMIT = 0.2
Player = Callable[[World], np.ndarray]
"""Chooses every seat's key."""


@dataclass(frozen=True)
class Options:
    """What is played."""

    worlds: Annotated[tuple[str, ...], tyro.conf.Positional]
    """world:task, or a world's name for all its tasks"""
    seeds: int = 1000
    """episodes of each task for the oracle"""
    random_seeds: int = 1000
    """episodes of each task for random keys"""
    seats: int = 64
    """episodes side by side"""
    test: bool = False
    """evaluation seeds instead of training seeds"""


class Played(NamedTuple):
    """How an episode went."""

    family: str
    keys: int
    promised: int
    """The oracle's own number of keys."""
    solved: bool


def main() -> int:
    """A line a family; 1 where something is wrong."""
    options = parse(Options, "solvable", None, __doc__ or "")
    first, wrong = TEST_SEEDS * options.test, 0
    say(f"{'family':18} {'seeds':>6} {'oracle':>7} {'median':>7} {'longest':>7} {'random':>7} {'of':>6}")
    chance = np.random.default_rng(0)
    players: list[tuple[int, Player]] = [
        (options.seeds, lambda world: world.oracle()),
        (options.random_seeds, lambda world: chance.integers(KEYS, size=world.seats)),
    ]
    with bar() as progress:
        for name in [task for world in options.worlds for task in tasks(world)]:
            task, rows = progress.add_task(name, total=sum(seeds for seeds, _ in players), note=""), []
            for seeds, player in players:
                world = build.make_world(name, min(options.seats, seeds))
                episodes = play(world, range(first, first + seeds), player)
                rows.append([])
                for episode in episodes:
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


def play(world: World, seeds: range, player: Player) -> Iterator[Played]:
    """Every seed's episode, in the order of their ends."""
    waiting, running = iter(seeds), np.zeros(world.seats, bool)
    pressed, ended = np.zeros(world.seats, int), np.ones(world.seats, bool)
    while True:
        begin = [(seat, seed) for seat, seed in zip(np.flatnonzero(ended), waiting, strict=False)]
        if begin:
            rows, drawn = np.zeros(world.seats, bool), np.zeros(world.seats, np.int64)
            for seat, seed in begin:
                rows[seat], drawn[seat], pressed[seat] = True, seed, 0
            world.reset(rows, drawn)
            running |= rows
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
    by_family: dict[str, tuple[list[Played], list[Played]]] = defaultdict(lambda: ([], []))
    for column, played in enumerate((oracle, chance)):
        for episode in played:
            by_family[episode.family][column].append(episode)
    wrong = 0
    for family, (planned, guessed) in sorted(by_family.items()):
        solved, steps = sum(p.solved for p in planned), [p.keys for p in planned] or [0]
        lucky = sum(p.solved for p in guessed) / max(1, len(guessed))
        bad = solved < len(planned) or any(p.keys != p.promised for p in planned) or lucky > CHANCE_LIMIT
        say(f"{family:18} {len(planned):6} {solved:7} {median(steps):7.0f} {max(steps):7} {lucky:7.1%} "
            f"{len(guessed):6}{'  <- wrong' * bad}")  # fmt: skip
        wrong += bad
    return wrong


if __name__ == "__main__":
    sys.exit(main())
