"""What is a chain made of? Sections: a hall with up to four side rooms, a few locks in a row, and a way on.

A section is 11 rows x 11 columns; the agent comes in at the west of the hall and leaves by the gate in the
east wall. Its *links* stand in a row: what opens one (a key, a lever, a parcel) lies behind the one before. A
last section has no gate: its last link is a delivery. Nothing else in a section helps: decoy keys, toys,
levers and doors lead nowhere, and side rooms are dead ends.

Chance draws a library of sections once, one half for training seeds and one for evaluation seeds, so no
evaluation episode has a section that training has shown. `far` is how many keys are left, exactly: links come
one after another, so the shortest way is a walk to each in turn, and a closed side door is never on the way.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np

from sixkeys.envs.grid_layouts import BALL, BOX, DOOR_CLOSED, FLOOR, KEY, WALL
from sixkeys.envs.repo.chance import Chance

LEVER, SHUTTER, SEAL, PAD = 13, 14, 15, 16
"""Kinds beside the grid's: a lever opens and shuts the shutter of its colour; a parcel (BOX) that is put on
the pad of its colour opens the seal of that colour."""
CLOSED, GATE, LEVERED = 1, 2, 4
"""Bits of a cell's state: shut (of a pad: still waiting); the way out of a section; belongs to a lever."""
SIZE = 11
"""Rows, and columns, of a section; the last column is its east wall."""
MIDDLE = SIZE // 2
"""The row of entry and gate."""
ENTRY, EXIT = (MIDDLE, 0), (MIDDLE, SIZE - 1)
COLOURS = 8
LINKS = 3
"""At most so many locks in a row."""
DECOYS, TOYS = (2, 4), (1, 3)
"""At least and at most so many things that nothing needs, where there is room: keys and levers; toys."""
STAGES = 2 * LINKS + 1
"""2 m: link m is next; 2 m + 1: what opens it is in hand; 2 x links: the gate is open."""
FAR = 9999
HALL, SIDES = 1, (4, 8, 16, 32)
"""Rooms as bits: who stands in a room sees its cells; a doorway belongs to two rooms, a wall to all. The
hall's bit is doubled in every other section."""
ALL_ROOMS = 63
MIDDLES, LASTS = 128, 256
"""Sections of each half of the library."""
DRAFTS = 1.5
"""Drafts for each of them, since some do not fit or are too short or too long."""
SHORTEST, LONGEST = 8, 40
"""Keys that a section may take."""
_NORTH_ROWS, _HALL_ROWS, _SOUTH_ROWS = (1, 2), (4, 5, 6), (8, 9)
_APART = 3
"""Manhattan distance that keeps two things out of reach of one cell."""

Cell = tuple[int, int]


class Link(NamedTuple):
    """One lock: what opens it (kind and cell), where that is used, which cell it opens."""

    opener: int
    at: Cell
    used: Cell
    opens: Cell


class Section(NamedTuple):
    """One section as it begins; colours are numbers 1 to COLOURS that an episode maps to others."""

    cells: np.ndarray
    """uint32 [11, 11]: kind + 256 * colour + 65536 * state + 2 ** 24 * rooms."""
    links: tuple[Link, ...]
    last: bool


class Library(NamedTuple):
    """Sections in a row, each half's middles by length, then its lasts by length."""

    cells: np.ndarray
    """uint32 [n, 121]"""
    far: np.ndarray
    """int16 [n, 7, 169]: keys left by stage and cell, with a border of FAR around the 11 x 11."""
    opener: np.ndarray
    """int64 [n, 3]: kind of what opens each link, 0 for none."""
    colour: np.ndarray
    """int64 [n, 3]: its colour in the section."""
    opens: np.ndarray
    """int64 [n, 3]: the cell that each link opens, row * 11 + column."""
    links: np.ndarray
    """int64 [n]"""
    length: np.ndarray
    """int64 [n]: keys of a shortest way through."""


