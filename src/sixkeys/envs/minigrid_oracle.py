"""What is the shortest way through a MiniGrid task? Breadth-first search over a symbolic copy of its grid.

Covered are tasks solved by reaching the goal or opening the locked door, where only doors and keys stand in
the way (ORACLE_FAMILIES). A plan never drops what it holds and never steps into lava; they need neither.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

from minigrid.minigrid_env import MiniGridEnv as Task

LEFT, RIGHT, FORWARD, PICKUP, DROP, TOGGLE = range(6)
ORACLE_FAMILIES = (
    "Empty", "DoorKey", "FourRooms", "MultiRoom", "Unlock", "SimpleCrossing", "LavaCrossing", "LavaGap",
    "DistShift",
)  # fmt: skip
STEPS = ((1, 0), (0, 1), (-1, 0), (0, -1))
"""(x, y) of a step forward, by direction."""


class Door(NamedTuple):
    """A door that is closed now: its bit among the doors that a plan opens; its colour, if locked."""

    bit: int
    lock: str | None


class Room(NamedTuple):
    """What a search needs of a grid; cells are (x, y)."""

    walls: frozenset[tuple[int, int]]
    """Whatever can never be entered, lava too."""
    goals: frozenset[tuple[int, int]]
    doors: dict[tuple[int, int], Door]
    keys: dict[tuple[int, int], str]
    """The colours of the keys that lie about."""
    held: str
    """Colour of the key in hand; 'other' for any other thing, '' for empty hands."""
    unlocking: bool
    """True where opening a locked door solves the task, not a goal."""


class Node(NamedTuple):
    """Where a plan may stand: cell, direction, where the key in hand lay (None: as now), doors opened."""

    x: int
    y: int
    facing: int
    taken: tuple[int, int] | None
    opened: int


def read(task: Task, unlocking: bool) -> Room:
    """The symbolic copy of the grid as it is now."""
    walls, goals, doors, keys = set(), set(), {}, {}
    things: list[Any] = task.grid.grid
    for index, thing in enumerate(things):
        cell = (index % task.grid.width, index // task.grid.width)
        if thing is None or thing.type == "floor" or (thing.type == "door" and thing.is_open):
            continue
        if thing.type == "goal":
            goals.add(cell)
        elif thing.type == "door":
            doors[cell] = Door(1 << len(doors), thing.color if thing.is_locked else None)
        elif thing.type == "key":
            keys[cell] = thing.color
        else:
            walls.add(cell)
    thing = task.carrying
    held = "" if thing is None else thing.color if thing.type == "key" else "other"
    return Room(frozenset(walls), frozenset(goals), doors, keys, held, unlocking)


def successors(room: Room, node: Node) -> Iterator[tuple[int, Node, bool]]:
    """(key, the node it leads to, whether the task is solved there) of all keys that may help at `node`."""
    x, y, facing, taken, opened = node
    yield LEFT, Node(x, y, (facing - 1) % 4, taken, opened), False
    yield RIGHT, Node(x, y, (facing + 1) % 4, taken, opened), False
    ahead = (x + STEPS[facing][0], y + STEPS[facing][1])
    held = room.held if taken is None else room.keys[taken]
    door = room.doors.get(ahead)
    if door and not opened & door.bit:
        if door.lock in (None, held):
            solved = room.unlocking and door.lock is not None
            yield TOGGLE, Node(x, y, facing, taken, opened | door.bit), solved
    elif ahead in room.keys and ahead != taken:
        if not held:
            yield PICKUP, Node(x, y, facing, ahead, opened), False
    elif ahead not in room.walls:
        yield FORWARD, Node(*ahead, facing, taken, opened), ahead in room.goals and not room.unlocking


def plan(task: Task, unlocking: bool = False) -> list[int] | None:
    """The keys of a shortest solution from where `task` is now; None where there is none."""
    room = read(task, unlocking)
    start = Node(int(task.agent_pos[0]), int(task.agent_pos[1]), int(task.agent_dir), None, 0)
    came: dict[Node, tuple[Node, int] | None] = {start: None}
    queue = deque([start])
    while queue:
        node = queue.popleft()
        for key, reached, solved in successors(room, node):
            if reached in came:
                continue
            came[reached] = (node, key)
            if solved:
                return _trace(came, reached)
            queue.append(reached)
    return None


def _trace(came: dict[Node, tuple[Node, int] | None], node: Node) -> list[int]:
    keys = []
    while step := came[node]:
        node, key = step
        keys.append(key)
    return keys[::-1]
