"""What do the six keys do at the bench, and what is the shortest way? One episode's
shelf, cursor and calls."""

from __future__ import annotations

import heapq
from typing import NamedTuple

from sixkeys.envs.tools_operations import NOT_WANTED, Kind, Operation, ToolError, Value, call
from sixkeys.envs.tools_tasks import Task

NO_OP, NEXT, SELECT, BACK, CALL, SUBMIT = range(6)
VIEWS = 3
UNTRIED, WORKED, REFUSED, STALE, ASTRAY = range(5)
"""What an operation's last call came to: ASTRAY is a value of another case."""


class Call(NamedTuple):
    """A line of the log."""

    operation: Operation
    values: tuple[Value, ...]
    result: Value | None
    """None where it was refused; then `error` says why."""
    error: int


class Bench:
    """An episode. Keeps state.

    The cursor walks a ring: the menu's operations, then the shelf's values, newest first. While an operation
    is open it walks the values alone.
    """

    def __init__(self, task: Task):
        self.task = task
        self.shelf = list(task.shelf)
        self.cursor, self.view, self.error = 0, 0, 0
        self.opened: int | None = None
        """Place on the menu of the open operation."""
        self.filled: list[Value] = []
        """What was put in its places so far."""
        self.turned_down: list[Value] = []
        """What was handed in and is not wanted."""
        self.solved = False
        self.marks = [UNTRIED] * len(task.menu)
        self.log: list[Call] = []
        self.right = {value.kind for value in self.shelf if self.is_right(value)}
        """Kinds whose true value is on the shelf."""
        self.wanted = self._wanted()
        """What the recipe needs next; the goal where it is all there."""

    @property
    def operation(self) -> Operation:
        """The open one. Only while one is."""
        return self.task.menu[self.opened or 0]

    @property
    def full(self) -> bool:
        """An operation is open and every place of it is filled."""
        return self.opened is not None and len(self.filled) == len(self.operation.places)

    def under(self) -> Operation | Value:
        """What the cursor is on."""
        menu = self.task.menu
        if self.opened is not None:
            return self.shelf[self.cursor]
        return menu[self.cursor] if self.cursor < len(menu) else self.shelf[self.cursor - len(menu)]

    def is_right(self, value: Value) -> bool:
        """Whether it is what is true of the case: kind, case and data equal, not stale."""
        return value == self.task.truth[value.kind]

    def offered(self) -> list[bool]:
        """Which of the six keys do something.

        What has the wrong role is not offered at all; a wrong unit or order shows when it is called.
        """
        under = self.under()
        if isinstance(under, Operation):
            roles = {value.kind.role for value in self.shelf}
            runs = all(place.role in roles for place in under.places)
            return [True, True, runs, self.cursor > 0, False, False]
        if self.opened is None:
            return [True, True, False, True, False, under not in self.turned_down]
        fits = not self.full and under.kind.role == self.operation.places[len(self.filled)].role
        return [True, True, fits, True, self.full, False]

    def press(self, key: int) -> None:
        """Does what an offered key does."""
        if key == NO_OP:
            self.view = (self.view + 1) % VIEWS
            return
        self.view = self.error = 0
        if key == NEXT:
            ring = len(self.shelf) + (0 if self.opened is not None else len(self.task.menu))
            self.cursor = (self.cursor + 1) % ring
        elif key == SELECT and self.opened is None:
            self.opened, self.cursor = self.cursor, 0
        elif key == SELECT:
            self.filled.append(self.shelf[self.cursor])
        elif key == BACK:
            self._back()
        elif key == CALL:
            self._call()
        elif key == SUBMIT:
            self._submit()

    def _submit(self) -> None:
        under = self.under()
        self.solved = under == self.task.truth[self.task.steps[-1]]
        if not self.solved and isinstance(under, Value):
            self.turned_down.append(under)
            self.error = NOT_WANTED

    def _back(self) -> None:
        """Empties the last place, else leaves the operation, else goes to the head of the ring."""
        if self.filled:
            self.filled.pop()
        else:
            self.cursor, self.opened = self.opened or 0, None

    def _call(self) -> None:
        place, values = self.opened or 0, tuple(self.filled)
        operation, result = self.task.menu[place], None
        self.opened, self.filled, self.cursor = None, [], place
        try:
            result = call(operation, self.task.desk, values)
        except ToolError as refusal:
            self.error, self.marks[place] = refusal.number, REFUSED
        else:
            self.marks[place] = STALE if result.stale else ASTRAY if result.case != self.task.case else WORKED
            if result not in self.shelf:
                self.shelf.insert(0, result)
            self.cursor = len(self.task.menu) + self.shelf.index(result)
            if self.is_right(result):
                self.right.add(result.kind)
                self.wanted = self._wanted()
        self.log.append(Call(operation, values, result, self.error))

    def _wanted(self) -> Kind:
        steps = self.task.steps
        needed = {steps[-1]}
        for step, uses in zip(reversed(steps), reversed(self.task.uses), strict=True):
            if step in needed and step not in self.right:
                needed.update(uses)
        return next((step for step in steps if step in needed and step not in self.right), steps[-1])


