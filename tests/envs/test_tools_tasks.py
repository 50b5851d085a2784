"""Are the tools real, the truths independent of them, and the traps where they are said to be?"""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sixkeys.envs.tools_operations import (
    KINDS,
    MISSING,
    MIXED,
    OPERATIONS,
    TWINS,
    WRONG_KIND,
    WRONG_UNIT,
    Desk,
    Kind,
    Row,
    ToolError,
    Value,
    call,
)
from sixkeys.envs.tools_tasks import FAMILIES, HELDOUT, TRAINED, Task, generate, recipes

BY_TITLE = {operation.title: operation for operation in OPERATIONS}
DESK = Desk(
    files={"a/note-1.txt": "2024-02-27: 14 x AB-12, fig", "a/fig-2.txt": "2025-01-01: 3 x CD-34"},
    owners={"a/note-1.txt": 1, "a/fig-2.txt": 2},
    store={("AB-12", "price"): 250},
    sheets={"price": [Row("CD-34", 99, False), Row("AB-12", 240, True), Row("AB-12", 250, False)]},
)


def given_(title: str, *data: object, case: int = 1, stale: bool = False) -> Value:
    """What an operation gives for data of the right kinds."""
    operation = BY_TITLE[title]
    places = zip(operation.places, data, strict=True)
    return call(operation, DESK, [Value(kind, case, item, stale) for kind, item in places])


@pytest.mark.parametrize(
    ("title", "data", "expected"),
    [
        ("find in contents", ("fig",), "a/note-1.txt"),
        ("find in file names", ("fig",), "a/fig-2.txt"),
        ("read file", ("a/fig-2.txt",), "2025-01-01: 3 x CD-34"),
        ("code in text", ("2025-01-01: 3 x CD-34",), "CD-34"),
        ("count in text", ("2025-01-01: 3 x CD-34",), 3),
        ("date in text", ("2025-01-01: 3 x CD-34",), date(2025, 1, 1)),
        ("make label", ("bolt", "CD-34"), "BOLT CD-34"),
        ("sheet: price", ("CD-34",), 99),
        ("store: price", ("AB-12",), 250),
        ("price x count (euros)", (Fraction(5, 2), 3), Fraction(15, 2)),
        ("length: m to cm", (Fraction(7, 2),), 350),
        ("length: cm to ft", (Fraction(3048, 10),), 10),
        ("mass: g to lb", (Fraction("453.59237"),), 1),
        ("price: euros to cents", (Fraction(5, 4),), 125),
        ("date + days", (date(2024, 2, 27), 3), date(2024, 3, 1)),
        ("days between", (date(2023, 2, 27), date(2023, 3, 1)), 2),
        ("weekday of due", (date(2000, 1, 1),), "Saturday"),
    ],
)
def test_tools_do_what_a_person_would(title: str, data: tuple, expected: object) -> None:
    assert given_(title, *data).data == expected


def test_what_a_result_belongs_to() -> None:
    assert given_("find in file names", "fig").case == 2
    assert given_("sheet: price", "AB-12") == Value(Kind("price", "cents"), 1, 240, stale=True)
    assert given_("length: m to cm", 1, case=3, stale=True) == Value(Kind("length", "cm"), 3, 100, True)


@pytest.mark.parametrize(
    ("title", "values", "error"),
    [
        ("store: price", [Value(Kind("code"), 1, "CD-34")], MISSING),
        ("sheet: price", [Value(Kind("code"), 1, "ZZ-99")], MISSING),
        ("find in contents", [Value(Kind("word"), 1, "plum")], MISSING),
        ("code in text", [Value(Kind("text"), 1, "nothing")], MISSING),
        ("read file", [Value(Kind("word"), 1, "a/fig-2.txt")], WRONG_KIND),
        ("length: m to cm", [Value(Kind("length", "cm"), 1, 5)], WRONG_UNIT),
        ("make label", [Value(Kind("name"), 1, "bolt"), Value(Kind("code"), 2, "CD-34")], MIXED),
    ],
)
def test_tools_refuse_with_a_reason(title: str, values: list[Value], error: int) -> None:
    with pytest.raises(ToolError) as refused:
        call(BY_TITLE[title], DESK, values)
    assert refused.value.number == error


