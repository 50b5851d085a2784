"""How is experience gathered? A lane is a pool and the agent's minds in it; lanes are played one by one.

Most runs have one lane. A run of many worlds has a lane a world: some are drawn for each update (sampler.py),
and those of slow worlds are played beside the others, in a thread that mostly waits for them.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import NamedTuple, Protocol, runtime_checkable

import jax
import numpy as np

from sixkeys.agent.agent import Agent
from sixkeys.agent.brain import Brain, Mind
from sixkeys.contract import Moment, Observation, Outcome, Step
from sixkeys.loop import Habits, turn
from sixkeys.training.config import LearnConfig
from sixkeys.training.losses import SILENT, Chunk
from sixkeys.training.novelty import Novelty
from sixkeys.training.trees import flatten, refill

REST = 3.0
OWN = ("hints", "greedy", "begun_at", "wasted", "keys")
Components = dict[str, dict[str, np.ndarray]]


class Pooled(Protocol):
    """What training needs of a pool."""

    seats: int

    def reset(self) -> Moment: ...
    def step(self, actions: np.ndarray) -> Moment: ...
    def state(self) -> dict[str, np.ndarray]: ...
    def restore(self, state: Mapping[str, np.ndarray]) -> None: ...
    def oracle(self) -> np.ndarray: ...
    def oracle_steps(self) -> np.ndarray: ...


@runtime_checkable
class Aiming(Protocol):
    """A pool whose teacher also says what it is after."""

    def aims(self) -> np.ndarray: ...


class Ended(NamedTuple):
    """Episodes that ended since the last snapshot, a row each."""

    seat: np.ndarray
    success: np.ndarray
    hinted: np.ndarray
    """Whether the agent saw the mask."""
    steps: np.ndarray
    invalid: np.ndarray


class Gathered(NamedTuple):
    """Some steps of one lane."""

    steps: list[Step]
    new: np.ndarray
    """bool [seats, steps]: what was seen after a key was new in its episode."""
    taught: np.ndarray
    """int64 [seats, steps]: the key that a teacher would have pressed; SILENT where none was asked."""
    aim: np.ndarray
    """int64 [seats, steps, 2]: kind and identity of the thing that a teacher was after; SILENT if none."""
    ended: Ended
    mind: Mind
    """The mind before the first of them."""


class Lane:
    """A pool that is played. Keeps state: the pool, the minds in it and how far each episode is.

    first: the number of its first seat among those of all lanes; scale: what rewards are multiplied by.
    """

    def __init__(
        self,
        pool: Pooled,
        brain: Brain,
        seed: int,
        rng: np.random.Generator,
        first: int = 0,
        scale: float = 1.0,
    ):
        self.pool, self.rng, self.first, self.scale = pool, rng, first, scale
        self.mind = Agent(brain).begin(pool.seats, seed)
        self.now = pool.reset()
        self.novelty = Novelty(pool.seats)
        self.hints = np.ones(pool.seats, bool)
        """bool [seats]: who sees the mask in this episode."""
        self.greedy = np.zeros(pool.seats, bool)
        """bool [seats]: who presses its likeliest key in this episode."""
        self.begun_at = np.zeros(pool.seats, np.int64)
        """int64 [seats]: keys pressed in this episode."""
        self.wasted = np.zeros(pool.seats, np.int64)
        """int64 [seats]: invalid keys pressed in this episode."""
        self.keys = 0

    def gather(self, brain: Brain, habits: Habits, learn: LearnConfig) -> Gathered:
        """`unroll` steps of the loop."""
        first, steps, rows, new, taught, aim = self.mind, [], [], [], [], []
        for _ in range(learn.unroll):
            now = self.now
            taught.append(self._teacher(learn))
            aim.append(aims(self.pool))
            drawn = self.rng.random(self.pool.seats) >= learn.action_mask_dropout
            self.hints = np.where(now.begun, drawn, self.hints)
            if learn.greedy_share:
                drawn = self.rng.random(self.pool.seats) < learn.greedy_share
                self.greedy = np.where(now.begun, drawn, self.greedy)
            agent = Agent(brain, self.greedy, planning_coef=0.0)
            step, self.mind = turn(self.pool, now, agent, self.mind, self.hints, habits)
            self.now, outcome = step.then, step.then.outcome
            begun = self.now.begun
            self.begun_at = np.where(begun, 0, self.begun_at + 1)
            self.wasted = np.where(begun, 0, self.wasted + outcome.invalid)
            self.keys += int((~begun).sum())
            ended = np.flatnonzero(outcome.terminated | outcome.truncated)
            own = (outcome.success, self.hints, self.begun_at, self.wasted)
            rows.append((self.first + ended, *(column[ended] for column in own)))
            steps.append(step)
            new.append(self.novelty.look(self.now))
        ends = Ended(*(np.concatenate(column) for column in zip(*rows, strict=True)))
        return Gathered(steps, np.stack(new, 1), np.stack(taught, 1), np.stack(aim, 1), ends, first)

    def _teacher(self, learn: LearnConfig) -> np.ndarray:
        """int [seats]: the key that the world's oracle would press; SILENT where it knows none."""
        if not learn.taught_coef:
            return np.full(self.pool.seats, SILENT)
        return np.where(self.pool.oracle_steps() >= 0, self.pool.oracle(), SILENT)

    def chunk(self, found: Gathered, novelty: float) -> Chunk:
        """Steps as arrays, seats axis first, then time; `novelty` is the bonus for what was new."""
        return chunk(found, found.new.astype(np.float32) * novelty, self.scale)

    def components(self) -> Components:
        """Everything that is needed to go on."""
        now, outcome = self.now, self.now.outcome
        moment = {**{f"observation/{n}": a for n, a in now.observation.items()}, **outcome._asdict()}
        own = {name: np.asarray(getattr(self, name)) for name in OWN}
        return {
            "carry": {**flatten(self.mind), **own},
            "moment": {**moment, "offered": now.offered, "begun": now.begun},
            "pool": self.pool.state(),
            "novelty": self.novelty.state(),
            "random": random_state(self.rng),
        }

    def restore(self, saved: Components) -> None:
        """Goes on from what `components` returned."""
        self.pool.restore(saved["pool"])
        self.novelty.restore(saved["novelty"])
        restore_random(self.rng, saved["random"])
        carry, moment = dict(saved["carry"]), saved["moment"]
        own = {name: np.array(carry.pop(name)) for name in OWN}
        self.hints, self.greedy = own["hints"], own["greedy"]
        self.begun_at, self.wasted = own["begun_at"], own["wasted"]
        self.keys, self.mind = int(own["keys"]), refill(self.mind, carry)
        seen = {n.split("/", 1)[1]: a for n, a in moment.items() if n.startswith("observation/")}
        outcome = Outcome(*(moment[name] for name in Outcome._fields))
        self.now = Moment(Observation(**seen), moment["offered"], moment["begun"], outcome)