Shelf = tuple[Kind | None, ...]
"""Kinds of the right values, newest first, None for all others."""


def shortest(bench: Bench) -> list[int]:
    """Keys of a shortest way from here to success, by Dijkstra's algorithm over calls.

    Only calls that give a right value not there yet are tried (and the goal again, which moves the cursor
    onto it). No other call shortens a way from the start: it takes three keys at least, and leaves the cursor
    no nearer to any operation than BACK does and every value one place farther.
    """
    task, size = bench.task, len(bench.task.menu)
    goal, useful = task.steps[-1], _useful(task)
    shelf: Shelf = tuple(v.kind if bench.is_right(v) else None for v in bench.shelf)
    queue: list[tuple[int, int, Shelf, int, list[int]]] = []

    def reach(before: list[int], keys: list[int], there: Shelf, at: int) -> None:
        heapq.heappush(queue, (len(before) + len(keys), len(pushed), there, at, before + keys))
        pushed.append(at)

    pushed: list[int] = []
    if bench.opened is None:
        reach([], [], shelf, bench.cursor)
    else:
        reach([], [BACK] * (len(bench.filled) + 1), shelf, bench.opened)
        places, filled = bench.operation.places, bench.filled
        fits = all(value == task.truth[place] for place, value in zip(places, filled, strict=False))
        rest = places[len(filled) :]
        if fits and bench.operation in useful.values() and all(place in shelf for place in rest):
            keys = _fill(shelf, bench.cursor, rest)
            reach([], keys, *_with(shelf, bench.operation.gives, size))
    seen: set[tuple[Shelf, int]] = set()
    while queue:
        _, _, shelf, at, keys = heapq.heappop(queue)
        if keys and keys[-1] == SUBMIT:
            return keys
        if (shelf, at) in seen:
            continue
        seen.add((shelf, at))
        ring = size + len(shelf)
        if goal in shelf:
            reach(keys, [*_walk(at, size + shelf.index(goal), ring), SUBMIT], shelf, at)
        for place, operation in useful.items():
            new = operation.gives == goal or operation.gives not in shelf
            if new and all(kind in shelf for kind in operation.places):
                way = [*_walk(at, place, ring), SELECT, *_fill(shelf, 0, operation.places)]
                reach(keys, way, *_with(shelf, operation.gives, size))
    raise ValueError(f"no way to {goal} in a task of {task.family}")


def _useful(task: Task) -> dict[int, Operation]:
    """Place on the menu -> operation, for those that lead to the goal and do give what is true."""
    working = {place: operation for place, operation in enumerate(task.menu) if _works(task, operation)}
    needed, before = {task.steps[-1]}, 0
    while len(needed) > before:
        before = len(needed)
        needed |= {kind for o in working.values() if o.gives in needed for kind in o.places}
    return {place: operation for place, operation in working.items() if operation.gives in needed}


def _works(task: Task, operation: Operation) -> bool:
    try:
        result = call(operation, task.desk, [task.truth[place] for place in operation.places])
    except ToolError:
        return False
    return result == task.truth[operation.gives]


def _walk(at: int, to: int, ring: int) -> list[int]:
    """Keys from one place of the ring to another."""
    ahead = (to - at) % ring
    return [BACK] + [NEXT] * to if at and to + 1 < ahead else [NEXT] * ahead


def _fill(shelf: Shelf, at: int, places: tuple[Kind, ...]) -> list[int]:
    """Keys that put the shelf's values in the places, from place `at` of the shelf, and call."""
    keys: list[int] = []
    for kind in places:
        to = shelf.index(kind)
        keys += [NEXT] * ((to - at) % len(shelf)) + [SELECT]
        at = to
    return [*keys, CALL]


def _with(shelf: Shelf, kind: Kind, size: int) -> tuple[Shelf, int]:
    """The shelf after a call that gave `kind`, and where the cursor is then."""
    if kind in shelf:
        return shelf, size + shelf.index(kind)
    return (kind, *shelf), size
