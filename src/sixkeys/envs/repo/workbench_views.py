"""What does the agent see of a workbench? The current view as text and as a patch, and sense tokens to read.

Sense rows, fixed places, zeros where there is nothing: 16 of the failure, 8 of the bench (what RUN_TESTS,
BACK and SEARCH are about, numbers of the journal and the list, and how many failing tests the best edit under
the cursor mends), 20 of what stands under the cursor, as a label of OPEN, and 20 of what NEXT would
move to. Of a line whose edits were tried, the first 8 are its own lexemes and the other 12 what the best of
them writes; of a kind or an edit they are what is removed and what is written; of all else the 12 hold its
text.

What was tried carries TRIED; then SUSPICIOUS says that it helps, and CHANGED beside it that it mends all that
fails and runs its function. Before that the two say what they say elsewhere, of lines.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sixkeys import contract
from sixkeys.contract import MARK_CHANGED, MARK_SHARED, MARK_SUSPICIOUS, MARK_TRIED, SIDE
from sixkeys.envs.repo import cursor, views
from sixkeys.envs.repo.cursor import Bench, Item
from sixkeys.envs.repo.edits import line_edit
from sixkeys.envs.repo.failure import Failure
from sixkeys.envs.repo.grammar import Candidate
from sixkeys.envs.repo.marks import HELPS, MENDS, UNTRIED
from sixkeys.envs.repo.notes import Journal
from sixkeys.envs.repo.tokens import NUMBER, WORD, EditTokens, Lexeme, edit_tokens, lex
from sixkeys.envs.repo.views import ADDED_ROOM, FAILURE_ROOM, REMOVED_ROOM, SENSES, VIEW_ROOM, Line, patch

__all__ = ["Sight", "lines", "patch", "screen", "senses"]

Row = tuple[int, int, int, int]
STATES = (
    (MARK_SUSPICIOUS, views.STATE_SUSPICIOUS), (MARK_CHANGED, views.STATE_CHANGED),
    (MARK_TRIED, views.STATE_TRIED),
)  # fmt: skip
"""A mark of a sense token and the same state of a patch cell."""
ABOVE = 2
"""Items of a list that stand above the cursor's in the patch, at most."""


class Sight(NamedTuple):
    """All that a view may be made of. Nothing in it says what is right."""

    bench: Bench
    failure: Failure | None
    """Of the last run."""
    journal: Journal
    output: str


def lines(sight: Sight) -> list[Line]:
    """The current view."""
    name = cursor.VIEWS[sight.bench.view]
    if name == "output":
        return views.told(sight.output)
    if name == "journal":
        return [Line(str(note)) for note in reversed(sight.journal.notes)] or [Line("no notes yet")]
    if not sight.bench.walking:
        return [Line("run the tests first")]
    return _list(sight.bench) if name == "list" else _focus(sight.bench)


def screen(sight: Sight) -> str:
    """The current view as a person reads it, and below it the journal's last notes."""
    bench = sight.bench
    place = f"{bench.top.cursor + 1}/{len(bench.top.items)}" if bench.walking else "no list yet"
    head = f"[{cursor.PHASES[bench.phase]}] {place}, {len(bench.edits)} edits on"
    view = cursor.VIEWS[bench.view]
    keys = views.names_of(cursor.WORKBENCH_KEYS, bench.offered())
    body = map(views.marked, lines(sight)[: 2 * SIDE])
    return "\n".join(
        [f"{head}, view {view}, keys {keys}", *body, *(f"  {note}" for note in sight.journal.notes[-3:])]
    )


def senses(sight: Sight) -> np.ndarray:
    """int32 [64, 4]: (source, key, token, mark)."""
    rows, bench = np.zeros((SENSES, 4), np.int32), sight.bench
    short = sight.failure.short if sight.failure and not bench.fixed else ()
    views.put(rows, 0, FAILURE_ROOM, [(contract.SOURCE_FAILURE, 0, word.token, 0) for word in short])
    views.put(rows, FAILURE_ROOM, VIEW_ROOM, _bench_rows(sight))
    start, top = FAILURE_ROOM + VIEW_ROOM, bench.top
    following = top.items[(top.cursor + 1) % len(top.items)]
    for key, item in ((cursor.OPEN, top.item), (cursor.NEXT, following)):
        if bench.walking and bench.offers(key):
            removed, added = _item_rows(sight, key, item)
            views.put(rows, start, REMOVED_ROOM, removed)
            views.put(rows, start + REMOVED_ROOM, ADDED_ROOM, added)
        start += REMOVED_ROOM + ADDED_ROOM
    return rows


