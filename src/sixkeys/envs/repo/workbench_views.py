"""What does the agent see of a workbench? The current view as text and as a patch, and sense tokens to read.

Sense rows, fixed places, zeros where there is nothing: 16 of the failure, 8 of the bench (what RUN_TESTS, BACK
and SEARCH are about, then the journal and the list as numbers), 20 of what stands under the cursor, as a label
of OPEN, and 20 of what NEXT would move to. Of a line the first 8 are its own lexemes, the other 12 what its
likeliest edit writes; of a kind or an edit they are what is removed and what is written.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sixkeys.contract import (
    MARK_CHANGED,
    MARK_SHARED,
    MARK_SUSPICIOUS,
    MARK_TRIED,
    SIDE,
    SOURCE_ADDED,
    SOURCE_FAILURE,
    SOURCE_FOCUS,
    SOURCE_REMOVED,
    SOURCE_SCREEN,
)
from sixkeys.envs.repo.cursor import (
    BACK,
    EDITS,
    FIXED,
    NEXT,
    OPEN,
    PHASES,
    RUN_TESTS,
    SEARCH,
    UNTESTED,
    VIEWS,
    WORKBENCH_KEYS,
    Bench,
    Item,
)
from sixkeys.envs.repo.edits import line_edit
from sixkeys.envs.repo.failure import Failure
from sixkeys.envs.repo.grammar import Candidate
from sixkeys.envs.repo.ground import Tree
from sixkeys.envs.repo.notes import Journal
from sixkeys.envs.repo.tokens import NUMBER, WORD, EditTokens, Lexeme, edit_tokens, lex, lex_lines
from sixkeys.envs.repo.views import (
    ADDED_ROOM,
    FAILURE_ROOM,
    REMOVED_ROOM,
    SENSES,
    STATE_CHANGED,
    STATE_CURSOR,
    STATE_SUSPICIOUS,
    STATE_TRIED,
    VIEW_ROOM,
    Line,
)

Row = tuple[int, int, int, int]
ABOVE = 2
"""Items of a list that stand above the cursor's in the patch, at most."""


class Sight(NamedTuple):
    """All that a view may be made of. Nothing in it says what is right."""

    bench: Bench
    failure: Failure | None
    """Of the last run."""
    journal: Journal
    output: str

    @property
    def known(self) -> bool:
        """Is there a list to walk?"""
        return self.bench.phase not in (UNTESTED, FIXED)

    @property
    def following(self) -> Item:
        """What NEXT would move to."""
        top = self.bench.top
        return top.items[(top.cursor + 1) % len(top.items)]


def shown(tree: Tree, candidate: Candidate) -> EditTokens:
    """The lexemes that an edit changes, with what stands around them in their lines."""
    edit = candidate.edit
    whole = line_edit(edit.path, tree.files[edit.path], edit.apply(tree.files)[edit.path])
    return edit_tokens(whole.old, whole.new, REMOVED_ROOM, ADDED_ROOM)


def first_edit(bench: Bench, item: Item) -> Candidate | None:
    """The edit that OPEN leads to, where it is pressed again and again."""
    if item.candidate is None and item.group is not None:
        return item.group.edits[0].candidate
    if item.sort == "line":
        groups = bench.tree.options(item.at, bench.tree.pieces(bench.failing))
        return groups[0].edits[0].candidate if groups else None
    return item.candidate


def state(bench: Bench, item: Item) -> int:
    """The state bits of an item's cells."""
    changed = item.at in bench.tree.changed and item.sort == "line"
    return (
        STATE_SUSPICIOUS * (item.score > 0 or item.sort == "test")
        | STATE_CHANGED * changed
        | (STATE_TRIED * _tried(bench, item))
    )


def lines(sight: Sight) -> list[Line]:
    """The current view."""
    name = VIEWS[sight.bench.view]
    if name == "output":
        rows = [row for row in sight.output.splitlines() if row.strip()]
        telling = [row for row in rows if row.startswith(("E ", ">", "FAILED", "ERROR"))]
        return [Line(row) for row in telling or rows] or [Line("nothing was run yet")]
    if name == "journal":
        return [Line(str(note)) for note in reversed(sight.journal.notes)] or [Line("no notes yet")]
    if not sight.known:
        return [Line("run the tests first")]
    return _list(sight) if name == "list" else _focus(sight)


def screen(sight: Sight) -> str:
    """The current view as a person reads it, and below it the journal's last notes."""
    bench = sight.bench
    offered = " ".join(key for key, on in zip(WORKBENCH_KEYS, bench.offered(), strict=True) if on)
    place = f"{bench.top.cursor + 1}/{len(bench.top.items)}" if sight.known else "-"
    head = f"[{PHASES[bench.phase]}] {place}, {len(bench.edits)} edits on, view {VIEWS[bench.view]}, keys {offered}"
    signs = ((STATE_SUSPICIOUS, "?"), (STATE_TRIED, "x"), (STATE_CHANGED, "~"), (STATE_CURSOR, ">"))
    body = [
        "".join(sign if line.state & bit else " " for bit, sign in signs) + " " + line.text
        for line in lines(sight)[: 2 * SIDE]
    ]
    return "\n".join([head, *body, *(f"  {note}" for note in sight.journal.notes[-3:])])


