"""Does the workbench lead to every line and back? Properties of the cursor on generated trees; no test is
run."""

from __future__ import annotations

import ast
import functools
import math

import numpy as np
import pytest

from sixkeys.contract import KEYS
from sixkeys.envs.repo import cursor
from sixkeys.envs.repo.bodies import bodies
from sixkeys.envs.repo.cursor import (
    BACK,
    EDITS,
    FAILED,
    KINDS,
    NEXT,
    NO_OP,
    OPEN,
    RUN_TESTS,
    SEARCH,
    VIEWS,
    Bench,
    fresh,
)
from sixkeys.envs.repo.edits import RepoEdit
from sixkeys.envs.repo.grammar import Lexicon
from sixkeys.envs.repo.ground import Fault, Tree
from sixkeys.envs.repo.marks import HELPS, MENDS, TRIED, UNTRIED, mark
from sixkeys.envs.repo.open_tasks import FAMILIES, OpenTask, generate
from sixkeys.envs.repo.oracle import plan, right
from sixkeys.envs.repo.skills import apply_and_run, next_line, skilled, undo_and_go_on


@functools.cache
def task(family: str, seed: int = 0, heldout: bool = False) -> OpenTask:
    return generate(family, seed, heldout)


def diagnosed(of: OpenTask) -> Bench:
    """The bench after the first run."""
    return fresh(of.tree).ran(of.failing[frozenset()], False)


def pressed(bench: Bench, *keys: int) -> Bench:
    for key in keys:
        assert bench.offers(key)
        bench = bench.press(key)
    return bench


def wandered(bench: Bench, seed: int, keys: int) -> Bench:
    """After random offered keys; every run fails as the one before, and no edit that is tried helps."""
    chance = np.random.default_rng(seed)
    for _ in range(keys):
        key = int(chance.choice(np.flatnonzero(bench.offered())))
        if key != RUN_TESTS:
            bench = bench.press(key)
        else:
            bench = swept(bench) if bench.tested else bench.ran(bench.failing, False)
    return bench


def swept(bench: Bench, of: OpenTask | None = None, mended: frozenset[str] = frozenset()) -> Bench:
    """After RUN_TESTS has tried edits: those of known repairs go well, the others do not help."""
    at, marks = bench.top.item.at, dict.fromkeys([option.edit for option in bench.scope()], frozenset[str]())
    good = {
        edit: frozenset(of.failing[mended | {fault.function}])
        for fault in (of.faults if of else ())
        if fault.function not in mended
        for edit in right(bench, fault).edits
    }
    after = {edit: good.get(edit, frozenset(bench.failing)) for edit in marks}
    concerned = bench.tree.concerned(at, bench.failing)
    return bench.marked({edit: mark(at, bench.failing, left, concerned) for edit, left in after.items()})


def sound(bench: Bench, fault: Fault) -> bool:
    """Does the faulty function read as it should?"""
    found = [
        n for n in ast.parse(bench.tree.files[fault.path]).body if getattr(n, "name", "") == fault.function
    ]
    return ast.unparse(found[0]) == ast.unparse(ast.parse(fault.sound))


def test_before_the_first_run_nothing_can_be_opened() -> None:
    bench = fresh(task("single").tree)
    assert np.flatnonzero(bench.offered()).tolist() == [NO_OP, RUN_TESTS]
    assert all(bench.press(key) is bench for key in (NEXT, OPEN, BACK, SEARCH))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_line_of_every_file_can_be_reached(family: str) -> None:
    of = task(family)
    bench, met = diagnosed(of), set()
    for _ in bench.top.items:
        if bench.top.item.sort == "file":
            lines = pressed(bench, OPEN)
            for _ in lines.top.items:
                met.add(lines.top.item.at)
                lines = lines.press(NEXT)
        bench = pressed(bench, NEXT)
    assert bench == diagnosed(of)
    rows = {path: text.split("\n") for path, text in of.files.items() if not path.startswith("test_")}
    assert met == {(path, n) for path, text in rows.items() for n, row in enumerate(text, 1) if row.strip()}


