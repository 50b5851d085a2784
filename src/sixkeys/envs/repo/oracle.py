"""Which keys mend it soonest? The shortest way over the workbench to edits that are known to be right.

In: a bench, the faults, which tests fail when some are mended. Privileged: for controls, to count extra keys.
Of several faults the nearest comes first. Not covered: repairs that read otherwise than the sound text, and a
search among the hits of a search.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sixkeys.envs.repo.cursor import BACK, NEXT, OPEN, RUN_TESTS, SEARCH, UNTESTED, Bench, Frame
from sixkeys.envs.repo.edits import EditError, RepoEdit, line_edit
from sixkeys.envs.repo.ground import At, Fault, Tree

SIGNS = str.maketrans("'", '"', " \t\r\n()")
Failing = Mapping[frozenset[str], tuple[str, ...]]
"""Functions that were mended -> the tests that fail then."""


class Wanted(NamedTuple):
    """Edits that are looked for, and the lines that hold them."""

    places: frozenset[At]
    edits: frozenset[RepoEdit]


def plan(bench: Bench, faults: Sequence[Fault], failing: Failing) -> list[int] | None:
    """The keys from here to a run that passes; None where a right edit is not on the bench."""
    if bench.fixed:
        return []
    mended = frozenset(fault.function for fault in faults if _sound(bench.tree, fault))
    ways: list[list[int] | None] = []
    if not bench.tested and len(mended) == len(bench.edits):
        after = bench.ran(failing[mended], len(mended) == len(faults))
        ways.append(_then([RUN_TESTS], plan(after, faults, failing)))
    if bench.phase == UNTESTED or len(mended) == len(faults):
        return ways[0] if ways else None
    if len(mended) < len(bench.edits):
        keys = undo(bench)
        return _then(keys, plan(follow(bench, keys), faults, failing))
    keys = _shortest(walk(bench, right(bench, f)) for f in faults if f.function not in mended)
    ways.append(None if keys is None else _then(keys, plan(follow(bench, keys), faults, failing)))
    return _shortest(ways)


def right(bench: Bench, fault: Fault) -> Wanted:
    """The edits near the fault that make its function read as it should."""
    tree = bench.tree
    function = next(f for f in tree.functions if (f.name, f.path) == (fault.function, fault.path))
    now = "".join(tree.files[fault.path].splitlines(True)[function.first - 1 : function.last])
    change = line_edit(fault.path, now, fault.sound)
    first = function.first + (change.line or 1) - 1
    pieces, found, grows = tree.pieces(bench.failing), [], _length(fault.sound) - _length(now)
    for line in range(max(function.first, first - 1), min(first + change.old.count("\n"), function.last) + 1):
        for group in tree.options((fault.path, line), pieces):
            for option in group.edits:
                edit = option.candidate.edit
                if _length(edit.new) - _length(edit.old) != grows:
                    continue
                moved = RepoEdit(edit.path, (edit.line or 1) - function.first + 1, edit.old, edit.new)
                if _reads(now, moved, fault.sound):
                    found.append((option.candidate.line, edit))
    places = frozenset((fault.path, line) for line, _ in found)
    return Wanted(places, frozenset(edit for _, edit in found))


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
    best: list[int] | None = None
    if not wanted.edits:
        return best
    for index, item in enumerate(frame.items):
        turn = [NEXT] * ((index - frame.cursor) % len(frame.items))
        if best is not None and len(turn) >= len(best):
            continue
        if item.candidate is not None:
            best = [*turn, OPEN] if item.candidate.edit in wanted.edits else best
            continue
        leads = item.at in wanted.places if item.sort in ("line", "kind") else deep
        opened = bench.opened(item) if leads else None
        best = _shortest([best, _then([*turn, OPEN], opened and _down(bench, opened, wanted, False))])
        hits = bench.found(item) if deep else None
        best = _shortest([best, _then([*turn, SEARCH], hits and _down(bench, hits, wanted, False))])
    return best


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
