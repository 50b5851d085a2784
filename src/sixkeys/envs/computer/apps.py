"""What do the applications show, and what would OPEN and CONFIRM do there? A store and a place in, items out.

A place is a tuple: an application, then what is open in it, as in (FILES, slot, RENAME). All that keys can
change is one flat dict of numbers, so a change is a dict too, and undo, goals and side effects are
comparisons. Sheets, mails and the ranks of files never change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from sixkeys.envs.computer.symbols import EMPTY, NOTHING, TOTAL, Act, App, Cell, Command, Kind

Place = tuple[int, ...]
Spot = tuple[str, int, int]
"""Where a number is kept: ("name", file, 0) with 0 for a deleted file, ("line", file, label),
("field" or "sent", label, 0), ("reply", person, 0), ("setting", setting, 0), ("run", command, 0)."""
Changes = dict[Spot, int]
Clip = tuple[Cell, Cell, Cell]
"""What a copied thing was in, what it says it is, and its value."""


class Line(NamedTuple):
    """A line of a mail or a file; the numbers of files are kept in the state, here their value is NOTHING."""

    label: int
    what: Cell
    value: Cell


class File(NamedTuple):
    """What of a file never changes."""

    age: int
    """Rank, 1 the newest."""
    size: int
    """Rank, 1 the largest."""
    copy: bool
    """Whether it is the younger of two files with the same lines."""
    lines: tuple[Line, ...]


class Content(NamedTuple):
    """What of an episode's computer never changes, every list in the order of the screen."""

    icons: tuple[int, ...]
    files: tuple[File, ...]
    spare: tuple[int, ...]
    """Names that the rename dialog offers."""
    mails: dict[int, tuple[Line, ...]]
    """By person."""
    fields: tuple[int, ...]
    sheet: dict[int, dict[int, int]]
    """Column -> row -> number."""
    settings: dict[int, tuple[int, ...]]
    """Setting -> values that its dialog offers."""
    commands: tuple[int, ...]


@dataclass
class Store:
    """What applications read and write. Keeps state."""

    content: Content
    state: Changes
    clip: Clip = EMPTY
    past: list[Changes] = field(default_factory=list)
    """What each change wrote over, the oldest first."""


class Item(NamedTuple):
    """One line of a list: its cells, and what keys do on it."""

    cells: tuple[Cell, ...]
    opens: Place | None = None
    copies: Clip | None = None
    sets: Mapping[Spot, int] | None = None
    """What CONFIRM writes."""
    leaves: int = 0
    """How many levels CONFIRM leaves."""
    shows: Spot | None = None
    undoes: bool = False
    """Whether `sets` takes the last change back."""


def items(store: Store, place: Place) -> list[Item]:
    """The list of a place; empty where all files are deleted."""
    return _LISTS[place[0]](store, place)


def differs(state: Mapping[Spot, int], changes: Mapping[Spot, int] | None) -> bool:
    """Whether writing `changes` would change anything."""
    return changes is not None and any(state[spot] != value for spot, value in changes.items())


def command_changes(state: Mapping[Spot, int], command: int) -> Changes:
    """What running a command writes: that it ran, and its effect where what it acts on exists."""
    changes = {("run", command, 0): state["run", command, 0] + 1}
    effects: dict[int, Changes] = {Command.MUTE: {("setting", 1, 0): 1}, Command.DIM: {("setting", 2, 0): 1}}
    return changes | {spot: value for spot, value in effects.get(command, {}).items() if spot in state}


def _paste(store: Store, spot: Spot, kind: int) -> Changes | None:
    """Writing the clipboard's value into `spot`, where it is of that kind."""
    value = store.clip[2]
    return {spot: value[1]} if value[0] == kind else None


def _desktop(store: Store, place: Place) -> list[Item]:
    return [Item(((Kind.APP, app),), opens=(app,)) for app in store.content.icons]


def _files(store: Store, place: Place) -> list[Item]:
    if len(place) == 1:
        listed = []
        for slot, (age, size, copy, _) in enumerate(store.content.files):
            spot: Spot = ("name", slot, 0)
            ranks = (Kind.AGE, age), (Kind.SIZE, size), (Kind.COPY, 1) if copy else NOTHING
            if name := store.state[spot]:
                listed.append(Item(((Kind.NAME, name), *ranks), opens=(App.FILES, slot), shows=spot))
        return listed
    spot = ("name", place[1], 0)
    if len(place) == 2:
        rename = _paste(store, spot, Kind.NAME)
        return [
            Item(((Kind.ACTION, Act.RENAME),), opens=(*place, Act.RENAME), sets=rename, leaves=1),
            Item(((Kind.ACTION, Act.DELETE),), opens=(*place, Act.DELETE)),
        ]
    if place[2] == Act.RENAME:
        return [Item(((Kind.NAME, name),), sets={spot: name}, leaves=2) for name in store.content.spare]
    return [Item(((Kind.ACTION, Act.KEEP),)), Item(((Kind.ACTION, Act.YES),), sets={spot: 0}, leaves=2)]