@pytest.mark.parametrize("family", FAMILIES)
def test_back_undoes_open_and_search_and_nothing_is_a_dead_end(family: str) -> None:
    of = task(family)
    for seed in range(6):
        bench = wandered(diagnosed(of), seed, 25)
        offered = bench.offered()
        for key in (OPEN, SEARCH):
            if offered[key]:
                assert bench.press(key) != bench
                assert bench.press(key).press(BACK) == bench
        if offered[NEXT]:
            assert pressed(bench, *[NEXT] * len(bench.top.items)) == bench
        assert all(bench.press(key) is bench for key in range(KEYS) if not offered[key])
        assert pressed(bench, *[NO_OP] * len(VIEWS)) == bench
        while bench.offers(BACK):
            bench = bench.press(BACK)
        assert bench.tree.files == of.files
        assert bench.edits == ()


def test_an_edit_that_is_opened_is_on_and_a_run_shows_its_root() -> None:
    bench = pressed(diagnosed(task("single")), OPEN, OPEN, OPEN)
    (edit,) = bench.edits
    assert bench.tree.files == edit.apply(task("single").files)
    assert bench.offers(RUN_TESTS)
    failed = pressed(bench, NEXT, OPEN).ran(bench.failing, False)
    assert failed.tested
    assert failed.scope()
    assert failed.phase == FAILED
    assert failed.top.cursor == 0
    assert (edit,) in failed.tried
    again = failed.press(BACK)
    assert again.edits == ()
    assert again.top.item.candidate.edit == edit
    assert bench.ran((), True).fixed
    assert np.flatnonzero(bench.ran((), True).offered()).tolist() == [NO_OP]


@pytest.mark.parametrize("family", FAMILIES)
def test_every_list_is_ordered(family: str) -> None:
    bench = diagnosed(task(family))
    lists = [bench.top, pressed(bench, OPEN).top, pressed(bench, OPEN, OPEN).top]
    assert [frame.phase for frame in lists[1:]] == [KINDS, EDITS]
    for frame in lists:
        scores = [item.score for item in frame.items if item.sort in ("line", "kind", "edit")]
        assert scores == sorted(scores, reverse=True)
    sorts = [item.sort for item in lists[0].items]
    assert sorts == sorted(sorts, key=["line", "test", "file"].index)


def test_a_given_rank_orders_the_edits() -> None:
    def longest(source, options, pieces):
        assert source in task("single").files.values()
        assert pieces
        return [len(option.after) for option in options]

    ranked = generate("single", 0, rank=longest)
    kinds = pressed(diagnosed(ranked), OPEN)
    sizes = [len(option.candidate.after) for item in kinds.top.items for option in item.group.edits]
    assert kinds.top.items[0].group.edits[0].score == max(sizes)


def test_suspicion_is_ochiais() -> None:
    text = "def f(x):\n    y = x\n    return y\n"
    covered = {("m.py", 2): frozenset({"t::a", "t::b"}), ("m.py", 3): frozenset({"t::a"})}
    tree = Tree({"m.py": text, "test_m.py": ""}, covered, frozenset({("m.py", 2)}))
    blame = tree.suspects(("t::a",))
    assert blame[("m.py", 3)] == 1.0
    assert blame[("m.py", 2)] == pytest.approx(1 / math.sqrt(2) + 0.5)
    assert next(iter(blame)) == ("m.py", 2)
    assert tree.suspects(()) == {}


def test_what_is_known_of_lines_moves_with_an_edit() -> None:
    text = "def f(x):\n    y = x\n    return y\n"
    at = {("m.py", n): frozenset({f"t::{n}"}) for n in (2, 3)}
    tree = Tree({"m.py": text}, at, frozenset({("m.py", 3)}))
    longer = tree.edited(RepoEdit("m.py", 2, "    y = x\n", "    y = x\n    y += 1\n"))
    assert longer.covered == {("m.py", 2): frozenset({"t::2"}), ("m.py", 4): frozenset({"t::3"})}
    assert longer.changed == {("m.py", 4)}
    shorter = longer.edited(RepoEdit("m.py", 3, "    y += 1\n    return y\n", "    return y\n"))
    assert shorter.files == tree.files