class _Draft:
    """A section that is being laid out. Keeps state: its cells and where things are."""

    def __init__(self, chance: Chance):
        self.chance, self.taken, self.colour = chance, [EXIT], 0
        self.cells = np.full((SIZE, SIZE), WALL + (ALL_ROOMS << 24), np.uint32)
        self.rooms: dict[int, list[Cell]] = {HALL: []}
        self.doors: dict[int, Cell] = {}
        for row in _HALL_ROWS:
            for column in range(SIZE - 1):
                self._floor((row, column), HALL)
        for bits, rows, wall in ((SIDES[:2], _NORTH_ROWS, 3), (SIDES[2:], _SOUTH_ROWS, 7)):
            split = chance.between(3, 6)
            for side, columns in zip(bits, (range(split), range(split + 1, SIZE - 1)), strict=True):
                self.rooms[side] = [(row, column) for row in rows for column in columns]
                self.doors[side] = (wall, chance.pick(columns))

    def _floor(self, cell: Cell, room: int) -> None:
        self.cells[cell] = FLOOR + (room << 24)
        self.rooms.setdefault(room, []).append(cell)

    def open_room(self, side: int) -> None:
        """Makes a side room with its doorway, still without a door."""
        for cell in self.rooms[side]:
            self.cells[cell] = FLOOR + (side << 24)
        self.cells[self.doors[side]] = FLOOR + (HALL + side << 24)
        self.taken.append(self.doors[side])

    def paint(self) -> int:
        """A colour that the section has not yet."""
        self.colour += 1
        return self.colour

    def put(self, kind: int, colour: int, cell: Cell, state: int = 0) -> None:
        self.cells[cell] = (int(self.cells[cell]) & 0x3F000000) + kind + 256 * colour + 65536 * state

    def place(self, rooms: list[int], kind: int, colour: int, state: int = 0) -> Cell | None:
        """Puts a thing where nothing else is near; None where there is no room for it."""
        free = [cell for room in rooms for cell in self.rooms[room] if self._free(cell)]
        if not free:
            return None
        cell = self.chance.pick(free)
        self.put(kind, colour, cell, state)
        self.taken.append(cell)
        return cell

    def _free(self, cell: Cell) -> bool:
        near = (abs(cell[0] - row) + abs(cell[1] - column) < _APART for row, column in self.taken)
        return int(self.cells[cell]) & 255 == FLOOR and cell != ENTRY and not any(near)


_LOCK = {KEY: (DOOR_CLOSED, CLOSED), LEVER: (SHUTTER, CLOSED + LEVERED), BOX: (SEAL, CLOSED)}
"""What opens it -> a lock's kind and state."""


def draft(chance: Chance, last: bool) -> Section | None:
    """One section by chance, None where things did not fit."""
    made, sides = _Draft(chance), chance.shuffled(SIDES)
    count = chance.between(1, LINKS)
    locked, others = sides[: count - 1], sides[count - 1 :]
    opened = [side for side in others if chance.unit() < 0.9]
    for side in (*locked, *opened):
        made.open_room(side)
    shut = [side for side in opened if chance.unit() < 0.6]
    plain = [HALL, *(side for side in opened if side not in shut)]
    links = _links(made, locked, plain, last)
    if links is None or not _decoys(made, shut, plain):
        return None
    for column in range(1, SIZE - 2):
        clear = int(made.cells[MIDDLE, column - 1]) & 255 != WALL and made._free((MIDDLE, column))
        if clear and chance.unit() < 0.3:
            made.cells[MIDDLE, column] = WALL + (ALL_ROOMS << 24)
    return Section(made.cells, links, last)


def _links(made: _Draft, locked: list[int], plain: list[int], last: bool) -> tuple[Link, ...] | None:
    """The locks in a row, first those of side rooms, then the way on."""
    links, behind = [], plain
    for side in (*locked, None):
        kinds = (KEY, LEVER) if side else ((BOX,) if last else (KEY, LEVER, BOX))
        opener, colour = made.chance.pick(kinds), made.paint()
        at = made.place(behind, opener, colour)
        pad = made.place(plain, PAD, colour, CLOSED) if opener == BOX else None
        if at is None or (opener == BOX and pad is None):
            return None
        opens = made.doors[side] if side else (pad if last and pad else EXIT)
        if not (last and side is None):
            kind, state = _LOCK[opener]
            made.put(kind, colour, opens, state + GATE * (side is None))
        used = pad or (at if opener == LEVER else opens)
        links.append(Link(opener, at, used, opens))
        behind = [side] if side else behind
    # The gate belongs to two halls.
    made.cells[EXIT] = made.cells[EXIT] if last else (int(made.cells[EXIT]) & 0xFFFFFF) + (3 << 24)
    return tuple(links)


def _decoys(made: _Draft, shut: list[int], plain: list[int]) -> bool:
    """Doors to empty rooms, some of which nothing opens, and things that nothing needs."""
    for side in shut:
        opener, colour = made.chance.pick((KEY, LEVER)), made.paint()
        if made.chance.unit() < 0.6 and made.place(plain, opener, colour) is None:
            return False
        kind, state = _LOCK[opener]
        made.put(kind, colour, made.doors[side], state)
    for _ in range(made.chance.between(*DECOYS)):
        kind = made.chance.pick((KEY, LEVER)) if made.colour < COLOURS else BALL
        made.place([HALL, *plain], kind, made.paint() if kind != BALL else made.chance.between(1, COLOURS))
    for _ in range(made.chance.between(*TOYS)):
        made.place([*plain, *shut], BALL, made.chance.between(1, COLOURS))
    return made.colour <= COLOURS


