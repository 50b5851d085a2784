"""What the tree and the tokens say, against Python's own tree and on modules of the standard library."""

from __future__ import annotations

import argparse
import ast
import configparser
import heapq
import inspect
import textwrap
from collections import Counter
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sixkeys.language.page import TOKEN, Page
from sixkeys.language.sense import Sense, calls, idle, names

TEXT = '''import os

LIMIT = 3


def area(width, height=2, *, deep=None):
    """The area."""
    total = width * wdth
    return total + late


class Box:
    def __init__(self, side):
        late = side
        self.side = late

    def more(self, *others):
        return [one for one in others if one in LIMIT]
'''


def tokens(text: str) -> list[str]:
    return TOKEN.findall(text)


NAMES = st.sampled_from(["f", "g", "len", "self.items.append", "x"])
ATOMS = st.sampled_from(["a", "1", "'s'", "[a, b]", "(a, b)", "{a: b}", "a[1, 2]", "()", "(a)"])
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: st.builds(
        lambda name, given, key, end: f"{name}({', '.join([*given, *key])}{end if given or key else ''})",
        NAMES, st.lists(inner, max_size=3), st.sampled_from([[], ["key=a"], ["*a", "**b"]]),
        st.sampled_from(["", ","]),
    ),
    max_leaves=8,
)  # fmt: skip


@given(EXPRESSIONS)
def test_calls_are_those_of_the_tree(text: str):
    expected = Counter(
        (node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func),
         len(node.args) + len(node.keywords))
        for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)
    )  # fmt: skip
    assert calls(tokens(text)) == expected


def test_definitions_and_brackets_after_words_of_python_are_no_calls():
    assert calls(tokens("def f(a, b):\n    return (a, b)\nclass C(B):\n    pass\nif (a): g(")) == Counter()


@pytest.mark.parametrize("module", [argparse, configparser, heapq, textwrap], ids=lambda m: m.__name__)
def test_no_name_of_a_sound_module_is_unbound_and_a_strange_one_is(module: ModuleType):
    text = inspect.getsource(module)
    sense = Sense(text, [])
    loads = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)]
    assert len(loads) > 100
    for node in loads:
        rooms = sense.around(node.lineno)
        assert not sense.named(rooms, node.lineno, node.id).unbound, node.id
        assert sense.named(rooms, node.lineno, node.id + "_strange").unbound


def test_what_a_name_is_depends_on_where_it_is_said():
    sense = Sense(TEXT, tokens(TEXT))
    line = TEXT.split("\n").index("    total = width * wdth") + 1
    rooms = sense.around(line)
    assert [room.first for room in rooms] == [1, line - 2]
    said = {name: sense.named(rooms, line, name) for name in ("width", "height", "wdth", "LIMIT", "len")}
    assert said["width"] == (False, False, True, 1)
    assert said["height"] == (False, False, True, 0)
    assert said["wdth"][:3] == (True, False, False)
    assert said["LIMIT"][:3] == said["len"][:3] == (False, False, False)
    assert sense.named(rooms, line, "late").unbound, "another function binds it"
    assert sense.named(rooms, line - 1, "total").late


def test_signatures_say_which_calls_they_refuse():
    sense = Sense(TEXT, tokens(TEXT))
    assert sense.takes == {"area": (1, 3), "Box": (1, 1), "more": (0, float("inf"))}
    assert [sense.refuses(("area", count)) for count in range(5)] == [True, False, False, False, True]
    assert sense.refuses(("Box", 0))
    assert not sense.refuses(("more", 9))
    assert not sense.refuses(("unknown", 9))


def test_a_file_that_does_not_parse_accuses_no_name():
    sense = Sense("def f(:\n  x = (", tokens("def f(:\n  g(1)"))
    assert not sense.named(sense.around(1), 1, "x").unbound
    assert sense.calls == {("g", 1): 1}


@pytest.mark.parametrize(
    ("text", "nothing"),
    [("seen", True), ("self.items", True), ("a and not b", True), ("seen.add(x)", False), ("x = y", False),
     ("return x", False), ("del x", False), ("'words'", False), ("", False), ("for x in y:", False)],
)  # fmt: skip
def test_a_statement_that_does_nothing(text: str, nothing: bool):
    assert idle(tokens(text)) is nothing


def test_names_are_variables():
    assert names(tokens("self.total + area(height=x, b=1) if y else None")) == ["self", "area", "x", "y"]
    assert names(("items",), ".", "(") == []
    assert names(("a",), "(", "=") == []


def test_a_statement_goes_over_lines_and_ends_with_its_brackets():
    text = "x = 1\ny = area(\n    1,\n    2,\n)\nz = 3\n"
    page = Page(text)
    at = text.index("2")
    span = page.span(at, at + 1)
    assert span.sides == (tuple(tokens("y = area( 1,")), tuple(tokens(", )")))
    assert span.calls == {("area", 2): 1}
    assert span.number == 4
