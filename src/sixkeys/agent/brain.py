"""What is a thought? observation -> percept -> belief -> me -> scene -> logits + value -> advice -> action.

`Brain` is the weights. `Mind` is the carry. All of it works on ONE example; callers map it over seats.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from sixkeys.agent.config import BrainConfig
from sixkeys.agent.familiar import Familiar, blank, recognise
from sixkeys.agent.gate import stake
from sixkeys.agent.perception import LABEL, Percept, Perception
from sixkeys.agent.policy import Choice, Policy, behaviour
from sixkeys.agent.self_model import ME, Me, SelfModel, trust
from sixkeys.agent.workspace import Workspace, no_labels, nothing_recalled
from sixkeys.agent.world_model import CLASSES, LATENTS, Belief, Foresight, WorldModel, divergence
from sixkeys.contract import KEYS, WORDS
from sixkeys.planning.model import Imagined
from sixkeys.planning.planner import Effort, Root, advice, imagined, planner


class Mind(NamedTuple):
    """What changes by thinking."""

    belief: Belief
    label: Float[Array, " label"]
    """What was written on the key that was pressed last."""
    action: Int[Array, ""]
    key: Array
    familiar: Familiar | None = None
    """Which keys were tried where in this episode, where that is asked for."""


class Inner(NamedTuple):
    """Everything one thought made, for the losses."""

    belief: Belief
    prior: Float[Array, "latents classes"]
    posterior: Float[Array, "latents classes"]
    trunk: Float[Array, " hidden"]
    foresight: Foresight
    me: Me
    choice: Choice
    percept: Percept


class Decision(NamedTuple):
    """What leaves the brain."""

    action: Int[Array, ""]
    free: Float[Array, 6]
    value: Float[Array, ""]
    validity: Float[Array, 6]
    success: Float[Array, ""]
    imagined: Int[Array, ""]


class Pondered(NamedTuple):
    """A thought before its choice. Where planning begins, and what the gate and the choice need."""

    root: Root
    logits: Float[Array, 6]
    """To press a key by, laws and hints kept, without advice."""
    trust: Float[Array, ""]
    stake: Float[Array, ""]
    decision: Decision
    """With the action still open."""
    mind: Mind
    """Without the last key and its label."""
    labels: Float[Array, "6 label"]
    choose: Array
    plan: Array


class Brain(eqx.Module):
    """The weights."""

    perception: Perception
    world_model: WorldModel
    self_model: SelfModel
    workspace: Workspace
    policy: Policy
    config: BrainConfig = eqx.field(static=True)

    def __init__(self, config: BrainConfig, seed: int):
        rng = np.random.default_rng(seed)
        self.perception = Perception(rng, config.width, config.senses, config.use_familiar)
        self.world_model = WorldModel(rng, config.width, config.hidden, config.use_danger)
        self.self_model = SelfModel(rng, config.hidden, LATENTS * CLASSES, config.use_aim)
        self.workspace = Workspace(rng, config.width, config.hidden, config.slots, config.use_workspace)
        self.policy = Policy(rng, config.width)
        self.config = config

    def begin(self, key: Array) -> Mind:
        """The mind before anything was seen."""
        familiar = blank() if self.config.use_familiar else None
        return Mind(self.world_model.blank(), jnp.zeros(LABEL), jnp.int32(0), key, familiar)

    def think(
        self, seen: dict[str, Any], mind: Mind, greedy: bool | Array, planning_coef: float
    ) -> tuple[Decision, Mind]:
        """One thought. `seen` holds one seat's observation, begun, offered, forbidden, recalled and words."""
        pondered = self.ponder(seen, mind)
        if planning_coef == 0:
            return self.decide(pondered, jnp.zeros(KEYS), greedy, 0)
        effort = self.effort(self.config.simulations)
        heard = planning_coef * self.advise(pondered, effort)
        return self.decide(pondered, heard, greedy, imagined(self.config.planner, effort))

    def ponder(self, seen: dict[str, Any], mind: Mind) -> Pondered:
        """Everything before planning."""
        carry, sample, plan, choose = jax.random.split(mind.key, 4)
        familiar, tried = self.recognise(mind.familiar, seen["observation"], mind.action, seen["begun"])
        percept = self.perception(seen["observation"], tried)
        h = self.recur(mind.belief, mind.action, mind.label, seen["begun"])
        belief, prior, posterior = self.world_model.awake(h, percept, sample)
        inner = self.consider(seen, percept, belief, prior, posterior)
        allowed = seen["offered"] & ~seen["forbidden"]
        logits = behaviour(inner.choice, seen["offered"], seen["forbidden"])
        decision = Decision(
            jnp.int32(0),
            jax.nn.softmax(inner.choice.logits),
            inner.choice.value,
            jax.nn.sigmoid(inner.foresight.validity),
            jax.nn.sigmoid(inner.me.success),
            jnp.int32(0),
        )
        root = Root(belief, inner.choice.logits, inner.choice.value, allowed)
        trusted = trust(inner.me) if self.config.use_self else jnp.float32(1.0)
        mind = Mind(belief, mind.label, mind.action, carry, familiar)
        at_stake = stake(inner.me, logits)
        return Pondered(root, logits, trusted, at_stake, decision, mind, percept.labels, choose, plan)

    def decide(
        self, pondered: Pondered, heard: Float[Array, 6], greedy: bool | Array, keys: int | Array
    ) -> tuple[Decision, Mind]:
        """The choice, once advice was `heard` (zeros: none) that took `keys` imagined keys."""
        logits = pondered.logits + heard
        action = jnp.where(greedy, jnp.argmax(logits), jax.random.categorical(pondered.choose, logits))
        action = action.astype(jnp.int32)
        decision = pondered.decision._replace(action=action, imagined=jnp.int32(keys))
        return decision, pondered.mind._replace(label=pondered.labels[action], action=action)

    def recognise(
        self, was: Familiar | None, observation: dict[str, Array], action: Array, begun: Array
    ) -> tuple[Familiar | None, Float[Array, 6] | None]:
        """Which keys were tried where, and which of them here; nothing where that is not asked for."""
        return (None, None) if was is None else recognise(was, observation, action, begun)

    def recur(
        self, belief: Belief, action: Int[Array, ""], label: Float[Array, " label"], begun: Bool[Array, ""]
    ) -> Float[Array, " hidden"]:
        """h of this moment: from the last belief and deed, or blank where an episode has just begun."""
        return jnp.where(begun, 0.0, self.world_model.advance(belief, action, label))

    def consider(
        self, seen: dict[str, Any], percept: Percept, belief: Belief, prior: Array, posterior: Array
    ) -> Inner:
        """From belief to choice: self, scene, logits and value."""
        trunk = self.world_model.ground(belief.h, belief.z)
        foresight = self.world_model.foresee(trunk, percept.whole)
        surprise = jax.lax.stop_gradient(divergence(posterior, prior)) * ~seen["begun"]
        me = self.self_model(belief.h, belief.z, surprise)
        choice = self.choose(percept, belief, me, foresight, seen["recalled"], seen["words"])
        return Inner(belief, prior, posterior, trunk, foresight, me, choice, percept)

    def choose(
        self, percept: Percept, belief: Belief, me: Me, foresight: Foresight, recalled: Array, words: Array
    ) -> Choice:
        """Scene, then logits and value. The same while awake and while imagining."""
        traits = jnp.asarray(self.config.traits, jnp.float32)
        felt = me.vector if self.config.use_self else jnp.zeros(ME)
        scene = self.workspace(percept, belief, felt, traits, recalled, words)
        return self.policy(
            scene, percept.labels, traits, foresight.validity if self.config.use_validity else None
        )

    def imagine(self, belief: Belief, action: Int[Array, ""], key: Array) -> Imagined:
        """The learned model as planning knows it."""
        then, foresight = self.world_model.dream(belief, action, key)
        me = self.self_model(then.h, then.z, jnp.float32(0.0))
        percept = Percept(then.percept, no_labels())
        choice = self.choose(percept, then, me, foresight, nothing_recalled(), jnp.zeros(WORDS, jnp.int32))
        fears = self.config.fears
        risks = foresight.risk if fears == 1 else self.world_model.fear(then.h, key, fears)
        risk = jax.nn.sigmoid(risks).max()
        if self.config.use_danger:
            here = self.world_model.foresee(self.world_model.ground(belief.h, belief.z), belief.percept)
            assert here.danger is not None
            risk = jnp.maximum(risk, jax.nn.sigmoid(here.danger[action]))
        return Imagined(
            belief=then,
            reward=foresight.reward,
            discount=self.config.gamma * jax.nn.sigmoid(foresight.proceed),
            risk=risk,
            validity=jax.nn.sigmoid(foresight.validity),
            logits=choice.logits,
            value=choice.value,
        )

    def effort(self, simulations: int) -> Effort:
        """How much is imagined for one decision, and how warily."""
        config = self.config
        return Effort(
            horizon=config.horizon,
            rollouts=config.rollouts,
            simulations=simulations,
            outcomes=config.outcomes,
            risk_coef=config.risk_coef * 2.0 * config.traits.caution,
            risk_limit=config.risk_limit,
        )

    def advise(self, pondered: Pondered, effort: Effort) -> Float[Array, 6]:
        """Advice of the planner, worth as much as the self-model trusts imagination here."""
        root = pondered.root
        scores = planner(self.config.planner)(self.imagine, root, pondered.plan, effort)
        return advice(scores, root.allowed) * pondered.trust
