"""What can stand on the screen? The vocabulary of cells, (kind, identity), and the words for people."""

from __future__ import annotations

Cell = tuple[int, int]
"""(kind, identity): the first two channels of a cell of the patch."""


class Kind:
    """What a cell is. VALUE is a number, AGE and SIZE are ranks, ALARM and PAST count."""

    (
        BLANK, VERB, APP, PERSON, LABEL, VALUE, NAME, AGE, SIZE, COPY, COLUMN, ROW, SETTING, COMMAND, ACTION,
        ALARM, PAST, VIEW,
    ) = range(18)  # fmt: skip


class App:
    """Identities of applications."""

    DESKTOP, FILES, EDITOR, MAIL, FORM, SHEET, SETTINGS, TERMINAL = range(1, 9)


class Verb:
    """Identities of what a clause asks for."""

    COPY, SEND, RENAME, DELETE, SET, RUN, UNDO = range(1, 8)


class Act:
    """Identities of what dialogs and forms offer."""

    RENAME, DELETE, SEND, REPLY, KEEP, YES = range(1, 7)


class Command:
    """Commands that do more than to have run."""

    UNDO, MUTE, DIM = range(1, 4)


class Label:
    """Labels of lines that hold a setting's value, a file's name and a command; those below hold numbers."""

    WISH, TITLE, ORDER = range(9, 12)


class Mark:
    """Bits of a cell's state, the third channel: equal to a cell of the task's source; of its target; to one
    of the clipboard; in a row that shows something changed."""

    SOURCE, TARGET, CLIP, CHANGED = 1, 2, 4, 8


NOTHING: Cell = (Kind.BLANK, 0)
EMPTY = (NOTHING, NOTHING, NOTHING)
TOTAL = 7
"""The row of a sheet's sums."""
WORDS = {
    kind: tuple(words.split())
    for kind, words in {
        Kind.VERB: "copy send rename delete set run undo",
        Kind.APP: "desktop files editor mail form sheet settings terminal",
        Kind.PERSON: "Ann Bob Cleo Dev Eva Finn",
        Kind.LABEL: "amount room code count year page floor seat wish title order",
        Kind.NAME: "atlas birch cedar delta ember frost grove heron iris jade kelp lotus",
        Kind.AGE: "newest 2nd-newest middle-aged 2nd-oldest oldest",
        Kind.SIZE: "largest 2nd-largest middle-sized 2nd-smallest smallest",
        Kind.COPY: "duplicate",
        Kind.COLUMN: "north south east west inland coast",
        Kind.ROW: "rent food fuel post tools fees total",
        Kind.SETTING: "volume brightness zoom timeout font contrast delay quota",
        Kind.COMMAND: "undo mute dim clear backup lock print sync sort ping clean scan",
        Kind.ACTION: "rename delete send reply keep yes",
    }.items()
}  # fmt: skip
"""Kind -> words, that of identity 1 first."""


def word(cell: Cell) -> str:
    """'Bob' of (PERSON, 2); a number for kinds that count, '' for NOTHING."""
    kind, identity = cell
    if kind == Kind.BLANK:
        return ""
    if not identity:
        return "-"
    return WORDS[kind][identity - 1] if kind in WORDS else str(identity)
