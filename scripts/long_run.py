"""Can a run of thousands of keys be killed and gone on with? One episode, saved as it goes.

    python scripts/long_run.py runs/long --keys 5000
    python scripts/long_run.py runs/repairs --keys 5000 --world repo:proc_mixed_loop~chain2000

Every few hundred keys the world's arrays and the mind go into one file, written whole. Started again, it goes
on from there, bit for bit: the digest of all keys and views is the same as without a stop. In a chain of
rooms the planner acts, and what it knew and planned at each key is held against the plan; anywhere else an
agent does. Memory is measured at every save.
"""

from __future__ import annotations

import hashlib
import json
import resource
import sys
import tracemalloc
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import numpy as np
import tyro

from sixkeys import build
from sixkeys.cli.common import bar, compiled_once, parse, say
from sixkeys.contract import KEYS, TEST_SEEDS, Moment, Outcome, Thinker
from sixkeys.envs.pool import Pool
from sixkeys.loop import turn
from sixkeys.planning import pilot
from sixkeys.planning.compile import Noted, check

Saved = dict[str, Any]
MIND = "mind/"


@dataclass(frozen=True)
class Options:
    """What is played."""

    folder: Annotated[Path, tyro.conf.Positional]
    """where the run is kept"""
    keys: int = 5000
    """keys of the episode; it may end before"""
    length: int = 4000
    """keys of a shortest way, in a chain of rooms"""
    world: str = ""
    """another world, in which an agent acts; empty: a chain of rooms"""
    checkpoint: Path | None = None
    """that agent; none: the shipped one"""
    seed: int = TEST_SEEDS
    """the episode"""
    every: int = 250
    """keys between two saves"""
    trace: bool = False
    """measure what Python holds (tracemalloc; slower), not only the process"""


def main() -> int:
    """One line at the end; 1 where a plan was not kept to."""
    options = parse(Options, "long_run", None, __doc__ or "")
    options.folder.mkdir(parents=True, exist_ok=True)
    if options.trace:
        tracemalloc.start()
    world = options.world or f"chains:chain_{options.length}"
    pool = Pool(
        [build.make_world(world, 1)], lambda seat, episode: options.seed, build.senses_of([options.world])
    )
    try:
        books = played(pool, options)
    finally:
        pool.close()
    say(json.dumps(books))
    return int(bool(books["complaints"]))


def played(pool: Pool, options: Options) -> Saved:
    """The books of the run when it has ended: keys, digest, memory, and what went against a plan."""
    thinker, file = acting(options), options.folder / "run.npz"
    now, mind, books = restored(pool, thinker, file) if file.exists() else started(pool, thinker)
    trace: list[Noted] = []
    with bar() as progress:
        shown = progress.add_task("keys", total=options.keys, completed=books["keys"], note="")
        while books["keys"] < options.keys and not books["ended"]:
            step, mind = turn(pool, now, thinker, mind, False)
            now, key = step.then, int(step.thought.action[0])
            seat = mind.seats[0] if isinstance(mind, pilot.Mind) else None
            if seat and seat.known and seat.plan:
                trace.append(Noted(seat.known, seat.plan))
            seen = now.observation["patch"].tobytes()
            books["digest"] = hashlib.sha256(f"{books['digest']}{key}".encode() + seen).hexdigest()
            books["keys"] += 1
            books["ended"] = bool(now.outcome.terminated[0] or now.outcome.truncated[0])
            books["success"] |= bool(now.outcome.success[0])
            if books["keys"] % options.every == 0 or books["ended"]:
                if seat:
                    books["complaints"] += check(trace, pilot.LORE[pool.worlds[0].world_spec.world])
                    books["plans"] = seat.plans
                trace = trace[-1:]
                books["memory"].append([books["keys"], *memory()])
                saved(pool, mind, books, file)
            progress.advance(shown)
    return books


def acting(options: Options) -> Thinker:
    """The planner in a chain of rooms, else an agent."""
    if not options.world:
        return pilot.Pilot()
    compiled_once()
    return build.load_agent(options.checkpoint, greedy=True)[0]


def started(pool: Pool, thinker: Thinker) -> tuple[Moment, Any, Saved]:
    """The first moment, a fresh mind, empty books."""
    books = {
        "keys": 0,
        "plans": 0,
        "digest": "",
        "ended": False,
        "success": False,
        "complaints": [],
        "memory": [],
    }
    return pool.reset(), thinker.begin(1, 0), books


def memory() -> tuple[int, int]:
    """KiB: what Python holds (0 if it is not traced), and the most that the process has held."""
    return tracemalloc.get_traced_memory()[0] // 1024, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def saved(pool: Pool, mind: Any, books: Mapping[str, Any], file: Path) -> None:
    """One file, there in whole or not at all. The planner's mind is text, an agent's is arrays."""
    plain = pilot.to_data(mind) if isinstance(mind, pilot.Mind) else None
    arrays = {} if plain else {MIND + name: array for name, array in tree().flatten(mind).items()}
    text = json.dumps({"mind": plain, "books": books})
    beside = file.with_suffix(".part.npz")
    np.savez(beside, text=np.frombuffer(text.encode(), np.uint8), **pool.state(), **arrays)
    beside.replace(file)


def restored(pool: Pool, thinker: Thinker, file: Path) -> tuple[Moment, Any, Saved]:
    """The moment, the mind and the books at the last save."""
    with np.load(file) as kept:
        arrays = dict(kept.items())
    data = json.loads(arrays.pop("text").tobytes())
    parts = {name.removeprefix(MIND): arrays.pop(name) for name in list(arrays) if name.startswith(MIND)}
    pool.restore(arrays)
    mind = tree().refill(thinker.begin(1, 0), parts) if parts else pilot.from_data(data["mind"])
    observation, offered = pool.worlds[0].observe()
    none = np.zeros(1, bool)
    outcome = Outcome(np.zeros(1, np.float32), none, none, none, none, none)
    assert offered.shape == (1, KEYS)
    return Moment(observation, offered, none, outcome), mind, data["books"]


def tree() -> ModuleType:
    """Named arrays from a tree and back; the planner needs none of it."""
    from sixkeys.training import trees

    return trees


if __name__ == "__main__":
    sys.exit(main())
