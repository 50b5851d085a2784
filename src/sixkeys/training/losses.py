"""What is wrong with the weights? One loss over a chunk of experience: policy, value, barrier, world, self.

Time runs over T keys; observations have T + 1 entries, so that the last observation of an episode is seen
and its value counts where a budget was cut off. A key whose answer is `begun` was ignored by its world: it is
in no loss.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from sixkeys.agent.brain import Brain, Inner, Mind
from sixkeys.agent.familiar import Familiar
from sixkeys.agent.policy import behaviour, valid_mass
from sixkeys.agent.self_model import STEP_UNIT
from sixkeys.agent.world_model import Belief, Foresight, divergence
from sixkeys.training.config import LearnConfig
from sixkeys.training.consolidate import distance

SCALE_FLOOR = 0.2
"""Advantages are divided by their spread, but by no less than this: noise must not become a lesson."""

SILENT = -1
"""In place of a teacher's key where no teacher was asked."""

Rows = Array | np.ndarray
"""NumPy where experience is gathered, JAX where an update reads it."""


class Chunk(NamedTuple):
    """Experience of one seat. Observations, begun, hints and offers have T + 1 entries, the rest T."""

    observation: dict[str, Rows]
    begun: Bool[Rows, " T+1"]
    seen: Bool[Rows, "T+1 6"]
    """What the thinker saw offered: all True where hints were hidden."""
    forbidden: Bool[Rows, "T+1 6"]
    offered: Bool[Rows, "T+1 6"]
    """What the interface really offered: a label, never an input."""
    recalled: Float[Rows, "T+1 entries features"]
    words: Int[Rows, "T+1 words"]
    action: Int[Rows, " T"]
    reward: Float[Rows, " T"]
    bonus: Float[Rows, " T"]
    """For what was new; the policy and its value learn from it, the world model does not."""
    terminated: Bool[Rows, " T"]
    truncated: Bool[Rows, " T"]
    success: Bool[Rows, " T"]
    harm: Bool[Rows, " T"]
    taught: Int[Rows, " T"]
    """The key that a teacher would have pressed, or SILENT."""
    aim: Int[Rows, "T 2"]
    """Kind and identity of the thing that the teacher was after, or SILENT."""
    free: Float[Rows, "T 6"]
    """What the thinker would have pressed, before any mask."""
    value: Float[Rows, " T"]
    """What it expected."""
    mind: Mind
    """The mind before the first observation."""


class Weights(NamedTuple):
    """What changes over a run."""

    policy: Float[Array, ""] | np.float32
    entropy: Float[Array, ""] | np.float32
    clone: Float[Array, ""] | np.float32 = np.float32(0)


def unroll(brain: Brain, chunk: Chunk) -> Inner:
    """Every thought of a chunk again, with gradients. Percepts outside the scan, the belief inside."""
    actions = jnp.concatenate([chunk.mind.action[None], chunk.action])
    before = tried(brain, chunk, actions)
    percepts = jax.vmap(lambda now, keys: brain.perception(now, keys))(chunk.observation, before)
    pressed = jnp.take_along_axis(percepts.labels[:-1], chunk.action[:, None, None], axis=1)[:, 0]
    labels = jnp.concatenate([chunk.mind.label[None], pressed])
    keys = jax.random.split(chunk.mind.key, len(actions))

    def step(belief: Belief, x: tuple) -> tuple[Belief, tuple]:
        percept, action, label, begun, key = x
        h = brain.recur(belief, action, label, begun)
        belief, prior, posterior = brain.world_model.awake(h, percept, key)
        return belief, (belief, prior, posterior)

    moments = (percepts, actions, labels, chunk.begun, keys)
    _, thoughts = jax.lax.scan(step, chunk.mind.belief, moments)
    seen = {"begun": chunk.begun, "recalled": chunk.recalled, "words": chunk.words}
    return jax.vmap(brain.consider)(seen, percepts, *thoughts)


def tried(brain: Brain, chunk: Chunk, actions: Int[Array, " T+1"]) -> Float[Array, "T+1 6"] | None:
    """Which keys were tried before in each moment, where that is asked for; `actions` led there."""

    def step(familiar: Familiar | None, x: tuple) -> tuple[Familiar | None, Array | None]:
        return brain.recognise(familiar, *x)

    return jax.lax.scan(step, chunk.mind.familiar, (chunk.observation, actions, chunk.begun))[1]


