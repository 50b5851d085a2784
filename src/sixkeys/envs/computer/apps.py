"""What do the applications show, and what would OPEN and CONFIRM do there? A store and a place in, items out.

A place is a tuple: an application, then what is open in it, as in (FILES, slot, RENAME). All that keys can
change is one flat dict of numbers, so a change is a dict too, and undo, goals and side effects are
comparisons. Sheets, mails and the ranks of files never change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from sixkeys.envs.computer.symbols import (
    ACTION,
    AGE,
    APP,
    CLEAR,
    COLUMN,
    COMMAND,
    COPY,
    DELETE,
    DESKTOP,
    DIM,
    EDITOR,
    FILES,
    FORM,
    KEEP,
    LABEL,
    MAIL,
    MUTE,
    NAME,
    NOTHING,
    PERSON,
    REDO,
    RENAME,
    REPLY,
    ROW,
    SEND,
    SETTING,
    SETTINGS,
    SHEET,
    SIZE,
    TERMINAL,
    TOTAL,
    UNDO,
    VALUE,
    YES,
    Cell,
)

Place = tuple[int, ...]
Spot = tuple[str, int, int]
"""Where a number is kept: ("name", file, 0) with 0 for a deleted file, ("line", file, label),
("field" or "sent", label, 0), ("reply", person, 0), ("setting", setting, 0), ("run", command, 0)."""
Changes = dict[Spot, int]
Clip = tuple[Cell, Cell, Cell]
"""What a copied thing was in, what it says it is, and its value."""
EMPTY: Clip = (NOTHING, NOTHING, NOTHING)


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
    future: list[Changes] = field(default_factory=list)
    """What each undone change had written, the last undone at the end."""


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
    trail: int = 0
    """-1 where `sets` takes a change back, 1 where it makes it again."""


def items(store: Store, place: Place) -> list[Item]:
    """The list of a place; empty where all files are deleted."""
    return _LISTS[place[0]](store, place)


def command_changes(state: Mapping[Spot, int], command: int) -> Changes:
    """What running a command writes: that it ran, and its effect where what it acts on exists."""
    changes = {("run", command, 0): state["run", command, 0] + 1}
    effects: dict[int, Changes] = {MUTE: {("setting", 1, 0): 1}, DIM: {("setting", 2, 0): 1}}
    if command == CLEAR:
        return changes | {spot: 0 for spot in state if spot[0] == "field"}
    return changes | {spot: value for spot, value in effects.get(command, {}).items() if spot in state}


def _paste(store: Store, spot: Spot, kind: int) -> Changes | None:
    """Writing the clipboard's value into `spot`, where it is of that kind."""
    value = store.clip[2]
    return {spot: value[1]} if value[0] == kind else None


def _desktop(store: Store, place: Place) -> list[Item]:
    return [Item(((APP, app),), opens=(app,)) for app in store.content.icons]


def _files(store: Store, place: Place) -> list[Item]:
    state = store.state
    if len(place) == 1:
        return [
            Item(
                (
                    (NAME, state["name", slot, 0]), (AGE, file.age), (SIZE, file.size),
                    (COPY, 1) if file.copy else NOTHING,
                ),
                opens=(FILES, slot), shows=("name", slot, 0),
            )
            for slot, file in enumerate(store.content.files) if state["name", slot, 0]
        ]  # fmt: skip
    spot: Spot = ("name", place[1], 0)
    if len(place) == 2:
        rename = _paste(store, spot, NAME)
        return [
            Item(((ACTION, RENAME),), opens=(*place, RENAME), sets=rename, leaves=1),
            Item(((ACTION, DELETE),), opens=(*place, DELETE)),
        ]
    if place[2] == RENAME:
        return [Item(((NAME, name),), sets={spot: name}, leaves=2) for name in store.content.spare]
    return [Item(((ACTION, KEEP),)), Item(((ACTION, YES),), sets={spot: 0}, leaves=2)]


