"""Bugs put into sound code: what each kind does, that it is a bug, and that one seed gives one bug."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import script

injury_script = script("injury")
REAL, Injury, injure = injury_script.REAL, injury_script.Injury, injury_script.injure

SAMPLE = '''"""A shop."""


def price(items, rate, limit=3, strict=True):
    """What items cost."""
    total, names = 0, ["a", "b", "c"]
    for item in items:
        if item.cost > limit and item.name.strip() in names:
            total += round(item.cost * rate, ndigits=2)
    if not strict or total is None:
        return min(total, limit)
    return {"total": int(total), "names": names[-1], "kind": "sum"}
'''


def only(kind: str, source: str) -> set[str]:
    """Everything that injuries of one kind make of a one-line source."""
    lines = range(1, source.count("\n") + 2)
    found = [injure(source, lines, seed, {kind: 1.0}) for seed in range(40)]
    return {injury.text for injury in found if injury is not None}


@pytest.mark.parametrize(
    ("kind", "source", "bugs"),
    [
        ("identifier", "x = a + b", {"x = x + b", "x = b + b", "x = a + x", "x = a + a"}),
        ("function_name", "f(g(1))", {"g(g(1))", "f(f(1))"}),
        ("function_name", "a.f(b.g())", {"a.g(b.g())", "a.f(b.f())"}),
        ("attribute", "a.x = b.y", {"a.y = b.y", "a.x = b.x"}),
        ("lost_attribute", "x = b.y", {"x = b"}),
        ("wrong_caller", "a.f(b)", {"b.f(b)"}),
        ("fewer_arguments", "f(a, k=1)", {"f(a)"}),
        ("more_arguments", "f(a)", {"f(a, a)"}),
        ("swapped_arguments", "f(a, b)", {"f(b, a)"}),
        ("keyword_name", "f(a=1); g(b=2)", {"f(b=1); g(b=2)", "f(a=1); g(a=2)"}),
        ("lost_call_around", "x = int(y)", {"x = y"}),
        ("lost_method_call", "x = y.strip()", {"x = y"}),
        ("lost_element", "x = [1, 2, 3]", {"x = [1, 2]"}),
        ("boolean_literal", "x = True", {"x = False"}),
        ("constant_type", "x = 3", {"x = '3'"}),
        ("lost_condition", "x = a and b", {"x = a"}),
        ("added_condition", "x = a or b", {"x = a"}),
        ("negation", "x = not a", {"x = a"}),
        ("operators", "x = a not in b", {"x = a in b"}),
        ("operators", "x = a <= b", {"x = a < b"}),
    ],
)
def test_what_each_kind_does(kind: str, source: str, bugs: set[str]):
    assert only(kind, source) == bugs


def test_numbers_strings_and_operands_change():
    assert {"x = 6", "x = 4", "x = 50", "x = 0", "x = 1", "x = 2"} == only("numeric_literal", "x = 5")
    assert only("string_literal", "x = 'Ab'") >= {"x = 'AB'", "x = 'ab'", "x = 'A'", "x = 'b'", "x = ''"}
    assert only("binary_operand", "x = a + 1") == {"x = a + x", "x = a + a"}


@given(seed=st.integers(0, 10_000))
def test_an_injury_is_another_program_in_one_place(seed: int):
    injury = injure(SAMPLE, range(6, 13), seed)
    assert isinstance(injury, Injury)
    assert injury.kind in REAL
    assert ast.dump(ast.parse(injury.text)) != ast.dump(ast.parse(SAMPLE))
    assert 6 <= injury.line <= 12
    assert injury.before in SAMPLE
    sound, hurt = SAMPLE.splitlines(), injury.text.splitlines()
    assert sound[:5] == hurt[:5]
    differ = [n for n, (a, b) in enumerate(zip(sound, hurt, strict=True), 1) if a != b]
    assert differ == [injury.line]


def test_one_seed_one_bug_and_many_kinds():
    found = [injure(SAMPLE, range(6, 13), seed) for seed in range(300)]
    assert found == [injure(SAMPLE, range(6, 13), seed) for seed in range(300)]
    kinds = [injury.kind for injury in found if injury is not None]
    assert len(set(kinds)) >= 15
    assert kinds.count("string_literal") > kinds.count("swapped_arguments")


def test_nothing_to_hurt():
    assert injure("import os\n", range(1, 2), 0) is None
    assert injure('"""Only words."""\n', range(1, 2), 0) is None
    with pytest.raises(SyntaxError):
        injure("def f(:\n", range(1, 2), 0)