def test_a_search_finds_definition_and_uses() -> None:
    files = {
        "a.py": "from b import low\n\n\ndef top(x):\n    return low(x)\n",
        "b.py": "def low(x):\n    y = x + 1\n    return y\n",
        "test_a.py": "from a import top\n\n\ndef test_top():\n    assert top(1) == 1\n",
    }
    covered = {("a.py", 5): frozenset({"test_a.py::test_top"})}
    bench = fresh(Tree(files, covered)).ran(("test_a.py::test_top",), False)
    assert bench.top.item.at == ("a.py", 5)
    hits = pressed(bench, SEARCH).top
    assert {item.at for item in hits.items} == {("a.py", 1), ("b.py", 1), ("b.py", 2), ("b.py", 3)}


def test_an_empty_function_is_offered_bodies_and_a_full_one_none() -> None:
    def texts(source: str) -> set[str]:
        tree = Tree({"m.py": source}, {})
        return {option.after for option in bodies("m.py", tree.parsed["m.py"], 2, Lexicon.of(tree.files))}

    found = texts("def f(a, b):\n    pass\n\n\ndef g(x):\n    return x\n")
    assert {"return a + b", "return b - a", "return sum(b)", "return g(a)"} <= found
    assert "return f(a, b)" not in found
    assert texts("def f(a, b):\n    return None\n")
    assert not texts("def f(a, b):\n    return a\n")


@pytest.mark.parametrize("family", ["single", "regression", "refactor", "missing"])
def test_no_shorter_way_makes_the_function_sound(family: str) -> None:
    """All ways, breadth first, as deep as is one key short of the oracle's."""
    of = next(found for seed in range(60) if len((found := task(family, seed)).keys) <= 7)
    fault = of.faults[0]
    edge, met = [diagnosed(of)], set()
    for _ in range(len(of.keys) - 3):
        follow = []
        for bench in edge:
            for key in (RUN_TESTS, NEXT, OPEN, BACK, SEARCH):
                if key == RUN_TESTS and not (bench.tested and bench.offers(key)):
                    continue
                after = swept(bench, of) if key == RUN_TESTS else bench.press(key)
                frames = ((f.phase, f.items[0], len(f.items), f.cursor, f.edit) for f in after.frames)
                name = (tuple((p, i.at, i.text, *rest) for p, i, *rest in frames), *sorted(after.swept))
                if name not in met:
                    met.add(name)
                    follow.append(after)
        edge = follow
        assert not any(sound(bench, fault) for bench in edge)
    end = diagnosed(of)
    for key in of.keys[1:-1]:
        end = swept(end, of) if key == RUN_TESTS else pressed(end, key)
    assert sound(end, fault)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_oracle_finds_back_from_anywhere(family: str) -> None:
    of = task(family)
    for seed in range(2):
        bench = wandered(diagnosed(of), seed, 8)
        keys = plan(bench, of.faults, of.failing)
        assert keys
        for key in keys:
            assert bench.offers(key)
            mended = frozenset(f.function for f in of.faults if sound(bench, f))
            if key == RUN_TESTS and bench.tested:
                bench = swept(bench, of, mended)
            elif key == RUN_TESTS:
                bench = bench.ran(of.failing[mended], not of.failing[mended])
            else:
                bench = bench.press(key)
        assert bench.fixed


def test_skills_do_what_they_are_called() -> None:
    bench = diagnosed(task("single"))
    deep = pressed(bench, OPEN, OPEN)
    assert pressed(deep, *next_line(deep)).top.cursor == 1
    last = pressed(bench, *[NEXT] * (sum(item.sort == "line" for item in bench.top.items) - 1))
    assert pressed(last, *next_line(last)).top.cursor == 0
    keys = apply_and_run(bench)
    assert keys == [OPEN, OPEN, OPEN, RUN_TESTS]
    failed = pressed(bench, *keys[:-1]).ran(bench.failing, False)
    assert pressed(failed, *undo_and_go_on(failed)).top.cursor == 1
    assert skilled(failed) == undo_and_go_on(failed)
    assert skilled(fresh(bench.tree)) == [RUN_TESTS]
    assert skilled(bench) == [RUN_TESTS]
    assert skilled(swept(bench)) == [NEXT]
    helped = pressed(bench, *keys[:-1]).ran(bench.failing[1:], False)
    assert helped.helped
    assert skilled(helped) == [RUN_TESTS]


