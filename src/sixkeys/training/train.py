"""How does the agent learn? A2C over a pool of worlds, in stages, as a generator of snapshots.

Stage 1 learns the world model from play (the untrained policy is close to random), stage 2 the policy by A2C
with everything else going on. Stage 4 is a life (life.py): A2C in one regime after the other. Whoever
consumes the snapshots evaluates, saves, shows or stops.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from sixkeys.agent.brain import Brain
from sixkeys.loop import Habits
from sixkeys.training.config import LearnConfig, RunConfig
from sixkeys.training.consolidate import Importance, elastic
from sixkeys.training.customs import Ordered
from sixkeys.training.lane import Beside, Components, Ended, Lane, Pooled
from sixkeys.training.life import Life, unflat
from sixkeys.training.losses import Chunk, Weights, total_loss
from sixkeys.training.replay import Replay
from sixkeys.training.sampler import Sampler
from sixkeys.training.teacher import Guided, Teacher
from sixkeys.training.trees import flatten, refill


class Track(NamedTuple):
    """A lane and how it takes part."""

    pool: Pooled
    weight: float = 1.0
    scale: float = 1.0
    beside: bool = False
    """Whether it is slow, and played in a thread of its own."""
    teacher: Teacher | None = None
    """Who teaches there in the oracle's place."""


class Kept(NamedTuple):
    """What keeps state of its own while training."""

    lanes: list[Lane]
    """Those that are drawn from for each update."""
    beside: list[Beside]
    """Those that join an update whenever they have gathered something."""
    sampler: Sampler
    replays: tuple[Replay, Replay]
    """Of lanes that are drawn and of those beside, whose observations may have other senses."""
    rng: np.random.Generator
    life: Life | None = None
    """In stage 4, where lanes come one after the other."""


class Snapshot(NamedTuple):
    """Where training stands after an update."""

    update: int
    keys: int
    """Keys pressed so far, all seats together, rows that only began an episode left out."""
    share: float
    """Of the run that is done, in [0, 1]."""
    seconds: float
    """Wall time of this update and its experience."""
    losses: dict[str, float]
    ended: Ended
    brain: Brain
    slow: Brain
    """In a life with slow weights those; else the brain itself."""
    components: Callable[[], Components]
    """Everything needed to go on from here; call before asking for the next snapshot."""


class State(NamedTuple):
    """What an update changes."""

    brain: Brain
    optimizer: optax.OptState
    update: int


def _optimizer(learn: LearnConfig) -> optax.GradientTransformation:
    return optax.chain(optax.clip_by_global_norm(learn.clip), optax.scale_by_adam(eps=1e-5))


def _moments(learn: LearnConfig, weights: Any) -> optax.OptState:
    """Fresh moments. `weights` is any tree: optax's type for them names containers and knows no modules."""
    return _optimizer(learn).init(weights)


@partial(jax.jit, static_argnames="learn", donate_argnames="optimizer")
def _update(
    brain: Brain,
    optimizer: optax.OptState,
    fresh: Chunk,
    replayed: Chunk | None,
    weights: Weights,
    dear: Importance | None,
    free: Any,
    rate: jax.Array,
    learn: LearnConfig,
) -> tuple[Brain, optax.OptState, dict[str, jax.Array]]:
    def loss(brain: Brain) -> tuple[jax.Array, dict[str, jax.Array]]:
        total, losses = total_loss(brain, fresh, replayed, weights, learn)
        return (total if dear is None else total + learn.elastic_coef * elastic(brain, dear)), losses

    gradient, losses = jax.grad(loss, has_aux=True)(brain)
    losses["gradient"] = optax.tree.norm(gradient)
    steps, optimizer = _optimizer(learn).update(gradient, optimizer)
    if free is not None:
        steps = jax.tree.map(jnp.multiply, steps, free)
    return jax.tree.map(lambda w, s: w - rate * s, brain, steps), optimizer, losses


