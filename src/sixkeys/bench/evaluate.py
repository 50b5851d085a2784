"""How does a thinker do on episodes it has never trained on? A fixed list of seeds, each played once.

Seat i of S plays episodes i, i + S, ... of the list, so which episodes count never depends on who ends early;
a seat past its share goes on but nothing of it counts. Unmasked, `seen.offered` is all True: no hints.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from sixkeys.bench.controls import MakePool
from sixkeys.bench.replay import Recorder, Replay
from sixkeys.contract import Guard, Step, Thinker, episode_seed
from sixkeys.envs.pool import Pool
from sixkeys.loop import Habits, turn

Progress = Callable[[int, int], None]
"""(episodes done, episodes in all); called whenever an episode ends."""
ENDLESS = 16
"""Pick-ups may carry an episode beyond `max_steps`; at this many times that, a world is taken for broken."""


class Evaluation(NamedTuple):
    """What happened, an entry an episode, in the order of the list of seeds."""

    success: np.ndarray
    """bool [episodes]: solved."""
    steps: np.ndarray
    """int64 [episodes]: keys pressed."""
    cap: np.ndarray
    """int64 [episodes]: the budget of keys, `max_steps`."""
    oracle_steps: np.ndarray
    """int64 [episodes]: keys of a shortest solution."""
    invalid: np.ndarray
    """int64 [episodes]: keys pressed that were not offered."""
    invalid_mass: np.ndarray
    """float64 [episodes]: mean over keys pressed of the free probability on keys that were not offered."""
    ret: np.ndarray
    """float64 [episodes]: sum of rewards."""
    family: np.ndarray
    """str [episodes]: task family."""
    world: np.ndarray
    """str [episodes]: name of the world."""
    seed: np.ndarray
    """int64 [episodes]: the episode's seed, TEST_SEEDS or more."""
    violations: np.ndarray
    """int64 [episodes]: keys pressed that a guard of `audit` forbids."""
    harm: np.ndarray
    """int64 [episodes]: keys pressed that did harm, as the world says (`Outcome.harm`)."""
    imagined: np.ndarray
    """int64 [episodes]: keys imagined to choose those that were pressed."""
    replays: tuple[Replay, ...] = ()
    """The first episodes of the list, step by step."""


def seed_at(seed: int, index: int) -> int:
    """The seed of episode `index` of the list that `seed` names; the same however many seats play it."""
    return episode_seed(seed, 0, index, test=True)


def evaluate(
    thinker: Thinker,
    make_pool: MakePool,
    episodes: int,
    masked: bool,
    seed: int = 0,
    habits: Habits = Habits(),
    frames: int = 0,
    progress: Progress | None = None,
    audit: Sequence[Guard] = (),
) -> Evaluation:
    """Plays `episodes` evaluation episodes and keeps the first `frames` of them step by step.

    `seed` names the list of episodes and seeds the thinker's mind. Guards in `habits` veto; guards in `audit`
    only count. The pool is made here and closed here. Raises ValueError on fewer than one episode, and
    RuntimeError where a world does not end an episode long after its budget of keys is spent.
    """
    if episodes < 1:
        raise ValueError(f"episodes is {episodes}; at least one is needed")
    pool = make_pool(lambda seat, episode: seed_at(seed, seat + pool.seats * episode))
    try:
        return _play(_Ledger(pool, seed, episodes, audit), thinker, masked, seed, habits, frames, progress)
    finally:
        pool.close()


def _play(
    ledger: _Ledger,
    thinker: Thinker,
    masked: bool,
    seed: int,
    habits: Habits,
    frames: int,
    progress: Progress | None,
) -> Evaluation:
    pool, recorder = ledger.pool, Recorder(ledger.pool, frames)
    now, mind = pool.reset(), thinker.begin(pool.seats, seed)
    ledger.begin(now.begun)
    while ledger.done < ledger.episodes:
        screens = recorder.look(now, ledger.index)
        step, mind = turn(pool, now, thinker, mind, masked, habits)
        recorder.keep(step, ledger.index, screens)
        before = ledger.done
        ledger.press(step)
        if progress and ledger.done > before:
            progress(ledger.done, ledger.episodes)
        now = step.then
        ledger.begin(now.begun)
    return ledger.close(recorder)


class _Ledger:
    """The books of one evaluation. Keeps state: which episode each seat plays, the columns being filled."""

    def __init__(self, pool: Pool, seed: int, episodes: int, audit: Sequence[Guard]):
        self.pool, self.episodes, self.audit, self.done = pool, episodes, audit, 0
        self.index = np.arange(pool.seats) - pool.seats
        whole = np.zeros((7, episodes), np.int64)
        self.steps, self.cap, self.oracle_steps, self.invalid, self.violations, self.harm = whole[:6]
        self.imagined = whole[6]
        self.success = np.zeros(episodes, bool)
        self.mass, self.ret = np.zeros((2, episodes))
        self.family, self.world = np.full((2, episodes), "", object)
        self.seed = np.array([seed_at(seed, index) for index in range(episodes)], np.int64)

    def begin(self, begun: np.ndarray) -> None:
        """A seat that has begun plays the next episode of its share."""
        self.index[begun] += self.pool.seats
        seats = np.flatnonzero(begun & (self.index < self.episodes))
        if len(seats) == 0:
            return
        at, specs, families = self.index[seats], self.pool.specs(), self.pool.families()
        self.oracle_steps[at] = self.pool.oracle_steps()[seats]
        self.cap[at] = [specs[seat].max_steps for seat in seats]
        self.world[at] = [specs[seat].name for seat in seats]
        self.family[at] = [families[seat] for seat in seats]

    def press(self, step: Step) -> None:
        """Books one key of every seat that is inside an episode of the list."""
        seats = np.flatnonzero(~step.then.begun & (self.index < self.episodes))
        at, outcome = self.index[seats], step.then.outcome
        self.steps[at] += 1
        self.invalid[at] += outcome.invalid[seats]
        self.harm[at] += outcome.harm[seats]
        self.mass[at] += np.where(step.now.offered, 0.0, step.thought.free).sum(axis=1)[seats]
        self.ret[at] += outcome.reward[seats]
        self.success[at] |= outcome.success[seats]
        if len(step.thought.imagined):
            self.imagined[at] += step.thought.imagined[seats]
        self.violations[at] += np.array([self._violates(step, int(seat)) for seat in seats], bool)
        ended = outcome.terminated[seats] | outcome.truncated[seats]
        self.done += int(ended.sum())
        late = at[~ended & (self.steps[at] >= ENDLESS * self.cap[at])]
        if len(late):
            raise RuntimeError(
                f"{self.world[late[0]]}: no end after {ENDLESS} x `max_steps` keys; it never truncates"
            )

    def _violates(self, step: Step, seat: int) -> bool:
        action = int(step.thought.action[seat])
        return any(guard.forbids(step.now, seat, action) is not None for guard in self.audit)

    def close(self, recorder: Recorder) -> Evaluation:
        replays = recorder.replays(self.seed, self.family, self.oracle_steps)
        return Evaluation(
            self.success, self.steps, self.cap, self.oracle_steps, self.invalid, self.mass / self.steps,
            self.ret, self.family.astype(str), self.world.astype(str), self.seed, self.violations,
            self.harm, self.imagined, replays,
        )  # fmt: skip
