"""What does the computer look like? A machine in; a patch for the agent, text for people out.

Row 0 is the task's first clause that is not done: verb (state: clauses left); source application, place and
line; target application, place, line and value. Row 1 is the status: the application in front (state: how
deep), what is open in it, the clipboard's place, line and value, how many changes can be undone, how many
things are wrong, what SWITCH brings, the view. Rows 2 to 8 are the list from the focus on, round and round.
What is named twice has the same (kind, identity); a cell's state says what it equals (symbols.MARK_SOURCE and
the others).
"""

from __future__ import annotations

import numpy as np

from sixkeys.contract import SIDE
from sixkeys.envs.computer.apps import EMPTY, Item, Spot, items
from sixkeys.envs.computer.machine import INSIDE, LIST, WRONG, Clause, Machine
from sixkeys.envs.computer.symbols import (
    ALARM,
    APP,
    EDITOR,
    FILES,
    FORM,
    LABEL,
    MAIL,
    MARK_CHANGED,
    MARK_CLIP,
    NAME,
    NOTHING,
    PAST,
    PERSON,
    SETTING,
    SETTINGS,
    TERMINAL,
    VALUE,
    VERB,
    VIEW,
    Cell,
    word,
)
from sixkeys.envs.computer.symbols import COMMAND as COMMAND_KIND

FIRST, ROWS = 2, SIDE - 2
"""The first row of the list and how many it has."""
_ROW = SIDE * 3
_AREAS = {
    "name": (FILES, NAME), "line": (EDITOR, LABEL), "field": (FORM, LABEL), "sent": (FORM, LABEL),
    "reply": (MAIL, PERSON), "setting": (SETTINGS, SETTING), "run": (TERMINAL, COMMAND_KIND),
}  # fmt: skip
"""Application and kind of what is kept in an area of the state."""


def listed(machine: Machine) -> list[Item]:
    """What rows show now, the focused thing first."""
    if machine.view == INSIDE:
        inside = machine.item.opens if machine.item else None
        return items(machine.store, inside) if inside else []
    if machine.view == WRONG:
        return [_mistake(machine, spot) for spot in machine.wrong]
    focus = machine.level.focus
    return machine.items[focus:] + machine.items[:focus]


def _mistake(machine: Machine, spot: Spot) -> Item:
    """What stands in a spot, and what stood there when all was right."""
    app, kind = _AREAS[spot[0]]
    right, value = machine.task.right[spot], machine.store.state[spot]
    number = right if kind == NAME else spot[2] if spot[0] == "line" else spot[1]
    values = ((NAME if kind == NAME else VALUE, min(31, v)) for v in (value, right))
    return Item(((APP, app), (kind, number), *values), shows=spot)


def patch(machine: Machine) -> np.ndarray:
    """uint8 [9, 9, 3], as the module says."""
    cells = bytearray(SIDE * _ROW)
    marks, clip = machine.marks, machine.store.clip
    at = 0
    for kind, identity in machine.clause.cells:
        cells[at], cells[at + 1] = kind, identity
        at += 3
    cells[2] = len(machine.left)
    at = _ROW
    for cell in _status(machine):
        cells[at], cells[at + 1], cells[at + 2] = *cell, marks.get(cell, 0)
        at += 3
    cells[_ROW + 2] = len(machine.windows[machine.front])
    state, right = machine.store.state, machine.task.right
    at_row = FIRST * _ROW
    for item in listed(machine)[:ROWS]:
        changed = item.shows is not None and state[item.shows] != right[item.shows]
        bits, at = MARK_CHANGED * changed, at_row
        for cell in item.cells:
            if cell != NOTHING:
                cells[at], cells[at + 1] = cell
                cells[at + 2] = bits | marks.get(cell, 0) | (MARK_CLIP if cell in clip else 0)
            at += 3
        at_row += _ROW
    return np.frombuffer(cells, np.uint8).reshape(SIDE, SIDE, 3)


def _status(machine: Machine) -> tuple[Cell, ...]:
    window, store = machine.windows[machine.front], machine.store
    following = machine.windows[(machine.front + 1) % len(machine.windows)][0].place[0]
    return (
        (APP, window[0].place[0]), window[-1].title, *store.clip, (PAST, min(31, len(store.past))),
        (ALARM, min(31, len(machine.wrong))), (APP, following), (VIEW, machine.view),
    )  # fmt: skip


def screen(machine: Machine, left: int) -> str:
    """The screen as text for people, `left` keys before the end."""
    window, store = machine.windows[machine.front], machine.store
    title = " > ".join(word(level.title) for level in window)
    clip = "empty" if store.clip == EMPTY else " ".join(filter(None, map(word, store.clip)))
    tabs = [word((APP, other[0].place[0])) for other in machine.windows]
    tabs[machine.front] = f"[{tabs[machine.front]}]"
    head = {LIST: title, INSIDE: f"{title}: inside the focused thing", WRONG: f"{title}: what is wrong"}
    shown = machine.items if machine.view == LIST else listed(machine)
    focus = machine.level.focus if machine.view == LIST else -1
    rows = [f"{'>' if at == focus else ' '} {_columns(item)}" for at, item in enumerate(shown)]
    notes = [
        f"{machine.task.family}: {left} keys left",
        f"task       {sentence(machine.clause)}  ({len(machine.left)} left to do)",
        f"clipboard  {clip}",
        f"windows    {' '.join(tabs)}",
        f"changes    {len(store.past)} to undo, {len(machine.wrong)} wrong",
    ]
    return "\n".join([*notes, f"--- {head[machine.view]} ".ljust(48, "-"), *(rows or ["  (nothing)"])])


def sentence(clause: Clause) -> str:
    """'copy: mail > Bob > amount, to form > code' of a clause."""
    source, target = (" > ".join(filter(None, map(word, cells))) for cells in (clause.source, clause.target))
    return f"{word((VERB, clause.verb))}: {f'{source}, to ' if source else ''}{target}"


def _columns(item: Item) -> str:
    widths = (14, 14, 14, 10)
    return "".join(word(cell).ljust(width) for cell, width in zip(item.cells, widths, strict=False)).rstrip()
