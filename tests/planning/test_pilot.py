"""Are plans data, are they kept to and made anew when a condition fails, and do they get there from views
alone?"""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sixkeys import build
from sixkeys.bench.climb import climb, summaries
from sixkeys.bench.evaluate import evaluate
from sixkeys.bench.suite import find, judge, quick
from sixkeys.contract import Moment, Thinker
from sixkeys.envs.chains_sections import CLOSED, GATE, LEVER, LEVERED, SHUTTER
from sixkeys.envs.grid_layouts import DOOR_OPEN
from sixkeys.envs.pool import Pool
from sixkeys.loop import Habits, look, turn
from sixkeys.planning import pilot
from sixkeys.planning.atlas import NOTHING, Known, Thing
from sixkeys.planning.compile import Noted, Plan, advance, check, from_data, printed, to_data
from sixkeys.planning.goals import Step
from sixkeys.planning.pilot import LORE, Pilot
from sixkeys.planning.rooms import CHAINS, Rooms
from sixkeys.planning.skills import SKILLS, straight

ROOMS = Rooms(CHAINS)
CORRIDOR = Known({(0, c): Thing(1) for c in range(9)} | {(0, 5): Thing(3, 2, 1)}, (0, 0), Thing(9, 2, 5), 1.0)
"""A corridor with a door of colour 2 at 5, whose key is in hand."""
PLAN = Plan(
    ("onward", 1),
    (
        Step("open", (0, 5), (("have", 5, 2),), ("open", 0, 5)),
        Step("walk", (0, 8), (("open", 0, 5),), ("onward", 1)),
    ),
)


def make_pool(world: str, seed: int) -> Pool:
    return build.evaluation_pools(world, 1)(lambda seat, episode: seed)


# --- plans ---


def test_a_plan_becomes_keys_step_by_step() -> None:
    known, keys, plan = CORRIDOR, [], PLAN
    while len(keys) < 5:
        said = advance(plan, known, ROOMS)
        plan = said.plan
        keys.append(said.key)
        known = known._replace(at=(0, known.at[1] + (said.key == 2)))
    assert keys == [2, 2, 2, 2, 5]
    opened = known._replace(cells={**known.cells, (0, 5): Thing(4, 2)}, hand=Thing(9))
    said = advance(plan, opened, ROOMS)
    assert (said.key, said.plan.at) == (2, 1)
    assert advance(said.plan, opened._replace(passed=1), ROOMS) == (PLAN._replace(at=2), None, None)


def test_a_step_whose_need_does_not_hold_says_which() -> None:
    assert advance(PLAN, CORRIDOR._replace(hand=Thing(9)), ROOMS).failed == ("have", 5, 2)
    assert advance(PLAN._replace(at=1), CORRIDOR, ROOMS).failed == ("open", 0, 5)
    unknown = PLAN._replace(steps=(Step("take", None, (), ("have", 5, 1)),))
    assert advance(unknown, CORRIDOR, ROOMS).failed == ("have", 5, 1)


def test_a_plan_can_be_printed() -> None:
    assert printed(PLAN) == (
        "onward 1:\n> 1 open at 0,5 until open 0 5, needs have 5 2\n"
        "  2 walk at 0,8 until onward 1, needs open 0 5"
    )


conditions = st.lists(st.one_of(st.integers(-99, 99), st.text(max_size=5)), min_size=1, max_size=4).map(tuple)
places = st.one_of(st.none(), st.tuples(st.integers(-99, 99), st.integers(-99, 99)))
steps = st.builds(
    Step, st.sampled_from(sorted(SKILLS)), places, st.lists(conditions, max_size=3).map(tuple), conditions
)
plans = st.builds(Plan, conditions, st.lists(steps, max_size=4).map(tuple), st.integers(0, 4))


@given(plans)
def test_a_plan_goes_through_json_unchanged(plan: Plan) -> None:
    assert from_data(json.loads(json.dumps(to_data(plan)))) == plan


def test_a_plan_with_an_unknown_skill_is_refused() -> None:
    data = to_data(PLAN)
    data["steps"][0]["skill"] = "fly"
    with pytest.raises(ValueError, match=r"unknown skills \['fly'\]; possible: walk, explore"):
        from_data(data)


def test_a_trace_that_leaves_its_plan_is_told() -> None:
    opened = CORRIDOR._replace(cells={**CORRIDOR.cells, (0, 5): Thing(4, 2)})
    good = [Noted(CORRIDOR, PLAN), Noted(opened, PLAN._replace(at=1))]
    assert check(good, ROOMS) == []
    skipped = [Noted(CORRIDOR, PLAN), Noted(CORRIDOR, PLAN._replace(at=1))]
    assert check(skipped, ROOMS) == [
        "turn 1: step 1 was left, but not open 0 5",
        "turn 1: step 2 needs open 0 5",
    ]
    empty = [Noted(CORRIDOR._replace(hand=Thing(9)), PLAN)]
    assert check(empty, ROOMS) == ["turn 0: step 1 needs have 5 2"]
    assert check(good[::-1], ROOMS) == ["turn 1: the plan went back from step 2"]


def test_without_skills_a_step_is_straight() -> None:
    def go(skill: str, target: tuple[int, int]) -> int | None:
        move = straight(CORRIDOR, skill, target, ROOMS.enters)
        return ROOMS.press(move, CORRIDOR) if move else None

    assert (go("walk", (3, 8)), go("walk", (3, 0)), go("open", (0, 1))) == (2, None, 5)


# --- the planner ---


def test_it_is_a_thinker_and_says_which_worlds_it_knows() -> None:
    thinker: Thinker = Pilot()
    pool = make_pool("tools:tools_mixed", 0)
    with pytest.raises(
        ValueError, match=r"nothing is known of world 5; there is lore of worlds \[1, 10, 2\]"
    ):
        turn(pool, pool.reset(), thinker, thinker.begin(1, 0), True)