def _lines(store: Store, owner: Cell, lines: tuple[Line, ...], slot: int = 0) -> list[Item]:
    listed = []
    for label, what, value in lines:
        spot, sets = None, None
        if value == NOTHING and what[0] == LABEL:
            spot = ("line", slot, label)
            value, sets = (VALUE, store.state[spot]), _paste(store, spot, VALUE)
        cells = ((LABEL, label), what if what[0] != LABEL else NOTHING, value)
        listed.append(Item(cells, copies=(owner, what, value), sets=sets, shows=spot))
    return listed


def _editor(store: Store, place: Place) -> list[Item]:
    if len(place) == 1:
        named = [(slot, store.state["name", slot, 0]) for slot in range(len(store.content.files))]
        return [Item(((NAME, name),), opens=(EDITOR, slot)) for slot, name in named if name]
    slot = place[1]
    return _lines(store, (NAME, store.state["name", slot, 0]), store.content.files[slot].lines, slot)


def _mail(store: Store, place: Place) -> list[Item]:
    mails = store.content.mails
    if len(place) == 1:
        return [Item(((PERSON, person),), opens=(MAIL, person)) for person in mails]
    person = place[1]
    spot: Spot = ("reply", person, 0)
    cells = ((ACTION, REPLY), NOTHING, (VALUE, store.state[spot]))
    reply = Item(cells, sets=_paste(store, spot, VALUE), shows=spot)
    return [*_lines(store, (PERSON, person), mails[person]), reply]


def _form(store: Store, place: Place) -> list[Item]:
    state, fields = store.state, store.content.fields
    listed = [
        Item(
            ((LABEL, label), NOTHING, (VALUE, state["field", label, 0]), (VALUE, state["sent", label, 0])),
            sets=_paste(store, ("field", label, 0), VALUE), shows=("field", label, 0),
        )
        for label in fields
    ]  # fmt: skip
    sends = {("sent", label, 0): state["field", label, 0] for label in fields}
    return [*listed, Item(((ACTION, SEND),), sets=sends)]


def _sheet(store: Store, place: Place) -> list[Item]:
    if len(place) == 1:
        return [Item(((COLUMN, column),), opens=(SHEET, column)) for column in store.content.sheet]
    column = store.content.sheet[place[1]]
    rows = [*column.items(), (TOTAL, sum(column.values()))]
    return [
        Item(
            ((ROW, row), NOTHING, (VALUE, value)), copies=((COLUMN, place[1]), (ROW, row), (VALUE, value))
        )
        for row, value in rows
    ]  # fmt: skip


def _settings(store: Store, place: Place) -> list[Item]:
    if len(place) == 2:
        spot: Spot = ("setting", place[1], 0)
        values = store.content.settings[place[1]]
        return [Item(((VALUE, value),), sets={spot: value}, leaves=1) for value in values]
    listed = []
    for setting in store.content.settings:
        spot = ("setting", setting, 0)
        sets = _paste(store, spot, VALUE) if store.clip[1][0] == SETTING else None
        cells = ((SETTING, setting), NOTHING, (VALUE, store.state[spot]))
        listed.append(Item(cells, opens=(SETTINGS, setting), sets=sets, shows=spot))
    return listed


def _terminal(store: Store, place: Place) -> list[Item]:
    listed = []
    for command in store.content.commands:
        cells = ((COMMAND, command),)
        if command == UNDO:
            listed.append(Item(cells, sets=store.past[-1] if store.past else None, trail=-1))
        elif command == REDO:
            listed.append(Item(cells, sets=store.future[-1] if store.future else None, trail=1))
        else:
            sets = command_changes(store.state, command)
            listed.append(Item(cells, sets=sets, shows=("run", command, 0)))
    return listed


_LISTS: dict[int, Callable[[Store, Place], list[Item]]] = {
    DESKTOP: _desktop, FILES: _files, EDITOR: _editor, MAIL: _mail, FORM: _form, SHEET: _sheet,
    SETTINGS: _settings, TERMINAL: _terminal,
}  # fmt: skip
