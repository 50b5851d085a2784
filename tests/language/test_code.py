"""What the network is told of a change, and that it ranks as its definition says."""

from __future__ import annotations

import numpy as np
import pytest

from sixkeys.language import code
from sixkeys.language.code import BAGS, HIDDEN, KINDS, MEETINGS, SEEN, WIDTH, Weights
from sixkeys.language.page import Change, Page, step_of
from sixkeys.language.told import DENSE

TEXT = '''import os


def area(width, height):
    """The area."""
    return width * width


def long(
    one,
    two=2,
):
    total = one
    return total
'''


def change(before: str, after: str, near: str, kind: str = "name.other") -> Change:
    """A change of `before`, found after the text `near`."""
    at = TEXT.index(near) + len(near)
    assert TEXT.startswith(before, at)
    return Change(kind, at, before, after, 8.0)


CHANGES = [
    change("width", "height", "    return width * "),
    change("*", "+", "    return width ", "operator.swap"),
    change("total", "two", "    return "[:0] + "= one\n    return "),
    change("2", "3", "two=", "number.near"),
    change("", "\n    pass", "total = one", "statement.add"),
]


def weights(seed: int = 0) -> Weights:
    random = np.random.default_rng(seed)
    shapes = [(code.BUCKETS, WIDTH), (KINDS, WIDTH), (SEEN + DENSE, HIDDEN), (HIDDEN,), (HIDDEN,)]
    return Weights(*(random.normal(0, 0.3, shape).astype(np.float32) for shape in shapes))


def test_a_score_is_what_the_definition_says():
    """Bag by bag and unit by unit, in plain Python, against the vectorised network."""
    some, page = weights(), Page(TEXT, ("height",))
    told = code.read(page, CHANGES)
    got = code.score(some, told)
    for row in range(len(CHANGES)):
        bags = []
        for bag in range(len(BAGS)):
            inside = told.tokens[told.homes == row * len(BAGS) + bag]
            bags.append(sum((some.tokens[t] for t in inside), np.zeros(WIDTH)) / max(len(inside), 1))
        seen = [
            *bags,
            *(bags[a] * bags[b] for a, b in MEETINGS),
            some.kinds[told.kinds[row]],
            told.dense[row],
        ]
        flat = np.concatenate(seen)
        hidden = [max(0.0, float(flat @ some.inner[:, unit] + some.shift[unit])) for unit in range(HIDDEN)]
        assert got[row] == pytest.approx(
            sum(h * o for h, o in zip(hidden, some.outer, strict=True)), rel=1e-3
        )


def test_a_score_does_not_depend_on_the_other_changes():
    some, page = weights(), Page(TEXT)
    together = code.score(some, code.read(page, CHANGES))
    alone = [code.score(some, code.read(Page(TEXT), [one]))[0] for one in CHANGES]
    assert together == pytest.approx(np.array(alone), rel=1e-4)


def test_what_stands_around_a_span():
    page = Page(TEXT)
    one = CHANGES[0]
    span = page.span(one.start, one.start + len(one.before))
    assert span.around == ("width", "*", "def", "long")
    assert span.line == {"return": 1, "width": 2, "*": 1}
    assert span.parameters == {"width", "height"}
    assert span.function["width"] == 3
    assert span.function["height"] == 1
    total = CHANGES[2]
    assert page.span(total.start, total.start + 5).parameters == {"one", "two"}


def test_a_step_is_what_is_really_changed():
    """A word among others: what both texts begin and end with counts as what stands around."""
    page = Page("x = self.items.copy() + 1\n")
    one = Change("attribute.other", 4, "self.items.copy()", "self.order.copy()", 1.0)
    step = step_of(one, page.span(4, 21))
    assert step == (("self", ".", ".", "copy"), ("items",), ("order",))
    wrap = Change("wrap.call", 4, "self.items", "len(self.items)", 1.0)
    assert step_of(wrap, page.span(4, 14)).new == ("len", "(", "self", ".", "items", ")")
    more = Change("argument.add", 20, "", "a, a", 1.0)
    assert step_of(more, page.span(20, 20)).around == ("copy", "(", ")", "+")
    same = Change("operand.drop", 4, "a + a", "a", 1.0)
    assert step_of(same, Page("x = a + a").span(4, 9))[1:] == (("+", "a"), ())


def test_lines_know_their_functions():
    lines = TEXT.split("\n")
    functions = Page(TEXT).functions
    assert functions[lines.index("    return width * width")][0] == lines.index("def area(width, height):")
    assert functions[lines.index("    total = one")][0] == lines.index("def long(")
    assert functions[0] == (0, len(lines))


def test_what_the_assertion_says_is_told():
    silent, said = (code.read(Page(TEXT, pieces), CHANGES[:1]).dense for pieces in ((), ("height",)))
    assert (silent != said).any()


def test_no_changes_and_an_empty_file_are_no_error():
    assert len(code.score(weights(), code.read(Page(TEXT), []))) == 0
    empty = code.read(Page(""), [Change("x", 0, "", "pass", 1.0)])
    assert code.score(weights(), empty).shape == (1,)


def test_the_shipped_network_prefers_what_a_person_would_write():
    """`width * height` where a parameter is not used, to other names; not the order of the list."""
    names = ("os", "long", "height", "area", "total")
    options = [change("width", name, "    return width * ") for name in names]
    found = code.rank(TEXT, options)
    assert names[int(found.argmax())] == "height"
    assert found.min() > 0.0
    assert len(code.rank(TEXT, [])) == 0
