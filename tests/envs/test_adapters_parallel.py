"""Are foreign agents seats of a world, and do third-party packages keep the laws?"""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from gymnasium import spaces

from sixkeys.build import make_world
from sixkeys.contract import episode_seed
from sixkeys.envs.adapters import wrap
from sixkeys.envs.adapters_parallel import ParallelWorld
from sixkeys.envs.check_world import check_world
from sixkeys.envs.pool import Pool


class Race:
    """Three runners on a line of PettingZoo's parallel interface: key 1 runs, who is at 3 leaves."""

    possible_agents = ("a", "b", "c")

    def __init__(self) -> None:
        self.agents: list[str] = []

    def observation_space(self, agent: str) -> spaces.Space:
        return spaces.Dict({"observation": spaces.Discrete(10), "action_mask": spaces.MultiBinary(2)})

    def action_space(self, agent: str) -> spaces.Space:
        return spaces.Discrete(2)

    def reset(self, seed: int | None = None, options: dict | None = None) -> tuple[dict, dict]:
        self.agents = list(self.possible_agents)
        self.place = dict.fromkeys(self.agents, int(np.random.default_rng(seed).integers(2)))
        return self._look(), {agent: {} for agent in self.agents}

    def _look(self) -> dict:
        return {
            agent: {"observation": self.place[agent], "action_mask": np.array([1, self.place[agent] < 3])}
            for agent in self.agents
        }

    def step(self, actions: dict) -> tuple[dict, dict, dict, dict, dict]:
        assert list(actions) == self.agents
        for agent, action in actions.items():
            self.place[agent] += int(action)
        there = {agent: self.place[agent] == 3 for agent in self.agents}
        seen, reward = self._look(), {agent: float(there[agent]) for agent in self.agents}
        nobody = dict.fromkeys(self.agents, False)
        self.agents = [agent for agent in self.agents if not there[agent]]
        return seen, reward, there, nobody, {agent: {} for agent in there}

    def close(self) -> None: ...


class TurnRace(Race):
    """What PettingZoo calls an AEC environment: agents take turns."""

    def agent_iter(self) -> tuple[str, ...]:
        return self.possible_agents


def race(games: int = 2) -> ParallelWorld:
    return ParallelWorld([Race() for _ in range(games)], max_steps=6)


def test_agents_are_rows_and_a_game_ends_for_all_at_once() -> None:
    world = race()
    world.reset(np.ones(6, bool), np.arange(6))
    start = world.observe()[0]["patch"][:, 0, 0, 0].astype(int)
    assert start.tolist() == [int(np.random.default_rng(seed).integers(2)) for seed in (0, 0, 0, 3, 3, 3)]
    everyone = np.ones(6, bool)
    for turn in range(1, 7):
        outcome = world.step(np.array([1, 0, 0, 1, 1, 1]), everyone)
        observation, offered = world.observe()
        assert outcome.reward[0] == (start[0] + turn == 3)
        assert observation["patch"][0, 0, 0, 0] == min(start[0] + turn, 3)
        if start[0] + turn >= 3:
            assert offered[0].tolist() == [True] + [False] * 5
        if start[3] + turn == 3:
            assert outcome.terminated.tolist() == [False] * 3 + [True] * 3
            assert outcome.success.tolist() == [False] * 3 + [True] * 3
            everyone[3:] = False
    assert outcome.terminated.tolist() == [True, False, False, False, False, False]
    assert outcome.truncated.tolist() == [False, True, True, False, False, False]
    assert outcome.success.tolist() == [True] + [False] * 5
    with pytest.raises(ValueError, match="game 1 has ended"):
        world.step(np.zeros(6, int), ~everyone)


def only_alone_and_still(findings: list[str]) -> bool:
    """Whether a game of many breaks just the two laws that no game of many can keep."""
    return all(
        finding.startswith(("alone: seat", "still: ValueError: step of a part")) for finding in findings
    )


def test_a_game_of_many_keeps_the_laws_it_can_and_plays_in_a_pool() -> None:
    assert only_alone_and_still(check_world(race, steps=40))
    pool = Pool([wrap(Race(), max_steps=6), race(1)], lambda seat, episode: episode_seed(0, seat, episode))
    moment, chance = pool.reset(), np.random.default_rng(0)
    ends = 0
    for _ in range(60):
        moment = pool.step(chance.integers(0, 6, pool.seats))
        ended = (moment.outcome.terminated | moment.outcome.truncated).reshape(2, 3)
        assert (ended.all(axis=1) == ended.any(axis=1)).all()
        ends += int(ended.all(axis=1).sum())
        assert moment.offered.any(axis=1).all()
    assert ends > 10
    assert moment.observation["ids"][:, 3].tolist() == [0, 1, 2, 0, 1, 2]


def test_a_part_of_a_game_and_turns_are_refused() -> None:
    world = race()
    with pytest.raises(ValueError, match="all 3 rows of a game or none"):
        world.reset(np.arange(6) < 2, np.zeros(6, int))
    with pytest.raises(ValueError, match="aec_to_parallel"):
        wrap(TurnRace())


# --- packages that are extras ---

EXTRAS = [
    ("minatar", "gym:minatar.gym:MinAtar/Breakout-v1", 2),
    ("minatar", "gym:minatar.gym:MinAtar/SpaceInvaders-v1", 2),
    ("lbforaging", "gym:lbforaging:Foraging-8x8-2p-1f-v3", 4),
    ("mpe2", "zoo:mpe2.simple_spread_v3", 3),
    ("pymunk", "zoo:pettingzoo.butterfly.cooperative_pong_v6", 2),
]


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize(("package", "name", "seats"), EXTRAS, ids=[name for _, name, _ in EXTRAS])
def test_a_third_party_world_keeps_the_laws(package: str, name: str, seats: int) -> None:
    pytest.importorskip(package, reason=f"{name} needs the package {package}, an extra")
    findings = check_world(partial(make_world, name, seats), steps=20)
    many = isinstance(make_world(name, seats), ParallelWorld)
    assert only_alone_and_still(findings) if many else findings == []
    if many:
        with pytest.raises(ValueError, match="give a multiple of"):
            make_world(name, seats + 1)
