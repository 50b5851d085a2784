"""What happens when a key is pressed at the computer? Windows, a focus and a clipboard over a store.

`NO_OP` cycles views: the list, what is inside the focused thing, what is wrong; any other key leads back to
the list. `NEXT` moves the focus, round and round. `OPEN` goes into the focused thing or copies it. `BACK`
leaves it; at a window's top it closes the window. `CONFIRM` does what the focused thing is for: it pastes,
sends, runs or answers. `SWITCH` brings the next open window, the desktop among them.

A side effect is whatever differs from both the state that was right at the start and the state wanted; with
one outstanding no task is solved. The terminal's `undo` takes changes back, the last one first.
"""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import NamedTuple

from sixkeys.contract import KEYS
from sixkeys.envs.computer.apps import Changes, Clip, Content, Item, Place, Store, differs, items
from sixkeys.envs.computer.symbols import EMPTY, NOTHING, App, Cell, Command, Kind, Mark, Verb

NO_OP, NEXT, OPEN, BACK, CONFIRM, SWITCH = range(KEYS)
LIST, INSIDE, WRONG = range(3)
"""Views."""


NO_ITEM = Item(())
"""What is focused in an empty list."""


class Stop(NamedTuple):
    """Where the way leads: a place, the item there that has `cell`, and the key that it wants."""

    place: Place
    cell: Cell
    key: int
    clip: Clip | None = None
    """What the clipboard holds afterwards, where that is what the stop is for."""


class Clause(NamedTuple):
    """One thing to do, as the screen says it and as the state is to be."""

    verb: int
    source: tuple[Cell, Cell, Cell]
    """Application, what to open there, which line; NOTHING where the task does not say."""
    target: tuple[Cell, Cell, Cell, Cell]
    """The same and the value wanted."""
    changes: Changes
    stops: tuple[Stop, ...]

    @property
    def marks(self) -> dict[Cell, int]:
        """The bits that mark cells equal to one that the task names."""
        marks = dict.fromkeys(self.source, Mark.SOURCE)
        for cell in self.target:
            marks[cell] = marks.get(cell, 0) | Mark.TARGET
        marks.pop(NOTHING, None)
        return marks


TAKE_BACK = Stop((App.TERMINAL,), (Kind.COMMAND, Command.UNDO), CONFIRM)
REPAIR = Clause(
    Verb.UNDO, EMPTY, ((Kind.APP, App.TERMINAL), NOTHING, TAKE_BACK.cell, NOTHING), {}, (TAKE_BACK,)
)
"""What is left to do where every clause is done and something is wrong."""


class Task(NamedTuple):
    """An episode's start and what is wanted."""

    family: str
    content: Content
    state: Changes
    past: list[Changes]
    right: Changes
    """The state without mistakes; other than `state` only where mistakes were made before the start."""
    wanted: Changes
    clauses: tuple[Clause, ...]


class Level(NamedTuple):
    """One level of a window: a place, the focus in it and the cell that was opened to get there."""

    place: Place
    focus: int
    title: Cell


class Machine:
    """A computer with a task. Keeps state: the store, windows, the view, and what follows from them."""

    def __init__(self, task: Task):
        self.task = task
        self.store = Store(task.content, dict(task.state), past=list(task.past))
        self.windows = [[Level((App.DESKTOP,), 0, (Kind.APP, App.DESKTOP))]]
        self.front, self.view = 0, LIST
        self._judge()
        self._list()

    def copy(self) -> Machine:
        """A machine that goes on by itself."""
        other, store = copy(self), self.store
        other.store = replace(store, state=dict(store.state), past=list(store.past))
        other.windows = [list(window) for window in self.windows]
        return other

    def _judge(self) -> None:
        """Works out what is wrong and which clause comes next; only changes of the state alter it."""
        state, right, wanted = self.store.state, self.task.right, self.task.wanted
        self.solved = state == wanted
        self.wrong = [spot for spot, value in state.items() if value not in (wanted[spot], right[spot])]
        self.left = [clause for clause in self.task.clauses if differs(state, clause.changes)]
        self.clause = self.left[0] if self.left else REPAIR
        self.marks = self.clause.marks

    def _list(self) -> None:
        """Works out the list in front, and which keys are offered."""
        window = self.windows[self.front]
        self.items = items(self.store, window[-1].place)
        focus = min(window[-1].focus, max(0, len(self.items) - 1))
        self.level = window[-1] = window[-1]._replace(focus=focus)
        self.item = item = self.items[focus] if self.items else NO_ITEM
        opens = item.opens is not None or item.copies not in (None, self.store.clip)
        confirms = differs(self.store.state, item.sets)
        self.offered = (True, len(self.items) > 1, opens, self.front > 0, confirms, len(self.windows) > 1)

    def press(self, key: int) -> bool:
        """Presses a key and says whether it was offered; one that was not changes nothing."""
        if not self.offered[key]:
            return False
        if key == NO_OP:
            self.view = (self.view + 1) % 3
            return True
        self.view = LIST
        window = self.windows[self.front]
        if key == NEXT:
            window[-1] = self.level._replace(focus=(self.level.focus + 1) % len(self.items))
        elif key == OPEN:
            self._open(window)
        elif key == BACK:
            window.pop()
            if not window:
                self.windows.pop(self.front)
                self.front = 0
        elif key == CONFIRM:
            self._confirm(window)
        else:
            self.front = (self.front + 1) % len(self.windows)
        self._list()
        return True

    def _open(self, window: list[Level]) -> None:
        place = self.item.opens
        if place is None:
            self.store.clip = self.item.copies or EMPTY
        elif self.front:
            window.append(Level(place, 0, self.item.cells[0]))
        else:
            places = [other[0].place for other in self.windows]
            if place not in places:
                self.windows.append([Level(place, 0, self.item.cells[0])])
            self.front = [*places, place].index(place)

    def _confirm(self, window: list[Level]) -> None:
        state, past, new = self.store.state, self.store.past, self.item.sets or {}
        old = {spot: state[spot] for spot in new}
        state.update(new)
        if self.item.undoes:
            past.pop()
        else:
            past.append(old)
        del window[len(window) - self.item.leaves :]
        self._judge()