def train(
    config: RunConfig,
    pool: Pooled | Sequence[Track],
    habits: Habits = Habits(),
    brain: Brain | None = None,
    resume: Components | None = None,
) -> Iterator[Snapshot]:
    """Yields a snapshot after every update until the run is done.

    pool: all worlds in one, or a track a world, of which `config.pool.at_once` are drawn for an update; in
    stage 4 a track a task of the stream.
    `brain` starts from given weights; `resume` (the components of a snapshot) goes on from there, bit for bit
    where no track is beside. Raises ValueError where tracks do not fit a stream.
    """
    learn = config.learn
    tracks = [Track(pool)] if not isinstance(pool, Sequence) else pool
    brain = Brain(config.brain, learn.seed) if brain is None else brain
    with ThreadPoolExecutor(max(1, sum(track.beside for track in tracks))) as threads:
        kept = _kept(config, tracks, brain, threads)
        state = State(brain, _moments(learn, brain), 0)
        if resume is not None:
            state = _resume(state, resume, kept)
        seats = sum(lane.pool.seats for lane in kept.lanes[: kept.sampler.at_once])
        total = learn.stage4_updates or learn.stage1_updates + _updates(learn, seats)
        while state.update < total:
            started = time.perf_counter()
            if kept.life is not None and kept.life.afresh(state.update):
                newborn = Brain(config.brain, learn.seed)
                state = State(newborn, _moments(learn, newborn), state.update)
                kept.life.follow(newborn, anew=True)
            share = _share(learn, state.update, total)
            bonus = learn.novelty_coef * (1 - share)
            fresh, ended, lane = _experience(state, kept, habits, learn, bonus)
            customs = kept.life.customs if kept.life is not None else None
            if customs is None or customs.learned(lane, state.brain, fresh):
                state, losses = _learn(state, fresh, kept, learn, share)
            else:
                state, losses = state._replace(update=state.update + 1), {}
            for lane in kept.beside:
                late = lane.gathered(state.brain, habits, learn)
                if late is not None:
                    state, _ = _learn(state, lane.lane.chunk(late, bonus), kept, learn, share, beside=True)
                    ended = Ended(*map(np.concatenate, zip(ended, late.ended, strict=True)))
            numbers = {name: float(value) for name, value in losses.items()}
            keys = sum(lane.keys for lane in _lanes(kept))
            yield Snapshot(
                state.update, keys, state.update / total, time.perf_counter() - started, numbers, ended,
                state.brain, _slow(state, kept), partial(_components, state, kept),
            )  # fmt: skip


def _slow(state: State, kept: Kept) -> Brain:
    slow = kept.life.slow if kept.life is not None else None
    return state.brain if slow is None else slow


def _lanes(kept: Kept) -> list[Lane]:
    return [*kept.lanes, *(beside.lane for beside in kept.beside)]


def _kept(config: RunConfig, tracks: Sequence[Track], brain: Brain, threads: ThreadPoolExecutor) -> Kept:
    """The lanes of a run. The first fast one has the run's own random numbers, the others their own."""
    seed, rng = config.learn.seed, np.random.default_rng([config.learn.seed, 1])
    fast = [number for number, track in enumerate(tracks) if not track.beside]
    slow = [number for number, track in enumerate(tracks) if track.beside]
    life = Life(config, brain) if config.learn.stage4_updates else None
    lanes, first = [], 0
    for number, track in enumerate(tracks):
        own = rng if [number] == fast[:1] else np.random.default_rng([seed, 1, number])
        customs = life.customs if life is not None else None
        pool = track.pool if track.teacher is None else Guided(track.pool, track.teacher, seed + number)
        pool = pool if customs is None else Ordered(pool, customs)
        lanes.append(Lane(pool, brain, seed + number, own, first, track.scale))
        first += track.pool.seats
    if len({tracks[number].pool.seats for number in fast}) != 1:
        raise ValueError("worlds that are drawn need the same number of seats, and at least one must be fast")
    weights = np.array([tracks[number].weight for number in fast])
    sampler = Sampler(weights, min(config.pool.at_once or len(fast), len(fast)))
    beside = [Beside(lanes[number], threads) for number in slow]
    replays = [Replay(config.learn.replay_size, 2 + config.learn.replay_harm) for _ in range(2)]
    if life is not None and len(fast) != len(life.stream.tasks):
        raise ValueError(f"{len(fast)} fast tracks for {len(life.stream.tasks)} tasks of a stream")
    return Kept([lanes[number] for number in fast], beside, sampler, (replays[0], replays[1]), rng, life)


def _experience(
    state: State, kept: Kept, habits: Habits, learn: LearnConfig, bonus: float
) -> tuple[Chunk, Ended, Lane]:
    """What the lanes that are drawn bring, in one chunk; and the first of them."""
    many = len(kept.lanes) > 1
    chosen = kept.sampler.draw(kept.rng) if many and kept.life is None else [0]
    if kept.life is not None:
        chosen = [kept.life.stream.draw(state.update, kept.rng)]
        if kept.life.customs is not None:
            kept.life.customs.prepare(kept.lanes[chosen[0]])
    found = [kept.lanes[number].gather(state.brain, habits, learn) for number in chosen]
    for number, one in zip(chosen, found, strict=True):
        kept.sampler.tell(number, one.ended.success)
    chunks = [kept.lanes[n].chunk(one, bonus) for n, one in zip(chosen, found, strict=True)]
    ended = Ended(*map(np.concatenate, zip(*(one.ended for one in found), strict=True)))
    whole = jax.tree.map(lambda *parts: np.concatenate(parts), *chunks) if many else chunks[0]
    return whole, ended, kept.lanes[chosen[0]]


