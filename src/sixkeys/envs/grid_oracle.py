"""How far is it to the goal? Keys of a shortest solution from every cell, for many layouts at once.

An episode has three phases: nothing taken yet, item taken, door opened. The distances of all cells in all
phases are relaxed together (Bellman-Ford) until nothing changes. Slips are not foreseen.
"""

from __future__ import annotations

import numpy as np

from sixkeys.envs.grid_layouts import (
    AROUND,
    DOOR_CLOSED,
    ENERGY,
    GOAL,
    GRID,
    KEY,
    LAVA,
    PAD,
    UNKNOWN,
    WALL,
    WIDE,
)

FAR = 9999
"""The distance of a cell from which nothing leads to the goal in that phase."""
PHASES = 3
_INSIDE = slice(GRID, -GRID)
"""All rows of a flat grid but the first and last, which are wall: there every neighbour is in the array."""
_BESIDE = [slice(GRID + step, GRID * (GRID - 1) + step) for step in (-GRID, 1, GRID, -1)]


def distances(cells: np.ndarray) -> np.ndarray:
    """int16 [n, 3, 324]: keys to the goal by phase and cell, for `cells` uint32 [n, 324] as a layout begins.

    Where a battery lies, the goal counts only once it is taken: the budget does not reach past it.
    """
    grid = slice(PAD, PAD + GRID)
    inner = cells.reshape(-1, WIDE, WIDE)[:, grid, grid].reshape(-1, GRID * GRID)
    kind, colour = inner & 255, inner >> 8 & 255
    item = (kind == KEY) | (kind == ENERGY)
    key_colour = np.where(kind == KEY, colour, 0).max(axis=1, keepdims=True)
    door = (kind == DOOR_CLOSED) & (colour == key_colour)
    wall = (kind == UNKNOWN) | (kind == WALL) | (kind == LAVA) | ((kind == DOOR_CLOSED) & ~door)
    goal = kind == GOAL
    hungry = goal & (kind == ENERGY).any(axis=1, keepdims=True)
    blocked = np.stack([wall | item | door | hungry, wall | door, wall], axis=1)
    far = np.full(blocked.shape, FAR, np.int16)
    far[np.stack([goal & ~hungry, goal, goal], axis=1)] = 0
    wide = np.full((len(cells), PHASES, WIDE, WIDE), FAR, np.int16)
    wide[:, :, grid, grid] = _relax(far, blocked, _beside(item), _beside(door)).reshape(
        -1, PHASES, GRID, GRID
    )
    return wide.reshape(-1, PHASES, WIDE * WIDE)


def _beside(marked: np.ndarray) -> np.ndarray:
    """bool [n, 100]: the cells that have a marked neighbour."""
    beside = np.zeros_like(marked)
    for there in _BESIDE:
        beside[:, _INSIDE] |= marked[:, there]
    return beside


def _relax(far: np.ndarray, blocked: np.ndarray, by_item: np.ndarray, by_door: np.ndarray) -> np.ndarray:
    """Lowers `far`, in place, until every cell is one key farther than its best successor."""
    takes, opens, takes_and_opens = by_item & ~by_door, by_door, by_item & by_door
    while True:
        before = far.copy()
        best = np.full_like(far, FAR)
        for there in _BESIDE:
            np.minimum(best[:, :, _INSIDE], before[:, :, there], out=best[:, :, _INSIDE])
        np.minimum(best[:, 0], before[:, 1], out=best[:, 0], where=takes)
        np.minimum(best[:, 0], before[:, 2], out=best[:, 0], where=takes_and_opens)
        np.minimum(best[:, 1], before[:, 2], out=best[:, 1], where=opens)
        np.minimum(far, best + 1, out=far, where=~blocked)
        if (far == before).all():
            return far


def next_keys(far: np.ndarray, at: np.ndarray, phase: np.ndarray) -> np.ndarray:
    """int64 [n]: the key that is one nearer: a step (1 to 4), else `use` (5); `wait` (0) where none is.

    `far` int16 [n, 3, 324], `at` and `phase` int64 [n].
    """
    rows = np.arange(len(at))
    here = far[rows, phase, at]
    nearer = far[rows[:, None], phase[:, None], at[:, None] + AROUND] < here[:, None]
    key = np.where(nearer.any(axis=1), 1 + nearer.argmax(axis=1), 5)
    return np.where((here >= FAR) | (here == 0), 0, key)
