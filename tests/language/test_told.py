"""The numbers of a change: as many as the network reads, whatever was asked before, and what some mean."""

from __future__ import annotations

import inspect
import textwrap

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sixkeys.language import usual
from sixkeys.language.page import Change, Page
from sixkeys.language.told import DENSE, Reader, without

TEXT = inspect.getsource(textwrap)
SPANS = st.tuples(st.integers(0, len(TEXT)), st.integers(0, 30))
NEW = st.sampled_from(["", "x", "len(a, b)", "'wrap'", ", 1", "not width", "\n    return\n", "((", "é"])


def nothing(row: tuple[str, ...]) -> float:
    return 0.0


def change(text: str, before: str, after: str, near: str = "") -> Change:
    at = text.index(near) + len(near) if near else text.index(before)
    return Change("name.other", at, before, after, 1.0)


@given(SPANS, NEW)
def test_any_change_is_told_in_as_many_finite_numbers(where: tuple[int, int], after: str):
    start, size = where
    one = Change("any", start, TEXT[start : start + size], after, 3.0)
    numbers = Reader(Page(TEXT), usual.shipped().count).told(one)[3]
    assert len(numbers) == DENSE
    assert np.isfinite(numbers).all()


def test_what_was_told_before_changes_nothing():
    page, some = Page(TEXT, ("width",)), [change(TEXT, name, "width") for name in ("text", "lines", "self")]
    shared = Reader(page, usual.shipped().count)
    together = [shared.told(one)[3] for one in [*some, *some]]
    alone = [Reader(Page(TEXT, ("width",)), usual.shipped().count).told(one)[3] for one in some]
    assert together == [*alone, *alone]


def test_a_call_that_the_files_signature_refuses_is_told_apart():
    text = "def area(a, b):\n    return a * b\n\nx = area(1)\ny = area(1, 2)\n"
    page = Page(text)
    add, swap = change(text, "", ", 2", "x = area(1"), change(text, "1", "2", "x = area(")
    given, kept = (Reader(page, nothing).told(one)[3] for one in (add, swap))
    sense = slice(-28, -20)
    assert given[sense] == [1.0, np.log1p(1) / 3, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0]
    assert kept[sense] == [0.0, 1.0, 1.0, 0.0] * 2


def test_a_word_that_is_misspelt_is_told_from_one_that_becomes_so():
    text = "def keyword(): pass\n\ncall(kind='kyeword')\ncall(kind='keyword')\n"
    page = Page(text)
    mend, break_ = change(text, "'kyeword'", "'keyword'"), change(text, "'keyword'", "'keywrod'")
    assert Reader(page, nothing).told(mend)[3][-2:] == [1.0, 0.0]
    assert Reader(page, nothing).told(break_)[3][-2:] == [0.0, 1.0]
    assert Reader(page, nothing).told(change(text, "'kyeword'", "'call'"))[3][-2:] == [0.0, 0.0]


@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abc")))
def test_without_takes_off_as_often_as_it_is_said(some: list[str], others: list[str]):
    left = without(some, others)
    assert {t: left.count(t) for t in "abc"} == {t: max(0, some.count(t) - others.count(t)) for t in "abc"}
