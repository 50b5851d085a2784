"""Does a World with many seats keep our contract? Findings, one sentence each; none where it does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from sixkeys.contract import KEYS, Outcome, World, observation_space

MakeWorld = Callable[[], World]
OTHER = 1000
"""Added to the numbers of rows whose episodes and keys are to differ."""


class Shown(NamedTuple):
    """What a world showed after one step, every array with a row a seat."""

    arrays: dict[str, np.ndarray]

    def row(self, seat: int) -> bytes:
        return b"".join(self.arrays[name][seat].tobytes() for name in sorted(self.arrays))


def check_world(make: MakeWorld, seed: int = 0, steps: int = 80) -> list[str]:
    """Findings about the world that `make()` returns, from `steps` steps of random keys.

    The worlds of two calls of `make` have to be alike: where the laws compare two runs, each has its own.
    """
    findings: list[str] = []
    for law in (_shapes, _repeats, _alone, _still, _restores):
        try:
            findings += [f"{law.__name__[1:]}: {finding}" for finding in law(make, seed, steps)]
        except Exception as error:
            findings.append(f"{law.__name__[1:]}: {type(error).__name__}: {error}")
    return list(dict.fromkeys(findings))


class Driver:
    """Drives a world; every row's seeds and keys depend on the row's number in `rows` alone. Keeps state."""

    def __init__(self, world: World, seed: int, rows: np.ndarray):
        self.world, self.seed, self.numbers = world, seed, rows
        self.keys = [np.random.default_rng([seed, int(number)]) for number in rows]
        self.episode = np.zeros(len(rows), np.int64)
        self.ended = np.ones(len(rows), bool)

    def turn(self, rows: np.ndarray | None = None) -> Shown:
        """Begins what has ended, steps the rest (of `rows`, if given), and returns what is shown."""
        begun = self.ended if rows is None else self.ended & rows
        self.episode += begun
        if begun.any():
            self.world.reset(begun, self.seed + 7919 * self.numbers + self.episode)
        keys = np.array([chance.integers(KEYS) for chance in self.keys])
        stepped = ~begun if rows is None else rows & ~begun
        outcome = self.world.step(keys, stepped)
        self.ended = np.where(begun | stepped, outcome.terminated | outcome.truncated, self.ended)
        return shown(self.world, outcome)


def shown(world: World, outcome: Outcome) -> Shown:
    """A copy of everything that can be seen now."""
    observation, offered = world.observe()
    arrays = {name: np.array(array) for name, array in observation.items()}
    return Shown(
        arrays | {"offered": np.array(offered)} | {n: np.array(a) for n, a in outcome._asdict().items()}
    )


def _run(make: MakeWorld, seed: int, rows: np.ndarray, steps: int) -> list[Shown]:
    world = make()
    driver = Driver(world, seed, rows)
    turns = [driver.turn() for _ in range(steps)]
    world.close()
    return turns


def _shapes(make: MakeWorld, seed: int, steps: int) -> Iterator[str]:
    """Spaces, dtypes and lengths."""
    world = make()
    seats, spec = world.seats, world.world_spec
    last = [
        turn for driver in [Driver(world, seed, np.arange(seats))] for turn in (driver.turn(), driver.turn())
    ][-1]
    space = observation_space(spec.senses)
    for seat in range(seats):
        if not space.contains({name: last.arrays.get(name, np.zeros(0))[seat] for name in space.spaces}):
            yield f"the observation of seat {seat} is outside contract.observation_space({spec.senses})"
    wanted = {"offered": ((seats, KEYS), bool), "reward": ((seats,), np.float32)}
    wanted |= dict.fromkeys(("terminated", "truncated", "invalid", "success", "harm"), ((seats,), bool))
    for name, (shape, dtype) in wanted.items():
        array = last.arrays[name]
        if array.shape != shape or array.dtype != dtype:
            yield f"{name} is {array.dtype} {array.shape}; it must be {np.dtype(dtype)} {shape}"
    for name in ("oracle", "oracle_steps", "families"):
        if len(getattr(world, name)()) != seats:
            yield f"{name}() has not one entry a seat"
    world.close()


def _repeats(make: MakeWorld, seed: int, steps: int) -> Iterator[str]:
    """The same seeds and keys give the same rows, and what is said of ends holds."""
    rows = np.arange(make().seats)
    once, again = (_run(make, seed, rows, steps) for _ in range(2))
    if any(a.row(seat) != b.row(seat) for a, b in zip(once, again, strict=True) for seat in range(len(rows))):
        yield "the same seeds and keys gave two different runs"
    for turn in once:
        if (turn.arrays["terminated"] & turn.arrays["truncated"]).any():
            yield "terminated and truncated at once"
        if (turn.arrays["success"] & ~(turn.arrays["terminated"] | turn.arrays["truncated"])).any():
            yield "success without an end"


def _alone(make: MakeWorld, seed: int, steps: int) -> Iterator[str]:
    """A row's episode does not depend on its neighbours."""
    rows = np.arange(make().seats)
    together = _run(make, seed, rows, steps)
    for seat in sorted({0, len(rows) - 1}):
        others = np.where(rows == seat, rows, rows + OTHER)
        apart = _run(make, seed, others, steps)
        if any(a.row(seat) != b.row(seat) for a, b in zip(together, apart, strict=True)):
            yield f"seat {seat} went another way when its neighbours did"


def _still(make: MakeWorld, seed: int, steps: int) -> Iterator[str]:
    """Rows that are not stepped stay as they are, and their outcome is zero."""
    world = make()
    driver = Driver(world, seed, np.arange(world.seats))
    before, chance = driver.turn(), np.random.default_rng(seed)
    for _ in range(steps):
        rows = chance.random(world.seats) < 0.5
        after = driver.turn(rows)
        for name, array in after.arrays.items():
            if name in Outcome._fields:
                if array[~rows].any():
                    yield f"a seat that was not stepped has a {name}"
            elif not np.array_equal(array[~rows], before.arrays[name][~rows]):
                yield f"a seat that was not stepped changed its {name}"
        before = after
    world.close()


def _restores(make: MakeWorld, seed: int, steps: int) -> Iterator[str]:
    """`state` is a copy, and both this world and another go on from it as this one did."""
    world = make()
    driver = Driver(world, seed, np.arange(world.seats))
    for _ in range(steps // 2):
        driver.turn()
    saved = {name: np.array(array) for name, array in world.state().items()}
    state, ended, episode = world.state(), driver.ended.copy(), driver.episode.copy()
    runs = []
    for other in (world, world, make()):
        fresh = Driver(other, seed + 1, np.arange(world.seats))
        fresh.ended, fresh.episode = ended.copy(), episode.copy()
        if runs:
            other.restore(state)
        runs.append([fresh.turn() for _ in range(steps // 2)])
    if saved.keys() != state.keys() or any(not np.array_equal(saved[name], state[name]) for name in saved):
        yield "what state() returned changed while the world went on"
    for name, run in (("the same world", runs[1]), ("another world", runs[2])):
        if any(
            a.row(seat) != b.row(seat)
            for a, b in zip(runs[0], run, strict=True)
            for seat in range(world.seats)
        ):
            yield f"{name} went on differently after restore()"
