"""What can be earned in a world? The returns of random keys and of an oracle, by which rewards are scaled.

Training seeds only. Episodes are counted as they end, so short ones count a little more often.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sixkeys.bench.controls import Oracle, RandomKeys
from sixkeys.contract import Thinker
from sixkeys.envs.pool import Pool
from sixkeys.loop import turn

EPISODES = 32
LEAST = 0.1
"""The smallest difference by which returns are divided: below it there is nothing to tell apart."""


class Reach(NamedTuple):
    """Mean returns of whole episodes."""

    random: float
    oracle: float

    @property
    def scale(self) -> float:
        """What rewards are multiplied by, so that an oracle earns 1 more than random keys."""
        return 1.0 / max(abs(self.oracle - self.random), LEAST)


def reach(pool: Pool, episodes: int = EPISODES) -> Reach:
    """Plays both in a pool of one world. A world that knows no oracle lets it press key 0 for ever."""
    return Reach(mean_return(RandomKeys(), pool, episodes), mean_return(Oracle(pool), pool, episodes))


def mean_return(thinker: Thinker, pool: Pool, episodes: int) -> float:
    """Mean sum of rewards of the first `episodes` that end, hints shown."""
    now, mind, sums, done = pool.reset(), thinker.begin(pool.seats, 0), np.zeros(pool.seats), []
    while len(done) < episodes:
        step, mind = turn(pool, now, thinker, mind, True)
        now = step.then
        sums += now.outcome.reward
        ended = now.outcome.terminated | now.outcome.truncated
        done += sums[ended].tolist()
        sums[ended] = 0.0
    return float(np.mean(done[:episodes]))