def _bench_rows(sight: Sight) -> list[Row]:
    """Numbers, each in its own place: tests that fail, edits on; runs, what the last one gained, the list."""
    bench, journal, source = sight.bench, sight.journal, contract.SOURCE_SCREEN
    if not journal.failed:
        return []

    def number(value: int) -> int:
        return Lexeme(str(max(-20, min(20, value))), NUMBER).token

    tried = MARK_TRIED * (bench.edits in bench.tried)
    facts = (len(journal.failed), journal.gain, bench.top.cursor, len(bench.top.items))
    item, best = bench.top.item, bench.best(bench.top.item)
    word = next((word.token for word in lex(item.text) if word.kind == WORD), 0)
    asks = MARK_CHANGED * (not bench.tested) | MARK_SUSPICIOUS * bool(bench.scope())
    return [
        (source, 1 + cursor.RUN_TESTS, number(len(bench.failing)), tried | asks),
        (source, 1 + cursor.BACK, number(len(bench.edits)), tried | MARK_CHANGED * bool(bench.edits)),
        (source, 1 + cursor.SEARCH, word, 0) if word and bench.offers(cursor.SEARCH) else (0, 0, 0, 0),
        *((source, 0, number(fact), 0) for fact in facts),
        (source, 1 + cursor.OPEN, number(best.fixed), _mark(bench, item)) if best else (0, 0, 0, 0),
    ]


def _item_rows(sight: Sight, key: int, item: Item) -> tuple[list[Row], list[Row]]:
    """The two rooms of an item, labelled with the key that it stands for."""
    bench, line = sight.bench, item.sort == "line"
    shared = {word.text for word in sight.failure.words} if sight.failure else set()
    mark = _mark(bench, item)

    def row(source: int, word: Lexeme, changed: bool = False) -> Row:
        also = MARK_SHARED * (word.telling and word.text in shared) | MARK_CHANGED * changed
        return (source, 1 + key, word.token, mark | also)

    candidate = bench.first_edit(item) if not line or bench.standing(item) else None
    if candidate is None:
        return [], [row(contract.SOURCE_SCREEN, word) for word in lex(item.text)]
    tokens = _shown(bench, candidate)
    removed = [row(contract.SOURCE_REMOVED, *word) for word in tokens.removed]
    if line:
        removed = [row(contract.SOURCE_FOCUS, word) for word in lex(item.text)]
    elif item.sort == "kind":
        removed.insert(0, row(contract.SOURCE_SCREEN, Lexeme(item.text, WORD)))
    return removed, [row(contract.SOURCE_ADDED, *word) for word in tokens.added]


def _shown(bench: Bench, candidate: Candidate) -> EditTokens:
    """The lexemes that an edit changes, with what stands around them in their lines."""
    edit, files = candidate.edit, bench.tree.files
    whole = line_edit(edit.path, files[edit.path], edit.apply(files)[edit.path])
    return edit_tokens(whole.old, whole.new, REMOVED_ROOM, ADDED_ROOM)


def _mark(bench: Bench, item: Item) -> int:
    """MARK_SUSPICIOUS, MARK_TRIED and MARK_CHANGED of an item."""
    standing = bench.standing(item)
    if standing != UNTRIED:
        return MARK_TRIED | MARK_SUSPICIOUS * (standing >= HELPS) | MARK_CHANGED * (standing == MENDS)
    line = item.sort == "line"
    failed = item.candidate is not None and (*bench.edits, item.candidate.edit) in bench.tried
    changed = line and item.at in bench.tree.changed
    return MARK_TRIED * failed | MARK_SUSPICIOUS * (line and item.score > 0) | MARK_CHANGED * changed


def _list(bench: Bench) -> list[Line]:
    """The items around the cursor."""
    top, found = bench.top, []
    start = max(0, min(top.cursor - ABOVE, len(top.items) - SIDE))
    for index, item in enumerate(top.items[start : start + 2 * SIDE], start):
        mark = _mark(bench, item)
        state = sum(bit for flag, bit in STATES if mark & flag)
        found.append(Line(item.text, state | views.STATE_CURSOR * (index == top.cursor)))
    return found


def _focus(bench: Bench) -> list[Line]:
    """The lines around the one that the cursor is about."""
    (path, line), tree, found = bench.top.item.at, bench.tree, []
    for number, row in enumerate(tree.files[path].split("\n"), 1):
        at, blame = (path, number), tree.suspects(bench.failing)
        state = views.STATE_SUSPICIOUS * (at in blame) | views.STATE_CHANGED * (at in tree.changed)
        if row.strip() and number >= line - SIDE // 2:
            found.append(Line(row, state | views.STATE_CURSOR * (number == line)))
    return found
