"""Which keys make a larger move? Skills on the workbench, each from a bench to the keys it takes.

`skilled` puts them together without knowing the answer: a control between random and the oracle.
"""

from __future__ import annotations

from sixkeys.envs.repo.cursor import FAILED, FIXED, NEXT, NO_OP, OPEN, RUN_TESTS, UNTESTED, Bench
from sixkeys.envs.repo.edits import RepoEdit
from sixkeys.envs.repo.ground import At
from sixkeys.envs.repo.oracle import Wanted, follow, undo, walk

LINES, FADING = 10, 0.9
"""Suspicious lines that `skilled` looks at; how much less likely each further edit of a kind is."""


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
    """The next move of one who trusts the order of the lists: the likeliest edit that was not tried, a run,
    back where it did not help."""
    if bench.phase == FIXED:
        return [NO_OP]
    if bench.phase == UNTESTED or not bench.tested:
        return [RUN_TESTS]
    if bench.phase == FAILED and not _helped(bench):
        return undo_and_go_on(bench)
    best = max(_hopes(bench).items(), key=lambda hope: hope[1], default=None)
    keys = walk(bench, Wanted(frozenset({best[0][0]}), frozenset({best[0][1]}))) if best else None
    return [*keys, RUN_TESTS] if keys else next_line(bench) or [NO_OP]


def _helped(bench: Bench) -> bool:
    """Do fewer tests fail with the last edit than before it, and none that passed?"""
    before = [root.failing for root in bench.roots[:-1] if root.failing is not None]
    return set(bench.failing) < set(before[-1])


def _hopes(bench: Bench) -> dict[tuple[At, RepoEdit], float]:
    """Edits of the most suspicious lines that were not tried -> what is expected of each for the keys it
    takes from here."""
    tree, pieces = bench.tree, bench.tree.pieces(bench.failing)
    here = [frame.cursor for frame in bench.frames[len(bench.frames) - len(undo(bench)) :]]
    suspects = list(tree.suspects(bench.failing).items())[:LINES]
    hopes: dict[tuple[At, RepoEdit], float] = {}
    for place, (at, blame) in enumerate(suspects):
        for step, group in enumerate(tree.options(at, pieces)):
            for further, option in enumerate(group.edits):
                edit = option.candidate.edit
                if (*bench.edits, edit) not in bench.tried:
                    hope = blame * option.score * FADING**further
                    hopes[at, edit] = hope / _keys(here, [place, step, further])
    return hopes


def _keys(here: list[int], there: list[int]) -> int:
    """About how many keys an edit costs: the way to it from the cursors of the open lists, a run, an undo."""
    shared = next((n for n, (a, b) in enumerate(zip(here, there, strict=False)) if a != b), len(there) - 1)
    shared = min(shared, len(here) - 1)
    turns = there[shared] - here[shared]
    return 2 + len(here) - 1 - shared + (turns if turns >= 0 else 15) + sum(there[shared + 1 :]) + 3 - shared
