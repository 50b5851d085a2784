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
from sixkeys.envs.computer.apps import Item, Spot, items
from sixkeys.envs.computer.machine import INSIDE, LIST, WRONG, Clause, Machine
from sixkeys.envs.computer.symbols import NOTHING, App, Cell, Kind, Mark, word

ROWS = SIDE - 2
"""Rows of the list."""
_AREAS = {
    "name": (App.FILES, Kind.NAME), "line": (App.EDITOR, Kind.LABEL), "field": (App.FORM, Kind.LABEL),
    "sent": (App.FORM, Kind.LABEL), "reply": (App.MAIL, Kind.PERSON), "run": (App.TERMINAL, Kind.COMMAND),
    "setting": (App.SETTINGS, Kind.SETTING),
}  # fmt: skip
"""Application and kind of what is kept in an area of the state."""


def listed(machine: Machine) -> list[Item]:
    """What rows show now, the focused thing first."""
    if machine.view == INSIDE:
        inside = machine.item.opens
        return items(machine.store, inside) if inside else []
    if machine.view == WRONG:
        return [_mistake(machine, spot) for spot in machine.wrong]
    focus = machine.level.focus
    return machine.items[focus:] + machine.items[:focus]


def _mistake(machine: Machine, spot: Spot) -> Item:
    """What stands in a spot, and what stood there when all was right."""
    app, kind = _AREAS[spot[0]]
    right, value = machine.task.right[spot], machine.store.state[spot]
    number = right if kind == Kind.NAME else spot[2] if spot[0] == "line" else spot[1]
    values = ((Kind.NAME if kind == Kind.NAME else Kind.VALUE, min(31, v)) for v in (value, right))
    return Item(((Kind.APP, app), (kind, number), *values), shows=spot)


def patch(machine: Machine) -> np.ndarray:
    """uint8 [9, 9, 3], as the module says."""
    state, right = machine.store.state, machine.task.right
    marks, clip = machine.marks, machine.store.clip
    asked = ((Kind.VERB, machine.clause.verb), *machine.clause.source, *machine.clause.target)
    rows = [(asked, 0, {}, ()), (_status(machine), 0, marks, ())]
    for item in listed(machine)[:ROWS]:
        changed = item.shows is not None and state[item.shows] != right[item.shows]
        rows.append((item.cells, Mark.CHANGED * changed, marks, clip))
    cells = bytearray(SIDE * SIDE * 3)
    for row, (shown, bits, named, copied) in enumerate(rows):
        for at, cell in enumerate(shown, SIDE * row):
            if cell != NOTHING:
                mark = bits | named.get(cell, 0) | (Mark.CLIP if cell in copied else 0)
                cells[3 * at : 3 * at + 3] = (*cell, mark)
    cells[2], cells[3 * SIDE + 2] = len(machine.left), len(machine.windows[machine.front])
    return np.frombuffer(cells, np.uint8).reshape(SIDE, SIDE, 3)


def _status(machine: Machine) -> tuple[Cell, ...]:
    window, store = machine.windows[machine.front], machine.store
    following = machine.windows[(machine.front + 1) % len(machine.windows)][0].place[0]
    return (
        (Kind.APP, window[0].place[0]), window[-1].title, *store.clip, (Kind.PAST, min(31, len(store.past))),
        (Kind.ALARM, min(31, len(machine.wrong))), (Kind.APP, following), (Kind.VIEW, machine.view),
    )  # fmt: skip


def screen(machine: Machine, left: int) -> str:
    """The screen as text for people, `left` keys before the end."""
    window, store = machine.windows[machine.front], machine.store
    title = " > ".join(word(level.title) for level in window)
    clip = " ".join(filter(None, map(word, store.clip))) or "empty"
    tabs = [word((Kind.APP, other[0].place[0])) for other in machine.windows]
    tabs[machine.front] = f"[{tabs[machine.front]}]"
    head = {LIST: title, INSIDE: f"{title}: inside the focused thing", WRONG: f"{title}: what is wrong"}
    shown, focus = (machine.items, machine.level.focus) if machine.view == LIST else (listed(machine), -1)
    columns = ["".join(f"{word(cell):14}" for cell in item.cells).rstrip() for item in shown]
    rows = [f"{'>' if at == focus else ' '} {row}" for at, row in enumerate(columns)]
    notes = [
        f"{machine.task.family}: {left} keys left, {len(machine.left)} to do",
        f"task       {sentence(machine.clause)}",
        f"clipboard  {clip}",
        f"windows    {' '.join(tabs)}",
        f"changes    {len(store.past)} to undo, {len(machine.wrong)} wrong",
    ]
    return "\n".join([*notes, f"--- {head[machine.view]} ".ljust(48, "-"), *(rows or ["  (nothing)"])])


def sentence(clause: Clause) -> str:
    """'copy: mail > Bob > amount, to form > code' of a clause."""
    source, target = (" > ".join(filter(None, map(word, cells))) for cells in (clause.source, clause.target))
    return f"{word((Kind.VERB, clause.verb))}: {f'{source}, to ' if source else ''}{target}"