def advantages(
    reward: Float[Array, " T"],
    value: Float[Array, " T+1"],
    terminated: Bool[Array, " T"],
    truncated: Bool[Array, " T"],
    gamma: float,
    lam: float,
) -> Float[Array, " T"]:
    """Generalised advantage estimates (Schulman et al. 2016). An end is worth 0, a cut-off its last value.

    For reward (0, 1), value (0.5, 0.5, 0), the second key terminating, gamma = lam = 1: (0.5, 0.5).
    """
    ended = terminated | truncated
    delta = reward + gamma * value[1:] * ~terminated - value[:-1]

    def step(after: Array, x: tuple[Array, Array]) -> tuple[Array, Array]:
        delta, ended = x
        now = delta + gamma * lam * jnp.where(ended, 0.0, after)
        return now, now

    return jax.lax.scan(step, jnp.float32(0.0), (delta, ended), reverse=True)[1]


def mean(x: Float[Rows, "*a"], where: Bool[Rows, "*a"]) -> Float[Array, ""]:
    """Mean over what counts; 0 where nothing does."""
    return jnp.where(where, x, 0.0).sum() / jnp.maximum(where.sum(), 1)


def bernoulli(logit: Array, truth: Rows) -> Array:
    """Cross-entropy in nats of a logit against a truth in [0, 1]; 0.693 at logit 0."""
    return jnp.maximum(logit, 0) - logit * truth + jnp.log1p(jnp.exp(-jnp.abs(logit)))


def each(function: Callable) -> Callable:
    """`function` of one example, over rows and time."""
    return jax.vmap(jax.vmap(function))


def world_loss(brain: Brain, chunk: Chunk, inner: Inner) -> tuple[Array, dict[str, Array]]:
    """How badly the world was foreseen. Rows axis first, then time.

    Every head learns twice: from the percept seen (awake) and from the one belief alone expects (imagining).
    """
    model, stop = brain.world_model, jax.lax.stop_gradient
    guess = each(model.guess)(inner.trunk)
    kinds = chunk.observation["patch"][..., 0].reshape(*chunk.begun.shape, -1).astype(jnp.int32)
    cells = -jnp.take_along_axis(each(model.picture)(inner.trunk), kinds[..., None], -1)[..., 0].mean(-1)
    percept = jnp.square(guess - stop(inner.percept.whole)).mean(-1)
    every, arrived = jnp.ones_like(chunk.begun), ~chunk.begun[:, 1:]
    awake, awake_parts = foresight_loss(chunk, inner.foresight)
    dreamt, _ = foresight_loss(chunk, each(model.foresee)(inner.trunk, stop(guess)))
    kl = each(divergence)
    dynamics = jnp.maximum(kl(stop(inner.posterior), inner.prior), 0.5)[:, 1:]
    representation = jnp.maximum(kl(inner.posterior, stop(inner.prior)), 0.5)[:, 1:]
    total = (
        mean(cells + percept, every) + mean(0.5 * dynamics + 0.1 * representation, arrived) + awake + dreamt
    )
    surprise = mean(kl(inner.posterior, inner.prior)[:, 1:], arrived)
    losses = {"world/cells": mean(cells, every), "world/percept": mean(percept, every), "world/kl": surprise}
    return total, {**losses, **awake_parts}


def foresight_loss(chunk: Chunk, foresight: Foresight) -> tuple[Array, dict[str, Array]]:
    """How badly what a moment says of itself, of how it was reached and of its keys was foreseen."""
    every, arrived = jnp.ones_like(chunk.begun), ~chunk.begun[:, 1:]
    harm = chunk.harm.astype(jnp.float32)
    validity = mean(bernoulli(foresight.validity, chunk.offered.astype(jnp.float32)).mean(-1), every)
    reward = mean(jnp.square(foresight.reward[:, 1:] - chunk.reward), arrived)
    proceed = mean(bernoulli(foresight.proceed[:, 1:], 1.0 - chunk.terminated), arrived)
    risk = mean(bernoulli(foresight.risk[:, 1:], harm[..., None]).mean(-1), arrived)
    if foresight.danger is not None:
        danger = jnp.take_along_axis(foresight.danger[:, :-1], chunk.action[..., None], -1)[..., 0]
        risk += mean(bernoulli(danger, harm), arrived)
    parts = {"world/validity": validity, "world/reward": reward, "world/risk": risk}
    return 2.0 * validity + 4.0 * reward + proceed + risk, parts


