"""What does the agent see of a repository? The current view as text and as a patch, and sense tokens to read.

Sense rows, fixed places, zeros where there is nothing: 16 of the failure, 8 of the view (the first says which
pair is on offer, as a label of CYCLE_PATCHES), then 8 removed and 12 added lexemes of candidate A, and the
same of candidate B.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
from sixkeys.envs.repo.bugs import Place, Task
from sixkeys.envs.repo.failure import Failure
from sixkeys.envs.repo.menu import (
    APPLY_A,
    APPLY_B,
    CYCLE_PATCHES,
    FAILED,
    FIXED,
    MENU_KEYS,
    PHASES,
    VIEWS,
    Menu,
)
from sixkeys.envs.repo.tokens import NUMBER, EditTokens, Lexeme, edit_tokens, lex, lex_lines

SENSES = 64
FAILURE_ROOM, VIEW_ROOM, REMOVED_ROOM, ADDED_ROOM = 16, 8, 8, 12
STATE_SUSPICIOUS, STATE_CHANGED, STATE_TRIED, STATE_CURSOR = 1, 2, 4, 8
"""Bits of a patch cell's state."""


class Sight(NamedTuple):
    """All that a view may be made of. Nothing in it says which candidate is right, but `task`, whose answer
    views do not read."""

    task: Task
    files: dict[str, str]
    edits: Sequence[EditTokens]
    menu: Menu
    first: Failure | None
    """Of the unedited tree; None while it was not run."""
    last: Failure | None
    """Of the last run."""
    output: str
    """Of the last run, steady."""

    @property
    def failure(self) -> Failure | None:
        """What the tree as it stands is known to fail with."""
        known = {FAILED: self.last, FIXED: None}
        return known.get(self.menu.phase, self.first)

    @property
    def suspects(self) -> frozenset[str]:
        return self.first.suspects if self.first else frozenset()

    @property
    def offers(self) -> list[tuple[int, int]]:
        """(key, candidate) of what stands on the menu."""
        keys = (APPLY_A, APPLY_B) if self.menu.open else ()
        return [(key, index) for key in keys if (index := self.menu.candidate(key)) is not None]


class Line(NamedTuple):
    """A line of a view and the state bits of its cells."""

    text: str
    state: int = 0


def lines(sight: Sight) -> list[Line]:
    """The current view."""
    if VIEWS[sight.menu.view] == "output":
        return told(sight.output)
    makers = {"focus": _focus, "patches": _patches, "files": _files}
    return makers[VIEWS[sight.menu.view]](sight)


def screen(sight: Sight) -> str:
    """The current view as a person reads it: where the episode stands, the view, and the pair on offer."""
    menu = sight.menu
    offered = names_of(MENU_KEYS, menu.offered())
    pair = f"pair {menu.pair + 1}/{menu.pairs}" if menu.open else "no menu yet"
    head = f"[{PHASES[menu.phase]}] {pair}, view {VIEWS[menu.view]}, keys {offered}"
    body = [marked(line) for line in lines(sight)]
    menu_lines = [] if VIEWS[menu.view] == "patches" else [marked(line) for line in _patches(sight)]
    return "\n".join([head, *body, *menu_lines])


def patch(view: Sequence[Line]) -> np.ndarray:
    """uint8 [9, 9, 3]: the first nine lines of a view, the first nine lexemes of each."""
    cells = np.zeros((SIDE, SIDE, 3), np.uint8)
    for row, line in enumerate(view[:SIDE]):
        lexemes = [lexeme for part in lex_lines(line.text) for lexeme in part][:SIDE]
        for column, lexeme in enumerate(lexemes):
            cells[row, column] = lexeme.kind, lexeme.identity, line.state
    return cells


def senses(sight: Sight) -> np.ndarray:
    """int32 [64, 4]: (source, key, token, mark)."""
    rows = np.zeros((SENSES, 4), np.int32)
    put(rows, 0, FAILURE_ROOM, _failure_rows(sight))
    put(rows, FAILURE_ROOM, VIEW_ROOM, _view_rows(sight))
    start = FAILURE_ROOM + VIEW_ROOM
    for key, index in sight.offers:
        at = start + (REMOVED_ROOM + ADDED_ROOM) * (key - APPLY_A)
        put(rows, at, REMOVED_ROOM, _edit_rows(sight, key, index, SOURCE_REMOVED))
        put(rows, at + REMOVED_ROOM, ADDED_ROOM, _edit_rows(sight, key, index, SOURCE_ADDED))
    return rows


def tokens_of(task: Task) -> tuple[EditTokens, ...]:
    """What is shown of each candidate."""
    return tuple(edit_tokens(edit.old, edit.new, REMOVED_ROOM, ADDED_ROOM) for edit in task.candidates)


def put(rows: np.ndarray, start: int, room: int, values: Iterable[tuple[int, int, int, int]]) -> None:
    """Writes the first `room` of `values` from the row `start` on."""
    found = list(values)[:room]
    if found:
        rows[start : start + len(found)] = found


def _failure_rows(sight: Sight) -> list[tuple[int, int, int, int]]:
    short = sight.failure.short if sight.failure else ()
    return [
        (SOURCE_FAILURE, 0, word.token, MARK_SUSPICIOUS * (word.text in sight.suspects)) for word in short
    ]