def test_the_skilled_mends_what_marks_show() -> None:
    """Of two bugs, too: with marks as the known repairs deserve them, no real run needed."""
    for family in ("single", "two"):
        of = task(family)
        bench, mended = diagnosed(of), frozenset[str]()
        for _ in range(60):
            for key in skilled(bench):
                mended = frozenset(f.function for f in of.faults if sound(bench, f))
                if key == RUN_TESTS and bench.tested:
                    bench = swept(bench, of, mended)
                elif key == RUN_TESTS:
                    bench = bench.ran(of.failing[mended], not of.failing[mended])
                else:
                    bench = pressed(bench, key)
            if bench.fixed:
                break
        assert bench.fixed


@pytest.mark.parametrize("keys", [(), (OPEN,), (OPEN, OPEN)])
def test_what_helps_comes_to_the_top_of_every_list(keys: tuple[int, ...]) -> None:
    """Marks at random: the order is by standing, then by tests that are fixed, then as before."""
    of = task("single")
    bench, chance = pressed(diagnosed(of), *keys), np.random.default_rng(0)
    at, fails = bench.top.item.at, bench.failing
    other = next(test for test in of.tests if test not in fails)
    options = [fails, fails[1:], (), (*fails, other), (other,)]
    after = {o.edit: options[int(chance.choice(5, p=[0.6, 0.1, 0.1, 0.1, 0.1]))] for o in bench.scope()}
    marks = {edit: mark(at, fails, left, fails) for edit, left in after.items()}
    assert {m.standing for m in marks.values()} >= {TRIED, MENDS}
    assert all((m.standing == MENDS) == (after[edit] == ()) for edit, m in marks.items())
    assert all((m.standing == HELPS) == (after[edit] == fails[1:]) for edit, m in marks.items() if fails[1:])
    now = bench.marked(marks)
    assert not now.scope()
    assert now.tree == bench.tree
    assert [frame.phase for frame in now.frames] == [frame.phase for frame in bench.frames]
    assert now.top.cursor == 0
    assert now.standing(now.top.item) == max(m.standing for m in marks.values())
    edits = pressed(now, *[OPEN] * (2 - len(keys))).top
    standings = [now.standing(item) for item in edits.items]
    assert standings == sorted(standings, reverse=True)
    assert standings[0] == MENDS
    assert {i.candidate.edit for i in edits.items} <= set(after)
    failing = [item.score for item in edits.items if now.standing(item) == TRIED]
    assert failing == sorted(failing, reverse=True)


def test_marks_belong_to_the_edits_that_were_on() -> None:
    of = task("two")
    bench = swept(diagnosed(of), of)
    changed = pressed(bench, OPEN, OPEN, OPEN).ran(bench.failing, False)
    assert changed.standing(changed.top.item) == UNTRIED
    assert changed.scope()
    back = pressed(changed, BACK, BACK, BACK)
    assert back.standing(back.top.item) == bench.standing(bench.top.item)
    assert not back.scope()


def test_one_key_tries_the_likeliest_only() -> None:
    def long(source, options, pieces):
        return [len(option.after) for option in options]

    bench = diagnosed(generate("single", 0, rank=long))
    every = bench.tree.candidates(bench.top.item.at, bench.tree.pieces(bench.failing))
    assert set(bench.scope()) == set(every)
    old, cursor.MOST = cursor.MOST, 10
    try:
        lengths = [len(option.after) for option in bench.scope()]
    finally:
        cursor.MOST = old
    assert lengths == sorted((len(option.after) for option in every), reverse=True)[:10]