def outcome(task: Task, number: int) -> str:
    """What comes of an operation on the true values: right, or how not."""
    operation = OPERATIONS[number - 1]
    try:
        result = call(operation, task.desk, [task.truth[place] for place in operation.places])
    except ToolError as refusal:
        return str(refusal)
    if result == task.truth[operation.gives]:
        return "right"
    return "stale" if result.stale else "astray" if result.case != task.case else "false"


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(list(FAMILIES)), st.integers(0, 2**31 - 1))
def test_truths_are_what_the_tools_find_but_for_planted_faults(name: str, seed: int) -> None:
    """The generator's facts and the tools are two implementations of the same 31 operations."""
    task = generate(name, seed)
    assert set(task.truth) == set(KINDS)
    twins = {number for pair in TWINS.items() for number in pair}
    on_menu = {operation.number for operation in task.menu}
    for operation in OPERATIONS:
        found = outcome(task, operation.number)
        if operation.number not in twins or operation.number not in on_menu:
            assert found == "right", operation.title
        else:
            wrong = "missing" if operation.tool == "store" or operation.number == 1 else "stale"
            assert found in ("right", "astray" if operation.number == 2 else wrong)
    for first, second in TWINS.items():
        assert "right" in (outcome(task, first), outcome(task, second))


@pytest.mark.parametrize("name", FAMILIES)
def test_tasks_are_what_their_family_says(name: str) -> None:
    calls, faults = set(), 0
    for seed in range(150):
        task = generate(name, seed)
        steps = {
            operation.gives: operation for operation in reversed(task.menu) if operation.gives in task.steps
        }
        assert task.family == name
        assert set(task.steps) == set(steps)
        have = {value.kind for value in task.shelf if value == task.truth[value.kind]}
        for step, uses in zip(task.steps, task.uses, strict=True):
            assert step not in have
            assert have.issuperset(uses)
            have.add(step)
        assert any(value.case != task.case for value in task.shelf)
        assert len(task.menu) <= 7
        assert len({operation.number for operation in task.menu}) == len(task.menu)
        calls.add(len(task.steps))
        broken = [o for o in task.menu if outcome(task, o.number) != "right"]
        faults += len(broken)
        assert name == "tools_faults" or len(broken) <= 1
        if name == "tools_faults":
            ways = [o for o in task.menu if o.number in TWINS or o.number in TWINS.values()]
            assert len(broken) == len(ways) / 2 == 2
    low, high = FAMILIES[name].calls
    assert calls == set(range(low, high + 1))
    assert faults > 10 or not any(n in TWINS for recipe in recipes(name) for n in recipe)


def test_held_out_recipes_are_in_no_training_family() -> None:
    trained = {recipe for name in TRAINED for recipe in recipes(name)}
    for name in FAMILIES:
        tools = [{OPERATIONS[number - 1].tool for number in recipe} for recipe in recipes(name)]
        assert all(({"table", "dates"} <= used) == (name == "tools_novel") for used in tools)
    for name in ("tools_novel", "tools_long"):
        assert trained.isdisjoint(recipes(name))
        assert len(recipes(name)) >= 9
    assert all(family.faults == (0.35, 0.0) for family in TRAINED.values())
    assert HELDOUT["tools_faults"].faults == (1.0, 1.0)


def test_the_mix_draws_every_training_family_and_no_other() -> None:
    drawn = [generate("tools_mixed", seed).family for seed in range(400)]
    assert set(drawn) == set(TRAINED)
    assert min(map(drawn.count, TRAINED)) > 30
    assert generate("tools_mixed", 5)[:7] == generate(drawn[5], 5)[:7]
    assert {generate("tools_heldout", seed).family for seed in range(60)} == set(HELDOUT)
