"""Which key does what here? A thinker that finds out where somebody has changed the order of the keys.

In: an agent, and moments of a world whose keys may do what others did before. Out: its keys, put into the
world's order. What each key did is compared with what the agent's world model expects of each of its own
deeds; the order in which all that was seen is likeliest is acted by. While a key is in doubt it is tried.
Weights stay as they are, so nothing is forgotten: interfaces that say a number are known again at once.

Not covered: keys that do what none did before.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import permutations
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from sixkeys.agent.agent import Agent, plain
from sixkeys.agent.brain import Brain, Mind
from sixkeys.agent.perception import Percept
from sixkeys.agent.world_model import KINDS, Belief, draw
from sixkeys.contract import DESCRIPTOR_NAMES, ID_SIZES, KEYS, SIDE, Observation, Seen, Thought

LOST, SLOW = math.log(0.3), 0.1
"""Mean log-probability of what keys did below which an order is given up, all at once; weight of a moment in
that mean. Worlds that are known keep it above -0.9, where keys were changed it is below -1.6."""
ORDERS = np.array([*permutations(range(KEYS))])
"""int [720, 6]: what each key of the world does, as a key of the agent's; the first is its own order."""
NUMBERS = ID_SIZES[0] + 1
"""Interfaces that can say which they are, and the world's own."""
TOLD = DESCRIPTOR_NAMES.index("interface")
FADING = 0.995
"""Of what was seen, the share that still counts a moment later, so that orders may change unsaid."""
SURPRISED = -6.0
"""Log-probability of a deed, at least: one odd moment proves nothing."""
BORN = 40.0
"""Nats a key for the agent's own order where no other was told, and for orders known from elsewhere."""
SURE, WARY = 0.9, 0.2
"""Probability from which on what a key does is no more in doubt; what a nat of evidence counts for it, since
moments that follow each other tell much the same."""
TRYING, ENOUGH = 0.5, 100.0
"""How often a key in doubt is tried in place of the one that would be pressed, until pressed so often."""
STILL = 0.1
"""How often any key is tried where the last one changed nothing that can be seen."""


class Custom(NamedTuple):
    """The mind: the agent's own, what is known of interfaces, and what was pressed last."""

    mind: Mind
    evidence: Float[np.ndarray, "interfaces 6 6"]
    """Log-probability of each deed, by key of the world, summed and fading."""
    count: Float[np.ndarray, "interfaces 6"]
    """How often each key was pressed, fading."""
    fit: Float[np.ndarray, " interfaces"]
    """Running mean of the log-probability of what keys did, by the order acted by."""
    pressed: Int[np.ndarray, " seats"]
    number: Int[np.ndarray, " seats"]
    """The interface in which it was pressed."""
    patch: np.ndarray
    """uint8 [seats, 9, 9, 3]: what was seen when it was pressed."""
    seed: int
    moment: int
    """How often it has thought."""


class Accustomed:
    """A Thinker around an agent. Holds no state: what is known of the keys travels in the mind.

    known: interface -> key -> what it does, from an earlier life.
    """

    def __init__(self, agent: Agent, known: Mapping[int, Mapping[int, int]] | None = None):
        self.agent, self.known = agent, known or {}

    def begin(self, seats: int, seed: int) -> Custom:
        evidence = np.zeros((NUMBERS, KEYS, KEYS))
        evidence[0] += BORN * np.eye(KEYS)
        for number, does in self.known.items():
            evidence[number, list(does), list(does.values())] += BORN
        idle, nothing = np.zeros(seats, int), np.zeros((seats, SIDE, SIDE, 3), np.uint8)
        mind, blank = self.agent.begin(seats, seed), np.zeros((NUMBERS, KEYS))
        return Custom(mind, evidence, blank, blank[:, 0], idle, idle, nothing, seed, 0)

    def think(self, seen: Seen, mind: Custom) -> tuple[Thought, Custom]:
        number, rng = number_of(seen.observation), np.random.default_rng([7, mind.seed, mind.moment])
        mind = self._noticed(seen, mind)._replace(number=number, moment=mind.moment + 1)
        does = likeliest(mind.evidence)[number]
        doubtful = mind.count < ENOUGH
        for met in np.unique(number):
            doubtful[met] &= chances_of(mind.evidence[met]).max(1) < SURE
        tried = np.take_along_axis(doubtful[number], np.argsort(does, 1), 1)
        tried &= rng.random((len(does), 1)) < TRYING
        patch = seen.observation["patch"]
        still = (patch == mind.patch).all((1, 2, 3)) & (rng.random(len(does)) < STILL)
        here = _trying(own(seen, does), tried | still[:, None], rng)
        thought, inner = self.agent.think(here, mind.mind)
        outer = out_of_order(thought, does)
        return outer, mind._replace(mind=inner, pressed=outer.action, patch=patch)

    def _noticed(self, seen: Seen, mind: Custom) -> Custom:
        """With what has just been seen as evidence; without any, where what was known no longer fits."""
        live = np.flatnonzero(~seen.begun)
        if not len(live):
            return mind
        does = likeliest(mind.evidence)[mind.number]
        likely = np.asarray(_likely(self.agent.brain, plain(own(seen, does)), mind.mind))
        likely = np.maximum(likely, SURPRISED)[live]
        number, pressed, did = mind.number[live], mind.pressed[live], does[live, mind.pressed[live]]
        evidence, count, fit = mind.evidence.copy(), mind.count.copy(), mind.fit.copy()
        for used in np.unique(number):
            here = number == used
            fit[used] += SLOW * (likely[here, did[here]].mean() - fit[used])
            lost = fit[used] < LOST
            fit[used] *= not lost
            evidence[used] *= FADING * (not lost)
            count[used] *= FADING * (not lost)
        np.add.at(evidence, (number, pressed), likely)
        np.add.at(count, (number, pressed), 1.0)
        return mind._replace(evidence=evidence, count=count, fit=fit)


