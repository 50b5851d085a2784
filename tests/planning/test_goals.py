"""Does the search find the cheapest plan, needs first, on graphs of conditions of which all plans can be
listed?"""

from __future__ import annotations

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from sixkeys.planning.atlas import NOTHING, Known, Place, Sight
from sixkeys.planning.goals import Condition, Step, search
from sixkeys.planning.skills import Move

HERE = Known({}, (0, 0), NOTHING, 1.0)


class Table:
    """A lore that is a table: condition number -> ways, each (cost, numbers of what it needs)."""

    world = 0

    def __init__(self, ways: dict[int, list[tuple[int, tuple[int, ...]]]], true: set[int]):
        self.table, self.true = ways, true

    def see(self, known: Known | None, sight: Sight, key: int) -> Known:
        return HERE

    def press(self, move: Move, known: Known) -> int:
        return 0

    def goal(self, known: Known) -> Condition:
        return ("c", 0)

    def holds(self, condition: Condition, known: Known) -> bool:
        return condition[1] in self.true

    def ways(self, condition: Condition, known: Known) -> list[Step]:
        number = int(condition[1])
        return [
            Step("walk", (number, place), tuple(("c", need) for need in needs), condition)
            for place, (_, needs) in enumerate(self.table.get(number, []))
        ]

    def keys(self, step: Step, start: Place, known: Known) -> float:
        assert step.target is not None
        return self.table[step.target[0]][step.target[1]][0]

    def choices(self, known: Known) -> list[Step]:
        return []

    def enters(self, thing: object) -> bool:
        return True


def cheapest(lore: Table) -> int | None:
    """The cost of the best of all plans: one way is picked for each condition, in every combination."""
    numbers, best = sorted(lore.table), None
    for picks in product(*(range(len(lore.table[n])) for n in numbers)):
        chosen = dict(zip(numbers, picks, strict=True))
        cost = _cost(lore, 0, chosen, frozenset(), set())
        if cost is not None and (best is None or cost < best):
            best = cost
    return best


def _cost(lore: Table, number: int, chosen: dict, above: frozenset, made: set) -> int | None:
    if number in lore.true or number in made:
        return 0
    if number in above or number not in chosen:
        return None
    cost, needs = lore.table[number][chosen[number]]
    for need in needs:
        more = _cost(lore, need, chosen, above | {number}, made)
        if more is None:
            return None
        cost += more
    made.add(number)
    return cost


ways = st.lists(
    st.tuples(st.integers(1, 9), st.lists(st.integers(0, 5), max_size=3).map(tuple)), min_size=1, max_size=3
)
tables = st.dictionaries(st.integers(0, 5), ways, min_size=1, max_size=5)


@settings(max_examples=300)
@given(tables, st.sets(st.integers(1, 5), max_size=3))
def test_the_cheapest_of_all_plans_is_found_and_its_needs_come_first(table: dict, true: set) -> None:
    lore = Table(table, true)
    steps = search(lore, ("c", 0), HERE)
    wanted = cheapest(lore)
    assert (steps is None) == (wanted is None)
    if steps is None:
        return
    assert sum(lore.keys(step, (0, 0), HERE) for step in steps) == wanted
    proved: set[Condition] = {("c", number) for number in true}
    for step in steps:
        assert set(step.needs) <= proved
        proved.add(step.proves)
    assert ("c", 0) in proved


def test_what_needs_itself_has_no_plan() -> None:
    assert search(Table({0: [(1, (1,))], 1: [(1, (0,))]}, set()), ("c", 0), HERE) is None


def test_what_two_steps_need_is_done_once() -> None:
    steps = search(
        Table({0: [(1, (1, 2))], 1: [(1, (3,))], 2: [(1, (3,))], 3: [(5, ())]}, set()), ("c", 0), HERE
    )
    assert steps is not None
    assert [step.proves[1] for step in steps] == [3, 1, 2, 0]
