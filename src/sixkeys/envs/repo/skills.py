"""Which keys make a larger move? Skills on the workbench, each from a bench to the keys it takes.

`skilled` puts them together without knowing the answer: a control between random and the oracle.
"""

from __future__ import annotations

from sixkeys.envs.repo.cursor import (
    BACK,
    FAILED,
    FIXED,
    LINES,
    NEXT,
    NO_OP,
    OPEN,
    ROOT,
    RUN_TESTS,
    Bench,
    Frame,
)
from sixkeys.envs.repo.marks import HELPS, MENDS
from sixkeys.envs.repo.oracle import follow, undo


def next_line(bench: Bench) -> list[int]:
    """To the next suspicious line of the tree as it stands; from the last one to the first."""
    back = undo(bench)[1:]
    at_root = follow(bench, back)
    lines = sum(item.sort == "line" for item in at_root.top.items)
    size = len(at_root.top.items)
    turns = 1 if at_root.top.cursor + 1 < lines else size - at_root.top.cursor
    return [*back, *([NEXT] * turns if size > 1 else [])]


def apply_and_run(bench: Bench) -> list[int]:
    """What stands under the cursor is opened, and what that leads to, until an edit is on; then a run."""
    keys: list[int] = []
    before = len(bench.edits)
    while len(bench.edits) == before and bench.offers(OPEN):
        bench, keys = bench.press(OPEN), [*keys, OPEN]
    return [*keys, RUN_TESTS] if bench.offers(RUN_TESTS) else keys


def undo_and_go_on(bench: Bench) -> list[int]:
    """The last edit is taken back, and the cursor stands on what came after it in its list."""
    keys = undo(bench)
    return [*keys, NEXT] if bench.edits and follow(bench, keys).offers(NEXT) else keys


def skilled(bench: Bench) -> list[int]:
    """The next move of one who has the edits of line after line tried: what mends its line is applied at
    once, what only helps when every suspicious line was tried."""
    if bench.phase == FIXED:
        return [NO_OP]
    if not bench.tested:
        return [RUN_TESTS]
    if bench.phase == FAILED:
        return undo_and_go_on(bench)
    if bench.standing(bench.top.item) == MENDS and not _spent(bench):
        return apply_and_run(bench)
    if bench.top.phase not in (ROOT, LINES):
        return [BACK]
    if bench.offers(RUN_TESTS):
        return [RUN_TESTS]
    if bench.top.phase == LINES:
        return [NEXT] if _free(bench, bench.top) else [BACK]
    return _at_root(bench)


def _at_root(bench: Bench) -> list[int]:
    """To the next line that was not tried, else to one that helps, else into the next file."""
    if _free(bench, bench.top):
        return [NEXT]
    for standing in (MENDS, HELPS):
        for place, item in enumerate(bench.top.items):
            turn = [NEXT] * ((place - bench.top.cursor) % len(bench.top.items))
            there = follow(bench, turn)
            if bench.standing(item) == standing and not _spent(there):
                return [*turn, *apply_and_run(there)]
    item = bench.top.item
    opened = bench.opened(item) if item.sort == "file" else None
    return [OPEN] if opened and _free(bench, opened) else [NEXT] if len(bench.top.items) > 1 else [NO_OP]


def _free(bench: Bench, frame: Frame) -> bool:
    """Is there a line in this list whose edits were not tried?"""
    return any(item.sort == "line" and not bench.standing(item) for item in frame.items)


def _spent(bench: Bench) -> bool:
    """Was the edit that OPEN leads to run before?"""
    candidate = bench.first_edit(bench.top.item)
    return candidate is None or (*bench.edits, candidate.edit) in bench.tried
