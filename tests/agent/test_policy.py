"""Do masks, validity and wishes combine as they should?"""

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sixkeys.agent.policy import Choice, behaviour, valid_mass

compiled = jax.jit(behaviour)
masks = st.lists(st.booleans(), min_size=6, max_size=6).map(np.array)


def test_valid_mass_by_head():
    assert float(valid_mass(jnp.zeros(6), jnp.asarray([True, True, True, False, False, False]))) == 0.5


def choice(seed=0):
    rng = np.random.default_rng(seed)
    return Choice(jnp.asarray(rng.standard_normal(6)), jnp.asarray(rng.standard_normal(6)), jnp.float32(0))


@settings(max_examples=50)
@given(masks, masks)
def test_only_open_keys_can_be_pressed(offered, forbidden):
    logits = np.asarray(compiled(choice(), offered, forbidden))
    assert ((logits > -1e6) == (offered & ~forbidden)).all()


def test_a_mask_that_is_seen_replaces_the_belief():
    mind, none = choice(), jnp.zeros(6, bool)
    hinted = jnp.asarray([True, False, True, True, False, True])
    np.testing.assert_array_equal(behaviour(mind, hinted, none)[hinted], mind.wish[hinted])
    np.testing.assert_array_equal(behaviour(mind, jnp.ones(6, bool), none), mind.logits)
