"""What can stand on the screen? The vocabulary of cells, (kind, identity), and the words for people."""

from __future__ import annotations

Cell = tuple[int, int]
"""(kind, identity): the first two channels of a cell of the patch."""

(
    BLANK, VERB, APP, PERSON, LABEL, VALUE, NAME, AGE, SIZE, COPY, COLUMN, ROW, SETTING, COMMAND, ACTION,
    ALARM, PAST, VIEW,
) = range(18)  # fmt: skip
"""Kinds of cells. VALUE's identity is the number itself, AGE's and SIZE's a rank; ALARM and PAST count."""
NOTHING: Cell = (BLANK, 0)

DESKTOP, FILES, EDITOR, MAIL, FORM, SHEET, SETTINGS, TERMINAL = range(1, 9)
DO_COPY, DO_SEND, DO_RENAME, DO_DELETE, DO_SET, DO_RUN, DO_UNDO = range(1, 8)
RENAME, DELETE, SEND, REPLY, KEEP, YES = range(1, 7)
UNDO, REDO, MUTE, DIM, CLEAR = range(1, 6)
WISH, TITLE, ORDER = 9, 10, 11
"""Labels of lines that hold a setting's value, a file's name and a command; those below hold numbers."""
TOTAL = 7
"""The row of a sheet's sums."""
PEOPLE, LABELS, NAMES, COLUMNS, ROWS, SETTING_KINDS, COMMANDS = 6, 8, 12, 6, 6, 8, 12
"""How many there are of each, numbered from 1 on."""

MARK_SOURCE, MARK_TARGET, MARK_CLIP, MARK_CHANGED = 1, 2, 4, 8
"""Bits of a cell's state, the third channel: equal to a cell of the task's source; of its target; to a cell
of the clipboard; in a row that shows something changed."""

_WORDS = {
    VERB: "copy send rename delete set run undo",
    APP: "desktop files editor mail form sheet settings terminal",
    PERSON: "Ann Bob Cleo Dev Eva Finn",
    LABEL: "amount room code count year page floor seat wish title order",
    NAME: "atlas birch cedar delta ember frost grove heron iris jade kelp lotus",
    AGE: "newest 2nd-newest middle-aged 2nd-oldest oldest",
    SIZE: "largest 2nd-largest middle-sized 2nd-smallest smallest",
    COPY: "duplicate",
    COLUMN: "north south east west inland coast",
    ROW: "rent food fuel post tools fees total",
    SETTING: "volume brightness zoom timeout font contrast delay quota",
    COMMAND: "undo redo mute dim clear backup lock print sync sort ping clean",
    ACTION: "rename delete send reply keep yes",
}  # fmt: skip
WORDS = {kind: tuple(words.split()) for kind, words in _WORDS.items()}


def word(cell: Cell) -> str:
    """'Bob' of (PERSON, 2); a number for kinds that count, '' for NOTHING."""
    kind, identity = cell
    if kind == BLANK:
        return ""
    if not identity:
        return "-"
    return WORDS[kind][identity - 1] if kind in WORDS else str(identity)