def _view_rows(sight: Sight) -> list[tuple[int, int, int, int]]:
    """Which pair stands on offer, then the first lexemes of the view: of a focus snippet the parameters and
    the end."""
    label = [(SOURCE_SCREEN, 1 + CYCLE_PATCHES, Lexeme(str(sight.menu.pair + 1), NUMBER).token, 0)]
    view = lines(sight)
    if VIEWS[sight.menu.view] == "focus":
        source, mark = SOURCE_FOCUS, MARK_SUSPICIOUS * bool(sight.suspects)
        view = [view[0], view[-1]] if len(view) > 1 else view
        words = [word for line in view for word in lex(line.text) if word.telling]
    else:
        source, mark = SOURCE_SCREEN, 0
        words = [word for line in view for word in lex(line.text)]
    shared = _failure_texts(sight)
    rows = [
        (source, 0, word.token, mark | MARK_SHARED * (word.telling and word.text in shared)) for word in words
    ]
    return (label if sight.menu.open else []) + rows


def _edit_rows(sight: Sight, key: int, index: int, source: int) -> list[tuple[int, int, int, int]]:
    shown = sight.edits[index].removed if source == SOURCE_REMOVED else sight.edits[index].added
    shared = _failure_texts(sight)
    suspicious = sight.task.function_of(sight.task.candidates[index]) in sight.suspects
    always = MARK_SUSPICIOUS * suspicious | MARK_TRIED * (index in sight.menu.tried)
    return [
        (
            source, 1 + key, word.token,
            always | MARK_CHANGED * changed | MARK_SHARED * (word.telling and word.text in shared),
        )
        for word, changed in shown
    ]  # fmt: skip


def _failure_texts(sight: Sight) -> frozenset[str]:
    return frozenset(word.text for word in sight.failure.words) if sight.failure else frozenset()


def _focus(sight: Sight) -> list[Line]:
    """The function under suspicion; where none is, the first one of the project."""
    places = [place for place in sight.task.functions if place.name in sight.suspects]
    place = (places or list(sight.task.functions))[0]
    text = sight.files[place.path].splitlines()[place.first - 1 : place.last + 2]
    state = STATE_SUSPICIOUS * bool(places)
    touched = {line for _, index in sight.offers for line in _touched(sight, index, place)}
    body = [Line(row, state | STATE_CURSOR * (place.first + at in touched)) for at, row in enumerate(text)]
    return _until_blank(body)


def _until_blank(body: Sequence[Line]) -> list[Line]:
    """Lines without the blank ones; a patch may have made the function longer, so a next `def` ends it."""
    kept = [line for line in body if line.text.strip()]
    ends = [at for at, line in enumerate(kept) if at and line.text.startswith("def ")]
    return kept[: ends[0]] if ends else kept


def _touched(sight: Sight, index: int, place: Place) -> range:
    """The lines of the unedited file that a candidate replaces, where it is in the same file."""
    edit = sight.task.candidates[index]
    if edit.path != place.path or edit.line is None:
        return range(0)
    return range(edit.line, edit.line + max(1, edit.old.count("\n")))


def _patches(sight: Sight) -> list[Line]:
    """The pair on offer: where each candidate stands, what it removes, what it adds."""
    if not sight.menu.open:
        return [Line("run the tests first")]
    found = []
    for key, index in sight.offers:
        edit, function = sight.task.candidates[index], sight.task.function_of(sight.task.candidates[index])
        state = STATE_TRIED * (index in sight.menu.tried) | STATE_SUSPICIOUS * (function in sight.suspects)
        on = STATE_CURSOR * (index == sight.menu.applied)
        found.append(Line(f"{'AB'[key - APPLY_A]} {function} {edit.path}:{edit.line}", state | on))
        for sign, text in (("-", edit.old), ("+", edit.new)):
            found += [Line(f"{sign} {row}", state | STATE_CHANGED | on) for row in text.splitlines()]
    return found


def _files(sight: Sight) -> list[Line]:
    """Every file, and the functions of the modules."""
    found = []
    for path, text in sight.files.items():
        found.append(Line(f"{path} {text.count(chr(10))} lines"))
        functions = [place.name for place in sight.task.functions if place.path == path]
        found += [Line(f"    {name}", STATE_SUSPICIOUS * (name in sight.suspects)) for name in functions]
    return found


def names_of(keys: Sequence[str], offered: np.ndarray) -> str:
    """The names of the offered keys."""
    return " ".join(name for name, on in zip(keys, offered, strict=True) if on)


def told(output: str) -> list[Line]:
    """What pytest wrote last, from its first failure on."""
    rows = [row for row in output.splitlines() if row.strip()]
    telling = [row for row in rows if row.startswith(("E ", ">", "FAILED", "ERROR"))]
    return [Line(row) for row in (telling or rows)] or [Line("nothing was run yet")]


def marked(line: Line) -> str:
    """A line behind the signs of its state."""
    signs = ((STATE_SUSPICIOUS, "?"), (STATE_TRIED, "x"), (STATE_CURSOR, ">"))
    return f"{''.join(sign if line.state & bit else ' ' for bit, sign in signs)} {line.text}"