def settled(mind: Custom) -> dict[int, dict[int, int]]:
    """Interface that says its number -> key -> what it does, where that is not in doubt."""
    chances = {number: chances_of(mind.evidence[number]) for number in range(1, NUMBERS)}
    return {
        number: {key: int(row.argmax()) for key, row in enumerate(one) if row.max() >= SURE}
        for number, one in chances.items()
        if one.max() >= SURE
    }


def number_of(seen: Observation) -> np.ndarray:
    """int [seats]: the interface that each seat says it is; 0: the world's own, or untold."""
    return np.rint(seen["env_desc"][:, TOLD] * (NUMBERS - 1)).astype(int)


def likeliest(evidence: np.ndarray) -> np.ndarray:
    """int [interfaces, 6]: the likeliest order of each interface."""
    return np.stack([ORDERS[np.argmax(scores(one))] for one in evidence])


def scores(evidence: np.ndarray) -> np.ndarray:
    """float [720]: log-probability of every order, up to a constant."""
    return evidence[np.arange(KEYS), ORDERS].sum(1)


def chances_of(evidence: np.ndarray) -> np.ndarray:
    """float [6, 6]: how probable it is that a key of the world (first) does what one of the agent's does."""
    weights = np.exp(WARY * (scores(evidence) - scores(evidence).max()))
    found = np.zeros((KEYS, KEYS))
    np.add.at(found, (np.arange(KEYS)[None], ORDERS), weights[:, None] / weights.sum())
    return found


def own(seen: Seen, does: np.ndarray) -> Seen:
    """What is seen, with the world's keys in the agent's order."""
    keys = np.argsort(does, 1)
    recalled = seen.recalled.copy()
    recalled[..., 2:] = np.take_along_axis(recalled[..., 2:], keys[:, None], 2)
    offered, forbidden = (np.take_along_axis(row, keys, 1) for row in (seen.offered, seen.forbidden))
    observation = in_order(seen.observation, does)
    return seen._replace(observation=observation, offered=offered, forbidden=forbidden, recalled=recalled)


def in_order(seen: Observation, does: np.ndarray) -> Observation:
    """An observation with the world's keys in the agent's order, of which nothing more is said."""
    observation = seen.copy()
    observation["env_desc"] = seen["env_desc"].copy()
    observation["env_desc"][:, TOLD] = 0
    if "senses" in seen:
        moved = np.concatenate([np.zeros((len(does), 1), int), 1 + does], 1)
        senses = observation["senses"] = seen["senses"].copy()
        senses[..., 1] = np.take_along_axis(moved, senses[..., 1], 1)
    return observation


def out_of_order(thought: Thought, does: np.ndarray) -> Thought:
    """A thought for the world, of one in the agent's order."""
    return thought._replace(
        action=np.argsort(does, 1)[np.arange(len(does)), thought.action].astype(np.int32),
        free=np.take_along_axis(thought.free, does, 1),
        validity=np.take_along_axis(thought.validity, does, 1),
    )


def _trying(here: Seen, tried: np.ndarray, rng: np.random.Generator) -> Seen:
    """Seats that try something may press nothing but one of these keys. All in the agent's order."""
    tried = tried & here.offered & ~here.forbidden
    forbidden = here.forbidden.copy()
    for seat in np.flatnonzero(tried.any(1)):
        forbidden[seat] = True
        forbidden[seat, rng.choice(np.flatnonzero(tried[seat]))] = False
    return here._replace(forbidden=forbidden)


@jax.jit
def _likely(brain: Brain, seen: dict[str, Any], mind: Mind) -> Float[Array, "seats 6"]:
    """Log-probability that each of the agent's own deeds led from the last belief to what is seen now."""

    def one(seen: dict[str, Any], mind: Mind) -> Float[Array, 6]:
        _, tried = brain.recognise(mind.familiar, seen["observation"], mind.action, seen["begun"])
        percept = brain.perception(seen["observation"], tried)
        return fits(brain, mind.belief, mind.label, seen["observation"]["patch"], percept, mind.key)

    return jax.vmap(one)(seen, mind)


def fits(
    brain: Brain, belief: Belief, label: Array, patch: Array, percept: Percept, key: Array
) -> Float[Array, 6]:
    """Log-probability of each deed: how well the world model expects after it what is seen, its cells and its
    percept, against the other deeds."""
    kinds = jnp.clip(patch[..., 0].astype(jnp.int32).ravel(), 0, KINDS - 1)

    def fit(action: Int[Array, ""]) -> Float[Array, ""]:
        h = brain.world_model.advance(belief, action, label)
        _, prior, _ = brain.world_model.awake(h, percept, key)
        trunk = brain.world_model.ground(h, draw(prior, key))
        cells = brain.world_model.picture(trunk)[jnp.arange(len(kinds)), kinds]
        return cells.sum() - 0.5 * jnp.square(brain.world_model.guess(trunk) - percept.whole).sum()

    return jax.nn.log_softmax(jax.vmap(fit)(jnp.arange(KEYS)))