class Beside:
    """A lane whose worlds are slow: it is played in a thread, by the brain of when it began. Keeps state.

    It rests `REST` times as long as it took, or test suites that run all the time would slow the others down.
    """

    def __init__(self, lane: Lane, threads: ThreadPoolExecutor):
        self.lane, self.threads = lane, threads
        self.work: Future[Gathered] | None = None
        self.began = self.until = 0.0

    def gathered(self, brain: Brain, habits: Habits, learn: LearnConfig) -> Gathered | None:
        """What it has gathered, once; None while it is at work or rests."""
        if self.work is not None and self.work.done():
            found, self.work, now = self.work.result(), None, time.monotonic()
            self.until = now + REST * (now - self.began)
            return found
        if self.work is None and time.monotonic() >= self.until:
            self.began = time.monotonic()
            self.work = self.threads.submit(self.lane.gather, brain, habits, learn)
        return None

    def settle(self) -> None:
        """Waits until its state may be read; what it gathered is kept."""
        if self.work is not None:
            wait([self.work])


def aims(pool: Pooled) -> np.ndarray:
    """int [seats, 2]: what a pool's teacher is after, in any order of its keys; SILENT where none says."""
    return pool.aims() if isinstance(pool, Aiming) else np.full((pool.seats, 2), SILENT)


def chunk(found: Gathered, bonus: np.ndarray, scale: float) -> Chunk:
    """Steps of all seats as arrays [seats, steps], as `bonus` (float32) is; rewards times `scale`."""
    now, seen, thought, then = zip(*found.steps, strict=True)
    last, final = then[-1], seen[-1]

    def stack(items: Sequence[np.ndarray]) -> np.ndarray:
        return np.stack(items, axis=1)

    moments = [*now, last]
    outcome = Outcome(*(stack(column) for column in zip(*(m.outcome for m in then), strict=True)))
    return Chunk(
        observation={n: stack([m.observation[n] for m in moments]) for n in last.observation},
        begun=stack([m.begun for m in moments]),
        seen=stack([*(s.offered for s in seen), final.offered]),
        forbidden=stack([*(s.forbidden for s in seen), final.forbidden]),
        offered=stack([m.offered for m in moments]),
        recalled=stack([*(s.recalled for s in seen), final.recalled]),
        words=stack([*(s.words for s in seen), final.words]),
        action=stack([t.action for t in thought]),
        reward=outcome.reward * np.float32(scale),
        bonus=bonus,
        terminated=outcome.terminated,
        truncated=outcome.truncated,
        success=outcome.success,
        harm=outcome.harm,
        taught=found.taught.astype(np.int8),
        aim=found.aim.astype(np.int8),
        free=stack([t.free for t in thought]),
        value=stack([t.value for t in thought]),
        mind=jax.tree.map(np.asarray, found.mind),
    )


def random_state(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """PCG64's state as four 64-bit words an integer."""
    state = rng.bit_generator.state
    words = [state["state"]["state"], state["state"]["inc"]]
    split = [(number >> (64 * i)) & (2**64 - 1) for number in words for i in range(2)]
    return {"pcg64": np.array(split, np.uint64), "spare": np.array([state["has_uint32"], state["uinteger"]])}


def restore_random(rng: np.random.Generator, saved: Mapping[str, np.ndarray]) -> None:
    """Sets what `random_state` returned."""
    low_state, high_state, low_inc, high_inc = (int(word) for word in saved["pcg64"])
    rng.bit_generator.state = {
        "bit_generator": "PCG64",
        "state": {"state": low_state | high_state << 64, "inc": low_inc | high_inc << 64},
        "has_uint32": int(saved["spare"][0]),
        "uinteger": int(saved["spare"][1]),
    }
