"""Are the losses their definitions, and is what an ended world ignored in none of them?"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sixkeys.agent.agent import Agent
from sixkeys.agent.brain import Brain
from sixkeys.contract import RECALLED, WORDS, observation_space
from sixkeys.training.config import LearnConfig
from sixkeys.training.losses import (
    SILENT,
    Chunk,
    Weights,
    advantages,
    aim_loss,
    bernoulli,
    foresight_loss,
    taught_loss,
    total_loss,
    unroll,
)

LEARN = LearnConfig(novelty_coef=0.0)
FULL = Weights(jnp.float32(1.0), jnp.float32(0.01))


compiled = jax.jit(advantages)


def returns_by_definition(reward, value, terminated, truncated, gamma, lam):
    """Lambda returns written as a sum of n-step returns, one start at a time."""
    out = []
    for start in range(len(reward)):
        weight, advantage = 1.0, 0.0
        for t in range(start, len(reward)):
            after = 0.0 if terminated[t] else value[t + 1]
            advantage += weight * (reward[t] + gamma * after - value[t])
            if terminated[t] or truncated[t]:
                break
            weight *= gamma * lam
        out.append(advantage)
    return np.array(out)


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.floats(0.5, 1.0), st.floats(0.0, 1.0))
def test_advantages_are_their_definition(seed, gamma, lam):
    rng = np.random.default_rng(seed)
    reward, value = rng.standard_normal(9), rng.standard_normal(10)
    terminated = rng.random(9) < 0.2
    truncated = (rng.random(9) < 0.2) & ~terminated
    got = compiled(*map(jnp.asarray, (reward, value, terminated, truncated)), gamma, lam)
    np.testing.assert_allclose(
        got, returns_by_definition(reward, value, terminated, truncated, gamma, lam), rtol=2e-4, atol=2e-4
    )


def test_bernoulli_by_head():
    assert float(bernoulli(jnp.float32(0.0), jnp.float32(1.0))) == pytest.approx(np.log(2))
    assert float(bernoulli(jnp.float32(30.0), jnp.float32(0.0))) == pytest.approx(30.0)


@pytest.fixture(scope="module")
def chunk(tiny_brain):
    """Two rows of six keys; an episode ends at key 2 of row 0: key 3 was ignored and entry 4 is `begun`."""
    rng, space, rows, time = np.random.default_rng(0), observation_space(), 2, 6
    space.seed(0)
    samples = [space.sample() for _ in range(rows * (time + 1))]
    observation = {
        n: np.stack([s[n] for s in samples]).reshape(rows, time + 1, *samples[0][n].shape) for n in space
    }
    begun = np.zeros((rows, time + 1), bool)
    begun[0, 4] = begun[1, 0] = True
    terminated = np.zeros((rows, time), bool)
    terminated[0, 2] = True
    every = np.ones((rows, time + 1, 6), bool)
    offered = rng.random((rows, time + 1, 6)) < 0.7
    offered[..., 0] = True
    return Chunk(
        observation, begun, every, ~every, offered, np.zeros((rows, time + 1, *RECALLED), np.float32),
        np.zeros((rows, time + 1, WORDS), np.int32), rng.integers(0, 6, (rows, time)),
        rng.standard_normal((rows, time)).astype(np.float32), np.zeros((rows, time), np.float32), terminated,
        np.zeros_like(terminated), terminated.copy(), np.zeros_like(terminated),
        np.full((rows, time), SILENT, np.int8), np.full((rows, time, 2), SILENT, np.int8),
        np.full((rows, time, 6), 1 / 6, np.float32),
        np.zeros((rows, time), np.float32), Agent(tiny_brain).begin(rows, 1),
    )  # fmt: skip


@pytest.fixture(scope="module")
def loss(tiny_brain):
    return jax.jit(
        lambda chunk: jax.value_and_grad(lambda b: total_loss(b, chunk, chunk, FULL, LEARN)[0])(tiny_brain)
    )


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True))


def test_an_ignored_key_and_its_answer_are_in_no_loss(chunk, loss):
    reward, action, bonus = chunk.reward.copy(), chunk.action.copy(), chunk.bonus.copy()
    reward[0, 3], bonus[0, 3] = 100.0, 50.0
    action[0, 3] = (action[0, 3] + 1) % 6
    assert same(loss(chunk), loss(chunk._replace(reward=reward, action=action, bonus=bonus)))


def test_a_key_that_counted_is_in_the_loss(chunk, loss):
    reward = chunk.reward.copy()
    reward[0, 1] += 1.0
    assert not same(loss(chunk), loss(chunk._replace(reward=reward)))


def test_what_came_before_an_episode_does_not_reach_into_it(chunk, tiny_brain):
    """The reset stands neither one step early nor one late: entry 4 forgets, entry 3 does not."""
    run = jax.jit(lambda row: unroll(tiny_brain, row).belief.h)
    row = jax.tree.map(lambda x: np.asarray(x)[0], chunk)
    other = row.observation["energy"].copy()
    other[2] = 1 - other[2]
    changed = row._replace(observation={**row.observation, "energy": other})
    one, two = np.asarray(run(row)), np.asarray(run(changed))
    differs = [not np.array_equal(a, b) for a, b in zip(one, two, strict=True)]
    assert differs == [False, False, False, True, False, False, False]


def test_belief_lags_its_key_by_one(chunk, tiny_brain):
    """Key t moves the belief of entry t + 1, not of entry t: imagination must not be off by one."""
    run = jax.jit(lambda row: unroll(tiny_brain, row).belief.h)
    row = jax.tree.map(lambda x: np.asarray(x)[1], chunk)
    action = row.action.copy()
    action[2] = (action[2] + 1) % 6
    one, two = np.asarray(run(row)), np.asarray(run(row._replace(action=action)))
    differs = [not np.array_equal(a, b) for a, b in zip(one, two, strict=True)]
    assert differs == [False, False, False, True, True, True, True]


def test_the_barrier_is_the_log_of_valid_mass(chunk, tiny_brain):
    from sixkeys.agent.policy import valid_mass
    from sixkeys.training.losses import policy_loss

    inner = jax.jit(jax.vmap(lambda row: unroll(tiny_brain, row)))(chunk)
    mass = np.asarray(valid_mass(inner.choice.logits, jnp.asarray(chunk.offered)))[:, :-1]
    real = ~chunk.begun[:, 1:]
    _, numbers = policy_loss(chunk, inner, FULL, LEARN, 0.97)
    assert float(numbers["policy/mean_invalid_mass"]) == pytest.approx((1 - mass)[real].mean(), rel=1e-4)
    assert float(numbers["policy/barrier"]) == pytest.approx(-np.log(mass + 1e-6)[real].mean(), rel=1e-4)


def test_a_teacher_is_heard_where_one_spoke_and_the_world_went_on(chunk, tiny_brain):
    taught = np.array([[2, SILENT, 4, 1, SILENT, 0], [SILENT] * 6], np.int8)
    told, silent = chunk._replace(taught=taught), chunk._replace(taught=np.full_like(taught, SILENT))
    inner = jax.jit(jax.vmap(lambda row: unroll(tiny_brain, row)))(told)
    logp = np.asarray(jax.nn.log_softmax(inner.choice.logits))
    spoken = [(0, 0, 2), (0, 2, 4), (0, 5, 0)]  # at (0, 3) an episode began
    said = -np.mean([logp[at] for at in spoken])
    assert float(taught_loss(told, inner)) == pytest.approx(said, rel=1e-4)
    assert float(taught_loss(silent, inner)) == 0
    unseen = chunk.seen.copy()
    unseen[0, 2, 4] = False
    heard = -np.mean([logp[at] for at in spoken if at != (0, 2, 4)])
    assert float(taught_loss(told._replace(seen=unseen), inner)) == pytest.approx(heard, rel=1e-4)


def test_an_aim_is_learnt_where_a_teacher_said_one_and_the_world_went_on(chunk, tiny_brain):
    brain = Brain(tiny_brain.config.model_copy(update={"use_aim": True}), 0)
    aim = np.full((2, 6, 2), SILENT, np.int8)
    aim[0, 1], aim[0, 3], aim[1, 5] = (5, 2), (3, 3), (31, 0)  # at (0, 3) an episode began
    inner = jax.jit(jax.vmap(lambda row: unroll(brain, row)))(chunk)
    logits = np.asarray(inner.me.aim, np.float64)
    chance = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    said = [
        -np.log(chance[0, 1, 0, 5] * chance[0, 1, 1, 2]),
        -np.log(chance[1, 5, 0, 31] * chance[1, 5, 1, 0]),
    ]
    assert float(aim_loss(chunk._replace(aim=aim), inner)) == pytest.approx(np.mean(said), rel=1e-4)
    assert float(aim_loss(chunk, inner)) == 0
    assert tiny_brain.self_model.aim is None


def test_the_danger_of_the_key_that_was_pressed_is_learnt_where_the_world_went_on(chunk, tiny_brain):
    brain = Brain(tiny_brain.config.model_copy(update={"use_danger": True}), 0)
    chunk = chunk._replace(harm=np.random.default_rng(0).random((2, 6)) < 0.5)
    inner = jax.jit(jax.vmap(lambda row: unroll(brain, row)))(chunk)
    known = inner._replace(foresight=inner.foresight._replace(danger=None))
    found, without = (float(foresight_loss(chunk, one.foresight)[0]) for one in (inner, known))
    logits = np.asarray(inner.foresight.danger, np.float64)
    said = [
        np.log1p(np.exp(-logits[row, t, chunk.action[row, t]] * (1 if chunk.harm[row, t] else -1)))
        for row in range(2)
        for t in range(6)
        if not chunk.begun[row, t + 1]
    ]
    assert found - without == pytest.approx(np.mean(said), rel=1e-4)