def _lines(store: Store, owner: Cell, lines: tuple[Line, ...], slot: int = 0) -> list[Item]:
    listed = []
    for label, what, value in lines:
        spot, sets = None, None
        if value == NOTHING and what[0] == Kind.LABEL:
            spot = ("line", slot, label)
            value, sets = (Kind.VALUE, store.state[spot]), _paste(store, spot, Kind.VALUE)
        cells = ((Kind.LABEL, label), what if what[0] != Kind.LABEL else NOTHING, value)
        listed.append(Item(cells, copies=(owner, what, value), sets=sets, shows=spot))
    return listed


def _editor(store: Store, place: Place) -> list[Item]:
    if len(place) == 1:
        named = [(slot, store.state["name", slot, 0]) for slot in range(len(store.content.files))]
        return [Item(((Kind.NAME, name),), opens=(App.EDITOR, slot)) for slot, name in named if name]
    slot = place[1]
    return _lines(store, (Kind.NAME, store.state["name", slot, 0]), store.content.files[slot].lines, slot)


def _mail(store: Store, place: Place) -> list[Item]:
    mails = store.content.mails
    if len(place) == 1:
        return [Item(((Kind.PERSON, person),), opens=(App.MAIL, person)) for person in mails]
    person = place[1]
    spot: Spot = ("reply", person, 0)
    cells = ((Kind.ACTION, Act.REPLY), NOTHING, (Kind.VALUE, store.state[spot]))
    reply = Item(cells, sets=_paste(store, spot, Kind.VALUE), shows=spot)
    return [*_lines(store, (Kind.PERSON, person), mails[person]), reply]


def _form(store: Store, place: Place) -> list[Item]:
    state, fields = store.state, store.content.fields
    listed = []
    for label in fields:
        spot: Spot = ("field", label, 0)
        values = (Kind.VALUE, state[spot]), (Kind.VALUE, state["sent", label, 0])
        cells = ((Kind.LABEL, label), NOTHING, *values)
        listed.append(Item(cells, sets=_paste(store, spot, Kind.VALUE), shows=spot))
    sends = {("sent", label, 0): state["field", label, 0] for label in fields}
    return [*listed, Item(((Kind.ACTION, Act.SEND),), sets=sends)]


def _sheet(store: Store, place: Place) -> list[Item]:
    if len(place) == 1:
        return [Item(((Kind.COLUMN, column),), opens=(App.SHEET, column)) for column in store.content.sheet]
    column = store.content.sheet[place[1]]
    listed = []
    for row, value in (*column.items(), (TOTAL, sum(column.values()))):
        what, number = (Kind.ROW, row), (Kind.VALUE, value)
        listed.append(Item((what, NOTHING, number), copies=((Kind.COLUMN, place[1]), what, number)))
    return listed


def _settings(store: Store, place: Place) -> list[Item]:
    if len(place) == 2:
        spot: Spot = ("setting", place[1], 0)
        values = store.content.settings[place[1]]
        return [Item(((Kind.VALUE, value),), sets={spot: value}, leaves=1) for value in values]
    listed = []
    for setting in store.content.settings:
        spot = ("setting", setting, 0)
        sets = _paste(store, spot, Kind.VALUE) if store.clip[1][0] == Kind.SETTING else None
        cells = ((Kind.SETTING, setting), NOTHING, (Kind.VALUE, store.state[spot]))
        listed.append(Item(cells, opens=(App.SETTINGS, setting), sets=sets, shows=spot))
    return listed


def _terminal(store: Store, place: Place) -> list[Item]:
    listed = []
    for command in store.content.commands:
        cells, undoes = ((Kind.COMMAND, command),), command == Command.UNDO
        sets = (store.past or [None])[-1] if undoes else command_changes(store.state, command)
        listed.append(Item(cells, sets=sets, shows=("run", command, 0), undoes=undoes))
    return listed


_LISTS: dict[int, Callable[[Store, Place], list[Item]]] = {
    App.DESKTOP: _desktop, App.FILES: _files, App.EDITOR: _editor, App.MAIL: _mail, App.FORM: _form,
    App.SHEET: _sheet, App.SETTINGS: _settings, App.TERMINAL: _terminal,
}  # fmt: skip