def _bordered(values: np.ndarray, border: int) -> np.ndarray:
    """[n, 11, 11] -> [n, 13, 13]"""
    wide = np.full((len(values), SIZE + 2, SIZE + 2), border, values.dtype)
    wide[:, 1:-1, 1:-1] = values
    return wide


_AROUND = ((-1, 0), (0, 1), (1, 0), (0, -1))


def _reach(passable: np.ndarray, cell: Cell) -> Iterator[Cell]:
    """Where one can stand to use what is in `cell`: there or beside it; of a side door only on the hall's
    side."""
    for down, along in ((0, 0), *_AROUND):
        row, column = cell[0] + down, cell[1] + along
        if 0 <= row < SIZE and 0 <= column < SIZE and passable[row, column]:
            yield row, column


def distances(sections: list[Section]) -> np.ndarray:
    """int16 [n, 7, 169]: keys left by stage and cell. Side doors count as open: behind them are dead ends."""
    kind = np.stack([section.cells for section in sections]) & 255
    passable = kind != WALL
    passable[:, MIDDLE, SIZE - 1] = False
    far = np.full((len(sections), STAGES, SIZE + 2, SIZE + 2), FAR, np.int16)
    stages = [_targets(section, open_) for section, open_ in zip(sections, passable, strict=True)]
    for stage in range(STAGES - 1, -1, -1):
        at = far[:, stage]
        leaves = np.array([stage == 2 * len(s.links) and not s.last for s in sections])
        at[leaves, MIDDLE + 1, SIZE] = 1
        for number, targets in enumerate(stages):
            for then, cell in targets.get(stage, ()):
                row, column = cell[0] + 1, cell[1] + 1
                rest = 0 if then < 0 else int(far[number, then, row, column])
                at[number, row, column] = min(int(at[number, row, column]), rest + 1)
        _relax(at, _bordered(passable, 0).astype(bool))
    return far.reshape(len(sections), STAGES, -1)


def _targets(section: Section, passable: np.ndarray) -> dict[int, list[tuple[int, Cell]]]:
    """Stage -> (the stage after `use`, -1 at the end; a cell where `use` leads there)."""
    found: dict[int, list[tuple[int, Cell]]] = {}
    for number, link in enumerate(section.links):
        ends = section.last and number == len(section.links) - 1
        then, carried = (-1 if ends else 2 * number + 2), link.opener != LEVER
        found[2 * number] = [(2 * number + 1 if carried else then, c) for c in _reach(passable, link.at)]
        if carried:
            hall = [c for c in _reach(passable, link.used) if link.opener == BOX or c[0] in _HALL_ROWS]
            found[2 * number + 1] = [(then, cell) for cell in hall]
    return found


def _relax(far: np.ndarray, passable: np.ndarray) -> None:
    """Lowers `far` ([n, 13, 13]), in place, until every passable cell is one key farther than its best
    neighbour."""
    inner = far[:, 1:-1, 1:-1]
    while True:
        beside = [far[:, 1 + r : 12 + r, 1 + c : 12 + c] for r, c in _AROUND]
        best = np.minimum(np.minimum(*beside[:2]), np.minimum(*beside[2:])) + 1
        lower = passable[:, 1:-1, 1:-1] & (best < inner)
        if not lower.any():
            return
        inner[lower] = best[lower]


@cache
def library() -> Library:
    """All sections: rows [half * (MIDDLES + LASTS), ...), and in each half middles, then lasts, by length."""
    kept: list[tuple[Section, np.ndarray]] = []
    for half in (0, 1):
        for last, wanted in ((False, MIDDLES), (True, LASTS)):
            drafts = (draft(Chance([half, last, number]), last) for number in range(int(DRAFTS * wanted)))
            sections = [section for section in drafts if section is not None]
            far = distances(sections)
            lengths = far[:, 0, (ENTRY[0] + 1) * (SIZE + 2) + 1]
            fitting = np.flatnonzero((lengths >= SHORTEST) & (lengths <= LONGEST))[:wanted]
            fitting = fitting[np.argsort(lengths[fitting], kind="stable")]
            kept += [(sections[index], far[index]) for index in fitting]
    return _shelved(kept)


def _shelved(kept: list[tuple[Section, np.ndarray]]) -> Library:
    size = (len(kept), LINKS)
    opener, colour, opens = (np.zeros(size, np.int64) for _ in range(3))
    for row, (section, _) in enumerate(kept):
        for place, link in enumerate(section.links):
            opener[row, place] = link.opener
            colour[row, place] = int(section.cells[link.at]) >> 8 & 255
            opens[row, place] = link.opens[0] * SIZE + link.opens[1]
    far = np.stack([far for _, far in kept])
    cells = np.stack([section.cells.ravel() for section, _ in kept])
    links = np.array([len(section.links) for section, _ in kept])
    length = far[:, 0, (ENTRY[0] + 1) * (SIZE + 2) + 1].astype(np.int64)
    return Library(cells, far, opener, colour, opens, links, length)
