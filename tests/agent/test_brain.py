"""Does a thought keep its promises: laws kept, beginnings clean, hidden things hidden, ablations real?"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sixkeys import build
from sixkeys.agent.agent import Agent
from sixkeys.agent.brain import Brain
from sixkeys.contract import RECALLED, WORDS, Seen, observation_space

SEATS = 12


def seen(seed=0, offered=None, forbidden=None, begun=False, senses=0):
    space = observation_space(senses)
    space.seed(seed)
    samples = [space.sample() for _ in range(SEATS)]
    observation = {name: np.stack([sample[name] for sample in samples]) for name in samples[0]}
    every = np.ones((SEATS, 6), bool)
    return Seen(
        observation, np.full(SEATS, begun), every if offered is None else offered,
        ~every if forbidden is None else forbidden,
        np.zeros((SEATS, *RECALLED), np.float32), np.zeros((SEATS, WORDS), np.int32),
    )  # fmt: skip


@pytest.fixture(scope="module")
def agent(tiny_brain):
    return Agent(tiny_brain, planning_coef=0.0)


def test_forbidden_and_masked_keys_are_never_pressed(agent):
    rng, mind = np.random.default_rng(0), agent.begin(SEATS, 0)
    for turn in range(20):
        offered, forbidden = rng.random((SEATS, 6)) < 0.5, rng.random((SEATS, 6)) < 0.3
        offered[:, 0], forbidden[:, 0] = True, False
        thought, mind = agent.think(seen(turn, offered, forbidden), mind)
        assert (offered & ~forbidden)[np.arange(SEATS), thought.action].all()
        np.testing.assert_allclose(thought.free.sum(-1), 1, rtol=1e-5)


def test_planning_changes_choices_and_keeps_laws(tiny_brain, agent):
    offered, forbidden = np.ones((SEATS, 6), bool), np.zeros((SEATS, 6), bool)
    forbidden[:, 2] = True
    planner, mind = Agent(tiny_brain, greedy=True, planning_coef=100.0), agent.begin(SEATS, 0)
    planned = planner.think(seen(0, offered, forbidden), mind)[0]
    bare = agent.think(seen(0, offered, forbidden), mind)[0]
    assert (planned.action != 2).all()
    np.testing.assert_allclose(planned.free, bare.free, rtol=1e-5)
    assert len(set(planned.action.tolist())) > 1


def test_the_same_mind_thinks_the_same_thought(agent):
    one, two = agent.think(seen(1), agent.begin(SEATS, 5)), agent.think(seen(1), agent.begin(SEATS, 5))
    assert all(np.array_equal(a, b) for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(two), strict=True))


def test_a_beginning_forgets_what_was_believed(agent):
    fresh, keys = agent.begin(SEATS, 1), agent.begin(SEATS, 1).key
    _, used = agent.think(seen(2), agent.think(seen(3), fresh)[1])
    used = used._replace(key=keys)
    one, two = agent.think(seen(4, begun=True), fresh)[0], agent.think(seen(4, begun=True), used)[0]
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
    other = agent.think(seen(4, begun=False), used)[0]
    assert not np.array_equal(one.value, other.value), "the belief must matter where nothing has just begun"


def test_the_free_policy_knows_nothing_of_the_mask(agent):
    mask = np.tile([True, False, True, False, False, True], (SEATS, 1))
    mind = agent.begin(SEATS, 2)
    one, two = agent.think(seen(5, mask), mind)[0], agent.think(seen(5), mind)[0]
    np.testing.assert_array_equal(one.free, two.free)
    np.testing.assert_array_equal(one.value, two.value)


@pytest.mark.parametrize("part", ["use_self", "use_workspace", "use_validity"])
def test_an_ablated_part_has_no_say(tiny_config, part):
    def thoughts(use: bool, wreck: bool):
        config = tiny_config.brain.model_copy(update={part: use})
        brain = Brain(config, 3)
        if wreck:
            brain = wrecked(brain, part)
        return Agent(brain, planning_coef=0.0).think(seen(6), Agent(brain).begin(SEATS, 0))[0].free

    assert not np.allclose(thoughts(True, False), thoughts(True, True), atol=1e-7)
    np.testing.assert_array_equal(thoughts(False, False), thoughts(False, True))


def wrecked(brain, part):
    """The brain with noise in the weights of one part."""
    rng = np.random.default_rng(9)

    def noise(tree):
        return jax.tree.map(lambda x: x + jnp.asarray(rng.standard_normal(x.shape), x.dtype), tree)

    def swap(get, new):
        flat, structure = jax.tree.flatten(brain)
        old = {id(leaf) for leaf in jax.tree.leaves(get(brain))}
        fresh = iter(jax.tree.leaves(new))
        return jax.tree.unflatten(structure, [next(fresh) if id(leaf) in old else leaf for leaf in flat])

    get = {
        "use_self": lambda b: b.self_model,
        "use_workspace": lambda b: b.workspace.slots,
        "use_validity": lambda b: b.world_model.heads,
    }[part]
    return swap(get, noise(get(brain)))


def test_a_brain_is_small():
    config = build.run_config({"brain": {"senses": 64}}).brain
    weights = sum(leaf.size for leaf in jax.tree.leaves(Brain(config, 0)))
    assert 300_000 < weights < 1_000_000


def test_keys_tried_here_change_the_thought_and_are_forgotten_with_the_episode(tiny_brain):
    """The same moment again, with and without what was kept of its first time."""
    agent = Agent(Brain(tiny_brain.config.model_copy(update={"use_familiar": True}), 0), greedy=True)
    _, mind = agent.think(seen(0, begun=True), agent.begin(SEATS, 0))
    nothing = mind._replace(familiar=jax.tree.map(jnp.zeros_like, mind.familiar))
    for begun, differ in ((False, True), (True, False)):
        with_it, without = (agent.think(seen(0, begun=begun), one)[0].free for one in (mind, nothing))
        assert (np.abs(with_it - without).max(1) > 1e-7).any() == differ
    assert Agent(tiny_brain).begin(1, 0).familiar is None


def test_an_imagined_key_is_as_risky_as_the_worst_of_several_draws(tiny_brain):
    """Against the risks of single draws: the worst of eight mostly lies in their uppermost fifth."""
    belief = tiny_brain.world_model.blank()
    fearful = Brain(tiny_brain.config.model_copy(update={"fears": 8}), 0)
    keys = jax.random.split(jax.random.key(1), 512)

    def single(key):
        return jax.nn.sigmoid(fearful.world_model.dream(belief, 3, key)[1].risk).max()

    singles = np.asarray(jax.jit(jax.vmap(single))(keys))
    worst = np.asarray(jax.jit(jax.vmap(lambda key: fearful.imagine(belief, 3, key).risk))(keys[:128]))
    assert singles.min() < singles.max()
    assert np.quantile(singles, 0.8) < np.median(worst) <= singles.max()


def test_an_imagined_key_is_as_risky_as_its_danger_seen_from_here(tiny_brain):
    """Never less than what is imagined without, and the danger itself where that is larger."""
    wary = Brain(tiny_brain.config.model_copy(update={"use_danger": True}), 0)
    model, belief = wary.world_model, wary.world_model.blank()
    belief = belief._replace(percept=jnp.ones_like(belief.percept))
    danger = model.foresee(model.ground(belief.h, belief.z), belief.percept).danger
    certain = eqx.tree_at(lambda brain: brain.world_model.danger.layers[-1].bias, wary, jnp.full(6, 30.0))
    for pressed in range(6):
        key = jax.random.key(pressed)
        imagined = float(jax.nn.sigmoid(model.dream(belief, pressed, key)[1].risk).max())
        seen_from_here = 1 / (1 + np.exp(-float(danger[pressed])))
        risk = float(wary.imagine(belief, jnp.int32(pressed), key).risk)
        assert risk == pytest.approx(max(imagined, seen_from_here), rel=1e-5)
        assert float(certain.imagine(belief, jnp.int32(pressed), key).risk) > 0.99
    assert tiny_brain.world_model.foresee(belief.h, belief.percept).danger is None