def self_loss(chunk: Chunk, inner: Inner, config: LearnConfig) -> Array:
    """How badly the agent knew itself: chance of success and steps left as undiscounted returns, by GAE."""
    me, lam, stop = inner.me, config.gae_lambda, jax.lax.stop_gradient
    real = ~chunk.begun[:, 1:]
    ends = (chunk.terminated | chunk.truncated, jnp.zeros_like(chunk.truncated))
    returns = jax.vmap(lambda r, v, e, c: advantages(r, v, e, c, 1.0, lam) + v[:-1])
    chance = stop(returns(chunk.success.astype(jnp.float32), jax.nn.sigmoid(me.success), *ends))
    left = stop(returns(jnp.full_like(chunk.reward, 1 / STEP_UNIT), me.steps, *ends))
    wasted = stop(1 - valid_mass(inner.choice.logits, chunk.offered))
    surprise = stop(each(divergence)(inner.posterior, inner.prior))
    return (
        mean(bernoulli(me.success[:, :-1], jnp.clip(chance, 0, 1)), real)
        + mean(jnp.square(me.steps[:, :-1] - left), real)
        + mean(bernoulli(me.invalid, wasted), jnp.ones_like(chunk.begun))
        + 0.1 * mean(jnp.square(jnp.log1p(me.surprise[:, :-1]) - jnp.log1p(surprise[:, 1:])), real)
    )


def pressed(chunk: Chunk, inner: Inner) -> tuple[Array, Array]:
    """Log-probabilities of all keys, and of the key that was pressed, under the policy that pressed it."""
    logp = jax.nn.log_softmax(each(behaviour)(inner.choice, chunk.seen, chunk.forbidden))[:, :-1]
    return logp, jnp.take_along_axis(logp, chunk.action[..., None], -1)[..., 0]


def policy_loss(
    chunk: Chunk, inner: Inner, weights: Weights, config: LearnConfig, gamma: float
) -> tuple[Array, dict[str, Array]]:
    """A2C with GAE, and the barrier -log(valid mass) against what the interface really offered."""
    real = ~chunk.begun[:, 1:]
    value = jax.lax.stop_gradient(inner.choice.value)
    gae = jax.vmap(lambda r, v, e, c: advantages(r, v, e, c, gamma, config.gae_lambda))
    advantage = gae(chunk.reward + chunk.bonus, value, chunk.terminated, chunk.truncated)
    target = advantage + value[:, :-1]
    centre = mean(advantage, real)
    scale = jnp.sqrt(mean(jnp.square(advantage - centre), real)) + 1e-3
    logp, chosen = pressed(chunk, inner)
    gain = mean(chosen * (advantage - centre) / jnp.maximum(scale, SCALE_FLOOR), real)
    entropy = mean(-(jnp.exp(logp) * jnp.where(logp < -1e6, 0.0, logp)).sum(-1), real)
    critic = mean(jnp.square(inner.choice.value[:, :-1] - target), real)
    mass = valid_mass(inner.choice.logits, chunk.offered)[:, :-1]
    barrier = mean(-jnp.log(mass + 1e-6), real)
    total = (
        -gain + config.value_coef * critic - weights.entropy * entropy + config.invalid_action_coef * barrier
    )
    losses = {
        "policy/value": critic, "policy/entropy": entropy, "policy/barrier": barrier,
        "policy/mean_invalid_mass": mean(1 - mass, real), "policy/advantage": scale,
    }  # fmt: skip
    return total, losses


def imitation_loss(chunk: Chunk, inner: Inner, config: LearnConfig, gamma: float) -> Array:
    """Self-imitation (Oh et al. 2018): what went better than expected is done again, and expected next time.

    Over replayed rows, so a success that was met once teaches more than once. 0 where nothing beat its value.
    """
    real = ~chunk.begun[:, 1:]
    value = jax.lax.stop_gradient(inner.choice.value)
    gae = jax.vmap(lambda r, v, e, c: advantages(r, v, e, c, gamma, config.gae_lambda))
    better = jnp.maximum(gae(chunk.reward, value, chunk.terminated, chunk.truncated), 0.0)
    _, chosen = pressed(chunk, inner)
    short = jnp.maximum(better + value[:, :-1] - inner.choice.value[:, :-1], 0.0)
    return mean(-chosen * better + 0.5 * config.value_coef * jnp.square(short), real)


