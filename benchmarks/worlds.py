"""How fast are our worlds? Keys a second of each beside MiniGrid DoorKey-5x5 (GridWorld: 256 seats at once).

Every contestant presses random keys, begins its next episode after an end, and builds every observation. Raw
MiniGrid is its bare environment: no checker, no wrapper. Time to begin episodes counts for all of them.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import gymnasium as gym
import minigrid  # registers its environments
import numpy as np
from turns import console, ratio, table, take_turns, verdict

from sixkeys import build
from sixkeys.contract import KEYS, episode_seed
from sixkeys.envs.grid import TASKS, GridWorld
from sixkeys.envs.minigrid import MiniGridEnv
from sixkeys.envs.pool import GymWorld, Pool

DOORKEY = "MiniGrid-DoorKey-5x5-v0"
TARGET = 50
OTHERS = {"tools x16": "tools:tools_mixed", "computer x16": "computer:computer_mixed"}
"""In a pool, 16 environments each."""


def bare(world: GridWorld, seconds: float) -> Callable[[], float]:
    """The world alone: fresh seeds are numbers in a row."""
    rng, everyone = np.random.default_rng(0), np.ones(world.seats, bool)
    state = {"seeds": np.arange(world.seats), "ended": everyone}

    def turn() -> int:
        ended = state["ended"]
        if ended.any():
            state["seeds"] = np.where(ended, state["seeds"] + world.seats, state["seeds"])
            world.reset(ended, state["seeds"])
        outcome = world.step(rng.integers(KEYS, size=world.seats), ~ended)
        world.observe()
        state["ended"] = outcome.terminated | outcome.truncated
        return world.seats - int(ended.sum())

    return lambda: keys_a_second(turn, seconds)


def pooled(pool: Pool, seconds: float) -> Callable[[], float]:
    """Through a pool, as training and evaluation use it."""
    rng = np.random.default_rng(0)
    pool.reset()

    def turn() -> int:
        moment = pool.step(rng.integers(KEYS, size=pool.seats))
        return pool.seats - int(moment.begun.sum())

    return lambda: keys_a_second(turn, seconds)


def raw(task: str, seconds: float) -> Callable[[], float]:
    """MiniGrid's own environment, one seat."""
    env, rng = gym.make(task, disable_env_checker=True).unwrapped, np.random.default_rng(0)
    env.reset(seed=0)

    def turn() -> int:
        _, _, terminated, truncated, _ = env.step(int(rng.integers(KEYS)))
        if terminated or truncated:
            env.reset()
        return 1

    return lambda: keys_a_second(turn, seconds)


def keys_a_second(turn: Callable[[], int], seconds: float) -> float:
    """Calls `turn`, which says how many keys it pressed, for `seconds`."""
    keys, start = 0, time.perf_counter()
    while (passed := time.perf_counter() - start) < seconds:
        keys += turn()
    return keys / passed


def main() -> None:
    """Prints the table and whether the target is reached."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog="example: python benchmarks/worlds.py --task grid_mixed --seats 64"
    )
    parser.add_argument(
        "--task", choices=TASKS, default="grid_key", help="GridWorld's task (grid_key: a key, a door)"
    )
    parser.add_argument("--seats", type=int, default=256, help="GridWorld's seats (256)")
    parser.add_argument("--rounds", type=int, default=9, help="how often each contestant is measured (9)")
    parser.add_argument("--seconds", type=float, default=1.0, help="of each measurement (1.0)")
    parser.add_argument("--quick", action="store_true", help="3 rounds of 0.2 s: for a look, not for a claim")
    options = parser.parse_args()
    rounds, seconds = (3, 0.2) if options.quick else (options.rounds, options.seconds)

    def seed_of(seat: int, episode: int) -> int:
        return episode_seed(0, seat, episode)

    ours, theirs = f"GridWorld x{options.seats}", "raw MiniGrid"
    contestants = {
        ours: bare(GridWorld(options.task, options.seats), seconds),
        "in a pool": pooled(Pool([GridWorld(options.task, options.seats)], seed_of), seconds),
        theirs: raw(DOORKEY, seconds),
        "our adapter x16": pooled(
            Pool([GymWorld([MiniGridEnv(DOORKEY) for _ in range(16)])], seed_of), seconds
        ),
        **{
            name: pooled(Pool([build.make_world(world, 16)], seed_of), seconds)
            for name, world in OTHERS.items()
        },
    }
    rates = take_turns(contestants, rounds)
    console.print(
        table(f"{options.task}, and {DOORKEY} of MiniGrid {minigrid.__version__}", "keys/s", rates, ours)
    )
    console.print(verdict(f"{ours} against {theirs}", ratio(rates, ours, theirs), TARGET))
    for name in OTHERS:
        console.print(verdict(f"{name} against {theirs}", ratio(rates, name, theirs), 1))


if __name__ == "__main__":
    main()