@pytest.mark.parametrize(
    ("world", "least"),
    [("chains:chain_12", 39), ("chains:chain_50", 39), ("grid:grid_mixed", 39), ("grid:grid_house", 39)],
)
def test_it_gets_there_and_needs_no_hints(world: str, least: int) -> None:
    pools = build.evaluation_pools(world, 20)
    unmasked, masked = (evaluate(Pilot(), pools, 40, hints, seed=5) for hints in (False, True))
    assert unmasked.success.sum() >= least
    np.testing.assert_array_equal(unmasked.steps, masked.steps)
    assert (unmasked.steps >= unmasked.oracle_steps)[unmasked.success].all()


def test_without_goals_it_wastes_keys() -> None:
    pools = build.evaluation_pools("chains:chain_100", 20)
    nearest, planned = (
        evaluate(Pilot(goals=goals), pools, 20, False).success.sum() for goals in (False, True)
    )
    assert planned == 20
    assert nearest <= 12


def shut_again(pool: Pool) -> bool:
    """Shuts a gate that a lever has opened, and turns the lever back, behind the agent's back."""
    state = pool.worlds[0].state()
    cells = state["cells"][0]
    opened = (cells & 255 == DOOR_OPEN) & (cells >> 16 & 255 == GATE + LEVERED)
    if not opened.any():
        return False
    colour = int(cells[opened][0]) >> 8 & 255
    cells[opened] += SHUTTER - DOOR_OPEN + (CLOSED << 16)
    cells[(cells & 255 == LEVER) & (cells >> 8 & 255 == colour) & (cells >> 16 & CLOSED == 1)] ^= CLOSED << 16
    pool.worlds[0].restore(state)
    return True


def test_a_door_that_is_shut_again_makes_a_new_plan() -> None:
    seen = 0
    for seed in range(12):
        pool, thinker = make_pool("chains:chain_50", seed), Pilot()
        now, mind, failures, shut = pool.reset(), thinker.begin(1, 0), [], False
        while not (now.outcome.terminated[0] or now.outcome.truncated[0]):
            step, mind = turn(pool, now, thinker, mind, False)
            now = step.then
            seat = mind.seats[0]
            failures += [entry.failed for entry in seat.journal[-1:] if shut and entry.turn == seat.turn]
            walks = seat.plan and [step.skill for step in seat.plan.steps[seat.plan.at :]][:1] == ["walk"]
            if not shut and walks and shut_again(pool):
                shut = True
                observation, offered = pool.worlds[0].observe()
                now = now._replace(observation=observation, offered=offered)
        seen += shut
        assert now.outcome.success[0] or pool.worlds[0].state()["pressed"][0] > 100
        if shut and now.outcome.success[0]:
            assert any(failed and failed[0] == "open" for failed in failures)
    assert seen >= 3


def test_a_mind_goes_through_json_and_presses_the_same_keys() -> None:
    for goals in (True, False):
        pool, thinker = make_pool("chains:chain_100", 8), Pilot(goals=goals)
        now, mind, keys, resumed = pool.reset(), thinker.begin(1, 0), [], []
        for number in range(120):
            if number == 60:
                state, at, data = pool.state(), now, json.dumps(pilot.to_data(mind))
            step, mind = turn(pool, now, thinker, mind, False)
            now = step.then
            keys.append(int(step.thought.action[0]))
        pool.restore(state)
        now, mind = at, pilot.from_data(json.loads(data))
        for _ in range(60):
            step, mind = turn(pool, now, Pilot(goals=goals), mind, False)
            now = step.then
            resumed.append(int(step.thought.action[0]))
        assert resumed == keys[60:]


def test_other_hands_may_press_keys_in_between() -> None:
    """A tenth of the keys are not the planner's: it goes on from wherever they have led."""
    chance, solved = np.random.default_rng(0), 0
    for seed in range(6):
        pool, thinker = make_pool("chains:chain_50", seed), Pilot()
        now, mind = pool.reset(), thinker.begin(1, 0)
        while not (now.outcome.terminated[0] or now.outcome.truncated[0]):
            thought, mind = thinker.think(look(now, False, Habits()), mind)
            key = int(chance.integers(6)) if chance.random() < 0.1 else int(thought.action[0])
            mind = mind._replace(seats=(mind.seats[0]._replace(key=key),))
            now = pool.step(np.array([key]))
        solved += bool(now.outcome.success[0])
    assert solved >= 5


class NoUse:
    """A guard that forbids `use`."""

    def forbids(self, now: Moment, seat: int, action: int) -> str | None:
        return "hands off" if action == 5 else None


def test_a_law_is_kept() -> None:
    pool, thinker = make_pool("chains:chain_12", 3), Pilot()
    now, mind = pool.reset(), thinker.begin(1, 0)
    for _ in range(30):
        step, mind = turn(pool, now, thinker, mind, False, Habits(guards=(NoUse(),)))
        now = step.then
        assert step.thought.action[0] != 5


def test_the_bench_plays_it_where_a_gate_names_it() -> None:
    case = quick(find("chain_12"))
    pools = build.evaluation_pools("chains:chain_12", case.seats)
    results = list(climb(case, build.planners(case), pools))
    assert [result.passed for result in judge(case, summaries(results, case))] == [True]
    assert build.planners(find("grid_key")) == {}


def test_every_lore_is_of_its_own_world() -> None:
    assert {number: lore.world for number, lore in LORE.items()} == {number: number for number in LORE}
    assert ROOMS.holds(("open", 3, 3), Known({}, (0, 0), NOTHING, 1.0))