def taught_loss(chunk: Chunk, inner: Inner) -> Array:
    """Cross-entropy in nats of the policy against the keys of a teacher, who is asked where the agent itself
    has got to: DAgger, Ross et al. 2011. 0 where none was asked, or says a key that may not be pressed."""
    logp, _ = pressed(chunk, inner)
    key = jnp.maximum(chunk.taught, 0)[..., None]
    allowed = (chunk.seen & ~chunk.forbidden)[:, :-1]
    said, may = (jnp.take_along_axis(x, key, -1)[..., 0] for x in (logp, allowed))
    return mean(-said, ~chunk.begun[:, 1:] & (chunk.taught != SILENT) & may)


def aim_loss(chunk: Chunk, inner: Inner) -> Array:
    """Cross-entropy in nats of what the agent says it is after against what its teacher was after: to say it,
    belief must hold the teacher's reason (Lampinen et al. 2022). 0 where no teacher said."""
    assert inner.me.aim is not None
    told = ~chunk.begun[:, 1:] & (chunk.aim != SILENT).all(-1)
    said, truth = jax.nn.log_softmax(inner.me.aim[:, :-1]), jnp.maximum(chunk.aim, 0).astype(jnp.int32)
    return mean(-jnp.take_along_axis(said, truth[..., None], -1)[..., 0].sum(-1), told)


def clone_loss(chunk: Chunk, inner: Inner, config: LearnConfig) -> Array:
    """How far are policy (nats) and value (squares) from those of then? CLEAR, Rolnick et al. 2019."""
    real = ~chunk.begun[:, 1:]
    apart = distance(inner.choice.logits[:, :-1], jnp.log(chunk.free + 1e-8))
    return mean(apart + 0.5 * config.value_coef * jnp.square(inner.choice.value[:, :-1] - chunk.value), real)


def total_loss(
    brain: Brain, fresh: Chunk, replayed: Chunk | None, weights: Weights, config: LearnConfig
) -> tuple[Array, dict[str, Array]]:
    """Everything, in the order of the corridor. Rows axis first in both chunks.

    The world model learns from fresh and replayed rows alike, policy and self from the fresh ones; old
    successes are imitated from the replayed ones. The last `past_rows` of these are the past; it is cloned.
    """
    rows, gamma = len(fresh.reward), brain.config.gamma
    every = fresh
    if replayed is not None:
        every = jax.tree.map(lambda a, b: jnp.concatenate([a, b]), fresh, replayed)
    thoughts = jax.vmap(lambda chunk: unroll(brain, chunk))(every)
    world, report = world_loss(brain, every, thoughts)
    inner = jax.tree.map(lambda x: x[:rows], thoughts)
    policy, more = policy_loss(fresh, inner, weights, config, gamma)
    if config.taught_coef:
        more["policy/taught"] = taught_loss(every, thoughts)
        policy = policy + config.taught_coef * more["policy/taught"]
        if brain.config.use_aim:
            more["self/aim"] = aim_loss(every, thoughts)
            policy = policy + config.taught_coef * more["self/aim"]
    if replayed is not None:
        again = imitation_loss(replayed, jax.tree.map(lambda x: x[rows:], thoughts), config, gamma)
        policy, more["policy/imitation"] = policy + config.imitation_coef * again, again
        if config.clone_coef and config.past_rows:
            past, thought = jax.tree.map(lambda x: x[-config.past_rows :], (replayed, thoughts))
            more["policy/clone"] = clone_loss(past, thought, config)
            policy = policy + weights.clone * more["policy/clone"]
    total = weights.policy * policy + config.world_coef * world
    if brain.config.use_self:
        itself = self_loss(fresh, inner, config)
        total = total + config.self_coef * itself
        more["self/loss"] = itself
    return total, {**report, **more, "world/loss": world, "policy/loss": policy}
