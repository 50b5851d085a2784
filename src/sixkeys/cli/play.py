"""`sixkeys play WORLD`: press the six keys yourself, or watch the agent press them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tyro

from sixkeys import build
from sixkeys.cli.common import compiled_once, console, parse, say, store_path
from sixkeys.contract import KEYS, Moment, Seen, Thinker, Thought, episode_seed
from sixkeys.envs.pool import Pool
from sixkeys.memory.store import Store

EXPLAIN = """Press the six keys of a world.

  sixkeys play grid:grid_key
  sixkeys play repo:proc_mixed_loop --watch
  sixkeys play minigrid:MiniGrid-DoorKey-5x5-v0 --watch --unmasked
  sixkeys play grid:grid_rooms~keys2 --watch         keys exchanged: it finds out which does what
  sixkeys play grid:grid_rooms~keys2 --watch --memory        and knows it the next time
  sixkeys play zoo:mpe2.simple_spread_v3             a game of several agents: you press for each in turn
"""


@dataclass(frozen=True)
class Options:
    """What may be said to `sixkeys play`."""

    world: Annotated[str, tyro.conf.Positional] = "grid:grid_key"
    """world:task"""
    watch: bool = False
    """let the agent play"""
    unmasked: bool = False
    """hide from the player which keys are offered"""
    seed: int = 0
    """which evaluation episode"""
    checkpoint: Path | None = None
    """whose weights play with --watch; default: the shipped ones"""
    memory: bool = False
    """with --watch: know exchanged keys from before, and keep what is found out of them (`sixkeys memory`)"""
    store: Path | None = None
    """the file of memories; else $XDG_STATE_HOME/sixkeys/memory.sqlite, that is in ~/.local/state"""
    pause: float = 0.4
    """seconds between the agent's keys"""


class Person:
    """A Thinker whose keys come from a keyboard, seat by seat. Holds no state."""

    def begin(self, seats: int, seed: int) -> None:
        return None

    def think(self, seen: Seen, mind: None) -> tuple[Thought, None]:
        """Asks for the key of every seat; `q` or the end of input stops the game."""
        seats = len(seen.offered)
        whose = [f" of seat {seat}" if seats > 1 else "" for seat in range(seats)]
        nothing, unknown = np.full((seats, KEYS), 1 / KEYS, np.float32), np.zeros(seats, np.float32)
        return Thought(np.array([asked(who) for who in whose]), nothing, unknown, nothing, unknown), None


def asked(whose: str) -> int:
    """A key: asks until one of 0 to 5 is typed. Raises EOFError on `q`."""
    while True:
        typed = console.input(f"key{whose} 0-5, q to stop: ").strip()
        if typed == "q":
            raise EOFError
        if typed in {str(key) for key in range(KEYS)}:
            return int(typed)
        say(f"{typed!r} is no key; the keys are 0 to 5")


def main(arguments: list[str]) -> int:
    """Plays one episode; exit code 0 where it was solved, else 1."""
    options = parse(Options, "play", arguments, EXPLAIN)
    with remembered(options) as store:
        thinker: Thinker = Person()
        if options.watch:
            compiled_once()
            agent, _ = build.load_agent(options.checkpoint, greedy=True)
            thinker = build.accustomed(agent, store) if "~keys" in options.world else agent
        world = build.evaluation_pools(options.world, 0)
        pool = world(lambda seat, episode: episode_seed(options.seed, seat, episode, test=True))
        try:
            solved, mind = _play(pool, thinker, options)
        except EOFError:
            say("stopped")
            return 1
        finally:
            pool.close()
        if store is not None:
            build.keep_customs(store, mind)
        return 0 if solved else 1


@contextmanager
def remembered(options: Options) -> Iterator[Store | None]:
    """The store that was asked for, open; None where none was. Raises ValueError where none is of use."""
    if not options.memory:
        yield None
        return
    if not options.watch or "~keys" not in options.world:
        raise ValueError(
            "--memory is for the agent and worlds whose keys were exchanged; for example: "
            "sixkeys play grid:grid_rooms~keys2 --watch --memory"
        )
    path = store_path(options.store)
    path.parent.mkdir(parents=True, exist_ok=True)
    with Store(path) as store:
        yield store


def _play(pool: Pool, thinker: Thinker, options: Options) -> tuple[bool, Any]:
    """One episode to its end: whether it was solved, and the mind then."""
    from sixkeys.loop import turn

    now, mind, keys = pool.reset(), thinker.begin(pool.seats, options.seed), pool.specs()[0].keys
    pressed = 0
    while True:
        _show(pool, now, keys, options.unmasked)
        step, mind = turn(pool, now, thinker, mind, not options.unmasked)
        now, pressed = step.then, pressed + 1
        for seat, key in enumerate(map(int, step.thought.action)):
            invalid = "  (not offered: it changed nothing but energy)" if now.outcome.invalid[seat] else ""
            reward = f"reward {now.outcome.reward[seat]:+.2f}"
            whose = f" seat {seat}" if pool.seats > 1 else ""
            say(f"[bold]{pressed}:{whose} key {key} {keys[key]}[/]  {reward}{invalid}", markup=True)
        if (now.outcome.terminated | now.outcome.truncated).any():
            _show(pool, now, keys, options.unmasked)
            solved = bool(now.outcome.success.all())
            end = "solved" if solved else "out of keys" if now.outcome.truncated.any() else "lost"
            shortest = int(pool.oracle_steps()[0])
            known = (
                f"a shortest solution has {shortest}" if shortest >= 0 else "no shortest solution is known"
            )
            say(f"{end} after {pressed} keys; {known}")
            return solved, mind
        if options.watch:
            time.sleep(options.pause)


def _show(pool: Pool, now: Moment, keys: tuple[str, ...], unmasked: bool) -> None:
    for seat in range(pool.seats):
        console.rule(f"energy {now.observation['energy'][seat, 0]:.2f}")
        console.print(pool.screen(seat), markup=False, highlight=False)
        offered = now.offered[seat]
        names = [name if unmasked or offered[k] else f"[dim strike]{name}[/]" for k, name in enumerate(keys)]
        say("  ".join(f"{key} {name}" for key, name in enumerate(names)), markup=True)
