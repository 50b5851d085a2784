"""Worlds through PettingZoo's parallel interface, by its own checker and against the world itself."""

import warnings

import numpy as np
import pytest

from sixkeys.build import make_world
from sixkeys.contract import World
from sixkeys.envs.parallel import ParallelEnv

NAMES = [
    ("", "grid:grid_mixed", 3),
    ("", "tools:tools_mixed", 2),
    ("lbforaging", "gym:lbforaging:Foraging-8x8-2p-1f-v3", 2),
    ("mpe2", "zoo:mpe2.simple_spread_v3", 3),
    ("pymunk", "zoo:pettingzoo.butterfly.cooperative_pong_v6", 2),
]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:.*Overriding environment.*")
@pytest.mark.parametrize(("package", "name", "seats"), NAMES, ids=[name for _, name, _ in NAMES])
def test_pettingzoo_finds_nothing_wrong(package: str, name: str, seats: int) -> None:
    checker = pytest.importorskip("pettingzoo.test", reason="PettingZoo's checker needs pettingzoo, an extra")
    if package:
        pytest.importorskip(package, reason=f"{name} needs the package {package}, an extra")
    agents = ParallelEnv(make_world(name, seats))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        checker.parallel_api_test(agents, num_cycles=300)
    assert [str(w.message) for w in told if "agent" in str(w.message).lower()] == []
    agents.close()


def played(world: World, seed: int, keys: np.ndarray) -> list[float]:
    """Rewards of seat 0 of a world that is stepped by hand."""
    rows = np.ones(world.seats, bool)
    world.reset(rows, seed + np.arange(world.seats))
    rewards = []
    for key in keys:
        outcome = world.step(np.full(world.seats, key), rows)
        rewards.append(float(outcome.reward[0]))
        rows = rows & ~(outcome.terminated | outcome.truncated)
        if not rows[0]:
            break
    return rewards


@pytest.mark.parametrize("seed", range(5))
def test_an_agent_earns_what_its_seat_does(seed: int) -> None:
    keys = np.random.default_rng(seed).integers(0, 6, 200)
    agents, rewards = ParallelEnv(make_world("grid:grid_mixed", 2)), []
    seen, info = agents.reset(seed=seed)
    for key in keys:
        assert agents.observation_space("seat_0").contains(dict(seen["seat_0"]))
        offered = info["seat_0"]["action_mask"][key]
        seen, reward, ended, cut, info = agents.step(dict.fromkeys(agents.agents, key))
        assert info["seat_0"]["invalid"] == (not offered)
        rewards.append(reward["seat_0"])
        if ended["seat_0"] or cut["seat_0"]:
            break
    assert rewards == played(make_world("grid:grid_mixed", 2), seed, keys)
    assert "seat_0" not in agents.agents


def test_seeds_repeat_and_differ() -> None:
    agents = ParallelEnv(make_world("grid:grid_mixed", 2))

    def first(seed: int | None) -> np.ndarray:
        return agents.reset(seed=seed)[0]["seat_0"]["patch"]

    one, later = first(7), first(None)
    assert (first(7) == one).all()
    assert (first(None) == later).all()
    assert not (first(8) == one).all()
