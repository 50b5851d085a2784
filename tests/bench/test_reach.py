"""What random keys and an oracle earn, against worlds whose returns are known."""

import numpy as np
import pytest

from sixkeys import build
from sixkeys.bench.reach import Reach, mean_return, reach
from sixkeys.contract import episode_seed
from sixkeys.envs.pool import Pool
from sixkeys.loop import turn


def pool(task: str, seats: int = 4) -> Pool:
    return Pool([build.make_world(task, seats)], lambda seat, episode: episode_seed(3, seat, episode))


def test_an_oracle_earns_more_than_random_keys():
    found = reach(pool("grid:grid_key"))
    assert found.random < 0.5 < found.oracle
    assert found.scale == pytest.approx(1 / (found.oracle - found.random))


def test_a_world_without_an_oracle_has_a_bounded_scale():
    assert Reach(0.3, 0.3).scale == 10
    assert Reach(5.0, -20.0).scale == 0.04


class Forward:
    """Presses one key for ever; counts what it was paid, as an independent sum."""

    def begin(self, seats: int, seed: int) -> None:
        return None

    def think(self, seen, mind):
        from sixkeys.bench.controls import NoOp

        return NoOp().think(seen, NoOp().begin(len(seen.begun), 0))[0], None


def test_a_mean_return_is_the_sum_of_rewards_over_the_episodes():
    seats, thinker = 3, Forward()
    one, now, episodes, sums = pool("grid:grid_empty", seats), None, [], np.zeros(seats)
    now = one.reset()
    while len(episodes) < 6:
        step, _ = turn(one, now, thinker, None, True)
        now = step.then
        for seat in range(seats):
            sums[seat] += now.outcome.reward[seat]
            if now.outcome.terminated[seat] or now.outcome.truncated[seat]:
                episodes.append(sums[seat])
                sums[seat] = 0
    assert mean_return(thinker, pool("grid:grid_empty", seats), 6) == pytest.approx(np.mean(episodes[:6]))
