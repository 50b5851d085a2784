"""What did an episode look like, key by key? Frames for a person to step through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from pydantic import ConfigDict

from sixkeys.contract import Moment, Outcome, Step
from sixkeys.envs.pool import Pool

_CLOSED = ConfigDict(extra="forbid", allow_inf_nan=False)


@dataclass(frozen=True)
class Press:
    """One key: what was thought before it and what it did."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED

    key: int
    name: str
    free: list[float]
    """[6]: probabilities before any mask."""
    validity: list[float]
    """[6]: belief that each key is valid."""
    success: float
    """The thinker's own chance of success."""
    value: float
    """Expected return."""
    reward: float
    invalid: bool


@dataclass(frozen=True)
class Frame:
    """What a seat saw at one moment, and the key pressed then (None at an episode's last observation)."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED

    patch: list[list[list[int]]]
    """[9][9][3]: kind, identity, state."""
    screen: str
    energy: float
    offered: list[bool]
    """[6]: what the interface offered; a thinker saw it in masked mode only."""
    press: Press | None


@dataclass(frozen=True)
class Replay:
    """One episode, from its first observation to its last."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED

    world: str
    family: str
    seed: int
    keys: list[str]
    """[6]: what the world calls its keys."""
    oracle_steps: int
    end: str
    """solved, died (ended without success) or cap (the budget of keys ran out)."""
    frames: list[Frame]


class Recorder:
    """Collects the frames of the first `count` episodes of a list. Keeps state: the frames so far."""

    def __init__(self, pool: Pool, count: int):
        self.pool, self.count, self.specs = pool, count, pool.specs()
        self.frames: dict[int, list[Frame]] = {}
        self.seats: dict[int, int] = {}
        self.ends: dict[int, str] = {}

    def look(self, now: Moment, index: np.ndarray) -> dict[int, str]:
        """The screens, by seat, of the seats to be recorded; taken before the next key changes them."""
        ended = now.outcome.terminated | now.outcome.truncated
        return {int(seat): self._screen(int(seat)) for seat in np.flatnonzero(~ended & (index < self.count))}

    def keep(self, step: Step, index: np.ndarray, screens: Mapping[int, str]) -> None:
        """Keeps a frame for each seat in `screens`, and the last observation of those that have ended."""
        for seat, screen in screens.items():
            episode = int(index[seat])
            if step.now.begun[seat]:
                self.frames[episode], self.seats[episode] = [], seat
            self.frames[episode].append(_frame(step.now, seat, screen, self._press(step, seat)))
            end = _end(step.then.outcome, seat)
            if end:
                self.ends[episode] = end
                self.frames[episode].append(_frame(step.then, seat, self._screen(seat), None))

    def replays(
        self, seeds: np.ndarray, families: np.ndarray, oracle_steps: np.ndarray
    ) -> tuple[Replay, ...]:
        """The episodes in their order; the arguments are [episodes]."""
        rows = sorted(self.ends)
        return tuple(self._replay(e, int(seeds[e]), str(families[e]), int(oracle_steps[e])) for e in rows)

    def _replay(self, episode: int, seed: int, family: str, shortest: int) -> Replay:
        spec = self.specs[self.seats[episode]]
        frames, end = self.frames[episode], self.ends[episode]
        return Replay(spec.name, family, seed, list(spec.keys), shortest, end, frames)

    def _screen(self, seat: int) -> str:
        """Output of code under test may hold lone surrogates, which no JSON file can."""
        return self.pool.screen(seat).encode("utf-8", "replace").decode()

    def _press(self, step: Step, seat: int) -> Press:
        thought, outcome, key = step.thought, step.then.outcome, int(step.thought.action[seat])
        return Press(
            key=key,
            name=self.specs[seat].keys[key],
            free=_short(thought.free[seat]),
            validity=_short(thought.validity[seat]),
            success=round(float(thought.success[seat]), 4),
            value=round(float(thought.value[seat]), 4),
            reward=round(float(outcome.reward[seat]), 4),
            invalid=bool(outcome.invalid[seat]),
        )


def _frame(moment: Moment, seat: int, screen: str, press: Press | None) -> Frame:
    seen = {name: array[seat] for name, array in moment.observation.items() if isinstance(array, np.ndarray)}
    energy = round(float(seen["energy"][0]), 4)
    return Frame(seen["patch"].tolist(), screen, energy, moment.offered[seat].tolist(), press)


def _short(row: np.ndarray) -> list[float]:
    return [round(float(entry), 4) for entry in row]


def _end(outcome: Outcome, seat: int) -> str | None:
    if not (outcome.terminated[seat] or outcome.truncated[seat]):
        return None
    if outcome.success[seat]:
        return "solved"
    return "died" if outcome.terminated[seat] else "cap"
