"""Which key does what, to one who still learns? Experience in the learner's own order of keys.

In: pools whose worlds may say that they have another interface, and what was lived in them. Out: the same
pools with their keys in one order, found as `agent.interface` finds it. Until an order is found, or was
looked for long enough, nothing is learnt from what is lived: it would teach that keys do what they do not.

Not covered: interfaces that say no number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sixkeys.agent import interface
from sixkeys.agent.agent import Agent
from sixkeys.agent.brain import Brain
from sixkeys.agent.interface import chances_of, fits, in_order, likeliest, number_of, out_of_order, own
from sixkeys.agent.perception import Percept
from sixkeys.agent.world_model import Belief
from sixkeys.contract import ID_SIZES, KEYS, Moment, Observation, Seen, Thought
from sixkeys.training.lane import Lane, Pooled, aims
from sixkeys.training.losses import SILENT, Chunk, unroll

PATIENCE = 12
"""Updates after which the likeliest order is taken, sure or not."""
FADING, HEARSAY = 0.98, 10.0
"""Share of the evidence that is left an update later; nats of a key and deed that other worlds may tell, for
what makes no difference there may make one here."""
CERTAIN = float(np.log(interface.SURE / (1 - interface.SURE)))
"""Log-odds by which another order must be likelier to take the place of one that was found."""


class Customs:
    """What a life knows of interfaces. Keeps state: evidence and order of each interface in each world."""

    def __init__(self):
        self.evidence = np.zeros((ID_SIZES[0], interface.NUMBERS, KEYS, KEYS))
        self.order = np.tile(np.arange(KEYS), (ID_SIZES[0], interface.NUMBERS, 1))
        """int [worlds, interfaces, 6]: what each key of the world does, as a key of the learner's."""
        self.tries = np.zeros((ID_SIZES[0], interface.NUMBERS), int)
        """Updates for which it was looked for; -1: found."""
        self.tries[:, 0] = -1

    def of(self, seen: Observation) -> np.ndarray:
        """int [seats, 6]: the order of each seat's interface; where it was never met, as other worlds have
        it."""
        world, number = seen["ids"][:, 0], number_of(seen)
        return np.array([self._known(*pair) for pair in zip(world.tolist(), number.tolist(), strict=True)])

    def prepare(self, lane: Lane) -> None:
        """Gives a lane the order that is known by now."""
        pool = lane.pool
        if isinstance(pool, Ordered):
            pool.turn(self._known(pool.world, pool.number), lane)

    def learned(self, lane: Lane, brain: Brain, chunk: Chunk) -> bool:
        """Whether what was lived may be learnt from; else it is only looked at, for the order. An order that
        was found is looked at on, and changed where another is surely likelier."""
        pool = lane.pool
        if not isinstance(pool, Ordered) or not pool.number:
            return True
        world, number = pool.world, pool.number
        live, deeds = ~np.asarray(chunk.begun[:, 1:]), np.asarray(_deeds(brain, chunk))
        pressed = np.argsort(pool.does)[np.asarray(chunk.action)]
        evidence = self.evidence[world, number]
        evidence *= FADING
        np.add.at(evidence, pressed[live], np.maximum(deeds, interface.SURPRISED)[live])
        self._watched(evidence, pool.does, chunk, live)
        found, weighed = self.tries[world, number] < 0, self._weighed(world, number)
        guess, known = likeliest(weighed[None])[0], self.order[world, number]
        gain = (weighed[np.arange(KEYS), guess] - weighed[np.arange(KEYS), known]).sum()
        if not found or interface.WARY * gain > CERTAIN:
            self.order[world, number] = guess
        if not found:
            tries = self.tries[world, number] + 1
            sure = (chances_of(weighed).max(1) >= interface.SURE).all()
            self.tries[world, number] = -1 if sure or tries >= PATIENCE else tries
        return found

    def _watched(self, evidence: np.ndarray, does: np.ndarray, chunk: Chunk, live: np.ndarray) -> None:
        """What a teacher pressed says what the key does: most likely what the learner would do there."""
        spoke = live & (np.asarray(chunk.taught) != SILENT)
        key = np.argsort(does)[np.asarray(chunk.taught)[spoke]]
        wish = np.log(np.maximum(np.asarray(chunk.free)[spoke], np.exp(interface.SURPRISED)))
        np.add.at(evidence, key, wish)

    def _known(self, world: int, number: int) -> np.ndarray:
        """int [6]: the order that was found or is looked for; where it was never met, a guess."""
        met = self.tries[world, number] != 0
        return self.order[world, number] if met else likeliest(self._weighed(world, number)[None])[0]

    def _weighed(self, world: int, number: int) -> np.ndarray:
        """float [6, 6]: the evidence of this world, and a little of what others say of the same interface."""
        others = np.delete(self.evidence[:, number], world, 0).sum(0)
        heard = np.maximum(others - others.max(1, keepdims=True), -HEARSAY)
        return self.evidence[world, number] + heard

    def state(self) -> dict[str, np.ndarray]:
        """Everything, as arrays."""
        return {"evidence": self.evidence.copy(), "order": self.order.copy(), "tries": self.tries.copy()}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Goes on from what `state` returned."""
        self.evidence, self.order, self.tries = (
            np.array(state[name]) for name in ("evidence", "order", "tries")
        )


class Ordered:
    """A pool of one world and interface whose keys are in the learner's order. Keeps state: that order."""

    def __init__(self, pool: Pooled, customs: Customs):
        self.pool, self.customs, self.seats = pool, customs, pool.seats
        self.world = self.number = -1
        self.does = np.arange(KEYS)

    def reset(self) -> Moment:
        return self._shown(self.pool.reset())

    def step(self, actions: np.ndarray) -> Moment:
        return self._shown(self.pool.step(np.argsort(self.does)[actions]))

    def oracle(self) -> np.ndarray:
        return self.does[self.pool.oracle()]

    def oracle_steps(self) -> np.ndarray:
        return self.pool.oracle_steps()

    def aims(self) -> np.ndarray:
        return aims(self.pool)

    def _shown(self, now: Moment) -> Moment:
        if self.number < 0:
            self.world, self.number = int(now.observation["ids"][0, 0]), int(number_of(now.observation)[0])
            self.does = self.customs.of(now.observation)[0]
        return moved(now, self.does)

    def turn(self, does: np.ndarray, lane: Lane) -> None:
        """Another order from here on, for what the lane sees and has just done too."""
        change = does[np.argsort(self.does)]
        if (change == np.arange(KEYS)).all():
            return
        self.does = does.copy()
        lane.now = moved(lane.now, change)
        familiar = lane.mind.familiar
        if familiar is not None:
            familiar = familiar._replace(tried=familiar.tried[..., np.argsort(change)])
        lane.mind = lane.mind._replace(action=jnp.asarray(change)[lane.mind.action], familiar=familiar)

    def state(self) -> dict[str, np.ndarray]:
        return self.pool.state() | {"does": self.does.copy()}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        self.does = np.array(state["does"])
        self.pool.restore({name: array for name, array in state.items() if name != "does"})


