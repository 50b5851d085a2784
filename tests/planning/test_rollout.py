"""Does imagining find the better key? Exact models of small worlds stand behind the same `imagine`."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sixkeys.planning.model import Imagined
from sixkeys.planning.planner import Effort, Root, advice
from sixkeys.planning.rollout import rollouts as plan

KEY = jax.random.PRNGKey(0)


def returns(imagine, belief, key, horizon, rollouts, risk_coef):
    effort = Effort(horizon=horizon, rollouts=rollouts, risk_coef=risk_coef)
    nothing = (jnp.zeros(6), jnp.float32(0.0), jnp.ones(6, bool))
    return jax.jit(lambda b: plan(imagine, Root(b, *nothing), key, effort))(belief)


def line(goal=3, validity=None, risk_at=None):
    """Cells 0..goal; key 1 steps right, others stay; reward 1 on reaching the goal, which ends it."""

    def imagine(place, action, key):
        there = jnp.minimum(place + (action == 1), goal)
        arrived = (there == goal) & (place < goal)
        risk = jnp.float32(0.0) if risk_at is None else (action == risk_at).astype(jnp.float32)
        logits = jnp.where(jnp.arange(6) == 1, 50.0, 0.0)
        valid = jnp.ones(6) if validity is None else validity
        return Imagined(
            there, arrived.astype(jnp.float32), jnp.where(there == goal, 0.0, 0.9), risk, valid, logits,
            jnp.float32(0.0),
        )  # fmt: skip

    return imagine


@pytest.mark.parametrize("place", [0, 1, 2])
def test_returns_are_exact_in_an_exact_world(place):
    scores = np.asarray(returns(line(), jnp.int32(place), KEY, horizon=8, rollouts=2, risk_coef=1.0))
    expected = 0.9 ** (3 - place - 1)
    np.testing.assert_allclose(scores[1], expected, rtol=1e-5)
    np.testing.assert_allclose(scores[[0, 2, 3, 4, 5]], 0.9 * expected, rtol=1e-5)


def test_the_first_key_is_the_one_that_is_asked_about():
    """An off-by-one between keys and what they bring would credit the wrong key."""

    def imagine(time, action, key):
        reward = jnp.where(time == 0, action.astype(jnp.float32), 0.0)
        ones = jnp.ones(6)
        return Imagined(
            time + 1, reward, jnp.float32(1.0), jnp.float32(0.0), ones, 0 * ones, jnp.float32(0.0)
        )

    scores = returns(imagine, jnp.int32(0), KEY, horizon=3, rollouts=1, risk_coef=1.0)
    np.testing.assert_allclose(scores, np.arange(6))


def test_the_value_counts_once_at_the_horizon():
    def imagine(x, action, key):
        ones = jnp.ones(6)
        return Imagined(
            x, jnp.float32(1.0), jnp.float32(0.5), jnp.float32(0.0), ones, 0 * ones, jnp.float32(8.0)
        )

    scores = returns(imagine, jnp.int32(0), KEY, horizon=3, rollouts=2, risk_coef=1.0)
    np.testing.assert_allclose(scores, 1 + 0.5 + 0.25 + 0.125 * 8.0, rtol=1e-6)


def test_risk_is_a_penalty():
    safe = returns(line(), jnp.int32(2), KEY, 4, 1, 0.0)
    risky = returns(line(risk_at=1), jnp.int32(2), KEY, 4, 1, 2.0)
    np.testing.assert_allclose(risky[1] - safe[1], -2.0, rtol=1e-5)


def test_keys_believed_invalid_are_not_imagined():
    never = jnp.asarray([1.0, 0.0, 1.0, 1.0, 1.0, 1.0])
    scores = returns(line(validity=never), jnp.int32(0), KEY, horizon=12, rollouts=4, risk_coef=1.0)
    assert float(jnp.abs(scores).max()) < 1e-3, "the only key that leads on is never imagined"


def test_advice_by_head():
    allowed = jnp.asarray([True, True, False, False, False, False])
    got = np.asarray(advice(jnp.asarray([1.0, 0.0, 9.0, 9.0, 9.0, 9.0]), allowed))
    np.testing.assert_allclose(got, [0.5 / 0.55, -0.5 / 0.55, 0, 0, 0, 0], rtol=1e-6)
    assert not np.asarray(advice(jnp.full(6, 3.0), jnp.ones(6, bool))).any()
