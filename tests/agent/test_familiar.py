"""Is what was met before in an episode counted as a dictionary would count it?"""

from collections import Counter

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sixkeys.agent.familiar import FADING, PLACES, blank, place, recognise
from sixkeys.contract import KEYS, observation_space

step = jax.jit(recognise)


def told(age):
    return 1 - 0.75 * np.exp(-(age - 1) / FADING) if age else 0.0


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_everything_met_in_an_episode_is_counted(seed):
    """Twenty moments of five patches; episodes begin at random. The dictionaries know no hash."""
    rng = np.random.default_rng(seed)
    space = observation_space()
    space.seed(seed)
    patches = [space.sample() for _ in range(5)]
    assume(len({int(place(patch)) for patch in patches}) == 5)
    familiar, action, before = blank(), 0, None
    first, tried = {}, Counter()
    for moment in range(20):
        number, begun = int(rng.integers(5)), bool(moment == 0 or rng.random() < 0.1)
        now = patches[number]
        if begun:
            first, tried = {}, Counter()
        else:
            tried[before, action] += 1
        familiar, known = step(familiar, now, action, begun)
        things = [tuple(cell[:2]) for cell in now["patch"].reshape(-1, 3).tolist()]
        ages = [told(moment - first[thing]) if thing in first else 0.0 for thing in things]
        np.testing.assert_allclose(known.ages, ages, atol=1e-6)
        np.testing.assert_allclose(
            known.tried, [np.log2(1 + tried[number, key]) / 4 for key in range(KEYS)], atol=1e-6
        )
        first = dict.fromkeys(things, moment) | first
        before, action = number, int(rng.integers(KEYS))


def test_other_moments_are_other_places():
    """Of 2,000 patches that differ in a cell, a fair hash sends PLACES * (1 - exp(-2000 / PLACES)) apart."""
    rng = np.random.default_rng(0)
    observation = {n: jnp.asarray(x) for n, x in observation_space().sample().items()}
    patches = np.tile(np.asarray(observation["patch"]), (2000, 1, 1, 1))
    cells = rng.integers(0, 16, (2000, 3)), rng.integers(0, 9, (2000, 2))
    patches[np.arange(2000), cells[1][:, 0], cells[1][:, 1]] = cells[0]
    places = jax.vmap(lambda patch: place({**observation, "patch": patch}))(jnp.asarray(patches))
    assert places.min() >= 0
    assert places.max() < PLACES
    several = len(np.unique(patches.reshape(2000, -1), axis=0))
    fair = PLACES * (1 - np.exp(-several / PLACES))
    assert abs(len(np.unique(places)) - fair) < 0.06 * PLACES