def _learn(
    state: State, fresh: Chunk, kept: Kept, learn: LearnConfig, share: float, beside: bool = False
) -> tuple[State, dict[str, jax.Array]]:
    """One update; one that comes beside does not count as one of the run's."""
    parts, replay, life = [], kept.replays[beside], kept.life
    if learn.replay_rows:
        replay.add(flatten(fresh), _part(fresh, learn))
        parts.append(replay.sample(learn.replay_rows, kept.rng))
    weights, rate = _schedule(learn, state.update, share)
    if life is not None and not beside:
        life.choose(state.brain, weights, fresh, state.update, kept.rng)
    dear, free = (None, None) if life is None else (life.dear, life.free)
    if life is not None and learn.past_rows:
        weights = weights._replace(clone=np.float32(learn.clone_coef * (len(life.past) > 0)))
        parts.append(life.recall(fresh, kept.rng))
        life.remember(fresh, state.update, kept.rng)
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]} if parts else None
    replayed = None if joined is None else unflat(fresh, joined)
    brain, optimizer, losses = _update(
        state.brain, state.optimizer, fresh, replayed, weights, dear, free, rate, learn
    )
    if life is not None:
        life.consolidate(brain, weights, fresh, replay, state.update, kept.rng)
        life.isolate(brain, state.update)
        life.follow(brain)
    return State(brain, optimizer, state.update + (not beside)), losses


def _part(fresh: Chunk, learn: LearnConfig) -> np.ndarray:
    """int [rows]: 1 for rows that hold a success, 2 for those that hold harm, where that is kept apart."""
    won, harmed = (np.asarray(column).any(1).astype(int) for column in (fresh.success, fresh.harm))
    return np.where(harmed & learn.replay_harm, 2, won)


def _share(learn: LearnConfig, update: int, total: int) -> float:
    """How much of stage 2 is done; a life has no end that rates could fall towards."""
    past = max(0, update - learn.stage1_updates) / max(1, total - learn.stage1_updates)
    return 0.0 if learn.stage4_updates else min(1.0, past)


def _updates(learn: LearnConfig, seats: int) -> int:
    return learn.stage2_updates or -(-learn.rl_steps // (learn.unroll * seats))


def _schedule(learn: LearnConfig, update: int, share: float) -> tuple[Weights, np.float32]:
    def fall(end: float) -> float:
        return 1.0 + (end - 1.0) * share

    policy = 0.0 if update < learn.stage1_updates and not learn.stage4_updates else 1.0
    weights = Weights(np.float32(policy), np.float32(learn.entropy_coef * fall(learn.final_entropy)))
    return weights, np.float32(learn.learning_rate * fall(learn.final_learning_rate))


def _suffix(number: int) -> str:
    """What follows the names of a lane's components: the first lane's have their plain names."""
    return f"_{number}" if number else ""


def _components(state: State, kept: Kept) -> Components:
    for beside in kept.beside:
        beside.settle()
    components = {
        "brain": flatten(state.brain),
        "optimizer": flatten(state.optimizer),
        "replay": kept.replays[0].state(),
        "sampler": {**kept.sampler.state(), "update": np.asarray(np.int64(state.update))},
    }
    if kept.beside:
        components["replay_beside"] = kept.replays[1].state()
    if kept.life is not None:
        components["life"] = kept.life.state()
    for number, lane in enumerate(_lanes(kept)):
        components |= {name + _suffix(number): part for name, part in lane.components().items()}
    return components


def _resume(state: State, saved: Components, kept: Kept) -> State:
    kept.replays[0].restore(saved["replay"])
    if kept.beside:
        kept.replays[1].restore(saved["replay_beside"])
    if kept.life is not None:
        kept.life.restore(saved["life"])
    kept.sampler.restore(saved["sampler"])
    for number, lane in enumerate(_lanes(kept)):
        names = ("carry", "moment", "pool", "novelty", "random")
        lane.restore({name: saved[name + _suffix(number)] for name in names})
    optimizer = state.optimizer
    if "optimizer" in saved:
        optimizer = jax.tree.map(jnp.asarray, refill(state.optimizer, saved["optimizer"]))
    brain = jax.tree.map(jnp.asarray, refill(state.brain, saved["brain"]))
    return State(brain, optimizer, int(saved["sampler"]["update"]))
