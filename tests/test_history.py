"""Is it said rightly why a bug was not fixed (`scripts/history_reasons.py`)? On plain bugs."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from sixkeys.envs.repo.grammar import Candidate, Lexicon, candidates

SCRIPTS = Path(__file__).parents[1] / "scripts"
BUGGY = '''"""Sums."""


def total(items, start):
    """The sum."""
    result = start
    for item in items:
        if item < 0:
            result += item
    return result
'''
COMPARED = BUGGY.replace("item < 0", "item > 0").replace("The sum", "The sum of what is positive")


@pytest.fixture(scope="module")
def reasons():
    sys.path.insert(0, str(SCRIPTS))
    try:
        yield importlib.import_module("history_reasons")
    finally:
        sys.path.remove(str(SCRIPTS))


def told(reasons, new: str, queue: list[Candidate], tried: dict[Candidate, str]):
    files = {"sums.py": BUGGY}
    return reasons.told(reasons.Attempt(files, {"sums.py": new}, files, queue, ["assert -1 == 1"], tried))


def queue_of(line: int) -> list[Candidate]:
    return list(candidates("sums.py", BUGGY, Lexicon.of({"sums.py": BUGGY}), [line], ("1",)))


def test_a_right_candidate_that_was_not_tried_came_too_late(reasons):
    queue = queue_of(8)
    found = told(reasons, COMPARED, queue, {})
    assert found.why == "late"
    number = next(n for n, one in enumerate(queue, 1) if (one.before, one.after) == ("<", ">"))
    assert f"number {number} of {len(queue)}" in found.reason
    assert found.needs == ("Lt becomes Gt",)
    assert found.human.endswith("if item < 0: -> if item > 0:")


def test_a_right_candidate_that_was_tried_was_refused(reasons):
    queue = queue_of(8)
    found = told(reasons, COMPARED, queue, dict.fromkeys(queue, "2 failed"))
    assert (found.why, found.reason.rsplit(": ", 1)[1]) == ("refused", "2 failed")


def test_a_line_that_nobody_suspected_is_said(reasons):
    assert told(reasons, COMPARED, queue_of(6), {}).why == "line"


def test_a_statement_that_no_family_writes_is_named(reasons):
    new = BUGGY.replace(
        "    return result", "    with open(str(start)) as file:\n        file.read()\n    return result"
    )
    found = told(reasons, new, queue_of(8), {})
    assert (found.why, found.needs) == ("no candidate", ("new With in FunctionDef.body",))


def test_of_two_edits_it_is_said_which_the_grammar_lacks(reasons):
    new = COMPARED.replace("result = start", "result = frobnicate(start, 17, 'x')")
    found = told(reasons, new, queue_of(8), {})
    assert found.why == "several edits"
    assert "needs 2 edits, the grammar has 1 of them; it lacks Name put into Call" in found.reason


def test_a_change_of_comments_alone_is_none(reasons):
    assert reasons.same(BUGGY.replace("The sum", "All"), BUGGY)
    assert not reasons.same(COMPARED, BUGGY)