def patch(sight: Sight) -> np.ndarray:
    """uint8 [9, 9, 3]: nine lines of the view, the first nine lexemes of each."""
    cells = np.zeros((SIDE, SIDE, 3), np.uint8)
    for row, line in enumerate(lines(sight)[:SIDE]):
        lexemes = [lexeme for part in lex_lines(line.text) for lexeme in part][:SIDE]
        for column, lexeme in enumerate(lexemes):
            cells[row, column] = lexeme.kind, lexeme.identity, line.state
    return cells


def senses(sight: Sight) -> np.ndarray:
    """int32 [64, 4]: (source, key, token, mark)."""
    rows = np.zeros((SENSES, 4), np.int32)
    short = sight.failure.short if sight.failure and sight.bench.phase != FIXED else ()
    start = 0
    for room, values in (
        (FAILURE_ROOM, [(SOURCE_FAILURE, 0, word.token, 0) for word in short]),
        (VIEW_ROOM, _bench_rows(sight)),
        *_item_rows(sight, OPEN, sight.bench.top.item),
        *_item_rows(sight, NEXT, sight.following),
    ):
        if values[:room]:
            rows[start : start + len(values[:room])] = values[:room]
        start += room
    return rows


def _number(value: int) -> int:
    return Lexeme(str(max(-20, min(20, value))), NUMBER).token


def _bench_rows(sight: Sight) -> list[Row]:
    """Numbers, each in its own place: tests that fail, edits on; runs, what the last one gained, the list."""
    bench, journal = sight.bench, sight.journal
    if not journal.failed:
        return []
    tried = MARK_TRIED * (bench.edits in bench.tried)
    facts = (len(journal.failed), journal.gain, bench.top.cursor, len(bench.top.items))
    word = next((word.token for word in lex(bench.top.item.text) if word.kind == WORD), 0)
    return [
        (SOURCE_SCREEN, 1 + RUN_TESTS, _number(len(bench.failing)), tried),
        (SOURCE_SCREEN, 1 + BACK, _number(len(bench.edits)), tried | MARK_CHANGED * bool(bench.edits)),
        (SOURCE_SCREEN, 1 + SEARCH, word, 0) if bench.offers(SEARCH) and word else (0, 0, 0, 0),
        *((SOURCE_SCREEN, 0, _number(fact), 0) for fact in facts),
    ]


def _item_rows(sight: Sight, key: int, item: Item) -> list[tuple[int, list[Row]]]:
    """The two rooms of an item, labelled with the key that it stands for."""
    bench = sight.bench
    if not sight.known or not bench.offers(key):
        return [(REMOVED_ROOM, []), (ADDED_ROOM, [])]
    shared = {word.text for word in sight.failure.words} if sight.failure else set()
    mark = MARK_SUSPICIOUS * (item.score > 0 and item.sort == "line") | MARK_TRIED * _tried(bench, item)
    mark |= MARK_CHANGED * (item.sort == "line" and item.at in bench.tree.changed)

    def row(source: int, word: Lexeme, changed: bool = False) -> Row:
        also = MARK_SHARED * (word.telling and word.text in shared) | MARK_CHANGED * changed
        return (source, 1 + key, word.token, mark | also)

    candidate = first_edit(bench, item)
    if candidate is None:
        source = SOURCE_FAILURE if item.sort == "test" else SOURCE_SCREEN
        return [(REMOVED_ROOM, []), (ADDED_ROOM, [row(source, word) for word in lex(item.text)])]
    tokens = shown(bench.tree, candidate)
    removed = [row(SOURCE_REMOVED, *word) for word in tokens.removed]
    if item.sort == "line":
        removed = [row(SOURCE_FOCUS, word) for word in lex(item.text)]
    elif item.sort == "kind":
        removed.insert(0, row(SOURCE_SCREEN, Lexeme(item.text, WORD)))
    return [(REMOVED_ROOM, removed), (ADDED_ROOM, [row(SOURCE_ADDED, *word) for word in tokens.added])]


def _tried(bench: Bench, item: Item) -> bool:
    return item.candidate is not None and (*bench.edits, item.candidate.edit) in bench.tried


def _list(sight: Sight) -> list[Line]:
    """The items around the cursor; of an edit the line as it would read."""
    bench, top = sight.bench, sight.bench.top
    start = max(0, min(top.cursor - ABOVE, len(top.items) - SIDE))
    return [
        Line(
            item.candidate.edit.new.strip() if item.candidate and top.phase == EDITS else item.text,
            state(bench, item) | STATE_CURSOR * (start + index == top.cursor),
        )
        for index, item in enumerate(top.items[start : start + 2 * SIDE])
    ]  # fmt: skip


def _focus(sight: Sight) -> list[Line]:
    """The lines around the one that the cursor is about."""
    bench = sight.bench
    path, line = bench.top.item.at
    rows = bench.tree.files[path].split("\n")
    blame = bench.tree.suspects(bench.failing)
    return [
        Line(
            rows[number - 1],
            STATE_SUSPICIOUS * ((path, number) in blame)
            | STATE_CHANGED * ((path, number) in bench.tree.changed)
            | STATE_CURSOR * (number == line),
        )
        for number in range(max(1, line - SIDE // 2), len(rows) + 1)
        if rows[number - 1].strip()
    ][: 2 * SIDE]
