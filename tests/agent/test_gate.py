"""How long does the self-model think? Levels by head, nothing where nothing can be won, laws kept."""

import jax.numpy as jnp
import numpy as np
import pytest
from test_brain import SEATS, seen

from sixkeys.agent import gate
from sixkeys.agent.agent import Agent
from sixkeys.agent.brain import Brain
from sixkeys.agent.self_model import Me


def me(success, surprise=0.0):
    zero = jnp.float32(0.0)
    return Me(jnp.float32(success), zero, zero, jnp.float32(surprise), jnp.zeros(16))


def test_levels_by_head():
    stakes = np.array([0.0, 0.023, 0.025, 0.071, 0.073, 0.43, 0.44, 1.0])
    assert gate.simulations(stakes, 1e-3).tolist() == [0, 0, 8, 8, 32, 32, 128, 128]
    assert gate.simulations(stakes, 10.0).tolist() == [0] * 8


def test_a_stake_by_head():
    even, sure = jnp.zeros(6), jnp.asarray([50.0, 0, 0, 0, 0, 0])
    assert float(gate.stake(me(0.0), even)) == pytest.approx(1)
    assert float(gate.stake(me(0.0, 4.0), even)) == pytest.approx(0.5)
    assert float(gate.stake(me(50.0), even)) == pytest.approx(0, abs=1e-6)
    assert float(gate.stake(me(0.0), sure)) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("simulations", [0, 8])
def test_searching_keeps_laws_and_is_counted(tiny_config, simulations):
    changes = {"planner": "search", "simulations": simulations, "simulation_cost": 0.002}
    brain = Brain(tiny_config.brain.model_copy(update=changes), 3)
    agent, forbidden = Agent(brain, True, 5.0), np.zeros((SEATS, 6), bool)
    forbidden[:, 2] = True
    thought, mind = agent.think(seen(0, forbidden=forbidden), agent.begin(SEATS, 0))
    bare, bare_mind = Agent(brain, True, 0.0).think(seen(0, forbidden=forbidden), agent.begin(SEATS, 0))
    assert (thought.action != 2).all()
    assert set(thought.imagined.tolist()) <= ({8} if simulations else set(gate.LEVELS))
    assert not bare.imagined.any()
    np.testing.assert_allclose(thought.free, bare.free, rtol=1e-5)
    np.testing.assert_array_equal(mind.key, bare_mind.key)
    np.testing.assert_array_equal(mind.action, thought.action)


def test_the_gate_searches_as_without_it_where_it_asks_for_as_much(tiny_config):
    def thought(simulations, cost):
        changes = {"planner": "search", "simulations": simulations, "simulation_cost": cost}
        agent = Agent(Brain(tiny_config.brain.model_copy(update=changes), 3), True, 5.0)
        return agent.think(seen(0), agent.begin(SEATS, 0))[0]

    fixed, nothing = thought(8, 1e-3), thought(0, 10.0)
    gated = thought(0, 0.02)
    assert set(gated.imagined.tolist()) <= {0, 8}
    assert gated.imagined.any()
    np.testing.assert_array_equal(gated.action[gated.imagined == 8], fixed.action[gated.imagined == 8])
    np.testing.assert_array_equal(gated.action[gated.imagined == 0], nothing.action[gated.imagined == 0])
