"""Does searching find the best key? Small worlds, solved by value iteration, stand behind `imagine`."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_worlds import GAMMA, KEYS, WORLDS, World, after, model, solve

from sixkeys.planning.model import IMPOSSIBLE, Imagined
from sixkeys.planning.planner import PLANNERS, Effort, Root, advice, imagined, planner
from sixkeys.planning.search import grow, search

KEY = jax.random.PRNGKey(0)
ENOUGH = {
    "corridor": Effort(horizon=32, simulations=256, risk_coef=0.0),
    "house": Effort(horizon=32, simulations=128, risk_coef=0.0),
    "bridge": Effort(horizon=32, simulations=512, outcomes=8, risk_coef=0.0),
}
"""What suffices for a beginner's policy. A uniform one leaves 2 of the house's 54 states wrong at 512."""


def optimal(name, plan, effort):
    """Share of states whose valid key of the best score is optimal; and the same of looking one key ahead."""
    world = WORLDS[name]()
    solved, states = solve(world), np.flatnonzero(~world.ended)
    imagine, root = model(world, solved.value)
    run = jax.jit(jax.vmap(lambda state, key: planner(plan)(imagine, root(state), key, effort)))
    scores = np.asarray(run(jnp.asarray(states), jax.random.split(KEY, len(states))))

    def share(scores):
        best = np.where(world.valid[states], scores, -np.inf).argmax(1)
        q = solved.q[states]
        return float((q[np.arange(len(states)), best] >= q.max(1) - 1e-6).mean())

    return share(scores), share(after(world, solved.value)[states])


@pytest.mark.parametrize("name", WORLDS)
def test_search_finds_the_best_key_everywhere(name):
    found, one_ahead = optimal(name, "search", ENOUGH[name])
    print(f"{name}: search {found}, one key ahead {one_ahead}")
    assert found == 1.0


@pytest.mark.parametrize(
    ("name", "plan", "least"),
    [
        ("corridor", "beam", 1.0),
        ("house", "beam", 1.0),
        ("corridor", "rollouts", 0.5),
        ("house", "rollouts", 0.5),
    ],
)
def test_beam_and_rollouts_beside_it(name, plan, least):
    found, _ = optimal(name, plan, Effort(horizon=16, width=4, rollouts=8, risk_coef=0.0))
    print(f"{name}: {plan} {found}")
    assert found >= least


def test_one_outcome_is_too_hopeful_where_chance_is_large():
    found, _ = optimal("bridge", "search", ENOUGH["bridge"]._replace(outcomes=1, simulations=128))
    beam, _ = optimal("bridge", "beam", Effort(horizon=16, risk_coef=0.0))
    assert found < 1
    assert beam < 1


STATES = 8


@jax.jit
def pressed(chance, valid, state, key):
    """Visits of every key at every node of a tree, and the state of each node."""
    quiet, never = jnp.zeros(STATES), jnp.zeros(STATES, int)
    imagine, root = model(World(chance, quiet, never, valid, never), jnp.arange(STATES) / STATES)
    tree = grow(imagine, root(state), key, Effort(horizon=16, simulations=40))
    return tree.children_visits[0, :, :KEYS], tree.embeddings.belief[0], tree.node_visits[0] > 0


@given(st.integers(0, 2**31 - 1))
@settings(max_examples=25)
def test_no_key_known_invalid_is_ever_pressed_in_imagination(seed):
    """With exact validity; in a state where no key is valid, every one may be."""
    rng = np.random.default_rng(seed)
    chance = np.eye(STATES)[rng.integers(STATES, size=(STATES, KEYS))]
    valid = rng.random((STATES, KEYS)) < rng.choice([0.2, 0.5, 0.9])
    valid[0, 0] = True
    visits, states, there = (
        np.asarray(x) for x in pressed(chance, valid, jnp.int32(0), jax.random.PRNGKey(seed))
    )
    open = valid | ~valid.any(1, keepdims=True)
    assert (visits[there][~open[states[there]]] == 0).all()
    assert visits.sum() >= 40


def gamble(risks, later):
    """Key 0 pays 1 at a risk, key 1 pays 0.5 at another, others nothing; at the root, or one key `later`."""

    def imagine(time, action, key):
        now = time == int(later)
        pay = jnp.asarray([1.0, 0.5, 0, 0, 0, 0])[action] * now
        risk = jnp.asarray([*risks, 0, 0, 0, 0], jnp.float32)[action] * now
        ones = jnp.ones(KEYS)
        return Imagined(time + 1, pay, jnp.float32(GAMMA), risk, ones, 0 * ones, jnp.float32(0.0))

    return imagine


ROOT = Root(jnp.int32(0), jnp.zeros(KEYS), jnp.float32(0.0), jnp.ones(KEYS, bool))


def tree_of(risks, later, limit):
    effort = Effort(simulations=64, risk_coef=0.0, risk_limit=limit)
    return jax.jit(
        lambda: (
            search(gamble(risks, later), ROOT, KEY, effort),
            grow(gamble(risks, later), ROOT, KEY, effort),
        )
    )()


def test_a_risky_key_is_given_up_while_a_less_risky_one_is_open():
    bold, _ = tree_of((0.9, 0.2), False, 1.0)
    wary, tree = tree_of((0.9, 0.2), False, 0.5)
    assert np.asarray(bold).argmax() == 0
    assert wary[0] == IMPOSSIBLE
    assert np.asarray(wary).argmax() == 1
    visits = np.asarray(tree.children_visits[0, 0])
    assert visits[0] == visits.min() < visits[1], "only in the round of halving that visits every key"


def test_below_the_root_too():
    _, tree = tree_of((0.9, 0.2), True, 0.5)
    visits, times = np.asarray(tree.children_visits[0]), np.asarray(tree.embeddings.belief[0])
    assert visits[times == 1][:, 0].max() == 1
    assert visits[times == 1][:, 1].max() > 1


def test_where_all_keys_are_risky_none_is_given_up():
    allowed = jnp.arange(KEYS) < 2
    effort = Effort(simulations=16, risk_coef=0.0, risk_limit=0.5)
    root = ROOT._replace(allowed=allowed)
    scores = np.asarray(jax.jit(lambda: search(gamble((0.9, 0.8), False), root, KEY, effort))())
    assert (scores > IMPOSSIBLE).all()
    assert scores[0] > scores[1]


def test_risk_is_a_penalty():
    imagine = gamble((0.9, 0.2), False)
    effort = Effort(simulations=16, risk_coef=2.0)
    scores = np.asarray(jax.jit(lambda: search(imagine, ROOT, KEY, effort))())
    np.testing.assert_allclose(scores[:2], [1 - 1.8, 0.5 - 0.4], rtol=1e-5)


@pytest.mark.parametrize("plan", PLANNERS)
def test_a_forbidden_key_gets_no_advice(plan):
    root = ROOT._replace(allowed=jnp.arange(KEYS) != 0)
    effort = Effort(horizon=3, simulations=12)
    scores = jax.jit(lambda: planner(plan)(gamble((0.0, 0.0), False), root, KEY, effort))()
    said = np.asarray(advice(scores, root.allowed))
    assert said[0] == 0
    assert said.argmax() == 1


def test_a_wide_beam_is_exhaustive():
    world = WORLDS["corridor"]()
    value = solve(world).value
    imagine, root = model(world, value)
    effort = Effort(horizon=3, width=36, risk_coef=0.0)
    scores = np.asarray(jax.jit(lambda: planner("beam")(imagine, root(jnp.int32(4)), KEY, effort))())
    best = np.where(world.ended, 0.0, value)
    for _ in range(2):
        best = np.where(world.ended, 0.0, np.where(world.valid, after(world, best), -np.inf).max(1))
    np.testing.assert_allclose(scores, after(world, best)[4], rtol=1e-5)


def test_what_is_given_up_stays_so_and_counts_for_nothing():
    scores = jnp.asarray([IMPOSSIBLE, 1.0, 0.0, 9.0, 9.0, 9.0])
    said = np.asarray(advice(scores, jnp.arange(KEYS) < 3))
    np.testing.assert_allclose(said, [IMPOSSIBLE, 0.5 / 0.55, -0.5 / 0.55, 0, 0, 0], rtol=1e-6)


def test_how_much_is_imagined_is_counted():
    effort = Effort(horizon=2, rollouts=3, width=2, simulations=7)
    assert imagined("rollouts", effort) == 6 * 3 * 2
    assert imagined("beam", effort) == 6 * (1 + 2 * 6)
    assert imagined("search", effort) == 7
