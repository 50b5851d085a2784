"""Does a thinker find out which key does what, and obey while it does? Exact changes, real weights."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sixkeys import build
from sixkeys.agent.agent import Agent
from sixkeys.agent.interface import NUMBERS, WARY, Accustomed, chances_of, likeliest, own, settled
from sixkeys.bench.evaluate import evaluate
from sixkeys.contract import KEYS, episode_seed
from sixkeys.envs.changed import key_order
from sixkeys.envs.pool import Pool
from sixkeys.loop import Habits, look


def pool_of(world: str, seats: int = 3) -> Pool:
    return Pool([build.make_world(world, seats, "none")], lambda seat, n: episode_seed(1, seat, n))


@pytest.mark.parametrize("world", ["grid:grid_key", "tools:tools_lookup", "computer:computer_choose"])
@pytest.mark.parametrize("number", [1, 5, 16])
def test_what_is_seen_in_the_agents_order_is_what_would_have_been_seen(world, number):
    plain, changed = pool_of(world), pool_of(f"{world}~keys{number}")
    does = np.tile(key_order(number), (3, 1))
    rng = np.random.default_rng(number)
    here, there = plain.reset(), changed.reset()
    for _ in range(12):
        wanted, got = look(here, True, Habits()), own(look(there, True, Habits()), does)
        for name, array in wanted.observation.items():
            np.testing.assert_array_equal(got.observation[name], array, err_msg=name)
        np.testing.assert_array_equal(got.offered, wanted.offered)
        pressed = rng.integers(KEYS, size=3)
        here, there = plain.step(does[0][pressed]), changed.step(pressed)
    plain.close()
    changed.close()


@given(st.lists(st.floats(-50, 0), min_size=36, max_size=36))
def test_chances_are_those_of_all_orders(numbers):
    evidence = np.array(numbers).reshape(KEYS, KEYS)
    total, wanted = 0.0, np.zeros((KEYS, KEYS))
    best = max(sum(evidence[k, d] for k, d in enumerate(order)) for order in permutations(range(KEYS)))
    for order in permutations(range(KEYS)):
        weight = np.exp(WARY * (sum(evidence[k, d] for k, d in enumerate(order)) - best))
        total += weight
        for key, deed in enumerate(order):
            wanted[key, deed] += weight
    np.testing.assert_allclose(chances_of(evidence), wanted / total, atol=1e-9)


def test_a_forbidden_key_is_never_pressed(tiny_brain):
    rng = np.random.default_rng(0)
    pool, thinker = pool_of("grid:grid_empty~keys2", 4), Accustomed(Agent(tiny_brain))
    now, mind = pool.reset(), thinker.begin(4, 0)
    for _ in range(60):
        seen = look(now, False, Habits())
        forbidden = rng.random((4, KEYS)) < 0.6
        forbidden[np.arange(4), rng.integers(KEYS, size=4)] = False
        thought, mind = thinker.think(seen._replace(forbidden=forbidden), mind)
        assert not forbidden[np.arange(4), thought.action].any()
        np.testing.assert_allclose(thought.free.sum(1), 1, atol=1e-5)
        now = pool.step(thought.action)
    pool.close()


class Kept:
    """Keeps its mind from one evaluation to the next; may not know which interface it is."""

    def __init__(self, thinker, told):
        self.thinker, self.told, self.mind = thinker, told, None

    def begin(self, seats, seed):
        self.mind = self.mind or self.thinker.begin(seats, seed)
        return self.mind

    def think(self, seen, mind):
        if not self.told:
            card = np.where(np.arange(16) == 14, 0, seen.observation["env_desc"]).astype(np.float32)
            seen = seen._replace(observation={**seen.observation, "env_desc": card})
        thought, self.mind = self.thinker.think(seen, mind)
        return thought, self.mind


@pytest.mark.parametrize("keys", range(KEYS + 1))
def test_what_is_known_from_before_is_settled_and_nothing_more(tiny_brain, keys):
    orders = {2: key_order(2), 16: key_order(16)}
    known = {number: {key: int(does[key]) for key in range(keys)} for number, does in orders.items() if keys}
    mind = Accustomed(Agent(tiny_brain), known).begin(1, 0)
    whole = {number: dict(enumerate(does.tolist())) for number, does in orders.items()}
    assert settled(mind) == (whole if keys == KEYS - 1 else known), (
        "of six keys the last follows from the others"
    )


@pytest.mark.slow
@pytest.mark.parametrize("told", [True, False])
def test_real_weights_find_other_keys_and_keep_their_own(told):
    agent, _ = build.load_agent(greedy=True)
    thinker, passed = Kept(Accustomed(agent), told), []
    for world in ("grid:grid_empty", "grid:grid_empty~keys2", "grid:grid_empty"):
        for seed in (0, 1):
            pools = build.evaluation_pools(world, 8, "none")
            passed.append(evaluate(thinker, pools, 16, masked=False, seed=seed).success.mean())
    plain = evaluate(agent, build.evaluation_pools("grid:grid_empty~keys2", 8, "none"), 16, masked=False)
    assert passed[0] >= 0.9
    assert plain.success.mean() <= 0.4
    assert passed[3] >= 0.9
    assert passed[5] >= 0.9
    found = likeliest(thinker.mind.evidence)
    assert found.shape == (NUMBERS, KEYS)
    if told:
        moves = [key for key, deed in enumerate(key_order(2)) if deed in (1, 2, 3, 4)]
        np.testing.assert_array_equal(found[2][moves], key_order(2)[moves])
