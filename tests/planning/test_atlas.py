"""Is the map the world, as far as it was seen, and are ways over it shortest?"""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sixkeys import build
from sixkeys.envs import chains_sections, grid_layouts
from sixkeys.envs.chains import ChainWorld
from sixkeys.loop import turn
from sixkeys.planning import atlas, rooms
from sixkeys.planning.atlas import NOTHING, Known, Sight, Thing, far, key_to, way
from sixkeys.planning.pilot import Pilot
from sixkeys.planning.rooms import CHAINS, Rooms

GROUND = frozenset({1})


def test_kinds_are_the_worlds_own() -> None:
    names = {"FLOOR": "FLOOR", "DOOR_OPEN": "DOOR_OPEN", "DOOR": "DOOR_CLOSED", "KEY": "KEY", "GOAL": "GOAL",
             "ENERGY": "ENERGY", "BALL": "BALL", "BOX": "BOX", "CARPET": "CARPET"}  # fmt: skip
    assert {ours: getattr(rooms, ours) for ours in names} == {
        o: getattr(grid_layouts, t) for o, t in names.items()
    }
    for name in ("LEVER", "SHUTTER", "SEAL", "PAD"):
        assert getattr(rooms, name) == getattr(chains_sections, name)
    bits = (chains_sections.CLOSED, chains_sections.GATE, chains_sections.LEVERED)
    assert bits == (rooms.SHUT, rooms.GATE, rooms.LEVERED)
    assert [build.make_world(w, 1).world_spec.world for w in ("grid:grid_key", "chains:chain_12")] == [1, 10]


def test_the_map_is_the_world_at_every_key_of_an_episode() -> None:
    """Where the planner thinks it is, and what it thinks lies there, against the world's hidden state."""
    for seed in range(4):
        pool = build.evaluation_pools("chains:chain_100", 1)(lambda seat, episode, seed=seed: seed)
        world: ChainWorld = pool.worlds[0]
        thinker, now = Pilot(), pool.reset()
        mind, start, wide = thinker.begin(1, 0), int(world.state()["at"][0]), world._wide
        while not (now.outcome.terminated[0] or now.outcome.truncated[0]):
            state = world.state()
            step, mind = turn(pool, now, thinker, mind, False)
            now, known = step.then, mind.seats[0].known
            assert start + known.at[0] * wide + known.at[1] == state["at"][0]
            held = int(state["hand"][0])
            assert (known.hand.colour, known.hand.state) == (held >> 8 & 255, held & 255)
            assert known.passed == state["section"][0]
            for (row, column), thing in known.cells.items():
                cell = int(state["cells"][0, start + row * wide + column])
                if (cell & 255) != grid_layouts.CARPET and (row, column) != known.at:
                    assert thing == Thing(cell & 255, cell >> 8 & 255, cell >> 16 & 255)
        assert now.outcome.success[0]


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 0.5))
def test_ways_are_shortest_by_flooding(seed: int, walls: float) -> None:
    ground = np.random.default_rng(seed).random((9, 9)) > walls
    ground[4, 4] = True
    cells = {(r, c): Thing(1 if ground[r, c] else 2) for r, c in np.ndindex(9, 9)}
    known = Known(cells, (4, 4), NOTHING, 1.0)
    reached, steps = np.zeros((11, 11), bool), np.full((9, 9), -1)
    reached[5, 5] = True
    for step in range(82):
        steps[(steps < 0) & reached[1:-1, 1:-1]] = step
        grown = reached[:-2, 1:-1] | reached[2:, 1:-1] | reached[1:-1, :-2] | reached[1:-1, 2:]
        reached[1:-1, 1:-1] |= grown & ground

    def enters(thing: Thing) -> bool:
        return thing.kind in GROUND

    assert far(known, (4, 4), enters) == {
        (r, c): int(steps[r, c]) for r, c in np.argwhere(steps >= 0).tolist()
    }
    for goal in ((0, 0), (8, 3), (4, 4)):
        found = way(known, (4, 4), {goal}, enters)
        assert (found is None) == (steps[goal] < 0)
        if found is not None:
            assert len(found) == steps[goal]
            here = (4, 4)
            for place in found:
                assert key_to(here, place) in (1, 2, 3, 4)
                here = place
            assert here == goal


numbers = st.integers(-50, 50)
things = st.builds(Thing, st.integers(0, 31), st.integers(0, 31), st.integers(0, 15))


@given(st.dictionaries(st.tuples(numbers, numbers), things, max_size=9))
def test_a_map_goes_through_json_unchanged(cells: dict) -> None:
    known = Known(cells, (3, -4), Thing(9, 1, 5), 0.25, 3, 1, 0, (2, 2))
    assert atlas.from_data(json.loads(json.dumps(atlas.to_data(known)))) == known
    assert atlas.from_data(json.loads(json.dumps(atlas.to_data(known._replace(home=None))))).home is None


def test_a_map_forgets_what_is_far() -> None:
    cells = {(0, column): Thing(1) for column in range(100)}
    seen = atlas.look(Known(cells, (0, 50), NOTHING, 1.0), Sight(np.zeros((9, 9, 3), np.uint8), 1.0))
    assert sorted(seen.cells) == [(0, column) for column in range(50 - atlas.REACH, 51 + atlas.REACH)]


CONDITIONS = [
    (("open", 0, 1), False), (("open", 0, 3), True), (("have", 5, 2), True), (("have", 5, 3), False),
    (("seen", 13, 4), True), (("seen", 13, 0), True), (("seen", 13, 5), False), (("way out",), True),
    (("onward", 1), True), (("onward", 2), False), (("used", 3), True), (("near", 0, 1), True),
    (("near", 9, 9), False), (("unheard",), False),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "holds"), CONDITIONS)
def test_conditions_are_read_from_the_map(condition: tuple, holds: bool) -> None:
    cells = {
        (0, 0): Thing(1),
        (0, 1): Thing(3, 2, 1),
        (0, 2): Thing(1),
        (0, 3): Thing(4, 2, 2),
        (1, 0): Thing(13, 4),
    }
    known = Known(cells, (0, 0), Thing(9, 2, 5), 1.0, uses=3, passed=1)
    assert Rooms(CHAINS).holds(condition, known) is holds
