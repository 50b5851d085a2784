"""Do marks say what the tests say? Edits that are tried together, against a run of each alone."""

from __future__ import annotations

import numpy as np
import pytest

from sixkeys.envs.repo.cursor import NEXT, RUN_TESTS
from sixkeys.envs.repo.edits import RepoEdit
from sixkeys.envs.repo.grammar import Candidate
from sixkeys.envs.repo.ground import Tree
from sixkeys.envs.repo.marks import HELPS, MENDS, TRIED, Mark
from sixkeys.envs.repo.outcomes import BROKE
from sixkeys.envs.repo.runner import run_cold, shared_runner
from sixkeys.envs.repo.swap import Swaps
from sixkeys.envs.repo.sweep import begun
from sixkeys.envs.repo.workbench import WorkbenchEnv

CODE = """LIMIT = 3


def count(items, most=1):
    found = 0
    while found < len(items):
        found += 2
    return found


def double(x):
    return x + x
"""
TESTS = """from m import count, double


def test_three():
    assert count([1, 2, 3]) == 3


def test_five():
    assert count([1, 2, 3, 4, 5]) == 5


def test_two():
    assert count([1, 2]) == 2


def test_double():
    assert double(2) == 4


def test_most():
    assert count.__defaults__ == (2,)
"""
FILES = {"m.py": CODE, "test_m.py": TESTS}
NAMES = ("three", "five", "two", "double", "most")
ALL = tuple(f"test_m.py::test_{name}" for name in NAMES)
FAILING = ("test_m.py::test_three", "test_m.py::test_five", "test_m.py::test_most")
RUN = {("m.py", line): frozenset({*ALL[:3]}) for line in (5, 6, 7, 8)} | {("m.py", 12): frozenset({ALL[3]})}


def swept(line: int, *edits: tuple[int, str, str]) -> list[Mark]:
    """Marks of edits (line, old, new) of m.py, tried for `line`."""
    tree = Tree(FILES, RUN)
    made = [RepoEdit("m.py", at, old, new) for at, old, new in edits]
    options = [Candidate(e, "operator.swap", e.line or 0, "", e.old, e.new) for e in made]
    sweep = begun(shared_runner(), tree, FAILING, ALL, ("m.py", line), options)
    marks = sweep.marks(sweep.result(), FILES)
    return [marks[edit] for edit in made]


def test_what_helps_what_mends_what_breaks() -> None:
    whole, part, worse, same = swept(
        7,
        (7, "        found += 2", "        found += 1"),
        (7, "        found += 2", "        found += 3 if len(items) == 3 else 2"),
        (7, "        found += 2", "        found += len(items) if len(items) > 2 else 4"),
        (7, "        found += 2", "        found += 4"),
    )
    assert whole == Mark(("m.py", 7), frozenset({ALL[4]}), 2, 0, MENDS)
    assert part == Mark(("m.py", 7), frozenset({ALL[1], ALL[4]}), 1, 0, HELPS)
    assert (worse.standing, worse.broken) == (TRIED, 1)
    assert same == Mark(("m.py", 7), frozenset({*FAILING}), 0, 0, TRIED)


def test_what_hangs_ends_or_cannot_run_does_not_help_and_stops_nothing() -> None:
    marks = swept(
        7,
        (7, "        found += 2", "        found += 0"),
        (7, "        found += 2", "        __import__('os')._exit(0)"),
        (7, "        found += 2", "        found += nowhere"),
        (7, "        found += 2", "        found += ("),
        (7, "        found += 2", "        found += 1"),
    )
    assert [mark.standing for mark in marks] == [TRIED, TRIED, TRIED, TRIED, MENDS]


def test_a_head_and_lines_outside_of_functions_are_tried_too() -> None:
    head, bad, top, last = swept(
        4,
        (4, "def count(items, most=1):", "def count(items, most=2):"),
        (4, "def count(items, most=1):", "def count(items, most=nowhere):"),
        (1, "LIMIT = 3", "LIMIT = undefined"),
        (8, "    return found\n", "    return min(found, len(items))\n"),
    )
    assert (head.standing, head.failing) == (HELPS, frozenset({*FAILING[:2]}))
    assert (bad.standing, bad.fixed) == (TRIED, 0)
    assert (top.standing, top.fixed) == (TRIED, 0)
    assert last.standing == MENDS


def test_an_edit_that_the_audit_refuses_is_not_marked() -> None:
    (cheat,) = swept(
        5, (5, "    found = 0", "    import sys; sys.modules['m'].len = len; found = 0; return len(items)")
    )
    assert cheat.fixed == 2
    assert cheat.standing == TRIED


def test_which_edits_need_no_run_of_their_own() -> None:
    swaps = Swaps("m.py", CODE)

    def variant(line: int, old: str, new: str, heads: bool = True) -> dict | None:
        edit = RepoEdit("m.py", line, old, new)
        return swaps.variant(Candidate(edit, "", line, "", old, new), [], heads)

    assert variant(8, "    return found\n", "")
    assert variant(9, "", "    return 0\n")
    assert variant(9, "", "x = 0\n") is None
    assert variant(8, "    return found\n", "found = 0\n") is None
    assert variant(1, "LIMIT = 3", "LIMIT = 4") is None
    head = variant(4, "def count(items, most=1):", "def count(items):")
    assert head
    assert head["head"]
    assert variant(4, "def count(items, most=1):", "def count(items):", heads=False) is None


@pytest.mark.parametrize("family", ["two", "refactor", "missing"])
def test_marks_agree_with_a_run_of_each_edit_alone(family: str) -> None:
    """All that help, and as many of the others: by warm runs, some by a cold pytest, too."""
    env = WorkbenchEnv(f"open_{family}")
    env.reset(seed=1)
    env.step(RUN_TESTS)
    for _ in range(8):
        env.step(RUN_TESTS)
        if env.menu.standing(env.menu.top.item) > TRIED:
            break
        env.step(NEXT)
    fails, known = set(env.menu.failing), {on[-1]: mark for on, mark in env.menu.known.items()}
    good = [edit for edit, mark in known.items() if mark.standing > TRIED]
    others = [edit for edit in known if edit not in good]
    some = np.random.default_rng(0).permutation(len(others))[:25]
    assert good
    for number, edit in enumerate([*good[:10], *(others[index] for index in some)]):
        files, mark = edit.apply(env.task.files), known[edit]
        run = run_cold(files) if number < 2 else shared_runner().run(files, env.task.tests, 20.0)
        left = {*env.task.tests} - {test.node for test in run.outcomes if test.outcome == "passed"}
        if mark.standing > TRIED:
            assert left == mark.failing
        assert (mark.standing > TRIED) == (bool(fails - left) and not left - fails)


def test_many_variants_are_screened_and_reported_in_order() -> None:
    swaps, order = Swaps("m.py", CODE), [*FAILING, ALL[2], ALL[3]]
    rows = [f"        found += {step}" for step in (2, 1, "len(items) if len(items) > 2 else 4", 0, 1)]
    edits = [RepoEdit("m.py", 7, "        found += 2", row) for row in rows]
    variants = [swaps.variant(Candidate(e, "", 7, "", e.old, e.new), order) for e in edits]
    variants = [{**variant, "probes": 3} for variant in variants if variant]
    run = shared_runner().submit(FILES, order, 20.0, variants=variants, each=0.2).result()
    assert [went.ended for went in run.variants] == ["failed", "failed", BROKE, "timeout", "failed"]
    assert [went.signs for went in run.variants][:2] == ["---", "..-.."]
