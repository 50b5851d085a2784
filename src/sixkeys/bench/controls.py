"""What would someone score who knows nothing, does nothing, knows everything, or cannot read? Four thinkers.

A control's mind is (seed, turn), so a run can be repeated; the oracle alone looks outside of what was seen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np

from sixkeys.contract import KEYS, Observation, Seen, Thinker, Thought
from sixkeys.envs.pool import Pool, SeedOf

MakePool = Callable[[SeedOf], Pool]
"""Builds a pool whose episodes take their seeds from the given function."""


class Turn(NamedTuple):
    """The mind of a control."""

    seed: int
    turn: int = 0

    def next(self) -> Turn:
        return Turn(self.seed, self.turn + 1)


class RandomKeys:
    """Presses uniformly among the keys that are offered and not forbidden; unmasked, that is all six."""

    def begin(self, seats: int, seed: int) -> Turn:
        return Turn(seed)

    def think(self, seen: Seen, mind: Turn) -> tuple[Thought, Turn]:
        allowed = seen.offered & ~seen.forbidden
        allowed = np.where(allowed.any(axis=1, keepdims=True), allowed, ~seen.forbidden)
        draws = np.random.default_rng([mind.seed, mind.turn]).random(allowed.shape)
        action = np.where(allowed, draws, -1.0).argmax(axis=1)
        return _thought(action, np.full(allowed.shape, 1 / KEYS)), mind.next()


class NoOp:
    """Presses key 0 for ever; where a guard forbids it, the first key that is not forbidden."""

    def begin(self, seats: int, seed: int) -> Turn:
        return Turn(seed)

    def think(self, seen: Seen, mind: Turn) -> tuple[Thought, Turn]:
        action = _lawful(np.zeros(len(seen.begun), np.int64), seen.forbidden)
        return _certain(action), mind.next()


class Oracle:
    """Presses the next key of a shortest solution. Privileged: it asks the pool, so it must know which one.

    `Oracle(pool)` asks a pool at hand. `evaluate` makes its own: give it `oracle.watch(make_pool)`.
    """

    def __init__(self, pool: Pool | None = None):
        self.pool = pool

    def watch(self, make_pool: MakePool) -> MakePool:
        """The same maker; whatever it makes is the pool that this oracle asks from then on."""

        def make(seed_of: SeedOf) -> Pool:
            self.pool = make_pool(seed_of)
            return self.pool

        return make

    def begin(self, seats: int, seed: int) -> Turn:
        return Turn(seed)

    def think(self, seen: Seen, mind: Turn) -> tuple[Thought, Turn]:
        if self.pool is None:
            raise RuntimeError(
                "this oracle has no pool to ask; give one, or wrap the maker with `oracle.watch`"
            )
        return _certain(_lawful(self.pool.oracle(), seen.forbidden)), mind.next()


class ShuffledMind(NamedTuple):
    """The wrapped thinker's mind, and whose content each seat gets (drawn at the first thought)."""

    inner: Any
    seed: int
    source: np.ndarray | None = None


class Shuffled:
    """Lets a thinker read what ANOTHER seat of the same world shows: what it then scores needs no reading.

    Patch, senses, recalled memories and words are the other seat's; energy, ids, descriptor, hints stay true.
    Who reads whom is drawn once, so what a seat reads is coherent in time, only not its own.
    """

    def __init__(self, thinker: Thinker):
        self.thinker = thinker

    def begin(self, seats: int, seed: int) -> ShuffledMind:
        return ShuffledMind(self.thinker.begin(seats, seed), seed)

    def think(self, seen: Seen, mind: ShuffledMind) -> tuple[Thought, ShuffledMind]:
        entries: dict[str, Any] = dict(seen.observation)
        source = mind.source
        if source is None:
            source = derangement(entries["ids"][:, 0], mind.seed)
        content = {name: entries[name][source] for name in ("patch", "senses") if name in entries}
        moved = Observation(**(entries | content))
        blind = seen._replace(observation=moved, recalled=seen.recalled[source], words=seen.words[source])
        thought, inner = self.thinker.think(blind, mind.inner)
        return thought, ShuffledMind(inner, mind.seed, source)


def derangement(groups: np.ndarray, seed: int) -> np.ndarray:
    """int [seats]: for each seat another one of its group (`groups`: int [seats]), each used once."""
    random = np.random.default_rng(seed)
    source = np.zeros(len(groups), np.int64)
    for group in np.unique(groups):
        members = random.permutation(np.flatnonzero(groups == group))
        if len(members) < 2:
            raise ValueError(f"world {group} has one seat; shuffling needs at least two seats of each world")
        source[members] = np.roll(members, 1)
    return source


class Contestant(Protocol):
    """How a contestant comes to an evaluation: given the maker of pools, who thinks and the maker to use."""

    def __call__(self, make_pool: MakePool) -> tuple[Thinker, MakePool]: ...


def oracle(make_pool: MakePool) -> tuple[Thinker, MakePool]:
    """An oracle that watches the pool it is evaluated on."""
    thinker = Oracle()
    return thinker, thinker.watch(make_pool)


def plain(thinker: Thinker) -> Contestant:
    """A thinker that needs nothing but what it sees."""
    return lambda make_pool: (thinker, make_pool)


def _lawful(wanted: np.ndarray, forbidden: np.ndarray) -> np.ndarray:
    seats = np.arange(len(wanted))
    return np.where(forbidden[seats, wanted], (~forbidden).argmax(axis=1), wanted)


def _certain(action: np.ndarray) -> Thought:
    return _thought(action, np.eye(KEYS)[action])


def _thought(action: np.ndarray, free: np.ndarray) -> Thought:
    """A control believes nothing: value 0, and a half wherever a belief is asked."""
    seats = len(action)
    half = np.full((seats, KEYS), 0.5, np.float32)
    return Thought(
        action.astype(np.int32), free.astype(np.float32), np.zeros(seats, np.float32), half, half[:, 0].copy()
    )
