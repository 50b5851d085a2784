"""Are the keys of an episode counted as a dictionary would count them?"""

from collections import Counter

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sixkeys.agent.familiar import PLACES, blank, place, recognise
from sixkeys.contract import KEYS, observation_space

step = jax.jit(recognise)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_keys_are_counted_by_the_moment_they_were_pressed_in(seed):
    """Thirty moments of five kinds; episodes begin at random. The dictionary knows no hash."""
    rng = np.random.default_rng(seed)
    space = observation_space(senses=3)
    space.seed(seed)
    moments = [space.sample() for _ in range(5)]
    assume(len({int(place(moment)) for moment in moments}) == 5)
    familiar, action, before, counts = blank(), 0, 0, Counter()
    for turn in range(30):
        now, begun = int(rng.integers(5)), bool(turn == 0 or rng.random() < 0.1)
        counts = Counter() if begun else counts + Counter([(before, action)])
        familiar, told = step(familiar, moments[now], action, begun)
        wanted = [np.log2(1 + counts[now, key]) / 4 for key in range(KEYS)]
        np.testing.assert_allclose(told, wanted, atol=1e-6)
        before, action = now, int(rng.integers(KEYS))


def test_other_moments_are_other_places():
    """Of 2,000 patches that differ in a cell, a fair hash takes up PLACES * (1 - exp(-2000 / PLACES))."""
    rng = np.random.default_rng(0)
    space = observation_space()
    space.seed(0)
    observation = {n: jnp.asarray(x) for n, x in space.sample().items()}
    patches = np.tile(np.asarray(observation["patch"]), (2000, 1, 1, 1))
    cells = rng.integers(0, 16, (2000, 3)), rng.integers(0, 9, (2000, 2))
    patches[np.arange(2000), cells[1][:, 0], cells[1][:, 1]] = cells[0]
    places = jax.vmap(lambda patch: place({**observation, "patch": patch}))(jnp.asarray(patches))
    assert places.min() >= 0
    assert places.max() < PLACES
    several = len(np.unique(patches.reshape(2000, -1), axis=0))
    fair = PLACES * (1 - np.exp(-several / PLACES))
    assert abs(len(np.unique(places)) - fair) < 0.06 * PLACES
