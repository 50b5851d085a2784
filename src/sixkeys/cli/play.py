"""`sixkeys play WORLD`: press the six keys yourself, or watch the agent press them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

from sixkeys import build
from sixkeys.cli.common import compiled_once, console, parse, say
from sixkeys.contract import KEYS, Moment, Seen, Thinker, Thought, episode_seed
from sixkeys.envs.pool import Pool

EXPLAIN = """Press the six keys of a world.

  sixkeys play grid:grid_key
  sixkeys play repo:proc_mixed_loop --watch
  sixkeys play minigrid:MiniGrid-DoorKey-5x5-v0 --watch --unmasked
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
    pause: float = 0.4
    """seconds between the agent's keys"""


class Person:
    """A Thinker whose keys come from a keyboard. Holds no state."""

    def begin(self, seats: int, seed: int) -> None:
        return None

    def think(self, seen: Seen, mind: None) -> tuple[Thought, None]:
        """Asks until one of 0 to 5 is typed; `q` or the end of input stops the game."""
        while True:
            typed = console.input("key 0-5, q to stop: ").strip()
            if typed == "q":
                raise EOFError
            if typed in {str(key) for key in range(KEYS)}:
                nothing = np.full((1, KEYS), 1 / KEYS, np.float32)
                unknown = np.zeros(1, np.float32)
                return Thought(np.array([int(typed)]), nothing, unknown, nothing, unknown), None
            say(f"{typed!r} is no key; the keys are 0 to 5")


def main(arguments: list[str]) -> int:
    """Plays one episode; exit code 0 where it was solved, else 1."""
    options = parse(Options, "play", arguments, EXPLAIN)
    thinker = Person()
    if options.watch:
        compiled_once()
        thinker, _ = build.load_agent(options.checkpoint, greedy=True)
    world = build.evaluation_pools(options.world, 1)
    pool = world(lambda seat, episode: episode_seed(options.seed, seat, episode, test=True))
    try:
        return _play(pool, thinker, options)
    except EOFError:
        say("stopped")
        return 1
    finally:
        pool.close()


def _play(pool: Pool, thinker: Thinker, options: Options) -> int:
    from sixkeys.loop import turn

    now, mind, keys = pool.reset(), thinker.begin(1, options.seed), pool.specs()[0].keys
    pressed = 0
    while True:
        _show(pool, now, keys, options.unmasked)
        step, mind = turn(pool, now, thinker, mind, not options.unmasked)
        now, pressed, key = step.then, pressed + 1, int(step.thought.action[0])
        invalid = "  (not offered: it changed nothing but energy)" if now.outcome.invalid[0] else ""
        reward = f"reward {now.outcome.reward[0]:+.2f}"
        say(f"[bold]{pressed}: key {key} {keys[key]}[/]  {reward}{invalid}", markup=True)
        if now.outcome.terminated[0] or now.outcome.truncated[0]:
            _show(pool, now, keys, options.unmasked)
            solved = bool(now.outcome.success[0])
            end = "solved" if solved else "out of keys" if now.outcome.truncated[0] else "lost"
            say(f"{end} after {pressed} keys; a shortest solution has {int(pool.oracle_steps()[0])}")
            return 0 if solved else 1
        if options.watch:
            time.sleep(options.pause)


def _show(pool: Pool, now: Moment, keys: tuple[str, ...], unmasked: bool) -> None:
    console.rule(f"energy {now.observation['energy'][0, 0]:.2f}")
    console.print(pool.screen(0), markup=False, highlight=False)
    names = [
        name if unmasked or now.offered[0, key] else f"[dim strike]{name}[/]" for key, name in enumerate(keys)
    ]
    say("  ".join(f"{key} {name}" for key, name in enumerate(names)), markup=True)
