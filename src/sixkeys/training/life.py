"""What lasts through a life of many regimes? Where it is, rows of its past, which weights are dear to it."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sixkeys.agent.brain import Brain
from sixkeys.training.config import LearnConfig, RunConfig
from sixkeys.training.consolidate import (
    Importance,
    consolidated,
    followed,
    shut,
    squared_gradients,
    unimportant,
)
from sixkeys.training.customs import Customs
from sixkeys.training.freeze import Choices, pulls, shares, spread
from sixkeys.training.losses import Chunk, Weights, total_loss
from sixkeys.training.regimes import Stream, stream
from sixkeys.training.replay import Balanced, Replay
from sixkeys.training.trees import flatten, refill

LATE = 0.5
"""Of a stage whose end is known, only what follows this share is kept: the first deeds are not yet skill."""
CLOCK = 50
"""Updates between consolidations where boundaries are not told."""
EXAMPLES, FADING = 32, 0.95
"""Rows that importance is measured on; the share of it that is left after each consolidation."""
TREES = ("dear", "free", "slow")
"""What a life keeps for each weight, where it keeps it."""


class Life:
    """A life in a stream. Keeps state: rows of the past within a budget of bytes; for each weight what it
    means, what it may, and what it slowly becomes; what is known of interfaces."""

    def __init__(self, config: RunConfig, brain: Brain):
        life, self.learn = config.life, config.learn
        if (life.isolated or life.afresh) and life.boundaries != "known":
            raise ValueError(
                f"{life.boundaries} boundaries: only a life that is told of stages begins anew, or shuts "
                "weights, with each"
            )
        if life.isolated and life.selective:
            raise ValueError("isolated and selective both say which weights may change; choose one")
        self.stream: Stream = stream(life.stream, life.order, self.learn.stage4_updates, life.boundaries)
        self.balanced, self.past = life.balanced, Balanced(life.past_bytes)
        self.dear: Importance | None = unimportant(brain) if self.learn.elastic_coef else None
        self.isolated = life.isolated
        self.free: Any = jax.tree.map(jnp.ones_like, brain) if life.isolated else None
        """What the step of every weight is multiplied by, where not by 1."""
        self.choices = Choices() if life.selective else None
        if self.choices is not None:
            self.free = spread(brain, self.choices.last)
        self.slow: Brain | None = brain if life.slow_rate else None
        self.rate = life.slow_rate
        self.anew = life.afresh
        self.customs = Customs() if life.customs else None

    def remember(self, fresh: Chunk, update: int, rng: np.random.Generator) -> None:
        """Keeps rows of what was just lived: by regime where the learner balances them, and there by success
        too, unless a teacher's word is what is learnt from them."""
        told = self.stream.told(update)
        if not self.learn.past_rows or (self.balanced and told is not None and self._early(update)):
            return
        solved = np.asarray(fresh.success).any(1).astype(np.int64) * (not self.learn.taught_coef)
        groups = np.asarray(2 * (told or 0) + solved if self.balanced else 0 * solved)
        self.past.add(flatten(fresh), groups, rng)

    def _early(self, update: int) -> bool:
        return self.stream.within(update) < LATE

    def recall(self, fresh: Chunk, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """`past_rows` rows of the past; of the present while there is none."""
        if len(self.past):
            return self.past.sample(self.learn.past_rows, rng)
        rows = np.arange(self.learn.past_rows) % len(fresh.reward)
        return {name: array[rows] for name, array in flatten(fresh).items()}

    def afresh(self, update: int) -> bool:
        """Whether weights begin anew with this update."""
        return self.anew and update > 0 and self.stream.ends(update - 1)

    def choose(
        self, brain: Brain, weights: Weights, fresh: Chunk, update: int, rng: np.random.Generator
    ) -> None:
        """What may learn, how fast: chosen where a stage begins or, untold of that, by the clock."""
        untold = self.stream.told(update) is None
        due = update % CLOCK == 0 if untold else update == 0 or self.stream.ends(update - 1)
        if self.choices is None or not due or not len(self.past):
            return
        rows = unflat(fresh, self.past.sample(EXAMPLES, rng))
        now, then = (_important(brain, some, weights, self.learn) for some in (fresh, rows))
        self.choices.add(update, shares(pulls(now), pulls(then)))
        self.free = spread(brain, self.choices.last)

    def follow(self, brain: Brain, anew: bool = False) -> None:
        """Slow weights come a little nearer; all the way where weights begin anew."""
        if self.slow is not None:
            self.slow = brain if anew else _nearer(self.slow, brain, self.rate)

    def isolate(self, brain: Brain, update: int) -> None:
        """Shuts some weights where a stage ends: so many that each stage to come gets as many as this."""
        if self.isolated and self.stream.ends(update):
            left = len(self.stream.taught) - self.stream.stage(update)
            self.free = shut(self.free, brain, 1 / left)

    def consolidate(
        self,
        brain: Brain,
        weights: Weights,
        like: Chunk,
        recent: Replay,
        update: int,
        rng: np.random.Generator,
    ) -> None:
        """Measures which weights matter, where a stage ends or, untold of its end, by the clock."""
        due = (update + 1) % CLOCK == 0 if self.stream.told(update) is None else self.stream.ends(update)
        if self.dear is None or not due or not len(recent):
            return
        rows = unflat(like, recent.sample(EXAMPLES, rng))
        self.dear = consolidated(self.dear, _important(brain, rows, weights, self.learn), brain, FADING)

    def state(self) -> dict[str, np.ndarray]:
        """Everything as arrays, for a checkpoint."""
        parts: dict[str, dict[str, np.ndarray]] = {"past": self.past.state()}
        trees = {name: getattr(self, name) for name in TREES}
        parts |= {name: flatten(tree) for name, tree in trees.items() if tree is not None}
        if self.choices is not None:
            parts["choices"] = {"made": self.choices.made.copy()}
        if self.customs is not None:
            parts["customs"] = self.customs.state()
        return {f"{part}/{name}": array for part, named in parts.items() for name, array in named.items()}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Goes on from what `state` returned."""
        part = {head: {n.split("/", 1)[1]: a for n, a in state.items() if n.startswith(f"{head}/")}
                for head in (*TREES, "past", "choices", "customs")}  # fmt: skip
        self.past.restore(part["past"])
        for name in TREES:
            tree = getattr(self, name)
            if tree is not None:
                setattr(self, name, jax.tree.map(jnp.asarray, refill(tree, part[name])))
        if self.choices is not None:
            self.choices.made = np.array(part["choices"]["made"])
        if self.customs is not None:
            self.customs.restore(part["customs"])


def unflat(like: Chunk, arrays: dict[str, np.ndarray]) -> Chunk:
    """Flat arrays as a chunk again. Raises ValueError where another version kept them."""
    structure, names = jax.tree_util.tree_structure(like), list(flatten(like))
    if missing := sorted({*names} - arrays.keys()):
        raise ValueError(f"what was kept of the past lacks {missing}: another version kept it; begin anew")
    return jax.tree_util.tree_unflatten(structure, [arrays[name] for name in names])


_nearer = jax.jit(followed)


@partial(jax.jit, static_argnames="learn")
def _important(brain: Brain, rows: Chunk, weights: Weights, learn: LearnConfig) -> Any:
    def loss(brain: Brain, row: Chunk) -> jax.Array:
        one = jax.tree.map(lambda x: x[None], row)
        return total_loss(brain, one, None, weights, learn)[0]

    return squared_gradients(loss, brain, rows)