class Settled:
    """A Thinker around an agent that knows the orders of a life and looks for none."""

    def __init__(self, agent: Agent, customs: Customs):
        self.agent, self.customs = agent, customs
        self.begin = agent.begin

    def think(self, seen: Seen, mind: Any) -> tuple[Thought, Any]:
        does = self.customs.of(seen.observation)
        thought, mind = self.agent.think(own(seen, does), mind)
        return out_of_order(thought, does), mind


def moved(now: Moment, does: np.ndarray) -> Moment:
    """A moment with its keys in another order."""
    rows = np.tile(does, (len(now.begun), 1))
    return now._replace(observation=in_order(now.observation, rows), offered=now.offered[:, np.argsort(does)])


@jax.jit
def _deeds(brain: Brain, chunk: Chunk) -> Float[Array, "seats steps 6"]:
    """Log-probability that each deed led from one moment to the next."""

    def row(chunk: Chunk) -> Float[Array, "steps 6"]:
        inner = unroll(brain, chunk)
        before, after = (
            jax.tree.map(lambda x: x[:-1], inner.belief),
            jax.tree.map(lambda x: x[1:], inner.percept),
        )
        labels = inner.percept.labels[jnp.arange(len(chunk.action)), chunk.action]
        keys = jax.random.split(chunk.mind.key, len(chunk.action))

        def fit(belief: Belief, label: Array, patch: Array, percept: Percept, key: Array) -> Array:
            return fits(brain, belief, label, patch, percept, key)

        patches = jnp.asarray(chunk.observation["patch"])[1:]
        return jax.vmap(fit)(before, labels, patches, after, keys)

    return jax.vmap(row)(chunk)
