"""How does anything happen here? now -> listen -> recall -> veto -> THINK -> step -> remember.

One loop serves training, benchmarking and fixing alike. It is given what it needs and imports no agent.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from sixkeys.contract import (
    KEYS,
    RECALLED,
    WORDS,
    Guard,
    Listen,
    Memory,
    Moment,
    Seen,
    Step,
    Thinker,
    Thought,
    Walk,
)

log = logging.getLogger("sixkeys.veto")


class Seats(Protocol):
    """What the loop needs of a pool."""

    seats: int

    def step(self, actions: np.ndarray) -> Moment: ...


Hints = Callable[[Moment], np.ndarray]
"""A moment -> bool [seats]: who sees what the interface offers."""


class Habits(NamedTuple):
    """What stands around the thinker: who speaks, what is remembered, what is forbidden."""

    listen: Listen | None = None
    memory: Memory | None = None
    guards: Sequence[Guard] = ()


def veto(guards: Sequence[Guard], now: Moment) -> np.ndarray:
    """bool [seats, 6]: the keys that some guard forbids. Raises RuntimeError where a seat has no key left."""
    forbidden = np.zeros((len(now.begun), KEYS), bool)
    for guard in guards:
        for seat, action in np.ndindex(*forbidden.shape):
            reason = guard.forbids(now, seat, action)
            if reason is not None:
                forbidden[seat, action] = True
                log.info("seat %d key %d forbidden: %s", seat, action, reason)
    stuck = np.flatnonzero(forbidden.all(axis=1))
    if len(stuck):
        raise RuntimeError(f"seats {stuck.tolist()}: guards forbid all six keys; at least one must stay open")
    return forbidden


def look(now: Moment, hints: np.ndarray | bool, habits: Habits) -> Seen:
    """What the thinker may know of `now`. `hints` (bool or bool [seats]): who sees what is offered."""
    seats = len(now.begun)
    shown = np.broadcast_to(np.asarray(hints, bool), (seats,))
    words = habits.listen(now) if habits.listen else np.zeros((seats, WORDS), np.int32)
    recalled = habits.memory.recall(now) if habits.memory else np.zeros((seats, *RECALLED), np.float32)
    forbidden = veto(habits.guards, now) if habits.guards else np.zeros((seats, KEYS), bool)
    offered = now.offered | ~shown[:, None]
    return Seen(now.observation, now.begun, offered, forbidden, recalled, words)


def walk(
    pool: Seats,
    now: Moment,
    thinker: Thinker,
    mind: Any,
    hints: bool | Hints = True,
    habits: Habits = Habits(),
) -> Walk:
    """Yields steps for ever, from `now` on. `hints` is a bool, or a function Moment -> bool [seats].

    A generator's caller that needs the mind back uses `turn`, which is one step of this.
    """
    while True:
        step, mind = turn(pool, now, thinker, mind, hints(now) if callable(hints) else hints, habits)
        yield step
        now = step.then


def turn(
    pool: Seats, now: Moment, thinker: Thinker, mind: Any, hints: np.ndarray | bool, habits: Habits = Habits()
) -> tuple[Step, Any]:
    """One step and the mind after it."""
    seen = look(now, hints, habits)
    thought, mind = thinker.think(seen, mind)
    _obey(seen, thought)
    then = pool.step(thought.action)
    if habits.memory:
        habits.memory.remember(now, thought.action, then)
    return Step(now, seen, thought, then), mind


def _obey(seen: Seen, thought: Thought) -> None:
    """A law holds whoever thinks: a forbidden key never reaches the world."""
    broken = np.flatnonzero(seen.forbidden[np.arange(len(thought.action)), thought.action])
    if len(broken):
        raise RuntimeError(
            f"seats {broken.tolist()} pressed a forbidden key; a thinker must respect `seen.forbidden`"
        )
