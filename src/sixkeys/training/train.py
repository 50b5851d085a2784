"""How does the agent learn? A2C over a pool of worlds, in stages, as a generator of snapshots.

Stage 1 learns the world model from play (the untrained policy is close to random), stage 2 the policy by A2C
with everything else going on. Whoever consumes the snapshots evaluates, saves, shows or stops.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np
import optax

from sixkeys.agent.agent import Agent
from sixkeys.agent.brain import Brain, Mind
from sixkeys.contract import Moment, Observation, Outcome, Step
from sixkeys.loop import Habits, turn
from sixkeys.training.config import LearnConfig, RunConfig
from sixkeys.training.losses import Chunk, Weights, total_loss
from sixkeys.training.novelty import Novelty
from sixkeys.training.replay import Replay
from sixkeys.training.trees import flatten, refill

Components = dict[str, dict[str, np.ndarray]]


class Pooled(Protocol):
    """What training needs of a pool."""

    seats: int

    def reset(self) -> Moment: ...
    def step(self, actions: np.ndarray) -> Moment: ...
    def state(self) -> dict[str, np.ndarray]: ...
    def restore(self, state: Mapping[str, np.ndarray]) -> None: ...


class Kept(NamedTuple):
    """What keeps state of its own while training."""

    pool: Pooled
    replay: Replay
    novelty: Novelty
    rng: np.random.Generator


class Ended(NamedTuple):
    """Episodes that ended since the last snapshot, a row each."""

    seat: np.ndarray
    success: np.ndarray
    hinted: np.ndarray
    """Whether the agent saw the mask."""
    steps: np.ndarray
    invalid: np.ndarray


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
    components: Callable[[], Components]
    """Everything needed to go on from here; call before asking for the next snapshot."""


class State(NamedTuple):
    """What an update changes."""

    brain: Brain
    optimizer: optax.OptState
    mind: Mind
    now: Moment
    hints: np.ndarray
    """bool [seats]: who sees the mask in this episode."""
    begun_at: np.ndarray
    """int64 [seats]: keys pressed in this episode."""
    wasted: np.ndarray
    """int64 [seats]: invalid keys pressed in this episode."""
    update: int
    keys: int


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
    rate: jax.Array,
    learn: LearnConfig,
) -> tuple[Brain, optax.OptState, dict[str, jax.Array]]:
    gradient, losses = jax.grad(total_loss, has_aux=True)(brain, fresh, replayed, weights, learn)
    losses["gradient"] = optax.tree.norm(gradient)
    steps, optimizer = _optimizer(learn).update(gradient, optimizer)
    return jax.tree.map(lambda w, s: w - rate * s, brain, steps), optimizer, losses


def train(
    config: RunConfig,
    pool: Pooled,
    habits: Habits = Habits(),
    brain: Brain | None = None,
    resume: Components | None = None,
) -> Iterator[Snapshot]:
    """Yields a snapshot after every update until the run is done.

    `brain` starts from given weights; `resume` (the components of a snapshot) goes on bit for bit from there.
    Raises ValueError where the config asks for a stage that does not exist.
    """
    learn = config.learn
    if learn.stage4_updates:
        raise ValueError("stage 4 (lifelong learning) does not exist yet; set stage4_updates=0")
    kept = Kept(pool, Replay(learn.replay_size), Novelty(pool.seats), np.random.default_rng([learn.seed, 1]))
    state = _start(config, pool, brain)
    if resume is not None:
        state = _resume(state, resume, kept)
    replay, rng = kept.replay, kept.rng
    updates = _updates(learn, pool.seats)
    while state.update < learn.stage1_updates + updates:
        started = time.perf_counter()
        share = min(1.0, max(0, state.update - learn.stage1_updates) / max(1, updates))
        state, steps, bonus, ended, mind = _gather(state, kept, habits, learn)
        fresh = _chunk(steps, bonus * learn.novelty_coef * (1 - share), mind)
        if learn.replay_rows:
            replay.add(flatten(fresh), np.asarray(fresh.success.any(1)))
        replayed = _unflat(fresh, replay.sample(learn.replay_rows, rng)) if learn.replay_rows else None
        weights, rate = _schedule(learn, state.update, share)
        brain, optimizer, losses = _update(
            state.brain, state.optimizer, fresh, replayed, weights, rate, learn
        )
        state = state._replace(brain=brain, optimizer=optimizer, update=state.update + 1)
        numbers = {name: float(value) for name, value in losses.items()}
        done = state.update / (learn.stage1_updates + updates)
        yield Snapshot(
            state.update, state.keys, done, time.perf_counter() - started, numbers, ended, state.brain,
            partial(_components, state, kept),
        )  # fmt: skip


def _updates(learn: LearnConfig, seats: int) -> int:
    return learn.stage2_updates or -(-learn.rl_steps // (learn.unroll * seats))


def _schedule(learn: LearnConfig, update: int, share: float) -> tuple[Weights, np.float32]:
    def fall(end: float) -> float:
        return 1.0 + (end - 1.0) * share

    policy = 0.0 if update < learn.stage1_updates else 1.0
    weights = Weights(np.float32(policy), np.float32(learn.entropy_coef * fall(learn.final_entropy)))
    return weights, np.float32(learn.learning_rate * fall(learn.final_learning_rate))


def _start(config: RunConfig, pool: Pooled, brain: Brain | None) -> State:
    brain = Brain(config.brain, config.learn.seed) if brain is None else brain
    mind = Agent(brain).begin(pool.seats, config.learn.seed)
    zeros = np.zeros(pool.seats, np.int64)
    hints = np.ones(pool.seats, bool)
    return State(brain, _moments(config.learn, brain), mind, pool.reset(), hints, zeros, zeros, 0, 0)


def _gather(
    state: State, kept: Kept, habits: Habits, learn: LearnConfig
) -> tuple[State, list[Step], np.ndarray, Ended, Mind]:
    """`unroll` steps of the loop, and float32 [seats, unroll] of what was new after each.

    The mind returned is the one before the first of them.
    """
    agent, pool, steps, rows, new = Agent(state.brain, planning_coef=0.0), kept.pool, [], [], []
    mind, now, hints, length, wasted = state.mind, state.now, state.hints, state.begun_at, state.wasted
    keys = state.keys
    for _ in range(learn.unroll):
        drawn = kept.rng.random(pool.seats) >= learn.action_mask_dropout
        hints = np.where(now.begun, drawn, hints)
        step, mind = turn(pool, now, agent, mind, hints, habits)
        now, outcome = step.then, step.then.outcome
        length = np.where(now.begun, 0, length + 1)
        wasted = np.where(now.begun, 0, wasted + outcome.invalid)
        keys += int((~now.begun).sum())
        ended = np.flatnonzero(outcome.terminated | outcome.truncated)
        rows.append((ended, outcome.success[ended], hints[ended], length[ended], wasted[ended]))
        steps.append(step)
        new.append(kept.novelty.look(now))
    ends = Ended(*(np.concatenate(column) for column in zip(*rows, strict=True)))
    first, state = state.mind, state._replace(mind=mind, now=now, hints=hints, begun_at=length, wasted=wasted)
    return state._replace(keys=keys), steps, np.stack(new, 1).astype(np.float32), ends, first


def _chunk(steps: list[Step], bonus: np.ndarray, mind: Mind) -> Chunk:
    """Steps as arrays, rows axis first, then time."""
    now, seen, thought, then = zip(*steps, strict=True)
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
        reward=outcome.reward,
        bonus=bonus,
        terminated=outcome.terminated,
        truncated=outcome.truncated,
        success=outcome.success,
        mind=jax.tree.map(np.asarray, mind),
    )


def _unflat(like: Chunk, arrays: Mapping[str, np.ndarray]) -> Chunk:
    structure = jax.tree_util.tree_structure(like)
    return jax.tree_util.tree_unflatten(structure, [arrays[name] for name in flatten(like)])


def _components(state: State, kept: Kept) -> Components:
    now, outcome = state.now, state.now.outcome
    moment = {**{f"observation/{n}": a for n, a in now.observation.items()}, **outcome._asdict()}
    counters = {"update": np.int64(state.update), "keys": np.int64(state.keys)}
    own = {"hints": state.hints, "begun_at": state.begun_at, "wasted": state.wasted}
    return {
        "brain": flatten(state.brain),
        "optimizer": flatten(state.optimizer),
        "carry": {**flatten(state.mind), **own, **{n: np.asarray(c) for n, c in counters.items()}},
        "moment": {**moment, "offered": now.offered, "begun": now.begun},
        "pool": kept.pool.state(),
        "replay": kept.replay.state(),
        "novelty": kept.novelty.state(),
        "random": _random_state(kept.rng),
    }


def _resume(state: State, saved: Components, kept: Kept) -> State:
    kept.pool.restore(saved["pool"])
    kept.replay.restore(saved["replay"])
    kept.novelty.restore(saved["novelty"])
    _restore_random(kept.rng, saved["random"])
    carry, moment = dict(saved["carry"]), saved["moment"]
    own = {name: carry.pop(name) for name in ("hints", "begun_at", "wasted", "update", "keys")}
    seen = {n.split("/", 1)[1]: a for n, a in moment.items() if n.startswith("observation/")}
    outcome = Outcome(*(moment[name] for name in Outcome._fields))
    optimizer = state.optimizer
    if "optimizer" in saved:
        optimizer = jax.tree.map(jnp.asarray, refill(state.optimizer, saved["optimizer"]))
    return State(
        brain=jax.tree.map(jnp.asarray, refill(state.brain, saved["brain"])),
        optimizer=optimizer,
        mind=refill(state.mind, carry),
        now=Moment(Observation(**seen), moment["offered"], moment["begun"], outcome),
        hints=own["hints"],
        begun_at=own["begun_at"],
        wasted=own["wasted"],
        update=int(own["update"]),
        keys=int(own["keys"]),
    )


def _random_state(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """PCG64's state as four 64-bit words an integer."""
    state = rng.bit_generator.state
    words = [state["state"]["state"], state["state"]["inc"]]
    split = [(number >> (64 * i)) & (2**64 - 1) for number in words for i in range(2)]
    return {"pcg64": np.array(split, np.uint64), "spare": np.array([state["has_uint32"], state["uinteger"]])}


def _restore_random(rng: np.random.Generator, saved: Mapping[str, np.ndarray]) -> None:
    low_state, high_state, low_inc, high_inc = (int(word) for word in saved["pcg64"])
    rng.bit_generator.state = {
        "bit_generator": "PCG64",
        "state": {"state": low_state | high_state << 64, "inc": low_inc | high_inc << 64},
        "has_uint32": int(saved["spare"][0]),
        "uinteger": int(saved["spare"][1]),
    }
