"""Which keys mend it soonest? The shortest way over the workbench to edits that are known to be right.

In: a bench, the faults, which tests fail when some are mended. Privileged: for controls, to count extra keys.
Of several faults the nearest comes first. A line on which a right edit stands may have its edits tried: then
that edit is foreseen at the top, since nothing can turn more tests green. Not covered: repairs that read
otherwise than the sound text, but for those that marks show, and a search among the hits of a search.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from sixkeys.envs.repo.cursor import (
    BACK,
    EDITS,
    KINDS,
    NEXT,
    OPEN,
    RUN_TESTS,
    SEARCH,
    UNTESTED,
    Bench,
    Frame,
)
from sixkeys.envs.repo.edits import EditError, RepoEdit, line_edit
from sixkeys.envs.repo.ground import At, Fault, Tree
from sixkeys.envs.repo.marks import MENDS, TRIED, UNTRIED, Mark

SIGNS = str.maketrans("'", '"', " \t\r\n()")
Failing = Mapping[frozenset[str], tuple[str, ...]]
"""Functions that were mended -> the tests that fail then."""


class Wanted(NamedTuple):
    """Edits that are looked for, and the lines that hold them."""

    places: frozenset[At]
    edits: frozenset[RepoEdit]
    tops: frozenset[At] = frozenset()
    """Lines of which one stands at the top once all edits were tried."""


def plan(bench: Bench, faults: Sequence[Fault], failing: Failing) -> list[int] | None:
    """The keys from here to a run that passes; None where a right edit is not on the bench."""
    if bench.fixed:
        return []
    mended = _mended(bench, faults, failing)
    ways: list[list[int] | None] = []
    if not bench.tested and len(mended) == len(bench.edits):
        after = bench.ran(failing[mended], len(mended) == len(faults))
        ways.append(_then([RUN_TESTS], plan(after, faults, failing)))
    if bench.phase == UNTESTED or len(mended) == len(faults):
        return ways[0] if ways else None
    if len(mended) < len(bench.edits):
        keys = undo(bench)
        return _then(keys, plan(follow(bench, keys), faults, failing))
    for fault in faults:
        if fault.function not in mended:
            left = failing[mended | {fault.function}]
            wanted = _marked(bench, right(bench, fault), left)
            keys = walk(bench, wanted)
            if keys is not None:
                ways.append(_then(keys, plan(_foreseen(bench, keys, wanted, left), faults, failing)))
    return _shortest(ways)


def _mended(bench: Bench, faults: Sequence[Fault], failing: Failing) -> frozenset[str]:
    """The functions that are mended: by how they read, or by the tests that are known to fail."""
    done = frozenset(fault.function for fault in faults if _sound(bench.tree, fault))
    if bench.tested:
        return done | _by_tests(bench.failing, failing) if bench.edits else done
    for count in range(1, len(bench.edits) + 1):
        mark = bench.known.get(bench.edits[:count])
        done |= _by_tests(mark.failing, failing) if mark and mark.standing > TRIED else frozenset()
    return done


def _by_tests(fail: Collection[str], failing: Failing) -> frozenset[str]:
    """The most functions that may be mended where just these tests fail."""
    found = [done for done, left in failing.items() if set(left) == set(fail)]
    return max(found, key=len, default=frozenset())


def _marked(bench: Bench, wanted: Wanted, left: Collection[str]) -> Wanted:
    """And the edits that are known to do as much."""
    found = {
        (mark.at, on[-1])
        for on, mark in bench.known.items()
        if on[:-1] == bench.edits and mark.standing > TRIED and mark.failing == {*left}
    }
    edits = wanted.edits | {edit for _, edit in found}
    return Wanted(wanted.places | {at for at, _ in found}, edits, wanted.tops)


def _foreseen(bench: Bench, keys: Iterable[int], wanted: Wanted, left: Collection[str]) -> Bench:
    """The bench after keys of which RUN_TESTS tries edits, if the wanted ones go as they should."""
    for key in keys:
        if key == RUN_TESTS:
            at = bench.top.item.at
            good, bad = (
                Mark(at, frozenset(fail), 1, 0, standing)
                for fail, standing in ((left, MENDS), (bench.failing, TRIED))
            )
            scope = [candidate.edit for candidate in bench.scope()]
            bench = bench.marked({edit: good if edit in wanted.edits else bad for edit in scope})
        else:
            bench = bench.press(key)
    return bench


def right(bench: Bench, fault: Fault) -> Wanted:
    """The edits near the fault that make its function read as it should."""
    tree = bench.tree
    function = next(f for f in tree.functions if (f.name, f.path) == (fault.function, fault.path))
    now = "".join(tree.files[fault.path].splitlines(True)[function.first - 1 : function.last])
    change = line_edit(fault.path, now, fault.sound)
    first = function.first + (change.line or 1) - 1
    pieces, found, grows = tree.pieces(bench.failing), [], _length(fault.sound) - _length(now)
    for line in range(max(function.first, first - 1), min(first + change.old.count("\n"), function.last) + 1):
        for candidate in tree.candidates((fault.path, line), pieces):
            edit = candidate.edit
            if _length(edit.new) - _length(edit.old) != grows:
                continue
            moved = RepoEdit(edit.path, (edit.line or 1) - function.first + 1, edit.old, edit.new)
            if _reads(now, moved, fault.sound):
                found.append((candidate.line, edit))
    places = frozenset((fault.path, line) for line, _ in found)
    return Wanted(places, frozenset(edit for _, edit in found), places)


def walk(bench: Bench, wanted: Wanted) -> list[int] | None:
    """The keys from here to having applied one of the wanted edits, within the tree as it stands."""
    ways = []
    for back, frame in enumerate(reversed(bench.frames)):
        ways.append(_then([BACK] * back, _down(bench, frame, wanted, True)))
        if frame.tree is not None:
            break
    return _shortest(ways)


def undo(bench: Bench) -> list[int]:
    """The keys that take the last edit off."""
    return [BACK] * (1 + next(n for n, frame in enumerate(reversed(bench.frames)) if frame.tree is not None))


def follow(bench: Bench, keys: Iterable[int]) -> Bench:
    """The bench after keys of which none is RUN_TESTS."""
    for key in keys:
        bench = bench.press(key)
    return bench


def _down(bench: Bench, frame: Frame, wanted: Wanted, deep: bool) -> list[int] | None:
    """The keys from a list to a wanted edit below it."""
    best = _tried(bench, frame, wanted)
    if not wanted.edits:
        return best
    for index, item in enumerate(frame.items):
        turn = [NEXT] * ((index - frame.cursor) % len(frame.items))
        if best is not None and len(turn) >= len(best):
            continue
        if item.candidate is not None:
            best = [*turn, OPEN] if item.candidate.edit in wanted.edits else best
            continue
        if item.sort == "line" and item.at in wanted.tops and bench.tested and not bench.standing(item):
            best = _shortest([best, [*turn, RUN_TESTS, OPEN, OPEN, OPEN]])
        leads = item.at in wanted.places if item.sort in ("line", "kind") else deep
        opened = bench.opened(item) if leads else None
        best = _shortest([best, _then([*turn, OPEN], opened and _down(bench, opened, wanted, False))])
        hits = bench.found(item) if deep else None
        best = _shortest([best, _then([*turn, SEARCH], hits and _down(bench, hits, wanted, False))])
    return best


def _tried(bench: Bench, frame: Frame, wanted: Wanted) -> list[int] | None:
    """The keys that have an open list's edits tried and open the best; None where no wanted one is in it."""
    if not bench.tested or frame.phase not in (KINDS, EDITS):
        return None
    inside = [item.candidate for item in frame.items if item.candidate is not None]
    inside += [s.candidate for item in frame.items if item.group is not None for s in item.group.edits]
    new = any(c.edit in wanted.edits and bench.marks.edit(c.edit) == UNTRIED for c in inside)
    return [RUN_TESTS, *[OPEN] * (1 + (frame.phase == KINDS))] if new else None


def _sound(tree: Tree, fault: Fault) -> bool:
    """Does the function read as it should?"""
    want = ast.dump(ast.parse(fault.sound).body[0])
    return any(
        isinstance(node, ast.FunctionDef) and node.name == fault.function and ast.dump(node) == want
        for node in tree.parsed[fault.path].body
    )


def _length(text: str) -> int:
    return len(text.translate(SIGNS))


def _reads(now: str, edit: RepoEdit, sound: str) -> bool:
    """Does the text read like `sound` after the edit, but for brackets, quotes and blanks?"""
    try:
        text = edit.apply({edit.path: now})[edit.path]
    except EditError:
        return False
    if text.translate(SIGNS) != sound.translate(SIGNS):
        return False
    try:
        return ast.dump(ast.parse(text)) == ast.dump(ast.parse(sound))
    except SyntaxError:
        return False


def _then(keys: list[int], rest: list[int] | None) -> list[int] | None:
    return None if rest is None else keys + rest


def _shortest(ways: Iterable[list[int] | None]) -> list[int] | None:
    return min((way for way in ways if way is not None), key=len, default=None)
