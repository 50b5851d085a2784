"""Does a person's knowledge of MiniGrid fit the real package, and does it get through its hard tasks?"""

from __future__ import annotations

import pytest
from minigrid.core.constants import IDX_TO_OBJECT

from sixkeys import build, loop
from sixkeys.bench.evaluate import evaluate
from sixkeys.envs import grid_layouts, minigrid
from sixkeys.envs.minigrid import FAMILIES, MiniGridEnv
from sixkeys.loop import Habits, look
from sixkeys.planning import mazes
from sixkeys.planning.atlas import AHEAD, Known, Thing
from sixkeys.planning.mazes import Mazes
from sixkeys.planning.pilot import Pilot, SeatMind
from sixkeys.planning.skills import Move

HARD = (
    "KeyCorridorS3R3-v0", "MemoryS13-v0", "MultiRoom-N4-S5-v1", "LockedRoom-v0", "ObstructedMaze-2Dlh-v0",
)  # fmt: skip


def world(task: str) -> str:
    return f"minigrid:MiniGrid-{task}"


def test_numbers_are_those_of_the_world() -> None:
    keys = [mazes.LEFT, mazes.RIGHT, mazes.FORWARD, mazes.PICKUP, mazes.DROP, mazes.TOGGLE]
    names = [name.upper() for name in minigrid.KEY_NAMES]
    assert [getattr(mazes, name) for name in names] == keys == list(range(6))
    assert mazes.MINIGRID == minigrid.WORLD
    assert FAMILIES.index("Memory") + 1 == mazes.MEMORY
    assert FAMILIES.index("UnlockPickup") + 1 == mazes.UNLOCK_PICKUP
    kinds = {1: grid_layouts.KEY, 2: grid_layouts.BALL, 3: grid_layouts.BOX}
    assert (
        {minigrid._CARRIED[name]: minigrid._KINDS[name] for name in minigrid._CARRIED} == kinds == mazes.HELD
    )


@pytest.mark.parametrize("task", [*HARD, "DoorKey-8x8-v0", "FourRooms-v0"])
def test_the_map_is_the_grid_as_it_was_last_seen(task: str) -> None:
    """Where it believes to be, what it holds, and every cell within sight, against MiniGrid's own."""
    env, thinker = MiniGridEnv(f"MiniGrid-{task}"), Pilot()
    env.reset(seed=7)
    pool = build.evaluation_pools(world(task), 1)(lambda seat, episode: 7)
    inner, now, mind = env.task, pool.reset(), thinker.begin(1, 0)
    (x, y), turned = inner.agent_pos, inner.agent_dir
    for _ in range(60):
        thought, mind = thinker.think(look(now, False, Habits()), mind)
        known = known_of(mind.seats[0])
        assert (known.facing + turned) % 4 == inner.agent_dir
        for (row, column), thing in known.cells.items():
            across, down = turn((column, row), turned)
            if inner.in_view(x + across, y + down) and (row, column) != known.at:
                assert_same(thing, inner.grid.get(int(x + across), int(y + down)))
        across, down = turn((known.at[1], known.at[0]), turned)
        assert (x + across, y + down) == tuple(inner.agent_pos)
        kind = mazes.HELD.get(known.hand.state)
        assert kind == (inner.carrying and minigrid._KINDS[inner.carrying.type])
        now = pool.step(thought.action)
        if now.begun[0]:
            break
        env.step(int(thought.action[0]))
    env.close()


def known_of(seat: SeatMind) -> Known:
    assert seat.known is not None
    return seat.known


def turn(step: tuple[int, int], turns: int) -> tuple[int, int]:
    """(right, down) as it is in the grid, of a step in a map whose first view looked right."""
    for _ in range(turns):
        step = (-step[1], step[0])
    return step


def assert_same(thing: Thing, real: object) -> None:
    code = getattr(real, "encode", lambda: (1, 0, 0))()
    name, colour, state = IDX_TO_OBJECT[code[0]], code[1] + 1, code[2]
    opened = name == "door" and state == 0
    assert thing.kind == (grid_layouts.DOOR_OPEN if opened else minigrid._KINDS[name])
    if name in ("door", "key", "ball", "box"):
        assert thing.colour == colour
    if name == "door":
        assert thing.state == {0: 0, 1: 1, 2: 3}[state]


@pytest.mark.parametrize("facing", range(4))
def test_it_turns_the_short_way_before_it_acts(facing: int) -> None:
    known = Known({}, (5, 5), Thing(9), 1.0, facing=facing)
    for turns, key in enumerate((mazes.FORWARD, mazes.RIGHT, mazes.RIGHT, mazes.LEFT)):
        down, along = AHEAD[(facing + turns) % 4]
        place = (5 + down, 5 + along)
        assert Mazes().press(Move(place), known) == key
        uses = {"take": mazes.PICKUP, "drop": mazes.DROP, "open": mazes.TOGGLE}
        for use, does in uses.items():
            assert Mazes().press(Move(place, use), known) == (does if turns == 0 else key)


@pytest.mark.parametrize("task", HARD)
def test_hard_tasks_are_solved_from_views_alone(task: str) -> None:
    done = evaluate(Pilot(), build.evaluation_pools(world(task), 10), 20, False, seed=3)
    assert done.success.sum() >= 19


def test_without_goals_it_does_worse() -> None:
    pools = build.evaluation_pools(world("KeyCorridorS3R3-v0"), 10)
    with_goals, without = (evaluate(Pilot(goals), pools, 20, False, seed=3) for goals in (True, False))
    assert with_goals.success.sum() > without.success.sum()


def test_in_narrow_rooms_it_knows_where_to_put_a_thing_down() -> None:
    """KeyCorridorS3R3: rooms of one cell, all of them beside doors."""
    pool = build.evaluation_pools("minigrid:MiniGrid-KeyCorridorS3R3-v0", 8)(
        lambda seat, n: 300 + seat + 8 * n
    )
    pilot = Pilot()
    now, mind, won = pool.reset(), pilot.begin(8, 0), 0
    for _ in range(150):
        step, mind = loop.turn(pool, now, pilot, mind, False)
        assert all(seat.plan for seat, ended in zip(mind.seats, step.then.begun, strict=True) if not ended)
        assert not step.then.outcome.invalid.any()
        now, won = step.then, won + step.then.outcome.success.sum()
    pool.close()
    assert won >= 16
